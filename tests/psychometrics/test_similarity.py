"""Exact distributions against enumeration, error rates and power against simulated people whose copying is known."""

from dataclasses import dataclass
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import ArrayLike, NDArray

from certengine.psychometrics import similarity
from certengine.psychometrics.calibration import abilities
from certengine.psychometrics.irt import Floats
from certengine.psychometrics.similarity import UNSEEN, Integers, OptionModel

OPTIONS = 4
chances = st.floats(0, 1)


@dataclass
class World:
    """A test whose wrong options attract unequally, and people who answer it honestly."""

    random: np.random.Generator
    a: Floats
    b: Floats
    key: Integers
    answers: Integers

    def compare(self, pairs: ArrayLike | None = None, fewest: int = similarity.FEWEST_SHARED) -> similarity.Similarity:
        """With abilities and shares of wrong options estimated from the answers, as they are in use."""
        marks = np.where(self.answers == UNSEEN, UNSEEN, self.answers == self.key)
        theta, _ = abilities(marks, self.a, self.b)
        shares = similarity.wrong_shares(self.key, OPTIONS, self.answers)
        model = similarity.logistic_options(self.a, self.b, 0, self.key, shares)
        return similarity.compare(self.answers, self.key, theta, model, pairs, fewest=fewest)


def world(people: int, items: int = 80, seed: int = 1) -> World:
    random = np.random.default_rng(seed)
    a, b = random.lognormal(0, 0.3, items), random.normal(0, 1, items)
    key = random.integers(0, OPTIONS, items)
    shares = np.zeros((items, OPTIONS))
    shares[np.arange(OPTIONS) != key[:, None]] = random.dirichlet(np.full(OPTIONS - 1, 3.0), items).ravel()
    model = similarity.logistic_options(a, b, 0, key, shares)
    chance = np.cumsum(model(random.normal(size=people)), axis=2)
    answers = (random.random((people, items, 1)) > chance).sum(axis=2).clip(0, OPTIONS - 1)
    return World(random, a, b, key, answers)


def coin(people: int, items: int) -> tuple[Integers, Floats, OptionModel]:
    """Items with two options, each as likely as the other."""
    model = similarity.logistic_options(
        1, np.zeros(items), 0, np.zeros(items, int), similarity.wrong_shares(np.zeros(items, int), 2)
    )
    return np.zeros(items, np.int64), np.zeros(people), model


# The first call compiles.
@settings(deadline=None)
@given(arrays(np.float64, st.integers(1, 12), elements=chances), st.data())
def test_the_tail_of_the_generalised_binomial_is_that_of_all_outcomes_counted(
    probabilities: NDArray[np.float64], data: st.DataObject
) -> None:
    matches = data.draw(st.integers(-1, len(probabilities) + 1))
    outcomes = np.array(list(product([0, 1], repeat=len(probabilities))))
    each = np.where(outcomes == 1, probabilities, 1 - probabilities).prod(axis=1)
    exact = each[outcomes.sum(axis=1) >= matches].sum()
    assert similarity.match_tail(probabilities, matches) == pytest.approx(exact, rel=1e-9, abs=1e-300)


def test_the_tail_stays_exact_where_it_is_smaller_than_rounding() -> None:
    assert similarity.match_tail(np.full(80, 0.25), 80) == pytest.approx(0.25**80)
    assert similarity.match_tail(np.full(80, 0.25), 79) == pytest.approx(0.25**80 + 80 * 0.75 * 0.25**79)


def test_figures_of_a_pair_that_can_be_checked_by_hand() -> None:
    # Sixteen items with two options, all as likely: 12 matches are 4 more than the 8 expected, deviation 2.
    key, theta, model = coin(2, 16)
    answers = np.array([[0] * 8 + [1] * 8, [0] * 8 + [1] * 4 + [0] * 4])
    found = similarity.compare(answers, key, theta, model).finding(0)
    assert (found.shared, found.matches, found.same_wrong, found.too_few) == (16, 12, 4, False)
    assert found.expected == pytest.approx(8)
    assert found.expected_same_wrong == pytest.approx(4)
    tail = (1820 + 560 + 120 + 16 + 1) / 2**16
    assert found.gbt == pytest.approx(tail)
    assert found.omega == pytest.approx((2, 2))
    assert found.omega_p == pytest.approx((tail, tail))
    # Two directions, hence two tests.
    assert found.omega_bonferroni == pytest.approx((2 * tail, 2 * tail))
    assert found.gbt_bonferroni == found.gbt == found.gbt_false_discovery
    assert list(similarity.same_wrong_items(answers, key, 0, 1)) == [8, 9, 10, 11]


