"""The rules of a draw from a standard's layout and weights, as a release can keep them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from certengine.foundation.errors import Invalid, Problem
from certengine.papers.beside import LETTERS
from certengine.papers.blueprint import Apportionment, apportion
from certengine.papers.rules import shortfalls, simulate
from certengine.papers.table import QUANTITIES, cells_of, name_of, quantities
from certengine.papers.values import Band, Caps, CognitionRule, Drawable, NodeRule, PaperRules, SectionRule

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
    short = shortfalls(rules, ideal.counts, there)
    if not short:
        return ideal
    size = len(rules.nodes)
    room = [[there[s * size + n] for s in range(len(sections))] for n in range(size)]
    within = apportion(weights, sections, room)
    if within is None or within.deviation * 100 > NODE_TOLERANCE * Fraction(rules.points):
        raise Invalid(short, "papers.short")
    return within


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


def capped(items: Sequence[Drawable], rules: PaperRules, caps: Caps) -> PaperRules:
    """The rules with caps. Raises Invalid for figures that no draw could keep, naming what the bank allows."""
    found = []
    if caps.exposure is not None and not 1 <= caps.exposure <= 100:
        found.append(Problem("exposure", "papers.exposure_range"))
    if caps.overlap is not None and not 0 <= caps.overlap <= rules.items:
        found.append(Problem("overlap", "papers.overlap_range", {"most": rules.items}))
    if not 0 <= caps.forms <= len(LETTERS) or caps.forms == 1:
        found.append(Problem("forms", "papers.forms_range", {"most": len(LETTERS)}))
    if not found and caps.exposure is not None:
        least = _floor(items, rules)
        if caps.exposure < least:
            found.append(Problem("exposure", "papers.exposure_floor", {"least": least, "asked": caps.exposure}))
    if found:
        raise Invalid(found, "papers.short")
    return replace(rules, exposure=caps.exposure, overlap=caps.overlap, forms=caps.forms)


def _floor(items: Sequence[Drawable], rules: PaperRules) -> int:
    """The fullest cell's share, per cent: even if all its items came equally often, each would come so often."""
    shares = [
        Fraction(100 * count, len(cell))
        for count, cell in zip(_cell_counts(rules), cells_of(items, rules), strict=True)
        if count
    ]
    return -int(-max(shares) // 1)
