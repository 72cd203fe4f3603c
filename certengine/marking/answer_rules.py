"""What people's marks of an answer come to, what a marker gets next, and how markers compare. Pure."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from itertools import combinations
from typing import Any

from certengine.bank.rules import AnswerPoint, Item, ItemType
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Problem
from certengine.marking.answer_models import AnswerState, MarkingMode

# Per cent of a question's points by which two marks may differ (source: model).
TOLERANCE = 20
# One answer in so many that a marker gets is a seed, as long as there are any (source: model).
SEED_EVERY = 8
# A marker is paused when, of at least so many seeds, fewer than this per cent are within the tolerance (model).
FEWEST_SEEDS = 3
LEAST_AGREEMENT = 60
# So many marks make a batch, which goes to the ledger as one entry.
BATCH = 20
# A longer time between two marks was a pause and does not count for the speed.
LONGEST_MARKING = timedelta(minutes=15)
CENT = Decimal("0.01")
NOTHING = Fraction(0)


@dataclass(frozen=True)
class Settlement:
    """share: the earned part of the points, once it is settled."""

    state: AnswerState
    share: Fraction | None = None


def pieces(item: Item, answer: Any) -> list[tuple[str, str]]:
    """(part, text) of what people have to mark in an answer: "" for a short answer, of a case its written parts."""
    if item.type is ItemType.SHORT_ANSWER:
        return [("", answer if isinstance(answer, str) else "")]
    if item.type is not ItemType.CASE:
        return []
    given = answer if isinstance(answer, Mapping) else {}
    return [(part.id, text) for part in item.parts for _none, text in pieces(part, given.get(part.id))]


def is_blank(text: str) -> bool:
    return not text.strip()


def question_item(item: Item, part: str) -> Item:
    """The short answer itself, or the part of a case. Raises StopIteration for a part that is none."""
    return next(each for each in item.parts if each.id == part) if part else item


def rubric_of(item: Item) -> tuple[AnswerPoint, ...]:
    """The points of the answer; a question that states none is marked as a whole, out of 10."""
    return item.points_of_answer or (AnswerPoint("", Decimal(10)),)


def rubric_hash(rubric: Sequence[AnswerPoint]) -> str:
    return canonical_hash([[each.text, f"{each.points.normalize():f}"] for each in rubric])


def whole_of(rubric: Sequence[AnswerPoint]) -> Decimal:
    return sum((each.points for each in rubric), Decimal(0))


def point_problems(rubric: Sequence[AnswerPoint], points: Sequence[Decimal | None]) -> list[Problem]:
    """What is wrong with what a marker gave for each answer point; places are their numbers."""
    found = []
    for number, (point, given) in enumerate(zip(rubric, points, strict=True), 1):
        values = {"number": number}
        if given is None:
            found.append(Problem(str(number), "marking.answer_point_missing", values))
        elif not 0 <= given <= point.points:
            most = f"{point.points.normalize():f}"
            found.append(Problem(str(number), "marking.answer_point_range", {**values, "most": most}))
        elif given != given.quantize(CENT):
            found.append(Problem(str(number), "marking.answer_point_decimals", values))
    return found


def named_points(points: Sequence[Decimal | None]) -> dict[str, str]:
    """Number of the answer point → what was given, as it is kept."""
    return {str(number): f"{given or 0:.2f}" for number, given in enumerate(points, 1)}


def agreed_share(seed: Mapping[str, Any]) -> Fraction:
    """The part of the points that was agreed for a seed."""
    given = sum((Fraction(each) for each in seed["points"].values()), NOTHING)
    return given / Fraction(seed["whole"])


def wanted_marks(mode: MarkingMode) -> int:
    return 1 if mode is MarkingMode.SINGLE else 2


def settle(marks: Sequence[Fraction], wanted: int, tolerance: Fraction) -> Settlement:
    """What the marks of different markers come to, in whatever order they came.

    One mark stands where one is wanted. Of two the mean stands when they differ by no more than the tolerance;
    otherwise the answer waits for a third marker. Of three or more the mean of the nearest two stands; of pairs that
    are equally near, the higher.
    """
    if len(marks) < wanted:
        return Settlement(AnswerState.OPEN)
    if len(marks) == 1:
        return Settlement(AnswerState.SETTLED, marks[0])
    if len(marks) == 2:
        if abs(marks[0] - marks[1]) > tolerance:
            return Settlement(AnswerState.DISPUTED)
        return Settlement(AnswerState.SETTLED, (marks[0] + marks[1]) / 2)
    one, other = min(combinations(sorted(marks), 2), key=lambda pair: (pair[1] - pair[0], -(pair[0] + pair[1])))
    return Settlement(AnswerState.SETTLED, (one + other) / 2)


def chance(*words: object) -> int:
    """A number that looks random and is the same each time."""
    return int.from_bytes(hashlib.sha256("|".join(map(str, words)).encode()).digest()[:8])


def next_code(marker: str, codes: Iterable[str], seeds: Iterable[str], marked: int, seeds_marked: int) -> str | None:
    """Which answer a marker gets next: each marker has an order of their own, with the seeds spread over it.

    The place of a seed among SEED_EVERY answers differs by marker, so that nobody can count on it.
    """
    order = min(codes, key=lambda code: chance(marker, code), default=None)
    waiting = min(seeds, key=lambda code: chance(marker, code), default=None)
    place = seeds_marked * SEED_EVERY + chance(marker, "seed", seeds_marked) % SEED_EVERY
    if waiting is not None and (marked >= place or order is None):
        return waiting
    return order


@dataclass(frozen=True)
class Agreement:
    """How a marker's marks of seeds compare with those agreed on; shares and differences in per cent of the points."""

    seeds: int
    exact: int
    within: int
    difference: float | None

    @property
    def exact_share(self) -> int | None:
        return round(100 * self.exact / self.seeds) if self.seeds else None

    @property
    def within_share(self) -> int | None:
        return round(100 * self.within / self.seeds) if self.seeds else None

    @property
    def unready(self) -> bool:
        """Of answers to practise on, where every one counts."""
        return self.within * 100 < LEAST_AGREEMENT * self.seeds

    @property
    def too_low(self) -> bool:
        return self.seeds >= FEWEST_SEEDS and self.within * 100 < LEAST_AGREEMENT * self.seeds


