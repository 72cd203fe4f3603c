import threading
from dataclasses import replace
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank import service as bank
from certengine.bank.models import BankItem
from certengine.bank.rules import PracticalTask, entry_of
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.marking import examiner_figures, practical, service
from certengine.marking.checks import checks
from certengine.marking.examiners import PanelState, panel_of, task_code
from certengine.marking.models import MarkState
from certengine.people.models import Account, Organisation
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom, Registration
from certengine.standards.rules import HandIn, PracticalLayout
from tests.factories import PASSWORD, account
from tests.marking.test_service import EXAMINER, PANEL, mark, mark_by, mark_practical, release, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]
MEAN = PracticalLayout(120, Decimal(60), 1, HandIn(1, 1, ()))
MEDIAN = replace(MEAN, combine="median")
OTHER, THIRD, FOURTH, FIFTH = PANEL[1], PANEL[2], "account:four", "account:five"


def totals(*points: str) -> list[Decimal]:
    return [Decimal(each) for each in points]


def test_an_odd_number_of_at_least_three_make_the_score_by_the_stated_rule() -> None:
    assert [panel_of(totals(*["70"] * count), MEAN).missing for count in range(6)] == [3, 2, 1, 0, 1, 0]
    found = panel_of(totals("70", "71", "75.01"), MEAN)
    assert (found.state, found.score) == (PanelState.SETTLED, Decimal("72.00"))
    assert panel_of(totals("70", "71", "75.01"), MEDIAN).score == Decimal("71")
    assert panel_of(totals("70.00", "70.01", "70.01"), MEAN).score == Decimal("70.01")


def test_marks_too_far_apart_are_talked_over_and_then_two_more_decide_by_the_median() -> None:
    assert panel_of(totals("60", "70", "75"), MEAN).state is PanelState.SETTLED
    assert panel_of(totals("60", "70", "75.01"), MEAN).state is PanelState.APART
    assert panel_of(totals("60", "70", "90", "88"), MEAN).missing == 1
    found = panel_of(totals("60", "70", "90", "88", "86"), MEAN)
    assert (found.state, found.score) == (PanelState.SETTLED, Decimal("86"))


@given(st.lists(st.decimals(0, 100, places=2), max_size=9), st.sampled_from([MEAN, MEDIAN]), st.randoms())
def test_the_order_of_the_marks_never_matters_and_the_score_lies_among_them(
    marks: list[Decimal], rule: PracticalLayout, chance: Any
) -> None:
    found = panel_of(marks, rule)
    chance.shuffle(marks)
    assert panel_of(marks, rule) == found
    if found.score is not None:
        assert len(marks) % 2 == 1 and len(marks) >= 3
        assert min(marks) <= found.score <= max(marks)


def standing(runtime: Runtime, made: Exam, number: int = 0) -> service.Standing:
    with runtime.unit_of_work(read_only=True) as session:
        return service.plan_marks(session, made.plan_id).standings[number]


def test_no_version_of_a_mark_is_overwritten_and_a_stale_form_is_refused(runtime: Runtime, sat: Exam) -> None:
    mark_by(runtime, sat, 0, "0.8")
    mark_by(runtime, sat, 0, "0.7", OTHER)
    with pytest.raises(Conflict, match="changed_meanwhile"):
        mark_by(runtime, sat, 0, "0.1")
    mark_by(runtime, sat, 0, "0.9", version=1)
    with runtime.unit_of_work(read_only=True) as session:
        marks = practical.marks(session, sat.practical_id)[sat.registrations[0]]
        assert sorted(each.total for each in marks) == [Decimal("70.00"), Decimal("90.00")]
        [earlier] = practical.earlier_marks(session, sat.practical_id)
        assert (earlier.examiner, earlier.version, earlier.total) == (EXAMINER, 1, Decimal("80.00"))


def test_a_release_waits_for_the_whole_panel(runtime: Runtime, sat: Exam) -> None:
    mark(runtime, sat)
    mark_practical(runtime, sat, 1, "0.9")
    mark_by(runtime, sat, 0, "0.8")
    mark_by(runtime, sat, 0, "0.8", OTHER)
    assert (standing(runtime, sat).practical, standing(runtime, sat).missing) == (None, 1)
    assert standing(runtime, sat).practical_state is MarkState.UNMARKED
    with pytest.raises(Conflict, match="practical_unmarked"):
        release(runtime, sat)
    mark_by(runtime, sat, 0, "0.8", THIRD)
    with pytest.raises(Conflict, match="panel_full"):
        mark_by(runtime, sat, 0, "0.1", FOURTH)
    assert release(runtime, sat) == 1


