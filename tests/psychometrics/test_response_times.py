"""Against simulated people with known pace, closed forms, and residuals worked out by leaving each answer out."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray

from certengine.psychometrics import response_times
from certengine.psychometrics.irt import Floats
from certengine.psychometrics.response_times import TimeModel


def world(people: int, items: int, seed: int, seen: int | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Intensity, discrimination, speed and seconds; of the items each person saw a random part, if seen is given."""
    random = np.random.default_rng(seed)
    intensity, discrimination = random.normal(3.8, 0.5, items), random.lognormal(0.6, 0.25, items)
    speed = random.normal(0, 0.3, people)
    seconds = np.exp(random.normal(intensity - speed[:, None], 1 / discrimination))
    if seen is not None:
        unseen = np.argsort(random.random((people, items)), axis=1)[:, seen:]
        np.put_along_axis(seconds, unseen, np.nan, axis=1)
    return intensity, discrimination, speed, seconds


def known(intensity: Floats, discrimination: Floats) -> TimeModel:
    return TimeModel(intensity, discrimination, 0.3, np.full(len(intensity), 1000), 0, True)


def test_item_parameters_and_speeds_are_recovered_though_papers_differ() -> None:
    intensity, discrimination, speed, seconds = world(3000, 200, seed=1, seen=60)
    model = response_times.fit_times(seconds)
    assert model.converged and model.iterations < 50
    assert np.sqrt(((model.intensity - intensity) ** 2).mean()) < 0.03
    assert model.discrimination / discrimination == pytest.approx(np.ones(200), abs=0.12)
    assert (model.discrimination / discrimination).mean() == pytest.approx(1, abs=0.01)
    assert model.deviation == pytest.approx(0.3, abs=0.02)
    found = response_times.time_fit(seconds, model)
    assert np.sqrt(((found.speed - speed) ** 2).mean()) == pytest.approx(found.error.mean(), rel=0.1)


def test_minutes_in_place_of_seconds_change_the_intensity_alone() -> None:
    *_, seconds = world(200, 30, seed=2)
    one, other = response_times.fit_times(seconds), response_times.fit_times(seconds / 60)
    assert other.intensity == pytest.approx(one.intensity - np.log(60), abs=1e-5)
    assert other.discrimination == pytest.approx(one.discrimination, rel=1e-5)
    residuals = [response_times.time_fit(*each).residuals for each in ((seconds, one), (seconds / 60, other))]
    assert residuals[1] == pytest.approx(residuals[0], abs=1e-4)


@given(
    arrays(np.float64, 7, elements=st.floats(1, 300)),
    arrays(np.float64, 7, elements=st.floats(2, 5)),
    arrays(np.float64, 7, elements=st.floats(0.5, 4)),
)
def test_a_residual_is_the_surprise_after_all_other_answers(
    seconds: NDArray[np.float64], intensity: Floats, discrimination: Floats
) -> None:
    found = response_times.time_fit(seconds[None], known(intensity, discrimination)).residuals[0]
    for item in range(7):
        rest = np.arange(7) != item
        weight = discrimination[rest] ** 2
        speed = (weight * (intensity[rest] - np.log(seconds[rest]))).sum() / weight.sum()
        spread = np.sqrt(1 / discrimination[item] ** 2 + 1 / weight.sum())
        expected = (np.log(seconds[item]) - intensity[item] + speed) / spread
        assert found[item] == pytest.approx(expected, rel=1e-6, abs=1e-9)


def test_people_who_keep_their_pace_stand_out_no_more_often_than_stated() -> None:
    *_, seconds = world(4000, 80, seed=3)
    model = response_times.fit_times(seconds)
    found = response_times.time_fit(seconds, model)
    assert found.residuals.mean() == pytest.approx(0, abs=0.01)
    assert found.residuals.var() == pytest.approx(1, abs=0.01)
    assert found.fast.mean() == pytest.approx(found.expected_fast.mean(), rel=0.05)
    pace = response_times.speed_difference(seconds, model, np.arange(80) < 30)
    for level in (0.05, 0.01):
        # Three standard errors of a share among 4,000.
        most = level + 3 * np.sqrt(level / 4000)
        assert (found.p <= level).mean() <= most
        assert (pace.p <= level).mean() <= most
    assert pace.z.var() == pytest.approx(1, abs=0.08)


def test_who_is_too_fast_on_the_hard_items_is_found_and_by_which_factor() -> None:
    intensity, discrimination, _, seconds = world(500, 80, seed=4)
    model = known(intensity, discrimination)
    hard = np.arange(80) < 30
    z, p = [], []
    for factor in (1.0, 1.25, 1.5, 2.0):
        found = response_times.speed_difference(np.where(hard, seconds / factor, seconds), model, hard)
        assert np.median(found.ratio) == pytest.approx(factor, rel=0.03)
        z.append(found.z.mean())
        p.append((found.p <= 0.01).mean())
    assert np.all(np.diff(z) > 0) and np.all(np.diff(p) > 0)
    assert p[-1] > 0.95


def test_chosen_answers_may_differ_from_person_to_person() -> None:
    intensity, discrimination, _, seconds = world(2, 40, seed=5)
    model = known(intensity, discrimination)
    first, second = np.arange(40) < 20, np.arange(40) % 2 == 0
    both = response_times.speed_difference(seconds, model, np.array([first, second]))
    for row, chosen in enumerate((first, second)):
        alone = response_times.speed_difference(seconds[[row]], model, chosen)
        assert both.z[row] == pytest.approx(alone.z[0])
    few = response_times.speed_difference(seconds, model, np.arange(40) < 9)
    assert np.isnan(few.z).all() and list(few.chosen) == [9, 9]


def test_rapid_answers_lie_under_a_tenth_of_the_mean_time_and_ten_seconds() -> None:
    # Means of 50 and 200 seconds: a tenth is 5 and 20, of which the second is cut to 10.
    seconds = [[4, 9.9], [96, 390.1], [50, np.nan], [np.nan, np.nan]]
    found = response_times.rapid_answers(seconds)
    assert found.threshold == pytest.approx([5, 10])
    assert found.rapid.tolist() == [[True, True], [False, False], [False, False], [False, False]]
    assert list(found.count) == [2, 0, 0, 0] and list(found.answers) == [2, 2, 1, 0]
    assert found.effort == pytest.approx([0, 1, 1, np.nan], nan_ok=True)


def test_what_the_data_cannot_carry_is_not_a_figure() -> None:
    *_, seconds = world(80, 6, seed=6)
    seconds[:40, 0] = np.nan
    seconds[0] = np.nan
    seconds[1, 2:] = np.nan
    model = response_times.fit_times(seconds)
    assert np.isnan(model.intensity[0]) and np.isfinite(model.intensity[1:]).all()
    found = response_times.time_fit(seconds, model)
    assert np.isnan(found.residuals[:, 0]).all() and np.isnan([found.speed[0], found.error[0], found.p[0]]).all()
    # One answer alone is its person's whole pace: there is nothing to compare it with.
    assert found.answers[1] == 1 and np.isnan(found.residuals[1]).all() and np.isnan(found.p[1])
    nobody = response_times.fit_times(np.empty((0, 3)))
    assert np.isnan(nobody.intensity).all() and nobody.converged
    for wrong in (0.0, -1.0, np.inf):
        with pytest.raises(ValueError, match="above 0"):
            response_times.fit_times([[wrong]])
