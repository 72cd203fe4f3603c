"""Answers of one person that the person's own ability and pace do not explain. Figures, not verdicts.

Marks are people × items of 1, 0 and UNSEEN; papers may differ. What a person's data cannot carry is NaN. z figures are
about N(0, 1) for people who answer by the model, and of 1,000 of these one has z beyond 3.09: a figure is no accusation.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit, gammainc, gammaincc, ndtr

from certengine.psychometrics.irt import Floats

Integers = NDArray[np.int64]
Booleans = NDArray[np.bool_]

UNSEEN = -1
# With fewer answers the normal approximation of lz* is poor, and an ability says little.
FEWEST_ANSWERS = 20
# Of either part of a paper, for a difference of abilities: below it the standard error is wider than most differences.
FEWEST_IN_PART = 10
# Abilities are sought between −REACH and REACH.
REACH = 10.0


@dataclass(frozen=True)
class PersonFit:
    """One entry a person. lz: Drasgow, Levine and Williams (1985), too narrow because the ability is estimated; lz_star
    corrects that (Snijders 2001). Both are low for answers that fit the ability badly.

    p: P(lz_star at most this). Its distribution leans to the low side, and N(0, 1) would give small p too often; p is
    therefore of a gamma distribution with its skewness. u3: van der Flier (1982), 0 if the easiest items are right, 1 if
    the hardest; it has no p.
    """

    answers: Integers
    right: Integers
    theta: Floats
    error: Floats
    lz: Floats
    lz_star: Floats
    p: Floats
    u3: Floats


@dataclass(frozen=True)
class ScoreDifference:
    """One entry a person, exposed items against new ones. expected_right: on the exposed, by the ability on the new.

    difference: exposed minus new ability, in logits; z = difference / error; p: P(z at least this) in N(0, 1).
    """

    exposed: Integers
    exposed_right: Integers
    expected_right: Floats
    new: Integers
    new_right: Integers
    theta_exposed: Floats
    theta_new: Floats
    difference: Floats
    error: Floats
    z: Floats
    p: Floats


def ability(marks: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0) -> tuple[Floats, Floats]:
    """Warm's (1989) weighted likelihood estimate and standard error of each person; NaN for who answered nothing.

    Finite for all marks and nearly unbiased, as a comparison of two parts of one paper needs it. Where guessing or a gap
    between easy and hard items gives the equation more than one root, one of them is found.
    """
    answered = _answered(marks, a, b, c)
    theta = _solve(answered)
    return theta, 1 / np.sqrt(_positive(_terms(theta, answered).information))


def person_fit(
    marks: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    c: ArrayLike = 0.0,
    *,
    facility: ArrayLike | None = None,
    fewest: int = FEWEST_ANSWERS,
) -> PersonFit:
    """Whether right and wrong answers fall where the ability lets expect them.

    facility: share of right answers of each item, for U3; of these people if not given.
    """
    scores = np.asarray(marks, np.int64)
    answered = _answered(scores, a, b, c)
    theta = _solve(answered)
    terms = _terms(theta, answered)
    log_odds = _log_odds(theta, answered)
    variance = terms.right * terms.wrong
    deviation = ((answered.marks - terms.right) * log_odds).sum(axis=1)
    answers = answered.seen.sum(axis=1)
    enough = np.where(answers >= fewest, 1.0, np.nan)
    with np.errstate(invalid="ignore", divide="ignore"):
        lz = enough * deviation / np.sqrt(_positive((variance * log_odds**2).sum(axis=1)))
        # The part of the log odds that estimating the ability takes away (Snijders 2001).
        share = (terms.slope * log_odds).sum(axis=1) / terms.information
        left = log_odds - share[:, None] * terms.weight
        spread = np.sqrt(_positive((variance * left**2).sum(axis=1)))
        # His mean, −share × pull, is in it: at the estimate the residuals times weight and the pull add to 0.
        lz_star = enough * ((answered.marks - terms.right) * left).sum(axis=1) / spread
        skewness = (variance * (terms.wrong - terms.right) * left**3).sum(axis=1) / spread**3
    return PersonFit(
        answers=answers,
        right=answered.marks.sum(axis=1).astype(np.int64),
        theta=theta,
        error=1 / np.sqrt(_positive(terms.information)),
        lz=lz,
        lz_star=lz_star,
        p=_skewed_tail(lz_star, skewness),
        u3=enough * u3(scores, facility),
    )


def u3(marks: ArrayLike, facility: ArrayLike | None = None) -> Floats:
    """van der Flier's U3 of each person; items that all or none answer rightly tell nothing and are left out."""
    scores = np.asarray(marks, np.int64)
    seen = scores != UNSEEN
    with np.errstate(invalid="ignore", divide="ignore"):
        share = (scores == 1).sum(axis=0) / seen.sum(axis=0) if facility is None else np.asarray(facility, float)
        logit = np.log(share / (1 - share))
    seen = seen & np.isfinite(logit)
    value = np.where(seen, logit, -np.inf)
    # Easiest first; what was not seen comes last and counts as 0.
    ordered = -np.sort(-value, axis=1)
    sums = np.cumsum(np.where(np.isfinite(ordered), ordered, 0.0), axis=1)
    sums = np.concatenate([np.zeros((len(scores), 1)), sums], axis=1)
    right = ((scores == 1) & seen).sum(axis=1)
    answers = seen.sum(axis=1)
    rows = np.arange(len(scores))
    best = sums[rows, right]
    worst = sums[rows, answers] - sums[rows, answers - right]
    own = np.where((scores == 1) & seen, logit, 0.0).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        result: Floats = np.where(best - worst > 1e-12, (best - own) / (best - worst), np.nan)
    return result


