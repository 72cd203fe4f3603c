"""Against what mirt and ltm give for Bock and Lieberman's law school data, and against what made simulated data."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from certengine.psychometrics import em
from certengine.psychometrics.calibration import UNSEEN, Calibration, Model, Prior, abilities, calibrate, grid
from certengine.psychometrics.irt import Floats, probability
from tests.psychometrics.test_classical import LSAT6, LSAT7, people


def exact(frequencies: str, model: Model) -> Calibration:
    return calibrate(people(frequencies), model, tolerance=1e-8, most=20_000)


def simulated(n: int, a: Floats, b: Floats, c: float = 0.0, seed: int = 1) -> NDArray[np.int8]:
    chance = np.random.default_rng(seed)
    right = probability(chance.normal(size=n), a, b, c)
    return (chance.random(right.shape) < right).astype(np.int8)


def pool(items: int, seed: int = 7) -> tuple[Floats, Floats]:
    chance = np.random.default_rng(seed)
    return chance.lognormal(0, 0.3, items), chance.normal(size=items)


@pytest.mark.parametrize(
    ("data", "likelihood", "variance", "intercepts"),
    [
        (LSAT6, -2466.93760, 0.57024, [2.73002, 0.99861, 0.23985, 1.30645, 2.09941]),
        (LSAT7, -2664.90089, 1.02265, [1.86826, 0.79100, 1.46098, 0.52151, 1.99297]),
    ],
)
def test_the_rasch_model_is_the_one_of_mirt(
    data: str, likelihood: float, variance: float, intercepts: list[float]
) -> None:
    found = exact(data, Model.RASCH)
    assert found.converged and found.log_likelihood == pytest.approx(likelihood, abs=1e-4)
    assert found.deviation**2 == pytest.approx(variance, abs=1e-4)
    assert found.d == pytest.approx(intercepts, abs=1e-4)


def test_the_rasch_model_has_ltms_difficulties() -> None:
    found = exact(LSAT6, Model.RASCH)
    assert found.a == pytest.approx(np.full(5, 0.7551), abs=1e-4)
    assert found.b == pytest.approx([-3.6153, -1.3224, -0.3176, -1.7301, -2.7802], abs=2e-4)


@pytest.mark.parametrize(
    ("data", "likelihood", "slopes", "intercepts"),
    [
        (LSAT6, -2466.65338, [0.8257, 0.7227, 0.8909, 0.6884, 0.6569], [2.7732, 0.9902, 0.2491, 1.2848, 2.0533]),
        (LSAT7, -2658.80511, [0.9875, 1.0808, 1.7075, 0.7650, 0.7357], [1.8559, 0.8080, 1.8052, 0.4860, 1.8545]),
    ],
)
def test_two_parameters_are_those_of_mirt(
    data: str, likelihood: float, slopes: list[float], intercepts: list[float]
) -> None:
    found = exact(data, Model.TWO)
    assert found.log_likelihood == pytest.approx(likelihood, abs=1e-4)
    assert found.a == pytest.approx(slopes, abs=1.5e-4)
    assert found.d == pytest.approx(intercepts, abs=1.5e-4)


def test_three_parameters_reach_the_likelihood_of_mirt_and_never_fall_below_two() -> None:
    found = exact(LSAT7, Model.THREE)
    assert found.log_likelihood == pytest.approx(-2658.0547, abs=2e-3)
    assert (found.a[1], found.d[1], found.c[1]) == pytest.approx((1.951, 0.0818, 0.2979), abs=2e-3)
    for data in (LSAT6, LSAT7):
        assert exact(data, Model.THREE).log_likelihood >= exact(data, Model.TWO).log_likelihood


def test_what_made_the_data_is_found_again_within_its_errors() -> None:
    a, b = pool(40)
    found = calibrate(simulated(3000, a, b), Model.TWO)
    assert np.sqrt(np.mean((found.a - a) ** 2)) < 0.08 and np.sqrt(np.mean((found.b - b) ** 2)) < 0.12
    z = np.concatenate([(found.a - a) / found.error_a, (found.b - b) / found.error_b])
    assert 0.7 < z.std() < 1.3 and np.mean(np.abs(z) < 1.96) > 0.88


def test_everybody_may_have_seen_other_items() -> None:
    a, b = pool(60)
    marks = simulated(6000, a, b)
    chance = np.random.default_rng(3)
    marks[chance.random(marks.shape) < 0.6] = UNSEEN
    found = calibrate(marks, Model.TWO)
    assert found.responses.sum() == (marks != UNSEEN).sum()
    assert np.corrcoef(found.b, b)[0, 1] > 0.99 and np.sqrt(np.mean((found.a - a) ** 2)) < 0.12


def test_an_item_of_few_or_equal_answers_gets_no_figures_and_spoils_none() -> None:
    a, b = pool(10)
    marks = simulated(800, a, b)
    marks[50:, 3], marks[:, 7] = UNSEEN, 1
    found = calibrate(marks, Model.TWO)
    assert np.flatnonzero(~found.estimated).tolist() == [3, 7]
    assert np.isnan(found.error_b[[3, 7]]).all() and np.isfinite(np.delete(found.b, [3, 7])).all()


def test_a_prior_holds_the_asymptote_where_the_data_say_little() -> None:
    a, b = pool(30)
    marks = simulated(2000, a, b, 0.2)
    loose, held = calibrate(marks, Model.THREE), calibrate(marks, Model.THREE, prior=Prior())
    assert np.sqrt(np.mean((held.c - 0.2) ** 2)) < np.sqrt(np.mean((loose.c - 0.2) ** 2))


def test_nothing_at_all_is_no_error() -> None:
    found = calibrate(np.zeros((0, 3), np.int8))
    assert not found.estimated.any() and found.log_likelihood == 0


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 2**32 - 1), st.sampled_from(Model))
def test_no_step_loses_likelihood(seed: int, model: Model) -> None:
    a, b = pool(6, seed % 1000)
    data = em.Data(simulated(200, a, b, seed=seed), *grid(21))
    parameters = em.start(np.clip((data.marks == 1).mean(axis=0), 0.02, 0.98), model is Model.THREE)
    last = -np.inf
    for _step in range(8):
        parameters, likelihood = em.step(data, parameters, model.value, (0.0, 0.0))
        assert likelihood >= last - 1e-8
        last = likelihood


def test_abilities_shrink_towards_the_mean_and_tell_how_sure_they_are() -> None:
    a, b = pool(40)
    theta = np.random.default_rng(5).normal(size=2000)
    marks = (np.random.default_rng(6).random((2000, 40)) < probability(theta, a, b)).astype(np.int8)
    mean, deviation = abilities(marks, a, b)
    assert np.corrcoef(mean, theta)[0, 1] > 0.9 and 0.8 < ((mean - theta) / deviation).std() < 1.2
    unseen, prior = abilities(np.full((1, 40), UNSEEN), a, b)
    assert unseen[0] == pytest.approx(0, abs=1e-9) and prior[0] == pytest.approx(1, abs=1e-3)
