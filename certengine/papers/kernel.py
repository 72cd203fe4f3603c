"""Algorithm "1" of the draw, compiled: integers only, so that every machine computes the same papers.

A paper has its own generator (xoshiro256**, its state the HMAC of the seed), hence does not depend on any other.
Changing a line here that changes a paper needs a new algorithm number; the golden vectors in the tests hold it.
"""

import numpy as np
from numpy.typing import NDArray

from certengine.psychometrics.compiled import compiled

Integers = NDArray[np.int64]
ATTEMPTS = 200
STEPS = 1500
# What one item too many or too few of a cognitive level costs, in millionths: more than any swap of scores.
COGNITION_COST = 100_000_000


@compiled
def _next(state):  # type: ignore[no-untyped-def]
    """xoshiro256**, as its authors published it; returns 32 of its bits, the upper ones."""
    seven, nine, five = np.uint64(7), np.uint64(9), np.uint64(5)
    product = state[1] * five
    result = ((product << seven) | (product >> np.uint64(57))) * nine
    shifted = state[1] << np.uint64(17)
    state[2] ^= state[0]
    state[3] ^= state[1]
    state[1] ^= state[2]
    state[0] ^= state[3]
    state[2] ^= shifted
    state[3] = (state[3] << np.uint64(45)) | (state[3] >> np.uint64(19))
    return result >> np.uint64(32)


@compiled
def _below(state, n):  # type: ignore[no-untyped-def]
    """A whole number from 0 to n − 1, each equally likely: multiply and shift, rejecting the uneven rest."""
    size = np.uint64(n)
    mask = np.uint64(0xFFFFFFFF)
    product = _next(state) * size
    low = product & mask
    if low < size:
        threshold = (np.uint64(0x100000000) - size) % size
        while low < threshold:
            product = _next(state) * size
            low = product & mask
    return np.int64(product >> np.uint64(32))


@compiled
def _shuffle(state, values, start, stop):  # type: ignore[no-untyped-def]
    for last in range(stop - 1, start, -1):
        other = start + _below(state, last - start + 1)
        values[last], values[other] = values[other], values[last]


@compiled
def _meets_enemy(item, inside, enemy_start, enemies, leaving):  # type: ignore[no-untyped-def]
    for k in range(enemy_start[item], enemy_start[item + 1]):  # noqa: SIM110 (numba has no generators)
        if inside[enemies[k]] and enemies[k] != leaving:
            return True
    return False


@compiled
def _sample(state, order, chosen, inside, cell_start, cell_count, unit_start, enemy_start, enemies):  # type: ignore[no-untyped-def]
    """Cell by cell, units without replacement and one item of each; False where enemies leave too few."""
    slot = 0
    for cell in range(len(cell_count)):
        first = cell_start[cell]
        live = cell_start[cell + 1]
        for k in range(cell_count[cell]):
            position = first + k
            while True:
                if position >= live:
                    return False
                other = position + _below(state, live - position)
                order[position], order[other] = order[other], order[position]
                unit = order[position]
                item = unit_start[unit]
                if unit_start[unit + 1] - item > 1:
                    item += _below(state, unit_start[unit + 1] - item)
                if not _meets_enemy(item, inside, enemy_start, enemies, -1):
                    break
                # Out of the live range: it meets an item that stays in the paper.
                live -= 1
                order[position], order[live] = order[live], order[position]
            chosen[slot] = item
            inside[item] = True
            slot += 1
    return True


@compiled
def _misplaced(levels, low, high):  # type: ignore[no-untyped-def]
    """The cost of having too few or too many items of a cognitive level."""
    cost = np.int64(0)
    for level in range(len(levels)):
        if levels[level] < low[level]:
            cost += (low[level] - levels[level]) * COGNITION_COST
        elif levels[level] > high[level]:
            cost += (levels[level] - high[level]) * COGNITION_COST
    return cost


@compiled
def _excess(sums, target, band, levels, low, high):  # type: ignore[no-untyped-def]
    """How far a paper is out of its bands, in millionths; 0 when it may stand."""
    cost = _misplaced(levels, low, high)
    for q in range(len(sums)):
        outside = abs(sums[q] - target[q]) - band[q]
        if outside > 0:
            cost += outside
    return cost


@compiled
def _exchange(sums, levels, value, cognition, out, item):  # type: ignore[no-untyped-def]
    for q in range(len(sums)):
        sums[q] += value[item, q] - value[out, q]
    levels[cognition[out]] -= 1
    levels[cognition[item]] += 1