def test_omega_takes_the_answers_of_the_source_as_given() -> None:
    # Twenty right answers of a strong source: half of them expected of a weak copier, nearly all of a strong one.
    key = np.zeros(20, np.int64)
    model = similarity.logistic_options(1, np.zeros(20), 0, key, similarity.wrong_shares(key, 2))
    answers = np.zeros((2, 20), np.int64)
    found = similarity.compare(answers, key, [6.0, 0.0], model).finding(0)
    assert found.omega is not None
    weak_from_strong, strong_from_weak = found.omega
    assert weak_from_strong == pytest.approx((20 - 10) / np.sqrt(5))
    assert strong_from_weak < 1
    assert found.omega_p == pytest.approx((0.5**20, (1 / (1 + np.exp(-6))) ** 20))


def test_only_items_that_both_answered_count() -> None:
    whole = world(2, 60)
    whole.answers[0, :10] = UNSEEN
    whole.answers[1, 50:] = UNSEEN
    kept = slice(10, 50)
    part = World(whole.random, whole.a[kept], whole.b[kept], whole.key[kept], whole.answers[:, kept])
    theta = np.array([0.3, -0.2])
    shares = similarity.wrong_shares(whole.key, OPTIONS)
    full = similarity.compare(
        whole.answers, whole.key, theta, similarity.logistic_options(whole.a, whole.b, 0, whole.key, shares)
    )
    cut = similarity.compare(
        part.answers, part.key, theta, similarity.logistic_options(part.a, part.b, 0, part.key, shares[kept])
    )
    assert full.finding(0) == cut.finding(0)
    assert full.shared[0] == 40


def test_a_pair_with_too_few_shared_items_has_counts_but_no_figures_and_is_no_test() -> None:
    some = world(4, 40)
    some.answers[0, 15:] = UNSEEN
    found = some.compare([[0, 1], [2, 3]])
    short, usual = found.finding(0), found.finding(1)
    assert (short.too_few, short.shared, short.fewest) == (True, 15, 16)
    figures = (short.gbt, short.gbt_bonferroni, short.expected, short.omega, short.omega_p, short.omega_bonferroni)
    assert all(figure is None for figure in figures)
    assert not usual.too_few and usual.gbt_bonferroni == usual.gbt
    assert some.compare([[0, 1]], fewest=15).finding(0).gbt is not None


def test_honest_people_stand_out_no_more_often_than_stated() -> None:
    found = world(600).compare()
    for level in (0.05, 0.01, 0.001):
        assert (found.gbt <= level).mean() <= level
        assert (found.omega_p <= level).mean() <= level
    # Measured with 499,500 pairs: ω closer to its nominal level than GBT.
    assert (found.gbt <= 0.05).mean() < (found.omega_p <= 0.05).mean()


def test_few_shared_items_of_differing_papers_do_not_raise_the_share_that_stands_out() -> None:
    some = world(600, 400, seed=2)
    hidden = np.argsort(some.random.random((600, 400)), axis=1)[:, 80:]
    np.put_along_axis(some.answers, hidden, UNSEEN, axis=1)
    found = some.compare(fewest=8)
    tested = ~found.too_few
    assert 8 <= found.shared[tested].mean() < 20
    for level in (0.05, 0.01, 0.001):
        assert (found.gbt[tested] <= level).mean() <= level
        assert (found.omega_p[tested] <= level).mean() <= level


def test_power_rises_with_the_share_copied_and_more_shared_items_tell_more() -> None:
    def power(share: float, items: int = 80) -> tuple[float, float]:
        some = world(800, items, seed=5)
        pairs = np.arange(800).reshape(-1, 2)
        for source, copier in pairs:
            copied = some.random.choice(items, round(share * items), replace=False)
            some.answers[copier, copied] = some.answers[source, copied]
        found = some.compare(pairs)
        return float((found.gbt <= 0.001).mean()), float((found.omega_p[:, 0] <= 0.001).mean())

    gbt, omega = np.array([power(share) for share in (0.1, 0.2, 0.3, 0.4, 0.6)]).T
    assert np.all(np.diff(gbt) > 0) and np.all(np.diff(omega) > 0)
    # With three fifths copied both find nearly all.
    assert np.all(omega[:-1] > gbt[:-1])
    assert min(omega[-1], gbt[-1]) > 0.9
    assert power(0.4, items=20)[1] < power(0.4)[1]


