"""An item as a value: what it asks, what is right, and what a candidate may see of it. Pure."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from certengine.bank.rendering import render_inline, render_markdown
from certengine.foundation.canonical import canonical_hash


class ItemType(enum.Enum):
    SINGLE = "single"
    MULTIPLE = "multiple"
    JUDGEMENT = "judgement"
    FILL_IN = "fill_in"
    ORDERING = "ordering"
    MATCHING = "matching"
    SHORT_ANSWER = "short_answer"
    CASE = "case"


class Cognition(enum.Enum):
    KNOWS = "knows"
    UNDERSTANDS = "understands"
    APPLIES = "applies"


class Kind(enum.Enum):
    """What a line of a bank is: one item, a family of generated variants, or a practical task."""

    ITEM = "item"
    FAMILY = "family"
    PRACTICAL = "practical"


@dataclass(frozen=True)
class Option:
    id: str
    text: str


@dataclass(frozen=True)
class Blank:
    """A gap: a number within a tolerance, or one of the accepted texts."""

    id: str
    value: Decimal | None = None
    tolerance: Decimal = Decimal(0)
    accept: tuple[str, ...] = ()


@dataclass(frozen=True)
class AnswerPoint:
    text: str
    points: Decimal


Key = str | tuple[str, ...] | Mapping[str, str] | None

# A judgement's two answers, in the order in which they are always shown.
JUDGEMENT_OPTIONS = (Option("true", "正确"), Option("false", "错误"))


@dataclass(frozen=True, kw_only=True)
class Item:
    """key: an option id (single, judgement "true"/"false"), ids (multiple, ordering), a map left → right (matching),
    None where blanks or points of the answer stand in its place."""

    id: str
    type: ItemType
    outline: str
    stem: str
    cognition: Cognition = Cognition.UNDERSTANDS
    difficulty: float = 0.0
    discrimination: float = 1.0
    guessing: float = 0.0
    directions: tuple[str, ...] = ()
    options: tuple[Option, ...] = ()
    matches: tuple[Option, ...] = ()
    key: Key = None
    blanks: tuple[Blank, ...] = ()
    points_of_answer: tuple[AnswerPoint, ...] = ()
    model_answer: str = ""
    fixed: frozenset[str] = frozenset()
    enemies: frozenset[str] = frozenset()
    family: str | None = None
    rationale: str = ""
    reference: str = ""
    version: int = 1
    # Of a case: its questions about the shared stem, numbered from 1; share weighs each in the case's points.
    parts: tuple["Item", ...] = ()
    share: Decimal = Decimal(1)

    def option(self, option_id: str) -> Option:
        """The option, or right-hand side, of this id. Raises KeyError."""
        for each in (*self.options, *self.matches):
            if each.id == option_id:
                return each
        raise KeyError(option_id)

    def blank(self, blank_id: str) -> Blank:
        for each in self.blanks:
            if each.id == blank_id:
                return each
        raise KeyError(blank_id)

    def public_view(self) -> dict[str, Any]:
        """What a candidate's browser may get: safe HTML and ids; no key, rationale, difficulty or outline."""
        view: dict[str, Any] = {
            "id": self.id,
            "version": self.version,
            "type": self.type.value,
            "stem": render_markdown(self.stem),
            "options": [{"id": each.id, "html": render_inline(each.text)} for each in self.options],
            "matches": [{"id": each.id, "html": render_inline(each.text)} for each in self.matches],
            "blanks": [each.id for each in self.blanks],
        }
        if self.parts:
            view["parts"] = [each.public_view() for each in self.parts]
        return view

    def part_points(self, points: Decimal) -> dict[str, Decimal]:
        """What each part of a case is worth of the whole, by its share; not rounded."""
        whole = sum((each.share for each in self.parts), Decimal(0))
        return {each.id: points * each.share / whole for each in self.parts}


# An item in a release is the same value; its version says which one was frozen.
ReleasedItem = Item


@dataclass(frozen=True)
class CriterionLevel:
    points: Decimal
    description: str


@dataclass(frozen=True)
class Criterion:
    id: str
    criterion: str
    points: Decimal
    levels: tuple[CriterionLevel, ...]


@dataclass(frozen=True)
class Material:
    name: str
    description: str = ""
    format: str = ""


@dataclass(frozen=True, kw_only=True)
class PracticalTask:
    id: str
    outline: tuple[str, ...]
    title: str
    minutes: int
    scenario: str
    rubric: tuple[Criterion, ...]
    materials: tuple[Material, ...] = ()
    environment: tuple[str, ...] = ()
    deliverables: tuple[Material, ...] = ()
    reference_solution: str = ""
    directions: tuple[str, ...] = ()
    version: int = 1

    def public_view(self) -> dict[str, Any]:
        """What a candidate may see: the task without the rubric's levels and the solution."""
        return {
            "id": self.id,
            "version": self.version,
            "title": self.title,
            "minutes": self.minutes,
            "scenario": render_markdown(self.scenario),
            "materials": [{"name": each.name, "description": each.description} for each in self.materials],
            "environment": list(self.environment),
            "deliverables": [
                {"name": each.name, "format": each.format, "description": each.description}
                for each in self.deliverables
            ],
            "criteria": [
                {"id": each.id, "criterion": each.criterion, "points": str(each.points)} for each in self.rubric
            ],
        }


@dataclass(frozen=True)
class Family:
    """A template and the variants that were generated from it and frozen; they never meet in one paper."""

    id: str
    template: Mapping[str, Any]
    variants: tuple[Item, ...]


