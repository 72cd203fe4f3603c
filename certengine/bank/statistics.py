"""What sittings say about items: kept by version and sitting, pooled beside each item, flagged where it is poor."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from certengine.bank.models import BankItem, ItemStatistic
from certengine.bank.rules import Entry, Family, Item
from certengine.foundation.errors import Problem
from certengine.foundation.ids import new_id

# Too easy or too hard to tell anybody apart, or answered better by the weaker half (per cent).
FACILITY = (10.0, 95.0)
LEAST_DISCRIMINATION = 10.0
FEWEST = 20
# A wrong option that fewer choose deceives nobody (per cent).
LEAST_CHOSEN = 2.0


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


def flags(facility: float | None, discrimination: float | None) -> list[Problem]:
    """What makes an item poor; nothing where it is sound or too little is known."""
    found = []
    if facility is not None and facility < FACILITY[0]:
        found.append(Problem("", "bank.too_hard", {"least": f"{FACILITY[0]:g}"}))
    if facility is not None and facility > FACILITY[1]:
        found.append(Problem("", "bank.too_easy", {"most": f"{FACILITY[1]:g}"}))
    if discrimination is not None and discrimination < LEAST_DISCRIMINATION:
        found.append(Problem("", "bank.discriminates_little", {"least": f"{LEAST_DISCRIMINATION:g}"}))
    return found


def record_statistics(session: Session, bank_id: UUID, source: str, rows: Sequence[Observed], now: datetime) -> int:
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


def used_before(session: Session, bank_id: UUID, moment: datetime) -> set[tuple[str, int]]:
    """Item (or variant) and version of all that a sitting analysed before the moment had in its papers."""
    query = (
        select(BankItem.code, ItemStatistic.variant, ItemStatistic.number)
        .join(BankItem, BankItem.id == ItemStatistic.item_id)
        .where(BankItem.bank_id == bank_id, ItemStatistic.at < moment)
    )
    return {(row.variant or row.code, row.number) for row in session.execute(query)}


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
    item.poor = bool(flags(item.facility, item.discrimination))


def _mean(values: Sequence[tuple[float | None, int]]) -> float | None:
    known = [(value, weight) for value, weight in values if value is not None]
    total = sum(weight for _value, weight in known)
    return round(sum(value * weight for value, weight in known) / total, 2) if total else None


@dataclass(frozen=True)
class Bar:
    """One option of the chart: the share that chose it and their mean on the rest of the paper, in per cent.

    right: None where the key is not to be shown. weak: nearly nobody chose it, or better people did than the key.
    """

    option: str
    text: str
    count: int
    share: float
    rest: float | None
    right: bool | None
    weak: bool


@dataclass(frozen=True)
class Chart:
    variant: str
    number: int
    responses: int
    bars: tuple[Bar, ...]


def charts(entry: Entry, rows: Sequence[ItemStatistic], open_key: bool) -> list[Chart]:
    """The choices over all sittings of the newest version that was used, one chart per variant."""
    newest = max((row.number for row in rows), default=0)
    variants = {each.id: each for each in entry.variants} if isinstance(entry, Family) else {}
    found = []
    for variant in sorted({row.variant for row in rows if row.number == newest}):
        here = [row for row in rows if row.number == newest and row.variant == variant and row.choices]
        item = variants.get(variant, entry)
        if here and isinstance(item, Item):
            found.append(_chart(item, variant, newest, here, open_key))
    return found


def _chart(item: Item, variant: str, number: int, rows: Sequence[ItemStatistic], open_key: bool) -> Chart:
    counts: Counter[str] = Counter()
    weighted: Counter[str] = Counter()
    for row in rows:
        for option, count in row.choices.items():
            counts[option] += count
            weighted[option] += count * row.rest.get(option, 0.0)
    total = sum(row.responses for row in rows)
    texts = {each.id: each.text for each in item.options}
    keys = set(item.key) if isinstance(item.key, tuple) else {item.key}
    rest = {option: weighted[option] / count if count else None for option, count in counts.items()}
    best = max((rest[key] or 0.0 for key in keys if key in rest), default=0.0)
    bars = []
    for option in [*texts, *sorted(set(counts) - set(texts))]:
        count, right = counts[option], option in keys
        share = 100 * count / total if total else 0.0
        strong = not right and option in texts and (rest.get(option) or 0.0) > best
        idle = not right and option in texts and share < LEAST_CHOSEN
        bars.append(
            Bar(
                option, texts.get(option, ""), count, round(share, 1), rest.get(option),
                right if open_key else None, open_key and total >= FEWEST and (strong or idle),
            )
        )  # fmt: skip
    return Chart(variant, number, total, tuple(bars))


def statistics_of(session: Session, item_id: UUID) -> list[ItemStatistic]:
    """Newest first."""
    query = select(ItemStatistic).where(ItemStatistic.item_id == item_id)
    return list(session.scalars(query.order_by(ItemStatistic.at.desc(), ItemStatistic.variant)))
