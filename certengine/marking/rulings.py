"""What a ruling on a bad item does to marks: void, another answer that counts as right, full marks for all. Pure.

A voided item leaves the script and its points leave the total, which is scaled to the paper's points again. So two
candidates who fared alike on it keep their order, and whoever did not have it keeps their score.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any, Protocol

from certengine.bank.rules import Blank, Item, ItemType
from certengine.foundation.errors import Problem
from certengine.marking.models import RulingKind
from certengine.marking.rules import CENT, NOTHING, blank_holds, item_score

# Types where another answer can be stated; a bad order, pairing, case or short answer is voided or given to all.
WITH_SECOND_KEY = (ItemType.SINGLE, ItemType.JUDGEMENT, ItemType.MULTIPLE, ItemType.FILL_IN)


@dataclass(frozen=True)
class Ruling:
    """accepted: option ids (single, judgement), lists of ids (multiple), maps gap → text (fill-in)."""

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
) -> dict[str, Decimal]:
    """item → points, after all rulings; voided items are left out. partial is the rule of each section."""
    found = dict(earned)
    for ruling in rulings:
        place = next((each for each in placed if each.item == ruling.item), None)
        if place is None or ruling.item not in found:
            continue
        if ruling.kind is RulingKind.VOID:
            del found[ruling.item]
        elif ruling.kind is RulingKind.FULL_MARKS:
            found[ruling.item] = place.points
        else:
            item, answer = items[ruling.item], answers.get(ruling.item)
            scores = (_other_score(item, key, answer, place.points, partial[place.section]) for key in ruling.accepted)
            found[ruling.item] = max(found[ruling.item], *scores)
    return found


def _other_score(item: Item, other: Any, answer: Any, points: Decimal, partial: str) -> Decimal:
    if item.type is not ItemType.FILL_IN:
        return item_score(
            replace(item, key=tuple(other) if isinstance(other, list) else other), answer, points, partial
        )
    given = answer if isinstance(answer, Mapping) else {}
    taken = {name: text for name, text in other.items() if _same(item.blank(name), text, given.get(name, ""))}
    return item_score(item, {**given, **{name: _right(item.blank(name)) for name in taken}} or None, points, partial)


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
        if item.type not in WITH_SECOND_KEY:
            found.append(Problem("accepted", "marking.no_second_key"))
        elif not accepted or not all(_acceptable(item, each) for each in accepted):
            found.append(Problem("accepted", "marking.second_key_wrong"))
    return found


def _acceptable(item: Item, other: Any) -> bool:
    if item.type is ItemType.JUDGEMENT:
        return other in ("true", "false") and other != item.key
    ids = {option.id for option in item.options}
    if item.type is ItemType.SINGLE:
        return other in ids and other != item.key
    if item.type is ItemType.MULTIPLE:
        return isinstance(other, list) and bool(other) and set(other) <= ids and set(other) != set(item.key or ())
    blanks = {blank.id: blank for blank in item.blanks}
    return (
        isinstance(other, Mapping)
        and bool(other)
        and all(
            name in blanks and text.strip() and (blanks[name].value is None or _number(text))
            for name, text in other.items()
        )
    )


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
