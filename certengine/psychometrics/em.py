"""The EM algorithm's two steps, compiled, and its acceleration. Parameters are one array: slopes, intercepts, asymptotes.

People are worked through in a fixed number of parts whose sums are added in order, so that the result does not depend on
how many processors there are.
"""

from dataclasses import dataclass

import numpy as np
from numba import njit, prange
from numpy.typing import NDArray

from certengine.psychometrics.irt import Floats

PARTS = 16
# People whose scores are held at once.
SCORED = 2000
STEEPEST, FARTHEST = 8.0, 12.0
HIGHEST_GUESS = 0.5
# Of a leap of SQUAREM, in steps.
LONGEST = 256.0


class Data:
    """Responses as lists of the items that each person had right, and saw, with the grid of abilities."""

    def __init__(self, marks: NDArray[np.int8], theta: Floats, weight: Floats) -> None:
        self.people, self.items = marks.shape
        self.theta, self.weight = theta, weight
        self.right_at, self.right = _lists(marks == 1)
        self.complete = bool((marks >= 0).all())
        self.seen_at, self.seen = (self.right_at, self.right) if self.complete else _lists(marks >= 0)
        self.marks = marks


def _lists(mask: NDArray[np.bool_]) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    counts = mask.sum(axis=1)
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64), np.nonzero(mask)[1].astype(np.int32)


@dataclass(frozen=True)
class Fit:
    parameters: Floats
    log_likelihood: float
    iterations: int
    converged: bool


def start(facility: Floats, guessing: bool) -> Floats:
    """Slopes of 1, intercepts from the facilities, asymptotes of 0.15 where there are any."""
    share = np.clip(facility, 0.01, 0.99)
    floor = np.full(len(share), 0.15 if guessing else 0.0)
    above = np.clip((share - floor) / (1 - floor), 0.02, 0.98)
    # An N(0, 1) ability flattens the logistic curve; 1.16 undoes that for a slope of 1.
    return np.stack([np.ones(len(share)), 1.16 * np.log(above / (1 - above)), floor])


def fit(data: Data, parameters: Floats, model: str, prior: tuple[float, float], tolerance: float, most: int) -> Fit:
    """Steps until the largest change of a parameter falls under the tolerance, or the most steps are made."""
    if not data.items or not data.people:
        return Fit(parameters, 0.0, 0, True)
    steps, converged = 0, False
    while steps < most and not converged:
        first, before = step(data, parameters, model, prior)
        second, at_first = step(data, first, model, prior)
        steps += 2
        moved, bent = first - parameters, second - 2 * first + parameters
        converged = float(np.abs(second - first).max()) < tolerance
        length = -min(max(1.0, float(np.linalg.norm(moved)) / max(float(np.linalg.norm(bent)), 1e-12)), LONGEST)
        parameters = second
        if converged or length == -1.0:
            continue
        leapt = _bounded(first - moved - 2 * length * moved + length**2 * bent, model)
        landed, at_leap = step(data, leapt, model, prior)
        steps += 1
        # A leap that loses likelihood is not taken: the steps before it never lose any.
        if np.isfinite(at_leap) and at_leap >= at_first:
            parameters = landed
    _unused, likelihood = step(data, parameters, model, (0.0, 0.0))
    return Fit(parameters, likelihood, steps, converged)


def _bounded(parameters: Floats, model: str) -> Floats:
    a, d, g = parameters
    a = np.clip(a, 0.01 if model == "rasch" else -STEEPEST, STEEPEST)
    return np.stack([a, np.clip(d, -FARTHEST, FARTHEST), np.clip(g, 0.0, HIGHEST_GUESS)])


def step(data: Data, parameters: Floats, model: str, prior: tuple[float, float]) -> tuple[Floats, float]:
    """One E and one M step; returns new parameters and the (penalised) log-likelihood of those that came in."""
    seen, right, likelihood = expect(data, parameters)
    a, d, g = (row.copy() for row in parameters)
    if model == "rasch":
        _maximise_common(data.theta, seen, right, a, d)
    elif model == "2pl":
        _maximise_two(data.theta, seen, right, a, d)
    else:
        _maximise_three(data.theta, seen, right, a, d, g, prior[0], prior[1])
        if prior != (0.0, 0.0):
            before = np.clip(parameters[2], 1e-9, 1 - 1e-9)
            likelihood += float((prior[0] * np.log(before) + prior[1] * np.log(1 - before)).sum())
    return np.stack([a, d, g]), likelihood


def expect(data: Data, parameters: Floats) -> tuple[Floats, Floats, float]:
    """Expected numbers of people at each ability who saw an item, and who had it right; the log-likelihood."""
    log_right, log_wrong = _logs(data.theta, parameters)
    kernel = (data.right_at, data.right, data.seen_at, data.seen, log_right, log_wrong, np.log(data.weight))
    right, seen, everyone, likelihood = _expect(*kernel, data.complete)
    if data.complete:
        seen = np.broadcast_to(everyone, right.shape).copy()
    return seen, right, likelihood


