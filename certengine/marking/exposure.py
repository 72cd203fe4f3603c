"""Whether somebody did far better on items that earlier sittings had than on those that nobody can have seen. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from certengine.psychometrics.aberrance import score_difference
from certengine.psychometrics.irt import Floats

LEVEL = 0.001
MOST_SHOWN = 50


@dataclass(frozen=True)
class ExposureFinding:
    """expected: right answers on the items used before, by the ability that the new ones show; p: of so large a gap."""

    registration: str
    right: int
    of: int
    expected: float
    new_right: int
    new_of: int
    p: float


@dataclass(frozen=True)
class Exposure:
    """Items used before and new ones; scripts with enough of both."""

    used: int
    new: int
    tested: int
    people: tuple[ExposureFinding, ...]


def exposure(
    names: Sequence[str],
    marks: NDArray[np.int8],
    parameters: tuple[Floats, Floats, Floats],
    used: Sequence[bool],
) -> Exposure:
    """marks: people × items of 1, 0, −1 unseen; used: of each item, whether an earlier sitting had it."""
    before = np.array(used, bool)
    counts = int(before.sum()), int((~before).sum())
    if not all(counts):
        return Exposure(*counts, 0, ())
    found = score_difference(marks, *parameters, before)
    tested = np.isfinite(found.p)
    rows = np.flatnonzero(tested & (found.p < LEVEL))
    rows = rows[np.argsort(found.p[rows])][:MOST_SHOWN]
    people = tuple(
        ExposureFinding(
            names[int(row)],
            int(found.exposed_right[row]),
            int(found.exposed[row]),
            round(float(found.expected_right[row]), 1),
            int(found.new_right[row]),
            int(found.new[row]),
            float(found.p[row]),
        )
        for row in rows
    )
    return Exposure(*counts, int(tested.sum()), people)


def exposure_from_json(raw: Mapping[str, object]) -> Exposure:
    people = tuple(ExposureFinding(**each) for each in raw["people"])  # type: ignore[attr-defined]
    return Exposure(**{**raw, "people": people})  # type: ignore[arg-type]
