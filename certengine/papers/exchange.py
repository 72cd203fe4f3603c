"""Anneals fixed forms: exchanges items among them until each fits and lies close to a common aim. Compiled.

The solver proves how good forms can be, but finds them slowly, since the forms of a set are interchangeable. This
search finds them fast and proves nothing. Sums are whole millionths, so nothing drifts over millions of exchanges.
Limits are the tuple (least, most, low, high, weighed, target, one_sided): of each quantity the least and most, of
each cognitive level the fewest and most items, which quantities should lie at their target (or not under it).
"""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from certengine.psychometrics.compiled import compiled

Integers = NDArray[np.int64]
# What an item too many of a cognitive level or a pair of enemies costs, beside the squared points out of a band.
MISPLACED, CLASH = 0.3, 0.3


class Limits(NamedTuple):
    least: Integers
    most: Integers
    low: Integers
    high: Integers
    weighed: NDArray[np.bool_]
    target: Integers
    one_sided: bool


class Pool(NamedTuple):
    """Of each slot of a form the first item that may stand there and the one after the last; then the items."""

    first: Integers
    last: Integers
    value: Integers
    cognition: Integers
    enemy_start: Integers
    enemies: Integers


@compiled
def form_cost(sums, levels, clashes, limits):  # type: ignore[no-untyped-def]
    """Squared points outside the bands, plus the square of the greatest distance from the aim. 0: all is met."""
    least, most, low, high, weighed, target, one_sided = limits
    outside, furthest, misplaced = 0.0, 0.0, 0
    for q in range(len(sums)):
        away = max(least[q] - sums[q], sums[q] - most[q], 0) * 1e-6
        outside += away * away
        if weighed[q]:
            short = (target[q] - sums[q]) * 1e-6
            furthest = max(furthest, short if one_sided else abs(short))
    for level in range(len(levels)):
        misplaced += max(low[level] - levels[level], levels[level] - high[level], 0)
    return outside + furthest * furthest + MISPLACED * misplaced + CLASH * clashes


@compiled
def met(item, place, enemy_start, enemies, leaving):  # type: ignore[no-untyped-def]
    """How many enemies of an item have a place in a form, without the one that leaves it."""
    found = 0
    for k in range(enemy_start[item], enemy_start[item + 1]):
        if place[enemies[k]] >= 0 and enemies[k] != leaving:
            found += 1
    return found


@compiled
def sums_of(form, pool, levels_there):  # type: ignore[no-untyped-def]
    """Place of each item in a form (−1: none), the form's sums, its items a level, its pairs of enemies."""
    _, _, value, cognition, enemy_start, enemies = pool
    place = np.full(len(value), -1, np.int64)
    sums, levels = np.zeros(value.shape[1], np.int64), np.zeros(levels_there, np.int64)
    clashes = 0
    for s in range(len(form)):
        clashes += met(form[s], place, enemy_start, enemies, -1)
        place[form[s]] = s
        levels[cognition[form[s]]] += 1
        sums += value[form[s]]
    return place, sums, levels, clashes


@compiled
def _changed(sums, levels, clashes, place, out, item, pool, limits, new_sums, new_levels):  # type: ignore[no-untyped-def]
    """A form's clashes and cost once `item` stands in the place of `out`; its new sums and levels go into the last two."""
    _, _, value, cognition, enemy_start, enemies = pool
    for q in range(len(sums)):
        new_sums[q] = sums[q] + value[item, q] - value[out, q]
    for level in range(len(levels)):
        new_levels[level] = levels[level]
    new_levels[cognition[out]] -= 1
    new_levels[cognition[item]] += 1
    after = clashes - met(out, place, enemy_start, enemies, out) + met(item, place, enemy_start, enemies, out)
    return after, form_cost(new_sums, new_levels, after, limits)


@compiled
def _holder(place, item, times):  # type: ignore[no-untyped-def]
    """One of the forms that hold an item, at random."""
    nth = np.random.randint(times)
    for form in range(len(place)):
        if place[form, item] >= 0:
            if nth == 0:
                return form
            nth -= 1
    return -1


@compiled
def anneal(seed, steps, hottest, coldest, chosen, pool, limits, uses):  # type: ignore[no-untyped-def]
    """Betters `chosen` (forms × slots, places in the table) in place, to the best set met; returns each form's cost.

    A step takes a random slot and a random item that may stand there. The item comes in if it may be used once more,
    or exchanges its form with the one that stood there. With uses = 0 items are only exchanged, none comes or goes.
    """
    np.random.seed(seed)
    first, last, value = pool[0], pool[1], pool[2]
    (forms, slots), quantities, there = chosen.shape, value.shape[1], len(limits[2])
    place = np.empty((forms, len(value)), np.int64)
    sums, levels = np.empty((forms, quantities), np.int64), np.empty((forms, there), np.int64)
    clashes, costs = np.zeros(forms, np.int64), np.zeros(forms)
    times = np.zeros(len(value), np.int64)
    for f in range(forms):
        place[f], sums[f], levels[f], clashes[f] = sums_of(chosen[f], pool, there)
        costs[f] = form_cost(sums[f], levels[f], clashes[f], limits)
        for s in range(slots):
            times[chosen[f, s]] += 1
    best, best_costs = chosen.copy(), costs.copy()
    sums_f, sums_g = np.empty(quantities, np.int64), np.empty(quantities, np.int64)
    levels_f, levels_g = np.empty(there, np.int64), np.empty(there, np.int64)
    cooling = (coldest / hottest) ** (1.0 / steps)
    heat = hottest
    for _step in range(steps):
        heat *= cooling
        f, s = np.random.randint(forms), np.random.randint(slots)
        item, out, g = np.random.randint(first[s], last[s]), chosen[f, s], -1
        if place[f, item] >= 0 or (times[item] == 0 and uses == 0):
            continue
        if times[item] >= uses or (times[item] > 0 and np.random.random() < 0.5):
            g = _holder(place, item, times[item])
            if place[g, out] >= 0:
                continue
        clashes_f, cost_f = _changed(
            sums[f], levels[f], clashes[f], place[f], out, item, pool, limits, sums_f, levels_f
        )  # fmt: skip
        gain, clashes_g, cost_g = cost_f - costs[f], 0, 0.0
        if g >= 0:
            clashes_g, cost_g = _changed(
                sums[g], levels[g], clashes[g], place[g], item, out, pool, limits, sums_g, levels_g
            )  # fmt: skip
            gain += cost_g - costs[g]
        if gain > 0 and np.random.random() >= np.exp(-gain / heat):
            continue
        place[f, out], place[f, item], chosen[f, s] = -1, s, item
        sums[f], levels[f], clashes[f], costs[f] = sums_f, levels_f, clashes_f, cost_f
        if g >= 0:
            slot = place[g, item]
            place[g, item], place[g, out], chosen[g, slot] = -1, slot, out
            sums[g], levels[g], clashes[g], costs[g] = sums_g, levels_g, clashes_g, cost_g
        else:
            times[item] += 1
            times[out] -= 1
        if gain < 0 and costs.max() < best_costs.max():
            best[:] = chosen
            best_costs[:] = costs
    chosen[:] = best
    return best_costs
