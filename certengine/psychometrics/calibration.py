"""Item parameters by marginal maximum likelihood: Rasch, two and three parameters, whoever saw which items.

EM of Bock and Aitkin (1981) over a fixed grid of abilities, N(0, 1) in the population, accelerated by SQUAREM (Varadhan
and Roland 2008). The logit of a right answer is a·θ + d; b = −d / a. The Rasch model has one slope for all items, which is
the standard deviation of abilities in the convention where slopes are 1.
"""

import enum
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from certengine.psychometrics import em
from certengine.psychometrics.irt import Floats, probability

UNSEEN = -1
NODES, REACH = 61, 6.0
# Fewer people say too little of an item for figures to be given.
FEWEST = 100


class Model(enum.Enum):
    RASCH = "rasch"
    TWO = "2pl"
    THREE = "3pl"


@dataclass(frozen=True)
class Prior:
    """Beta prior of the lower asymptote: alpha − 1 right and beta − 1 wrong guesses."""

    alpha: float = 8.0
    beta: float = 27.0


@dataclass(frozen=True)
class Calibration:
    """One row an item: slope a, intercept d, lower asymptote c; errors are standard errors of a, d, c and b.

    NaN stands where an item has too few responses or all answered alike. deviation: of abilities, where slopes are 1.
    """

    model: Model
    a: Floats
    d: Floats
    c: Floats
    error_a: Floats
    error_d: Floats
    error_c: Floats
    error_b: Floats
    responses: NDArray[np.int64]
    log_likelihood: float
    deviation: float
    iterations: int
    converged: bool

    @property
    def b(self) -> Floats:
        return -self.d / self.a

    @property
    def estimated(self) -> NDArray[np.bool_]:
        return np.isfinite(self.a)


def calibrate(
    responses: ArrayLike,
    model: Model = Model.TWO,
    *,
    prior: Prior | None = None,
    fewest: int = FEWEST,
    nodes: int = NODES,
    tolerance: float = 1e-5,
    most: int = 2000,
) -> Calibration:
    """responses: people × items of 1, 0 and UNSEEN. prior: of the lower asymptote, for three parameters alone."""
    marks = np.ascontiguousarray(np.asarray(responses, np.int8))
    seen = (marks != UNSEEN).sum(axis=0)
    right = (marks == 1).sum(axis=0)
    usable = (seen >= fewest) & (right > 0) & (right < seen)
    data = em.Data(np.ascontiguousarray(marks[:, usable]), *grid(nodes))
    start = em.start(right[usable] / seen[usable], model is Model.THREE)
    counts = (prior.alpha - 1, prior.beta - 1) if prior and model is Model.THREE else (0.0, 0.0)
    found = em.fit(data, start, model.value, counts, tolerance, most)
    whole = np.full((7, len(usable)), np.nan)
    whole[:, usable] = [*found.parameters, *_errors(data, found.parameters, model)]
    a, d, c, error_a, error_d, error_c, error_b = whole
    slopes = found.parameters[0]
    return Calibration(
        model, a, d, c, error_a, error_d, error_c, error_b,
        responses=seen,
        log_likelihood=found.log_likelihood,
        deviation=float(slopes[0]) if model is Model.RASCH and len(slopes) else 1.0,
        iterations=found.iterations,
        converged=found.converged,
    )  # fmt: skip


def grid(nodes: int = NODES) -> tuple[Floats, Floats]:
    """Abilities and their weights in N(0, 1)."""
    theta = np.linspace(-REACH, REACH, nodes)
    density = np.exp(-(theta**2) / 2)
    return theta, density / density.sum()


def abilities(
    responses: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0, nodes: int = NODES
) -> tuple[Floats, Floats]:
    """Expected a posteriori ability and its posterior deviation, one each a person; prior N(0, 1)."""
    marks = np.asarray(responses, np.int8)
    theta, weight = grid(nodes)
    right = probability(theta, a, b, c).T
    log_right, log_wrong = np.log(right), np.log1p(-right)
    likelihood = (marks == 1) @ log_right + (marks == 0) @ log_wrong + np.log(weight)
    posterior = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    mean = posterior @ theta
    variance = posterior @ theta**2 - mean**2
    return mean, np.sqrt(np.maximum(variance, 0))


def _errors(data: em.Data, parameters: Floats, model: Model) -> Floats:
    """Standard errors of a, d, c and b from the cross-products of each person's score vector (empirical information).

    An asymptote that stands at its bound is taken as known.
    """
    items = parameters.shape[1]
    a, d, g = parameters
    free = np.zeros((3, items), bool)
    free[:2] = model is not Model.RASCH
    free[2] = (model is Model.THREE) & (g > 0) & (g < em.HIGHEST_GUESS)
    covariance = np.zeros((3 * items, 3 * items))
    if model is Model.RASCH:
        # One slope for all: its score is the sum over the items.
        known = _inverse(em.information(data, parameters, np.array([True, True, False]), common=True))
        covariance[:items, :items] = known[0, 0]
        covariance[items : 2 * items, items : 2 * items] = known[1:, 1:]
        covariance[:items, items : 2 * items] = known[0, 1:]
    else:
        kept = np.flatnonzero(free.ravel())
        rows = np.array([True, True, model is Model.THREE])
        information = em.information(data, parameters, rows, common=False)
        covariance[np.ix_(kept, kept)] = _inverse(information[np.ix_(kept, kept)])
    variance = np.maximum(np.diag(covariance), 0).reshape(3, items)
    cross = np.diag(covariance[:items, items : 2 * items])
    # b = −d / a by the delta method.
    var_b = variance[1] / a**2 + variance[0] * d**2 / a**4 - 2 * cross * d / a**3
    result: Floats = np.sqrt(np.concatenate([variance, [np.maximum(var_b, 0)]]))
    return result


def _inverse(information: Floats) -> Floats:
    try:
        return np.asarray(np.linalg.inv(information), float)
    except np.linalg.LinAlgError:
        # Where the data say nothing of a direction its error is without bound, not an exception.
        return np.asarray(np.linalg.pinv(information, hermitian=True), float)
