"""Passing scores from the judgement of a panel: modified Angoff, Bookmark, and the compromise of Hofstee.

Cizek and Bunch (2007), Standard Setting. A judge thinks of candidates who are only just competent. Cut scores are not
rounded: whoever reports one says which way.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from certengine.psychometrics.irt import Floats, expected_score

# Iglewicz and Hoaglin (1993): a value further out on their modified z is an outlier.
OUTLYING = 3.5
# They scale the median and, where that is 0, the mean absolute deviation to a normal curve's standard deviation.
MEDIAN_TO_SIGMA, MEAN_TO_SIGMA = 0.6745, 0.7979
# A median varies by √(π/2) as much as a mean, in normal samples.
MEDIAN_ERROR = float(np.sqrt(np.pi / 2))
RESPONSE_PROBABILITY = 2 / 3


@dataclass(frozen=True)
class AngoffRound:
    """What one round of ratings says; points, except where stated.

    cut: mean over judges of what each expects (`judge_cuts`); error: its standard error over judges, NaN for one judge;
    share: cut / highest score; severity: modified z of each judge's cut, above 0 for a strict judge; outlying: |severity|
    over 3.5; judge_agreement: correlation of each judge's ratings with the mean of the others; item_spread: deviation of
    each item's ratings over judges (0 to 1); single, panel: intraclass correlations (2,1) and (2,k) of Shrout and Fleiss;
    judge_realism, panel_realism: correlation of ratings with the shares right that were observed, NaN without them.
    """

    cut: float
    error: float
    share: float
    judge_cuts: Floats
    severity: Floats
    outlying: NDArray[np.bool_]
    judge_agreement: Floats
    item_means: Floats
    item_spread: Floats
    single: float
    panel: float
    judge_realism: Floats
    panel_realism: float


@dataclass(frozen=True)
class Angoff:
    """All rounds in order. moved: change of the cut into each later round; narrowed: change of the judges' deviation."""

    rounds: tuple[AngoffRound, ...]
    moved: Floats
    narrowed: Floats

    @property
    def final(self) -> AngoffRound:
        return self.rounds[-1]


@dataclass(frozen=True)
class BookmarkRound:
    """cut: median ability over judges; error: its standard error in a normal sample, NaN for one judge; expected: the
    expected score at the cut, and at the cut less and plus one error; judge_cuts: abilities."""

    cut: float
    error: float
    expected: float
    expected_below: float
    expected_above: float
    judge_cuts: Floats


@dataclass(frozen=True)
class Hofstee:
    """cut: in points; failing: share of people below it; lowest to most: the panel's means.

    compromised is False where the diagonal misses the curve of failing people: then cut is the bound that comes nearest.
    """

    cut: float
    failing: float
    lowest: float
    highest: float
    least: float
    most: float
    compromised: bool


def angoff(ratings: ArrayLike, points: ArrayLike | None = None, facility: ArrayLike | None = None) -> Angoff:
    """Modified Angoff: ratings are probabilities of a right answer, judges × items, or rounds × judges × items.

    points: an item's points, 1 unless given; facility: observed shares right, 0 to 1, NaN where an item has none yet.
    Raises ValueError for missing ratings or ratings outside 0 to 1.
    """
    given = np.asarray(ratings, float)
    rounds = given[None] if given.ndim == 2 else given
    if rounds.ndim != 3 or 0 in rounds.shape:
        raise ValueError("ratings must be judges × items, or rounds × judges × items")
    # Written so that NaN is refused too.
    if not ((rounds >= 0) & (rounds <= 1)).all():
        raise ValueError("each judge must give each item a rating from 0 to 1")
    items = rounds.shape[2]
    worth = np.ones(items) if points is None else np.asarray(points, float)
    observed = np.full(items, np.nan) if facility is None else np.asarray(facility, float)
    if worth.shape != (items,) or observed.shape != (items,) or not (worth > 0).all():
        raise ValueError("points and facility need one entry an item, and points must be above 0")
    found = tuple(_angoff_round(each, worth, observed) for each in rounds)
    cuts = np.array([each.cut for each in found])
    spreads = np.array([_deviation(each.judge_cuts) for each in found])
    return Angoff(found, np.diff(cuts), np.diff(spreads))


