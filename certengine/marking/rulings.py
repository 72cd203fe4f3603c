"""What a ruling on a bad item does to marks: void, another answer that counts as right, full marks for all. Pure.

A voided item leaves the script and its points leave the total, which is scaled to the paper's points again. So two
candidates who fared alike on it keep their order, and whoever did not have it keeps their score.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from fractions import Fraction
from typing import Any, Protocol

from certengine.bank.rules import Blank, Item, ItemType
from certengine.foundation.errors import Problem
from certengine.marking.models import RulingKind
from certengine.marking.rules import (
    CENT,
    NOT_WRITTEN,
    NOTHING,
    blank_holds,
    case_score,
    has_shape,
    item_score,
    part_score,
)

# Item → part → what people gave it.
Written = Mapping[str, Mapping[str, Fraction]]


def has_second_key(item: Item) -> bool:
    """Whether another answer can be stated: not for what people mark, where the points of the answer are changed."""
    if item.type is ItemType.CASE:
        return any(has_second_key(part) for part in item.parts)
    return item.type is not ItemType.SHORT_ANSWER


@dataclass(frozen=True)
class Ruling:
    """accepted: option ids (single, judgement), lists of ids (multiple; ordering, in that order), maps gap → text
    (fill-in), left → right (matching), part → such an answer (case)."""

    item: str
    kind: RulingKind
    accepted: tuple[Any, ...] = ()


class Placed(Protocol):
    """An item in a paper."""

    @property
    def item(self) -> str: ...

    @property
    def points(self) -> Decimal: ...

    @property
    def section(self) -> int: ...


def ruled(
    placed: Sequence[Placed],
    earned: Mapping[str, Decimal],
    answers: Mapping[str, Any],
    rulings: Iterable[Ruling],
    items: Mapping[str, Item],
    partial: Sequence[str],
    written: Written = {},  # noqa: B006 - a mapping is never changed
) -> dict[str, Decimal]:
    """item → points, after all rulings; voided items are left out. partial is the rule of each section.

    Answers accepted by several rulings count together, each gap and each part of a case for itself.
    """
    found = dict(earned)
    accepted: dict[str, list[Any]] = defaultdict(list)
    for ruling in rulings:
        place = next((each for each in placed if each.item == ruling.item), None)
        if place is None or ruling.item not in found:
            continue
        if ruling.kind is RulingKind.VOID:
            del found[ruling.item]
        elif ruling.kind is RulingKind.FULL_MARKS:
            found[ruling.item] = place.points
        else:
            name = ruling.item
            accepted[name].extend(ruling.accepted)
            given = written.get(name, NOT_WRITTEN)
            score = other_score(
                items[name], accepted[name], answers.get(name), place.points, partial[place.section], given
            )
            found[name] = max(found[name], score)
    return found


def other_score(
    item: Item,
    accepted: Sequence[Any],
    answer: Any,
    points: Decimal,
    partial: str,
    written: Mapping[str, Fraction] = NOT_WRITTEN,
) -> Decimal:
    """What an answer earns where these count as right beside the key."""
    if not has_shape(item, answer):
        return NOTHING
    if item.type is ItemType.CASE:
        return case_score(item, points, lambda part: _other_part(part, accepted, answer, partial, written))
    if item.type is ItemType.FILL_IN:
        texts = [(name, text) for other in accepted for name, text in other.items()]
        taken = {name for name, text in texts if _same(item.blank(name), text, answer.get(name, ""))}
        return item_score(item, {**answer, **{name: _right(item.blank(name)) for name in taken}}, points, partial)
    keys = [tuple(other) if isinstance(other, list) else other for other in accepted]
    return max(item_score(replace(item, key=key), answer, points, partial) for key in keys)


def _other_part(
    part: Item, accepted: Sequence[Any], answer: Mapping[str, Any], partial: str, written: Mapping[str, Fraction]
) -> Decimal:
    mine = [other[part.id] for other in accepted if part.id in other]
    by_key = part_score(part, answer, partial, written)
    return max(by_key, other_score(part, mine, answer.get(part.id), Decimal(1000), partial)) if mine else by_key


def _same(blank: Blank, text: str, given: str) -> bool:
    """Whether what was given is the accepted text, or its number within the gap's tolerance."""
    if blank.value is None:
        return blank_holds(Blank(blank.id, accept=(text,)), given)
    return blank_holds(Blank(blank.id, Decimal(text), blank.tolerance), given)


def _right(blank: Blank) -> str:
    return blank.accept[0] if blank.value is None else str(blank.value)


def total(points: Mapping[str, Decimal], earned: Mapping[str, Decimal]) -> Decimal:
    """The sum of what was earned, scaled to all points of the paper where items were voided; rounded half up."""
    whole = sum(points.values(), NOTHING)
    counted = sum((points[item] for item in earned), NOTHING)
    got = sum(earned.values(), NOTHING)
    if counted and counted != whole:
        got = got * whole / counted
    return got.quantize(CENT, ROUND_HALF_UP)


def ruling_problems(item: Item, kind: RulingKind, accepted: Sequence[Any], reason: str) -> list[Problem]:
    found = []
    if not reason.strip():
        found.append(Problem("reason", "marking.reason_missing"))
    if kind is RulingKind.SECOND_KEY:
        if not has_second_key(item):
            found.append(Problem("accepted", "marking.no_second_key"))
        elif not accepted or not all(_acceptable(item, each) for each in accepted):
            found.append(Problem("accepted", "marking.second_key_wrong"))
    return found


def _acceptable(item: Item, other: Any) -> bool:
    if item.type is ItemType.CASE:
        parts = {part.id: part for part in item.parts if has_second_key(part)}
        named = isinstance(other, Mapping) and bool(other) and set(other) <= set(parts)
        return named and all(_acceptable(parts[name], each) for name, each in other.items())
    if not has_shape(item, other) or _is_key(item, other):
        return False
    ids, blanks = {option.id for option in item.options}, {blank.id: blank for blank in item.blanks}
    if item.type is ItemType.JUDGEMENT:
        return other in ("true", "false")
    if item.type is ItemType.SINGLE:
        return other in ids
    if item.type is ItemType.MULTIPLE:
        return bool(other) and set(other) <= ids
    if item.type is ItemType.ORDERING:
        return sorted(other) == sorted(item.key or ())
    if item.type is ItemType.MATCHING:
        sides = {each.id for each in item.matches}
        return isinstance(item.key, Mapping) and set(other) == set(item.key) and set(other.values()) <= sides
    texts = [(blanks.get(name), text) for name, text in other.items()]
    return bool(texts) and all(blank is not None and _fits(blank, text) for blank, text in texts)


def _is_key(item: Item, other: Any) -> bool:
    if item.type is ItemType.MULTIPLE:
        return set(other) == set(item.key or ())
    return bool(item.key) and (tuple(other) if isinstance(other, list) else other) == item.key


def _fits(blank: Blank, text: str) -> bool:
    return bool(text.strip()) and (blank.value is None or _number(text))


def _number(text: str) -> bool:
    try:
        return Decimal(text).is_finite()
    except InvalidOperation:
        return False


def ruling_content(ruling: Ruling) -> dict[str, Any]:
    """What the ledger says of it in public, enough to mark again."""
    return {"item": ruling.item, "kind": ruling.kind.value, "accepted": list(ruling.accepted)}


def ruling_from(content: Mapping[str, Any]) -> Ruling:
    return Ruling(content["item"], RulingKind(content["kind"]), tuple(content["accepted"]))
