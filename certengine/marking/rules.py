"""What an answer earns, what a practical task earns, and who passes. Pure."""

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from statistics import fmean, variance
from typing import Any

from certengine.bank.rules import Blank, Criterion, Item, ItemType
from certengine.foundation.errors import Problem
from certengine.marking.models import Verdict

CENT = Decimal("0.01")
NOTHING = Decimal(0)
NOT_WRITTEN: Mapping[str, Fraction] = {}
# A room whose mean is so far from the others' is named before a release (model figures): points, and standard errors.
ROOM_DIFFERENCE = 8.0
ROOM_ERRORS = 3.0
FEWEST_IN_ROOM = 5
# What an answer to a type looks like, once it is there; anything else earns nothing.
_TEXTS, _LIST, _MAP = (ItemType.SINGLE, ItemType.JUDGEMENT, ItemType.SHORT_ANSWER), (list, tuple), Mapping
_SIGNS = str.maketrans({"‘": "'", "’": "'", "“": '"', "”": '"', "−": "-", "–": "-", "—": "-"})


def item_score(
    item: Item, answer: Any, points: Decimal, partial: str = "none", written: Mapping[str, Fraction] = NOT_WRITTEN
) -> Decimal:
    """What an answer earns of the item's points, rounded half up to two decimals, never below 0.

    An answer that cannot be one to this type earns nothing, as does none.

    written: the part of its points that people gave a short answer (under ""), or each written part of a case.

    partial: "none" all or nothing; "proportional" the right part, nothing once anything wrong is chosen;
    "minus_wrong" right less wrong. A single choice or judgement is right or wrong.
    """
    if not has_shape(item, answer):
        return NOTHING
    if item.type is ItemType.SHORT_ANSWER:
        share = written.get("", Fraction(0))
        return (points * share.numerator / share.denominator).quantize(CENT, ROUND_HALF_UP)
    if item.type is ItemType.CASE:
        return case_score(item, points, lambda part: part_score(part, answer, partial, written))
    right, wrong, of = _hits(item, answer)
    if right == of and not wrong:
        return points
    if partial == "none" or item.type in (ItemType.SINGLE, ItemType.JUDGEMENT, ItemType.ORDERING):
        return NOTHING
    if partial == "proportional":
        right = 0 if wrong and item.type is ItemType.MULTIPLE else right
    else:
        right = max(0, right - wrong)
    return (points * right / of).quantize(CENT, ROUND_HALF_UP)


def has_shape(item: Item, answer: Any) -> bool:
    """Whether an answer is of the kind that the type asks for, whatever is in it."""
    if item.type in _TEXTS:
        return isinstance(answer, str)
    if item.type in (ItemType.MULTIPLE, ItemType.ORDERING):
        return isinstance(answer, _LIST) and all(isinstance(each, str) for each in answer)
    if item.type is ItemType.CASE:
        return isinstance(answer, _MAP)
    return isinstance(answer, _MAP) and all(isinstance(each, str) for each in answer.values())


def part_score(part: Item, answer: Mapping[str, Any], partial: str, written: Mapping[str, Fraction]) -> Decimal:
    """What a part of a case earns out of a thousand, so that the one rounding of the whole decides."""
    share = {"": written[part.id]} if part.id in written else NOT_WRITTEN
    return item_score(part, answer.get(part.id), Decimal(1000), partial, share)


def case_score(item: Item, points: Decimal, earned: Callable[[Item], Decimal]) -> Decimal:
    """The parts by their shares, added before they are rounded: thirds of a point do not get lost."""
    got = sum((earned(part) * part.share for part in item.parts), NOTHING)
    whole = sum((part.share for part in item.parts), NOTHING)
    return (points * got / (1000 * whole)).quantize(CENT, ROUND_HALF_UP)


def _hits(item: Item, answer: Any) -> tuple[int, int, int]:
    """(right, wrong, of how many)."""
    if item.type in (ItemType.SINGLE, ItemType.JUDGEMENT):
        return (1, 0, 1) if answer == item.key else (0, 1, 1)
    if item.type is ItemType.MULTIPLE:
        key, chosen = set(item.key or ()), set(answer)
        return len(key & chosen), len(chosen - key), len(key)
    if item.type is ItemType.ORDERING:
        return (1, 0, 1) if list(answer) == list(item.key or ()) else (0, 1, 1)
    if item.type is ItemType.MATCHING:
        pairs: Mapping[str, str] = item.key if isinstance(item.key, Mapping) else {}
        right = sum(answer.get(left) == side for left, side in pairs.items())
        return right, sum(pairs.get(left) != side for left, side in answer.items()), len(pairs)
    right = sum(blank_holds(blank, answer.get(blank.id, "")) for blank in item.blanks)
    return right, 0, len(item.blanks)


