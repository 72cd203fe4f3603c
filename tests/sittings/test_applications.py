"""Registering oneself: the window, the decision, the waiting list, and the way back to one's own application."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import DocumentType, Person
from certengine.people.service import PersonFacts
from certengine.sittings import applications, service
from certengine.sittings.models import Application, ApplicationState, ExamPlan, Registration
from certengine.sittings.service import CandidateFacts, PlanFacts
from certengine.standards.rules import Evidence, Level
from tests.bank.pages import signed_in
from tests.bank.test_pictures import photo
from tests.factories import account, organisation, resident_id

OFFICER = "account:officer"
State = ApplicationState


def open_plan(session: Session, runtime: Runtime, capacity: int = 2) -> ExamPlan:
    now = runtime.clock.now()
    owner = organisation(session, runtime)
    facts = PlanFacts("个人报名的考试", "artificial_intelligence", Level.JUNIOR, None, capacity)
    plan = service.plan_exam(session, owner.id, facts, token="t", actor=OFFICER, now=now)
    applications.set_window(session, plan, now, now + timedelta(days=10), OFFICER, now)
    return plan


def facts(serial: int, name: str = "欧阳明") -> CandidateFacts:
    return CandidateFacts(
        PersonFacts(name, DocumentType.RESIDENT_ID, resident_id(serial)),
        Evidence(hours=64, degree="bachelor"),
        "某公司",
    )


def apply(session: Session, runtime: Runtime, plan: ExamPlan, serial: int, name: str = "欧阳明") -> Application:
    return applications.apply(session, runtime, plan, facts(serial, name), photo(), runtime.clock.now())


def accept(session: Session, runtime: Runtime, found: Application) -> Application:
    """With the originals in hand: none of these applicants uploads anything."""
    return applications.accept(session, runtime, found, OFFICER, runtime.clock.now(), originals_seen=True)


def test_outside_the_window_nobody_applies(session: Session, runtime: Runtime) -> None:
    plan, now = open_plan(session, runtime), runtime.clock.now()
    for opens, closes, code in ((1, 2, "not_open"), (-2, -1, "closed")):
        applications.set_window(session, plan, now + timedelta(days=opens), now + timedelta(days=closes), OFFICER, now)
        with pytest.raises(Conflict, match=code):
            apply(session, runtime, plan, 1)
    applications.set_window(session, plan, None, None, OFFICER, now)
    with pytest.raises(NotFound):
        applications.plan_to_apply(session, plan.id)
    for opens_at, closes_at in ((now, None), (now, now)):
        with pytest.raises(Invalid):
            applications.set_window(session, plan, opens_at, closes_at, OFFICER, now)


def test_an_application_waits_for_a_person_and_stores_no_person_before(session: Session, runtime: Runtime) -> None:
    plan = open_plan(session, runtime)
    found = apply(session, runtime, plan, 1)
    assert found.state is State.SUBMITTED and found.document_masked.count("*") > 4
    assert session.scalars(select(Person)).all() == [] and resident_id(1).encode() not in found.sealed
    with pytest.raises(Conflict, match="already"):
        apply(session, runtime, plan, 1)
    done = accept(session, runtime, found)
    registration = session.get_one(Registration, done.registration_id)
    assert done.state is State.ACCEPTED and registration.person.photo and registration.employer == "某公司"
    with pytest.raises(Conflict, match="decided"):
        accept(session, runtime, found)
    kinds = [entry.kind for entry in ledger.history(session, f"application:{found.id}")]
    assert set(kinds) == {"application.submitted", "application.originals_seen", "application.accepted"}


def test_what_is_wrong_is_said_all_at_once_and_nothing_is_kept(session: Session, runtime: Runtime) -> None:
    plan = open_plan(session, runtime)
    wrong = CandidateFacts(PersonFacts("1", DocumentType.RESIDENT_ID, "110105199901010040X"), Evidence())
    with pytest.raises(Invalid) as raised:
        applications.apply(session, runtime, plan, wrong, b"no picture", runtime.clock.now())
    assert {each.place for each in raised.value.problems} == {"name", "number", "photo"}
    assert session.scalars(select(Application)).all() == []


def test_who_is_sent_back_puts_it_right_under_the_same_number(session: Session, runtime: Runtime) -> None:
    plan, now = open_plan(session, runtime), runtime.clock.now()
    found = apply(session, runtime, plan, 1, "欧阳名")
    with pytest.raises(Invalid):
        applications.decline(session, found, " ", final=False, actor=OFFICER, now=now)
    applications.decline(session, found, "姓名与证件不符", final=False, actor=OFFICER, now=now)
    again = apply(session, runtime, plan, 1, "欧阳明")
    assert again is found and again.name == "欧阳明" and again.state is State.SUBMITTED
    applications.decline(session, found, "不符合条件", final=True, actor=OFFICER, now=now)
    with pytest.raises(Conflict, match="already"):
        apply(session, runtime, plan, 1)


def test_who_puts_an_application_right_changes_what_is_wrong_and_keeps_the_rest(
    session: Session, runtime: Runtime
) -> None:
    plan, now = open_plan(session, runtime), runtime.clock.now()
    found, other = apply(session, runtime, plan, 1, "欧阳名"), apply(session, runtime, plan, 2)
    number, before = found.number, found.photo
    # The document's number too may have been mistyped.
    applications.correct(session, runtime, found, facts(3), b"", now)
    assert (found.number, found.name, found.photo) == (number, "欧阳明", before)
    assert applications.own(session, runtime.cipher, number, resident_id(3)) is found
    with pytest.raises(Conflict, match="already"):
        applications.correct(session, runtime, found, facts(2), b"", now)
    with pytest.raises(Invalid):
        applications.correct(session, runtime, found, facts(3), b"no picture", now)
    accept(session, runtime, other)
    with pytest.raises(Conflict, match="decided"):
        applications.correct(session, runtime, other, facts(2), b"", now)


def test_the_form_comes_back_as_it_was_filled_in(client: FlaskClient, runtime: Runtime) -> None:
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    at = f"/apply/{plan.id}"
    client.post(at, data={**form(1), "photo": (BytesIO(photo()), "照片.jpg")})
    with runtime.unit_of_work() as work:
        found = work.scalars(select(Application)).one()
        applications.decline(work, found, "单位写全称", final=False, actor=OFFICER, now=runtime.clock.now())
    mine = {"number": found.number, "document": resident_id(1)}
    page = client.post("/apply/status", data={**mine, "correct": "1"}).text
    assert 'value="某公司"' in page and f'value="{resident_id(1)}"' in page and f'action="{at}"' in page
    again = {**form(1), "employer": "某某数字技术有限公司", "again": found.number, "was": resident_id(1)}
    assert client.post(at, data={**again, "was": resident_id(2)}).status_code == 422
    assert found.number in client.post(at, data=again).text
    assert "待审核" in client.post("/apply/status", data=mine).text
    with runtime.unit_of_work(read_only=True) as work:
        assert work.get_one(Application, found.id).employer == "某某数字技术有限公司"


def test_a_free_place_goes_to_who_has_waited_longest(session: Session, runtime: Runtime) -> None:
    plan = open_plan(session, runtime, capacity=1)
    one, two, three = (apply(session, runtime, plan, serial, f"候补{name}") for serial, name in enumerate("甲乙丙", 1))
    accept(session, runtime, one)
    accept(session, runtime, three)
    runtime.clock.advance(minutes=1)  # type: ignore[attr-defined]
    accept(session, runtime, two)
    assert (two.state, three.state) == (State.WAITING, State.WAITING)
    assert [applications.place_in_line(session, each) for each in (one, two, three)] == [0, 2, 1]
    applications.withdraw(session, runtime, one, runtime.clock.now())
    assert (one.state, two.state, three.state) == (State.WITHDRAWN, State.WAITING, State.ACCEPTED)
    assert applications.promote(session, runtime, plan.id, runtime.clock.now()) == 0
    with pytest.raises(Conflict):
        applications.withdraw(session, runtime, one, runtime.clock.now())


def test_a_withdrawn_candidates_place_is_free_for_a_list_too(session: Session, runtime: Runtime) -> None:
    plan, now = open_plan(session, runtime, capacity=1), runtime.clock.now()
    row, _new = service.register(session, runtime.cipher, plan, facts(1), OFFICER, now)
    with pytest.raises(Conflict, match="full"):
        service.register(session, runtime.cipher, plan, facts(2, "司马青"), OFFICER, now)
    service.withdraw(session, row, OFFICER, now)
    service.register(session, runtime.cipher, plan, facts(2, "司马青"), OFFICER, now)
    with pytest.raises(Conflict, match="full"):
        service.register(session, runtime.cipher, plan, facts(1), OFFICER, now)


def test_only_both_numbers_together_lead_to_an_application(session: Session, runtime: Runtime) -> None:
    plan = open_plan(session, runtime)
    found = apply(session, runtime, plan, 1)
    assert applications.own(session, runtime.cipher, f" {found.number.lower()}", resident_id(1)) is found
    for number, document in ((found.number, resident_id(2)), ("XXXXXXXXXX", resident_id(1))):
        with pytest.raises(NotFound):
            applications.own(session, runtime.cipher, number, document)


def form(serial: int) -> dict[str, object]:
    return {
        "name": "欧阳明",
        "document_type": "resident_id",
        "number": resident_id(serial),
        "employer": "某公司",
        "hours": "64",
        "degree": "bachelor",
        "title": "none",
        "years": "1",
        "certificate": "none",
        "truthful": "y",
    }


def test_from_the_front_page_to_the_ticket_number(app: Flask, client: FlaskClient, runtime: Runtime) -> None:
    account(runtime, "officer", ["exam_officer"])
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    officer = signed_in(app, "officer")
    assert "个人报名的考试" in client.get("/apply").text
    at = f"/apply/{plan.id}"
    bare = client.post(at, data=form(1))
    assert bare.status_code == 422 and "请上传证件照" in bare.text
    done = client.post(at, data={**form(1), "photo": (BytesIO(photo()), "照片.jpg")})
    assert done.status_code == 200 and "申请编号" in done.text
    twice = client.post(at, data={**form(1), "photo": (BytesIO(photo()), "照片.jpg")})
    assert twice.status_code == 422 and "已提交过" in twice.text
    with runtime.unit_of_work(read_only=True) as work:
        found = work.scalars(select(Application)).one()
    mine = {"number": found.number, "document": resident_id(1)}
    assert "待审核" in client.post("/apply/status", data=mine).text
    assert client.post("/apply/status", data={**mine, "document": resident_id(2)}).status_code == 422
    listed = officer.get(f"/sittings/plans/{plan.id}/applications?state=submitted").text
    assert "欧阳明" in listed
    assert officer.get(f"/sittings/applications/{found.id}/photo").status_code == 200
    assert (
        "已通过并报名"
        in officer.post(
            f"/sittings/applications/{found.id}/accept", data={"originals": "1"}, follow_redirects=True
        ).text
    )
    assert "准考证号" in client.post("/apply/status", data=mine).text
    assert "已撤回" in client.post("/apply/status", data={**mine, "withdraw": "1"}).text
    account(runtime, "stranger", ["exam_officer"], institution="别的机构", code="OTHER")
    stranger = signed_in(app, "stranger")
    for path in (f"/sittings/applications/{found.id}", f"/sittings/plans/{plan.id}/applications"):
        assert stranger.get(path).status_code == 404


def test_officers_set_the_window_on_the_plans_page(app: Flask, runtime: Runtime) -> None:
    account(runtime, "officer", ["exam_officer"])
    with runtime.unit_of_work() as work:
        plan = open_plan(work, runtime)
    officer = signed_in(app, "officer")
    at = f"/sittings/plans/{plan.id}"
    wrong = officer.post(f"{at}/window", data={"opens_at": "2026-12-02T08:00", "closes_at": ""}, follow_redirects=True)
    assert "要么都填" in wrong.text
    right = {"opens_at": "2026-12-02T08:00", "closes_at": "2026-12-09T18:00"}
    assert "报名时间已保存" in officer.post(f"{at}/window", data=right, follow_redirects=True).text
    assert "2026年12月9日 18:00" in officer.get(at).text
    assert "报名还没有开始" in app.test_client().get(f"/apply/{plan.id}").text
