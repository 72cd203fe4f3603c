"""Scores of one form on the scale of another, taken by groups of equal ability (random groups).

Formulas of Kolen and Brennan (2014), Test Equating, Scaling, and Linking, chapters 2, 3 and 7. A group is given by its
frequencies: how many people have 0, 1, 2 … points; counts may be fractions once they are smoothed. Form X is the new
one, form Y the one whose scale is kept. Where marks come in halves or quarters, count those.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from certengine.psychometrics.irt import Floats

# Two shares closer than this are the same share, computed in two ways.
SAME = 1e-12
MOST_STEPS = 200


@dataclass(frozen=True)
class Line:
    """The equated score is intercept + slope · score."""

    intercept: float
    slope: float

    def __call__(self, scores: ArrayLike) -> Floats:
        return self.intercept + self.slope * np.asarray(scores, float)


@dataclass(frozen=True)
class Moments:
    """Of a group's scores. deviation with n − 1; skewness and kurtosis as μ₃/σ³ and μ₄/σ⁴ (3 in a normal curve)."""

    people: float
    mean: float
    deviation: float
    skewness: float
    kurtosis: float


@dataclass(frozen=True)
class Smoothed:
    """Fitted frequencies; deviance: likelihood-ratio chi-square against the data; aic: deviance + 2 · parameters.

    Of several degrees take the one with the least aic that still follows the picture of the data.
    """

    frequencies: Floats
    degree: int
    deviance: float
    aic: float


def moments(frequencies: ArrayLike) -> Moments:
    """Raises ValueError where fewer than two people or no spread leave nothing to equate."""
    counts = counted(frequencies)
    people, points = counts.sum(), np.arange(len(counts))
    mean = float(counts @ points / people)
    centred = points - mean
    second, third, fourth = (float(counts @ centred**power / people) for power in (2, 3, 4))
    if people <= 1 or second <= 0:
        raise ValueError("a group needs at least two people with different scores")
    deviation = float(np.sqrt(second * people / (people - 1)))
    return Moments(float(people), mean, deviation, third / second**1.5, fourth / second**2)


def mean_equating(x: ArrayLike, y: ArrayLike) -> Line:
    """Both forms differ by a constant: y = x − μ(X) + μ(Y)."""
    return Line(moments(y).mean - moments(x).mean, 1.0)


def linear_equating(x: ArrayLike, y: ArrayLike) -> Line:
    """Scores equally many deviations from the mean are the same."""
    return line_between(moments(x), moments(y))


def line_between(x: Moments, y: Moments) -> Line:
    """The line that gives X the mean and deviation of Y."""
    slope = y.deviation / x.deviation
    return Line(y.mean - slope * x.mean, slope)


def equipercentile(x: ArrayLike, y: ArrayLike) -> Floats:
    """For each score 0, 1, … of X, the score of Y with the same percentile rank."""
    return scores_at(y, ranks_at(x, np.arange(len(counted(x)))))


def ranks_at(frequencies: ArrayLike, scores: ArrayLike) -> Floats:
    """Percentile ranks, 0 to 1: a score k is spread evenly over k − ½ to k + ½."""
    cumulated = _cumulated(frequencies)
    result: Floats = np.interp(np.asarray(scores, float), np.arange(len(cumulated)) - 0.5, cumulated)
    return result


def scores_at(frequencies: ArrayLike, ranks: ArrayLike) -> Floats:
    """The scores with these percentile ranks; in the middle where nobody has the scores in between."""
    cumulated = _cumulated(frequencies)
    wanted = np.clip(np.asarray(ranks, float), 0, 1)
    # The first place where the curve reaches the rank, and the last where it has not passed it.
    last = len(cumulated) - 1
    reach = np.clip(np.searchsorted(cumulated, wanted - SAME, side="left"), 1, last)
    leave = np.clip(np.searchsorted(cumulated, wanted + SAME, side="right"), 1, last)
    # At rank 0 the curve is reached at its very beginning.
    lower = np.where(wanted <= SAME, -0.5, _inside(cumulated, reach, wanted))
    upper = np.where(wanted >= 1 - SAME, last - 0.5, _inside(cumulated, leave, wanted))
    result: Floats = (lower + upper) / 2
    return result


def _inside(cumulated: Floats, step: NDArray[np.intp], wanted: Floats) -> Floats:
    below, above = cumulated[step - 1], cumulated[step]
    with np.errstate(invalid="ignore", divide="ignore"):
        part = np.where(above > below, (wanted - below) / (above - below), 1.0)
    result: Floats = step - 1.5 + np.clip(part, 0, 1)
    return result


def smooth(frequencies: ArrayLike, degree: int) -> Smoothed:
    """Log-linear presmoothing (Holland and Thayer 1987): log frequency is a polynomial of the score.

    By maximum likelihood, so that the fitted frequencies have the people and the first `degree` moments of the data.
    Raises ValueError for a degree that the different scores do not determine.
    """
    counts = counted(frequencies)
    if degree < 1 or np.count_nonzero(counts) <= degree:
        raise ValueError("the degree must be at least 1 and below the number of scores that occur")
    places = np.linspace(-1, 1, len(counts))
    fitted = fit_log_linear(counts, np.vander(places, degree + 1, increasing=True))
    deviance = _deviance(counts, fitted)
    return Smoothed(fitted, degree, deviance, deviance + 2 * (degree + 1))


