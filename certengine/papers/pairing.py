"""Betters two forms at once by the best one to four exchanges between them, found by search of all. Compiled.

Annealing gets stuck where every single exchange is too coarse. Here all single exchanges and pairs of them are listed
and sorted by one quantity, and two of the list are joined where together they bring both forms near enough.
"""

import numpy as np

from certengine.papers.exchange import form_cost, met, sums_of
from certengine.psychometrics.compiled import compiled

# So many single exchanges are considered: their pairs are a list of 65,000.
SINGLES = 360
# A form counts as bettered when its cost falls by a fiftieth; otherwise passes would never end.
BETTER = 0.98
# So many pairs of moves are looked at in one search, a tenth of a second's worth; near the aim there are fewer.
LOOKED_AT = 30_000_000


@compiled
def _singles(a, b, place_a, place_b, first):  # type: ignore[no-untyped-def]
    """Slots (of a, of b) whose items may change places; a random part where there are too many."""
    found = np.empty((len(a) * len(b), 2), np.int64)
    count = 0
    for s in range(len(a)):
        for t in range(len(b)):
            if first[s] == first[t] and place_b[a[s]] < 0 and place_a[b[t]] < 0:
                found[count] = s, t
                count += 1
    for k in range(min(count, SINGLES)):
        other = np.random.randint(k, count)
        for side in range(2):
            found[k, side], found[other, side] = found[other, side], found[k, side]
    return found[: min(count, SINGLES)]


@compiled
def _moves(a, b, singles, value):  # type: ignore[no-untyped-def]
    """No exchange, each single one and each pair of them: (numbers of singles, −1 for none), and what a gains."""
    number = len(singles)
    parts = np.full((1 + number + number * (number - 1) // 2, 2), -1, np.int64)
    gains = np.zeros((len(parts), value.shape[1]), np.int64)
    count = 1
    for k in range(number):
        parts[count, 0] = k
        gains[count] = value[b[singles[k, 1]]] - value[a[singles[k, 0]]]
        count += 1
    for k in range(number):
        for m in range(k):
            if singles[k, 0] != singles[m, 0] and singles[k, 1] != singles[m, 1]:
                parts[count] = k, m
                gains[count] = gains[1 + k] + gains[1 + m]
                count += 1
    return parts[:count], gains[:count]


@compiled
def _window(sums_a, sums_b, limits, radius):  # type: ignore[no-untyped-def]
    """What a may gain of each quantity so that neither form is further than radius from what it should be."""
    least, most, _low, _high, weighed, target, one_sided = limits
    floor, roof = np.zeros_like(sums_a), np.zeros_like(sums_a)
    for q in range(len(sums_a)):
        low, high = least[q] - radius, most[q] + radius
        if weighed[q]:
            low = max(low, target[q] - radius)
            if not one_sided:
                high = min(high, target[q] + radius)
        floor[q] = max(low - sums_a[q], sums_b[q] - high)
        roof[q] = min(high - sums_a[q], sums_b[q] - low)
    return floor, roof


@compiled
def _joined(parts_i, parts_j, singles, picked):  # type: ignore[no-untyped-def]
    """Writes the single exchanges of two moves into picked; how many, or 0 where they share a slot."""
    number = 0
    for pick in (parts_i[0], parts_i[1], parts_j[0], parts_j[1]):
        if pick >= 0:
            for x in range(number):
                if singles[pick, 0] == singles[picked[x], 0] or singles[pick, 1] == singles[picked[x], 1]:
                    return 0
            picked[number] = pick
            number += 1
    return number


@compiled
def _do(a, b, singles, picked, place_a, place_b):  # type: ignore[no-untyped-def]
    """Carries the exchanges out; carried out a second time they are undone."""
    for pick in picked:
        s, t = singles[pick]
        place_a[a[s]], place_b[b[t]] = -1, -1
    for pick in picked:
        s, t = singles[pick]
        a[s], b[t] = b[t], a[s]
        place_a[a[s]], place_b[b[t]] = s, t


@compiled
def _pair_costs(a, b, singles, picked, place_a, place_b, sums_a, sums_b, levels_a, levels_b, gain, pool, limits, best):  # type: ignore[no-untyped-def]
    """The costs of both forms after the exchanges; as soon as one is not under best, that is enough."""
    cognition, enemy_start, enemies = pool[3], pool[4], pool[5]
    after_a, after_b = levels_a.copy(), levels_b.copy()
    for pick in picked:
        leaving, coming = cognition[a[singles[pick, 0]]], cognition[b[singles[pick, 1]]]
        after_a[leaving] -= 1
        after_a[coming] += 1
        after_b[leaving] += 1
        after_b[coming] -= 1
    cost_a, cost_b = form_cost(sums_a + gain, after_a, 0, limits), form_cost(sums_b - gain, after_b, 0, limits)
    if max(cost_a, cost_b) >= best:
        return cost_a, cost_b
    _do(a, b, singles, picked, place_a, place_b)
    for pick in picked:
        s, t = singles[pick]
        if met(a[s], place_a, enemy_start, enemies, -1) + met(b[t], place_b, enemy_start, enemies, -1) > 0:
            cost_a = np.inf
    _do(a, b, singles, picked, place_a, place_b)
    return cost_a, cost_b


@compiled
def better(seed, a, b, pool, limits):  # type: ignore[no-untyped-def]
    """Exchanges items of two forms in place where that lowers the greater of their costs; returns both costs."""
    np.random.seed(seed)
    place_a, sums_a, levels_a, clashes_a = sums_of(a, pool, len(limits[2]))
    place_b, sums_b, levels_b, clashes_b = sums_of(b, pool, len(limits[2]))
    best_a, best_b = form_cost(sums_a, levels_a, clashes_a, limits), form_cost(sums_b, levels_b, clashes_b, limits)
    singles = _singles(a, b, place_a, place_b, pool[0])
    best = max(best_a, best_b) * BETTER
    floor, roof = _window(sums_a, sums_b, limits, np.int64(np.sqrt(best) * 1e6) + 1)
    # Enemies that already meet are for the annealing to part.
    if clashes_a or clashes_b or len(singles) == 0 or (floor > roof).any():
        return best_a, best_b
    parts, gains = _moves(a, b, singles, pool[2])
    axis, narrowest = 0, np.inf
    for q in range(len(floor)):
        width = (roof[q] - floor[q]) / (gains[:, q].std() + 1.0)
        if width < narrowest:
            axis, narrowest = q, width
    order = np.argsort(gains[:, axis])
    parts, gains = parts[order], gains[order]
    along = gains[:, axis].copy()
    picked, chosen, looked = np.empty(4, np.int64), np.empty(0, np.int64), 0
    for i in range(len(along)):
        for j in range(max(i, np.searchsorted(along, floor[axis] - along[i])), len(along)):
            if along[i] + along[j] > roof[axis] or looked > LOOKED_AT:
                break
            looked += 1
            fits = True
            for q in range(len(floor)):
                gain = gains[i, q] + gains[j, q]
                fits = fits and floor[q] <= gain <= roof[q]
            if not fits:
                continue
            number = _joined(parts[i], parts[j], singles, picked)
            if number == 0:
                continue
            cost_a, cost_b = _pair_costs(
                a, b, singles, picked[:number], place_a, place_b, sums_a, sums_b, levels_a, levels_b,
                gains[i] + gains[j], pool, limits, best
            )  # fmt: skip
            if max(cost_a, cost_b) < best:
                best, best_a, best_b = max(cost_a, cost_b), cost_a, cost_b
                chosen = picked[:number].copy()
    _do(a, b, singles, chosen, place_a, place_b)
    return best_a, best_b
