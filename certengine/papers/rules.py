"""The draw: rules from a standard's layout and weights, and each candidate's paper from rules, seed and registration."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certengine.foundation.canonical import canonical_json
from certengine.foundation.errors import Invalid, Problem
from certengine.papers import kernel
from certengine.papers.blueprint import Apportionment, apportion
from certengine.papers.table import QUANTITIES, Table, build, cells_of, name_of, quantities
from certengine.papers.values import (
    ALGORITHM,
    Band,
    CognitionRule,
    Drawable,
    NodeRule,
    Paper,
    PaperItem,
    PaperRules,
    SectionRule,
    rules_from_json,
)

__all__ = [
    "ALGORITHM",
    "Band",
    "CognitionRule",
    "Drawable",
    "NodeRule",
    "Paper",
    "PaperItem",
    "PaperRules",
    "SectionRule",
    "draw",
    "make_rules",
    "rules_from_json",
]

# Half the spread aimed at: 0.1 point of 100 at the cut, 0.6 at θ ±1, information within 3 %.
SCORE_BANDS = (300_000, 50_000, 300_000)
INFORMATION_SHARE = Fraction(3, 100)
# By how many items of a cognitive level a paper may differ from what the weights let expect.
COGNITION_SLACK = 2
# How far, in points of 100, a node may miss its weight because the bank is thin, before the rules are refused.
NODE_TOLERANCE = Fraction(2)
# The bands are widened step by step until so many trial papers meet them; then they are stated in the rules.
TRIALS = 64
WIDENINGS = 6


def make_rules(
    items: Sequence[Drawable],
    *,
    release: str,
    field: str,
    level: str,
    direction: str | None,
    sections: Sequence[SectionRule],
    weights: Mapping[str, Decimal],
) -> PaperRules:
    """The rules for a release: blueprint, spread of cognition, bands that the bank can keep.

    Raises Invalid with every place where the release has too few items.
    """
    nodes = tuple(NodeRule(node, Decimal(weights[node]), ()) for node in sorted(weights, key=_dotted) if weights[node])
    bare = PaperRules(field, level, direction, release, tuple(sections), nodes, (), ())
    cells = cells_of(items, bare)
    counts = _blueprint(bare, [len(cell) for cell in cells]).counts
    filled = tuple(replace(node, counts=tuple(row)) for node, row in zip(nodes, counts, strict=True))
    bare = replace(bare, nodes=filled)
    rules = replace(bare, cognition=_cognition(bare, cells), bands=_bands(bare, cells))
    return _widened(items, rules)


def _dotted(node: str) -> tuple[tuple[int, str], ...]:
    return tuple((int(part) if part.isdecimal() else 0, part) for part in node.split("."))


def _blueprint(rules: PaperRules, there: Sequence[int]) -> Apportionment:
    """Counts by the weights; where the bank is too thin for them, the nearest that it can fill."""
    weights = [Fraction(node.weight) for node in rules.nodes]
    sections = [(section.count, section.thousandths) for section in rules.sections]
    ideal = apportion(weights, sections)
    assert ideal is not None
    short = _shortfalls(rules, ideal.counts, there)
    if not short:
        return ideal
    size = len(rules.nodes)
    room = [[there[s * size + n] for s in range(len(sections))] for n in range(size)]
    within = apportion(weights, sections, room)
    if within is None or within.deviation * 100 > NODE_TOLERANCE * Fraction(rules.points):
        raise Invalid(short, "papers.short")
    return within


def _shortfalls(rules: PaperRules, counts: Sequence[Sequence[int]], there: Sequence[int]) -> list[Problem]:
    found = []
    for s, section in enumerate(rules.sections):
        for n, node in enumerate(rules.nodes):
            available = there[s * len(rules.nodes) + n]
            if counts[n][s] > available:
                values = {"node": node.node, "type": section.type, "needed": counts[n][s], "there": available}
                found.append(Problem(f"{node.node} {section.type}", "papers.shortfall", values))
    return found


def _cell_counts(rules: PaperRules) -> list[int]:
    return [node.counts[s] for s in range(len(rules.sections)) for node in rules.nodes]


def _cognition(rules: PaperRules, cells: Sequence[Sequence[Sequence[Drawable]]]) -> tuple[CognitionRule, ...]:
    """What the blueprint lets expect of each level, a little wider."""
    expected: Counter[str] = Counter()
    for count, cell in zip(_cell_counts(rules), cells, strict=True):
        for unit in cell:
            for item in unit:
                expected[name_of(item.cognition)] += Fraction(count, len(cell) * len(unit))  # type: ignore[assignment]
    return tuple(
        CognitionRule(
            level,
            max(0, int(Fraction(expected[level])) - COGNITION_SLACK),
            -int(-Fraction(expected[level]) // 1) + COGNITION_SLACK,
        )
        for level in sorted(expected)
    )


def _bands(rules: PaperRules, cells: Sequence[Sequence[Sequence[Drawable]]]) -> tuple[Band, ...]:
    """The mean paper of the blueprint, and the bands aimed at around it."""
    means = [Fraction(0)] * len(QUANTITIES)
    for c, (count, cell) in enumerate(zip(_cell_counts(rules), cells, strict=True)):
        section = rules.sections[c // len(rules.nodes)]
        for unit in cell:
            for item in unit:
                for q, value in enumerate(quantities(item, section)):
                    means[q] += Fraction(count * value, len(cell) * len(unit))
    targets = [int(mean) for mean in means]
    # Bands are stated for 100 points; a paper of another total has them in proportion.
    bands = [int(band * rules.points / 100) for band in SCORE_BANDS]
    bands.append(int(means[3] * INFORMATION_SHARE))
    return tuple(Band(*each) for each in zip(QUANTITIES, targets, bands, strict=True))


def _widened(items: Sequence[Drawable], rules: PaperRules) -> PaperRules:
    """The narrowest of the stated bands that trial papers meet, each widening twice the one before."""
    for widening in range(WIDENINGS + 1):
        factor = 2**widening
        wider = replace(
            rules,
            bands=tuple(replace(band, band=band.band * factor) for band in rules.bands),
            cognition=tuple(replace(c, low=max(0, c.low - widening), high=c.high + widening) for c in rules.cognition),
        )
        trial = simulate(items, wider, b"trial", [f"trial {number}" for number in range(TRIALS)])
        if trial.met.all():
            return wider
    raise Invalid(
        [Problem("", "papers.cannot_draw", {"failed": int((~trial.met).sum()), "of": TRIALS})], "papers.short"
    )


@dataclass(frozen=True)
class Sample:
    """Papers as arrays: items (places in the table), options as places, whether each met its bands, its sums."""

    table: Table
    items: NDArray[np.int64]
    shown: NDArray[np.uint8]
    met: NDArray[np.bool_]
    totals: NDArray[np.int64]


def simulate(
    items: Sequence[Drawable],
    rules: PaperRules,
    seed: bytes,
    registrations: Sequence[str],
    equalise: bool = True,
) -> Sample:
    """The draw as arrays; with equalise=False the stratified sample as it falls, for comparison alone."""
    table = build(items, rules)
    return sample(table, rules, stream_states(rules, seed, registrations), equalise)


def sample(table: Table, rules: PaperRules, states: NDArray[np.uint64], equalise: bool = True) -> Sample:
    for_kernel = (
        np.array([band.target for band in rules.bands], np.int64),
        np.array([band.band for band in rules.bands], np.int64),
        np.array([rule.low for rule in rules.cognition], np.int64),
        np.array([rule.high for rule in rules.cognition], np.int64),
    )
    drawn = kernel.draw_papers(
        states,
        table.cell_start,
        table.cell_count,
        table.unit_start,
        table.enemy_start,
        table.enemies,
        table.value,
        table.cognition,
        *for_kernel,
        table.section_start,
        table.loose,
        table.widest,
        equalise,
    )
    return Sample(table, *drawn)


def stream_states(rules: PaperRules, seed: bytes, registrations: Sequence[str]) -> NDArray[np.uint64]:
    """Each paper's generator state: HMAC-SHA256 of the seed over algorithm, rules, release and registration."""
    digests = [_keyed(seed, "stream", rules, registration) for registration in registrations]
    return np.frombuffer(b"".join(digests), "<u8").reshape(-1, 4).astype(np.uint64)