def blank_holds(blank: Blank, text: str) -> bool:
    """Whether a gap is filled rightly: widths, case, quotes, spaces and a full stop at the end do not matter."""
    folded = fold_blank(text)
    if blank.value is not None:
        try:
            number = Decimal(folded.replace(",", ""))
        except InvalidOperation:
            return False
        return number.is_finite() and abs(number - blank.value) <= blank.tolerance
    return bool(folded) and folded in {fold_blank(each) for each in blank.accept}


def fold_blank(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).translate(_SIGNS).casefold()
    return re.sub(r"\s+", "", folded).rstrip("。.;；,，")


def script_score(scores: Sequence[Decimal]) -> Decimal:
    return sum(scores, NOTHING).quantize(CENT, ROUND_HALF_UP)


def practical_problems(rubric: Sequence[Criterion], points: Mapping[str, Decimal | None]) -> list[Problem]:
    """What is wrong with an examiner's points, by criterion."""
    found = []
    for criterion in rubric:
        given = points.get(criterion.id)
        if given is None:
            found.append(Problem(criterion.id, "marking.points_missing", {"criterion": criterion.criterion}))
        elif not 0 <= given <= criterion.points:
            values = {"criterion": criterion.criterion, "most": f"{criterion.points.normalize():f}"}
            found.append(Problem(criterion.id, "marking.points_range", values))
        elif given != given.quantize(CENT):
            found.append(Problem(criterion.id, "marking.points_decimals", {"criterion": criterion.criterion}))
    return found


def practical_total(rubric: Sequence[Criterion], points: Mapping[str, Decimal]) -> Decimal:
    """Points scaled to 100."""
    whole = sum((criterion.points for criterion in rubric), NOTHING)
    got = sum((points[criterion.id] for criterion in rubric), NOTHING)
    return (got * 100 / whole).quantize(CENT, ROUND_HALF_UP)


def mean_score(scores: Sequence[Decimal]) -> Decimal | None:
    """Rounded half up to two decimals; None of nobody."""
    if not scores:
        return None
    return (sum(scores, NOTHING) / len(scores)).quantize(CENT, ROUND_HALF_UP)


@dataclass(frozen=True)
class PassMarks:
    theory: Decimal
    practical: Decimal


def verdict(theory: Decimal | None, practical: Decimal | None, marks: PassMarks) -> Verdict:
    """Scores are compared as they are shown, with two decimals: 60.00 passes 60."""
    if theory is None and practical is None:
        return Verdict.ABSENT
    passed = theory is not None and practical is not None and theory >= marks.theory and practical >= marks.practical
    return Verdict.PASSED if passed else Verdict.FAILED


@dataclass(frozen=True)
class Window:
    """A span after a release; source: where the figure comes from ("model": ours, for an institution to replace)."""

    span: timedelta
    source: str

    def is_open(self, since: datetime, now: datetime) -> bool:
        return since <= now <= since + self.span


# Within which a candidate may ask for a score review.
REVIEW_WINDOW = Window(timedelta(days=15), source="model")


def is_visible(visible_from: datetime | None, now: datetime) -> bool:
    """Whether an embargo is over; at its end it is."""
    return visible_from is None or now >= visible_from


@dataclass(frozen=True)
class UnusualRoom:
    name: str
    mean: float
    others: float


def unusual_rooms(rooms: Mapping[str, Sequence[Decimal]]) -> list[UnusualRoom]:
    """Rooms whose mean is far from that of all others, by size and by chance; small rooms are not judged.

    The farthest is judged first and then left out, so that it does not make the usual ones look unusual.
    """
    left = {name: [float(each) for each in scores] for name, scores in sorted(rooms.items())}
    found: list[UnusualRoom] = []
    while far := [each for name in left if (each := _far(name, left))]:
        worst = max(far, key=lambda each: abs(each.mean - each.others))
        found.append(worst)
        del left[worst.name]
    return found


def _far(name: str, rooms: Mapping[str, Sequence[float]]) -> UnusualRoom | None:
    own = rooms[name]
    rest = [each for other, given in rooms.items() if other != name for each in given]
    if len(own) < FEWEST_IN_ROOM or len(rest) < FEWEST_IN_ROOM:
        return None
    error = (variance(own) / len(own) + variance(rest) / len(rest)) ** 0.5
    away = abs(fmean(own) - fmean(rest))
    if away < ROOM_DIFFERENCE or away <= ROOM_ERRORS * error:
        return None
    return UnusualRoom(name, round(fmean(own), 2), round(fmean(rest), 2))


def distribution(scores: Sequence[Decimal], step: int = 10) -> list[tuple[int, int, int]]:
    """(from, to, how many) over 0 … 100; full marks belong to the last bar."""
    last = 100 // step - 1
    counts = [0] * (last + 1)
    for score in scores:
        counts[min(last, int(score) // step)] += 1
    return [(place * step, (place + 1) * step, count) for place, count in enumerate(counts)]
