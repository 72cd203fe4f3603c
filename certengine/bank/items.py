"""Banks, their items, versions and review, inside the caller's transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session

from certengine.bank.folding import question_hash, stem_of
from certengine.bank.models import Bank, BankImport, BankItem, ItemStatus, ItemVersion, Release, VersionState
from certengine.bank.readiness import missing_for_approval
from certengine.bank.rendering import plain
from certengine.bank.rules import (
    Entry,
    Family,
    Item,
    Kind,
    PracticalTask,
    content_of,
    entry_of,
)
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.standards import service as standards
from certengine.standards.rules import Level


@dataclass(frozen=True)
class BankView:
    """A bank with what is in it."""

    id: UUID
    field: str
    level: str
    title: str
    live: int
    waiting: int
    drafts: int
    retired: int
    edition: str | None


@dataclass(frozen=True)
class Filters:
    words: str = ""
    outline: str = ""
    type: str = ""
    cognition: str = ""
    status: str = ""


def open_bank(session: Session, *, organisation_id: UUID, field: str, level: Level, now: datetime) -> Bank:
    """The organisation's bank of this field and level, made at first use. Raises NotFound for a field without standard."""
    standard = standards.standard(field)
    bank = session.scalar(
        select(Bank).where(Bank.organisation_id == organisation_id, Bank.field == field, Bank.level == level.value)
    )
    if bank is None:
        bank = Bank(
            organisation_id=organisation_id, field=field, level=level.value, title=standard.title_zh, created_at=now
        )
        session.add(bank)
        session.flush()
    return bank


def bank(session: Session, bank_id: UUID, organisation_id: UUID | None = None) -> Bank:
    """Raises NotFound, for another organisation's too."""
    found = session.get(Bank, bank_id)
    if found is None or (organisation_id is not None and found.organisation_id != organisation_id):
        raise NotFound("bank.not_found")
    return found


def banks(session: Session, organisation_id: UUID) -> list[BankView]:
    rows = session.scalars(select(Bank).where(Bank.organisation_id == organisation_id)).all()
    counts: dict[UUID, Counter[ItemStatus]] = {row.id: Counter() for row in rows}
    grouped = select(BankItem.bank_id, BankItem.status, func.count()).group_by(BankItem.bank_id, BankItem.status)
    for bank_id, status, number in session.execute(grouped.where(BankItem.bank_id.in_(counts))):
        counts[bank_id][status] = number
    waiting_rows = session.execute(
        select(BankItem.bank_id, func.count())
        .join(ItemVersion, ItemVersion.item_id == BankItem.id)
        .where(BankItem.bank_id.in_(counts), ItemVersion.state == VersionState.PROPOSED)
        .group_by(BankItem.bank_id)
    )
    waiting = {bank_id: number for bank_id, number in waiting_rows}
    newest: dict[UUID, str] = {}
    for each in session.scalars(select(Release).where(Release.bank_id.in_(counts)).order_by(Release.at, Release.id)):
        newest[each.bank_id] = each.edition
    order = [level.value for level in Level]
    rows = sorted(rows, key=lambda row: (row.title, order.index(row.level)))
    return [
        BankView(
            row.id,
            row.field,
            row.level,
            row.title,
            counts[row.id][ItemStatus.LIVE],
            waiting.get(row.id, 0),
            counts[row.id][ItemStatus.DRAFT],
            counts[row.id][ItemStatus.RETIRED],
            newest.get(row.id),
        )
        for row in rows
    ]


def items_query(bank_id: UUID, filters: Filters) -> Select[Any]:
    """The bank's items in the order of their codes, as far as they pass the filters."""
    query = select(BankItem).where(BankItem.bank_id == bank_id).order_by(BankItem.code)
    for word in filters.words.split():
        like = f"%{_escaped(word)}%"
        query = query.where(or_(BankItem.text.ilike(like, escape="\\"), BankItem.code.ilike(like, escape="\\")))
    if filters.outline:
        query = query.where(
            or_(
                BankItem.outline == filters.outline, BankItem.outline.startswith(f"{filters.outline}.", autoescape=True)
            )
        )
    if filters.type:
        query = query.where(BankItem.type == filters.type)
    if filters.cognition:
        query = query.where(BankItem.cognition == filters.cognition)
    if filters.status == VersionState.PROPOSED.value:
        waiting = select(ItemVersion.item_id).where(ItemVersion.state == VersionState.PROPOSED)
        query = query.where(BankItem.id.in_(waiting))
    elif filters.status:
        query = query.where(BankItem.status == ItemStatus(filters.status))
    return query