def score_difference(
    marks: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    c: ArrayLike,
    exposed: ArrayLike,
    *,
    fewest: int = FEWEST_IN_PART,
) -> ScoreDifference:
    """Ability on items that may have become known (exposed: one truth value an item) against that on new ones.

    The parameters must come from before the items became known, or they hide in part what is looked for.
    """
    scores = np.asarray(marks, np.int64)
    known = np.broadcast_to(np.asarray(exposed, bool), scores.shape)
    parts = [np.where(part, scores, UNSEEN) for part in (known, ~known)]
    (theta_exposed, error_exposed), (theta_new, error_new) = (ability(part, a, b, c) for part in parts)
    counts = [(part != UNSEEN).sum(axis=1) for part in parts]
    enough = (counts[0] >= fewest) & (counts[1] >= fewest)
    answered = _answered(parts[0], a, b, c)
    expected = np.where(answered.seen, _terms(theta_new, answered).right, 0.0).sum(axis=1)
    difference = np.where(enough, theta_exposed - theta_new, np.nan)
    error = np.where(enough, np.hypot(error_exposed, error_new), np.nan)
    z = difference / error
    return ScoreDifference(
        exposed=counts[0],
        exposed_right=(parts[0] == 1).sum(axis=1),
        expected_right=np.where(enough, expected, np.nan),
        new=counts[1],
        new_right=(parts[1] == 1).sum(axis=1),
        theta_exposed=theta_exposed,
        theta_new=theta_new,
        difference=difference,
        error=error,
        z=z,
        p=ndtr(-z),
    )


@dataclass(frozen=True)
class _Answered:
    """Each person's answered items side by side, person × place. A place not filled has a slope of 0: it says nothing."""

    seen: Booleans
    marks: Floats
    a: Floats
    b: Floats
    c: Floats


@dataclass(frozen=True)
class _Terms:
    """Person × place P, 1 − P, P′ and P′/(P(1 − P)); of each person the information, and Warm's J / (2 × information)."""

    right: Floats
    wrong: Floats
    slope: Floats
    weight: Floats
    information: Floats
    pull: Floats


