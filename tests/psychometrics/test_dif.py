"""Items that favour a group are found, groups of other ability alone are not an offence, and swapping groups mirrors all."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import minimize

from certengine.psychometrics import dif
from certengine.psychometrics.irt import Floats, probability
from tests.psychometrics.test_calibration import pool


def two_groups(shift: float, seed: int = 1, n: int = 4000) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """30 items; the focal group is half a deviation less able, and finds item 0 harder by the shift."""
    a, b = pool(30)
    chance = np.random.default_rng(seed)
    focal = np.arange(n) % 2 == 1
    theta = chance.normal(size=n) - 0.5 * focal
    right = probability(theta, a, b)
    right[focal, 0] = probability(theta[focal], a[:1], b[:1] + shift)[:, 0]
    return (chance.random(right.shape) < right).astype(int), focal


def test_the_formulas_hold_on_a_table_worked_by_hand() -> None:
    # One stratum: 30 right and 10 wrong of the reference group, 20 and 20 of the focal one.
    marks = np.repeat([1, 0, 1, 0], [30, 10, 20, 20])[:, None]
    focal = np.repeat([False, True], [40, 40])
    found = dif.mantel_haenszel(marks, focal, np.zeros(80))
    assert found.alpha[0] == pytest.approx(3.0) and found.delta[0] == pytest.approx(-2.35 * np.log(3))
    variance = 40 * 40 * 50 * 30 / (80**2 * 79)
    assert found.statistic[0] == pytest.approx((abs(30 - 25) - 0.5) ** 2 / variance)
    # With one table the error of log alpha is Woolf's.
    assert found.error[0] / 2.35 == pytest.approx(np.sqrt(1 / 30 + 1 / 10 + 1 / 20 + 1 / 20))


def test_the_unfair_item_is_found_and_unequal_ability_alone_is_not() -> None:
    marks, focal = two_groups(0.8)
    totals = marks.sum(axis=1)
    matched = dif.mantel_haenszel(marks, focal, totals)
    assert matched.delta[0] < -1.5 and matched.classes[0] == "C"
    assert all(each == "A" for each in matched.classes[1:])
    regressed = dif.logistic(marks, focal, totals)
    assert regressed.p_uniform[0] < 1e-8 and np.sort(regressed.p_uniform[1:])[2] > 0.001
    assert regressed.effect[0] == regressed.effect.max()


def test_a_difference_that_turns_with_ability_is_a_crossing_one() -> None:
    a, b = pool(30)
    chance = np.random.default_rng(4)
    focal = np.arange(6000) % 2 == 1
    theta = chance.normal(size=6000)
    right = probability(theta, a, b)
    right[~focal, 0] = probability(theta[~focal], [2.0], [0.0])[:, 0]
    right[focal, 0] = probability(theta[focal], [0.3], [0.0])[:, 0]
    marks = (chance.random(right.shape) < right).astype(int)
    found = dif.logistic(marks, focal, marks.sum(axis=1))
    assert found.p_crossing[0] < 1e-10 and found.p_uniform[0] > 1e-4


def test_an_item_that_one_group_never_saw_gets_no_figures() -> None:
    marks, focal = two_groups(0.0, n=400)
    marks[focal, 3] = -1
    assert np.isnan(dif.logistic(marks, focal, marks.sum(axis=1)).effect[3])
    assert dif.mantel_haenszel(marks, focal, np.zeros(400)).classes[3] == ""


def test_the_likelihood_is_the_largest_there_is() -> None:
    chance = np.random.default_rng(9)
    x = np.column_stack([np.ones(200), chance.normal(size=(200, 2))])
    y = (chance.random(200) < 0.4).astype(float)

    def loss(beta: Floats) -> float:
        return float(np.logaddexp(0, x @ beta).sum() - y @ (x @ beta))

    assert dif._likelihood(x, y) == pytest.approx(-minimize(loss, np.zeros(3)).fun, abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_swapping_the_groups_mirrors_every_figure(seed: int) -> None:
    marks, focal = two_groups(0.3, seed, 600)
    totals = marks.sum(axis=1) // 3
    one, other = dif.mantel_haenszel(marks, focal, totals), dif.mantel_haenszel(marks, ~focal, totals)
    assert one.delta == pytest.approx(-other.delta) and one.p == pytest.approx(other.p)
    assert one.classes == other.classes
