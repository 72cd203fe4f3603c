"""Deals the items picked for all forms together out to the forms, so that each keeps the rules and none is weak."""

from collections.abc import Callable

import numpy as np

from certengine.papers import pairing
from certengine.papers.exchange import Integers, Limits, Pool, anneal
from certengine.papers.solver import Infeasible, Objective, Solved, Task, Watch

# The picked items have room inside the bands, in shares of the target score at the cut: the best picks lie on the very
# edge, where each form would have to lie too. The narrowest room that lets them be dealt out costs the least.
MARGINS = (5e-5, 2.5e-4, 6e-4, 1.2e-3)
STEPS_A_SLOT, MOST_STEPS = 20_000, 5_000_000
CLOSED, OPEN = (1e-2, 1e-5), (1e-1, 1e-6)
TRIES = 24
# Of the whole time, what dealing out may take, what while no forms have been found, and the pairs in one attempt.
DEALING_SHARE, UNFOUND_SHARE, PAIRING_SHARE = 0.6, 0.8, 0.4


def sums_of(task: Task, chosen: Integers) -> Integers:
    """Of each form the four quantities, in millionths."""
    return np.asarray(task.table.value[chosen].sum(axis=1))


def worth(task: Task, chosen: Integers) -> int:
    """The objective's value in millionths."""
    sums = sums_of(task, chosen)
    if task.objective is Objective.MAXIMIN:
        return int(sums[:, 3].min())
    return int(np.abs(sums[:, :3] - task.target[:3]).max())


def keeps(task: Task, chosen: Integers) -> bool:
    """Whether every form keeps every rule, and no item comes too often: in whole numbers, whoever made them."""
    table = task.table
    times = np.bincount(chosen.ravel(), minlength=len(table.items))
    sums = sums_of(task, chosen)
    if times.max() > task.uses or (sums < task.least).any() or (sums > task.most).any():
        return False
    cells = np.repeat(np.arange(len(table.cell_count)), np.diff(table.unit_start[table.cell_start]))
    for form in chosen:
        levels = np.bincount(table.cognition[form], minlength=len(task.low))
        inside = np.zeros(len(table.items), np.bool_)
        inside[form] = True
        if inside.sum() < len(form) or (levels < task.low).any() or (levels > task.high).any():
            return False
        if (np.bincount(cells[form], minlength=len(table.cell_count)) != table.cell_count).any():
            return False
        if any(inside[table.enemies[table.enemy_start[i] : table.enemy_start[i + 1]]].any() for i in form):
            return False
    return True


def deal(
    task: Task, watch: Watch, gap: float, pooled: Callable[[int], Solved], whole: Integers | None
) -> Integers | None:
    """The best forms × slots (places in the table) met that keep the rules, or None.

    `pooled` picks items for all forms with room inside the bands, `whole` are those without. Tries each room, then all again from other chances.
    """
    pool, best = _pool(task), None
    picks = _Picks(pooled, whole)
    for attempt in range(TRIES):
        # The widest room gives forms within a second or two, so it is tried even when the time is over.
        over = watch.share > (DEALING_SHARE if best is not None else UNFOUND_SHARE)
        if over and (best is not None or attempt != len(MARGINS) - 1):
            continue
        margin = int(MARGINS[attempt % len(MARGINS)] * task.scale)
        picked = picks.of(margin)
        if picked is None:
            continue
        # Where dealing out alone has failed, items may also come and go.
        uses = task.uses if best is None and attempt >= len(MARGINS) else 0
        chosen = _settled(task, watch, gap, pool, _dealt(task, picked), margin, uses, attempt)
        if keeps(task, chosen) and (best is None or task.better(worth(task, chosen), worth(task, best))):
            best = chosen
            watch.found(worth(task, best))
            watch.tell()
        if watch.gap is not None and watch.gap <= gap:
            break
    return best


