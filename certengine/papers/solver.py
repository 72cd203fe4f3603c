"""The mixed-integer programmes of fixed forms, solved by HiGHS.

One builder makes both. The whole: each form has its own variable for each item, and the weakest form counts. The
pool: one group of items for all forms together, N times the size of a form; the mean of N forms is such a group, so
its optimum bounds the whole (the big shadow test of van der Linden and Adema 1998, taken for all forms at once), and
it is solved in a second or two, where the whole is full of symmetry.

Rows are in thousandths of a point or unit, with half a millionth added to each side of a band: sums of items are
whole millionths, so the solver's tolerance neither loses nor wins a set of items.
"""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

import highspy
import numpy as np
from numpy.typing import NDArray

from certengine.papers.exchange import Integers
from certengine.papers.table import Table

Row = tuple[float, float, NDArray[np.int64], NDArray[np.float64]]
# Seconds since the start, best value so far, proven bound, relative gap; None where there is none yet.
Progress = Callable[[float, float | None, float | None, float | None], None]
TOLD_EVERY = 0.5
INTEGER = 1


class Objective(StrEnum):
    MAXIMIN = "maximin"
    CLOSEST = "closest"


class Silent(highspy.Highs):  # type: ignore[misc]
    """HiGHS prints its banner to standard output as it starts to listen, where a command's JSON goes."""

    def enableCallbacks(self) -> None:
        self.setOptionValue("output_flag", False)
        super().enableCallbacks()


class Infeasible(Exception):
    """Proven: no set of items keeps the rows."""


@dataclass(frozen=True)
class Task:
    """What the forms keep: bounds of the four quantities in millionths, and of the levels of cognition."""

    table: Table
    count: int
    uses: int
    objective: Objective
    least: Integers
    most: Integers
    low: Integers
    high: Integers
    target: Integers

    @property
    def scale(self) -> int:
        """What a relative gap is relative to where the best value may be 0: the target score at the cut."""
        return max(1, int(self.target[1]))

    def better(self, one: int, other: int) -> bool:
        return one < other if self.objective is Objective.CLOSEST else one > other

    def gap(self, best: float, bound: float) -> float:
        if self.objective is Objective.CLOSEST:
            return max(0.0, best - bound) / self.scale
        return max(0.0, bound - best) / bound if bound > 0 else 0.0


class Watch:
    """Tells the progress at most twice a second, from wherever the time is spent."""

    def __init__(self, task: Task, seconds: float, progress: Progress | None) -> None:
        self.task, self.progress = task, progress
        self.started = time.perf_counter()
        self.ends = self.started + seconds
        self.told = -np.inf
        self.best: int | None = None
        self.bound: int | None = None
        self.failure: BaseException | None = None

    @property
    def seconds(self) -> float:
        return time.perf_counter() - self.started

    @property
    def share(self) -> float:
        """Of the time, what is over."""
        return self.seconds / (self.ends - self.started)

    @property
    def left(self) -> float:
        return max(0.0, self.ends - time.perf_counter())

    def found(self, best: int) -> None:
        """Keeps the better value."""
        self.best = best if self.best is None or self.task.better(best, self.best) else self.best

    def proved(self, bound: int) -> None:
        """Keeps the tighter bound."""
        self.bound = bound if self.bound is None or self.task.better(self.bound, bound) else self.bound

    @property
    def gap(self) -> float | None:
        return None if self.best is None or self.bound is None else self.task.gap(self.best, self.bound)

    def tell(self, now: bool = False) -> None:
        if self.progress is None or (not now and self.seconds - self.told < TOLD_EVERY):
            return
        self.told = self.seconds
        best, bound = (None if each is None else each / 1e6 for each in (self.best, self.bound))
        self.progress(self.seconds, best, bound, self.gap)


@dataclass(frozen=True)
class Solved:
    """How often each group takes each item of the table (groups × items), or None; what was proven."""

    taken: Integers | None
    finished: bool


