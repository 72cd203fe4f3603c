"""A bank file in YAML → its entries, each with its lines and its faults."""

import dataclasses
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from certengine.bank.families import parse_family
from certengine.bank.parsing import Place, parse_item, parse_task
from certengine.bank.pictures import NotAPicture, decoded
from certengine.bank.rules import Entry, Item, Kind
from certengine.foundation.errors import Invalid, Problem
from certengine.standards.marked_yaml import MarkedDict, MarkedList, load

HEAD = frozenset({"bank", "edition", "language", "notice", "items", "families", "practical", "media"})


@dataclass(frozen=True)
class Row:
    """One entry of a file: where it stands, what it is, and what is wrong with it."""

    place: str
    entry: Entry
    problems: tuple[Problem, ...] = ()
    # Where a part of it stands, for problems that are found later: key → place.
    places: Mapping[str, str] = dataclasses.field(default_factory=dict)
    notes: tuple[Problem, ...] = ()

    def at(self, key: str) -> str:
        return self.places.get(key, self.place)


@dataclass(frozen=True)
class BankFile:
    name: str
    field: str
    level: str
    edition: str
    rows: tuple[Row, ...]
    notice: str = ""
    problems: tuple[Problem, ...] = ()
    # What its items show, by name; only what came with the file.
    pictures: Mapping[str, bytes] = dataclasses.field(default_factory=dict)

    def all_problems(self) -> list[Problem]:
        return [*self.problems, *(problem for row in self.rows for problem in row.problems)]

    def items(self) -> Iterable[tuple[Row, Item]]:
        """The plain items with their rows; not families."""
        return ((row, row.entry) for row in self.rows if isinstance(row.entry, Item))


def read_bank(text: str, name: str) -> BankFile:
    """Raises Invalid when it is not YAML or not a bank; faults inside stay with their rows."""
    document = load(text, name)
    if not isinstance(document, MarkedDict) or "bank" not in document:
        raise Invalid([Problem(f"{name}:1", "bank.not_a_bank")])
    problems: list[Problem] = []
    for key in document:
        if key not in HEAD:
            problems.append(Problem(f"{name}:{document.lines[key]}", "bank.unknown_key", {"key": key}))
    field_name, slash, level = str(document["bank"]).partition("/")
    if not slash:
        problems.append(Problem(f"{name}:{document.lines['bank']}", "bank.head", {"value": document["bank"]}))
    rows: list[Row] = []
    for key, kind in (("items", Kind.ITEM), ("families", Kind.FAMILY), ("practical", Kind.PRACTICAL)):
        members = document.get(key)
        if members is None:
            continue
        if not isinstance(members, MarkedList):
            problems.append(Problem(f"{name}:{document.lines[key]}", "bank.kind", {"key": key}))
            continue
        for number, raw in enumerate(members):
            if isinstance(raw, MarkedDict):
                rows.append(_row(raw, kind, name))
            else:
                problems.append(Problem(f"{name}:{members.lines[number]}", "bank.kind", {"key": key}))
    if not rows:
        problems.append(Problem(f"{name}:1", "bank.no_items"))
    pictures = _pictures(document, name, problems)
    return BankFile(
        name, field_name, level, str(document.get("edition", "")), tuple(rows), str(document.get("notice", "")),
        tuple(problems), pictures,
    )  # fmt: skip


def _pictures(document: MarkedDict, name: str, problems: list[Problem]) -> dict[str, bytes]:
    found: dict[str, bytes] = {}
    media = document.get("media")
    if not isinstance(media, MarkedDict):
        return found
    for key, text in media.items():
        try:
            found[key] = decoded(key, str(text))
        except NotAPicture:
            problems.append(Problem(f"{name}:{media.lines[key]}", "bank.not_a_picture", {"name": key[:40]}))
    return found


def _row(raw: MarkedDict, kind: Kind, name: str) -> Row:
    found: list[Problem] = []

    def wrong(place: Place, code: str, **values: Any) -> None:
        found.append(Problem(f"{name}:{line_of(raw, place)}", code, values))

    parse: Any = {Kind.ITEM: parse_item, Kind.FAMILY: parse_family, Kind.PRACTICAL: parse_task}[kind]
    entry = parse(raw, wrong)
    places = {key: f"{name}:{line}" for key, line in raw.lines.items()}
    return Row(f"{name}:{raw.line}", entry, tuple(found), places)


def line_of(raw: Any, place: Place) -> int:
    """The line of the deepest part of the place that is there."""
    line: int = raw.line
    for step in place:
        if isinstance(raw, MarkedDict) and step in raw.lines:
            line, raw = raw.lines[str(step)], raw[str(step)]
        elif isinstance(raw, MarkedList) and isinstance(step, int) and step < len(raw):
            line, raw = raw.lines[step], raw[step]
        else:
            break
    return line
