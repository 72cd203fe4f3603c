"""Papers that mind one another: how often an item comes, what neighbours share, and which fixed form each one has.

Only where the rules ask for it does a paper depend on others, and then on what was committed to with it: the batch's
registrations, who sits beside whom, and the papers of earlier batches. Everything is decided in the order of the
registrations, so that it can be done again.
"""

import hashlib
import hmac
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from certengine.foundation.errors import Invalid, Problem
from certengine.papers.values import PaperRules

# A paper that breaks a cap is drawn again under the next number; so many times.
ROUNDS = 60
LETTERS = "ABCDEFGHIJKLMNOPQRST"
# What a form for printing is registered as; where candidates have forms, it is one of theirs.
FORM = "form:"


@dataclass(frozen=True)
class Earlier:
    """A paper that is there already."""

    items: tuple[str, ...]
    form: str = ""


@dataclass(frozen=True)
class Surroundings:
    """neighbours: pairs of registrations whose seats adjoin; earlier: registration → paper of the batches before."""

    neighbours: tuple[tuple[str, str], ...] = ()
    earlier: Mapping[str, Earlier] = field(default_factory=dict)

    def of(self, names: Iterable[str]) -> "Surroundings":
        """What concerns these: pairs of them, or of one of them and an earlier one."""
        inside = set(names)
        known = inside | set(self.earlier)
        kept = tuple(pair for pair in self.neighbours if set(pair) <= known and set(pair) & inside)
        return Surroundings(kept, self.earlier)


ALONE = Surroundings()


def breaking(
    rules: PaperRules,
    names: Sequence[str],
    chosen: NDArray[np.int64],
    ids: Sequence[str],
    beside: Surroundings,
    pairs: Sequence[tuple[str, str]] | None = None,
) -> NDArray[np.int64]:
    """Places of the papers that break a cap and are to be drawn again; names in order, chosen as places in ids.

    The first in the order keeps its paper. pairs: who must not share too much; by default the neighbours.
    """
    inside = np.zeros((len(names), len(ids)), np.bool_)
    np.put_along_axis(inside, chosen, True, axis=1)
    bad = np.zeros(len(names), np.bool_)
    place = {item: number for number, item in enumerate(ids)}
    if rules.exposure is not None:
        bad = _overexposed(rules.exposure, inside, beside.earlier.values(), place)
    if rules.overlap is not None:
        at = {name: number for number, name in enumerate(names)}
        for one, other in beside.neighbours if pairs is None else pairs:
            later = max((name for name in (one, other) if name in at), key=lambda name: at[name])
            first = other if later == one else one
            shared = (
                int((inside[at[first]] & inside[at[later]]).sum())
                if first in at
                else sum(inside[at[later], place[item]] for item in beside.earlier[first].items if item in place)
            )
            bad[at[later]] = bad[at[later]] or shared > rules.overlap
    return np.flatnonzero(bad)


def _overexposed(
    percent: int, inside: NDArray[np.bool_], earlier: Iterable[Earlier], place: Mapping[str, int]
) -> NDArray[np.bool_]:
    """Papers that hold an item which the ones before them have used up."""
    before = np.zeros(inside.shape[1], np.int64)
    there = 0
    for paper in earlier:
        there += 1
        for item in paper.items:
            if item in place:
                before[place[item]] += 1
    most = -(-percent * (there + len(inside)) // 100)
    times = before + np.cumsum(inside, axis=0)
    return np.asarray((inside & (times > most)).any(axis=1), np.bool_)


def unmet(rules: PaperRules, count: int) -> Invalid:
    values = {"failed": count, "exposure": rules.exposure or 100, "overlap": rules.overlap or "–"}
    return Invalid([Problem("", "papers.caps_unmet", values)], "papers.short")


def assigned_forms(seed: bytes, rules: PaperRules, names: Sequence[str], beside: Surroundings) -> dict[str, str]:
    """registration → letter of its form: none that a neighbour has, as far as there are enough of them.

    Each candidate's own order of preference comes from the seed, so that nobody can choose a form for anybody.
    """
    letters = LETTERS[: rules.forms]
    next_to: dict[str, set[str]] = {name: set() for name in names}
    for one, other in beside.neighbours:
        next_to.setdefault(one, set()).add(other)
        next_to.setdefault(other, set()).add(one)
    found = {name: paper.form for name, paper in beside.earlier.items() if paper.form}
    for name in names:
        if name.removeprefix(FORM) in letters and name.startswith(FORM):
            found[name] = name.removeprefix(FORM)
            continue
        text = f"certengine form {rules.algorithm}\n{rules.hash}\n{rules.release}\n{name}"
        order = sorted(letters, key=lambda letter: hmac.digest(seed, f"{text}\n{letter}".encode(), hashlib.sha256))
        taken = Counter(found[other] for other in next_to[name] if other in found)
        found[name] = min(order, key=lambda letter: taken[letter])
    return {name: found[name] for name in names}