def test_a_nominal_response_model_can_stand_in_for_the_shares() -> None:
    # With equal wrong options the nominal model is the 2PL in other words: logit of right against all wrong ones together.
    some = world(5, 30)
    slopes, intercepts = np.zeros((2, 30, OPTIONS))
    rows = np.arange(30)
    slopes[rows, some.key] = some.a
    intercepts[rows, some.key] = -some.a * some.b + np.log(OPTIONS - 1)
    theta = np.linspace(-2, 2, 5)
    plain = similarity.logistic_options(some.a, some.b, 0, some.key, similarity.wrong_shares(some.key, OPTIONS))
    nominal = similarity.nominal_options(slopes, intercepts)
    assert nominal(theta) == pytest.approx(plain(theta))
    one, other = (similarity.compare(some.answers, some.key, theta, model) for model in (plain, nominal))
    assert other.gbt == pytest.approx(one.gbt)
    assert other.omega == pytest.approx(one.omega)


def test_shares_of_wrong_options_are_counted_and_none_is_nil() -> None:
    key, answers = [0, 2], [[0, 1], [1, 2], [1, UNSEEN], [1, 0]]
    assert similarity.wrong_shares(key, [3, 3], answers) == pytest.approx(
        np.array([[0, 4 / 5, 1 / 5], [1 / 2, 1 / 2, 0]])
    )
    assert similarity.wrong_shares(key, [2, 4]) == pytest.approx(np.array([[0, 1, 0, 0], [1 / 3, 1 / 3, 0, 1 / 3]]))


def test_corrections_for_many_tests_have_their_textbook_values() -> None:
    # Benjamini and Hochberg 1995, the 15 p values of their example: four discoveries at .05, Bonferroni three.
    p = [
        0.0001,
        0.0004,
        0.0019,
        0.0095,
        0.0201,
        0.0278,
        0.0298,
        0.0344,
        0.0459,
        0.3240,
        0.4262,
        0.5719,
        0.6528,
        0.7590,
        1,
    ]
    assert (similarity.benjamini_hochberg(p) <= 0.05).sum() == 4
    assert (similarity.bonferroni(p) <= 0.05).sum() == 3
    with_gap = similarity.bonferroni([0.01, np.nan, 0.4, 0.9])
    assert with_gap == pytest.approx([0.03, np.nan, 1, 1], nan_ok=True)
    assert similarity.benjamini_hochberg([]).size == 0


@given(arrays(np.float64, st.integers(1, 30), elements=chances))
def test_adjusted_p_keep_the_order_and_lie_between_p_and_bonferroni(p: NDArray[np.float64]) -> None:
    adjusted = similarity.benjamini_hochberg(p)
    assert np.all(adjusted >= p - 1e-15) and np.all(adjusted <= similarity.bonferroni(p) + 1e-15)
    assert np.all(np.diff(adjusted[np.argsort(p, kind="stable")]) >= -1e-15)


def test_what_does_not_fit_is_refused() -> None:
    key, theta, model = coin(3, 16)
    answers = np.zeros((3, 16), np.int64)
    for pairs in ([[1, 1]], [[0, 3]], [[-1, 0]]):
        with pytest.raises(ValueError, match="two different people"):
            similarity.compare(answers, key, theta, model, pairs)
    with pytest.raises(ValueError, match="none of its item's options"):
        similarity.compare(answers + 2, key, theta, model)
    for wrong in (-1, 2):
        with pytest.raises(ValueError, match="the key is none"):
            similarity.compare(answers, key + wrong, theta, model)
    with pytest.raises(ValueError, match="needs an ability"):
        similarity.compare(answers, key, theta + np.nan, model)
    with pytest.raises(ValueError, match="one ability a person"):
        similarity.compare(answers, key, theta[:2], model)
    with pytest.raises(ValueError, match="its key among them"):
        similarity.wrong_shares([2], [2])
    answers[2] = UNSEEN
    absent = similarity.compare(answers, key, [0, 0, np.nan], model)
    assert list(absent.shared) == [16, 0, 0]
    assert len(similarity.compare(answers, key, [0, 0, 0], model, []).gbt) == 0
