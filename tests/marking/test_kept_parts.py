import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from flask import Flask

from certengine.foundation.clock import CHINA, SetClock
from certengine.foundation.errors import NotFound
from certengine.foundation.runtime import Runtime
from certengine.marking import changing, releasing, service
from certengine.marking.kept_parts import follow_results, to_keep
from certengine.marking.models import ChangeState, MarkState, Result, Verdict
from certengine.marking.rules import PassMarks
from certengine.marking.standings import figures, plan_marks
from certengine.sittings import kept_parts as keeping
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamPlan, Registration
from certengine.sittings.service import PlanFacts, RoomFacts, SittingFacts
from certengine.standards.rules import Level, Part
from tests.factories import PASSWORD, account
from tests.marking.test_result_pages import candidate
from tests.marking.test_service import ISSUER, mark, mark_practical, release, sat
from tests.sittings.factories import OFFICER, Exam, facts

__all__ = ["sat"]


def result(theory: str | None, practical: str | None, verdict: Verdict = Verdict.FAILED, **states: MarkState) -> Result:
    return Result(
        theory=None if theory is None else Decimal(theory),
        practical=None if practical is None else Decimal(practical),
        verdict=verdict,
        theory_state=states.get("theory_state", MarkState.MARKED),
        practical_state=states.get("practical_state", MarkState.MARKED),
    )


@pytest.mark.parametrize(
    ("of", "parts"),
    [
        (result("60.00", "59.99"), {Part.THEORY: Decimal("60.00")}),
        (result("59.99", "60.00"), {Part.PRACTICAL: Decimal("60.00")}),
        (result("80", "80", Verdict.PASSED), {}),
        (result("80", None, Verdict.VOID), {}),
        (result("80", None), {Part.THEORY: Decimal("80")}),
        (result("80", "50", theory_state=MarkState.KEPT), {}),
    ],
)
def test_the_passed_part_of_a_fail_is_kept(of: Result, parts: dict[Part, Decimal]) -> None:
    assert to_keep(of, PassMarks(Decimal(60), Decimal(60))) == parts


@pytest.mark.parametrize(
    ("day", "months", "until"),
    [("2026-01-31", 1, "2026-02-28"), ("2026-11-30", 24, "2028-11-30"), ("2028-02-29", 12, "2029-02-28")],
)
def test_months_end_on_the_same_day_or_the_months_last(day: str, months: int, until: str) -> None:
    found = keeping.months_later(datetime.fromisoformat(f"{day}T10:00").replace(tzinfo=CHINA), months)
    assert f"{found:%F %T}" == f"{until} 23:59:59"


@pytest.fixture
def failed(runtime: Runtime, sat: Exam) -> Exam:
    """The first candidate has 100 in the theory part and 50 in the practical; released."""
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.5")
    mark_practical(runtime, sat, 1, "0.9")
    release(runtime, sat)
    return sat


