"""Another right answer as the form of a ruling asks for it, and as people read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from werkzeug.datastructures import MultiDict

from certengine.bank.rendering import render_inline
from certengine.bank.rules import JUDGEMENT_OPTIONS, Item, ItemType, Option
from certengine.marking.rulings import has_second_key

ONE_OF = (ItemType.SINGLE, ItemType.JUDGEMENT)


@dataclass(frozen=True)
class Question:
    """What the form asks of an item or of a part of a case; prefix is before the names of its fields."""

    prefix: str
    item: Item
    options: tuple[tuple[str, str], ...]
    matches: tuple[tuple[str, str], ...]

    @property
    def kind(self) -> str:
        return self.item.type.value


def questions(item: Item) -> list[Question]:
    """One, or one for each part of a case that has a key."""
    asked = [("", item)] if item.type is not ItemType.CASE else [(f"part-{part.id}-", part) for part in item.parts]
    return [
        Question(prefix, each, _rendered(options_of(each)), _rendered(each.matches))
        for prefix, each in asked
        if has_second_key(each)
    ]


def options_of(item: Item) -> Sequence[Option]:
    return JUDGEMENT_OPTIONS if item.type is ItemType.JUDGEMENT else item.options


def _rendered(options: Sequence[Option]) -> tuple[tuple[str, str], ...]:
    return tuple((each.id, render_inline(each.text)) for each in options)


def accepted(item: Item, form: MultiDict[str, str]) -> tuple[Any, ...]:
    """The answers that were entered; nothing where none was."""
    if item.type in ONE_OF:
        return tuple(dict.fromkeys(form.getlist("option")))
    if item.type is not ItemType.CASE:
        found = _entered(item, form, "")
        return (found,) if found else ()
    parts = {part.id: _entered(part, form, f"part-{part.id}-") for part in item.parts}
    filled = {name: given for name, given in parts.items() if given}
    return (filled,) if filled else ()


def _entered(item: Item, form: MultiDict[str, str], prefix: str) -> Any:
    if item.type in ONE_OF:
        return form.get(f"{prefix}option", "")
    if item.type is ItemType.MULTIPLE:
        return sorted(set(form.getlist(f"{prefix}option")))
    if item.type is ItemType.ORDERING:
        # Each option has its place; a place that is missing or given twice is refused by the rules.
        places = {each.id: form.get(f"{prefix}place-{each.id}", 0, int) for each in item.options}
        return sorted((name for name, place in places.items() if place), key=lambda name: places[name])
    names = [each.id for each in (item.options if item.type is ItemType.MATCHING else item.blanks)]
    texts = {name: form.get(f"{prefix}blank-{name}", "").strip() for name in names}
    return {name: text for name, text in texts.items() if text}


def said(item: Item, other: Any) -> str:
    """An accepted answer in words."""
    if item.type is ItemType.CASE:
        parts = {part.id: part for part in item.parts}
        return "；".join(f"({name}) {said(parts[name], each)}" for name, each in other.items())
    texts = {each.id: each.text for each in (*options_of(item), *item.matches)}
    if item.type is ItemType.MATCHING:
        return "；".join(f"{texts.get(left, left)} — {texts.get(right, right)}" for left, right in other.items())
    if isinstance(other, Mapping):
        return "；".join(f"{name}：{text}" for name, text in other.items())
    between = " → " if item.type is ItemType.ORDERING else "；"
    return between.join(texts.get(each, each) for each in ([other] if isinstance(other, str) else other))
