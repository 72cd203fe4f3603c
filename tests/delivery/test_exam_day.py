"""Faults that users of other systems met on the day of an exam."""

import os
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.datastructures import MultiDict

from certengine.delivery import service
from certengine.delivery.models import AnswerEntry, AttemptState
from certengine.delivery.scripts import Scripts
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.sittings.forms import SittingForm
from tests.delivery.test_service import begun, send
from tests.sittings.factories import Exam, exam


@pytest.fixture
def new_york() -> Iterator[None]:
    """The host's own zone is another one, with a night in which an hour is missing."""
    kept = os.environ.get("TZ")
    os.environ["TZ"] = "America/New_York"
    time.tzset()
    yield
    os.environ.pop("TZ") if kept is None else os.environ.update(TZ=kept)
    time.tzset()


def test_everybody_who_starts_at_once_has_the_whole_paper(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime, candidates=24)
    clock.advance(hours=2)
    scripts = Scripts()

    def start(number: int) -> int:
        attempt = begun(runtime, clock, made, number)
        with runtime.unit_of_work(read_only=True) as session:
            return sum(len(section["items"]) for section in scripts.script(session, attempt)["sections"])

    with ThreadPoolExecutor(12) as pool:
        assert set(pool.map(start, range(24))) == {65}


@pytest.mark.usefixtures("new_york")
def test_a_time_is_chinas_whatever_the_zone_of_the_host(app: Flask) -> None:
    # 02:30 on this night does not exist in New York.
    typed = MultiDict({"part": "theory", "starts_at": "2026-03-08T02:30", "minutes": "90"})
    with app.test_request_context(method="POST", data=typed):
        form = SittingForm()
        assert form.validate() and form.starts_at.data is not None
        assert form.starts_at.data.astimezone(UTC) == datetime(2026, 3, 7, 18, 30, tzinfo=UTC)


def test_a_candidate_whose_cookie_is_gone_is_led_to_the_candidates_door_and_goes_on(
    client: FlaskClient, runtime: Runtime, clock: SetClock
) -> None:
    made = exam(runtime, candidates=1)
    begun(runtime, clock, made)
    here = f"/exam/{made.theory_id}"
    gone = client.get(f"{here}/paper", headers={"Accept": "text/html"})
    assert gone.status_code == 302 and gone.location == "/exam"
    client.post("/exam", data={"ticket": made.tickets[0], "number": made.documents[0]})
    assert client.get(f"{here}/paper").status_code == 200


def test_what_is_empty_or_damaged_on_any_kind_of_item_does_not_stop_the_closing(
    runtime: Runtime, clock: SetClock
) -> None:
    made: Exam = exam(runtime, candidates=1)
    attempt = begun(runtime, clock, made)
    with runtime.unit_of_work(read_only=True) as session:
        sections = Scripts().script(session, attempt)["sections"]
    kinds = {section["type"]: section["items"][0]["id"] for section in sections}
    with runtime.unit_of_work() as session:
        for damaged in (None, "", [], {}, ["?"], {"x": ""}, "no such option", 7):
            for number, item in enumerate(kinds.values()):
                sequence = 1000 + number + len(str(damaged)) * 50 + (7 if damaged == {} else 0)
                session.merge(
                    AnswerEntry(
                        attempt_id=attempt.id,
                        item=item,
                        sequence=sequence,
                        content={"a": damaged, "f": False},
                        received_at=clock.now(),
                    )
                )
    clock.at = attempt.deadline_at + timedelta(seconds=6)
    assert service.close_expired(runtime) == 1
    with runtime.unit_of_work(read_only=True) as session:
        assert service.attempt(session, attempt.id).state is AttemptState.SUBMITTED


def test_what_one_browser_handed_in_another_cannot_change(runtime: Runtime, clock: SetClock) -> None:
    made = exam(runtime, candidates=1)
    attempt = begun(runtime, clock, made)
    with runtime.unit_of_work() as session:
        service.open_screen(session, made.theory_id, made.registrations[0], clock.now())
        first = service.submit(session, attempt.id, "registration", clock.now()).receipt_entry
    assert send(runtime, attempt, ("x", 1, "a"), generation=2).problem == "delivery.closed"
    with runtime.unit_of_work() as session:
        assert service.submit(session, attempt.id, "registration", clock.now()).receipt_entry == first
