"""Two calibrations on one scale of ability, by the items they have in common.

A calibration fixes its own origin and unit. On the base scale an ability θ of the new one is A·θ + B, so that its items
have slopes a / A and difficulties A·b + B there (Kolen and Brennan 2014, Test Equating, Scaling, and Linking, chapter 6).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import optimize

from certengine.psychometrics.calibration import grid
from certengine.psychometrics.irt import Floats, probability

# Beyond this many robust deviations a common item has drifted.
DRIFTED = 2.7
# A normal curve's interquartile range in standard deviations, as usual with the robust z (Huynh and Meyer 2010).
NORMAL_RANGE = 0.74
# Differences below this are rounding: no spread can be told from them.
ROUNDING = 1e-9


@dataclass(frozen=True)
class CommonItems:
    """The common items in one calibration, one row an item; theta and weights: its abilities, by default N(0, 1)."""

    a: Floats
    b: Floats
    c: Floats
    theta: Floats
    weights: Floats


@dataclass(frozen=True)
class Link:
    """From the new scale to the base: A is the slope, B the shift."""

    slope: float
    shift: float

    def abilities(self, theta: ArrayLike) -> Floats:
        return self.slope * np.asarray(theta, float) + self.shift

    def items(self, of: CommonItems) -> CommonItems:
        return CommonItems(of.a / self.slope, self.abilities(of.b), of.c, self.abilities(of.theta), of.weights)

    @property
    def inverse(self) -> "Link":
        return Link(1 / self.slope, -self.shift / self.slope)


@dataclass(frozen=True)
class Drift:
    """One row a common item. difference: base difficulty less linked difficulty, above 0 where the item became easier.

    z: difference / error, where the errors of both difficulties are known; robust: distance from the median difference
    in units of 0.74 interquartile ranges, which one or two drifted items do not widen; flagged: |robust| > 2.7.
    """

    difference: Floats
    error: Floats
    z: Floats
    robust: Floats
    flagged: NDArray[np.bool_]


def common_items(
    a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0, theta: ArrayLike | None = None, weights: ArrayLike | None = None
) -> CommonItems:
    """Raises ValueError where parameters are missing, slopes are not above 0, or fewer than two items remain."""
    slope, place, floor = (np.array(each, float) for each in np.broadcast_arrays(a, b, c))
    if slope.ndim != 1 or len(slope) < 2 or not np.isfinite([slope, place, floor]).all() or (slope <= 0).any():
        raise ValueError("a link needs at least two common items, all calibrated, with slopes above 0")
    points, density = grid()
    if theta is not None and weights is not None:
        points, density = np.asarray(theta, float), np.asarray(weights, float)
    elif theta is not None or weights is not None:
        raise ValueError("abilities and their weights come together")
    return CommonItems(slope, place, floor, points, density / density.sum())


def mean_mean(new: CommonItems, base: CommonItems) -> Link:
    """Equal mean slopes and mean difficulties (Loyd and Hoover 1980)."""
    _paired(new, base)
    slope = float(new.a.mean() / base.a.mean())
    return Link(slope, float(base.b.mean() - slope * new.b.mean()))


def mean_sigma(new: CommonItems, base: CommonItems) -> Link:
    """Equal means and deviations of the difficulties (Marco 1977). ValueError where all are equally difficult."""
    _paired(new, base)
    if np.ptp(new.b) <= ROUNDING or np.ptp(base.b) <= ROUNDING:
        raise ValueError("the difficulties of the common items must differ")
    slope = float(base.b.std() / new.b.std())
    return Link(slope, float(base.b.mean() - slope * new.b.mean()))


def haebara(new: CommonItems, base: CommonItems) -> Link:
    """The curves of each item as near as possible, over the abilities of both groups (Haebara 1980)."""
    return _nearest(new, base, whole=False)


def stocking_lord(new: CommonItems, base: CommonItems) -> Link:
    """The curves of the expected score on all common items as near as possible (Stocking and Lord 1983).

    Over the abilities of both groups, so that linking the other way round gives the inverse.
    """
    return _nearest(new, base, whole=True)


def _nearest(new: CommonItems, base: CommonItems, *, whole: bool) -> Link:
    start = mean_mean(new, base)
    on_base = probability(base.theta, base.a, base.b, base.c)
    on_new = probability(new.theta, new.a, new.b, new.c)

    def gaps(unknown: Floats) -> Floats:
        link = Link(float(np.exp(unknown[0])), float(unknown[1]))
        moved, back = link.items(new), link.inverse.items(base)
        first = on_base - probability(base.theta, moved.a, moved.b, moved.c)
        second = on_new - probability(new.theta, back.a, back.b, back.c)
        if whole:
            first, second = first.sum(axis=1, keepdims=True), second.sum(axis=1, keepdims=True)
        weighted = np.sqrt(base.weights)[:, None] * first, np.sqrt(new.weights)[:, None] * second
        return np.concatenate([each.ravel() for each in weighted])

    # The logarithm keeps the slope above 0.
    found = optimize.least_squares(gaps, [np.log(start.slope), start.shift], xtol=1e-12, ftol=1e-12, gtol=1e-12)
    return Link(float(np.exp(found.x[0])), float(found.x[1]))


def drift(
    new: CommonItems,
    base: CommonItems,
    link: Link,
    error_new: ArrayLike | None = None,
    error_base: ArrayLike | None = None,
) -> Drift:
    """Which common items changed between the calibrations; errors: standard errors of the difficulties on their own scales.

    Without errors the error and z are NaN. The error does not contain that of the link itself.
    """
    _paired(new, base)
    difference = base.b - link.items(new).b
    if error_new is None or error_base is None:
        error = np.full(len(difference), np.nan)
    else:
        error = np.hypot(np.asarray(error_base, float), link.slope * np.asarray(error_new, float))
    with np.errstate(invalid="ignore", divide="ignore"):
        z = np.where(error > 0, difference / error, np.nan)
    robust = robust_z(difference)
    return Drift(difference, error, z, robust, np.abs(robust) > DRIFTED)


def robust_z(values: ArrayLike) -> Floats:
    """(value − median) / (0.74 · interquartile range); infinite where most values agree and this one does not."""
    given = np.asarray(values, float)
    low, middle, high = np.quantile(given, [0.25, 0.5, 0.75])
    apart = np.where(np.abs(given - middle) <= ROUNDING, 0.0, given - middle)
    spread = NORMAL_RANGE * (high - low)
    if spread > ROUNDING:
        result: Floats = apart / spread
        return result
    return np.where(apart == 0, 0.0, np.copysign(np.inf, apart))


def _paired(new: CommonItems, base: CommonItems) -> None:
    if len(new.a) != len(base.a):
        raise ValueError("both calibrations need the same common items, in the same order")
