"""Fixed parallel forms, assembled as well as can be proven: each fills the blueprint, and the weakest is the strongest.

First the solver picks the items of all forms together, which bounds what any forms can reach; then a search deals them
out to forms that each keep the rules; if that is not near enough to the bound, the solver goes on from there on the
programme of all forms until it proves the best or the time is up. Every form is checked in whole millionths.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from itertools import combinations

import highspy
import numpy as np

from certengine.foundation.errors import Invalid, Problem
from certengine.papers.dealing import deal, keeps, sums_of, worth
from certengine.papers.exchange import Integers
from certengine.papers.solver import Infeasible, Objective, Programme, Progress, Silent, Solved, Task, Watch
from certengine.papers.table import Table, build, cells_of
from certengine.papers.values import Drawable, PaperRules

__all__ = ["Form", "Forms", "Objective", "Status", "assemble"]

# Forms within this share of what any forms could reach count as the best: far less than calibration errs.
GAP = 1e-3
# Of the time, what the bound may take and what each picking of items with room; their gap, of the one asked for.
BOUND_SHARE, POOL_SHARE, POOL_SECONDS, POOL_GAP = 0.15, 0.05, 10.0, 0.1
FREE = 2**60


class Status(StrEnum):
    OPTIMAL = "optimal"
    TIME_LIMIT = "time limit"


@dataclass(frozen=True)
class Form:
    """Item ids in order of section, then id; expected points at θ −1, 0 and 1; information at 0."""

    items: tuple[str, ...]
    expected: tuple[Decimal, Decimal, Decimal]
    information: Decimal


@dataclass(frozen=True)
class Forms:
    """Forms, whose order means nothing, and how good they are proven to be.

    `value` is the least information of a form, or the largest distance from a target score at θ −1, 0 or 1; no forms
    at all have a better value than `bound`. The gap is relative to the bound, or for distances to the target score at
    the cut. OPTIMAL: the gap is proven to be no more than was asked for. `overlap`: the most items that two share.
    """

    forms: tuple[Form, ...]
    objective: Objective
    value: Decimal
    bound: Decimal
    gap: float
    seconds: float
    status: Status
    solver: str
    overlap: int


def assemble(
    items: Sequence[Drawable],
    rules: PaperRules,
    count: int,
    *,
    uses: int = 1,
    objective: Objective = Objective.MAXIMIN,
    seconds: float = 60.0,
    threads: int = 2,
    progress: Progress | None = None,
    gap: float = GAP,
) -> Forms:
    """`count` forms, no item in more than `uses` of them.

    Each has the blueprint's count of every cell, cognition within its limits, no two enemies, one item of a family at
    most, and its expected scores within the rules' bands. MAXIMIN lets the information be what it can; CLOSEST keeps
    it within the rules' band too. Works until the gap is proven or the seconds are over. Raises Invalid with every
    place that lacks items, and where no forms can keep the rules at once or none were found in time.
    """
    if count < 1 or uses < 1:
        raise ValueError("count and uses are at least 1")
    if short := _shortfalls(items, rules, count, min(uses, count)):
        raise Invalid(short, "papers.short")
    task = _task(build(items, rules), rules, count, min(uses, count), objective)
    watch = Watch(task, seconds, progress)
    # HiGHS keeps its threads, and their number, from the first run of a process on.
    highspy.Highs.resetGlobalScheduler(True)
    try:
        chosen = _assembled(task, watch, threads, gap)
    except Infeasible:
        raise _refused("papers.forms_impossible", count=count) from None
    if chosen is None:
        raise _refused("papers.forms_no_time", count=count, seconds=round(seconds))
    return _forms(task, chosen, watch, gap)


def _refused(code: str, **values: object) -> Invalid:
    return Invalid([Problem("", code, values)], "papers.short")


def _shortfalls(items: Sequence[Drawable], rules: PaperRules, count: int, uses: int) -> list[Problem]:
    """The cells whose items, each so often as it may come, do not fill all forms. Of a family a form has one item."""
    found = []
    for number, cell in enumerate(cells_of(items, rules)):
        section, node = rules.sections[number // len(rules.nodes)], rules.nodes[number % len(rules.nodes)]
        each = node.counts[number // len(rules.nodes)]
        places = sum(min(count, uses * len(unit)) for unit in cell)
        if places >= each * count and len(cell) >= each:
            continue
        values = {
            "node": node.node,
            "type": section.type,
            "count": count,
            "needed": max(each, -(-each * count // uses)),
            "there": min(len(cell), places // uses) if len(cell) < each else places // uses,
        }
        found.append(Problem(f"{node.node} {section.type}", "papers.forms_shortfall", values))
    return found


def _task(table: Table, rules: PaperRules, count: int, uses: int, objective: Objective) -> Task:
    target = np.array([band.target for band in rules.bands], np.int64)
    width = np.array([band.band for band in rules.bands], np.int64)
    least, most = target - width, target + width
    if objective is Objective.MAXIMIN:
        least[3], most[3] = -FREE, FREE
    low = np.array([rule.low for rule in rules.cognition], np.int64)
    high = np.array([rule.high for rule in rules.cognition], np.int64)
    return Task(table, count, uses, objective, least, most, low, high, target)


def _assembled(task: Task, watch: Watch, threads: int, gap: float) -> Integers | None:
    """Forms × items (places in the table), or None where none were found in time. Raises Infeasible."""

    def pooled(margin: int) -> Solved:
        share = POOL_SHARE if margin else BOUND_SHARE
        limit = min(POOL_SECONDS, max(0.5, share * (watch.ends - watch.started)))
        return Programme(task, 1, task.count, margin).solve(watch, limit, threads, gap * POOL_GAP, proves=margin == 0)

    if task.uses >= task.count:
        return _alike(task, watch, threads, gap)
    whole = pooled(0)
    watch.tell(now=True)
    best = deal(task, watch, gap, pooled, whole.taken)
    if best is not None:
        watch.found(worth(task, best))
        watch.tell(now=True)
        if watch.gap is not None and watch.gap <= gap:
            return best
    if watch.left <= 0:
        return best
    programme = Programme(task, task.count, 1)
    start = None if best is None else programme.columns_of(best, worth(task, best))
    solved = programme.solve(watch, watch.left, threads, gap, start)
    watch.tell(now=True)
    if solved.taken is None:
        return best
    found = np.array([np.flatnonzero(row) for row in solved.taken], np.int64)
    if not keeps(task, found):
        return best
    return found if best is None or task.better(worth(task, found), worth(task, best)) else best


def _alike(task: Task, watch: Watch, threads: int, gap: float) -> Integers | None:
    """Where every item may be in every form, the best forms are all the best one."""
    solved = Programme(task, 1, 1).solve(watch, watch.left, threads, gap)
    watch.tell(now=True)
    if solved.taken is None:
        return None
    chosen = np.repeat([np.flatnonzero(solved.taken[0])], task.count, axis=0).astype(np.int64)
    return chosen if keeps(task, chosen) else None


def _forms(task: Task, chosen: Integers, watch: Watch, gap: float) -> Forms:
    value = worth(task, chosen)
    # The empty bound of each objective, where the time was too short for any.
    bound = watch.bound if watch.bound is not None else 0 if task.objective is Objective.CLOSEST else FREE
    reached = task.gap(value, bound)
    shared = (len(np.intersect1d(one, other)) for one, other in combinations(chosen, 2))
    return Forms(
        forms=tuple(_form(task, row, sums) for row, sums in zip(chosen, sums_of(task, chosen).tolist(), strict=True)),
        objective=task.objective,
        value=Decimal(value).scaleb(-6),
        bound=Decimal(bound).scaleb(-6),
        gap=reached,
        seconds=watch.seconds,
        status=Status.OPTIMAL if reached <= gap else Status.TIME_LIMIT,
        solver=f"HiGHS {Silent().version()}",
        overlap=max(shared, default=0),
    )


def _form(task: Task, row: Integers, sums: Sequence[int]) -> Form:
    # The table stands in order of section, node, unit; a form in order of section, then id.
    sections = np.repeat(np.arange(len(task.table.section_start) - 1), np.diff(task.table.section_start))
    ids = sorted(
        (int(section), task.table.items[item].id) for section, item in zip(sections, np.sort(row), strict=True)
    )
    low, cut, high, information = (Decimal(each).scaleb(-6) for each in sums)
    return Form(tuple(item for _, item in ids), (low, cut, high), information)
