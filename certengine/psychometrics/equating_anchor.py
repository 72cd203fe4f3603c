"""Scores of one form on the scale of another, taken by groups of unequal ability that share anchor items (NEAT design).

Formulas of Kolen and Brennan (2014), Test Equating, Scaling, and Linking, chapters 4 and 5. A group is given by its
table of people, total score down and anchor score across. Group 1 took form X, group 2 form Y. Tucker, Levine,
Braun-Holland and frequency estimation equate for a synthetic population: a share w1 of it is like group 1.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from certengine.psychometrics.equating import (
    Line,
    equipercentile,
    fit_log_linear,
    line_between,
    moments,
    ranks_at,
    scores_at,
)
from certengine.psychometrics.irt import Floats


@dataclass(frozen=True)
class Group:
    """Means, variances and covariance of total and anchor scores; all with n − 1, or all with n."""

    total: float
    anchor: float
    total_variance: float
    anchor_variance: float
    covariance: float


@dataclass(frozen=True)
class Synthetic:
    """Shares of the synthetic population at each score of X and of Y."""

    x: Floats
    y: Floats


def group(table: ArrayLike) -> Group:
    """Raises ValueError where total or anchor do not vary or do not go together."""
    people = tabled(table)
    totals, anchors = moments(people.sum(axis=1)), moments(people.sum(axis=0))
    down, across = (np.arange(size) for size in people.shape)
    together = float((down - totals.mean) @ people @ (across - anchors.mean) / (people.sum() - 1))
    if together <= 0:
        raise ValueError("an anchor must go with the total score")
    return Group(totals.mean, anchors.mean, totals.deviation**2, anchors.deviation**2, together)


def tucker(x: Group, y: Group, w1: float = 0.5) -> Line:
    """The regression of total on anchor is the same in both groups, and so is what it leaves unexplained."""
    return _for_synthetic(x, y, w1, x.covariance / x.anchor_variance, y.covariance / y.anchor_variance)


def levine(x: Group, y: Group, w1: float = 0.5, *, internal: bool = True) -> Line:
    """Levine's observed-score method: true scores of total and anchor go together perfectly.

    internal: the anchor items count in the total.
    """

    def slope(of: Group) -> float:
        if internal:
            return of.total_variance / of.covariance
        return (of.total_variance + of.covariance) / (of.anchor_variance + of.covariance)

    return _for_synthetic(x, y, w1, slope(x), slope(y))


def _for_synthetic(x: Group, y: Group, w1: float, slope_x: float, slope_y: float) -> Line:
    w2 = 1 - _share(w1)
    apart, wider = x.anchor - y.anchor, x.anchor_variance - y.anchor_variance
    mean_x = x.total - w2 * slope_x * apart
    mean_y = y.total + w1 * slope_y * apart
    variance_x = x.total_variance - w2 * slope_x**2 * wider + w1 * w2 * (slope_x * apart) ** 2
    variance_y = y.total_variance + w1 * slope_y**2 * wider + w1 * w2 * (slope_y * apart) ** 2
    if variance_x <= 0 or variance_y <= 0:
        raise ValueError("the groups are too different for this method")
    slope = float(np.sqrt(variance_y / variance_x))
    return Line(mean_y - slope * mean_x, slope)


def chained_linear(x: Group, y: Group) -> Line:
    """X to the anchor in group 1, the anchor to Y in group 2."""
    to_anchor = float(np.sqrt(x.anchor_variance / x.total_variance))
    from_anchor = float(np.sqrt(y.total_variance / y.anchor_variance))
    slope = from_anchor * to_anchor
    return Line(y.total + from_anchor * (x.anchor - y.anchor) - slope * x.total, slope)


def synthetic(x: ArrayLike, y: ArrayLike, w1: float = 0.5) -> Synthetic:
    """Frequency estimation: the scores of people alike on the anchor are distributed alike in both groups.

    Raises ValueError where nobody of one group has an anchor score that occurs in the other; `smooth_table` fills it.
    """
    first, second = tabled(x), tabled(y)
    if first.shape[1] != second.shape[1]:
        raise ValueError("both groups need the same anchor")
    w2 = 1 - _share(w1)
    anchor_x, anchor_y = first.sum(axis=0) / first.sum(), second.sum(axis=0) / second.sum()
    return Synthetic(
        w1 * first.sum(axis=1) / first.sum() + w2 * _given_anchor(first, anchor_y, w2),
        w1 * _given_anchor(second, anchor_x, w1) + w2 * second.sum(axis=1) / second.sum(),
    )


def _given_anchor(people: Floats, anchor: Floats, weight: float) -> Floats:
    """Shares of the total scores if the anchor were distributed as given."""
    there = people.sum(axis=0)
    if weight > 0 and ((there == 0) & (anchor > 0)).any():
        raise ValueError("an anchor score of one group does not occur in the other")
    result: Floats = people @ np.divide(anchor, there, out=np.zeros(len(there)), where=there > 0)
    return result


def frequency_estimation(x: ArrayLike, y: ArrayLike, w1: float = 0.5) -> Floats:
    """Equipercentile equating in the synthetic population: for each score 0, 1, … of X, the score of Y."""
    found = synthetic(x, y, w1)
    return equipercentile(found.x, found.y)


def braun_holland(x: ArrayLike, y: ArrayLike, w1: float = 0.5) -> Line:
    """Linear equating with the means and deviations that frequency estimation gives to the synthetic population."""
    found = synthetic(x, y, w1)
    # One population, and so equally many people for both forms.
    people = tabled(x).sum() + tabled(y).sum()
    return line_between(moments(found.x * people), moments(found.y * people))


def chained_equipercentile(x: ArrayLike, y: ArrayLike) -> Floats:
    """X to the anchor in group 1, the anchor to Y in group 2, each by percentile ranks."""
    first, second = tabled(x), tabled(y)
    if first.shape[1] != second.shape[1]:
        raise ValueError("both groups need the same anchor")
    on_anchor = equipercentile(first.sum(axis=1), first.sum(axis=0))
    return scores_at(second.sum(axis=1), ranks_at(second.sum(axis=0), on_anchor))


def smooth_table(table: ArrayLike, total: int, anchor: int, *, internal: bool = True) -> Floats:
    """Log-linear presmoothing of a table (Holland and Thayer 2000): keeps the first `total` moments of the total, the first
    `anchor` moments of the anchor, and their covariance.

    internal: no total is below its anchor score or above it by more than the other items, so such cells stay empty.
    """
    people = tabled(table)
    if (
        total < 1
        or anchor < 1
        or min(map(np.count_nonzero, (people.sum(axis=1), people.sum(axis=0)))) <= max(total, anchor)
    ):
        raise ValueError("the degrees must be at least 1 and below the number of scores that occur")
    rows, columns = people.shape
    down, across = np.meshgrid(np.linspace(-1, 1, rows), np.linspace(-1, 1, columns), indexing="ij")
    points, part = np.indices(people.shape)
    possible = (points >= part) & (points - part <= rows - columns) if internal else np.ones(people.shape, bool)
    if people[~possible].any():
        raise ValueError("with an internal anchor nobody can have such a total")
    terms = (
        [down**power for power in range(total + 1)]
        + [across**power for power in range(1, anchor + 1)]
        + [down * across]
    )
    fitted = np.zeros(people.shape)
    fitted[possible] = fit_log_linear(people[possible], np.stack([each[possible] for each in terms], axis=1))
    return fitted


def tabled(table: ArrayLike) -> Floats:
    """A checked table. Raises ValueError where it is not one of counts."""
    people = np.asarray(table, float)
    if people.ndim != 2 or not np.isfinite(people).all() or (people < 0).any() or not people.any():
        raise ValueError("a table must hold counts of people, total score down and anchor score across")
    return people


def _share(w1: float) -> float:
    if not 0 <= w1 <= 1:
        raise ValueError("the share of the first group must be from 0 to 1")
    return w1
