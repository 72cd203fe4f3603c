from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.web import throttle
from certengine.web.models import Throttle
from certengine.web.throttle import Attempt, Pace, Paces

NOW = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
PACE = Pace(free=3, first=timedelta(seconds=2), longest=timedelta(minutes=5), fades=timedelta(hours=1))
PACES = Paces(device=PACE, pair=PACE, subject=PACE, network=None, spared=1)


@given(st.integers(0, 10_000), st.integers(0, 7200))
def test_a_wait_grows_with_failures_shrinks_with_time_and_has_an_end(failures: int, seconds: int) -> None:
    now = NOW + timedelta(seconds=seconds)
    wait = PACE.wait(failures, NOW, now)
    assert timedelta() <= wait <= PACE.longest
    assert PACE.wait(failures + 1, NOW, now) >= wait
    assert PACE.wait(failures, NOW, now + timedelta(seconds=1)) <= wait


def test_the_first_failures_cost_nothing_and_then_each_doubles_the_wait() -> None:
    waits = [PACE.wait(failures, NOW, NOW).total_seconds() for failures in range(8)]
    assert waits == [0, 0, 0, 0, 2, 4, 8, 16]


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8::1", "2001:db8::/48"),
        (None, "unknown"),
        ("nonsense", "unknown"),
    ],
)
def test_a_holder_of_a_whole_network_is_one_party(address: str | None, network: str) -> None:
    assert throttle.network_of(address) == network


def fail(runtime: Runtime, attempt: Attempt, times: int) -> None:
    for _ in range(times):
        with runtime.unit_of_work() as session:
            throttle.failed(session, runtime.cipher, [attempt], runtime.clock.now())


def wait(runtime: Runtime, attempt: Attempt) -> float:
    with runtime.unit_of_work() as session:
        return throttle.wait(session, runtime.cipher, [attempt], runtime.clock.now()).total_seconds()


def test_failures_elsewhere_hold_up_neither_a_known_device_nor_a_networks_first_attempt(runtime: Runtime) -> None:
    stranger = Attempt("password", "admin", "192.0.2.7", PACES)
    fail(runtime, stranger, 20)
    assert wait(runtime, stranger) == 300
    assert wait(runtime, Attempt("password", "admin", "198.51.100.1", PACES)) == 0
    assert wait(runtime, Attempt("password", "admin", "192.0.2.7", PACES, device="d1")) == 0
    fail(runtime, Attempt("password", "admin", "198.51.100.1", PACES), 1)
    assert wait(runtime, Attempt("password", "admin", "198.51.100.1", PACES)) == 300


def test_from_a_crowd_of_guessing_networks_on_a_new_one_is_not_spared_but_a_known_device_is(runtime: Runtime) -> None:
    paces = Paces(device=PACE, pair=PACE, subject=PACE, network=None, spared=1, spared_until=6)
    for number in range(6):
        assert wait(runtime, Attempt("password", "admin", f"192.0.2.{number}", paces)) == 0
        fail(runtime, Attempt("password", "admin", f"192.0.2.{number}", paces), 1)
    assert wait(runtime, Attempt("password", "admin", "198.51.100.1", paces)) > 0
    assert wait(runtime, Attempt("password", "admin", "198.51.100.1", paces, device="d1")) == 0


def test_a_device_that_fails_by_itself_waits_too_and_success_forgets_it(runtime: Runtime, clock: SetClock) -> None:
    device = Attempt("password", "admin", "192.0.2.7", PACES, device="d1")
    fail(runtime, device, 5)
    assert wait(runtime, device) == 4
    with runtime.unit_of_work() as session:
        throttle.passed(session, runtime.cipher, [device])
    assert wait(runtime, device) == 0


def test_what_has_faded_begins_anew_and_what_is_old_is_swept_away(runtime: Runtime, clock: SetClock) -> None:
    attempt = Attempt("password", "admin", "192.0.2.7", PACES)
    fail(runtime, attempt, 10)
    clock.advance(hours=2)
    assert wait(runtime, attempt) == 0
    fail(runtime, attempt, 1)
    assert wait(runtime, attempt) == 0
    clock.advance(days=3)
    fail(runtime, Attempt("password", "other", "192.0.2.8", PACES), 1)
    with runtime.unit_of_work(read_only=True) as session:
        assert session.query(Throttle).count() == 2


def test_what_is_kept_names_nobody(runtime: Runtime) -> None:
    fail(runtime, Attempt("password", "admin", "192.0.2.7", PACES), 1)
    with runtime.unit_of_work(read_only=True) as session:
        keys = [row.key for row in session.query(Throttle)]
    assert all(len(key) == 64 and "admin" not in key and "192" not in key for key in keys)
