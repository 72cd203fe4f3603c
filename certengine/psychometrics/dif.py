"""Items that treat two groups of equal ability differently: Mantel-Haenszel and logistic regression."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from certengine.psychometrics.irt import Floats

# Classes of the Educational Testing Service (Zwick 2012), on the delta scale.
SLIGHT, LARGE = 1.0, 1.5
DELTA = -2.35
# Jodoin and Gierl (2001): change of Nagelkerke's R².
MODERATE_R2, LARGE_R2 = 0.035, 0.070


@dataclass(frozen=True)
class MantelHaenszel:
    """One row an item. alpha: common odds ratio, reference to focal group; delta: −2.35 log alpha, below 0 where the
    item is harder for the focal group; error: of delta; p: of the chi-square with continuity correction; classes A, B, C."""

    alpha: Floats
    delta: Floats
    error: Floats
    statistic: Floats
    p: Floats
    classes: tuple[str, ...]


def mantel_haenszel(responses: ArrayLike, focal: ArrayLike, strata: ArrayLike) -> MantelHaenszel:
    """responses: people × items of 1, 0, −1 unseen; focal: who belongs to the group in question; strata: matched ability.

    With equal papers the strata are the number-right scores; where papers differ, bands of estimated ability.
    """
    marks, group = np.asarray(responses, int), np.asarray(focal, bool)
    _values, band = np.unique(np.asarray(strata), return_inverse=True)
    count = int(band.max(initial=-1)) + 1

    def table(mask: NDArray[np.bool_]) -> Floats:
        return np.stack([np.bincount(band[mask[:, item]], minlength=count) for item in range(marks.shape[1])]).astype(
            float
        )

    a, b = table((marks == 1) & ~group[:, None]), table((marks == 0) & ~group[:, None])
    c, d = table((marks == 1) & group[:, None]), table((marks == 0) & group[:, None])
    total = a + b + c + d
    with np.errstate(invalid="ignore", divide="ignore"):
        over = np.where(total > 0, 1 / total, 0.0)
        up, down = (a * d * over).sum(axis=1), (b * c * over).sum(axis=1)
        alpha = up / down
        expected = (a + b) * (a + c) * over
        rarer = np.where(total > 1, 1 / (total**2 * (total - 1)), 0.0)
        variance = ((a + b) * (c + d) * (a + c) * (b + d) * rarer).sum(axis=1)
        gap = np.maximum(np.abs((a - expected).sum(axis=1)) - 0.5, 0)
        statistic = gap**2 / variance
        # Robins, Breslow and Greenland (1986).
        p, q = (a + d) * over, (b + c) * over
        r, s = a * d * over, b * c * over
        spread = (
            (p * r).sum(axis=1) / (2 * up**2)
            + (p * s + q * r).sum(axis=1) / (2 * up * down)
            + (q * s).sum(axis=1) / (2 * down**2)
        )
        delta, error = DELTA * np.log(alpha), -DELTA * np.sqrt(spread)
    found = stats.chi2.sf(statistic, 1)
    classes = tuple(_class(*each) for each in zip(delta, error, found, strict=True))
    return MantelHaenszel(alpha, delta, error, statistic, found, classes)


def _class(delta: float, error: float, p: float) -> str:
    """A negligible, B moderate, C large; "" where nothing can be said."""
    size = abs(delta)
    if not np.isfinite(size):
        return ""
    if p >= 0.05 or size < SLIGHT:
        return "A"
    surely_over_slight = (size - SLIGHT) / error > stats.norm.ppf(0.95)
    return "C" if size >= LARGE and surely_over_slight else "B"


@dataclass(frozen=True)
class Logistic:
    """One row an item: likelihood-ratio tests on one degree of freedom, and by how much Nagelkerke's R² grows in all.

    uniform: the groups differ alike at all abilities; crossing: the difference changes with ability.
    """

    uniform: Floats
    p_uniform: Floats
    crossing: Floats
    p_crossing: Floats
    effect: Floats
    classes: tuple[str, ...]


def logistic(responses: ArrayLike, focal: ArrayLike, ability: ArrayLike) -> Logistic:
    """Swaminathan and Rogers (1990), matched on an ability that need not come in bands."""
    marks, group = np.asarray(responses, int), np.asarray(focal, float)
    matched = np.asarray(ability, float)
    matched = (matched - matched.mean()) / (matched.std() or 1.0)
    design = np.column_stack([np.ones(len(group)), matched, group, matched * group])
    rows = np.array([_compare(design, marks[:, item]) for item in range(marks.shape[1])]).reshape(-1, 3)
    uniform, crossing, effect = rows.T
    p_uniform, p_crossing = stats.chi2.sf(uniform, 1), stats.chi2.sf(crossing, 1)
    classes = tuple(
        "" if np.isnan(size) else _by_effect(size, min(p, q))
        for size, p, q in zip(effect, p_uniform, p_crossing, strict=True)
    )
    return Logistic(uniform, p_uniform, crossing, p_crossing, effect, classes)


def _by_effect(effect: float, p: float) -> str:
    if p >= 0.05 or effect < MODERATE_R2:
        return "A"
    return "C" if effect >= LARGE_R2 else "B"


def _compare(design: Floats, marks: NDArray[np.int64]) -> tuple[float, float, float]:
    seen = marks >= 0
    y, x = marks[seen].astype(float), design[seen]
    if not 0 < y.sum() < len(y) or not 0 < x[:, 2].sum() < len(y):
        return (np.nan, np.nan, np.nan)
    empty, alone, uniform, crossing = (_likelihood(x[:, :size], y) for size in (1, 2, 3, 4))
    size = len(y)
    most = -np.expm1(2 * empty / size)
    effect = (np.exp(2 * (empty - alone) / size) - np.exp(2 * (empty - crossing) / size)) / most
    return (max(0.0, 2 * (uniform - alone)), max(0.0, 2 * (crossing - uniform)), float(effect))


def _likelihood(x: Floats, y: Floats) -> float:
    """The largest log-likelihood of a logistic regression, by Newton's method with halved steps."""
    beta = np.zeros(x.shape[1])
    best = float(-len(y) * np.log(2))
    for _round in range(50):
        p = 1 / (1 + np.exp(-(x @ beta)))
        curve = (x * (p * (1 - p))[:, None]).T @ x + 1e-9 * np.eye(x.shape[1])
        move = np.linalg.solve(curve, x.T @ (y - p))
        share = 1.0
        while share > 1e-6:
            z = x @ (beta + share * move)
            likelihood = float((y * z - np.logaddexp(0, z)).sum())
            if likelihood >= best:
                break
            share /= 2
        beta, gained = beta + share * move, likelihood - best
        best = max(best, likelihood)
        if gained < 1e-10:
            break
    return best
