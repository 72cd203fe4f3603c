"""S-X² and M2 as mirt gives them for the law school data, and their size and power on simulated data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from certengine.psychometrics import fit
from certengine.psychometrics.calibration import UNSEEN, Model, calibrate
from certengine.psychometrics.irt import probability
from tests.psychometrics.test_calibration import exact, pool, simulated
from tests.psychometrics.test_classical import LSAT6, LSAT7, people


def test_s_x2_of_lsat7_is_the_one_of_mirt() -> None:
    found = fit.item_fit(people(LSAT7), exact(LSAT7, Model.TWO))
    assert found.statistic == pytest.approx([4.749, 14.453, 1.270, 5.238, 0.941], abs=4e-3)
    assert found.df.tolist() == [2, 2, 2, 2, 2]


@pytest.mark.parametrize(("data", "statistic", "p"), [(LSAT6, 4.738, 0.449), (LSAT7, 11.938, 0.036)])
def test_m2_is_the_one_of_mirt(data: str, statistic: float, p: float) -> None:
    found = fit.overall_fit(people(data), exact(data, Model.TWO))
    assert found.df == 5
    assert [found.statistic, found.p] == pytest.approx([statistic, p], abs=1e-3)


def test_a_model_that_made_the_data_is_not_rejected_and_one_that_did_not_is() -> None:
    a, b = pool(20)
    marks = simulated(2000, a, b, seed=11)
    right = fit.overall_fit(marks, calibrate(marks, Model.TWO))
    wrong = fit.overall_fit(marks, calibrate(marks, Model.RASCH))
    assert right.p > 0.01 and right.rmsea < 0.02
    assert wrong.p < 1e-6 and wrong.rmsea > right.rmsea
    assert wrong.df == right.df + 19


def test_an_item_whose_curve_is_another_stands_out() -> None:
    a, b = pool(20)
    chance = np.random.default_rng(2)
    theta = chance.normal(size=3000)
    right = probability(theta, a, b)
    # Right for those in the middle alone: no logistic curve.
    right[:, 4] = np.exp(-(theta**2))
    marks = (chance.random(right.shape) < right).astype(np.int8)
    found = fit.item_fit(marks, calibrate(marks, Model.TWO))
    assert found.p[4] < 1e-6 and np.median(np.delete(found.p, 4)) > 0.1


def test_where_people_saw_other_items_it_says_so_rather_than_giving_a_figure() -> None:
    a, b = pool(6)
    marks = simulated(300, a, b)
    found = calibrate(marks, Model.TWO)
    marks[0, 0] = UNSEEN
    for judge in (fit.item_fit, fit.overall_fit):
        with pytest.raises(ValueError, match="same items"):
            judge(marks, found)


@settings(max_examples=40, deadline=None)
@given(st.lists(st.floats(0.01, 0.99), min_size=1, max_size=9), st.lists(st.floats(0.01, 0.99), min_size=9, max_size=9))
def test_the_distribution_of_scores_is_a_distribution_with_the_right_mean(low: list[float], high: list[float]) -> None:
    right = np.array([low, high[: len(low)]])
    found = fit._score_distribution(right)
    assert found.sum(axis=1) == pytest.approx([1, 1])
    assert found @ np.arange(len(low) + 1) == pytest.approx(right.sum(axis=1))
