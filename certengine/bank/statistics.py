"""What sittings say about items: kept by version and sitting, pooled beside each item, flagged where it is poor."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from certengine.bank.models import BankItem, ItemStatistic
from certengine.foundation.ids import new_id

# Too easy or too hard to tell anybody apart, or answered better by the weaker half (per cent).
FACILITY = (10.0, 95.0)
LEAST_DISCRIMINATION = 10.0
FEWEST = 20


@dataclass(frozen=True)
class Observed:
    """One version in one sitting; facility and discrimination in per cent, None where too few answered.

    variant: of a family, which one; choices: option → how many, "" for left out; rest: option → mean per cent elsewhere.
    """

    code: str
    number: int
    variant: str
    responses: int
    facility: float | None
    discrimination: float | None
    choices: Mapping[str, int]
    rest: Mapping[str, float]


def is_poor(facility: float | None, discrimination: float | None) -> bool:
    hard = facility is not None and not FACILITY[0] <= facility <= FACILITY[1]
    return hard or (discrimination is not None and discrimination < LEAST_DISCRIMINATION)


def record(session: Session, bank_id: UUID, source: str, rows: Sequence[Observed], now: datetime) -> int:
    """Replaces what this source said before; returns how many items are flagged now."""
    codes = sorted({row.code for row in rows})
    items = {
        item.code: item
        for item in session.scalars(select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code.in_(codes)))
    }
    ids = [item.id for item in items.values()]
    session.execute(delete(ItemStatistic).where(ItemStatistic.source == source, ItemStatistic.item_id.in_(ids)))
    values = [
        {
            "id": new_id(),
            "item_id": items[row.code].id,
            "number": row.number,
            "variant": row.variant,
            "source": source,
            "at": now,
            "responses": row.responses,
            "facility": row.facility,
            "discrimination": row.discrimination,
            "choices": dict(row.choices),
            "rest": dict(row.rest),
        }
        for row in rows
        if row.code in items
    ]
    if values:
        session.execute(insert(ItemStatistic), values)
    for item_id, found in _by_item(session, ids).items():
        _pool(session.get_one(BankItem, item_id), found)
    session.flush()
    return sum(item.poor for item in items.values())


def _by_item(session: Session, item_ids: Sequence[UUID]) -> dict[UUID, list[ItemStatistic]]:
    found: dict[UUID, list[ItemStatistic]] = {item_id: [] for item_id in item_ids}
    for row in session.scalars(select(ItemStatistic).where(ItemStatistic.item_id.in_(item_ids))):
        found[row.item_id].append(row)
    return found


def _pool(item: BankItem, rows: Sequence[ItemStatistic]) -> None:
    """Means weighted by the responses; only over the newest version that was used, for an older one was another item."""
    item.uses = sum(row.responses for row in rows)
    newest = max((row.number for row in rows), default=0)
    current = [row for row in rows if row.number == newest]
    item.facility = _mean([(row.facility, row.responses) for row in current])
    item.discrimination = _mean([(row.discrimination, row.responses) for row in current])
    item.poor = is_poor(item.facility, item.discrimination)


def _mean(values: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _value, weight in known)
    return round(sum(value * weight for value, weight in known) / total, 2) if total else None


def of_item(session: Session, item_id: UUID) -> list[ItemStatistic]:
    """Newest first."""
    query = select(ItemStatistic).where(ItemStatistic.item_id == item_id)
    return list(session.scalars(query.order_by(ItemStatistic.at.desc(), ItemStatistic.variant)))