def test_marks_apart_hold_the_release_up_until_the_panel_has_talked(runtime: Runtime, sat: Exam) -> None:
    mark(runtime, sat)
    mark_practical(runtime, sat, 1, "0.5")
    mark_practical(runtime, sat, 0, "0.9", "0.9", "0.5")
    with pytest.raises(Conflict, match="examiners_differ"):
        release(runtime, sat)
    with runtime.unit_of_work(read_only=True) as session:
        sitting = sittings.sitting(session, sat.practical_id)
        assert len(practical.opened(session, sitting, sat.registrations[0], THIRD).others) == 2
        assert practical.opened(session, sitting, sat.registrations[0], FOURTH).others == ()
    with pytest.raises(Invalid) as caught:
        mark_by(runtime, sat, 0, "0.8", THIRD, version=1)
    assert caught.value.problems[0].code == "marking.discussion_reason"
    mark_by(runtime, sat, 0, "0.8", THIRD, version=1, comment="漏看了附件二")
    assert standing(runtime, sat).practical == Decimal("86.67")
    assert release(runtime, sat) == 1


def test_two_further_examiners_settle_what_talking_did_not(runtime: Runtime, sat: Exam) -> None:
    mark_practical(runtime, sat, 0, "0.9", "0.85", "0.5")
    mark_by(runtime, sat, 0, "0.9", FOURTH)
    assert standing(runtime, sat).missing == 1
    mark_by(runtime, sat, 0, "0.8", FIFTH)
    found = standing(runtime, sat)
    assert (found.practical, found.differ, found.examiners) == (Decimal("85.00"), False, 5)


def test_of_examiners_who_save_at_once_none_is_lost_and_one_too_many_is_told(runtime: Runtime, sat: Exam) -> None:
    refused: list[str] = []

    def enter(examiner: str) -> None:
        try:
            mark_by(runtime, sat, 0, "0.8", examiner)
        except Conflict as error:
            refused.append(error.code)

    threads = [threading.Thread(target=enter, args=(each,)) for each in (*PANEL, FOURTH)]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    assert refused == ["marking.panel_full"]
    assert standing(runtime, sat).examiners == 3


def changed_rubric(runtime: Runtime, made: Exam) -> None:
    """The first criterion of the task is worth more in a later live version."""
    with runtime.unit_of_work() as session:
        sitting = sittings.sitting(session, made.practical_id)
        task = practical.task_of(session, sitting)
        assert sitting.release_id is not None
        bank_id = bank.released_items(session, sitting.release_id).bank_id
        row = session.query(BankItem).filter_by(bank_id=bank_id, code=task.id).one()
        entry = entry_of(bank.working_version(row).content)
        assert isinstance(entry, PracticalTask)
        first, second, *rest = entry.rubric
        levels = tuple(
            replace(each, points=each.points + 5 if each.points == first.points else each.points)
            for each in first.levels
        )
        lower = tuple(
            replace(each, points=each.points - 5 if each.points == second.points else each.points)
            for each in second.levels
        )
        rubric = (
            replace(first, points=first.points + 5, levels=levels),
            replace(second, points=second.points - 5, levels=lower),
            *rest,
        )
        now = runtime.clock.now()
        made_version = bank.propose(
            session, bank_id=bank_id, entry=replace(entry, rubric=rubric), actor="account:author", now=now
        )
        bank.approve(session, made_version.id, "account:reviewer", now)


def test_a_changed_rubric_flags_the_marks_made_before(runtime: Runtime, sat: Exam) -> None:
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.5")
    changed_rubric(runtime, sat)
    with runtime.unit_of_work(read_only=True) as session:
        found = checks(session, service.plan_marks(session, sat.plan_id))
        assert [(each.code, each.values["count"]) for each in found if each.blocks] == [("marking.rubric_changed", 6)]
    for number, share in ((0, "0.8"), (1, "0.5")):
        for examiner in PANEL:
            mark_by(runtime, sat, number, share, examiner, version=1)
    assert release(runtime, sat) == 1


