"""How alike the answers of two people are, against how alike the abilities of both make them. Figures, not verdicts.

Responses are people × items of chosen options from 0, UNSEEN where an item was not shown or left out. Papers may differ:
a pair is compared on the items that both answered. Given abilities, people are taken to answer independently; whatever
else makes two people alike (one teacher, one textbook, a wrong key) raises these figures just as copying does.

GBT: generalised binomial test (van der Linden and Sotaridona 2006), symmetric, its distribution exact.
ω: Wollack (1997), one person as source whose answers are given, the other as copier. Its p is exact too: the normal tail
is too short for few shared items, with 10 to 20 of them honest people would pass .001 half as often again.
"""

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from certengine.psychometrics.compiled import compiled
from certengine.psychometrics.irt import Floats, probability

Integers = NDArray[np.int64]
# Abilities (n) to the probability of each option, n × items × options; options that an item lacks have 0.
OptionModel = Callable[[Floats], Floats]

UNSEEN = -1
# With fewer shared items even who copies all of them is mostly not found: with 6 at .001 one of twenty, with 16 four of
# five. A figure would then say nothing, and its absence of suspicion would be taken for innocence.
FEWEST_SHARED = 16
# People whose option probabilities are in memory for all items at once.
BLOCK = 256


@dataclass(frozen=True)
class Finding:
    """One pair for a report. Counts are always given; the figures are None where the pair shares too few items.

    expected and expected_same_wrong: mean counts under independence. gbt: P(at least so many matches). omega and omega_p
    (the same probability given the source's answers) have two entries: the second person as copier of the first, the
    first as copier of the second.
    """

    first: int
    second: int
    shared: int
    matches: int
    same_wrong: int
    too_few: bool
    fewest: int
    expected: float | None
    expected_same_wrong: float | None
    gbt: float | None
    gbt_bonferroni: float | None
    gbt_false_discovery: float | None
    omega: tuple[float, float] | None
    omega_p: tuple[float, float] | None
    omega_bonferroni: tuple[float, float] | None
    omega_false_discovery: tuple[float, float] | None


@dataclass(frozen=True)
class Similarity:
    """Findings as arrays, one row a pair, names as in Finding; NaN where a pair shares fewer than fewest items."""

    pairs: Integers
    fewest: int
    shared: Integers
    matches: Integers
    same_wrong: Integers
    expected: Floats
    expected_same_wrong: Floats
    gbt: Floats
    gbt_bonferroni: Floats
    gbt_false_discovery: Floats
    omega: Floats
    omega_p: Floats
    omega_bonferroni: Floats
    omega_false_discovery: Floats

    @property
    def too_few(self) -> NDArray[np.bool_]:
        return self.shared < self.fewest

    def finding(self, row: int) -> Finding:
        """The pair in this row, with None for what it cannot carry."""

        def figure(values: Floats) -> float | None:
            return float(values[row]) if np.isfinite(values[row]) else None

        def both(values: Floats) -> tuple[float, float] | None:
            there, back = values[row]
            return (float(there), float(back)) if np.isfinite(there) and np.isfinite(back) else None

        return Finding(
            first=int(self.pairs[row, 0]),
            second=int(self.pairs[row, 1]),
            shared=int(self.shared[row]),
            matches=int(self.matches[row]),
            same_wrong=int(self.same_wrong[row]),
            too_few=bool(self.too_few[row]),
            fewest=self.fewest,
            expected=figure(self.expected),
            expected_same_wrong=figure(self.expected_same_wrong),
            gbt=figure(self.gbt),
            gbt_bonferroni=figure(self.gbt_bonferroni),
            gbt_false_discovery=figure(self.gbt_false_discovery),
            omega=both(self.omega),
            omega_p=both(self.omega_p),
            omega_bonferroni=both(self.omega_bonferroni),
            omega_false_discovery=both(self.omega_false_discovery),
        )


