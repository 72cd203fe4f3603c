"""How long candidates took over their items, read off the times at which answers arrived. Pure; figures, not verdicts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from certengine.psychometrics.response_times import fit_times, rapid_answers, time_fit

# Answers that arrive closer than anyone can click were sent together, after a network was lost: their times are unknown.
TOGETHER = 0.3
# A share of rapid answers above which a script is shown, and how improbable a pace must be.
LEAST_EFFORT = 0.9
LEVEL = 0.001
FEWEST_ANSWERS = 20
MOST_SHOWN = 50


@dataclass(frozen=True)
class Arrivals:
    """When an attempt began, and what arrived when, in the order of arrival."""

    began_at: datetime
    saved: Sequence[tuple[str, datetime]]


@dataclass(frozen=True)
class PaceFinding:
    """minutes: of all timed answers; rapid: answers too fast to come from reading; faster: answers far faster than the
    own pace, of which the model expects so many; p: of times as uneven as these in one who keeps their pace."""

    registration: str
    answers: int
    minutes: float
    rapid: int
    faster: int
    expected_faster: float
    p: float | None


@dataclass(frozen=True)
class Pace:
    timed: int
    items: int
    # Median seconds over an item, in the middle of items.
    median: float | None
    people: tuple[PaceFinding, ...]


def seconds(arrivals: Arrivals) -> dict[str, float]:
    """Item → seconds between the answer before and its own last, summed over visits; what came in a batch is left out."""
    found: dict[str, float] = defaultdict(float)
    unknown: set[str] = set()
    before = arrivals.began_at
    previous = ""
    for item, at in arrivals.saved:
        took = (at - before).total_seconds()
        if took < TOGETHER and item != previous:
            unknown.update({item, previous})
        found[item] += max(took, 0.0)
        before, previous = at, item
    return {item: took for item, took in found.items() if item not in unknown and took > 0}


def pace(arrivals: Mapping[str, Arrivals]) -> Pace:
    """arrivals: registration → arrivals of its attempt."""
    names = sorted(arrivals)
    times = {name: seconds(arrivals[name]) for name in names}
    items = sorted({item for taken in times.values() for item in taken})
    if not items:
        return Pace(0, 0, None, ())
    place = {item: number for number, item in enumerate(items)}
    table = np.full((len(names), len(items)), np.nan)
    for row, name in enumerate(names):
        for item, took in times[name].items():
            table[row, place[item]] = took
    rapid, model = rapid_answers(table), fit_times(table)
    fit = time_fit(table, model)
    told = [
        PaceFinding(
            name,
            int(rapid.answers[row]),
            round(float(np.nansum(table[row])) / 60, 1),
            int(rapid.count[row]),
            int(fit.fast[row]),
            round(float(np.nan_to_num(fit.expected_fast[row])), 1),
            float(fit.p[row]) if np.isfinite(fit.p[row]) else None,
        )
        for row, name in enumerate(names)
        if rapid.answers[row] >= FEWEST_ANSWERS
    ]
    odd = [each for each in told if _odd(each)]
    odd.sort(key=lambda each: (-each.rapid / each.answers, each.p if each.p is not None else 1.0))
    medians = np.nanmedian(table, axis=0)
    return Pace(len(told), len(items), round(float(np.median(medians)), 1), tuple(odd[:MOST_SHOWN]))


def _odd(each: PaceFinding) -> bool:
    uneven = each.p is not None and each.p < LEVEL and each.faster > 2 * each.expected_faster + 3
    return each.rapid > (1 - LEAST_EFFORT) * each.answers or uneven
