"""Response times that a person's own pace does not explain. Figures, not verdicts.

Times are people × items in seconds, NaN where there is none; papers may differ. What the data cannot carry is NaN.
z figures are about N(0, 1) for people who keep their pace; a slow reader or a break changes them as well.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import chdtrc, ndtr

from certengine.psychometrics.irt import Floats

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

# People who answered an item, for its time parameters.
FEWEST_TIMES = 50
# Answers in either part whose paces are compared.
FEWEST_IN_PART = 10


@dataclass(frozen=True)
class TimeModel:
    """van der Linden (2006): log seconds ~ N(intensity − speed, 1 / discrimination²); speeds have mean 0.

    intensity and discrimination have one entry an item, NaN below FEWEST_TIMES people; deviation is of the speeds.
    """

    intensity: Floats
    discrimination: Floats
    deviation: float
    people: Integers
    iterations: int
    converged: bool


@dataclass(frozen=True)
class TimeFit:
    """residuals: people × items, N(0, 1) under the model, negative where an answer came faster than the pace.

    One entry a person: speed and its error; chi_square on answers − 1 degrees of freedom with p: P(at least this);
    fast: answers with a residual below −limit, expected_fast: how many the model expects.
    """

    residuals: Floats
    answers: Integers
    speed: Floats
    error: Floats
    chi_square: Floats
    p: Floats
    fast: Integers
    expected_fast: Floats


@dataclass(frozen=True)
class SpeedDifference:
    """One entry a person: speed on the chosen items minus speed on the others; positive is faster on the chosen.

    ratio: by which factor the chosen took less time than the person's pace on the others makes expect.
    """

    chosen: Integers
    others: Integers
    difference: Floats
    error: Floats
    z: Floats
    p: Floats
    ratio: Floats


@dataclass(frozen=True)
class RapidAnswers:
    """threshold: seconds, one an item. rapid: people × items. effort: share of a person's answers that were not rapid."""

    threshold: Floats
    rapid: Booleans
    answers: Integers
    count: Integers
    effort: Floats


def fit_times(seconds: ArrayLike, *, fewest: int = FEWEST_TIMES, tolerance: float = 1e-6, most: int = 500) -> TimeModel:
    """Item parameters of the lognormal model by EM, the speeds N(0, deviation²) in the population.

    With speeds as free parameters an item's variance could shrink to 0; taken over their distribution it cannot.
    """
    logs = _logs(seconds)
    number = np.isfinite(logs).sum(axis=0)
    usable = number >= fewest
    person, item = np.nonzero(np.isfinite(logs[:, usable]))
    y = logs[:, usable][person, item]
    people, items = np.unique(person).size, int(usable.sum())
    _, person = np.unique(person, return_inverse=True)
    each = np.bincount(item, minlength=items)
    place = np.bincount(item, y, items) / each
    variance = np.bincount(item, (y - place[item]) ** 2, items) / each
    between, rounds, change = float(variance.mean()) / 2 if items else np.nan, 0, np.inf if items else 0.0
    while change > tolerance and rounds < most:
        weight = 1 / variance
        spread = 1 / (np.bincount(person, weight[item], people) + 1 / between)
        speed = spread * np.bincount(person, weight[item] * (place[item] - y), people)
        # Speeds are centred within each round (parameter expansion), without which the common level creeps.
        speed -= speed.mean()
        new_place = np.bincount(item, y + speed[person], items) / each
        residual = y - new_place[item] + speed[person]
        new_variance = np.maximum(np.bincount(item, residual**2 + spread[person], items) / each, 1e-12)
        between = max(float((speed**2 + spread).mean()), 1e-12)
        change = max(np.abs(new_place - place).max(), np.abs(np.log(new_variance / variance)).max())
        place, variance, rounds = new_place, new_variance, rounds + 1
    intensity, discrimination = np.full((2, len(number)), np.nan)
    intensity[usable], discrimination[usable] = place, 1 / np.sqrt(variance)
    return TimeModel(intensity, discrimination, float(np.sqrt(between)), number, rounds, change <= tolerance)


