"""What a result says of a candidate's strengths: points by area of the outline, never of a single item. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from certengine.bank.rules import Item
from certengine.marking.rules import CENT, NOTHING
from certengine.marking.rulings import Placed

# An area with fewer items says more of the items than of the candidate (model figure).
FEWEST = 3
REST = ""


@dataclass(frozen=True)
class Area:
    """A function or task of the outline; node is REST for what is too little to be shown by itself."""

    node: str
    items: int
    earned: Decimal
    possible: Decimal
    tasks: tuple["Area", ...] = ()

    @property
    def share(self) -> Decimal:
        """In per cent, to one decimal, of the points to be had here."""
        return (self.earned * 100 / self.possible).quantize(Decimal("0.1"), ROUND_HALF_UP) if self.possible else NOTHING


def areas(placed: Sequence[Placed], earned: Mapping[str, Decimal], items: Mapping[str, Item]) -> tuple[Area, ...]:
    """By function, each with its tasks, in the order of the outline; items that were voided are in none.

    Empty where the whole is too little to be told apart.
    """
    points = [(items[each.item].outline, earned[each.item], each.points) for each in placed if each.item in earned]
    return _grouped(points, 1)


def _grouped(points: Iterable[tuple[str, Decimal, Decimal]], depth: int) -> tuple[Area, ...]:
    """Groups with too few items are put together, with the smallest of the others if they are still too few: what is
    shown must not tell by subtraction what is not."""
    groups: dict[str, list[tuple[str, Decimal, Decimal]]] = defaultdict(list)
    for each in points:
        groups[".".join(each[0].split(".")[:depth])].append(each)
    by_size = sorted(groups, key=lambda node: (len(groups[node]), _order(node)))
    rest: list[tuple[str, Decimal, Decimal]] = []
    while by_size and (len(groups[by_size[0]]) < FEWEST or 0 < len(rest) < FEWEST):
        rest += groups[by_size.pop(0)]
    if not by_size:
        return ()
    found = [_area(node, groups[node], depth) for node in sorted(by_size, key=_order)]
    return (*found, _area(REST, rest, 2)) if rest else tuple(found)


def _area(node: str, points: Sequence[tuple[str, Decimal, Decimal]], depth: int) -> Area:
    tasks = _grouped(points, 2) if depth == 1 else ()
    got, whole = sum((each[1] for each in points), NOTHING), sum((each[2] for each in points), NOTHING)
    # One task alone says what its function says.
    return Area(node, len(points), got, whole, tasks if len(tasks) > 1 else ())


def _order(node: str) -> tuple[int, ...]:
    return tuple(int(part) if part.isdigit() else 0 for part in node.split("."))


@dataclass(frozen=True)
class CriterionMean:
    """What the examiners gave on average for a criterion of the practical task."""

    criterion: str
    earned: Decimal
    possible: Decimal


def criteria(rubric: Sequence[Sequence[str]], marks: Sequence[Mapping[str, str]]) -> tuple[CriterionMean, ...]:
    """rubric: id, words and points of each criterion; marks: points by criterion, of each examiner."""
    return tuple(
        CriterionMean(
            words,
            (sum((Decimal(mark[name]) for mark in marks), NOTHING) / len(marks)).quantize(CENT, ROUND_HALF_UP),
            Decimal(most),
        )
        for name, words, most in rubric
        if marks and all(name in mark for mark in marks)
    )