def _angoff_round(ratings: Floats, points: Floats, facility: Floats) -> AngoffRound:
    judges = len(ratings)
    cuts = ratings @ points
    severity = modified_z(cuts)
    known = np.isfinite(facility)
    others = (ratings.sum(axis=0) - ratings) / (judges - 1) if judges > 1 else np.full(ratings.shape, np.nan)
    single, panel = intraclass(ratings)
    return AngoffRound(
        cut=float(cuts.mean()),
        error=_deviation(cuts) / float(np.sqrt(judges)),
        share=float(cuts.mean() / points.sum()),
        judge_cuts=cuts,
        severity=severity,
        outlying=np.abs(severity) > OUTLYING,
        judge_agreement=np.array([_correlation(own, rest) for own, rest in zip(ratings, others, strict=True)]),
        item_means=ratings.mean(axis=0),
        item_spread=np.array([_deviation(each) for each in ratings.T]),
        single=single,
        panel=panel,
        judge_realism=np.array([_correlation(own[known], facility[known]) for own in ratings]),
        panel_realism=_correlation(ratings.mean(axis=0)[known], facility[known]),
    )


def intraclass(ratings: ArrayLike) -> tuple[float, float]:
    """Absolute agreement of judges × items, both drawn at random: of one judge, and of the panel's mean.

    ICC(2,1) and ICC(2,k) of Shrout and Fleiss (1979); NaN for one judge, one item, or ratings that are all the same.
    """
    table = np.asarray(ratings, float)
    judges, items = table.shape
    if judges < 2 or items < 2 or np.ptp(table) == 0:
        return float("nan"), float("nan")
    mean = table.mean()
    of_items, of_judges = table.mean(axis=0) - mean, table.mean(axis=1) - mean
    rest = table - mean - of_items[None] - of_judges[:, None]
    between = float(judges * (of_items @ of_items) / (items - 1))
    severity = float(items * (of_judges @ of_judges) / (judges - 1))
    error = float((rest**2).sum() / ((judges - 1) * (items - 1)))
    difference = between - error
    single = difference / (between + (judges - 1) * error + judges * (severity - error) / items)
    below = between + (severity - error) / items
    return single, difference / below if below > 0 else float("nan")


def modified_z(values: ArrayLike) -> Floats:
    """0.6745 (value − median) / median absolute deviation (Iglewicz and Hoaglin 1993), which one outlier cannot hide.

    Where more than half agree and that deviation is 0, the mean absolute deviation stands in; 0 where all agree.
    """
    given = np.asarray(values, float)
    apart = given - np.median(given)
    # Sums of the same ratings in another order are not different cuts.
    apart[np.abs(apart) <= 1e-9] = 0.0
    middle, mean = float(np.median(np.abs(apart))), float(np.abs(apart).mean())
    if middle > 0:
        return np.asarray(MEDIAN_TO_SIGMA * apart / middle, float)
    if mean > 0:
        return np.asarray(MEAN_TO_SIGMA * apart / mean, float)
    return np.zeros(len(given))


def response_locations(
    a: ArrayLike, b: ArrayLike, c: ArrayLike = 0.0, probability: float = RESPONSE_PROBABILITY
) -> Floats:
    """The ability at which each item is answered right with the probability, guessing included.

    Raises ValueError where guessing alone reaches it.
    """
    slope, place, floor = (np.atleast_1d(np.asarray(each, float)) for each in (a, b, c))
    if not 0 < probability < 1 or (floor >= probability).any() or (slope <= 0).any():
        raise ValueError("the response probability must be above guessing and below 1, and slopes above 0")
    result: Floats = place + np.log((probability - floor) / (1 - probability)) / slope
    return result


