"""Item parameters of a bank, estimated from all scripts that were marked, and proposed as new versions."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any
from uuid import UUID

import numpy as np
from numpy.typing import NDArray
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.models import BankItem, ItemStatus, Release
from certengine.bank.rules import Item, ReleasedItem, entry_of
from certengine.foundation.errors import Conflict, NotFound
from certengine.ledger import service as ledger
from certengine.marking.analysis import Script
from certengine.marking.fairness import Difference, differences
from certengine.marking.models import BankCalibration
from certengine.psychometrics.calibration import FEWEST, UNSEEN, Calibration, Model, calibrate
from certengine.psychometrics.linking import robust_z

# With fewer people a slope of each item's own says more of chance than of the item.
FEWEST_FOR_TWO = 500
# Changes smaller than this are left: a version that says the same helps nobody.
LEAST_CHANGE = 0.05
DRIFTED = 2.7


@dataclass(frozen=True)
class ItemRow:
    """One item in its version (and variant): the difficulty it has, and what the answers say, on the same scale."""

    code: str
    number: int
    variant: str
    responses: int
    difficulty: float
    a: float | None
    b: float | None
    error: float | None
    # How far it moved against the others, as a robust z.
    z: float | None
    # Women against men; None in calibrations of before that was looked at.
    fairness: Difference | None = None

    @property
    def drifted(self) -> bool:
        return self.z is not None and abs(self.z) > DRIFTED

    @property
    def changed(self) -> bool:
        return self.b is not None and abs(self.b - self.difficulty) >= LEAST_CHANGE


def estimate(
    scripts: Sequence[Script], items: Sequence[ReleasedItem], women: Sequence[bool | None] = ()
) -> tuple[Calibration, list[ItemRow]]:
    """items: of each script's release, the newest version of each; scripts hold ids of these versions alone; women: one a
    script, None where it is not known, or none at all.

    The new scale is moved so that the mean difficulty of all estimated items stays what it was.
    """
    marks = _marks(scripts, items)
    model = Model.TWO if len(scripts) >= FEWEST_FOR_TWO else Model.RASCH
    found = calibrate(marks, model)
    before = np.array([item.difficulty for item in items])
    there = found.estimated
    shift = float((before[there] - found.b[there]).mean()) if there.any() else 0.0
    moved = np.full(len(items), np.nan)
    if there.sum() > 2:
        moved[there] = robust_z(found.b[there] + shift - before[there])

    def figure(value: float) -> float | None:
        return round(float(value), 3) if np.isfinite(value) else None

    fair = differences(marks, found.a, found.b, found.c, women or [None] * len(scripts))
    rows = [
        ItemRow(
            item.family or item.id,
            item.version,
            item.id if item.family else "",
            int(found.responses[number]),
            item.difficulty,
            figure(found.a[number]),
            figure(found.b[number] + shift),
            figure(found.error_b[number]),
            figure(moved[number]),
            fair[number],
        )
        for number, item in enumerate(items)
    ]
    return found, rows


def _marks(scripts: Sequence[Script], items: Sequence[ReleasedItem]) -> NDArray[np.int8]:
    """Scripts × items: 1 full points, 0 fewer, −1 unseen."""
    place = {item.id: number for number, item in enumerate(items)}
    marks = np.full((len(scripts), len(items)), UNSEEN, np.int8)
    for row, script in enumerate(scripts):
        for item, earned in script.earned.items():
            if item in place:
                marks[row, place[item]] = earned >= script.points[item]
    return marks


def kept(found: Calibration, rows: Sequence[ItemRow]) -> dict[str, Any]:
    return {
        "log_likelihood": round(found.log_likelihood, 3),
        "converged": found.converged,
        "fewest": FEWEST,
        "rows": [asdict(row) for row in rows],
    }


def rows_of(calibration: BankCalibration) -> list[ItemRow]:
    return [
        ItemRow(**{**row, "fairness": Difference(**row["fairness"]) if row.get("fairness") else None})
        for row in calibration.figures["rows"]
    ]


def releases_of(session: Session, bank_id: UUID) -> Mapping[UUID, Sequence[ReleasedItem]]:
    """Release → items, of every release of the bank."""
    ids = session.scalars(select(Release.id).where(Release.bank_id == bank_id))
    return {release_id: bank.released_items(session, release_id).items for release_id in ids}


def calibrations(session: Session, bank_id: UUID) -> list[BankCalibration]:
    """Newest first."""
    query = select(BankCalibration).where(BankCalibration.bank_id == bank_id)
    return list(session.scalars(query.order_by(BankCalibration.at.desc(), BankCalibration.id.desc())))


def adopt(session: Session, bank_id: UUID, calibration_id: UUID, actor: str, now: datetime) -> int:
    """Proposes the estimates as new versions, for a second person to approve; returns how many.

    Families keep their figures: their variants are estimated one by one and shown. Raises NotFound, Conflict when it
    was done before.
    """
    found = session.get(BankCalibration, calibration_id)
    if found is None or found.bank_id != bank_id:
        raise NotFound("marking.no_calibration")
    if found.adopted_at is not None:
        raise Conflict("marking.adopted")
    rows = {row.code: row for row in rows_of(found) if row.changed and not row.variant}
    items = session.scalars(
        select(BankItem).where(
            BankItem.bank_id == bank_id, BankItem.code.in_(rows), BankItem.status != ItemStatus.RETIRED
        )
    ).all()
    count = 0
    for item in items:
        row, version = rows[item.code], bank.working_version(item)
        entry = entry_of(version.content)
        # An item that was changed since is another one: its old answers say nothing of it.
        if version.number != row.number or not isinstance(entry, Item) or row.b is None or row.a is None:
            continue
        after = replace(entry, difficulty=round(row.b, 2), discrimination=round(row.a, 2))
        bank.propose(session, bank_id=bank_id, entry=after, actor=actor, now=now, origin=f"calibration {found.at:%F}")
        count += 1
    found.adopted_at, found.adopted_by = now, actor
    ledger.record(
        session,
        kind="bank.parameters_proposed",
        actor=actor,
        subject=f"bank:{bank_id}",
        now=now,
        private={"calibration": str(calibration_id), "people": found.people, "items": count},
    )
    return count
