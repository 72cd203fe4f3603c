"""How many points on one fixed form are worth as many on another, by every method that the data allow. Pure.

Forms of one sitting are dealt out by seat, so that those who had them are alike (random groups). Forms of two sittings
are compared through the items that both have (anchor). Which method is believed is for people to say.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from certengine.marking.analysis import Script
from certengine.psychometrics import equating as alike
from certengine.psychometrics import equating_anchor as anchored
from certengine.psychometrics.irt import Floats

# Scripts of either form, and common items, under which nothing is compared.
FEWEST = 50
FEWEST_COMMON = 10
# With fewer scripts percentile ranks say more of chance than of the form.
FEWEST_FOR_RANKS = 200
CUT = 0.6
DEGREES = range(2, 7)
TABLE_DEGREE = 3
SEED = 20_260
# Ranks of smoothed tables take a hundred times as long as moments.
REPLICATIONS, FOR_RANKS = 200, 50
RANKED = ("frequency_estimation", "chained_equipercentile")

Equate = Callable[[Floats, Floats], Floats]


@dataclass(frozen=True)
class FormFigures:
    """Scores as shares of 100; None where too few scripts leave nothing to say."""

    scripts: int
    mean: float | None
    deviation: float | None


@dataclass(frozen=True)
class Method:
    """at_cut: what 60 points of X are worth on Y; error: its standard error by bootstrap; scores: for 0, 1 … points of X."""

    name: str
    at_cut: float
    error: float
    scores: tuple[float, ...]


@dataclass(frozen=True)
class Comparison:
    """Of forms X and Y, each of 100 points. obstacle: why there are no methods: too_few, common."""

    x: FormFigures
    y: FormFigures
    common: int
    anchor: bool
    obstacle: str
    methods: tuple[Method, ...]

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def comparison_from_json(raw: Mapping[str, Any]) -> Comparison:
    methods = tuple(Method(**{**each, "scores": tuple(each["scores"])}) for each in raw["methods"])
    whole = {**raw, "x": FormFigures(**raw["x"]), "y": FormFigures(**raw["y"]), "methods": methods}
    return Comparison(**whole)


def compare(x: Sequence[Script], y: Sequence[Script], *, same_sitting: bool) -> Comparison:
    """x and y: all scripts of either form; those of a form have the same items."""
    common = sorted(set(x[0].points) & set(y[0].points)) if x and y else []
    figures = _figures(x), _figures(y)

    def refused(obstacle: str) -> Comparison:
        return Comparison(*figures, len(common), not same_sitting, obstacle, ())

    if min(len(x), len(y)) < FEWEST:
        return refused("too_few")
    if same_sitting:
        groups = _frequencies(x), _frequencies(y)
        methods = _random(min(len(x), len(y)))
    elif len(common) < FEWEST_COMMON:
        return refused("common")
    else:
        groups = _tables(x, y, common)
        methods = _anchored(min(len(x), len(y)))
    found = tuple(each for name, equate in methods.items() if (each := _method(name, equate, *groups)))
    return Comparison(*figures, len(common), not same_sitting, "", found)


def _totals(scripts: Sequence[Script]) -> Floats:
    """In shares of 100."""
    return np.array([100 * sum(each.earned.values()) / sum(each.points.values()) for each in scripts])


def _figures(scripts: Sequence[Script]) -> FormFigures:
    totals = _totals(scripts)
    return FormFigures(
        len(totals),
        round(float(totals.mean()), 2) if len(totals) else None,
        round(float(totals.std(ddof=1)), 2) if len(totals) > 1 else None,
    )


def _whole(values: Floats) -> np.ndarray[Any, np.dtype[np.int64]]:
    # Rounded as marks are: half a point up.
    return np.floor(values + 0.5).astype(np.int64)


def _frequencies(scripts: Sequence[Script]) -> Floats:
    return np.bincount(_whole(_totals(scripts)), minlength=101).astype(float)


def _tables(x: Sequence[Script], y: Sequence[Script], common: Sequence[str]) -> tuple[Floats, Floats]:
    """Total × anchor, the anchor in shares of the common items' points, as many steps as they have points."""
    steps = max(1, int(_whole(np.array([sum(x[0].points[item] for item in common)]))[0]))

    def table(scripts: Sequence[Script]) -> Floats:
        part = np.array([sum(each.earned[item] for item in common) for each in scripts])
        most = np.array([sum(each.points[item] for item in common) for each in scripts])
        people = np.zeros((101, steps + 1))
        np.add.at(people, (_whole(_totals(scripts)), _whole(steps * part / most)), 1)
        return people

    return table(x), table(y)


def _random(fewest: int) -> dict[str, Equate]:
    found: dict[str, Equate] = {
        "mean": lambda x, y: alike.mean_equating(x, y)(np.arange(101)),
        "linear": lambda x, y: alike.linear_equating(x, y)(np.arange(101)),
    }
    if fewest >= FEWEST_FOR_RANKS:
        found["equipercentile"] = lambda x, y: alike.equipercentile(_smoothed(x), _smoothed(y))
    return found


def _smoothed(frequencies: Floats) -> Floats:
    usable = [degree for degree in DEGREES if degree < np.count_nonzero(frequencies)]
    return min((alike.smooth(frequencies, degree) for degree in usable), key=lambda each: each.aic).frequencies


def _anchored(fewest: int) -> dict[str, Equate]:
    def of_groups(equate: Callable[[anchored.Group, anchored.Group], alike.Line]) -> Equate:
        return lambda x, y: equate(anchored.group(x), anchored.group(y))(np.arange(101))

    found: dict[str, Equate] = {
        "tucker": of_groups(anchored.tucker),
        "levine": of_groups(anchored.levine),
        "chained_linear": of_groups(anchored.chained_linear),
    }
    if fewest >= FEWEST_FOR_RANKS:
        found["frequency_estimation"] = lambda x, y: anchored.frequency_estimation(_filled(x), _filled(y))
        found["chained_equipercentile"] = lambda x, y: anchored.chained_equipercentile(_filled(x), _filled(y))
    return found


def _filled(table: Floats) -> Floats:
    # Rounding to whole points may put a total a point below its part, so that no cell is forbidden.
    return anchored.smooth_table(table, TABLE_DEGREE, TABLE_DEGREE, internal=False)


def _method(name: str, equate: Equate, x: Floats, y: Floats) -> Method | None:
    """None where the method cannot take these groups."""
    cut, again = round(100 * CUT), FOR_RANKS if name in RANKED else REPLICATIONS
    try:
        scores = equate(x, y)
        error = alike.bootstrap_error(lambda *two: equate(*two)[cut], x, y, seed=SEED, replications=again)
    except ValueError:
        return None
    return Method(name, round(float(scores[cut]), 2), round(float(error), 2), tuple(np.round(scores, 2).tolist()))
