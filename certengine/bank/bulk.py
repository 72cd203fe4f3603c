"""One act on many items at once, and undoing it."""

import enum
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank.items import bank, propose, redescribe, working_version
from certengine.bank.models import BankItem, BulkEdit, ItemStatus, ItemVersion, VersionState
from certengine.bank.readiness import outline_faults
from certengine.bank.rules import Cognition, Entry, Family, Item, entry_of, number_text
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.standards import service as standards
from certengine.standards.rules import Level

MOST = 2000


class Act(enum.Enum):
    """The first three make new versions that wait for a second person; the last two change what is used."""

    OUTLINE = "outline"
    COGNITION = "cognition"
    DIFFICULTY = "difficulty"
    RETIRE = "retire"
    RESTORE = "restore"


def edit(
    session: Session, *, bank_id: UUID, codes: Sequence[str], act: Act, value: str, actor: str, now: datetime
) -> BulkEdit:
    """Raises Invalid where the value does not fit, or nothing or too much is chosen; then nothing is changed."""
    if not 0 < len(codes) <= MOST:
        raise Invalid([Problem("codes", "bank.bulk_number", {"most": MOST})])
    if act is Act.OUTLINE and not value:
        raise Invalid([Problem("value", "bank.outline_unknown", {"node": value})])
    found = session.scalars(
        select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code.in_(codes)).order_by(BankItem.code)
    ).all()
    done: list[list[Any]] = []
    for row in found:
        if act in (Act.RETIRE, Act.RESTORE):
            done.extend(_moved(row, act))
        elif row.status is not ItemStatus.RETIRED:
            done.extend(_proposed(session, row, act, value, actor, now))
    if not done:
        raise Conflict("bank.bulk_nothing")
    record = BulkEdit(bank_id=bank_id, act=act.value, value=value, actor=actor, at=now, items=done)
    session.add(record)
    session.flush()
    _say(session, "bank.bulk_edited", record, actor, now)
    return record


def _moved(row: BankItem, act: Act) -> list[list[Any]]:
    before = row.status
    if act is Act.RETIRE and before is not ItemStatus.RETIRED:
        row.status = ItemStatus.RETIRED
    elif act is Act.RESTORE and before is ItemStatus.RETIRED:
        # What was in use comes back to be tried out: whoever restores it looks at it before it counts again.
        row.status = ItemStatus.PILOT if row.live_version_id else ItemStatus.DRAFT
    else:
        return []
    return [[str(row.id), before.value]]


def _proposed(session: Session, row: BankItem, act: Act, value: str, actor: str, now: datetime) -> list[list[Any]]:
    before = entry_of(working_version(row).content)
    after = _changed(before, act, value)
    if after == before:
        return []
    owner = bank(session, row.bank_id)
    faults = [each for _key, each in outline_faults(after, standards.standard(owner.field), Level(owner.level))]
    if faults:
        raise Invalid(faults)
    return [[str(row.id), str(propose(session, bank_id=row.bank_id, entry=after, actor=actor, now=now).id)]]


def _changed(entry: Entry, act: Act, value: str) -> Entry:
    """A practical task is left as it is: it has several leaves and no difficulty."""
    if isinstance(entry, Item):
        return _item(entry, act, value)
    if isinstance(entry, Family):
        said = number_text(_difficulty(value)) if act is Act.DIFFICULTY else value
        template = {**entry.template, act.value: said}
        return replace(entry, template=template, variants=tuple(_item(each, act, value) for each in entry.variants))
    return entry


def _item(item: Item, act: Act, value: str) -> Item:
    if act is Act.OUTLINE:
        return replace(item, outline=value)
    if act is Act.DIFFICULTY:
        return replace(item, difficulty=_difficulty(value))
    try:
        return replace(item, cognition=Cognition(value))
    except ValueError:
        raise Invalid([Problem("value", "bank.choice", {"key": "cognition", "value": value})]) from None


def _difficulty(value: str) -> float:
    try:
        found = float(value)
    except ValueError:
        raise Invalid([Problem("value", "bank.number", {"key": "difficulty", "value": value})]) from None
    if not -4 <= found <= 4:
        raise Invalid([Problem("value", "bank.out_of_range", {"key": "difficulty", "low": "-4", "high": "4"})])
    return found


def undo(session: Session, bank_id: UUID, edit_id: UUID, actor: str, now: datetime) -> tuple[int, int]:
    """Takes a bulk edit back; returns how many items, and how many were decided or changed meanwhile and stay.

    Raises NotFound, Conflict when it is undone already.
    """
    record = session.scalar(
        select(BulkEdit).where(BulkEdit.id == edit_id, BulkEdit.bank_id == bank_id).with_for_update()
    )
    if record is None:
        raise NotFound("bank.no_edit")
    if record.undone_at is not None:
        raise Conflict("bank.undone")
    act = Act(record.act)
    if act in (Act.RETIRE, Act.RESTORE):
        undone = sum(_status_back(session, item_id, before, act) for item_id, before in record.items)
    else:
        undone = sum(_version_back(session, version_id) for _item_id, version_id in record.items)
    record.undone_at = now
    _say(session, "bank.bulk_undone", record, actor, now)
    return undone, len(record.items) - undone


def _status_back(session: Session, item_id: str, before: str, act: Act) -> bool:
    row = session.get_one(BankItem, UUID(item_id))
    if (row.status is ItemStatus.RETIRED) is not (act is Act.RETIRE):
        return False
    row.status = ItemStatus(before)
    return True


def _version_back(session: Session, version_id: str) -> bool:
    found = session.get_one(ItemVersion, UUID(version_id))
    if found.state is not VersionState.PROPOSED:
        return False
    found.state = VersionState.WITHDRAWN
    redescribe(session, found.item)
    return True


def recent(session: Session, bank_id: UUID, limit: int = 5) -> list[BulkEdit]:
    """Newest first."""
    query = select(BulkEdit).where(BulkEdit.bank_id == bank_id).order_by(BulkEdit.at.desc(), BulkEdit.id.desc())
    return list(session.scalars(query.limit(limit)))


def _say(session: Session, kind: str, record: BulkEdit, actor: str, now: datetime) -> None:
    private = {"act": record.act, "value": record.value, "items": [item_id for item_id, _before in record.items]}
    ledger.record(session, kind=kind, actor=actor, subject=f"bank:{record.bank_id}", now=now, private=private)
