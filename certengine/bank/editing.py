"""Between an item and its form."""

from collections.abc import Mapping
from typing import Any

from certengine.bank.formats.xlsx_columns import answer_cell, key_of, listed, points_cell, points_of
from certengine.bank.formats.yaml import dump, item_raw, task_raw
from certengine.bank.forms import MATCH_LETTERS, OPTION_LETTERS
from certengine.bank.parsing import Place, parse_item
from certengine.bank.reading import read_bank
from certengine.bank.rules import Entry, Item, ItemType, PracticalTask, number_text
from certengine.foundation.errors import Invalid, Problem

# Key of the raw item → field of the form.
FIELDS = {"key": "answer", "blanks": "answer", "model_answer": "answer"}


def item_of_form(data: Mapping[str, Any], code: str) -> Item:
    """Raises Invalid with each problem at its field."""
    kind = str(data["type"])
    raw: dict[str, Any] = {"id": code, "type": kind}
    for key in ("outline", "cognition", "stem", "rationale", "reference"):
        if data.get(key):
            raw[key] = data[key]
    raw["difficulty"] = str(data.get("difficulty") or 0)
    for key in ("directions", "enemies"):
        raw[key] = listed(data.get(key) or "")
    if kind in ("single", "multiple"):
        raw["fixed"] = [each.lower() for each in listed(data.get("fixed") or "")]
    if kind not in ("judgement", "fill_in", "short_answer"):
        raw["options"] = _lettered(data, "option_", OPTION_LETTERS)
    if kind == "matching":
        raw["matches"] = _lettered(data, "match_", MATCH_LETTERS)
    if kind == "short_answer":
        raw["points_of_answer"] = points_of(data.get("points_of_answer") or "")
    raw |= key_of(kind, (data.get("answer") or "").replace("\r\n", "\n"))
    problems: list[Problem] = []

    def wrong(place: Place, code: str, **values: Any) -> None:
        key = str(place[0]) if place else str(values.get("key", ""))
        field = FIELDS.get(key, key)
        if key in ("options", "matches"):
            letters, prefix = (OPTION_LETTERS, "option_") if key == "options" else (MATCH_LETTERS, "match_")
            field = f"{prefix}{place[1] if len(place) > 1 else letters[0]}"
        problems.append(Problem(field or "answer", code, values))

    item = parse_item(raw, wrong)
    if problems:
        raise Invalid(problems)
    return item


def _lettered(data: Mapping[str, Any], prefix: str, letters: str) -> dict[str, str]:
    return {each: data[f"{prefix}{each}"] for each in letters if (data.get(f"{prefix}{each}") or "").strip()}


def form_of_item(item: Item) -> dict[str, Any]:
    data: dict[str, Any] = {
        "type": item.type.value,
        "outline": item.outline,
        "cognition": item.cognition.value,
        "difficulty": number_text(item.difficulty),
        "directions": ",".join(item.directions),
        "stem": item.stem,
        "answer": answer_cell(item),
        "fixed": ",".join(sorted(each.upper() for each in item.fixed)),
        "points_of_answer": points_cell(item),
        "rationale": item.rationale,
        "reference": item.reference,
        "enemies": ",".join(sorted(item.enemies)),
    }
    if item.type is not ItemType.JUDGEMENT:
        data |= {f"option_{each.id}": each.text for each in item.options}
    return data | {f"match_{each.id}": each.text for each in item.matches}


def fits_form(item: Item) -> bool:
    """Whether the form has a field for every option."""
    options = {each.id for each in item.options} if item.type is not ItemType.JUDGEMENT else set()
    return options <= set(OPTION_LETTERS) and {each.id for each in item.matches} <= set(MATCH_LETTERS)


def yaml_of(entry: Entry) -> str:
    """One entry as the bank file spells it, ready to be edited."""
    if isinstance(entry, Item):
        return dump(item_raw(entry))
    return dump(task_raw(entry) if isinstance(entry, PracticalTask) else dict(entry.template))


def section_of(entry: Entry) -> str:
    """Under which key of a bank file the entry stands."""
    return "items" if isinstance(entry, Item) else "practical" if isinstance(entry, PracticalTask) else "families"


def entry_of_yaml(text: str, section: str, code: str = "") -> Entry:
    """Raises Invalid: of the text, naming its lines, or where it has become another entry than this code's."""
    body = "".join(f"    {line}\n" for line in text.replace("\r\n", "\n").split("\n"))
    file = read_bank(f"bank: x/y\n{section}:\n  -\n{body}", "YAML")
    problems = [Problem(_earlier(each.place), each.code, each.values) for each in file.all_problems()]
    if problems:
        raise Invalid(problems)
    entry = file.rows[0].entry
    if len(file.rows) != 1 or (code and entry.id != code):
        raise Invalid([Problem("YAML:1", "bank.other_entry", {"item": code})])
    return entry


def _earlier(place: str) -> str:
    """The line of what was typed: three lines stand before it."""
    name, _colon, line = place.rpartition(":")
    return f"{name}:{max(1, int(line) - 3)}"
