"""A release as the draw's arrays: who may stand where, and what each item adds to a paper, in whole millionths.

Scores come from the decimal module, whose exp is correctly rounded everywhere: a table that differed by one
millionth between two machines could make two papers of one seed.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from certengine.papers.blueprint import node_of
from certengine.papers.values import Drawable, PaperRules, SectionRule

Integers = NDArray[np.int64]
EXACT = Context(prec=28, rounding=ROUND_HALF_EVEN)
THETAS = (Decimal(-1), Decimal(0), Decimal(1))
QUANTITIES = ("score at -1", "score at 0", "score at 1", "information at 0")
# The order of options of these types says something itself, so it is never changed.
NEVER_SHUFFLED = frozenset({"judgement"})


@dataclass(frozen=True)
class Table:
    """Items grouped by cell (section, then node), in a cell by unit (a family, or a single item), all by id."""

    items: tuple[Drawable, ...]
    cell_start: Integers
    cell_count: Integers
    unit_start: Integers
    enemy_start: Integers
    enemies: Integers
    value: Integers
    cognition: Integers
    loose: Integers
    section_start: Integers
    # Of each item: ids of the options in the order that the shuffle starts from, then of the matches.
    option_ids: tuple[tuple[str, ...], ...]

    @property
    def widest(self) -> int:
        return max((len(ids) for ids in self.option_ids), default=0)

    @property
    def possible(self) -> NDArray[np.bool_]:
        """Whether each item may come: its cell gives some to a paper."""
        cells = np.repeat(np.arange(len(self.cell_count)), np.diff(self.cell_start))
        units = np.repeat(np.arange(len(cells)), np.diff(self.unit_start))
        wanted: NDArray[np.bool_] = (self.cell_count[cells] > 0)[units]
        return wanted


def name_of(member: object) -> str:
    """The value of an enum's member, or the plain text."""
    return str(getattr(member, "value", member))


def eligible(items: Sequence[Drawable], direction: str | None) -> list[Drawable]:
    """Items common to all directions, and those of the paper's own."""
    return [item for item in items if not item.directions or direction in item.directions]


def cells_of(items: Sequence[Drawable], rules: PaperRules) -> list[list[list[Drawable]]]:
    """cell (section × node) → units → items, ordered by id alone."""
    nodes = {node.node: index for index, node in enumerate(rules.nodes)}
    types = {section.type: index for index, section in enumerate(rules.sections)}
    cells: list[dict[str, list[Drawable]]] = [{} for _ in range(len(types) * len(nodes))]
    for item in sorted(eligible(items, rules.direction), key=lambda each: each.id.encode()):
        section, node = types.get(name_of(item.type)), node_of(item.outline, nodes)
        if section is not None and node is not None:
            unit = f"family {item.family}" if item.family else f"item {item.id}"
            cells[section * len(nodes) + node].setdefault(unit, []).append(item)
    return [[cell[unit] for unit in sorted(cell, key=str.encode)] for cell in cells]


def build(items: Sequence[Drawable], rules: PaperRules) -> Table:
    """The arrays of a release under rules; levels of cognition are numbered as the rules name them."""
    cells = cells_of(items, rules)
    units = [unit for cell in cells for unit in cell]
    flat = tuple(item for unit in units for item in unit)
    sections = [rules.sections[c // len(rules.nodes)] for c, cell in enumerate(cells) for unit in cell for _ in unit]
    levels = {rule.level: number for number, rule in enumerate(rules.cognition)}
    enemies = _enemies(flat)
    orders = [_option_order(item) for item in flat]
    return Table(
        items=flat,
        cell_start=_starts([len(cell) for cell in cells]),
        cell_count=np.array([node.counts[s] for s in range(len(rules.sections)) for node in rules.nodes], np.int64),
        unit_start=_starts([len(unit) for unit in units]),
        enemy_start=_starts([len(each) for each in enemies]),
        enemies=np.array([enemy for each in enemies for enemy in each], np.int64),
        value=np.array([quantities(i, s) for i, s in zip(flat, sections, strict=True)], np.int64).reshape(-1, 4),
        cognition=np.array([levels[name_of(item.cognition)] for item in flat], np.int64),
        loose=np.array([places for _, places in orders], np.int64).reshape(-1, 3),
        section_start=_starts([section.count for section in rules.sections]),
        option_ids=tuple(ids for ids, _ in orders),
    )


def _starts(lengths: Sequence[int]) -> Integers:
    return np.concatenate([[0], np.cumsum(lengths, dtype=np.int64)]).astype(np.int64)


def _enemies(items: Sequence[Drawable]) -> list[list[int]]:
    """Of each item the places of its enemies, made symmetric; members of a family are enemies across cells too."""
    place = {item.id: index for index, item in enumerate(items)}
    found: list[set[int]] = [set() for _ in items]
    families: dict[str, list[int]] = {}
    for index, item in enumerate(items):
        if item.family:
            families.setdefault(item.family, []).append(index)
        for enemy in item.enemies:
            if enemy in place and enemy != item.id:
                found[index].add(place[enemy])
                found[place[enemy]].add(index)
    for members in families.values():
        for member in members:
            found[member].update(other for other in members if other != member)
    return [sorted(each) for each in found]


def _option_order(item: Drawable) -> tuple[tuple[str, ...], tuple[int, int, int]]:
    """Option ids before the shuffle, and (how many of them are shuffled, where the matches begin, where they end)."""
    ids = [option.id for option in item.options]
    if name_of(item.type) in NEVER_SHUFFLED:
        return tuple(ids), (0, len(ids), len(ids))
    loose = sorted((each for each in ids if each not in item.fixed), key=str.encode)
    last = [each for each in ids if each in item.fixed]
    matches = sorted((match.id for match in item.matches), key=str.encode)
    return (*loose, *last, *matches), (len(loose), len(ids), len(ids) + len(matches))


def quantities(item: Drawable, section: SectionRule) -> tuple[int, ...]:
    """Expected points at θ −1, 0 and 1 and information at 0, in millionths."""
    a, b, c = (Decimal(repr(float(each))) for each in (item.discrimination, item.difficulty, item.guessing))
    return _quantities(a, b, c, section.thousandths, section.partial != "none")


@lru_cache(maxsize=65_536)
def _quantities(a: Decimal, b: Decimal, c: Decimal, thousandths: int, partial: bool) -> tuple[int, ...]:
    model = _half_credit if partial else _right_or_wrong
    with localcontext(EXACT):
        shares = [model(theta, a, b, c) for theta in THETAS]
        points = [_whole(share * thousandths * 1000) for share, _ in shares]
        return (*points, _whole(shares[1][1] * 1_000_000))


def _whole(value: Decimal) -> int:
    return int(value.to_integral_value())


def _right_or_wrong(theta: Decimal, a: Decimal, b: Decimal, c: Decimal) -> tuple[Decimal, Decimal]:
    """P(right) and information of the 3PL."""
    logistic = 1 / (1 + (-a * (theta - b)).exp())
    right = c + (1 - c) * logistic
    return right, a * a * (1 - c) * (1 - logistic) * logistic * (logistic / right)


def _half_credit(theta: Decimal, a: Decimal, b: Decimal, _c: Decimal) -> tuple[Decimal, Decimal]:
    """Share of the points and information under partial credit: two steps, half a logit below and above b."""
    half = Decimal("0.5")
    first = (a * (theta - b + half)).exp()
    second = first * (a * (theta - b - half)).exp()
    one, two = first / (1 + first + second), second / (1 + first + second)
    mean = one + 2 * two
    return mean / 2, a * a * (one + 4 * two - mean * mean)