def _escaped(word: str) -> str:
    return word.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_")


def item(session: Session, bank_id: UUID, code: str) -> BankItem:
    """Raises NotFound."""
    found = session.scalar(select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code == code))
    if found is None:
        raise NotFound("bank.no_item", item=code)
    return found


def version(session: Session, item_id: UUID, number: int) -> ItemVersion:
    """Raises NotFound."""
    found = session.scalar(select(ItemVersion).where(ItemVersion.item_id == item_id, ItemVersion.number == number))
    if found is None:
        raise NotFound("bank.no_version", number=number)
    return found


def propose(
    session: Session,
    *,
    bank_id: UUID,
    entry: Entry,
    actor: str,
    now: datetime,
    origin: str = "",
    import_id: UUID | None = None,
) -> ItemVersion:
    """A new item, or a new version of the item with this code, that waits for a second person's approval."""
    found = session.scalar(
        select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code == entry.id).with_for_update()
    )
    if found is None:
        found = BankItem(bank_id=bank_id, code=entry.id, status=ItemStatus.DRAFT, latest=0, created_at=now)
    _describe(found, entry)
    found.latest += 1
    session.add(found)
    content = content_of(entry)
    made = ItemVersion(
        item=found,
        number=found.latest,
        content=content,
        digest=canonical_hash(content),
        state=VersionState.PROPOSED,
        author=actor,
        created_at=now,
        origin=origin[:300],
        import_id=import_id,
    )
    session.add(made)
    session.flush()
    return made


def _describe(row: BankItem, entry: Entry) -> None:
    """What lists and searches need to know of the newest version."""
    row.text = plain(stem_of(entry))
    row.stem_hash = question_hash(entry)
    if isinstance(entry, PracticalTask):
        row.kind, row.type, row.cognition = Kind.PRACTICAL, Kind.PRACTICAL.value, "applies"
        row.outline, row.difficulty = entry.outline[0] if entry.outline else "", 0.0
        return
    row.kind = Kind.FAMILY if isinstance(entry, Family) else Kind.ITEM
    first: Item = entry.variants[0] if isinstance(entry, Family) else entry
    row.type, row.outline = first.type.value, first.outline
    row.cognition, row.difficulty = first.cognition.value, first.difficulty


def approve(session: Session, version_id: UUID, actor: str, now: datetime) -> ItemVersion:
    """The version goes live. Raises NotAllowed for its own author, Conflict when decided, Invalid when incomplete."""
    found = _undecided(session, version_id)
    if found.author == actor:
        raise NotAllowed("bank.own_item")
    faults = _faults(session, found)
    if faults:
        raise Invalid(faults)
    _set_live(found, actor, now)
    ledger.record(
        session,
        kind="bank.item_approved",
        actor=actor,
        subject=f"item:{found.item_id}",
        now=now,
        private={"code": found.item.code, "version": found.number, "digest": found.digest},
    )
    return found


def _undecided(session: Session, version_id: UUID) -> ItemVersion:
    found = session.scalars(select(ItemVersion).where(ItemVersion.id == version_id).with_for_update()).one_or_none()
    if found is None:
        raise NotFound("bank.no_version", number="")
    if found.state is not VersionState.PROPOSED:
        raise Conflict("bank.decided")
    return found


def _faults(session: Session, found: ItemVersion) -> list[Problem]:
    owner = bank(session, found.item.bank_id)
    return missing_for_approval(
        entry_of(found.content), standards.standard(owner.field), Level(owner.level), found.item.code
    )


def _set_live(found: ItemVersion, actor: str, now: datetime) -> None:
    found.state, found.reviewer, found.reviewed_at = VersionState.APPROVED, actor, now
    found.item.live_version_id = found.id
    found.item.status = ItemStatus.LIVE


def reject(session: Session, version_id: UUID, comment: str, actor: str, now: datetime) -> ItemVersion:
    """Raises Invalid without a reason, NotAllowed for the author."""
    found = _undecided(session, version_id)
    if found.author == actor:
        raise NotAllowed("bank.own_item")
    if not comment.strip():
        raise Invalid([Problem("comment", "bank.comment_missing")])
    found.state, found.reviewer, found.reviewed_at = VersionState.REJECTED, actor, now
    found.comment = comment.strip()[:500]
    return found


