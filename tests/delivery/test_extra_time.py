"""Special needs: more time from the first minute on, decided before the start, told on the ticket."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from pypdf import PdfReader

from certengine.delivery import service as delivery
from certengine.delivery.models import AttemptState
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.sittings import service as sittings
from certengine.sittings.models import Registration
from certengine.sittings.tickets import tickets
from tests.bank.pages import signed_in
from tests.delivery.test_service import begun
from tests.factories import account
from tests.sittings.factories import Exam, exam


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime, candidates=2)


def give(runtime: Runtime, made: Exam, minutes: int, reason: str = "视力障碍") -> None:
    with runtime.unit_of_work() as session:
        row = session.get_one(Registration, made.registrations[0])
        sittings.set_extra_time(session, row, minutes, reason, "account:officer", runtime.clock.now())


def test_who_has_more_time_is_closed_later_than_the_others(runtime: Runtime, clock: SetClock, made: Exam) -> None:
    give(runtime, made, 30)
    first, second = begun(runtime, clock, made, 0), begun(runtime, clock, made, 1)
    assert first.deadline_at - second.deadline_at == timedelta(minutes=30) and first.extra_seconds == 1800
    clock.at = second.deadline_at + timedelta(minutes=5)
    assert delivery.close_expired(runtime) == 1
    with runtime.unit_of_work(read_only=True) as session:
        assert delivery.attempt(session, first.id).state is AttemptState.RUNNING
        kinds = [entry.kind for entry in ledger.history(session, f"registration:{made.registrations[0]}")]
    assert "candidate.extra_time" in kinds


def test_it_needs_a_reason_a_sensible_figure_and_comes_before_the_start(
    runtime: Runtime, clock: SetClock, made: Exam
) -> None:
    for minutes, reason in ((-1, "x"), (121, "x"), (10, " ")):
        with pytest.raises(Invalid):
            give(runtime, made, minutes, reason)
    begun(runtime, clock, made, 1)
    with pytest.raises(Conflict):
        give(runtime, made, 10)


def test_an_officer_gives_it_on_the_candidates_page_and_the_ticket_says_so(
    runtime: Runtime, app: Flask, made: Exam
) -> None:
    account(runtime, "officer7", ["exam_officer"])
    client = signed_in(app, "officer7")
    at = f"/sittings/candidates/{made.registrations[0]}"
    assert "请写明加时的原因" in client.post(f"{at}/extra-time", data={"minutes": "20"}, follow_redirects=True).text
    page = client.post(f"{at}/extra-time", data={"minutes": "20", "reason": "视力障碍"}, follow_redirects=True).text
    assert "加时已保存" in page and 'value="20"' in page and "视力障碍" in page
    with runtime.unit_of_work(read_only=True) as session:
        pdf = tickets(session, runtime, [made.registrations[0]])
    assert "加时 20 分钟" in PdfReader(BytesIO(pdf)).pages[0].extract_text()