def _answered(marks: ArrayLike, a: ArrayLike, b: ArrayLike, c: ArrayLike) -> _Answered:
    scores = np.asarray(marks, np.int64)
    if scores.ndim != 2 or not np.isin(scores, (UNSEEN, 0, 1)).all():
        raise ValueError("marks must be people × items of 1, 0 and UNSEEN")
    items = scores.shape[1:]
    steep, place, floor = (np.broadcast_to(np.asarray(each, float), items) for each in (a, b, c))
    seen = (scores != UNSEEN) & np.isfinite(steep + place + floor)
    width = int(seen.sum(axis=1).max(initial=0))
    # A stable sort brings answered items to the front; of a large bank each person saw few.
    order = np.argsort(~seen, axis=1, kind="stable")[:, :width]
    filled = np.take_along_axis(seen, order, axis=1)
    kept = np.where(filled, np.take_along_axis(scores, order, axis=1), 0).astype(float)
    # With slope 0 and mark 0 a place not filled adds nothing to a sum that has slope or mark as a factor.
    return _Answered(filled, kept, *(np.where(filled, each[order], 0.0) for each in (steep, place, floor)))


def _terms(theta: Floats, answered: _Answered) -> _Terms:
    z = answered.a * (np.nan_to_num(theta)[:, None] - answered.b)
    logistic, rest = expit(z), expit(-z)
    wrong = (1 - answered.c) * rest
    right = answered.c + (1 - answered.c) * logistic
    slope = answered.a * wrong * logistic
    # P′/(P(1 − P)) in a form that stays finite where P is 1.
    weight = answered.a * logistic / right
    information = (slope * weight).sum(axis=1)
    with np.errstate(invalid="ignore", divide="ignore"):
        pull = (answered.a * slope * (rest - logistic) * weight).sum(axis=1) / (2 * information)
    return _Terms(right, wrong, slope, weight, information, pull)


def _log_odds(theta: Floats, answered: _Answered) -> Floats:
    z = answered.a * (np.nan_to_num(theta)[:, None] - answered.b)
    above = 1 - answered.c
    result: Floats = np.log(answered.c + above * expit(z)) - np.log(above) + np.logaddexp(0, z)
    return result


def _solve(answered: _Answered) -> Floats:
    """The ability where derivative of the log likelihood and pull add to 0: scoring steps kept in a bracket."""
    people = len(answered.marks)
    low, high, theta = np.full(people, -REACH), np.full(people, REACH), np.zeros(people)
    moving = np.flatnonzero((answered.a != 0).any(axis=1))
    for _ in range(100):
        part = _Answered(*(each[moving] for each in vars(answered).values()))
        here = theta[moving]
        terms = _terms(here, part)
        gradient = ((part.marks - terms.right) * terms.weight).sum(axis=1) + terms.pull
        low[moving] = np.where(gradient > 0, here, low[moving])
        high[moving] = np.where(gradient > 0, high[moving], here)
        with np.errstate(invalid="ignore", divide="ignore"):
            step = here + gradient / terms.information
        inside = (step > low[moving]) & (step < high[moving])
        theta[moving] = np.where(inside, step, (low[moving] + high[moving]) / 2)
        moving = moving[np.abs(theta[moving] - here) > 1e-7]
        if not moving.size:
            break
    return np.where((answered.a != 0).any(axis=1), theta, np.nan)


def _skewed_tail(z: Floats, skewness: Floats) -> Floats:
    """P(at most z) for mean 0, variance 1 and this skewness, by a gamma distribution (Pearson's type III)."""
    skew = np.where(np.abs(skewness) < 1e-3, np.copysign(1e-3, skewness), skewness)
    shape = 4 / skew**2
    place = np.maximum(shape + np.sign(skew) * z * np.sqrt(shape), 0)
    result: Floats = np.where(skew > 0, gammainc(shape, place), gammaincc(shape, place))
    return result


def _positive(values: Floats) -> Floats:
    """NaN in place of what is not above 0 but for rounding, before a root or a division."""
    result: Floats = np.where(values > 1e-9, values, np.nan)
    return result
