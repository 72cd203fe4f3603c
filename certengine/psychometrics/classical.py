"""Classical item and test statistics by the formulas that Moodle publishes in its quiz statistics report.

Marks come as people × items, each between 0 and the item's points. Everything that its data cannot carry is NaN:
one person, an item that all marked alike, a covariance below zero under a root.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]

# Fewer responses than this and a figure is not shown: its error would be wider than what it says.
FEWEST_RESPONSES = 20


@dataclass(frozen=True)
class ItemStatistics:
    """Arrays with one entry an item, in hundredths (per cent) where Moodle has them so."""

    responses: int
    facility: Floats
    deviation: Floats
    discrimination: Floats
    efficiency: Floats
    effective_weight: Floats


@dataclass(frozen=True)
class TestStatistics:
    """Of the total marks: k-statistics, alpha (coefficient of internal consistency) and what follows from it."""

    responses: int
    mean: float
    median: float
    deviation: float
    skewness: float
    kurtosis: float
    alpha: float
    error_ratio: float
    standard_error: float


def item_statistics(marks: ArrayLike, points: ArrayLike) -> ItemStatistics:
    """Facility, deviation, rest-score discrimination, its share of the best possible, effective weight."""
    scores = np.asarray(marks, float)
    maximum = np.asarray(points, float)
    people, items = scores.shape
    total = scores.sum(axis=1)
    rest = total[:, None] - scores
    covariance = _covariance(scores, rest)
    largest = _covariance(np.sort(scores, axis=0), np.sort(rest, axis=0))
    spread = _deviation(scores) * _deviation(rest)
    with_total = _covariance(scores, np.broadcast_to(total[:, None], scores.shape))
    with np.errstate(invalid="ignore", divide="ignore"):
        weight = np.sqrt(np.where(with_total >= 0, with_total, np.nan))
        return ItemStatistics(
            responses=people,
            facility=scores.mean(axis=0) / maximum * 100 if people else np.full(items, np.nan),
            deviation=_deviation(scores) / maximum * 100,
            discrimination=_ratio(covariance, spread),
            efficiency=_ratio(covariance, largest),
            effective_weight=100 * weight / np.nansum(weight),
        )


def item_total_correlation(marks: ArrayLike) -> Floats:
    """Point-biserial with the total, the item itself included."""
    scores = np.asarray(marks, float)
    total = np.broadcast_to(scores.sum(axis=1)[:, None], scores.shape)
    return _ratio(_covariance(scores, total), _deviation(scores) * _deviation(total)) / 100


def alpha(marks: ArrayLike) -> float:
    """Cronbach's alpha, p/(p − 1) · (1 − Σ item variances / total variance); NaN for papers that differ."""
    scores = np.asarray(marks, float)
    items = scores.shape[1]
    variance = _covariance(scores, scores).sum()
    total = scores.sum(axis=1)[:, None]
    whole = float(_covariance(total, total)[0])
    if items < 2 or not whole > 0:
        return float("nan")
    return float(items / (items - 1) * (1 - variance / whole))


def test_statistics(marks: ArrayLike) -> TestStatistics:
    """Mean, median, deviation, skewness k₃/k₂^1.5, kurtosis k₄/k₂², alpha, error ratio, standard error."""
    scores = np.asarray(marks, float)
    total = scores.sum(axis=1)
    second, third, fourth = _k_statistics(total)
    consistency = alpha(scores)
    ratio = float(np.sqrt(1 - consistency)) if consistency <= 1 else float("nan")
    deviation = float(np.sqrt(second))
    varied = second > 0
    return TestStatistics(
        responses=len(total),
        mean=float(total.mean()) if len(total) else float("nan"),
        median=float(np.median(total)) if len(total) else float("nan"),
        deviation=deviation,
        skewness=third / second**1.5 if varied else float("nan"),
        kurtosis=fourth / second**2 if varied else float("nan"),
        alpha=consistency,
        error_ratio=100 * ratio,
        standard_error=ratio * deviation,
    )


# pytest would take the name for a test's.
test_statistics.__test__ = False  # type: ignore[attr-defined]
TestStatistics.__test__ = False  # type: ignore[attr-defined]


def _k_statistics(values: Floats) -> tuple[float, float, float]:
    """Fisher's unbiased k₂, k₃, k₄; NaN where there are too few values."""
    n = len(values)
    if n < 4:
        second = float(values.var(ddof=1)) if n > 1 else float("nan")
        return second, float("nan"), float("nan")
    centred = values - values.mean()
    m2, m3, m4 = ((centred**power).mean() for power in (2, 3, 4))
    k2 = n / (n - 1) * m2
    k3 = n**2 / ((n - 1) * (n - 2)) * m3
    k4 = n**2 / ((n - 1) * (n - 2) * (n - 3)) * ((n + 1) * m4 - 3 * (n - 1) * m2**2)
    return float(k2), float(k3), float(k4)


def _covariance(left: Floats, right: Floats) -> Floats:
    people = len(left)
    if people < 2:
        return np.full(left.shape[1], np.nan)
    result: Floats = (_centred(left) * _centred(right)).sum(axis=0) / (people - 1)
    return result


def _centred(values: Floats) -> Floats:
    mean = values.mean(axis=0)
    differences = values - mean
    # Rounding of the mean must not look like spread where everyone has the same mark.
    result: Floats = np.where(np.abs(differences) <= 1e-12 * np.abs(mean), 0.0, differences)
    return result


def _deviation(values: Floats) -> Floats:
    return np.sqrt(_covariance(values, values))


def _ratio(above: Floats, below: Floats) -> Floats:
    """In per cent; NaN where nothing varies."""
    with np.errstate(invalid="ignore", divide="ignore"):
        return np.where(below > 0, 100 * above / below, np.nan)