def bookmark(
    bookmarks: ArrayLike,
    a: ArrayLike,
    b: ArrayLike,
    c: ArrayLike = 0.0,
    points: ArrayLike = 1.0,
    *,
    probability: float = RESPONSE_PROBABILITY,
    towards: float = 0.0,
) -> tuple[BookmarkRound, ...]:
    """Bookmark: each judge names the first page that the just competent do not master, in a booklet by difficulty.

    bookmarks: judges, or rounds × judges; pages from 1 to items + 1, where the last says that they master all. Items are
    given in any order; the booklet sorts them by `response_locations`. The cut is the ability at the last page mastered
    (Mitzel and others 2001); `towards` 0.5 takes the middle to the bookmarked page (Reckase 2006), 1 that page itself.
    Raises ValueError for pages that the booklet does not have.
    """
    slope, place, floor, worth = np.broadcast_arrays(
        *(np.atleast_1d(np.asarray(each, float)) for each in (a, b, c, points))
    )
    booklet = np.sort(response_locations(slope, place, floor, probability))
    pages = np.atleast_2d(np.asarray(bookmarks))
    if pages.ndim != 2 or pages.size == 0 or (pages != np.floor(pages)).any() or not 0 <= towards <= 1:
        raise ValueError("bookmarks must be pages, rounds × judges, and towards from 0 to 1")
    if (pages < 1).any() or (pages > len(booklet) + 1).any():
        raise ValueError("a bookmark must be a page of the booklet, or the one after its last")
    # Before the first page and after the last there is no ability to name: the page itself stands in.
    mastered = booklet[np.clip(pages.astype(int) - 2, 0, len(booklet) - 1)]
    marked = booklet[np.clip(pages.astype(int) - 1, 0, len(booklet) - 1)]
    cuts = mastered + towards * (marked - mastered)
    return tuple(_bookmark_round(each, slope, place, floor, worth) for each in cuts)


def _bookmark_round(cuts: Floats, a: Floats, b: Floats, c: Floats, points: Floats) -> BookmarkRound:
    cut = float(np.median(cuts))
    error = MEDIAN_ERROR * _deviation(cuts) / float(np.sqrt(len(cuts)))
    at, below, above = (float(each) for each in expected_score([cut, cut - error, cut + error], a, b, c, points))
    return BookmarkRound(cut, error, at, below, above, cuts)


def hofstee(
    frequencies: ArrayLike, lowest: ArrayLike, highest: ArrayLike, least: ArrayLike, most: ArrayLike
) -> Hofstee:
    """Hofstee (1983): where the diagonal from (lowest cut, most failing) to (highest cut, least failing) meets the data.

    frequencies: people with 0, 1, 2 … points; lowest and highest: the cuts that each judge could accept, in points; least
    and most: the shares failing, 0 to 1. Raises ValueError where the means are out of order or out of range.
    """
    counts = np.asarray(frequencies, float)
    if counts.ndim != 1 or (counts < 0).any() or not counts.sum() > 0:
        raise ValueError("frequencies must be counts of people for the scores 0, 1, 2 …")
    low, high, few, many = (float(np.mean(np.asarray(each, float))) for each in (lowest, highest, least, most))
    if not (0 <= low <= high <= len(counts) - 1 and 0 <= few <= many <= 1):
        raise ValueError("the lowest cut must not be above the highest, nor the least failing above the most")
    # Between whole points the curve is drawn straight: people below 0, 1, 2 … points.
    below = np.concatenate([[0.0], np.cumsum(counts)[:-1]]) / counts.sum()
    scores = np.arange(len(counts))
    corners = np.unique(np.concatenate([[low, high], scores[(scores > low) & (scores < high)]]))
    failing = np.interp(corners, scores, below)
    diagonal = np.interp(corners, [low, high], [many, few]) if high > low else np.array([many])
    over = failing - diagonal
    meet = over[0] <= 0 <= over[-1] if high > low else few <= failing[0] <= many
    if not meet or high == low:
        cut = low if over[0] > 0 else high
    else:
        step = int(np.searchsorted(over, 0.0))
        cut = float(np.interp(0.0, over[max(step - 1, 0) : step + 1], corners[max(step - 1, 0) : step + 1]))
    return Hofstee(float(cut), float(np.interp(cut, scores, below)), low, high, few, many, bool(meet))


def _deviation(values: Floats) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else float("nan")


def _correlation(left: Floats, right: Floats) -> float:
    """NaN where fewer than three pairs, or no spread, leave nothing to correlate."""
    if len(left) < 3 or not np.isfinite(right).all():
        return float("nan")
    one, two = left - left.mean(), right - right.mean()
    spread = float(np.sqrt((one @ one) * (two @ two)))
    return float(one @ two) / spread if spread > 1e-12 else float("nan")
