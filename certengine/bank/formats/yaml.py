"""A bank as a YAML file that `bank check` and an import read back to the same items."""

from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

from certengine.bank.formats.writing import Written
from certengine.bank.pictures import encoded
from certengine.bank.rules import Entry, Family, Item, ItemType, Material, PracticalTask, number_text

NOTICE = "示范题库，供机构修改使用，不是官方试卷"


class _Dumper(yaml.SafeDumper):
    """Indents lists under their key, and writes texts of several lines as blocks."""

    def increase_indent(self, flow: bool = False, indentless: bool = False) -> Any:
        return super().increase_indent(flow, False)  # type: ignore[no-untyped-call]

    def ignore_aliases(self, data: Any) -> bool:
        return True


class _Flow(list[Any]):
    """A short list on one line."""


def _text(dumper: yaml.SafeDumper, value: str) -> yaml.ScalarNode:
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style="|" if "\n" in value else None)


_Dumper.add_representer(str, _text)
_Dumper.add_representer(
    _Flow, lambda dumper, value: dumper.represent_sequence("tag:yaml.org,2002:seq", value, flow_style=True)
)


def write_yaml(
    field: str,
    level: str,
    edition: str,
    entries: Sequence[Entry],
    notice: str = NOTICE,
    pictures: Mapping[str, bytes] | None = None,
) -> Written:
    """Holds everything; nothing is left out."""
    document: dict[str, Any] = {
        "bank": f"{field}/{level}",
        "edition": edition,
        "language": "zh",
        "notice": notice,
        "items": [item_raw(entry) for entry in entries if isinstance(entry, Item)],
    }
    families = [dict(entry.template) for entry in entries if isinstance(entry, Family)]
    tasks = [task_raw(entry) for entry in entries if isinstance(entry, PracticalTask)]
    if families:
        document["families"] = families
    if tasks:
        document["practical"] = tasks
    if pictures:
        document["media"] = encoded(pictures)
    return Written(dump(document).encode(), "yaml", "application/yaml; charset=utf-8")


def dump(value: Any) -> str:
    return str(yaml.dump(value, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=10**6))


def item_raw(item: Item) -> dict[str, Any]:
    """The item as a bank file spells it; what is empty or usual is left away."""
    raw: dict[str, Any] = {"id": item.id, "type": item.type.value, "outline": item.outline}
    if item.directions:
        raw["directions"] = _Flow(item.directions)
    raw |= {"cognition": item.cognition.value, "difficulty": _number(item.difficulty)}
    if item.discrimination != 1.0:
        raw["discrimination"] = _number(item.discrimination)
    if item.guessing:
        raw["guessing"] = _number(item.guessing)
    raw["stem"] = item.stem
    if item.type is not ItemType.JUDGEMENT and item.options:
        raw["options"] = {each.id: each.text for each in item.options}
    if item.matches:
        raw["matches"] = {each.id: each.text for each in item.matches}
    raw |= _answer(item)
    if item.fixed:
        raw["fixed"] = _Flow(sorted(item.fixed))
    for key in ("rationale", "reference"):
        if getattr(item, key):
            raw[key] = getattr(item, key)
    if item.enemies:
        raw["enemies"] = _Flow(sorted(item.enemies))
    return raw


def _part(part: Item) -> dict[str, Any]:
    raw = {
        key: value for key, value in item_raw(part).items() if key not in ("id", "outline", "cognition", "difficulty")
    }
    return {"points": _decimal(part.share), **raw}


def _answer(item: Item) -> dict[str, Any]:
    if item.type is ItemType.CASE:
        return {"parts": [_part(each) for each in item.parts]}
    if item.type is ItemType.JUDGEMENT:
        return {"key": item.key == "true"}
    if item.type is ItemType.FILL_IN:
        return {"blanks": {blank.id: _blank(blank) for blank in item.blanks}}
    if item.type is ItemType.SHORT_ANSWER:
        points = [{"text": each.text, "points": _decimal(each.points)} for each in item.points_of_answer]
        return {"points_of_answer": points} | ({"model_answer": item.model_answer} if item.model_answer else {})
    if isinstance(item.key, Mapping):
        return {"key": dict(item.key)}
    return {"key": _Flow(item.key) if isinstance(item.key, tuple) else item.key}


def _blank(blank: Any) -> dict[str, Any]:
    raw: dict[str, Any] = {}
    if blank.value is not None:
        raw["value"] = str(blank.value)
    if blank.tolerance:
        raw["tolerance"] = str(blank.tolerance)
    if blank.accept:
        raw["accept"] = _Flow(blank.accept)
    return raw


def _number(value: float) -> int | float:
    text = number_text(value)
    return int(text) if text.lstrip("-").isdigit() else float(text)


def _decimal(value: Decimal) -> int | str:
    return int(value) if value == value.to_integral_value() else str(value)


def task_raw(task: PracticalTask) -> dict[str, Any]:
    raw: dict[str, Any] = {"id": task.id, "outline": _Flow(task.outline)}
    if task.directions:
        raw["directions"] = _Flow(task.directions)
    raw |= {"title": task.title, "minutes": task.minutes, "scenario": task.scenario}
    if task.materials:
        raw["materials"] = [_material(each) for each in task.materials]
    if task.environment:
        raw["environment"] = _Flow(task.environment)
    if task.deliverables:
        raw["deliverables"] = [_material(each) for each in task.deliverables]
    raw["rubric"] = [
        {
            "id": each.id,
            "criterion": each.criterion,
            "points": _decimal(each.points),
            "levels": [{"points": _decimal(level.points), "description": level.description} for level in each.levels],
        }
        for each in task.rubric
    ]
    raw["reference_solution"] = task.reference_solution
    return raw


def _material(material: Material) -> dict[str, str]:
    parts = {"name": material.name, "format": material.format, "description": material.description}
    return {key: text for key, text in parts.items() if text}