def approve_import(session: Session, import_id: UUID, actor: str, now: datetime) -> tuple[int, int]:
    """A reviewer's one act over all that a file brought; returns how many went live and how many are incomplete."""
    source = session.get(BankImport, import_id)
    if source is None:
        raise NotFound("bank.no_import")
    if source.actor == actor:
        raise NotAllowed("bank.own_item")
    waiting = session.scalars(
        select(ItemVersion)
        .where(ItemVersion.import_id == import_id, ItemVersion.state == VersionState.PROPOSED)
        .order_by(ItemVersion.created_at, ItemVersion.id)
    ).all()
    approved = 0
    for found in waiting:
        if not _faults(session, found):
            _set_live(found, actor, now)
            approved += 1
    if approved:
        ledger.record(
            session,
            kind="bank.import_approved",
            actor=actor,
            subject=f"bank:{source.bank_id}",
            now=now,
            private={"import": str(import_id), "sha256": source.sha256, "items": approved},
        )
    return approved, len(waiting) - approved


def retire(session: Session, bank_id: UUID, code: str, actor: str, now: datetime) -> BankItem:
    """Takes an item out of all later releases; what was released stays as it is."""
    found = item(session, bank_id, code)
    if found.status is ItemStatus.RETIRED:
        raise Conflict("bank.retired_already")
    found.status = ItemStatus.RETIRED
    ledger.record(
        session, kind="bank.item_retired", actor=actor, subject=f"item:{found.id}", now=now, private={"code": code}
    )
    return found


def read_key(session: Session, found: ItemVersion, actor: str, now: datetime) -> Entry:
    """The item with its key; that somebody read it goes into the ledger."""
    ledger.record(
        session,
        kind="bank.key_read",
        actor=actor,
        subject=f"item:{found.item_id}",
        now=now,
        private={"code": found.item.code, "version": found.number},
    )
    return entry_of(found.content, found.number)


def live_entries(session: Session, bank_id: UUID) -> list[Entry]:
    """The approved entries that a release made now would hold, by code."""
    query = (
        select(ItemVersion)
        .join(BankItem, BankItem.live_version_id == ItemVersion.id)
        .where(BankItem.bank_id == bank_id, BankItem.status == ItemStatus.LIVE)
    )
    found = session.scalars(query).all()
    return sorted((entry_of(each.content, each.number) for each in found), key=lambda entry: entry.id)


def latest_entries(session: Session, bank_id: UUID) -> list[Entry]:
    """The newest version of every item that is not retired, by code: what a check and an export look at."""
    query = (
        select(ItemVersion)
        .join(BankItem, BankItem.id == ItemVersion.item_id)
        .where(
            BankItem.bank_id == bank_id,
            BankItem.status != ItemStatus.RETIRED,
            ItemVersion.number == BankItem.latest,
            ItemVersion.state != VersionState.REJECTED,
        )
    )
    found = session.scalars(query).all()
    return sorted((entry_of(each.content, each.number) for each in found), key=lambda entry: entry.id)


def imports(session: Session, bank_id: UUID) -> Sequence[tuple[BankImport, int]]:
    """Newest first, each with how many of its versions still wait."""
    waiting: dict[Any, int] = {
        import_id: number
        for import_id, number in session.execute(
            select(ItemVersion.import_id, func.count())
            .where(ItemVersion.state == VersionState.PROPOSED, ItemVersion.import_id.is_not(None))
            .group_by(ItemVersion.import_id)
        )
    }
    rows = session.scalars(select(BankImport).where(BankImport.bank_id == bank_id).order_by(BankImport.at.desc()))
    return [(row, waiting.get(row.id, 0)) for row in rows]


def waiting(session: Session, item_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the items that have a version waiting for review."""
    query = select(ItemVersion.item_id).where(
        ItemVersion.item_id.in_(item_ids), ItemVersion.state == VersionState.PROPOSED
    )
    return set(session.scalars(query)) if item_ids else set()


def twin(session: Session, bank_id: UUID, entry: Entry) -> str | None:
    """The code of another item, not retired, that asks the same."""
    query = select(BankItem.code).where(
        BankItem.bank_id == bank_id,
        BankItem.stem_hash == question_hash(entry),
        BankItem.code != entry.id,
        BankItem.status != ItemStatus.RETIRED,
    )
    return session.scalar(query.limit(1))


def next_code(session: Session, bank_id: UUID, prefix: str) -> str:
    """The first free number under this prefix; the bank is locked until the caller has used it."""
    session.scalars(select(Bank.id).where(Bank.id == bank_id).with_for_update()).one()
    taken = set(session.scalars(select(BankItem.code).where(BankItem.bank_id == bank_id)))
    number = 1
    while f"{prefix}-{number:03}" in taken:
        number += 1
    return f"{prefix}-{number:03}"
