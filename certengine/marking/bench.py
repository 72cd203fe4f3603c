"""bench marking: a large sitting's scripts marked at once, beside one by one and beside comparing answers with keys."""

import os
import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from statistics import median
from typing import Any

from certengine.bank.rules import Blank, Item, ItemType, Option
from certengine.marking.rules import item_score, script_score
from certengine.marking.tabulated import Sheet, mark_sheets

SCRIPTS, ITEMS, ROUNDS = 20_000, 80, 3
POINTS = Decimal("1.25")
WIDELY = {ItemType.SINGLE: 40, ItemType.MULTIPLE: 16, ItemType.JUDGEMENT: 14, ItemType.FILL_IN: 6, ItemType.ORDERING: 4}


@dataclass(frozen=True)
class _Placed:
    item: str
    points: Decimal = POINTS
    section: int = 0


def bench() -> dict[str, Any]:
    """The three ways take turns in one run; the first two must come to the same totals."""
    kinds = [kind for kind, count in WIDELY.items() for _number in range(count)]
    items = [_item(number, kind) for number, kind in enumerate(kinds)]
    chance = random.Random(2026)
    scripts = [{item.id: _answer(item, chance) for item in items} for _number in range(SCRIPTS)]
    at_once, one_by_one, bare = [], [], []
    for _round in range(ROUNDS):
        spent, together = _timed(lambda: _together(items, scripts))
        at_once.append(spent)
        spent, singly = _timed(lambda: _singly(items, scripts))
        one_by_one.append(spent)
        assert together == singly
        bare.append(_timed(lambda: [sum(given[item.id] == item.key for item in items) for given in scripts])[0])
    return {
        "name": "marking",
        "unit": "scripts/s",
        "ours": SCRIPTS / median(at_once),
        "limit": SCRIPTS / median(bare),
        "ratio": median(bare) / median(at_once),
        "conditions": {
            "ours": f"{SCRIPTS:,} scripts of {ITEMS} items at once, five types, in memory",
            "seconds": round(median(at_once), 2),
            "one by one, scripts/s": round(SCRIPTS / median(one_by_one)),
            "one by one, seconds": round(median(one_by_one), 2),
            "limit": "the same answers compared with their keys, nothing scored",
            "processors": os.cpu_count(),
        },
    }


def _timed(act: Callable[[], list[Any]]) -> tuple[float, list[Any]]:
    started = time.perf_counter()
    found = act()
    return time.perf_counter() - started, found


def _together(items: list[Item], scripts: list[dict[str, Any]]) -> list[Any]:
    placed = [_Placed(item.id) for item in items]
    sheets = {number: Sheet(placed, answers) for number, answers in enumerate(scripts)}
    marked = mark_sheets(sheets, {item.id: item for item in items}, ["proportional"])
    return [each.total for each in marked.values()]


def _singly(items: list[Item], scripts: list[dict[str, Any]]) -> list[Any]:
    return [
        script_score([item_score(item, given[item.id], POINTS, "proportional") for item in items]) for given in scripts
    ]


def _item(number: int, kind: ItemType) -> Item:
    letters = tuple(Option(each, each) for each in "abcde")
    keys: dict[ItemType, Any] = {
        ItemType.SINGLE: "b",
        ItemType.JUDGEMENT: "true",
        ItemType.MULTIPLE: ("a", "c"),
        ItemType.ORDERING: ("b", "a", "d", "c", "e"),
    }
    blanks = (Blank("1", accept=("IPv6",)), Blank("2", Decimal("10.5"), Decimal("0.1")))
    return Item(
        id=f"bench-{number}",
        type=kind,
        outline="1.1.1",
        stem="",
        options=() if kind is ItemType.FILL_IN else letters,
        key=keys.get(kind),
        blanks=blanks if kind is ItemType.FILL_IN else (),
    )


def _answer(item: Item, chance: random.Random) -> Any:
    if item.type is ItemType.MULTIPLE:
        return sorted(chance.sample("abcde", chance.randrange(1, 4)))
    if item.type is ItemType.JUDGEMENT:
        return chance.choice(("true", "false"))
    if item.type is ItemType.ORDERING:
        return chance.sample("abcde", 5)
    if item.type is ItemType.FILL_IN:
        return {"1": chance.choice(("ipv6", "ＩＰｖ６", "TCP", "")), "2": f"{chance.randrange(1000, 1100) / 100}"}
    return chance.choice("abcd")