def time_fit(seconds: ArrayLike, model: TimeModel, *, limit: float = 2.0) -> TimeFit:
    """Residuals of each answer from the pace of the person's other answers (van der Linden and Guo 2008)."""
    logs = _logs(seconds)
    speed, precision, weight = _speed(logs, model)
    answers = (weight > 0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        plain = model.discrimination * (logs - model.intensity + speed[:, None])
        # An answer is part of its person's speed; without it the residual has this much more variance.
        residuals = plain / np.sqrt(_positive(1 - weight / precision[:, None]))
    chi_square = np.where(answers > 1, np.nansum(plain**2, axis=1), np.nan)
    with np.errstate(invalid="ignore"):
        fast = residuals < -limit
    return TimeFit(
        residuals=residuals,
        answers=answers,
        speed=speed,
        error=1 / np.sqrt(_positive(precision)),
        chi_square=chi_square,
        p=chdtrc(np.maximum(answers - 1, 1), chi_square),
        fast=fast.sum(axis=1),
        expected_fast=np.isfinite(residuals).sum(axis=1) * ndtr(-limit),
    )


def speed_difference(
    seconds: ArrayLike, model: TimeModel, chosen: ArrayLike, *, fewest: int = FEWEST_IN_PART
) -> SpeedDifference:
    """Pace on the chosen answers (truth values of items, or people × items: hard, exposed) against all others."""
    logs = _logs(seconds)
    inside = np.broadcast_to(np.asarray(chosen, bool), logs.shape)
    speeds, precisions, weights = zip(
        *(_speed(np.where(part, logs, np.nan), model) for part in (inside, ~inside)), strict=True
    )
    counts = [(weight > 0).sum(axis=1) for weight in weights]
    enough = (counts[0] >= fewest) & (counts[1] >= fewest)
    difference = np.where(enough, speeds[0] - speeds[1], np.nan)
    with np.errstate(divide="ignore"):
        error = np.where(enough, np.sqrt(1 / precisions[0] + 1 / precisions[1]), np.nan)
    z = difference / error
    return SpeedDifference(counts[0], counts[1], difference, error, z, ndtr(-z), np.exp(difference))


def rapid_answers(seconds: ArrayLike, *, share: float = 0.1, most: float = 10.0) -> RapidAnswers:
    """Answers too rapid to come from reading: under a share of the item's mean time, at most so many seconds.

    Normative threshold of Wise and Ma (2012), NT10 as given; effort of Wise and Kong (2005).
    """
    times = np.exp(_logs(seconds))
    there = np.isfinite(times)
    number = there.sum(axis=0)
    with np.errstate(invalid="ignore", divide="ignore"):
        threshold = np.minimum(share * np.where(there, times, 0.0).sum(axis=0) / number, most)
        rapid = there & (times < threshold)
        answers, count = there.sum(axis=1), rapid.sum(axis=1)
        return RapidAnswers(threshold, rapid, answers, count, 1 - count / answers)


def _logs(seconds: ArrayLike) -> Floats:
    times = np.asarray(seconds, float)
    if times.ndim != 2 or np.any(times <= 0) or np.any(np.isinf(times)):
        raise ValueError("times must be people × items, in seconds above 0, NaN where there is none")
    result: Floats = np.log(times)
    return result


def _speed(logs: Floats, model: TimeModel) -> tuple[Floats, Floats, Floats]:
    """Each person's speed with items known (NaN without times), its precision, and the weight of each answer."""
    there = np.isfinite(logs + model.intensity)
    weight = np.where(there, model.discrimination**2, 0.0)
    precision = weight.sum(axis=1)
    ahead = np.where(there, model.intensity - logs, 0.0)
    with np.errstate(invalid="ignore", divide="ignore"):
        return (weight * ahead).sum(axis=1) / precision, precision, weight


def _positive(values: Floats) -> Floats:
    """NaN in place of what is not above 0, before a root or a division."""
    result: Floats = np.where(values > 1e-12, values, np.nan)
    return result
