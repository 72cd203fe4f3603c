"""Releases: freezing the approved items of a bank, and showing a release as it was, years later."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, insert, select
from sqlalchemy.orm import Session

from certengine.bank.models import Bank, BankItem, ItemStatus, ItemVersion, Release, ReleaseMember
from certengine.bank.rules import (
    Family,
    Item,
    Kind,
    PracticalTask,
    ReleasedItem,
    entry_of,
    release_digest,
)
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import new_id
from certengine.ledger import service as ledger
from certengine.standards.rules import Level

RELEASED = "bank.released"
VIEWS_KEPT = 16


@dataclass(frozen=True)
class ReleaseView:
    """A release with all that it holds: items in order, the variants of families among them, practical tasks."""

    id: UUID
    bank_id: UUID
    field: str
    level: Level
    edition: str
    digest: str
    at: datetime
    entry_id: UUID
    items: tuple[ReleasedItem, ...]
    tasks: tuple[PracticalTask, ...]
    pilot: bool = False

    def item(self, code: str) -> ReleasedItem:
        """Raises NotFound."""
        for each in self.items:
            if each.id == code:
                return each
        raise NotFound("bank.no_item", item=code)


_views: dict[tuple[UUID, str], ReleaseView] = {}


def release(session: Session, *, bank_id: UUID, actor: str, now: datetime, pilot: bool = False) -> Release:
    """Freezes the approved version of each live item; with pilot of those that are tried out as well.

    Raises Invalid where nothing is live, Conflict where nothing changed.
    """
    bank = session.scalars(select(Bank).where(Bank.id == bank_id).with_for_update()).one_or_none()
    if bank is None:
        raise NotFound("bank.not_found")
    live = session.execute(
        select(BankItem, ItemVersion)
        .join(ItemVersion, BankItem.live_version_id == ItemVersion.id)
        .where(BankItem.bank_id == bank_id, BankItem.status.in_(_released_states(pilot)))
    ).all()
    # Code points, not the database's collation: the digest must not hang on a server's locale.
    live = sorted(live, key=lambda pair: pair.BankItem.code)
    if not any(item.kind is not Kind.PRACTICAL for item, _version in live):
        raise Invalid([Problem("", "bank.nothing_live")])
    members = [version.id for _item, version in live]
    if members == _newest_members(session, bank_id, pilot):
        raise Conflict("bank.nothing_changed")
    edition = _edition(session, bank_id, now)
    digest = release_digest(bank.field, bank.level, edition, [(i.code, v.number, v.digest) for i, v in live])
    entries = [entry_of(version.content) for _item, version in live]
    counts = (sum(_count(each) for each in entries), sum(isinstance(each, PracticalTask) for each in entries))
    release_id = new_id()
    entry_id = ledger.record(
        session,
        kind=RELEASED,
        actor=actor,
        subject=f"release:{release_id}",
        now=now,
        public={
            "field": bank.field,
            "level": bank.level,
            "edition": edition,
            "digest": digest,
            "items": counts[0],
            "tasks": counts[1],
            "pilot": pilot,
        },
    )
    frozen = Release(
        id=release_id,
        bank_id=bank_id,
        field=bank.field,
        level=bank.level,
        edition=edition,
        digest=digest,
        items=counts[0],
        tasks=counts[1],
        pilot=pilot,
        actor=actor,
        at=now,
        entry_id=entry_id,
    )
    session.add(frozen)
    session.flush()
    session.execute(
        insert(ReleaseMember),
        [{"release_id": release_id, "place": place, "version_id": each} for place, each in enumerate(members)],
    )
    return frozen


def _count(entry: object) -> int:
    return len(entry.variants) if isinstance(entry, Family) else int(isinstance(entry, Item))


def _released_states(pilot: bool) -> list[ItemStatus]:
    return [ItemStatus.LIVE, ItemStatus.PILOT] if pilot else [ItemStatus.LIVE]


def _newest_members(session: Session, bank_id: UUID, pilot: bool) -> list[UUID]:
    of_kind = select(Release.id).where(Release.bank_id == bank_id, Release.pilot == pilot)
    newest = session.scalar(of_kind.order_by(Release.at.desc()).limit(1))
    query = select(ReleaseMember.version_id).where(ReleaseMember.release_id == newest).order_by(ReleaseMember.place)
    return list(session.scalars(query)) if newest else []


def _edition(session: Session, bank_id: UUID, now: datetime) -> str:
    """Year, month and a number that counts the bank's releases."""
    count = session.scalar(select(func.count()).select_from(Release).where(Release.bank_id == bank_id)) or 0
    local = now.astimezone(CHINA)
    return f"{local.year}.{local.month:02}-{count + 1}"


def released_items(session: Session, release_id: UUID) -> ReleaseView:
    """The release as it was frozen. Raises NotFound, and Conflict where the stored contents no longer match its digest."""
    row = session.get(Release, release_id)
    if row is None:
        raise NotFound("bank.no_release")
    # Frozen, so that a process may keep the few that it works with.
    key = (release_id, row.digest)
    if key not in _views:
        if len(_views) >= VIEWS_KEPT:
            _views.clear()
        _views[key] = _load(session, row)
    return _views[key]


def _load(session: Session, row: Release) -> ReleaseView:
    versions = session.execute(
        select(BankItem.code, ItemVersion)
        .join(ReleaseMember, ReleaseMember.version_id == ItemVersion.id)
        .join(BankItem, BankItem.id == ItemVersion.item_id)
        .where(ReleaseMember.release_id == row.id)
        .order_by(ReleaseMember.place)
    ).all()
    found = [(code, version.number, canonical_hash(version.content)) for code, version in versions]
    if release_digest(row.field, row.level, row.edition, found) != row.digest:
        raise Conflict("bank.release_damaged", edition=row.edition)
    items: list[ReleasedItem] = []
    tasks: list[PracticalTask] = []
    for _code, version in versions:
        entry = entry_of(version.content, version.number)
        if isinstance(entry, Family):
            items.extend(entry.variants)
        elif isinstance(entry, PracticalTask):
            tasks.append(entry)
        else:
            items.append(entry)
    return ReleaseView(
        row.id,
        row.bank_id,
        row.field,
        Level(row.level),
        row.edition,
        row.digest,
        row.at,
        row.entry_id,
        tuple(items),
        tuple(tasks),
        row.pilot,
    )


def releases(
    session: Session, field: str | None = None, level: Level | None = None, organisation_id: UUID | None = None
) -> list[Release]:
    """Newest first."""
    query = select(Release).order_by(Release.at.desc(), Release.id.desc())
    if field:
        query = query.where(Release.field == field)
    if level:
        query = query.where(Release.level == level.value)
    if organisation_id:
        query = query.join(Bank).where(Bank.organisation_id == organisation_id)
    return list(session.scalars(query))


def own_release(session: Session, release_id: UUID, organisation_id: UUID) -> Release:
    """Raises NotFound, for another organisation's too."""
    row = session.scalar(
        select(Release).join(Bank).where(Release.id == release_id, Bank.organisation_id == organisation_id)
    )
    if row is None:
        raise NotFound("bank.no_release")
    return row


def members(session: Session, release_id: UUID) -> list[tuple[BankItem, ItemVersion]]:
    """What a release holds, in its order."""
    rows = session.execute(
        select(BankItem, ItemVersion)
        .join(ItemVersion, ItemVersion.item_id == BankItem.id)
        .join(ReleaseMember, ReleaseMember.version_id == ItemVersion.id)
        .where(ReleaseMember.release_id == release_id)
        .order_by(ReleaseMember.place)
    )
    return [(item, version) for item, version in rows]