def again(
    runtime: Runtime, made: Exam, numbers: tuple[int, ...] = (0,), title: str = "第二次考试"
) -> tuple[UUID, list[UUID]]:
    """The same people registered for another exam of the field and level, with both parts planned."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        owner = session.get_one(ExamPlan, made.plan_id).organisation_id
        plan = sittings.plan_exam(
            session,
            owner,
            PlanFacts(title, "artificial_intelligence", Level.JUNIOR, None, 50),
            token=title,
            actor=OFFICER,
            now=now,
        )
        rows = [sittings.register(session, runtime.cipher, plan, facts(n), OFFICER, now)[0] for n in numbers]
        return plan.id, [row.id for row in rows]


def exempt(runtime: Runtime, registration_id: UUID) -> list[tuple[Part, Decimal]]:
    with runtime.unit_of_work(read_only=True) as session:
        return [(each.part, each.score) for each in sittings.candidate(session, registration_id).kept]


def retaken(runtime: Runtime, clock: SetClock, failed: Exam) -> Exam:
    """Both sit again what they lack: the first the practical part, marked at 80; the second the theory part."""
    clock.advance(days=100)
    plan_id, [mine, other] = again(runtime, failed, (0, 1))
    now = clock.now()
    with runtime.unit_of_work() as session:
        plan = session.get_one(ExamPlan, plan_id)
        release_id = sittings.sitting(session, failed.practical_id).release_id
        assert release_id is not None
        made = {}
        for part in Part:
            sitting = sittings.add_sitting(
                session, plan, SittingFacts(part, now + timedelta(hours=2), 60), OFFICER, now
            )
            sittings.add_room(session, sitting.id, RoomFacts("第一考场", "", 3, 3))
            assert sittings.seat_candidates(session, sitting.id, OFFICER, now) == 1
            made[part] = sitting.id
        sittings.set_release(session, sittings.sitting(session, made[Part.PRACTICAL]), release_id, drawn=False)
        [seated] = sittings.placements(session, made[Part.THEORY])
        assert seated.registration_id == other
    made_again = Exam(plan_id, made[Part.THEORY], made[Part.PRACTICAL], failed.room_id, (mine, other), (), ())
    mark_practical(runtime, made_again, 0, "0.8")
    return made_again


def test_a_passed_theory_part_counts_in_the_next_exam_and_on_its_certificate(
    runtime: Runtime, clock: SetClock, failed: Exam
) -> None:
    later = retaken(runtime, clock, failed)
    assert exempt(runtime, later.registrations[0]) == [(Part.THEORY, Decimal("100.00"))]
    # The second had 0 in the theory part and 90 in the practical.
    assert exempt(runtime, later.registrations[1]) == [(Part.PRACTICAL, Decimal("90.00"))]
    with runtime.unit_of_work(read_only=True) as session:
        marks = plan_marks(session, later.plan_id)
        first = marks.standings[0]
        assert (first.theory_state, first.theory, first.practical) == (
            MarkState.KEPT,
            Decimal("100.00"),
            Decimal("80.00"),
        )
        assert first.verdict is Verdict.PASSED
        assert figures(marks).theory.scored == 0, "a kept score is none of this exam"


def released_later(runtime: Runtime, later: Exam) -> None:
    """The first one's result as a release makes it: the kept theory part beside the practical of this exam."""
    with runtime.unit_of_work() as session:
        session.add(
            Result(
                registration_id=later.registrations[0],
                exam_plan_id=later.plan_id,
                theory=Decimal("100.00"),
                practical=Decimal("80.00"),
                theory_state=MarkState.KEPT,
                practical_state=MarkState.MARKED,
                verdict=Verdict.PASSED,
                released_at=runtime.clock.now(),
                released_by=ISSUER,
            )
        )


def corrected(runtime: Runtime, made: Exam, theory: str) -> None:
    with runtime.unit_of_work() as session:
        row = service.result_of(session, made.registrations[0])
        assert row is not None
        row.theory = Decimal(theory)
        follow_results(session, [row], runtime.clock.now())


def test_a_later_result_follows_a_kept_part_that_was_corrected(runtime: Runtime, clock: SetClock, failed: Exam) -> None:
    later = retaken(runtime, clock, failed)
    released_later(runtime, later)
    corrected(runtime, failed, "70.00")
    with runtime.unit_of_work() as session:
        result = service.result_of(session, later.registrations[0])
        assert result is not None and (result.theory, result.verdict) == (Decimal("70.00"), Verdict.PASSED)
    corrected(runtime, failed, "59.00")
    with runtime.unit_of_work() as session:
        result = service.result_of(session, later.registrations[0])
        # What would make a pass a fail waits for two.
        assert result is not None and (result.theory, result.verdict) == (Decimal("70.00"), Verdict.PASSED)
        [change, _first] = changing.changes_of_plan(session, later.plan_id)
        assert (change.after, change.verdict_after, change.state) == (None, Verdict.FAILED, ChangeState.WAITING)
        changing.propose(session, change, ChangeState.APPLIED, "理论成绩已更正", ISSUER, clock.now())
        changing.sign(session, change, "account:second", clock.now())
        assert (result.theory, result.theory_state, result.verdict) == (None, MarkState.ABSENT, Verdict.FAILED)


