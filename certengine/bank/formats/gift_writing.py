"""Writing GIFT that Moodle imports and that we read back to the same items; what it cannot hold is listed."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from certengine.bank.formats.gift import LISTED
from certengine.bank.formats.gift_answers import LETTERS, RIGHT
from certengine.bank.formats.gift_text import escaped
from certengine.bank.formats.writing import Written, lost_pictures, without_cases
from certengine.bank.rendering import BLANK
from certengine.bank.rules import Entry, Item, ItemType, number_text
from certengine.foundation.errors import Problem


@dataclass(frozen=True)
class _Unheld(Exception):
    code: str


def write_gift(entries: Sequence[Entry]) -> Written:
    blocks = []
    category = None
    items, unheld = without_cases(entries, "gift")
    left_out = lost_pictures(items)
    for item in sorted(items, key=lambda each: (each.outline, each.id)):
        try:
            block = _block(item)
        except _Unheld as error:
            left_out.append(Problem(item.id, error.code, {"item": item.id}))
            continue
        if item.outline != category:
            category = item.outline
            blocks.append(f"$CATEGORY: {category or 'default'}\n")
        blocks.append(block)
        left_out.extend(Problem(item.id, code, {"item": item.id}) for code in _losses(item))
    left_out.extend(unheld)
    return Written("\n".join(blocks).encode(), "gift.txt", "text/plain; charset=utf-8", tuple(left_out))


def _block(item: Item) -> str:
    head = f"{_tags(item)}\n::{escaped(item.id)}::"
    feedback = f"\n\t####{_text(item.rationale)}" if item.rationale else ""
    if item.type is ItemType.FILL_IN:
        before, after = _around_gap(item)
        return f"{head}[markdown]{escaped(before)}{{{_gap(item)}{feedback}}}{escaped(after)}\n"
    return f"{head}{_text(item.stem)}{{{_answers(item)}{feedback}\n}}\n"


def _text(text: str) -> str:
    return f"[markdown]{escaped(text)}"


def _answers(item: Item) -> str:
    if item.type in (ItemType.SINGLE, ItemType.MULTIPLE):
        return "".join(f"\n\t{mark}{_text(each.text)}" for mark, each in zip(_marks(item), item.options, strict=True))
    if item.type is ItemType.JUDGEMENT:
        return "TRUE" if item.key == "true" else "FALSE"
    if item.type is ItemType.MATCHING and isinstance(item.key, Mapping):
        return "".join(_pairs(item, item.key))
    if item.type is ItemType.SHORT_ANSWER:
        return ""
    raise _Unheld("bank.gift_cannot_type")


def _marks(item: Item) -> Iterator[str]:
    keys = {item.key} if isinstance(item.key, str) else set(item.key or ())
    for option in item.options:
        if item.type is ItemType.SINGLE:
            yield "=" if option.id in keys else "~"
        else:
            # Moodle takes only the fractions of its list; these are in it for up to ten right options.
            share = (Decimal(100) / len(keys)).quantize(Decimal("0.00001")).normalize()
            yield f"~%{share:f}%" if option.id in keys else "~%-100%"


def _pairs(item: Item, key: Mapping[str, str]) -> Iterator[str]:
    used = set()
    for option in item.options:
        if "->" in option.text:
            raise _Unheld("bank.gift_cannot_arrow")
        partner = key[option.id]
        used.add(partner)
        yield f"\n\t={_text(option.text)} -> {_text(item.option(partner).text)}"
    for match in item.matches:
        if match.id not in used:
            yield f"\n\t= -> {_text(match.text)}"


def _around_gap(item: Item) -> tuple[str, str]:
    gaps = list(BLANK.finditer(item.stem))
    if len(gaps) != 1 or len(item.blanks) != 1:
        raise _Unheld("bank.gift_cannot_gaps")
    return item.stem[: gaps[0].start()], item.stem[gaps[0].end() :]


def _gap(item: Item) -> str:
    blank = item.blanks[0]
    if blank.value is not None:
        return f"#{blank.value}:{blank.tolerance}"
    if any("\\" in form for form in blank.accept):
        raise _Unheld("bank.gift_cannot_backslash")
    return "".join(f"={escaped(form.replace('*', chr(92) + '*'))} " for form in blank.accept)


def _losses(item: Item) -> Iterator[str]:
    if item.points_of_answer or item.model_answer:
        yield "bank.gift_loses_points"
    if any(blank.value is not None and blank.accept for blank in item.blanks):
        yield "bank.gift_loses_forms"


def _tags(item: Item) -> str:
    """The comment line that carries what GIFT cannot say; options are named by their place, for letters are not kept."""
    letters = {each.id: letter for each, letter in zip(item.options, LETTERS, strict=False)}
    letters |= {each.id: letter for each, letter in zip(item.matches, RIGHT, strict=False)}
    parts = [
        f"outline={item.outline}",
        f"cognition={item.cognition.value}",
        f"difficulty={number_text(item.difficulty)}",
    ]
    if item.discrimination != 1.0:
        parts.append(f"discrimination={number_text(item.discrimination)}")
    if item.guessing:
        parts.append(f"guessing={number_text(item.guessing)}")
    if item.reference:
        parts.append(f"reference={' '.join(item.reference.split())}")
    for key in LISTED:
        values = sorted(getattr(item, key))
        parts.extend(f"{key}={letters.get(each, each) if key == 'fixed' else each}" for each in values)
    return "// " + " ".join([f"[id:{_tag(item.id)}]", *(f"[tag:{_tag(part)}]" for part in parts)])


def _tag(text: str) -> str:
    return re.sub(r"([\]\\])", r"\\\1", text)