class _Picks:
    """The items picked with each margin; those picked without room, where none have any or none were found in time."""

    def __init__(self, pooled: Callable[[int], Solved], whole: Integers | None) -> None:
        self._pooled, self._whole = pooled, whole
        self._known: dict[int, Integers | None] = {}

    def of(self, margin: int) -> Integers | None:
        if margin not in self._known:
            try:
                taken = self._pooled(margin).taken
            except Infeasible:
                taken = None
            taken = self._whole if taken is None else taken
            self._known[margin] = None if taken is None else taken[0]
        return self._known[margin]


def _slots(task: Task) -> Integers:
    return np.repeat(np.arange(len(task.table.cell_count)), task.table.cell_count)


def _pool(task: Task) -> Pool:
    table, slots = task.table, _slots(task)
    bounds = table.unit_start[table.cell_start]
    return Pool(
        bounds[slots], bounds[slots + 1], table.value, table.cognition, table.enemy_start, table.enemies
    )  # fmt: skip


def _dealt(task: Task, times: Integers) -> Integers:
    """Each cell's picked items dealt out in turn; one that comes more than once goes to different forms."""
    table, slots = task.table, _slots(task)
    chosen = np.zeros((task.count, len(slots)), np.int64)
    bounds = table.unit_start[table.cell_start]
    for cell in np.flatnonzero(table.cell_count):
        own = np.flatnonzero(slots == cell)
        filled = np.zeros(task.count, np.int64)
        items = np.arange(bounds[cell], bounds[cell + 1])
        for item in items[np.argsort(-times[items], kind="stable")]:
            for form in np.argsort(filled, kind="stable")[: times[item]]:
                chosen[form, own[filled[form]]] = item
                filled[form] += 1
    return chosen


def _settled(
    task: Task, watch: Watch, gap: float, pool: Pool, chosen: Integers, margin: int, uses: int, seed: int
) -> Integers:
    """Annealed, then bettered pair by pair, with the bands narrowed by the margin, to well within the gap."""
    limits = _limits(task, chosen, margin)
    hottest, coldest = OPEN if uses else CLOSED
    steps = min(MOST_STEPS, STEPS_A_SLOT * chosen.size)
    costs = anneal(seed, steps, hottest, coldest, chosen, pool, limits, uses)
    watch.tell()
    until = watch.seconds + PAIRING_SHARE * (watch.ends - watch.started)
    # Within half the margin of all that they should keep, the forms keep the bands themselves.
    enough = (max(1, margin) / 2e6) ** 2
    while costs.max() > enough and not _near(task, watch, gap / 2, chosen):
        if not _pair_bettered(chosen, costs, pool, limits, lambda: watch.seconds > until):
            break
        watch.tell()
    return chosen


def _near(task: Task, watch: Watch, gap: float, chosen: Integers) -> bool:
    return watch.bound is not None and task.gap(worth(task, chosen), watch.bound) <= gap and keeps(task, chosen)


def _limits(task: Task, chosen: Integers, margin: int) -> Limits:
    narrow = np.minimum(margin, (task.most - task.least) // 4)
    maximin = task.objective is Objective.MAXIMIN
    target = task.target.copy()
    # No exchange changes the mean, so it is what the weakest form can hope for.
    target[3] = int(sums_of(task, chosen)[:, 3].mean())
    weighed = np.array([not maximin] * 3 + [maximin])
    return Limits(task.least + narrow, task.most - narrow, task.low, task.high, weighed, target, maximin)


def _pair_bettered(chosen: Integers, costs: Integers, pool: Pool, limits: Limits, over: Callable[[], bool]) -> bool:
    """Betters the worst form together with the first other one that helps; whether one did."""
    worst = int(costs.argmax())
    for other in np.argsort(costs):
        if over():
            return False
        if other == worst:
            continue
        found = pairing.better(0, chosen[worst], chosen[other], pool, limits)
        if max(found) < costs[worst]:
            costs[worst], costs[other] = found
            return True
    return False