def fit_log_linear(counts: Floats, design: Floats) -> Floats:
    """Fitted cells of a Poisson model with log link, by Newton's method; the design has a constant among its columns.

    Raises ValueError where it does not converge: the data then lie on the edge of what the design can tell apart.
    """
    # An orthogonal basis spans the same models, and keeps the equations well conditioned at any degree.
    basis, _ = np.linalg.qr(design)
    weights = basis.T @ np.log(counts + counts.mean() / 10)
    value = _log_likelihood(counts, basis @ weights)
    for _step in range(MOST_STEPS):
        fitted = np.exp(basis @ weights)
        gradient = basis.T @ (counts - fitted)
        if np.abs(gradient).max() <= 1e-10 * counts.sum():
            return np.asarray(fitted, float)
        try:
            move = np.linalg.solve((basis.T * fitted) @ basis, gradient)
        except np.linalg.LinAlgError:
            break
        share = 1.0
        # A whole step can overshoot far from the maximum; near it, rounding may hide the last gain.
        while (better := _log_likelihood(counts, basis @ (weights + share * move))) < value - 1e-9 * abs(value):
            share /= 2
        weights, value = weights + share * move, better
    raise ValueError("the smoothing did not converge: take fewer moments")


def _log_likelihood(counts: Floats, logs: Floats) -> float:
    with np.errstate(over="ignore", invalid="ignore"):
        value = float(counts @ logs - np.exp(logs).sum())
    return value if np.isfinite(value) else -np.inf


def _deviance(counts: Floats, fitted: Floats) -> float:
    there = counts > 0
    # A fit so bad that it underflows where people are has an infinite deviance.
    with np.errstate(divide="ignore"):
        return float(2 * (counts[there] * np.log(counts[there] / fitted[there])).sum() - 2 * (counts - fitted).sum())


def mean_error(x: ArrayLike, y: ArrayLike) -> float:
    """Standard error of mean equating, the same at each score."""
    first, second = moments(x), moments(y)
    return float(np.hypot(first.deviation / np.sqrt(first.people), second.deviation / np.sqrt(second.people)))


def linear_error(x: ArrayLike, y: ArrayLike) -> Floats:
    """Standard error of linear equating at each score of X, by the delta method, whatever the distributions (7.10)."""
    first, second = moments(x), moments(y)
    z = (np.arange(len(counted(x))) - first.mean) / first.deviation
    constant = 1 / first.people + 1 / second.people
    leaning = first.skewness / first.people + second.skewness / second.people
    curving = (first.kurtosis - 1) / (4 * first.people) + (second.kurtosis - 1) / (4 * second.people)
    result: Floats = second.deviation * np.sqrt(constant + leaning * z + curving * z**2)
    return result


def equipercentile_error(x: ArrayLike, y: ArrayLike) -> Floats:
    """Standard error of unsmoothed equipercentile equating at each score of X (Lord 1982).

    NaN where nobody has the score of Y: use `bootstrap_error` on smoothed frequencies instead.
    """
    first, second = counted(x), counted(y)
    many_x, many_y = first.sum(), second.sum()
    cumulated = _cumulated(second)
    rank = ranks_at(first, np.arange(len(first)))
    step = np.clip(np.searchsorted(cumulated, rank + SAME, side="right"), 1, len(second))
    below, above = cumulated[step - 1], cumulated[step]
    density = above - below
    with np.errstate(invalid="ignore", divide="ignore"):
        spread = rank * (1 - rank) * (1 / many_x + 1 / many_y) - (above - rank) * (rank - below) / (many_y * density)
        return np.where(density > 0, np.sqrt(np.maximum(spread, 0)) / density, np.nan)


def bootstrap_error(
    equate: Callable[[Floats, Floats], ArrayLike], x: ArrayLike, y: ArrayLike, *, seed: int, replications: int = 1000
) -> Floats:
    """Standard error of any equating of two groups: `equate` is given redrawn groups, and its results' deviation counts.

    x and y are frequencies or tables (total × anchor); people are drawn with replacement. A draw that cannot be equated
    (ValueError) is left out; raises ValueError where more than one in ten are.
    """
    draws = np.random.default_rng(seed)
    first, second = np.asarray(x, float), np.asarray(y, float)
    found = []
    for _draw in range(replications):
        again = _redrawn(first, draws), _redrawn(second, draws)
        try:
            found.append(np.asarray(equate(*again), float))
        except ValueError:
            continue
    if len(found) < max(2, 0.9 * replications):
        raise ValueError("too many redrawn groups cannot be equated")
    result: Floats = np.std(found, axis=0, ddof=1)
    return result


def _redrawn(table: Floats, draws: np.random.Generator) -> Floats:
    drawn = draws.multinomial(round(table.sum()), (table / table.sum()).ravel())
    return drawn.reshape(table.shape).astype(float)


def counted(frequencies: ArrayLike) -> Floats:
    """Checked frequencies. Raises ValueError for less than two scores, negative counts or nobody at all."""
    counts = np.asarray(frequencies, float)
    if counts.ndim != 1 or len(counts) < 2 or not np.isfinite(counts).all() or (counts < 0).any() or not counts.any():
        raise ValueError("frequencies must be counts of people for the scores 0, 1, 2 …")
    return counts


def _cumulated(frequencies: ArrayLike) -> Floats:
    """Shares at or below −½, ½, 1½ …"""
    counts = counted(frequencies)
    return np.concatenate([[0.0], np.cumsum(counts / counts.sum())])