class Programme:
    """`groups` sets of items, each `size` times a form. A margin, in millionths, narrows the bands."""

    def __init__(self, task: Task, groups: int, size: int, margin: int = 0) -> None:
        self.task, self.groups, self.size = task, groups, size
        table = task.table
        # One group's information is its own goal: the solver works better without a variable for it.
        self.summed = groups == 1 and task.objective is Objective.MAXIMIN
        self.columns = np.flatnonzero(table.possible)
        self.number = np.full(len(table.items), -1)
        self.number[self.columns] = np.arange(len(self.columns))
        narrow = np.minimum(margin, (task.most - task.least) // 4)
        self.least, self.most = task.least + narrow, task.most - narrow
        width = len(self.columns)
        self.goal = groups * width
        rows = [row for group in range(groups) for row in self._rows_of(group * width)]
        if groups > 1 and task.uses < groups:
            rows += [self._row(0, task.uses, k + width * np.arange(groups)) for k in range(width)]
        self.rows = rows

    @staticmethod
    def _row(low: float, high: float, where: NDArray[np.int64], what: NDArray[np.float64] | None = None) -> Row:
        return low, high, where, np.ones(len(where)) if what is None else what

    def _rows_of(self, shift: int) -> Iterator[Row]:
        """Cells, levels, families and enemies, bands, and the goal's hold on the group."""
        task, table, size = self.task, self.task.table, self.size
        cells = np.repeat(np.arange(len(table.cell_count)), np.diff(table.unit_start[table.cell_start]))[self.columns]
        for cell in np.flatnonzero(table.cell_count):
            many = size * int(table.cell_count[cell])
            yield self._row(many, many, shift + np.flatnonzero(cells == cell))
        for level, (low, high) in enumerate(zip(task.low, task.high, strict=True)):
            yield self._row(size * low, size * high, shift + np.flatnonzero(table.cognition[self.columns] == level))
        for together in self._exclusive():
            yield self._row(0, size, shift + np.array(together))
        value = table.value[self.columns] / 1000
        everything = shift + np.arange(len(self.columns))
        for q in range(value.shape[1]):
            low, high = (size * int(each[q]) / 1000 for each in (self.least, self.most))
            if high - low < 1e12:
                yield self._row(low - 0.0005, high + 0.0005, everything, value[:, q])
        yield from self._goal_rows(everything, value)

    def _exclusive(self) -> Iterator[list[int]]:
        """Groups of items of which a form has one at most; where all may come together often enough, no row."""
        table, once = self.task.table, min(self.size, self.task.uses)
        families: dict[str, list[int]] = {}
        for item in self.columns:
            if table.items[item].family:
                families.setdefault(str(table.items[item].family), []).append(int(self.number[item]))
            for enemy in table.enemies[table.enemy_start[item] : table.enemy_start[item + 1]]:
                own = table.items[item].family
                kin = own is not None and own == table.items[enemy].family
                if item < enemy and not kin and self.number[enemy] >= 0 and 2 * once > self.size:
                    yield [int(self.number[item]), int(self.number[enemy])]
        yield from (each for each in families.values() if len(each) * once > self.size)

    def _goal_rows(self, everything: NDArray[np.int64], value: NDArray[np.float64]) -> Iterator[Row]:
        with_goal = np.append(everything, self.goal)
        if self.summed:
            return
        if self.task.objective is Objective.MAXIMIN:
            yield self._row(0, np.inf, with_goal, np.append(value[:, 3], -self.size))
            return
        for q in range(3):
            target = self.size * int(self.task.target[q]) / 1000
            yield self._row(-np.inf, target, with_goal, np.append(value[:, q], -self.size))
            yield self._row(target, np.inf, with_goal, np.append(value[:, q], self.size))

    def columns_of(self, chosen: Integers, goal: int) -> NDArray[np.float64]:
        """Forms (× slots, places in the table) and their value as the solver's columns, to start from."""
        taken = np.zeros((self.groups, len(self.columns)))
        for form, row in enumerate(chosen):
            taken[form, self.number[row]] = 1
        return np.append(taken.ravel(), goal / 1000)

    def solve(
        self,
        watch: Watch,
        seconds: float,
        threads: int,
        gap: float,
        start: NDArray[np.float64] | None = None,
        proves: bool = True,
    ) -> Solved:
        """Raises Infeasible. The bound goes to the watch where the programme proves one of the whole."""
        solver = self._solver(watch, seconds, threads, gap)
        if start is not None:
            solver.setSolution(len(start), np.arange(len(start), dtype=np.int32), start)
        self._listen(solver, watch, proves)
        solver.run()
        if watch.failure is not None:
            raise watch.failure
        status = solver.getModelStatus()
        if status in (highspy.HighsModelStatus.kInfeasible, highspy.HighsModelStatus.kUnboundedOrInfeasible):
            raise Infeasible
        information = solver.getInfo()
        if proves:
            self._prove(watch, information.mip_dual_bound)
        taken = None
        if information.primal_solution_status == highspy.SolutionStatus.kSolutionStatusFeasible:
            found = np.rint(np.array(solver.getSolution().col_value)[: self.goal]).astype(np.int64)
            taken = np.zeros((self.groups, len(self.task.table.items)), np.int64)
            taken[:, self.columns] = found.reshape(self.groups, -1)
        return Solved(taken, status == highspy.HighsModelStatus.kOptimal)

    def _solver(self, watch: Watch, seconds: float, threads: int, gap: float) -> highspy.Highs:
        maximin = self.task.objective is Objective.MAXIMIN
        bounded = watch.bound is not None
        solver = Silent()
        scale = int(self.task.target[3]) if maximin else self.task.scale
        options = {"threads": threads, "time_limit": max(0.1, seconds), "mip_rel_gap": 0.0}
        for name, option in {**options, "mip_abs_gap": max(0.0005, gap * scale / 1000)}.items():
            solver.setOptionValue(name, option)
        most = np.full(self.goal + 1, float(min(self.task.uses, self.size)))
        most[self.goal] = watch.bound / 1000 + 0.0005 if maximin and watch.bound is not None else 1e9
        if self.summed:
            most[self.goal] = 0.0
        least = np.zeros(self.goal + 1)
        least[self.goal] = max(0.0, watch.bound / 1000 - 0.0005) if bounded and not maximin and watch.bound else 0.0
        solver.addVars(self.goal + 1, least, most)
        wholes = np.arange(self.goal, dtype=np.int32)
        solver.changeColsIntegrality(self.goal, wholes, np.full(self.goal, INTEGER, np.uint8))
        if self.summed:
            cost = self.task.table.value[self.columns, 3] / (1000 * self.size)
            solver.changeColsCost(self.goal, wholes, cost)
        else:
            solver.changeColCost(self.goal, 1.0)
        solver.changeObjectiveSense(highspy.ObjSense.kMaximize if maximin else highspy.ObjSense.kMinimize)
        lengths = [len(row[2]) for row in self.rows]
        solver.addRows(
            len(self.rows),
            np.array([row[0] for row in self.rows], np.float64),
            np.array([row[1] for row in self.rows], np.float64),
            sum(lengths),
            np.concatenate([[0], np.cumsum(lengths[:-1])]).astype(np.int32),
            np.concatenate([row[2] for row in self.rows]).astype(np.int32),
            np.concatenate([row[3] for row in self.rows]),
        )
        return solver

    def _prove(self, watch: Watch, bound: float) -> None:
        """Values are whole millionths, so a bound may be rounded to them, a hundredth being the solver's."""
        if not np.isfinite(bound):
            return
        if self.task.objective is Objective.CLOSEST:
            watch.proved(max(0, int(np.ceil(bound * 1000 - 0.01))))
        else:
            watch.proved(int(np.floor(bound * 1000 + 0.01)))

    def _listen(self, solver: highspy.Highs, watch: Watch, proves: bool) -> None:
        """An error in the listener (or Ctrl-C) stops the solver, and is raised once it has stopped."""

        def hear(event: highspy.HighsCallbackEvent) -> None:
            try:
                if proves:
                    self._prove(watch, event.data_out.mip_dual_bound)
                if self.size == 1 and np.isfinite(event.data_out.mip_primal_bound):
                    watch.found(round(event.data_out.mip_primal_bound * 1000))
                watch.tell()
            except BaseException as error:
                watch.failure = error
            if watch.failure is not None:
                event.interrupt()

        solver.cbMipInterrupt += hear