def examiners(runtime: Runtime, app: Flask, made: Exam, *logins: str) -> list[tuple[Account, FlaskClient]]:
    found = []
    for login in logins:
        who = account(runtime, login, ["examiner"], name=f"考评员{login}")
        with runtime.unit_of_work() as session:
            [room] = sittings.exam_rooms(session, made.practical_id)
            sittings.assign(session, session.get_one(ExamRoom, room.id), who, "account:o", runtime.clock.now())
        browser = app.test_client()
        browser.post("/sign-in", data={"login": login, "password": PASSWORD})
        found.append((who, browser))
    return found


def points(runtime: Runtime, made: Exam, share: str) -> dict[str, str]:
    with runtime.unit_of_work(read_only=True) as session:
        task = practical.task_of(session, sittings.sitting(session, made.practical_id))
        return {f"points-{each.id}": str(each.points * Decimal(share)) for each in task.rubric}


def address(made: Exam, registration_id: UUID) -> str:
    return f"/marking/practical/{made.practical_id}/{registration_id}"


def test_an_examiner_sees_codes_and_nobody_elses_marks_until_the_panel_talks(
    runtime: Runtime, app: Flask, sat: Exam
) -> None:
    (_one, a), (_two, b), (_three, c) = examiners(runtime, app, sat, "aa", "bb", "cc")
    mine, code = address(sat, sat.registrations[0]), task_code(sat.practical_id, sat.registrations[0])
    for page in (a.get("/marking/practical").text, a.get(mine).text):
        assert code in page
        assert "王小明" not in page and sat.tickets[0] not in page
    for browser, share in ((a, "0.9"), (b, "0.8")):
        assert (
            "已保存"
            in browser.post(mine, data={**points(runtime, sat, share), "version": 0}, follow_redirects=True).text
        )
    assert "90.00" not in c.get(mine).text and "90.00" not in c.get("/marking/practical").text
    c.post(mine, data={**points(runtime, sat, "0.5"), "version": 0})
    assert ">相差过大，待复议<" in c.get("/marking/practical").text
    page = c.get(mine).text
    assert "90.00" in page and "考评员1" in page and "考评员aa" not in page
    refused = c.post(mine, data={**points(runtime, sat, "0.8"), "version": 1})
    assert refused.status_code == 422 and "写明理由" in refused.text
    c.post(mine, data={**points(runtime, sat, "0.8"), "version": 1, "comment": "重看后认可"})
    assert ">相差过大，待复议<" not in c.get("/marking/practical").text
    account(runtime, "officer", ["exam_officer"])
    officer = app.test_client()
    officer.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    page = officer.get(f"/results/practical/{sat.practical_id}").text
    assert code in page and "王小明" in page and "改前：" in page and "83.33" in page and "marker-bar" in page


def test_nobody_marks_people_of_their_own_organisation(runtime: Runtime, app: Flask, sat: Exam) -> None:
    [(who, browser)] = examiners(runtime, app, sat, "aa")
    with runtime.unit_of_work() as session:
        owner = session.get_one(Organisation, who.organisation_id)
        session.get_one(Registration, sat.registrations[0]).employer = owner.name
    assert browser.get(address(sat, sat.registrations[0])).status_code == 403
    assert "回避" in browser.get("/marking/practical").text
    assert browser.get(address(sat, sat.registrations[1])).status_code == 200


def test_severity_is_told_beside_the_others_on_the_same_candidates(
    runtime: Runtime, sat: Exam, clock: SetClock
) -> None:
    for number, shares in ((0, ("0.9", "0.8", "0.8")), (1, ("0.6", "0.5", "0.5"))):
        mark_practical(runtime, sat, number, *shares)
        clock.advance(minutes=3)
    with runtime.unit_of_work(read_only=True) as session:
        lines = examiner_figures.examiner_lines(session, sittings.sitting(session, sat.practical_id))
    assert sorted((each.own_mean, each.others_mean, each.hourly) for each in lines) == [
        (65, 70, 20),
        (65, 70, 20),
        (75, 65, 20),
    ]
