"""Times over items, read off arrivals; who clicked through without reading, or was handed the answers, is listed."""

from datetime import UTC, datetime, timedelta

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from certengine.delivery import service as delivery
from certengine.foundation.runtime import Runtime
from certengine.marking.pace import Arrivals, pace, seconds
from tests.marking.test_service import sat
from tests.sittings.factories import Exam

__all__ = ["sat"]
NINE = datetime(2026, 11, 28, 1, 0, tzinfo=UTC)


def arrivals(*saved: tuple[str, float]) -> Arrivals:
    """saved: item and seconds since the beginning."""
    return Arrivals(NINE, [(item, NINE + timedelta(seconds=at)) for item, at in saved])


def test_an_items_time_runs_from_the_answer_before_and_adds_up_over_visits() -> None:
    assert seconds(arrivals(("a", 30), ("b", 70), ("b", 75), ("a", 90))) == {"a": 45, "b": 45}


def test_answers_that_came_in_one_batch_after_a_lost_network_have_no_time() -> None:
    assert seconds(arrivals(("a", 30), ("b", 200), ("c", 200.1), ("d", 200.2), ("e", 240))) == {"a": 30, "e": 39.8}


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.floats(0, 300)), max_size=40))
def test_times_are_positive_and_never_more_than_passed(moves: list[tuple[str, float]]) -> None:
    at, saved = 0.0, []
    for item, wait in moves:
        at += wait
        saved.append((item, at))
    found = seconds(arrivals(*saved))
    assert all(took > 0 for took in found.values()) and sum(found.values()) <= at + 1e-3


def room(odd: dict[int, np.ndarray], seed: int = 2) -> dict[str, Arrivals]:
    """100 people over 40 items, each at a pace of their own; odd: factors on some people's times."""
    chance = np.random.default_rng(seed)
    times = np.exp(
        3.6 + 0.4 * chance.normal(size=40) + 0.25 * chance.normal(size=(100, 1)) + 0.4 * chance.normal(size=(100, 40))
    )
    for person, factor in odd.items():
        times[person] *= factor
    return {
        f"r:{person:03}": arrivals(*((f"i{item:02}", float(at)) for item, at in enumerate(np.cumsum(row))))
        for person, row in enumerate(times)
    }


def test_honest_people_are_left_in_peace() -> None:
    found = pace(room({}))
    assert found.timed == 100 and found.items == 40 and found.median is not None and 25 < found.median < 55
    assert len(found.people) <= 1


def test_who_clicked_through_and_who_had_some_answers_beforehand_are_listed() -> None:
    half = np.where(np.arange(40) < 15, 0.15, 1.0)
    found = pace(room({3: np.full(40, 0.06), 60: half}))
    by_name = {each.registration: each for each in found.people}
    assert {"r:003", "r:060"} <= set(by_name) and len(by_name) <= 3
    assert by_name["r:003"].rapid > 20 and by_name["r:003"].minutes < 3
    assert by_name["r:060"].faster >= 5 and by_name["r:060"].p is not None and by_name["r:060"].p < 1e-6


def test_nothing_that_arrived_is_no_error() -> None:
    assert pace({}).median is None
    assert pace({"r": Arrivals(NINE, [])}).people == ()


def test_what_arrived_is_read_in_its_order(runtime: Runtime, sat: Exam) -> None:
    with runtime.unit_of_work(read_only=True) as session:
        found = delivery.arrivals(session, sat.theory_id)
    assert found
    for began_at, saved in found.values():
        moments = [at for _item, at in saved]
        assert moments == sorted(moments) and moments[0] >= began_at