def _logs(theta: Floats, parameters: Floats) -> tuple[Floats, Floats]:
    """log P and log (1 − P), items × abilities, exact far out in both tails."""
    a, d, g = (row[:, None] for row in parameters)
    z = a * theta + d
    wrong = np.log1p(-g) - np.logaddexp(0, z)
    right = np.where(g > 0, np.log(g + (1 - g) / (1 + np.exp(-z))), -np.logaddexp(0, -z))
    return np.ascontiguousarray(right), np.ascontiguousarray(wrong)


@njit(cache=True, parallel=True, nogil=True)  # type: ignore[untyped-decorator]
def _expect(right_at, right, seen_at, seen, log_right, log_wrong, log_weight, complete):  # type: ignore[no-untyped-def]
    people, items, nodes = len(right_at) - 1, log_right.shape[0], log_right.shape[1]
    lift = log_right - log_wrong
    rights = np.zeros((PARTS, items, nodes))
    seens = np.zeros((PARTS, 1 if complete else items, nodes))
    totals = np.zeros((PARTS, nodes))
    likelihoods = np.zeros(PARTS)
    base = log_weight.copy()
    if complete:
        for item in range(items):
            base += log_wrong[item]
    for part in prange(PARTS):
        first, last = people * part // PARTS, people * (part + 1) // PARTS
        likelihoods[part] = _expect_part(
            first, last, right_at, right, seen_at, seen, lift, log_wrong, base, complete,
            rights[part], seens[part], totals[part],
        )  # fmt: skip
    return rights.sum(axis=0), seens.sum(axis=0), totals.sum(axis=0), likelihoods.sum()


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _expect_part(first, last, right_at, right, seen_at, seen, lift, log_wrong, base, complete, rights, seens, totals):  # type: ignore[no-untyped-def]
    nodes = len(base)
    line = np.empty(nodes)
    likelihood = 0.0
    for person in range(first, last):
        line[:] = base
        if not complete:
            for at in range(seen_at[person], seen_at[person + 1]):
                line += log_wrong[seen[at]]
        for at in range(right_at[person], right_at[person + 1]):
            line += lift[right[at]]
        top = line.max()
        mass = 0.0
        for q in range(nodes):
            line[q] = np.exp(line[q] - top)
            mass += line[q]
        likelihood += np.log(mass) + top
        line /= mass
        totals += line
        for at in range(right_at[person], right_at[person + 1]):
            rights[right[at]] += line
        if not complete:
            for at in range(seen_at[person], seen_at[person + 1]):
                seens[seen[at]] += line
    return likelihood


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _maximise_two(theta, seen, right, a, d):  # type: ignore[no-untyped-def]
    """Newton's method for each item's slope and intercept."""
    for item in range(len(a)):
        for _round in range(12):
            g0 = g1 = h00 = h01 = h11 = 0.0
            for q in range(len(theta)):
                p = 1 / (1 + np.exp(-(a[item] * theta[q] + d[item])))
                gap = right[item, q] - seen[item, q] * p
                w = seen[item, q] * p * (1 - p)
                g0 += gap * theta[q]
                g1 += gap
                h00 += w * theta[q] * theta[q]
                h01 += w * theta[q]
                h11 += w
            determinant = h00 * h11 - h01 * h01
            if determinant <= 1e-12:
                break
            by_a = (h11 * g0 - h01 * g1) / determinant
            by_d = (h00 * g1 - h01 * g0) / determinant
            # The whole step is shortened, never one of its parts: clipping one alone would bias the other.
            share = min(1.0, 1.0 / max(abs(by_a), abs(by_d), 1e-300))
            if abs(a[item] + share * by_a) > STEEPEST or abs(d[item] + share * by_d) > FARTHEST:
                break
            a[item] += share * by_a
            d[item] += share * by_d
            if abs(by_a) + abs(by_d) < 1e-10:
                break


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _maximise_common(theta, seen, right, a, d):  # type: ignore[no-untyped-def]
    """Newton's method for all intercepts and their one slope together (an arrow matrix, solved by elimination)."""
    items = len(d)
    slope = a[0]
    for _round in range(12):
        gradient, curve = 0.0, 0.0
        by_d, h_d, h_ad = np.zeros(items), np.zeros(items), np.zeros(items)
        for item in range(items):
            for q in range(len(theta)):
                p = 1 / (1 + np.exp(-(slope * theta[q] + d[item])))
                gap = right[item, q] - seen[item, q] * p
                w = seen[item, q] * p * (1 - p)
                gradient += gap * theta[q]
                curve += w * theta[q] * theta[q]
                by_d[item] += gap
                h_d[item] += w
                h_ad[item] += w * theta[q]
        reduced = curve - (h_ad * h_ad / h_d).sum()
        if reduced <= 1e-12:
            break
        by_slope = (gradient - (h_ad * by_d / h_d).sum()) / reduced
        moves = (by_d - h_ad * by_slope) / h_d
        share = min(1.0, 1.0 / max(abs(by_slope), np.abs(moves).max(), 1e-300))
        slope = min(max(slope + share * by_slope, 0.01), STEEPEST)
        d += share * moves
        if abs(by_slope) + np.abs(moves).max() < 1e-10:
            break
    a[:] = slope


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _fit_of(theta, seen, right, a, d, g, prior_right, prior_wrong):  # type: ignore[no-untyped-def]
    total = 0.0
    for q in range(len(theta)):
        p = g + (1 - g) / (1 + np.exp(-(a * theta[q] + d)))
        p = min(max(p, 1e-12), 1 - 1e-12)
        total += right[q] * np.log(p) + (seen[q] - right[q]) * np.log(1 - p)
    if prior_right or prior_wrong:
        total += prior_right * np.log(max(g, 1e-12)) + prior_wrong * np.log(1 - g)
    return total