@compiled
def _repair(  # type: ignore[no-untyped-def]
    state, order, chosen, inside, slot_cell, slot_unit, cell_start, cell_count, unit_start, enemy_start, enemies,
    value, cognition, target, band, low, high, sums, levels
):  # fmt: skip
    """Swaps one item at a time for the one of its cell that brings the paper nearest into its bands.

    A slot is picked at random; of all that could stand there instead, the best is taken if it is better. When no
    slot has helped for a while, one random exchange shakes the paper. Returns whether all bands are met.
    """
    slots = len(chosen)
    rest = np.empty(len(sums), np.int64)
    level_cost = np.empty(len(levels), np.int64)
    cost = _excess(sums, target, band, levels, low, high)
    idle = 0
    for _step in range(STEPS):
        if cost == 0:
            return True
        slot = _below(state, slots)
        cell = slot_cell[slot]
        out = chosen[slot]
        shake = idle > 2 * slots
        best, best_item, best_position = cost, -1, -1
        seen = 0
        for q in range(len(sums)):
            rest[q] = sums[q] - value[out, q] - target[q]
        levels[cognition[out]] -= 1
        for level in range(len(levels)):
            levels[level] += 1
            level_cost[level] = _misplaced(levels, low, high)
            levels[level] -= 1
        levels[cognition[out]] += 1
        first = cell_start[cell]
        # The slot's own unit comes first: it may hold other items of its family.
        for k in range(cell_count[cell] - 1, cell_start[cell + 1] - first):
            position = first + (slot_unit[slot] if k == cell_count[cell] - 1 else k)
            unit = order[position]
            for item in range(unit_start[unit], unit_start[unit + 1]):
                if item == out:
                    continue
                if shake:
                    if not _meets_enemy(item, inside, enemy_start, enemies, out):
                        seen += 1
                        if _below(state, seen) == 0:
                            best_item, best_position = item, position
                    continue
                after = level_cost[cognition[item]]
                for q in range(len(rest)):
                    outside = abs(rest[q] + value[item, q]) - band[q]
                    if outside > 0:
                        after += outside
                if after < best and not _meets_enemy(item, inside, enemy_start, enemies, out):
                    best, best_item, best_position = after, item, position
        if best_item < 0:
            idle += 1
            continue
        idle = 0
        _exchange(sums, levels, value, cognition, out, best_item)
        cost = _excess(sums, target, band, levels, low, high)
        inside[out] = False
        inside[best_item] = True
        chosen[slot] = best_item
        mine = cell_start[cell] + slot_unit[slot]
        order[mine], order[best_position] = order[best_position], order[mine]
    return cost == 0


@compiled
def draw_papers(  # type: ignore[no-untyped-def]
    states, cell_start, cell_count, unit_start, enemy_start, enemies, value, cognition,
    target, band, low, high, section_start, loose, options, equalise
):  # fmt: skip
    """All papers of a sitting. Returns the items in shown order, each one's options in shown order, whether it met
    its bands, and the sums of its quantities.

    Of a row of loose, the item's first places up to the first number are shuffled, and those from the second up to
    the third; options is the widest row. A paper that missed its bands in every attempt is left as it is.
    """
    papers, slots, items = len(states), section_start[-1], len(value)
    chosen = np.zeros((papers, slots), np.int64)
    shown = np.zeros((papers, slots, options), np.uint8)
    met = np.zeros(papers, np.bool_)
    totals = np.zeros((papers, value.shape[1]), np.int64)
    order = np.empty(cell_start[-1], np.int64)
    inside = np.zeros(items, np.bool_)
    levels = np.zeros(len(low), np.int64)
    slot_cell = np.empty(slots, np.int64)
    slot_unit = np.empty(slots, np.int64)
    slot = 0
    for cell in range(len(cell_count)):
        for k in range(cell_count[cell]):
            slot_cell[slot], slot_unit[slot] = cell, k
            slot += 1
    for paper in range(papers):
        state, mine, sums = states[paper], chosen[paper], totals[paper]
        for _attempt in range(ATTEMPTS):
            for unit in range(len(order)):
                order[unit] = unit
            inside[:] = False
            if not _sample(state, order, mine, inside, cell_start, cell_count, unit_start, enemy_start, enemies):
                continue
            sums[:] = 0
            levels[:] = 0
            for slot in range(slots):
                levels[cognition[mine[slot]]] += 1
                for q in range(len(sums)):
                    sums[q] += value[mine[slot], q]
            met[paper] = not equalise or _repair(
                state, order, mine, inside, slot_cell, slot_unit, cell_start, cell_count, unit_start, enemy_start,
                enemies, value, cognition, target, band, low, high, sums, levels
            )  # fmt: skip
            if met[paper]:
                break
        if not met[paper]:
            continue
        for section in range(len(section_start) - 1):
            _shuffle(state, mine, section_start[section], section_start[section + 1])
        for slot in range(slots):
            row = shown[paper, slot]
            for place in range(options):
                row[place] = place
            _shuffle(state, row, 0, loose[mine[slot], 0])
            _shuffle(state, row, loose[mine[slot], 1], loose[mine[slot], 2])
    return chosen, shown, met, totals


@compiled
def shuffle_papers(states, chosen, section_start, loose, options):  # type: ignore[no-untyped-def]
    """Items that are chosen already, each paper's in an order of its own within the sections, and their options."""
    papers, slots = chosen.shape
    shown = np.zeros((papers, slots, options), np.uint8)
    for paper in range(papers):
        state, mine = states[paper], chosen[paper]
        for section in range(len(section_start) - 1):
            _shuffle(state, mine, section_start[section], section_start[section + 1])
        for slot in range(slots):
            row = shown[paper, slot]
            for place in range(options):
                row[place] = place
            _shuffle(state, row, 0, loose[mine[slot], 0])
            _shuffle(state, row, loose[mine[slot], 1], loose[mine[slot], 2])
    return shown
