from dataclasses import replace

import pytest
from flask import Flask
from sqlalchemy import select

from certengine.conduct import service, suspicions
from certengine.conduct.models import Suspicion, SuspicionState
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking.joining import analysis_takers
from certengine.marking.sitting_report import PairFinding, Report
from certengine.sittings import service as sittings
from tests.factories import PASSWORD, account
from tests.marking.test_service import answer_all, mark
from tests.sittings.factories import Exam, exam

NOTHING = Report(40, 70.0, 9.0, 0.8, 4.0, None, 20, 0, (), 40, ())


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime, candidates=3)


def listed(made: Exam, matches: int = 60) -> Report:
    """A report in which the first two candidates' scripts are alike."""
    one, two = (f"registration:{each}" for each in made.registrations[:2])
    return replace(NOTHING, pairs=(PairFinding(one, two, 65, matches, 41.2, 18, 3.1, 1.2e-7, 3.4e-6),))


def taken(runtime: Runtime, made: Exam, report: Report) -> Suspicion:
    with runtime.unit_of_work() as session:
        suspicions.take(session, made.theory_id, report, runtime.clock.now())
    return row_of(runtime)


def row_of(runtime: Runtime) -> Suspicion:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(Suspicion)).one()


def dismiss(runtime: Runtime, reason: str = "两人同班，同一错误讲义") -> None:
    with runtime.unit_of_work() as session:
        row = session.scalars(select(Suspicion)).one()
        suspicions.dismiss(session, row, reason, "account:d", runtime.clock.now())


def test_alike_scripts_arrive_once_with_their_seats_and_figures(runtime: Runtime, made: Exam) -> None:
    taken(runtime, made, listed(made, 60))
    row = taken(runtime, made, listed(made, 61))
    assert row.state is SuspicionState.OPEN
    assert row.figures["matches"] == 61 and row.figures["expected"] == "41.2"
    with runtime.unit_of_work(read_only=True) as session:
        places = {each.registration_id: each for each in sittings.placements(session, made.theory_id)}
        assert row.seats == [[places[each].room_name, places[each].seat_number] for each in made.registrations[:2]]
        kinds = [each.kind for each in ledger.history(session, f"sitting:{made.theory_id}")]
        assert kinds.count("suspicion.raised") == 1


def test_what_a_later_analysis_no_longer_lists_is_gone_and_what_people_settled_stays(
    runtime: Runtime, made: Exam
) -> None:
    taken(runtime, made, listed(made))
    assert taken(runtime, made, NOTHING).state is SuspicionState.GONE
    assert taken(runtime, made, listed(made)).state is SuspicionState.OPEN
    with pytest.raises(Invalid):
        dismiss(runtime, " ")
    dismiss(runtime)
    assert taken(runtime, made, listed(made)).state is SuspicionState.DISMISSED
    with pytest.raises(Conflict):
        dismiss(runtime)


def test_open_cases_and_suspicions_are_named_before_a_release(runtime: Runtime, made: Exam) -> None:
    def codes() -> list[tuple[str, int]]:
        with runtime.unit_of_work(read_only=True) as session:
            found = suspicions.before_release(session, made.plan_id)
            return [(each.code, each.values["count"]) for each in found]

    assert codes() == []
    taken(runtime, made, listed(made))
    assert codes() == [("conduct.check_suspicions", 1)]
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        facts = service.CaseFacts(made.theory_id, made.registrations[0], "alike", "答卷相似", now)
        owner = sittings.sitting(session, made.theory_id).organisation_id
        case = service.record(session, owner, facts, token="t", actor="account:d", now=now)
        suspicions.hand_over(session, session.scalars(select(Suspicion)).one(), case, "account:d", now)
    assert codes() == [("conduct.check_cases", 1)]


def test_the_analysis_of_a_sitting_hands_its_findings_over(
    runtime: Runtime, clock: SetClock, made: Exam, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[int] = []
    assert suspicions.take in analysis_takers
    monkeypatch.setattr(
        "certengine.marking.jobs.analysis_takers", [lambda _session, _id, report, _now: seen.append(report.scripts)]
    )
    for number in range(2):
        answer_all(runtime, clock, made, number, right=True)
    clock.advance(hours=2)
    mark(runtime, made)
    assert resume_jobs(runtime) == 1
    assert seen == [2]


def test_a_suspicion_becomes_a_case_or_is_dismissed_on_its_page(runtime: Runtime, app: Flask, made: Exam) -> None:
    row = taken(runtime, made, listed(made))
    account(runtime, "decider", ["issuer"])
    browser = app.test_client()
    browser.post("/sign-in", data={"login": "decider", "password": PASSWORD})
    page = browser.get("/conduct/suspicions").text
    assert "60 / 65（41.2）" in page and "王小明" in page and "李娜" in page and "1.2e-07" in page
    address = f"/conduct/new/{made.theory_id}/{made.registrations[0]}"
    form = browser.get(address, query_string={"suspicion": str(row.id), "facts": "答卷相似"}).text
    assert "答卷相似" in form
    other = browser.get(
        f"/conduct/new/{made.theory_id}/{made.registrations[2]}", query_string={"suspicion": str(row.id)}
    )
    assert other.status_code == 404
    browser.post(address, query_string={"suspicion": str(row.id)}, data={"act": "alike", "facts": "答卷相似"})
    assert row_of(runtime).state is SuspicionState.HANDED_OVER
    assert "没有线索" in browser.get("/conduct/suspicions").text
    assert "已立案" in browser.get("/conduct/suspicions?state=all").text
    with runtime.unit_of_work() as session, pytest.raises(NotFound):
        suspicions.suspicion_of(session, made.plan_id, row.id)
