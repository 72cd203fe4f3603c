"""Expected scores and information of the logistic models, in logits (D = 1).

Dichotomous items: P(θ) = c + (1 − c) / (1 + exp(−a(θ − b))); c = 0 is the 2PL, a = 1 besides it the Rasch model.
Items with partial credit: the generalised partial credit model with equal score steps from 0 to 1.
"""

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]


def probability(theta: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0) -> Floats:
    """P(right), abilities down, items across."""
    points, slope, place, floor = _columns(theta, a, b, c)
    return floor + (1 - floor) * _logistic(slope * (points - place))


def information(theta: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0) -> Floats:
    """Fisher information of each item (Birnbaum): a² (1 − P)/P · ((P − c)/(1 − c))²."""
    points, slope, place, floor = _columns(theta, a, b, c)
    logistic = _logistic(slope * (points - place))
    right = floor + (1 - floor) * logistic
    # (1 − c)(1 − L) L² / P, in a form that stays finite where P is 0 or 1.
    with np.errstate(invalid="ignore", divide="ignore"):
        ratio = np.where(right > 0, logistic / right, 1.0)
    result: Floats = slope**2 * (1 - floor) * (1 - logistic) * logistic * ratio
    return result


def partial_credit(theta: ArrayLike, a: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Category probabilities of the generalised partial credit model: ability × item × category.

    thresholds has one row an item, its step difficulties across; category k earns k / steps of the points.
    """
    points = np.atleast_1d(np.asarray(theta, float))[:, None, None]
    steps = np.atleast_2d(np.asarray(thresholds, float))
    slope = np.broadcast_to(np.asarray(a, float), steps.shape[:1])[None, :, None]
    exponents = np.cumsum(slope * (points - steps[None]), axis=2)
    exponents = np.concatenate([np.zeros((*exponents.shape[:2], 1)), exponents], axis=2)
    weights = np.exp(exponents - exponents.max(axis=2, keepdims=True))
    result: Floats = weights / weights.sum(axis=2, keepdims=True)
    return result


def partial_expected(theta: ArrayLike, a: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Expected share of the points, ability × item."""
    categories = partial_credit(theta, a, thresholds)
    result: Floats = categories @ np.linspace(0, 1, categories.shape[2])
    return result


def partial_information(theta: ArrayLike, a: ArrayLike, thresholds: ArrayLike) -> Floats:
    """Information of the generalised partial credit model: a² times the variance of the category."""
    categories = partial_credit(theta, a, thresholds)
    numbers = np.arange(categories.shape[2])
    mean = categories @ numbers
    slope = np.broadcast_to(np.asarray(a, float), mean.shape[1:])[None]
    result: Floats = slope**2 * (categories @ numbers**2 - mean**2)
    return result


def expected_score(theta: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike, points: ArrayLike) -> Floats:
    """The test characteristic curve: expected total at each ability."""
    result: Floats = probability(theta, a, b, c) @ np.asarray(points, float)
    return result


def standard_error(theta: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0) -> Floats:
    """Conditional standard error of the ability estimate, 1 / √(test information)."""
    with np.errstate(divide="ignore"):
        result: Floats = 1 / np.sqrt(information(theta, a, b, c).sum(axis=1))
    return result


def marginal_reliability(a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0, nodes: int = 61) -> float:
    """1 − mean error variance over a standard normal population, error variance 1 / (information + 1) (EAP)."""
    theta = np.linspace(-6, 6, nodes)
    density = np.exp(-(theta**2) / 2)
    density /= density.sum()
    errors = 1 / (information(theta, a, b, c).sum(axis=1) + 1)
    return float(1 - density @ errors)


def _columns(theta: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> tuple[Floats, Floats, Floats, Floats]:
    points = np.atleast_1d(np.asarray(theta, float))[:, None]
    slope, place, floor = np.broadcast_arrays(*(np.atleast_1d(np.asarray(each, float)) for each in (a, b, c)))
    return points, slope[None], place[None], floor[None]


def _logistic(x: Floats) -> Floats:
    # exp of a negative number only, so that it never overflows.
    small = np.exp(-np.abs(x))
    result: Floats = np.where(x >= 0, 1 / (1 + small), small / (1 + small))
    return result
