"""A plan against the outline: which tasks it teaches, for how long, and what it leaves out. Pure."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal

from certengine.standards.rules import Level, Node, Part, Standard


@dataclass(frozen=True)
class TaskLine:
    node: Node
    hours: Decimal
    taught: bool


@dataclass(frozen=True)
class FunctionLine:
    """A function of the outline: its share of the theory exam, its planned hours and their share, its tasks."""

    node: Node
    weight: Decimal
    hours: Decimal
    share: Decimal
    tasks: tuple[TaskLine, ...]


@dataclass(frozen=True)
class Coverage:
    functions: tuple[FunctionLine, ...]
    hours: Decimal
    required: int
    tasks: int
    planned: int

    @property
    def complete(self) -> bool:
        """Every task of the level and the standard's hours."""
        return self.planned == self.tasks and self.hours >= self.required


def tasks_of(standard: Standard, level: Level) -> dict[str, Node]:
    """The tasks that have a point of the level: a function's children, or the function where it has none."""
    found = {}
    for function in standard.functions:
        for task in function.children or (function,):
            if any(level in leaf.levels for leaf in task.walk() if not leaf.children):
                found[task.id] = task
    return found


def coverage(standard: Standard, level: Level, entries: Mapping[str, Decimal], taught: Iterable[str] = ()) -> Coverage:
    """entries: task → planned hours; taught: tasks that lessons of a class treat."""
    tasks, seen = tasks_of(standard, level), set(taught)
    weights = standard.weights(level, Part.THEORY)
    whole = sum((entries.get(task, Decimal(0)) for task in tasks), Decimal(0))
    lines = []
    for function in standard.functions:
        own = [each for each in function.children or (function,) if each.id in tasks]
        if not own:
            continue
        hours = sum((entries.get(each.id, Decimal(0)) for each in own), Decimal(0))
        share = (hours * 100 / whole).quantize(Decimal("0.1")) if whole else Decimal(0)
        rows = tuple(TaskLine(each, entries.get(each.id, Decimal(0)), each.id in seen) for each in own)
        lines.append(FunctionLine(function, weights.get(function.id, Decimal(0)), hours, share, rows))
    planned = sum(1 for task in tasks if entries.get(task, Decimal(0)) > 0)
    return Coverage(tuple(lines), whole, standard.hours(level), len(tasks), planned)
