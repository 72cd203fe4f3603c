"""bench marking: scripts marked a second, beside comparing the same answers with their keys and nothing else."""

import os
import random
import time
from decimal import Decimal
from statistics import median
from typing import Any

from certengine.bank.rules import Item, ItemType, Option
from certengine.marking.rules import item_score, script_score

SCRIPTS, ROUNDS = 2_000, 3


def bench() -> dict[str, Any]:
    items = [_item(number) for number in range(65)]
    chance = random.Random(2026)
    scripts = [[_answer(item, chance) for item in items] for _number in range(SCRIPTS)]
    ours, limit = [], []
    for _round in range(ROUNDS):
        started = time.perf_counter()
        for script in scripts:
            script_score([item_score(item, answer, Decimal("1.5")) for item, answer in zip(items, script, strict=True)])
        halfway = time.perf_counter()
        for script in scripts:
            sum(answer == item.key for item, answer in zip(items, script, strict=True))
        ours.append(SCRIPTS / (halfway - started))
        limit.append(SCRIPTS / (time.perf_counter() - halfway))
    return {
        "name": "marking",
        "unit": "scripts/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "ours": "65 items a script, scores as decimals, in memory",
            "limit": "the same answers compared with their keys",
            "processors": os.cpu_count(),
        },
    }


def _item(number: int) -> Item:
    several = number % 6 == 5
    options = tuple(Option(each, each) for each in "abcde")
    return Item(
        id=f"bench-{number}",
        type=ItemType.MULTIPLE if several else ItemType.SINGLE,
        outline="1.1.1",
        stem="",
        options=options,
        key=("a", "c") if several else "b",
    )


def _answer(item: Item, chance: random.Random) -> Any:
    if item.type is ItemType.MULTIPLE:
        return sorted(chance.sample("abcde", 2))
    return chance.choice("abcd")