def agreement(pairs: Sequence[tuple[Fraction, Fraction]], tolerance: Fraction) -> Agreement:
    """pairs: (given, agreed) of each seed, as shares of the points."""
    exact = sum(given == agreed for given, agreed in pairs)
    within = sum(abs(given - agreed) <= tolerance for given, agreed in pairs)
    total = sum((given - agreed for given, agreed in pairs), NOTHING)
    return Agreement(len(pairs), exact, within, float(100 * total / len(pairs)) if pairs else None)


def mean(shares: Sequence[Fraction]) -> float | None:
    """In per cent."""
    return float(100 * sum(shares, NOTHING) / len(shares)) if shares else None


def answers_an_hour(moments: Sequence[datetime]) -> float | None:
    """From one mark to the next, pauses left out; None before there are two."""
    ordered = sorted(moments)
    steps = [later - earlier for earlier, later in zip(ordered, ordered[1:], strict=False)]
    worked = [step for step in steps if step <= LONGEST_MARKING]
    spent = sum(worked, timedelta())
    return round(len(worked) * 3600 / spent.total_seconds(), 1) if spent else None


def fraction_text(share: Fraction) -> str:
    return f"{share.numerator}/{share.denominator}"


def in_points(share: Fraction, whole: Decimal) -> Decimal:
    """A share of the points as it is shown."""
    return (whole * share.numerator / share.denominator).quantize(CENT, ROUND_HALF_UP)
