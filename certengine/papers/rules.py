"""The draw: each candidate's paper from rules, seed and registration."""

import hashlib
import hmac
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from certengine.foundation.canonical import canonical_json
from certengine.foundation.errors import Invalid, Problem
from certengine.papers import kernel
from certengine.papers.beside import ALONE, LETTERS, ROUNDS, Surroundings, assigned_forms, breaking, unmet
from certengine.papers.table import Table, build, cells_of
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
    "rules_from_json",
]


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


def stream_states(
    rules: PaperRules, seed: bytes, registrations: Sequence[str], purpose: str = "stream"
) -> NDArray[np.uint64]:
    """Each paper's generator state: HMAC-SHA256 of the seed over algorithm, rules, release and registration."""
    digests = [_keyed(seed, purpose, rules, registration) for registration in registrations]
    return np.frombuffer(b"".join(digests), "<u8").reshape(-1, 4).astype(np.uint64)


def _keyed(seed: bytes, purpose: str, rules: PaperRules, registration: str) -> bytes:
    text = f"certengine paper {rules.algorithm} {purpose}\n{rules.hash}\n{rules.release}\n{registration}"
    return hmac.digest(seed, text.encode(), hashlib.sha256)


def shortfalls(rules: PaperRules, counts: Sequence[Sequence[int]], there: Sequence[int]) -> list[Problem]:
    found = []
    for s, section in enumerate(rules.sections):
        for n, node in enumerate(rules.nodes):
            available = there[s * len(rules.nodes) + n]
            if counts[n][s] > available:
                values = {"node": node.node, "type": section.type, "needed": counts[n][s], "there": available}
                found.append(Problem(f"{node.node} {section.type}", "papers.shortfall", values))
    return found


def draw(
    items: Sequence[Drawable],
    rules: PaperRules,
    seed: bytes,
    registrations: Sequence[str],
    beside: Surroundings = ALONE,
) -> list[Paper]:
    """Each registration's paper, in their order; without caps and forms in the rules a paper depends on no other one.

    Raises Invalid where the release does not fill the blueprint, a registration comes twice, a band or a cap cannot
    be met.
    """
    _check(items, rules, registrations)
    if rules.forms:
        return _papers_of_forms(items, rules, seed, registrations, beside)
    table = build(items, rules)
    return _papers(_capped(table, rules, seed, registrations, beside), rules, seed, registrations)


def _capped(
    table: Table,
    rules: PaperRules,
    seed: bytes,
    registrations: Sequence[str],
    beside: Surroundings,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> Sample:
    """Papers within their bands, and those that break a cap drawn again under the next number until none does."""
    drawn = _within_bands(table, rules, seed, registrations, "stream")
    if rules.exposure is None and rules.overlap is None:
        return drawn
    order = sorted(range(len(registrations)), key=lambda place: registrations[place].encode())
    names, ids = [registrations[place] for place in order], [item.id for item in table.items]
    times = np.zeros(len(order), np.int64)
    near = beside.of(names)
    for _round in range(ROUNDS):
        bad = breaking(rules, names, drawn.items[order], ids, near, pairs)
        if not len(bad):
            return drawn
        times[bad] += 1
        for number in np.unique(times[bad]):
            again = [order[place] for place in bad if times[place] == number]
            found = _within_bands(table, rules, seed, [registrations[place] for place in again], f"stream {number}")
            drawn.items[again], drawn.shown[again] = found.items, found.shown
            drawn.totals[again] = found.totals
    raise unmet(rules, len(bad))


def _within_bands(table: Table, rules: PaperRules, seed: bytes, registrations: Sequence[str], purpose: str) -> Sample:
    drawn = sample(table, rules, stream_states(rules, seed, registrations, purpose))
    failed = [registration for registration, met in zip(registrations, drawn.met, strict=True) if not met]
    if failed:
        values = {"failed": len(failed), "of": len(registrations)}
        raise Invalid([Problem(failed[0], "papers.cannot_draw", values)], "papers.short")
    return drawn


def _papers_of_forms(
    items: Sequence[Drawable], rules: PaperRules, seed: bytes, registrations: Sequence[str], beside: Surroundings
) -> list[Paper]:
    """Each candidate's form in an order of their own; the forms themselves share no more than the overlap allows."""
    table = build(items, rules)
    letters = list(LETTERS[: rules.forms])
    names = [f"form {letter}" for letter in letters]
    every = [(one, other) for place, one in enumerate(names) for other in names[place + 1 :]]
    # How often an item comes follows from the number of forms, not from a cap.
    masters = _capped(table, replace(rules, exposure=None), seed, names, ALONE, every)
    form_of = assigned_forms(seed, rules, sorted(registrations, key=str.encode), beside.of(registrations))
    places = np.array([letters.index(form_of[name]) for name in registrations], np.int64)
    chosen = masters.items[places]
    # The sections keep their places, so that the same items are sorted before each candidate's own shuffle.
    for first, last in pairwise(table.section_start.tolist()):
        chosen[:, first:last].sort(axis=1)
    states = stream_states(rules, seed, registrations, "order")
    shown = kernel.shuffle_papers(states, chosen, table.section_start, table.loose, table.widest)
    drawn = Sample(table, chosen, shown, masters.met[places], masters.totals[places])
    return [
        replace(paper, form=form_of[paper.registration])
        for paper in _papers(drawn, rules, seed, registrations, form_of)
    ]


def _check(items: Sequence[Drawable], rules: PaperRules, registrations: Sequence[str]) -> None:
    if rules.algorithm != ALGORITHM:
        raise Invalid([Problem("algorithm", "papers.algorithm", {"algorithm": rules.algorithm})])
    twice = [registration for registration, times in Counter(registrations).items() if times > 1]
    if twice:
        raise Invalid([Problem(registration, "papers.registration_twice") for registration in twice])
    counts = [node.counts for node in rules.nodes]
    if short := shortfalls(rules, counts, [len(cell) for cell in cells_of(items, rules)]):
        raise Invalid(short, "papers.short")


def _papers(
    drawn: Sample,
    rules: PaperRules,
    seed: bytes,
    registrations: Sequence[str],
    forms: Mapping[str, str] | None = None,
) -> list[Paper]:
    places = _Places(drawn.table, rules)
    fixed = f'"release":{_text(rules.release)},"rules":{_text(rules.hash)},"salt":'.encode()
    papers = []
    scores = drawn.totals[:, :3].tolist()
    for number, registration in enumerate(registrations):
        placed = places.of(drawn.items[number], drawn.shown[number])
        salt = _keyed(seed, "salt", rules, registration)[:16].hex()
        # Written piece by piece, in the order of canonical JSON, for thousands of papers; see paper_content.
        form = f',"form":{_text(forms[registration])}' if forms else ""
        content = b"".join(
            (
                b'{"algorithm":',
                _text(rules.algorithm).encode(),
                form.encode(),
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
        **({"form": paper.form} if paper.form else {}),
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