def _keyed(seed: bytes, purpose: str, rules: PaperRules, registration: str) -> bytes:
    text = f"certengine paper {rules.algorithm} {purpose}\n{rules.hash}\n{rules.release}\n{registration}"
    return hmac.digest(seed, text.encode(), hashlib.sha256)


def draw(items: Sequence[Drawable], rules: PaperRules, seed: bytes, registrations: Sequence[str]) -> list[Paper]:
    """Each registration's paper, in their order; a paper depends on no other one.

    Raises Invalid where the release does not fill the blueprint, a registration comes twice or a band cannot be met.
    """
    _check(items, rules, registrations)
    drawn = simulate(items, rules, seed, registrations)
    failed = [registration for registration, met in zip(registrations, drawn.met, strict=True) if not met]
    if failed:
        values = {"failed": len(failed), "of": len(registrations)}
        raise Invalid([Problem(failed[0], "papers.cannot_draw", values)], "papers.short")
    return _papers(drawn, rules, seed, registrations)


def _check(items: Sequence[Drawable], rules: PaperRules, registrations: Sequence[str]) -> None:
    if rules.algorithm != ALGORITHM:
        raise Invalid([Problem("algorithm", "papers.algorithm", {"algorithm": rules.algorithm})])
    twice = [registration for registration, times in Counter(registrations).items() if times > 1]
    if twice:
        raise Invalid([Problem(registration, "papers.registration_twice") for registration in twice])
    counts = [node.counts for node in rules.nodes]
    if short := _shortfalls(rules, counts, [len(cell) for cell in cells_of(items, rules)]):
        raise Invalid(short, "papers.short")


