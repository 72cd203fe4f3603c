"""A version's way: proposed, talked about, approved by a second person, tried out, live, retired."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session, aliased

from certengine.bank.items import bank, item, redescribe
from certengine.bank.models import BankImport, BankItem, ItemComment, ItemReading, ItemStatus, ItemVersion, VersionState
from certengine.bank.readiness import missing_for_approval
from certengine.bank.rules import entry_of
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.standards import service as standards
from certengine.standards.rules import Level


def approve(session: Session, version_id: UUID, actor: str, now: datetime, pilot: bool = False) -> ItemVersion:
    """The version may be used; with pilot an item that was not in use is tried out first.

    Raises NotAllowed for its own author, Conflict when decided or a comment is open, Invalid when incomplete.
    """
    found = _undecided(session, version_id)
    if found.author == actor:
        raise NotAllowed("bank.own_item")
    if any(each.settled_at is None for each in comments(session, [found.id])):
        raise Conflict("bank.comments_open")
    faults = _faults(session, found)
    if faults:
        raise Invalid(faults)
    _set_live(found, actor, now, pilot)
    _lapse(session, [found.item_id], now)
    ledger.record(
        session,
        kind="bank.item_approved",
        actor=actor,
        subject=f"item:{found.item_id}",
        now=now,
        private={"code": found.item.code, "version": found.number, "digest": found.digest, "pilot": pilot},
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


def _set_live(found: ItemVersion, actor: str, now: datetime, pilot: bool = False) -> None:
    found.state, found.reviewer, found.reviewed_at = VersionState.APPROVED, actor, now
    found.item.live_version_id = found.id
    tried = pilot and found.item.status is not ItemStatus.LIVE
    found.item.status = ItemStatus.PILOT if tried else ItemStatus.LIVE


def _lapse(session: Session, item_ids: Sequence[UUID], now: datetime) -> None:
    """Proposals older than what is in use now wait no longer: approved later, they would bring the old text back."""
    session.flush()
    live = aliased(ItemVersion)
    for start in range(0, len(item_ids), 500):
        newer = (
            select(live.number)
            .join(BankItem, BankItem.live_version_id == live.id)
            .where(BankItem.id == ItemVersion.item_id)
            .scalar_subquery()
        )
        session.execute(
            update(ItemVersion)
            .where(ItemVersion.item_id.in_(item_ids[start : start + 500]))
            .where(ItemVersion.state == VersionState.PROPOSED, ItemVersion.number < newer)
            .values(state=VersionState.WITHDRAWN, reviewed_at=now)
        )


def reject(session: Session, version_id: UUID, comment: str, actor: str, now: datetime) -> ItemVersion:
    """Raises Invalid without a reason, NotAllowed for the author."""
    found = _undecided(session, version_id)
    if found.author == actor:
        raise NotAllowed("bank.own_item")
    if not comment.strip():
        raise Invalid([Problem("comment", "bank.comment_missing")])
    found.state, found.reviewer, found.reviewed_at = VersionState.REJECTED, actor, now
    found.comment = comment.strip()[:500]
    redescribe(session, found.item)
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
        _lapse(session, [found.item_id for found in waiting], now)
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


def go_live(session: Session, bank_id: UUID, code: str, actor: str, now: datetime) -> BankItem:
    """An item that was tried out is used from now on. Raises NotAllowed for the author of the version in use."""
    found = item(session, bank_id, code)
    version = session.get(ItemVersion, found.live_version_id) if found.live_version_id else None
    if found.status is not ItemStatus.PILOT or version is None:
        raise Conflict("bank.not_pilot")
    if version.author == actor:
        raise NotAllowed("bank.own_item")
    found.status = ItemStatus.LIVE
    ledger.record(
        session,
        kind="bank.item_live",
        actor=actor,
        subject=f"item:{found.id}",
        now=now,
        private={"code": code, "uses": found.uses, "facility": found.facility, "discrimination": found.discrimination},
    )
    return found


def withdraw(session: Session, version_id: UUID, actor: str, now: datetime) -> ItemVersion:
    """An author takes a proposal back. Raises NotAllowed for another person's."""
    found = _undecided(session, version_id)
    if found.author != actor:
        raise NotAllowed("bank.others_item")
    found.state, found.reviewed_at = VersionState.WITHDRAWN, now
    redescribe(session, found.item)
    return found


def comment(session: Session, version_id: UUID, text: str, actor: str, now: datetime) -> ItemComment:
    """Raises Invalid for an empty one."""
    if not text.strip():
        raise Invalid([Problem("text", "bank.comment_empty")])
    made = ItemComment(version_id=version_id, author=actor, at=now, text=text.strip()[:4000])
    session.add(made)
    session.flush()
    return made


def settle(session: Session, comment_id: UUID, actor: str, now: datetime) -> ItemComment:
    """Says that a comment is dealt with. Raises NotFound."""
    found = session.get(ItemComment, comment_id)
    if found is None:
        raise NotFound("bank.no_comment")
    if found.settled_at is None:
        found.settled_at, found.settled_by = now, actor
    return found


def comments(session: Session, version_ids: Sequence[UUID]) -> list[ItemComment]:
    """In the order in which they were made."""
    query = select(ItemComment).where(ItemComment.version_id.in_(version_ids))
    return list(session.scalars(query.order_by(ItemComment.at, ItemComment.id)))


def note_reading(session: Session, item_id: UUID, number: int, actor: str, now: datetime) -> None:
    session.add(ItemReading(item_id=item_id, number=number, actor=actor, at=now))
    session.flush()


def readings(session: Session, item_id: UUID, limit: int = 50) -> list[ItemReading]:
    """Newest first."""
    query = select(ItemReading).where(ItemReading.item_id == item_id)
    return list(session.scalars(query.order_by(ItemReading.at.desc(), ItemReading.id.desc()).limit(limit)))
