"""bench draws: equalised papers a second beside plain random ones, from the same bank in the same run."""

import os
import time
from dataclasses import dataclass, replace
from decimal import Decimal
from statistics import median
from typing import Any

import numpy as np

from certengine.papers.making import make_rules
from certengine.papers.rules import NodeRule, PaperRules, Sample, SectionRule, draw, sample, stream_states
from certengine.papers.table import Table, build

PAPERS = 20_000
BANK = 1_000
ROUNDS = 3
SECTIONS = (
    SectionRule("single", 40, Decimal("1.5")),
    SectionRule("multiple", 10, Decimal("2.5")),
    SectionRule("judgement", 15, Decimal(1)),
)
GUESSING = {"single": 0.25, "multiple": 0.05, "judgement": 0.5}


@dataclass(frozen=True)
class _Option:
    id: str


OPTIONS = {
    "single": tuple(_Option(each) for each in "abcd"),
    "multiple": tuple(_Option(each) for each in "abcde"),
    "judgement": (_Option("true"), _Option("false")),
}


@dataclass(frozen=True)
class _Item:
    id: str
    type: str
    outline: str
    cognition: str
    difficulty: float
    discrimination: float
    guessing: float
    options: tuple[_Option, ...]
    enemies: frozenset[str]
    version: int = 1
    directions: tuple[str, ...] = ()
    matches: tuple[_Option, ...] = ()
    fixed: frozenset[str] = frozenset()
    family: str | None = None


def synthetic_bank(size: int = BANK) -> list[_Item]:
    """A three-parameter bank over nine nodes with enemies: difficulties normal, slopes log-normal."""
    numbers = np.random.default_rng(2026)
    items = []
    for number in range(size):
        kind = "single" if number % 10 < 6 else "multiple" if number % 10 < 8 else "judgement"
        items.append(
            _Item(
                id=f"bench-{number:05}",
                type=kind,
                outline=f"{number * 7 % 9}.1.1",
                cognition=("knows", "understands", "applies")[int(numbers.integers(3))],
                difficulty=round(float(numbers.normal()), 2),
                discrimination=round(float(numbers.lognormal(0, 0.3)), 2),
                guessing=GUESSING[kind],
                options=OPTIONS[kind],
                enemies=frozenset({f"bench-{number + 90:05}"} if number % 15 == 0 and number + 90 < size else ()),
            )
        )
    return items


def bench() -> dict[str, Any]:
    """Ours: drawn, equalised and shuffled, as arrays, one thread. Limit: the same without blueprint and bands."""
    items = synthetic_bank()
    weights = {str(node): Decimal(12 if node else 4) for node in range(9)}
    rules = make_rules(
        items, release="00" * 32, field="bench", level="junior", direction=None, sections=SECTIONS, weights=weights
    )
    whole = NodeRule("*", Decimal(100), tuple(section.count for section in SECTIONS))
    plain = replace(rules, nodes=(whole,))
    tables = build(items, rules), build(items, plain)
    registrations = [f"registration-{number}" for number in range(PAPERS)]
    ours, limit = [], []
    for round_number in range(ROUNDS):
        seed = f"bench {round_number}".encode()
        started = time.perf_counter()
        equal = _drawn(tables[0], rules, seed, registrations, True)
        halfway = time.perf_counter()
        random = _drawn(tables[1], plain, seed, registrations, False)
        ours.append(PAPERS / (halfway - started))
        limit.append(PAPERS / (time.perf_counter() - halfway))
    started = time.perf_counter()
    draw(items, rules, b"bench", registrations[:2000])
    complete = 2000 / (time.perf_counter() - started)
    return {
        "name": "draws",
        "unit": "papers/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "papers": PAPERS,
            "bank": BANK,
            "items a paper": rules.items,
            "all bands met": bool(equal.met.all()),
            "spread at the cut, of 100 points": _spread(equal),
            "spread at the cut, plain random": _spread(random),
            "standard deviation at the cut": round(float(equal.totals[:, 1].std()) / 1e6, 4),
            "standard deviation at the cut, plain random": round(float(random.totals[:, 1].std()) / 1e6, 4),
            "complete papers with hashes, papers/s": round(complete),
            "threads": 1,
            "processors": os.cpu_count(),
        },
    }


def _drawn(table: Table, rules: PaperRules, seed: bytes, registrations: list[str], equalise: bool) -> Sample:
    return sample(table, rules, stream_states(rules, seed, registrations), equalise)


def _spread(drawn: Sample) -> float:
    return round(float(np.ptp(drawn.totals[:, 1])) / 1e6, 3)