def _papers(drawn: Sample, rules: PaperRules, seed: bytes, registrations: Sequence[str]) -> list[Paper]:
    places = _Places(drawn.table, rules)
    fixed = f'"release":{_text(rules.release)},"rules":{_text(rules.hash)},"salt":'.encode()
    papers = []
    scores = drawn.totals[:, :3].tolist()
    for number, registration in enumerate(registrations):
        placed = places.of(drawn.items[number], drawn.shown[number])
        salt = _keyed(seed, "salt", rules, registration)[:16].hex()
        # Written piece by piece, in the order of canonical JSON, for thousands of papers; see paper_content.
        content = b"".join(
            (
                b'{"algorithm":',
                _text(rules.algorithm).encode(),
                b',"items":[',
                b",".join([text for _, text in placed]),
                b'],"registration":',
                _text(registration).encode(),
                b",",
                fixed,
                _text(salt).encode(),
                b"}",
            )
        )
        low, cut, high = (Decimal(score).scaleb(-6) for score in scores[number])
        digest = hashlib.sha256(content).hexdigest()
        papers.append(Paper(registration, digest, tuple([item for item, _ in placed]), (low, cut, high)))
    return papers


def paper_content(paper: Paper, rules: PaperRules, seed: bytes) -> dict[str, Any]:
    """What paper_hash is the canonical hash of. The salt keeps a paper from being guessed from its hash."""
    return {
        "algorithm": rules.algorithm,
        "release": rules.release,
        "rules": rules.hash,
        "registration": paper.registration,
        "items": [_item_content(item) for item in paper.items],
        "salt": _keyed(seed, "salt", rules, paper.registration)[:16].hex(),
    }


def _item_content(item: PaperItem) -> list[Any]:
    points = int(item.points.scaleb(3))
    return [item.item, item.version, list(item.options), list(item.matches), points, item.section]


def _text(value: str) -> str:
    return canonical_json(value).decode()


class _Places:
    """Paper items by what the kernel gives, made once for each item and order of options."""

    def __init__(self, table: Table, rules: PaperRules) -> None:
        self._table = table
        self._sections = [(rule, number) for number, rule in enumerate(rules.sections) for _ in range(rule.count)]
        self._widths = [len(ids) for ids in table.option_ids]
        self._made: dict[tuple[int, bytes], tuple[PaperItem, bytes]] = {}

    def of(self, items: NDArray[np.int64], shown: NDArray[np.uint8]) -> list[tuple[PaperItem, bytes]]:
        widest, orders = shown.shape[1], shown.tobytes()
        placed = []
        for slot, item in enumerate(items.tolist()):
            key = (item, orders[slot * widest : slot * widest + self._widths[item]])
            made = self._made.get(key)
            if made is None:
                made = self._made[key] = self._make(slot, *key)
            placed.append(made)
        return placed

    def _make(self, slot: int, place: int, order: bytes) -> tuple[PaperItem, bytes]:
        item, (rule, section) = self._table.items[place], self._sections[slot]
        ids = [self._table.option_ids[place][position] for position in order]
        options = int(self._table.loose[place, 1])
        made = PaperItem(item.id, item.version, tuple(ids[:options]), rule.points, section, tuple(ids[options:]))
        return made, canonical_json(_item_content(made))