def test_what_is_kept_ends_on_its_day(runtime: Runtime, clock: SetClock, failed: Exam) -> None:
    clock.at = datetime(2028, 11, 1, tzinfo=UTC)
    assert exempt(runtime, again(runtime, failed)[1][0]) != []
    clock.at = datetime(2028, 12, 31, tzinfo=UTC)
    assert exempt(runtime, again(runtime, failed, title="第三次考试")[1][0]) == []


def test_a_void_result_keeps_nothing_even_where_it_was_used(runtime: Runtime, failed: Exam) -> None:
    _plan, [mine] = again(runtime, failed)
    assert exempt(runtime, mine)
    with runtime.unit_of_work() as session:
        releasing.void_result(session, failed.registrations[0], [Part.THEORY], "替考", ISSUER, runtime.clock.now())
    assert exempt(runtime, mine) == []


def test_nothing_is_kept_before_the_embargo_ends(runtime: Runtime, clock: SetClock, sat: Exam) -> None:
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.5")
    mark_practical(runtime, sat, 1, "0.5")
    release(runtime, sat, clock.now() + timedelta(days=3))
    assert exempt(runtime, again(runtime, sat)[1][0]) == []
    clock.advance(days=4)
    assert exempt(runtime, again(runtime, sat, title="第三次考试")[1][0]) != []


def test_a_candidate_may_take_the_part_again_after_all(runtime: Runtime, failed: Exam, clock: SetClock) -> None:
    plan_id, [mine] = again(runtime, failed)
    with runtime.unit_of_work() as session:
        row = session.get_one(Registration, mine)
        keeping.forgo(session, row, Part.THEORY, OFFICER, clock.now())
        with pytest.raises(NotFound):
            keeping.forgo(session, row, Part.THEORY, OFFICER, clock.now())
        plan = session.get_one(ExamPlan, plan_id)
        sitting = sittings.add_sitting(
            session, plan, SittingFacts(Part.THEORY, clock.now() + timedelta(hours=2), 60), OFFICER, clock.now()
        )
        sittings.add_room(session, sitting.id, RoomFacts("第一考场", "", 3, 3))
        assert sittings.seat_candidates(session, sitting.id, OFFICER, clock.now()) == 1


def test_a_corrected_result_keeps_or_loses_the_part(runtime: Runtime, failed: Exam) -> None:
    with runtime.unit_of_work() as session:
        row = service.result_of(session, failed.registrations[0])
        assert row is not None
        row.theory = Decimal("59.00")
        follow_results(session, [row], runtime.clock.now())
        assert keeping.kept_of(session, row.registration_id) == []
        row.theory = Decimal("61.00")
        follow_results(session, [row], runtime.clock.now())
        assert [each.score for each in keeping.kept_of(session, row.registration_id)] == [Decimal("61.00")]


def test_the_candidate_and_the_officer_see_what_is_kept_and_until_when(
    runtime: Runtime, app: Flask, failed: Exam
) -> None:
    page = candidate(app, failed, 0).get("/exam/result").text
    assert re.search(r"成绩保留至2028.11", page)
    plan_id, [mine] = again(runtime, failed)
    account(runtime, "officer", ["exam_officer"])
    officer = app.test_client()
    officer.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    assert "免考科目" in officer.get(f"/sittings/candidates/{mine}").text
    page = officer.post(f"/sittings/candidates/{mine}/forgo/theory", follow_redirects=True).text
    assert "免考科目" not in page and "放弃免考" in page