def compare(
    responses: ArrayLike,
    key: ArrayLike,
    theta: ArrayLike,
    model: OptionModel,
    pairs: ArrayLike | None = None,
    *,
    fewest: int = FEWEST_SHARED,
) -> Similarity:
    """All figures of the pairs (rows of two people's numbers), or of all pairs.

    theta: one ability a person. key: the right option of each item. Corrections for many tests count the pairs given
    here that share enough items; ω counts both directions. ValueError where shapes, options or numbers do not fit.
    """
    answers = np.asarray(responses, np.int64)
    abilities = np.asarray(theta, float)
    right = np.asarray(key, np.int64)
    chosen = all_pairs(len(answers)) if pairs is None else np.asarray(pairs, np.int64).reshape(-1, 2)
    _check(answers, right, abilities, chosen)
    used, rows = np.unique(chosen, return_inverse=True)
    table = _table(answers[used], abilities[used], model)
    if used.size and np.any((right < 0) | (right >= table.probabilities.shape[2])):
        raise ValueError("the key is none of its item's options")
    found = _in_parallel(np.ascontiguousarray(rows.reshape(-1, 2)), table, right, max(fewest, 1))
    gbt, omega, omega_p = found[:, 5], found[:, 6:8], found[:, 8:10]
    return Similarity(
        pairs=chosen,
        fewest=fewest,
        shared=found[:, 0].astype(np.int64),
        matches=found[:, 1].astype(np.int64),
        same_wrong=found[:, 2].astype(np.int64),
        expected=found[:, 3],
        expected_same_wrong=found[:, 4],
        gbt=gbt,
        gbt_bonferroni=bonferroni(gbt),
        gbt_false_discovery=benjamini_hochberg(gbt),
        omega=omega,
        omega_p=omega_p,
        omega_bonferroni=bonferroni(omega_p),
        omega_false_discovery=benjamini_hochberg(omega_p),
    )


def all_pairs(people: int) -> Integers:
    """Every pair once, as rows of two numbers."""
    return np.stack(np.triu_indices(people, 1), axis=1).astype(np.int64)


def same_wrong_items(responses: ArrayLike, key: ArrayLike, first: int, second: int) -> Integers:
    """The items on which both people chose the same wrong option, for the report."""
    one, other = np.asarray(responses, np.int64)[[first, second]]
    result: Integers = np.flatnonzero((one == other) & (one != UNSEEN) & (one != np.asarray(key)))
    return result


def wrong_shares(key: ArrayLike, options: ArrayLike, responses: ArrayLike | None = None, weight: float = 1.0) -> Floats:
    """Items × options: how the wrong answers to an item spread over its wrong options; rows sum to 1, the key has 0.

    options: how many each item has. weight is added to every count, lest two people who alone chose an option be measured
    by a share that is their own doing. Without responses all wrong options are alike: only where they truly are, for
    otherwise honest people meet at the popular ones, and far more of them than the nominal share stand out.
    """
    right = np.asarray(key, np.int64)
    sizes = np.broadcast_to(np.asarray(options, np.int64), right.shape)
    if not (weight > 0 and np.all(sizes >= 2) and np.all((right >= 0) & (right < sizes))):
        raise ValueError("every item needs two options or more, its key among them, and the weight must be positive")
    numbers = np.arange(sizes.max(initial=2))
    counts = np.full((len(right), len(numbers)), float(weight))
    if responses is not None:
        answers = np.asarray(responses, np.int64)
        if np.any(answers >= sizes):
            raise ValueError("a response is none of its item's options")
        counts += np.stack([(answers == number).sum(axis=0) for number in numbers], axis=1)
    counts[(numbers >= sizes[:, None]) | (numbers == right[:, None])] = 0
    result: Floats = counts / counts.sum(axis=1, keepdims=True)
    return result


