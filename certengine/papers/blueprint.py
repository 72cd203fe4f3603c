"""How many items of each type a paper takes from each node of the outline: the weights, in whole items."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from math import gcd

Grid = list[list[int]]  # node × section


@dataclass(frozen=True)
class Apportionment:
    """counts[node][section]; deviation is the most by which a node's points miss its share, in points."""

    counts: Grid
    deviation: Fraction


def apportion(
    weights: Sequence[Fraction],
    sections: Sequence[tuple[int, int]],
    capacity: Sequence[Sequence[int]] | None = None,
) -> Apportionment | None:
    """Counts whose columns add up exactly and whose rows earn points as close to the weights as whole items allow.

    sections are (count, points in thousandths). Each column is apportioned by largest remainder, the one with the
    dearest items first, towards what each row still lacks; then single items are moved between two rows, in one
    column or crosswise in two, as long as 8 · Σ (row's points − share)² + Σ (cell's points − share)² falls. Ties go
    to the earlier row and column. None where a column cannot be filled within the capacity.
    """
    total = sum(count * points for count, points in sections)
    weight = sum(weights)
    shares = [each / weight for each in weights]
    targets = [share * total for share in shares]
    room = capacity if capacity is not None else [[count for count, _ in sections]] * len(weights)
    counts: Grid = [[0] * len(sections) for _ in weights]
    for column in sorted(range(len(sections)), key=lambda each: (-sections[each][1], each)):
        lacking = [
            max(Fraction(0), target - sum(n * points for n, (_, points) in zip(row, sections, strict=True)))
            for target, row in zip(targets, counts, strict=True)
        ]
        filled = _largest_remainder(lacking, sections[column][0], [row[column] for row in room])
        if filled is None:
            return None
        for row, number in zip(counts, filled, strict=True):
            row[column] = number
    _improve(counts, shares, sections, room)
    missed = [
        abs(target - sum(n * points for n, (_, points) in zip(row, sections, strict=True)))
        for target, row in zip(targets, counts, strict=True)
    ]
    return Apportionment(counts, max(missed) / 1000)


def _largest_remainder(lacking: Sequence[Fraction], count: int, room: Sequence[int]) -> list[int] | None:
    if sum(room) < count:
        return None
    whole = sum(lacking)
    ideal = [each * count / whole if whole else Fraction(count, len(lacking)) for each in lacking]
    given = [min(int(each), space) for each, space in zip(ideal, room, strict=True)]
    while sum(given) < count:
        open_rows = [row for row in range(len(given)) if given[row] < room[row]]
        given[max(open_rows, key=lambda row: (ideal[row] - given[row], -row))] += 1
    return given


def _improve(
    counts: Grid, shares: Sequence[Fraction], sections: Sequence[tuple[int, int]], room: Sequence[Sequence[int]]
) -> None:
    # Integers from here on: everything times the shares' common denominator.
    scale = 1
    for share in shares:
        scale = scale * share.denominator // gcd(scale, share.denominator)
    cells = [[int(share * count * points * scale) for count, points in sections] for share in shares]
    rows = [sum(row) for row in cells]
    values = [points * scale for _, points in sections]
    moves = _moves(len(counts), len(sections))
    before = _cost(counts, cells, rows, values)
    while True:
        best: tuple[int, tuple[tuple[int, int, int], ...]] = (before, ())
        for move in moves:
            _apply(counts, move, 1)
            if all(0 <= counts[row][s] <= room[row][s] for source, goal, s in move for row in (source, goal)):
                best = min(best, (_cost(counts, cells, rows, values), move), key=lambda each: each[0])
            _apply(counts, move, -1)
        if not best[1]:
            return
        before = best[0]
        _apply(counts, best[1], 1)


def _moves(rows: int, columns: int) -> list[tuple[tuple[int, int, int], ...]]:
    """(from row, to row, column), alone or with the opposite one in another column."""
    pairs = [(source, goal) for source in range(rows) for goal in range(rows) if source != goal]
    single = [((source, goal, column),) for column in range(columns) for source, goal in pairs]
    crossed = [
        ((source, goal, one), (goal, source, other))
        for one in range(columns)
        for other in range(columns)
        if one != other
        for source, goal in pairs
    ]
    return [*single, *crossed]


def _apply(counts: Grid, move: tuple[tuple[int, int, int], ...], direction: int) -> None:
    for source, goal, column in move:
        counts[source][column] -= direction
        counts[goal][column] += direction


def _cost(counts: Grid, cells: Grid, rows: Sequence[int], values: Sequence[int]) -> int:
    cost = 0
    for row, ideal, share in zip(counts, cells, rows, strict=True):
        points = [n * value for n, value in zip(row, values, strict=True)]
        cost += 8 * (sum(points) - share) ** 2 + sum((p - i) ** 2 for p, i in zip(points, ideal, strict=True))
    return cost


def node_of(outline: str, nodes: Mapping[str, int]) -> int | None:
    """The weighted node that holds a leaf: the leaf itself, whatever its dotted id begins with, or "*", the whole."""
    parts = outline.split(".")
    for length in range(len(parts), 0, -1):
        found = nodes.get(".".join(parts[:length]))
        if found is not None:
            return found
    return nodes.get("*")
