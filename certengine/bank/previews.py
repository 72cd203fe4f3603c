"""What a preview shows of a plan: small enough to be kept, whole enough to decide by."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from certengine.bank.folding import stem_of
from certengine.bank.importing import Action, Plan, PlannedRow
from certengine.bank.rendering import plain
from certengine.foundation.errors import Problem

SHOWN_ROWS = 500
SHOWN_TEXT = 80


@dataclass(frozen=True)
class SeenRow:
    place: str
    code: str
    text: str
    action: Action
    problems: tuple[Problem, ...]
    notes: tuple[Problem, ...]


@dataclass(frozen=True)
class Seen:
    """rows: the refused ones first, SHOWN_ROWS at most; unreadable: nothing could be made of the file."""

    filename: str
    format: str
    sha256: str
    counts: Mapping[Action, int] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    rows: tuple[SeenRow, ...] = ()
    faulty: bool = False
    unreadable: bool = False

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def good(self) -> int:
        return self.counts.get(Action.ADD, 0) + self.counts.get(Action.PROPOSE, 0)


def seen(plan: Plan) -> Seen:
    first = sorted(plan.rows, key=lambda row: row.action is not Action.REFUSE)[:SHOWN_ROWS]
    return Seen(
        plan.filename,
        plan.format,
        plan.sha256,
        {action: number for action in Action if (number := plan.count(action))},
        plan.problems,
        tuple(_row(each) for each in first),
        bool(plan.all_problems()),
    )


def _row(row: PlannedRow) -> SeenRow:
    text = plain(stem_of(row.entry))[:SHOWN_TEXT]
    return SeenRow(row.place, row.entry.id, text, row.action, row.problems, row.notes)


def to_json(shown: Seen) -> bytes:
    raw = {
        "filename": shown.filename,
        "format": shown.format,
        "sha256": shown.sha256,
        "counts": {action.value: number for action, number in shown.counts.items()},
        "problems": _raw(shown.problems),
        "rows": [
            [row.place, row.code, row.text, row.action.value, _raw(row.problems), _raw(row.notes)] for row in shown.rows
        ],
        "faulty": shown.faulty,
        "unreadable": shown.unreadable,
    }
    return json.dumps(raw, ensure_ascii=False).encode()


def of_json(data: bytes) -> Seen:
    raw = json.loads(data)
    return Seen(
        raw["filename"],
        raw["format"],
        raw["sha256"],
        {Action(action): number for action, number in raw["counts"].items()},
        _problems(raw["problems"]),
        tuple(
            SeenRow(place, code, text, Action(action), _problems(problems), _problems(notes))
            for place, code, text, action, problems, notes in raw["rows"]
        ),
        raw["faulty"],
        raw["unreadable"],
    )


def _raw(problems: tuple[Problem, ...]) -> list[Any]:
    return [[each.place, each.code, {key: str(value) for key, value in each.values.items()}] for each in problems]


def _problems(raw: list[Any]) -> tuple[Problem, ...]:
    return tuple(Problem(place, code, values) for place, code, values in raw)