def item_content(item: Item) -> dict[str, Any]:
    """The item as canonical JSON can hold it: numbers as texts, nothing that has two spellings."""
    content: dict[str, Any] = {
        "kind": "item",
        "id": item.id,
        "type": item.type.value,
        "outline": item.outline,
        "directions": list(item.directions),
        "cognition": item.cognition.value,
        "difficulty": number_text(item.difficulty),
        "discrimination": number_text(item.discrimination),
        "guessing": number_text(item.guessing),
        "stem": item.stem,
        "options": [[each.id, each.text] for each in item.options],
        "matches": [[each.id, each.text] for each in item.matches],
        "key": list(item.key)
        if isinstance(item.key, tuple)
        else dict(item.key)
        if isinstance(item.key, Mapping)
        else item.key,
        "blanks": [
            [each.id, None if each.value is None else str(each.value), str(each.tolerance), list(each.accept)]
            for each in item.blanks
        ],
        "points_of_answer": [[each.text, str(each.points)] for each in item.points_of_answer],
        "model_answer": item.model_answer,
        "fixed": sorted(item.fixed),
        "enemies": sorted(item.enemies),
        "family": item.family,
        "rationale": item.rationale,
        "reference": item.reference,
    }
    # Only where there are any: a content that was hashed before there were cases keeps its hash.
    if item.parts:
        content["parts"] = [{**item_content(each), "share": str(each.share)} for each in item.parts]
    return content


def item_of(content: Mapping[str, Any], version: int = 1) -> ReleasedItem:
    """The item of a content that item_content wrote."""
    key = content["key"]
    return ReleasedItem(
        id=content["id"],
        version=version,
        type=ItemType(content["type"]),
        outline=content["outline"],
        directions=tuple(content["directions"]),
        cognition=Cognition(content["cognition"]),
        difficulty=float(content["difficulty"]),
        discrimination=float(content["discrimination"]),
        guessing=float(content["guessing"]),
        stem=content["stem"],
        options=tuple(Option(*each) for each in content["options"]),
        matches=tuple(Option(*each) for each in content["matches"]),
        key=tuple(key) if isinstance(key, list) else key,
        blanks=tuple(
            Blank(name, None if value is None else Decimal(value), Decimal(tolerance), tuple(accept))
            for name, value, tolerance, accept in content["blanks"]
        ),
        points_of_answer=tuple(AnswerPoint(text, Decimal(points)) for text, points in content["points_of_answer"]),
        model_answer=content["model_answer"],
        fixed=frozenset(content["fixed"]),
        enemies=frozenset(content["enemies"]),
        family=content["family"],
        rationale=content["rationale"],
        reference=content["reference"],
        parts=tuple(item_of(each, version) for each in content.get("parts", ())),
        share=Decimal(content.get("share", "1")),
    )


def task_content(task: PracticalTask) -> dict[str, Any]:
    return {
        "kind": "practical",
        "id": task.id,
        "outline": list(task.outline),
        "directions": list(task.directions),
        "title": task.title,
        "minutes": task.minutes,
        "scenario": task.scenario,
        "materials": [[each.name, each.description, each.format] for each in task.materials],
        "environment": list(task.environment),
        "deliverables": [[each.name, each.description, each.format] for each in task.deliverables],
        "rubric": [
            [
                each.id,
                each.criterion,
                str(each.points),
                [[str(level.points), level.description] for level in each.levels],
            ]
            for each in task.rubric
        ],
        "reference_solution": task.reference_solution,
    }


def task_of(content: Mapping[str, Any], version: int = 1) -> PracticalTask:
    return PracticalTask(
        id=content["id"],
        version=version,
        outline=tuple(content["outline"]),
        directions=tuple(content["directions"]),
        title=content["title"],
        minutes=content["minutes"],
        scenario=content["scenario"],
        materials=tuple(Material(*each) for each in content["materials"]),
        environment=tuple(content["environment"]),
        deliverables=tuple(Material(*each) for each in content["deliverables"]),
        rubric=tuple(
            Criterion(
                name,
                criterion,
                Decimal(points),
                tuple(CriterionLevel(Decimal(got), description) for got, description in levels),
            )
            for name, criterion, points, levels in content["rubric"]
        ),
        reference_solution=content["reference_solution"],
    )


def family_content(family: Family) -> dict[str, Any]:
    return {
        "kind": "family",
        "id": family.id,
        "template": dict(family.template),
        "variants": [item_content(each) for each in family.variants],
    }


def family_of(content: Mapping[str, Any], version: int = 1) -> Family:
    variants = tuple(item_of(each, version) for each in content["variants"])
    return Family(content["id"], content["template"], variants)


def content_of(entry: "Entry") -> dict[str, Any]:
    if isinstance(entry, Item):
        return item_content(entry)
    return task_content(entry) if isinstance(entry, PracticalTask) else family_content(entry)


def entry_of(content: Mapping[str, Any], version: int = 1) -> "Entry":
    kind = content["kind"]
    if kind == "item":
        return item_of(content, version)
    return task_of(content, version) if kind == "practical" else family_of(content, version)


Entry = Item | PracticalTask | Family


def release_digest(field: str, level: str, edition: str, entries: list[tuple[str, int, str]]) -> str:
    """The hash of a release over the hashes of all its contents, in order: (code, version, digest) each."""
    items = [{"id": code, "version": version, "digest": digest} for code, version, digest in entries]
    return canonical_hash({"field": field, "level": level, "edition": edition, "items": items})


def number_text(value: float) -> str:
    """The shortest decimal text of a number: 1, -0.4, 0.25; never -0."""
    text = format(Decimal(repr(value)).normalize(), "f")
    return "0" if text in ("-0", "0") else text