@njit(cache=True, nogil=True)  # type: ignore[untyped-decorator]
def _maximise_three(theta, seen, right, a, d, g, prior_right, prior_wrong):  # type: ignore[no-untyped-def]
    """Fisher scoring for slope, intercept and asymptote, each step halved as a whole until the fit is no worse."""
    for item in range(len(a)):
        for _round in range(10):
            gradient = np.zeros(3)
            curve = np.zeros((3, 3))
            for q in range(len(theta)):
                s = 1 / (1 + np.exp(-(a[item] * theta[q] + d[item])))
                p = min(max(g[item] + (1 - g[item]) * s, 1e-12), 1 - 1e-12)
                slope = (1 - g[item]) * s * (1 - s)
                by = np.array([slope * theta[q], slope, 1 - s])
                weight = seen[item, q] / (p * (1 - p))
                gradient += by * (right[item, q] - seen[item, q] * p) / (p * (1 - p))
                curve += weight * np.outer(by, by)
            if prior_right or prior_wrong:
                low = max(g[item], 1e-6)
                gradient[2] += prior_right / low - prior_wrong / (1 - low)
                curve[2, 2] += prior_right / low**2 + prior_wrong / (1 - low) ** 2
            for place in range(3):
                curve[place, place] += 1e-9 * (1 + curve[place, place])
            move = np.linalg.solve(curve, gradient)
            # At the floor an asymptote that would fall further stays, and the other two find their own step.
            if g[item] <= 1e-9 and move[2] < 0:
                move[:2] = np.linalg.solve(curve[:2, :2], gradient[:2])
                move[2] = 0.0
            share = min(1.0, 1.0 / max(np.abs(move).max(), 1e-300))
            if move[2] < 0:
                share = min(share, g[item] / -move[2])
            elif move[2] > 0:
                share = min(share, (HIGHEST_GUESS - g[item]) / move[2])
            now = _fit_of(theta, seen[item], right[item], a[item], d[item], g[item], prior_right, prior_wrong)
            for _half in range(12):
                to_a, to_d, to_g = a[item] + share * move[0], d[item] + share * move[1], g[item] + share * move[2]
                inside = abs(to_a) <= STEEPEST and abs(to_d) <= FARTHEST
                if (
                    inside
                    and _fit_of(theta, seen[item], right[item], to_a, to_d, to_g, prior_right, prior_wrong) >= now
                ):
                    a[item], d[item], g[item] = to_a, to_d, to_g
                    break
                share /= 2
            if np.abs(share * move).max() < 1e-9:
                break


def information(data: Data, parameters: Floats, rows: NDArray[np.bool_], common: bool) -> Floats:
    """Σ over people of the outer product of their score: by slopes, intercepts, asymptotes (rows) of all items.

    common: the slopes are one, the first row and column.
    """
    columns = 1 + data.items if common else int(rows.sum()) * data.items
    total = np.zeros((columns, columns))
    for first in range(0, data.people, SCORED):
        found = _scores(data, parameters, data.marks[first : first + SCORED])
        if common:
            found = np.concatenate([found[0].sum(axis=1, keepdims=True), found[1]], axis=1)
        else:
            found = np.concatenate(list(found[rows]), axis=1)
        total += found.T @ found
    return total


def _scores(data: Data, parameters: Floats, marks: NDArray[np.int8]) -> Floats:
    """Each person's derivative of the log-likelihood: slope, intercept, asymptote × people × items."""
    a, d, g = parameters
    log_right, log_wrong = _logs(data.theta, parameters)
    is_right, is_wrong = (marks == 1).astype(float), (marks == 0).astype(float)
    likelihood = is_right @ log_right + is_wrong @ log_wrong + np.log(data.weight)
    posterior = np.exp(likelihood - likelihood.max(axis=1, keepdims=True))
    posterior /= posterior.sum(axis=1, keepdims=True)
    logistic = 1 / (1 + np.exp(-(a[:, None] * data.theta + d[:, None])))
    p = np.exp(log_right)
    # ∂ log P/∂z where right, and ∂ log(1 − P)/∂z where wrong, items × abilities.
    up, down = (1 - g[:, None]) * logistic * (1 - logistic) / p, -logistic
    return np.stack(
        [
            is_right * (posterior @ (up * data.theta).T) + is_wrong * (posterior @ (down * data.theta).T),
            is_right * (posterior @ up.T) + is_wrong * (posterior @ down.T),
            is_right * (posterior @ ((1 - logistic) / p).T) - is_wrong / (1 - g),
        ]
    )
