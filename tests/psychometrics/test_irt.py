import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.psychometrics import irt

slopes = st.floats(0.2, 3)
places = st.floats(-4, 4)
floors = st.floats(0, 0.4)


def test_the_three_models_have_their_textbook_values() -> None:
    assert irt.probability(0, 1, 0)[0, 0] == 0.5
    assert irt.probability(1, 2, 0.5)[0, 0] == pytest.approx(1 / (1 + np.exp(-1)))
    assert irt.probability(0, 1, 0, 0.25)[0, 0] == 0.625
    assert irt.information(0, 2, 0)[0, 0] == pytest.approx(1.0)
    # Birnbaum: a² Q/P ((P − c)/(1 − c))² = 0.375/0.625 · 0.25
    assert irt.information(0, 1, 0, 0.25)[0, 0] == pytest.approx(0.15)


@given(slopes, places, floors, st.floats(-4, 4))
def test_information_is_the_squared_slope_over_the_variance(a: float, b: float, c: float, theta: float) -> None:
    step = 1e-5
    low, middle, high = irt.probability([theta - step, theta, theta + step], a, b, c)[:, 0]
    slope = (high - low) / (2 * step)
    assert irt.information(theta, a, b, c)[0, 0] == pytest.approx(
        slope**2 / (middle * (1 - middle)), rel=1e-4, abs=1e-9
    )


@given(slopes, places, st.floats(-4, 4))
def test_partial_credit_with_one_step_is_the_two_parameter_model(a: float, b: float, theta: float) -> None:
    assert irt.partial_expected(theta, [a], [[b]])[0, 0] == pytest.approx(irt.probability(theta, a, b)[0, 0])
    assert irt.partial_information(theta, [a], [[b]])[0, 0] == pytest.approx(irt.information(theta, a, b)[0, 0])


@given(slopes, places, st.floats(-4, 4))
def test_partial_credit_gives_whole_probabilities_and_more_to_the_abler(a: float, b: float, theta: float) -> None:
    steps = [[b - 0.5, b, b + 0.5]]
    assert irt.partial_credit(theta, [a], steps).sum() == pytest.approx(1)
    lower, higher = irt.partial_expected([theta, theta + 0.1], [a], steps)[:, 0]
    assert 0 <= lower < higher <= 1


def test_far_abilities_neither_overflow_nor_leave_the_unit_interval() -> None:
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        ends = irt.probability([-800, 800], [1.0, 2.5], [0.0, 1.0], [0.0, 0.2])
    assert ends.tolist() == [[0, 0.2], [1, 1]]


def test_a_longer_test_measures_better() -> None:
    short, long = (
        irt.marginal_reliability(np.ones(10), np.zeros(10)),
        irt.marginal_reliability(np.ones(40), np.zeros(40)),
    )
    assert 0 < short < long < 1
    assert irt.standard_error(0, np.ones(16), np.zeros(16))[0] == pytest.approx(0.5)