def logistic_options(a: ArrayLike, b: ArrayLike, c: ArrayLike, key: ArrayLike, shares: ArrayLike) -> OptionModel:
    """The right option by the 2PL or 3PL, the rest of the probability spread over wrong options by shares."""
    spread = np.asarray(shares, float)
    right = np.asarray(key, np.int64)

    def model(theta: Floats) -> Floats:
        correct = probability(theta, a, b, c)
        result: Floats = (1 - correct)[:, :, None] * spread
        result[:, np.arange(len(right)), right] = correct
        return result

    return model


def nominal_options(slopes: ArrayLike, intercepts: ArrayLike) -> OptionModel:
    """Bock's (1972) nominal response model, items × options; an intercept of −∞ marks an option that is not there."""
    steep, place = np.asarray(slopes, float), np.asarray(intercepts, float)

    def model(theta: Floats) -> Floats:
        logits = theta[:, None, None] * steep + place
        weights = np.exp(logits - logits.max(axis=2, keepdims=True))
        result: Floats = weights / weights.sum(axis=2, keepdims=True)
        return result

    return model


def match_tail(probabilities: ArrayLike, matches: int) -> float:
    """P(at least so many matches) where each item matches with its own probability (generalised binomial)."""
    values = np.ascontiguousarray(probabilities, float)
    return float(_tail(values, len(values), matches, np.empty(len(values) + 1)))


def bonferroni(p: ArrayLike) -> Floats:
    """p times the number of tests, at most 1; NaN is no test."""
    values = np.asarray(p, float)
    result: Floats = np.minimum(values * np.isfinite(values).sum(), 1.0)
    return result


def benjamini_hochberg(p: ArrayLike) -> Floats:
    """Adjusted p: the lowest false discovery rate at which the test is a discovery (1995); NaN is no test."""
    values = np.asarray(p, float)
    tested = np.isfinite(values)
    given = values[tested]
    order = np.argsort(given)[::-1]
    ranks = np.arange(len(given), 0, -1)
    adjusted = np.empty(len(given))
    adjusted[order] = np.minimum.accumulate(np.minimum(given[order] * len(given) / ranks, 1.0))
    result = np.full(values.shape, np.nan)
    result[tested] = adjusted
    return result


@dataclass(frozen=True)
class _Table:
    """What each person answered, side by side: person × place; lengths says how many places are filled."""

    items: Integers
    answers: Integers
    lengths: Integers
    probabilities: Floats


def _check(answers: Integers, key: Integers, theta: Floats, pairs: Integers) -> None:
    if answers.ndim != 2 or key.shape != answers.shape[1:] or theta.shape != answers.shape[:1]:
        raise ValueError("responses must be people × items, with one ability a person and one key an item")
    if pairs.size and (pairs.min() < 0 or pairs.max() >= len(answers) or np.any(pairs[:, 0] == pairs[:, 1])):
        raise ValueError("a pair must name two different people")
    if np.any(answers < UNSEEN):
        raise ValueError("a response must be an option's number or UNSEEN")
    if not np.all(np.isfinite(theta) | (answers == UNSEEN).all(axis=1)):
        raise ValueError("everyone who answered needs an ability")


def _table(answers: Integers, theta: Floats, model: OptionModel) -> _Table:
    """Kept to the items answered: of a large bank each person saw few, and all options of all items would not fit."""
    seen = answers != UNSEEN
    lengths = seen.sum(axis=1)
    width = int(lengths.max(initial=0))
    # A stable sort brings each person's answered items to the front, in the order of their numbers.
    items = np.argsort(~seen, axis=1, kind="stable")[:, :width]
    blocks = [np.zeros((0, width, 1))]
    for start in range(0, len(answers), BLOCK):
        part = slice(start, start + BLOCK)
        every = np.asarray(model(np.nan_to_num(theta[part])), float)
        if every.ndim != 3 or every.shape[:2] != answers[part].shape:
            raise ValueError("the option model must give people × items × options")
        if np.any(answers[part] >= every.shape[2]):
            raise ValueError("a response is none of its item's options")
        blocks.append(np.take_along_axis(every, items[part, :, None], axis=1))
    probabilities = np.concatenate(blocks[1:]) if len(blocks) > 1 else blocks[0]
    return _Table(items, np.take_along_axis(answers, items, axis=1), lengths, probabilities)


