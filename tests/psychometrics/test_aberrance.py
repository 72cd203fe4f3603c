"""Against closed forms, symmetries that the models have, and simulated people whose aberrance is known."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from certengine.psychometrics import aberrance
from certengine.psychometrics.aberrance import UNSEEN, Integers
from certengine.psychometrics.irt import Floats, probability
from tests.psychometrics.test_classical import LSAT6
from tests.psychometrics.test_classical import people as law_school

marks_of = arrays(np.int64, (3, 24), elements=st.integers(0, 1))
# In tenths: items alike but for rounding would be told apart by rounding alone.
slopes_of = arrays(np.float64, 24, elements=st.integers(3, 20).map(lambda tenths: tenths / 10))
places_of = arrays(np.float64, 24, elements=st.integers(-15, 15).map(lambda tenths: tenths / 10))


def world(
    people: int, items: int, seed: int, guess: float = 0.0
) -> tuple[np.random.Generator, Floats, Floats, Integers]:
    random = np.random.default_rng(seed)
    a, b = random.lognormal(0, 0.3, items), random.normal(0, 1, items)
    right = probability(random.normal(size=people), a, b, guess)
    return random, a, b, (random.random((people, items)) < right).astype(np.int64)


def test_abilities_have_the_closed_form_of_items_that_are_all_alike() -> None:
    # Warm's equation for n Rasch items of difficulty 0 and s right: s + 1/2 = (n + 1) P.
    marks = np.tri(6, 5, -1, dtype=int)
    theta, error = aberrance.ability(marks, 1, 0)
    share = (np.arange(6) + 0.5) / 6
    assert theta == pytest.approx(np.log(share / (1 - share)), abs=1e-6)
    assert error == pytest.approx(1 / np.sqrt(5 * share * (1 - share)), abs=1e-6)


def test_abilities_are_nearly_unbiased_and_their_errors_are_as_stated() -> None:
    random = np.random.default_rng(3)
    a, b = random.lognormal(0, 0.3, 40), random.normal(0, 1, 40)
    for truth in (-1.5, 0.0, 1.5):
        marks = (random.random((2000, 40)) < probability(truth, a, b)).astype(int)
        theta, error = aberrance.ability(marks, a, b)
        assert theta.mean() == pytest.approx(truth, abs=0.04)
        assert theta.std() == pytest.approx(error.mean(), rel=0.06)


@given(marks_of, slopes_of, places_of)
def test_right_and_wrong_exchanged_mirror_the_ability_and_leave_the_fit(
    marks: NDArray[np.int64], a: Floats, b: Floats
) -> None:
    plain, mirrored = aberrance.person_fit(marks, a, b), aberrance.person_fit(1 - marks, a, -b)
    assert mirrored.theta == pytest.approx(-plain.theta, abs=1e-5)
    assert mirrored.lz_star == pytest.approx(plain.lz_star, abs=1e-4, nan_ok=True)
    assert mirrored.u3 == pytest.approx(plain.u3, abs=1e-6, nan_ok=True)


@given(marks_of, slopes_of, places_of, st.permutations(range(40)))
def test_items_that_were_not_shown_and_their_order_change_nothing(
    marks: NDArray[np.int64], a: Floats, b: Floats, order: list[int]
) -> None:
    facility = np.linspace(0.1, 0.9, 24)
    plain = aberrance.person_fit(marks, a, b, 0.2, facility=facility)
    wide = np.concatenate([marks, np.full((3, 16), UNSEEN)], axis=1)[:, order]
    long_a, long_b, long_facility = (np.concatenate([each, np.full(16, 0.5)])[order] for each in (a, b, facility))
    padded = aberrance.person_fit(wide, long_a, long_b, 0.2, facility=long_facility)
    for name in ("theta", "error", "lz", "lz_star", "p", "u3"):
        assert getattr(padded, name) == pytest.approx(getattr(plain, name), abs=1e-4, nan_ok=True), name
    assert list(padded.answers) == [24, 24, 24]


@pytest.mark.parametrize("guess", [0.0, 0.2])
def test_lz_star_is_standard_where_lz_is_too_narrow(guess: float) -> None:
    _, a, b, marks = world(20_000, 40, seed=1, guess=guess)
    found = aberrance.person_fit(marks, a, b, guess)
    assert found.lz_star.mean() == pytest.approx(0, abs=0.1)
    assert found.lz_star.var() == pytest.approx(1, abs=0.06)
    assert found.lz.var() < 0.75
    for level in (0.05, 0.01):
        assert (found.p <= level).mean() <= level


def test_p_follows_the_lean_of_lz_star_which_a_normal_p_would_not() -> None:
    _, a, b, marks = world(20_000, 20, seed=1)
    found = aberrance.person_fit(marks, a, b)
    assert (found.lz_star <= -3.09).mean() > 0.003
    assert (found.p <= 0.001).mean() <= 0.001


def test_answers_at_random_are_found_the_more_the_longer_they_last() -> None:
    random, a, b, marks = world(2000, 80, seed=2)
    found = []
    for share in (0.0, 0.1, 0.2, 0.4):
        some = marks.copy()
        number = round(share * 80)
        some[:, 80 - number :] = random.random((2000, number)) < 0.25
        found.append((aberrance.person_fit(some, a, b).p <= 0.01).mean())
    assert np.all(np.diff(found) > 0)
    assert found[0] <= 0.015


def test_u3_of_the_law_school_data_ranks_patterns_as_guttman_does() -> None:
    # Facilities .924 .709 .553 .763 .870: item 1 the easiest, item 3 the hardest.
    marks = law_school(LSAT6)
    value = {tuple(row): each for row, each in zip(marks.tolist(), aberrance.u3(marks), strict=True)}
    assert value[1, 0, 0, 0, 0] == pytest.approx(0) and value[1, 1, 0, 1, 1] == pytest.approx(0)
    assert value[0, 0, 1, 0, 0] == pytest.approx(1)
    assert np.isnan(value[1, 1, 1, 1, 1]) and np.isnan(value[0, 0, 0, 0, 0])
    logit = np.log(np.array([0.924, 0.709, 0.553]) / (1 - np.array([0.924, 0.709, 0.553])))
    assert value[0, 1, 0, 0, 0] == pytest.approx((logit[0] - logit[1]) / (logit[0] - logit[2]))


def test_what_the_data_cannot_carry_is_not_a_figure() -> None:
    _, a, b, marks = world(3, 30, seed=4)
    marks[0, 19:] = UNSEEN
    marks[1] = UNSEEN
    found = aberrance.person_fit(marks, a, b)
    assert np.isfinite(found.theta[[0, 2]]).all() and np.isnan([found.theta[1], found.error[1]]).all()
    assert np.isnan([found.lz[0], found.lz_star[0], found.p[0], found.u3[0], found.lz_star[1]]).all()
    assert list(found.answers) == [19, 0, 30]
    # Items that are all alike: every order of right and wrong fits as well as any other.
    alike = aberrance.person_fit(np.tri(3, 30, 14, dtype=int), 1, 0.5)
    assert np.isnan(alike.lz_star).all()
    with pytest.raises(ValueError, match="1, 0 and UNSEEN"):
        aberrance.person_fit([[2, 1]], 1, 0)
    assert aberrance.person_fit(np.empty((0, 30), int), a, b).p.shape == (0,)


def test_an_item_without_parameters_is_left_out() -> None:
    _, a, b, marks = world(5, 31, seed=6)
    broken = a.copy()
    broken[7] = np.nan
    with_gap = aberrance.person_fit(marks, broken, b)
    without = aberrance.person_fit(np.delete(marks, 7, axis=1), np.delete(a, 7), np.delete(b, 7))
    assert with_gap.lz_star == pytest.approx(without.lz_star)
    assert list(with_gap.answers) == [30] * 5


@pytest.mark.parametrize("guess", [0.0, 0.2])
def test_honest_people_do_not_score_better_on_exposed_items_than_stated(guess: float) -> None:
    _, a, b, marks = world(4000, 80, seed=5, guess=guess)
    found = aberrance.score_difference(marks, a, b, guess, np.arange(80) < 24)
    assert found.z.mean() == pytest.approx(0, abs=0.06)
    for level in (0.05, 0.01, 0.001):
        assert (found.p <= level).mean() <= level
    assert found.difference / found.error == pytest.approx(found.z)
    assert found.exposed_right.mean() == pytest.approx(found.expected_right.mean(), abs=0.2)


def test_people_who_knew_items_score_better_on_them_the_more_they_knew() -> None:
    random, a, b, marks = world(2000, 80, seed=7)
    exposed = np.arange(80) < 20
    powers = []
    for known in (0.0, 0.3, 0.6, 0.9):
        some = np.where(exposed & (random.random(marks.shape) < known), 1, marks)
        powers.append((aberrance.score_difference(some, a, b, 0, exposed).p <= 0.01).mean())
    assert np.all(np.diff(powers) > 0)
    assert powers[-1] > 0.4


def test_a_part_with_too_few_answers_gives_counts_but_no_difference() -> None:
    _, a, b, marks = world(2, 40, seed=8)
    exposed = np.arange(40) < 12
    marks[0, :3] = UNSEEN
    found = aberrance.score_difference(marks, a, b, 0, exposed)
    assert list(found.exposed) == [9, 12] and list(found.new) == [28, 28]
    assert list(np.isnan(found.z)) == [True, False]
    assert found.expected_right[1] == pytest.approx(probability(found.theta_new[1], a, b)[0, exposed].sum())
