"""Whether a model fits the data it was estimated from: S-X² of Orlando and Thissen (2000) for each item, M2 of
Maydeu-Olivares and Joe (2006) for all. Both need people who have answered the same items."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import stats

from certengine.psychometrics.calibration import NODES, Calibration, Model, grid
from certengine.psychometrics.compiled import compiled
from certengine.psychometrics.irt import Floats, probability

# A cell of the table by scores with fewer people expected is joined to its neighbour.
LEAST_EXPECTED = 1.0
PARAMETERS = {Model.RASCH: 1, Model.TWO: 2, Model.THREE: 3}


@dataclass(frozen=True)
class ItemFit:
    """One row an item; p is NaN where joining cells has left no degree of freedom."""

    statistic: Floats
    df: NDArray[np.int64]
    p: Floats


@dataclass(frozen=True)
class OverallFit:
    """M2 over all single items and pairs; rmsea: 0 is perfect, above 0.05 to 0.06 the model is wanting."""

    statistic: float
    df: int
    p: float
    rmsea: float


def item_fit(responses: ArrayLike, found: Calibration, nodes: int = NODES) -> ItemFit:
    """Observed against expected shares right, by number-right score. Raises ValueError where somebody saw less."""
    marks = _complete(responses)
    people, items = marks.shape
    theta, weight = grid(nodes)
    right = probability(theta, found.a, found.b, found.c)
    totals = marks.sum(axis=1)
    with_all = _score_distribution(right)
    statistic, df, p = np.zeros(items), np.zeros(items, np.int64), np.full(items, np.nan)
    for item in range(items):
        without = _score_distribution(np.delete(right, item, axis=1))
        scores = np.arange(1, items)
        joint = (weight * right[:, item]) @ without[:, : items - 1]
        expected = joint / (weight @ with_all[:, 1:items])
        there = np.array([(totals == score).sum() for score in scores])
        observed = np.array([marks[totals == score, item].sum() for score in scores], float)
        cells = _joined(
            np.stack([observed, there - observed]).T, np.stack([there * expected, there * (1 - expected)]).T
        )
        statistic[item] = sum(float(((o - e) ** 2 / e).sum()) for o, e in cells)
        df[item] = len(cells) - PARAMETERS[found.model]
        if df[item] > 0:
            p[item] = stats.chi2.sf(statistic[item], df[item])
    return ItemFit(statistic, df, p)


def _complete(responses: ArrayLike) -> NDArray[np.int64]:
    marks = np.asarray(responses, np.int64)
    if (marks < 0).any():
        raise ValueError("everybody must have answered the same items")
    return marks


def _score_distribution(right: Floats) -> Floats:
    """P(number right | ability), abilities × scores, by the recursion of Lord and Wingersky (1984)."""
    found = np.ones((len(right), 1))
    for item in range(right.shape[1]):
        p = right[:, item : item + 1]
        longer = np.zeros((len(right), found.shape[1] + 1))
        longer[:, :-1] = found * (1 - p)
        longer[:, 1:] += found * p
        found = longer
    return found


def _joined(observed: Floats, expected: Floats) -> list[tuple[Floats, Floats]]:
    """Cells by score with at least LEAST_EXPECTED people expected right and wrong; a thin one joins the thinner side."""
    cells = [(o, e) for o, e in zip(observed, expected, strict=True) if e.sum() > 0]
    while len(cells) > 1:
        thin = next((place for place, (_o, e) in enumerate(cells) if e.min() < LEAST_EXPECTED), None)
        if thin is None:
            break
        sides = [side for side in (thin - 1, thin + 1) if 0 <= side < len(cells)]
        other = min(sides, key=lambda side: float(cells[side][0].sum()))
        low, high = min(thin, other), max(thin, other)
        cells[low : high + 1] = [(cells[low][0] + cells[high][0], cells[low][1] + cells[high][1])]
    return cells


def overall_fit(responses: ArrayLike, found: Calibration, nodes: int = NODES) -> OverallFit:
    """M2 from single items and pairs of items. Raises ValueError where somebody saw less."""
    marks = _complete(responses).astype(float)
    people, items = marks.shape
    theta, weight = grid(nodes)
    right = probability(theta, found.a, found.b, found.c)
    pairs = np.array([(i, j) for i in range(items) for j in range(i + 1, items)], np.int64).reshape(-1, 2)
    margins = np.concatenate([np.stack([np.arange(items), np.full(items, -1)]).T, pairs])
    curves = np.concatenate([right, right[:, pairs[:, 0]] * right[:, pairs[:, 1]]], axis=1)
    expected = weight @ curves
    together = marks.T @ marks / people
    observed = np.concatenate([marks.mean(axis=0), together[pairs[:, 0], pairs[:, 1]]])
    slopes = _derivatives(found, theta, weight, right, pairs)
    covariance = _margin_covariance(margins, np.ascontiguousarray(right.T), weight) - np.outer(expected, expected)
    gap = observed - expected
    solved = np.linalg.solve(covariance, np.column_stack([gap, slopes]))
    by_gap, by_slopes = solved[:, 0], solved[:, 1:]
    explained = slopes.T @ by_gap
    statistic = people * float(gap @ by_gap - explained @ np.linalg.solve(slopes.T @ by_slopes, explained))
    df = len(margins) - slopes.shape[1]
    if df <= 0:
        return OverallFit(statistic, df, float("nan"), float("nan"))
    excess = max(0.0, statistic - df)
    return OverallFit(statistic, df, float(stats.chi2.sf(statistic, df)), float(np.sqrt(excess / (df * (people - 1)))))


def _derivatives(found: Calibration, theta: Floats, weight: Floats, right: Floats, pairs: NDArray[np.int64]) -> Floats:
    """∂ margin / ∂ parameter: margins × (slopes, intercepts and, with three parameters, asymptotes of all items)."""
    items = right.shape[1]
    logistic = (right - found.c) / (1 - found.c)
    by_d = (1 - found.c) * logistic * (1 - logistic)
    kinds = [by_d * theta[:, None], by_d] + ([1 - logistic] if found.model is Model.THREE else [])
    columns = []
    for curve in kinds:
        block = np.zeros((items + len(pairs), items))
        block[np.arange(items), np.arange(items)] = weight @ curve
        rows = items + np.arange(len(pairs))
        block[rows, pairs[:, 0]] = weight @ (curve[:, pairs[:, 0]] * right[:, pairs[:, 1]])
        block[rows, pairs[:, 1]] = weight @ (curve[:, pairs[:, 1]] * right[:, pairs[:, 0]])
        columns.append(block)
    if found.model is Model.RASCH:
        columns[0] = columns[0].sum(axis=1, keepdims=True)
    return np.concatenate(columns, axis=1)


@compiled
def _margin_covariance(margins, right, weight):  # type: ignore[no-untyped-def]
    """P(all items of both margins right), margins × margins; a margin is an item and another or −1."""
    count, nodes = len(margins), len(weight)
    found = np.empty((count, count))
    for first in range(count):
        i, j = margins[first]
        for second in range(first + 1):
            k, m = margins[second]
            total = 0.0
            for q in range(nodes):
                value = weight[q] * right[i, q]
                if j >= 0:
                    value *= right[j, q]
                if k not in (i, j):
                    value *= right[k, q]
                if m >= 0 and m not in (i, j):
                    value *= right[m, q]
                total += value
            found[first, second] = total
            found[second, first] = total
    return found
