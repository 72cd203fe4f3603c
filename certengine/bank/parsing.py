"""Raw values, as YAML, a spreadsheet row, a GIFT block or a form gives them → Item, naming the place of every fault."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from decimal import Decimal, InvalidOperation
from typing import Any

from certengine.bank.rendering import BLANK
from certengine.bank.rules import (
    JUDGEMENT_OPTIONS,
    AnswerPoint,
    Blank,
    Cognition,
    Criterion,
    CriterionLevel,
    Item,
    ItemType,
    Key,
    Material,
    Option,
    PracticalTask,
)

# A place inside the raw value: the keys that lead to it. The caller knows which line or column that is.
Place = tuple[str | int, ...]
Wrong = Callable[..., None]

COMMON = frozenset(
    [
        "id",
        "type",
        "outline",
        "directions",
        "cognition",
        "difficulty",
        "discrimination",
        "guessing",
        "stem",
        "rationale",
        "reference",
        "enemies",
    ]
)
OF_TYPE: dict[ItemType, frozenset[str]] = {
    ItemType.SINGLE: frozenset({"options", "key", "fixed"}),
    ItemType.MULTIPLE: frozenset({"options", "key", "fixed"}),
    ItemType.JUDGEMENT: frozenset({"key"}),
    ItemType.FILL_IN: frozenset({"blanks"}),
    ItemType.ORDERING: frozenset({"options", "key"}),
    ItemType.MATCHING: frozenset({"options", "matches", "key"}),
    ItemType.SHORT_ANSWER: frozenset({"points_of_answer", "model_answer"}),
    ItemType.CASE: frozenset({"parts"}),
}
TASK_KEYS = frozenset(
    [
        "id",
        "outline",
        "directions",
        "title",
        "minutes",
        "scenario",
        "materials",
        "environment",
        "deliverables",
        "rubric",
        "reference_solution",
    ]
)
LONGEST_TEXT = 20_000
MOST_PARTS = 12


def parse_item(raw: Mapping[str, Any], wrong: Wrong) -> Item:
    """The item as far as it can be read; every fault is told to wrong(place, code, **values)."""
    return _ItemParser(raw, wrong).item()


class _Parser:
    def __init__(self, raw: Mapping[str, Any], wrong: Wrong) -> None:
        self.raw = raw
        self.wrong = wrong

    def text(self, key: str, required: bool = False) -> str:
        return self.text_of(self.raw.get(key), (key,), required)

    def text_of(self, value: Any, place: Place, required: bool = True) -> str:
        name = place[-1]
        if value is None or value == "":
            if required:
                self.wrong(place, "bank.missing", key=name)
            return ""
        if isinstance(value, bool | dict | list):
            self.wrong(place, "bank.kind", key=name)
            return ""
        found = str(value).replace("\r\n", "\n").strip("\n").rstrip()
        if len(found) > LONGEST_TEXT:
            self.wrong(place, "bank.too_long", key=name, limit=LONGEST_TEXT)
        if any(ord(c) < 32 and c not in "\n\t" for c in found):
            self.wrong(place, "bank.control_character", key=name)
        return found

    def texts(self, key: str) -> tuple[str, ...]:
        value = self.raw.get(key)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            self.wrong((key,), "bank.kind", key=key)
            return ()
        return tuple(self.text_of(each, (key, place)) for place, each in enumerate(value))

    def decimal(self, value: Any, place: Place, default: Decimal | None = None) -> Decimal | None:
        if value is None or value == "":
            return default
        try:
            found = Decimal(str(value)) if not isinstance(value, bool) else Decimal("nan")
        except InvalidOperation:
            found = Decimal("nan")
        if not found.is_finite():
            self.wrong(place, "bank.number", key=place[-1], value=value)
            return default
        return found

    def number(self, key: str, low: str, high: str, default: float) -> float:
        found = self.decimal(self.raw.get(key), (key,))
        if found is None:
            return default
        if not Decimal(low) <= found <= Decimal(high):
            self.wrong((key,), "bank.out_of_range", key=key, low=low, high=high)
        return float(found)

    def mapping(self, key: str) -> dict[str, Any]:
        value = self.raw.get(key)
        if value is None:
            self.wrong((), "bank.missing", key=key)
            return {}
        if not isinstance(value, Mapping):
            self.wrong((key,), "bank.kind", key=key)
            return {}
        return dict(value)

    def members(self, value: Any, place: Place) -> list[Mapping[str, Any]]:
        if value is None:
            return []
        if not isinstance(value, list | tuple) or not all(isinstance(each, Mapping) for each in value):
            self.wrong(place, "bank.kind", key=place[-1])
            return []
        return list(value)

    def unknown(self, allowed: frozenset[str]) -> None:
        for key in self.raw:
            if key not in allowed:
                self.wrong((key,), "bank.unknown_key", key=key)


class _ItemParser(_Parser):
    def item(self) -> Item:
        kind = self.member("type", ItemType, ItemType.SINGLE)
        self.unknown(COMMON | OF_TYPE[kind])
        options = JUDGEMENT_OPTIONS if kind is ItemType.JUDGEMENT else self.options("options", kind)
        matches = self.options("matches", kind)
        item = Item(
            id=self.text("id", required=True),
            type=kind,
            outline=self.text("outline", required=True),
            directions=self.texts("directions"),
            cognition=self.member("cognition", Cognition, Cognition.UNDERSTANDS),
            difficulty=self.number("difficulty", "-4", "4", 0.0),
            discrimination=self.number("discrimination", "0.1", "4", 1.0),
            guessing=self.number("guessing", "0", "0.5", 0.0),
            stem=self.text("stem", required=True),
            options=options,
            matches=matches,
            key=self.key(kind, options, matches),
            blanks=self.blanks() if kind is ItemType.FILL_IN else (),
            points_of_answer=self.points(),
            model_answer=self.text("model_answer"),
            fixed=frozenset(self.texts("fixed")),
            enemies=frozenset(self.texts("enemies")),
            rationale=self.text("rationale"),
            reference=self.text("reference"),
            parts=self.parts() if kind is ItemType.CASE else (),
        )
        if stray := item.fixed - {each.id for each in options}:
            self.wrong(("fixed",), "bank.fixed_unknown", option=sorted(stray)[0])
        return item

    def member(self, key: str, kind: Any, default: Any) -> Any:
        try:
            return kind(self.raw.get(key))
        except ValueError:
            if self.raw.get(key) in (None, ""):
                self.wrong((), "bank.missing", key=key)
            else:
                self.wrong((key,), "bank.choice", key=key, value=self.raw[key])
            return default

    def options(self, key: str, kind: ItemType) -> tuple[Option, ...]:
        if key not in OF_TYPE[kind]:
            return ()
        found = []
        for name, text in self.mapping(key).items():
            if not (len(name) == 1 and "a" <= name <= "z"):
                self.wrong((key, name), "bank.option_id", option=name)
            found.append(Option(name, self.text_of(text, (key, name))))
        least = 1 if key == "matches" else 2
        if key in self.raw and len(found) < least:
            self.wrong((key,), "bank.too_few_options", key=key, least=least)
        return tuple(found)

    def key(self, kind: ItemType, options: tuple[Option, ...], matches: tuple[Option, ...]) -> Key:
        if "key" not in OF_TYPE[kind]:
            return None
        value = self.raw.get("key")
        if value is None or value == "" or value == []:
            self.wrong((), "bank.key_missing")
            return None
        ids = {each.id for each in options}
        if kind is ItemType.JUDGEMENT:
            if value not in (True, False, "true", "false"):
                self.wrong(("key",), "bank.key_judgement", value=value)
            return "true" if value in (True, "true") else "false"
        if kind is ItemType.SINGLE:
            return self.single_key(value, ids)
        if kind is ItemType.MATCHING:
            return self.matching_key(value, ids, {each.id for each in matches})
        return self.list_key(value, ids, kind)

    def single_key(self, value: Any, ids: set[str]) -> Key:
        if not isinstance(value, str):
            self.wrong(("key",), "bank.key_single", value=value)
            return None
        self.reachable(value, ids)
        return value

    def list_key(self, value: Any, ids: set[str], kind: ItemType) -> Key:
        if not isinstance(value, list | tuple) or not all(isinstance(each, str) for each in value):
            self.wrong(("key",), "bank.key_list", value=value)
            return None
        for each in value:
            self.reachable(each, ids)
        if len(set(value)) < len(value):
            self.wrong(("key",), "bank.key_twice")
        if kind is ItemType.ORDERING:
            if set(value) != ids:
                self.wrong(("key",), "bank.key_order")
            return tuple(value)
        if len(value) < 2:
            self.wrong(("key",), "bank.key_too_few")
        if ids and set(value) >= ids:
            self.wrong(("key",), "bank.key_all")
        return tuple(sorted(value))

    def matching_key(self, value: Any, left: set[str], right: set[str]) -> Key:
        if not isinstance(value, Mapping):
            self.wrong(("key",), "bank.key_map", value=value)
            return None
        for each, partner in value.items():
            self.reachable(each, left)
            self.reachable(str(partner), right)
        for each in sorted(left - set(value)):
            self.wrong(("key",), "bank.key_unpaired", option=each)
        return {str(each): str(partner) for each, partner in value.items()}

    def reachable(self, option: str, ids: set[str]) -> None:
        if option not in ids:
            self.wrong(("key",), "bank.key_unreachable", option=option)

    def blanks(self) -> tuple[Blank, ...]:
        found = []
        for name, raw in self.mapping("blanks").items():
            place: Place = ("blanks", name)
            if not isinstance(raw, Mapping):
                self.wrong(place, "bank.kind", key=name)
                continue
            for key in raw:
                if key not in ("value", "tolerance", "accept"):
                    self.wrong((*place, key), "bank.unknown_key", key=key)
            value = self.decimal(raw.get("value"), (*place, "value"))
            tolerance = self.decimal(raw.get("tolerance"), (*place, "tolerance"), Decimal(0)) or Decimal(0)
            forms = raw.get("accept") or []
            if not isinstance(forms, list | tuple):
                self.wrong((*place, "accept"), "bank.kind", key="accept")
                forms = []
            accept = tuple(self.text_of(each, (*place, "accept")) for each in forms)
            if value is None and not any(accept):
                self.wrong(place, "bank.blank_without_answer", blank=name)
            if tolerance < 0:
                self.wrong(place, "bank.tolerance_negative", blank=name)
            found.append(Blank(name, value, tolerance, accept))
        stem = str(self.raw.get("stem") or "")
        for blank in found:
            if f"{{{{{blank.id}}}}}" not in stem:
                self.wrong(("blanks", blank.id), "bank.blank_not_in_stem", blank=blank.id)
        for name in BLANK.findall(stem):
            if name not in {blank.id for blank in found}:
                self.wrong(("stem",), "bank.blank_unknown", blank=name)
        return tuple(found)

    def points(self) -> tuple[AnswerPoint, ...]:
        found = []
        for number, each in enumerate(self.members(self.raw.get("points_of_answer"), ("points_of_answer",))):
            place: Place = ("points_of_answer", number)
            points = self.decimal(each.get("points"), (*place, "points"))
            if points is None or points <= 0:
                self.wrong(place, "bank.points_not_positive")
            found.append(AnswerPoint(self.text_of(each.get("text"), (*place, "text")), points or Decimal(0)))
        return tuple(found)

    def parts(self) -> tuple[Item, ...]:
        """The questions of a case; each is an item without place in the outline of its own."""
        rows = self.members(self.raw.get("parts"), ("parts",))
        if not 1 <= len(rows) <= MOST_PARTS:
            self.wrong(("parts",) if "parts" in self.raw else (), "bank.parts_number", most=MOST_PARTS)
        return tuple(self.part(raw, number) for number, raw in enumerate(rows))

    def part(self, raw: Mapping[str, Any], number: int) -> Item:
        def wrong(place: Place, code: str, **values: Any) -> None:
            self.wrong(("parts", number, *place), code, **values)

        inherited = {"id": str(number + 1), "outline": self.raw.get("outline") or "-", "cognition": "applies"}
        own = {key: value for key, value in raw.items() if key != "points"}
        for key in (*inherited, "directions", "difficulty", "enemies"):
            if key in own:
                wrong((key,), "bank.unknown_key", key=key)
        if raw.get("type") == ItemType.CASE.value:
            wrong(("type",), "bank.case_in_case")
            own = {**own, "type": ItemType.SHORT_ANSWER.value}
        share = self.decimal(raw.get("points"), ("parts", number, "points"), Decimal(1)) or Decimal(0)
        if share <= 0:
            wrong(("points",) if "points" in raw else (), "bank.points_not_positive")
        return replace(parse_item({**inherited, **own}, wrong), outline="", share=share)


def parse_task(raw: Mapping[str, Any], wrong: Wrong) -> PracticalTask:
    return _TaskParser(raw, wrong).task()


class _TaskParser(_Parser):
    def task(self) -> PracticalTask:
        self.unknown(TASK_KEYS)
        leaves = self.raw.get("outline")
        outline = self.texts("outline") if isinstance(leaves, list | tuple) else (self.text("outline", required=True),)
        minutes = self.raw.get("minutes")
        if not isinstance(minutes, int) or isinstance(minutes, bool) or minutes <= 0:
            self.wrong(("minutes",) if "minutes" in self.raw else (), "bank.minutes")
            minutes = 0
        return PracticalTask(
            id=self.text("id", required=True),
            outline=outline,
            directions=self.texts("directions"),
            title=self.text("title", required=True),
            minutes=minutes,
            scenario=self.text("scenario", required=True),
            materials=self.materials("materials"),
            environment=self.texts("environment"),
            deliverables=self.materials("deliverables"),
            rubric=self.rubric(),
            reference_solution=self.text("reference_solution", required=True),
        )

    def materials(self, key: str) -> tuple[Material, ...]:
        return tuple(
            Material(
                self.text_of(each.get("name"), (key, number, "name")),
                self.text_of(each.get("description"), (key, number, "description"), required=False),
                self.text_of(each.get("format"), (key, number, "format"), required=False),
            )
            for number, each in enumerate(self.members(self.raw.get(key), (key,)))
        )

    def rubric(self) -> tuple[Criterion, ...]:
        rows = self.members(self.raw.get("rubric"), ("rubric",))
        found = tuple(self.criterion(each, ("rubric", number)) for number, each in enumerate(rows))
        total = sum((each.points for each in found), Decimal(0))
        if total != 100:
            self.wrong(("rubric",) if "rubric" in self.raw else (), "bank.rubric_total", total=total)
        names = [each.id for each in found]
        for name in sorted({each for each in names if names.count(each) > 1}):
            self.wrong(("rubric",), "bank.criterion_twice", criterion=name)
        return found

    def criterion(self, raw: Mapping[str, Any], place: Place) -> Criterion:
        points = self.decimal(raw.get("points"), (*place, "points")) or Decimal(0)
        levels = []
        for number, each in enumerate(self.members(raw.get("levels"), (*place, "levels"))):
            inside: Place = (*place, "levels", number)
            got = self.decimal(each.get("points"), (*inside, "points"))
            if got is None or not 0 <= got <= points:
                self.wrong(inside, "bank.level_points", points=points)
            levels.append(CriterionLevel(got or Decimal(0), self.text_of(each.get("description"), inside)))
        if levels and max(level.points for level in levels) != points:
            self.wrong((*place, "levels"), "bank.level_top", points=points)
        if not levels:
            self.wrong(place, "bank.levels_missing", criterion=raw.get("id"))
        return Criterion(
            self.text_of(raw.get("id"), (*place, "id")),
            self.text_of(raw.get("criterion"), (*place, "criterion")),
            points,
            tuple(levels),
        )
