"""Marking many scripts at once. Pure.

Candidates give few different answers to an item, so that each of them is judged once; scripts are then looked up in
the table of what those answers earn, and their totals summed as arrays.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import chain
from typing import Any, TypeVar

import numpy as np

from certengine.bank.rules import Item
from certengine.marking.rules import CENT, NOT_WRITTEN, item_score
from certengine.marking.rulings import Placed, Written

Key = TypeVar("Key")
NOBODY: Written = {}


@dataclass(frozen=True)
class Sheet:
    """What is marked of one candidate: the items of the paper, the answers, and what people gave the written ones."""

    placed: Sequence[Placed]
    answers: Mapping[str, Any]
    written: Written = field(default_factory=dict)


@dataclass(frozen=True)
class Marked:
    """earned is by item, in the order of the paper; total is rounded half up to two decimals."""

    earned: dict[str, Decimal]
    total: Decimal


@dataclass
class _Column:
    """An item as a section has it: answer → the number of its score."""

    points: Decimal
    numbers: dict[Any, int] = field(default_factory=dict)


class ScoreTable:
    """What each answer that was given earns; an answer has a number, under which its score is kept."""

    def __init__(self, items: Mapping[str, Item], partial: Sequence[str]) -> None:
        self._items, self._partial = items, partial
        self._columns: dict[tuple[str, int], _Column] = {}
        self.scores: list[Decimal] = []

    def numbers(self, sheet: Sheet) -> list[int]:
        """Of one candidate's answers, in the order of the paper."""
        found = []
        columns, answer_to, written = self._columns, sheet.answers.get, sheet.written
        for placed in sheet.placed:
            name = placed.item
            column = columns.get((name, placed.section))
            if column is None:
                column = columns[name, placed.section] = _Column(placed.points)
            given = answer_to(name)
            key = given if given.__class__ is str else _key(given)
            if name in written:
                key = key, _key(written[name])
            if column.points is not placed.points and column.points != placed.points:
                key = key, placed.points
            number = column.numbers.get(key)
            if number is None:
                number = column.numbers[key] = len(self.scores)
                self.scores.append(self._score(placed, given, written.get(name, NOT_WRITTEN)))
            found.append(number)
        return found

    def _score(self, placed: Placed, answer: Any, written: Mapping[str, Fraction]) -> Decimal:
        return item_score(self._items[placed.item], answer, placed.points, self._partial[placed.section], written)


def mark_sheets(sheets: Mapping[Key, Sheet], items: Mapping[str, Item], partial: Sequence[str]) -> dict[Key, Marked]:
    """partial is the rule of each section. A blank script has 0 in all its items."""
    table = ScoreTable(items, partial)
    numbers = [table.numbers(sheet) for sheet in sheets.values()]
    totals = _totals(table.scores, numbers)
    score_of = table.scores.__getitem__
    return {
        key: Marked(dict(zip([each.item for each in sheet.placed], map(score_of, mine), strict=True)), total)
        for (key, sheet), mine, total in zip(sheets.items(), numbers, totals, strict=True)
    }


def _totals(scores: Sequence[Decimal], numbers: Sequence[Sequence[int]]) -> list[Decimal]:
    """In thousandths, the finest points that a section may give, so that nothing is lost before the one rounding."""
    lengths = np.array([len(each) for each in numbers])
    if not lengths.sum():
        return [Decimal("0.00")] * len(numbers)
    thousandths = np.array([int(score.scaleb(3)) for score in scores], np.int64)
    flat = np.fromiter(chain.from_iterable(numbers), np.int64, int(lengths.sum()))
    sums = np.concatenate(([0], np.cumsum(thousandths[flat])))
    ends = np.cumsum(lengths)
    found = (sums[ends] - sums[ends - lengths]).tolist()
    shown = {each: Decimal(each).scaleb(-3).quantize(CENT, ROUND_HALF_UP) for each in set(found)}
    return [shown[each] for each in found]


def _key(given: Any) -> Any:
    """The same for the same answer, and it can be looked up."""
    key = tuple(given) if isinstance(given, list) else tuple(given.items()) if isinstance(given, dict) else given
    try:
        hash(key)
    except TypeError:
        return repr(given)
    return given.__class__, key