def _in_parallel(pairs: Integers, table: _Table, key: Integers, fewest: int) -> Floats:
    found = np.full((len(pairs), 10), np.nan)
    data = (table.items, table.answers, table.lengths, table.probabilities, key, fewest)
    workers = os.cpu_count() or 1
    edges = np.linspace(0, len(pairs), workers + 1).astype(int)
    parts = list(zip(edges[:-1], edges[1:], strict=True))
    if len(pairs) < 1000:
        parts = [(0, len(pairs))]
    with ThreadPoolExecutor(len(parts)) as pool:
        for _ in pool.map(lambda part: _compare(pairs[slice(*part)], *data, found[slice(*part)]), parts):
            pass
    return found


@compiled
def _tail(probabilities, items, matches, work):  # type: ignore[no-untyped-def]
    """P(at most items − matches do not match): sums of positive terms alone, hence exact far out in the tail too."""
    most = items - matches
    if most < 0:
        return 0.0
    if matches <= 0:
        return 1.0
    work[: most + 1] = 0.0
    work[0] = 1.0
    for item in range(items):
        hit = probabilities[item]
        miss = 1 - hit
        before = 0.0
        for count in range(min(item + 1, most) + 1):
            here = work[count]
            work[count] = here * hit + before * miss
            before = here
    return min(1.0, work[: most + 1].sum())


@compiled
def _meet(items, lengths, one, other, places):  # type: ignore[no-untyped-def]
    """Where the items that both answered stand with either person; returns how many there are."""
    i = j = shared = 0
    while i < lengths[one] and j < lengths[other]:
        mine, theirs = items[one, i], items[other, j]
        if mine == theirs:
            places[shared, 0], places[shared, 1] = i, j
            shared += 1
        i += mine <= theirs
        j += theirs <= mine
    return shared


@compiled
def _compare(pairs, items, answers, lengths, probabilities, key, fewest, found):  # type: ignore[no-untyped-def]
    """Fills found: shared, matches, same wrong, expected of both, GBT's tail, ω both ways, its tail both ways."""
    width, options = probabilities.shape[1], probabilities.shape[2]
    places = np.empty((width, 2), np.int64)
    matching, copying, lending = np.empty((3, width))
    work = np.empty(width + 1)
    for row in range(len(pairs)):
        one, other = pairs[row]
        shared = _meet(items, lengths, one, other, places)
        matches = same_wrong = 0
        expected_right = 0.0
        for k in range(shared):
            i, j = places[k]
            first, second, right = answers[one, i], answers[other, j], key[items[one, i]]
            matches += first == second
            same_wrong += first == second and first != right
            both = 0.0
            for option in range(options):
                both += probabilities[one, i, option] * probabilities[other, j, option]
            expected_right += probabilities[one, i, right] * probabilities[other, j, right]
            matching[k], copying[k], lending[k] = both, probabilities[other, j, first], probabilities[one, i, second]
        found[row, 0], found[row, 1], found[row, 2] = shared, matches, same_wrong
        if shared < fewest:
            continue
        found[row, 3] = matching[:shared].sum()
        found[row, 4] = found[row, 3] - expected_right
        found[row, 5] = _tail(matching, shared, matches, work)
        for way, chances in enumerate((copying[:shared], lending[:shared])):
            spread = (chances * (1 - chances)).sum()
            if spread > 0:
                found[row, 6 + way] = (matches - chances.sum()) / np.sqrt(spread)
                found[row, 8 + way] = _tail(chances, shared, matches, work)
