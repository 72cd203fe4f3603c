"""Plans against the outline, a timetable without clashes, presence by a rotating code and by list, materials."""

import re
from datetime import date, timedelta
from decimal import Decimal
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import completing, plan_rules, rotating, rules, service, teaching, timetable
from certengine.training.models import Attendance, Enrolment, LessonMode, TrainingClass
from certengine.training.service import LessonFacts
from certengine.training.teaching import EnvironmentFacts, TeacherFacts
from certengine.training.teaching_models import Environment, EnvironmentKind, Teacher
from tests.factories import resident_id
from tests.programme.factories import enter, field_time, roster_file
from tests.training.factories import OFFICER, attended, enrolled, training_class

FIELD = "artificial_intelligence"


def teacher(session: Session, opened: TrainingClass, **more: object) -> Teacher:
    facts = {
        "name": "石老师",
        "title": "教授",
        "qualification": "讲师证001",
        "fields": (FIELD,),
        "qualified_until": None,
    }
    given = TeacherFacts(**{**facts, **more})  # type: ignore[arg-type]
    return teaching.add_teacher(session, opened.organisation_id, given, actor=OFFICER, now=opened.created_at)


def room(session: Session, opened: TrainingClass) -> Environment:
    facts = EnvironmentFacts("实训室1", EnvironmentKind.LABORATORY, 40, "GPU 服务器", "容器平台")
    return teaching.add_environment(session, opened.organisation_id, facts, actor=OFFICER, now=opened.created_at)


def lesson(opened: TrainingClass, day: int, **more: object) -> LessonFacts:
    starts = opened.created_at + timedelta(days=100 + day)
    facts = {"topic": "讲", "teacher": "石老师", "mode": LessonMode.ON_SITE, "starts_at": starts}
    return LessonFacts(**{**facts, "ends_at": starts + timedelta(hours=3), **more})  # type: ignore[arg-type]


def codes(error: pytest.ExceptionInfo[Invalid]) -> set[str]:
    return {problem.code for problem in error.value.problems}


def test_teacher_and_room_are_in_one_class_at_a_time(session: Session, runtime: Runtime) -> None:
    first, second = training_class(session, runtime), training_class(session, runtime, "two")
    who, where = teacher(session, first), room(session, first)
    taken = {"teacher_id": who.id, "environment_id": where.id}
    service.add_lesson(session, first, lesson(first, 0, **taken), runtime.clock.now())
    with pytest.raises(Invalid) as clash:
        service.add_lesson(session, second, lesson(first, 0, **taken), runtime.clock.now())
    assert codes(clash) == {"training.teacher_clash", "training.room_clash"}
    with pytest.raises(Invalid) as own:
        service.add_lesson(session, first, lesson(first, 0), runtime.clock.now())
    assert codes(own) == {"training.lesson_clash"}
    starts = lesson(first, 0).ends_at
    after = lesson(first, 0, starts_at=starts, ends_at=starts + timedelta(hours=1), **taken)
    service.add_lesson(session, second, after, runtime.clock.now())


def test_a_teacher_teaches_what_and_as_long_as_they_are_qualified(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    other = teacher(session, opened, name="外行", fields=("blockchain",))
    lapsed = teacher(session, opened, name="过期", qualified_until=date(2026, 12, 1))
    where = room(session, opened).id
    for who, code in ((other, "training.teacher_field"), (lapsed, "training.teacher_lapsed")):
        with pytest.raises(Invalid) as refused:
            facts = lesson(opened, 1, teacher_id=who.id, environment_id=where)
            service.add_lesson(session, opened, facts, runtime.clock.now())
        assert codes(refused) == {code}
    with pytest.raises(Invalid) as nowhere:
        good = teacher(session, opened)
        service.add_lesson(session, opened, lesson(opened, 1, teacher_id=good.id), runtime.clock.now())
    assert codes(nowhere) == {"training.room_needed"}
    with pytest.raises(Invalid) as unsafe:
        online = lesson(opened, 1, mode=LessonMode.ONLINE, address="javascript:alert(1)")
        service.add_lesson(session, opened, online, runtime.clock.now())
    assert codes(unsafe) == {"training.lesson_address"}


@pytest.mark.parametrize("level", list(Level))
def test_a_plan_that_teaches_every_task_for_the_hours_of_the_standard_is_complete(level: Level) -> None:
    of = standard(FIELD)
    tasks = plan_rules.tasks_of(of, level)
    share = Decimal(of.hours(level)) / len(tasks)
    full = plan_rules.coverage(of, level, {task: share.quantize(Decimal("0.1")) + 1 for task in tasks})
    assert full.complete and full.planned == full.tasks == len(tasks)
    one_left_out = dict.fromkeys(list(tasks)[1:], Decimal(200))
    assert not plan_rules.coverage(of, level, one_left_out).complete
    assert sum(line.share for line in full.functions) == pytest.approx(100, abs=1)


@given(st.sets(st.sampled_from("abcdef")), st.lists(st.lists(st.sampled_from("abcdef"))))
def test_content_is_done_when_each_task_was_attended_somewhere(needed: set[str], attended: list[list[str]]) -> None:
    missing = rules.content_missing(needed, attended)
    assert missing <= needed
    assert all((task in missing) != any(task in tasks for tasks in attended) for task in needed)


def test_full_hours_without_the_content_of_the_plan_open_no_assessment(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    made = teaching.make_plan(
        session, opened.organisation_id, "计划", FIELD, Level.JUNIOR, token="p", now=runtime.clock.now()
    )
    tasks = list(plan_rules.tasks_of(standard(FIELD), Level.JUNIOR))
    teaching.set_hours(
        session, made, {tasks[0]: Decimal(8), tasks[1]: Decimal("4.5")}, actor=OFFICER, now=made.created_at
    )
    opened.plan_id = made.id
    opened.lessons[0].tasks = [tasks[0]]
    session.flush()
    session.refresh(opened)
    somebody = enrolled(session, runtime, opened, "张伟", 1)
    for each in opened.lessons:
        presence = rules.Presence(each.starts_at, each.ends_at)
        service.record_attendance(session, somebody, each, presence, actor=OFFICER, now=each.ends_at)
    row = service.progress(session, opened)[0]
    assert row.content == {tasks[1]} and not row.ready
    with pytest.raises(Conflict, match="assessed_without_hours"):
        completing.assess(session, somebody, Decimal(90), actor=OFFICER, now=runtime.clock.now())
    opened.lessons[1].tasks = [tasks[1]]
    session.flush()
    assert service.progress(session, opened)[0].ready


@given(st.integers(0, 2**36), st.integers(0, 200))
def test_a_code_lives_for_less_than_a_minute(moment: int, later: int) -> None:
    code = rotating.code("secret", "lesson:1", moment)
    assert rotating.holds("secret", "lesson:1", code, moment)
    assert not rotating.holds("secret", "lesson:2", code, moment)
    steps = (moment + later) // rotating.SECONDS - moment // rotating.SECONDS
    assert rotating.holds("secret", "lesson:1", code, moment + later) == (steps <= rotating.BACK)
    ticket = rotating.ticket("secret", "lesson:1", moment)
    assert rotating.ticket_holds("secret", "lesson:1", ticket, moment + later) == (later <= rotating.TICKET_SECONDS)


@given(st.text(max_size=40))
def test_no_ticket_that_was_not_given_holds(given_text: str) -> None:
    assert not rotating.ticket_holds("secret", "lesson:1", given_text, 1_000_000)


def test_minutes_count_from_the_first_to_the_last_scan_within_the_lesson(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    somebody, part = enrolled(session, runtime, opened, "张伟", 1), opened.lessons[0]
    with pytest.raises(Conflict, match="scan_closed"):
        timetable.scan(session, somebody, part, now=part.starts_at - timedelta(hours=1))
    timetable.scan(session, somebody, part, now=part.starts_at - timedelta(minutes=10))
    assert service.hours_by_enrolment(session, opened.id)[somebody.id] == 0
    timetable.scan(session, somebody, part, now=part.starts_at + timedelta(minutes=90))
    assert service.hours_by_enrolment(session, opened.id)[somebody.id] == 2
    timetable.scan(session, somebody, part, now=part.ends_at + timedelta(minutes=10))
    seen = session.scalars(select(Attendance).where(Attendance.enrolment_id == somebody.id)).one()
    assert (seen.came_at, seen.left_at) == (part.starts_at, part.ends_at)
    with pytest.raises(Invalid) as told:
        whole = rules.Presence(part.starts_at, part.ends_at)
        service.record_attendance(session, somebody, part, whole, actor=OFFICER, now=part.ends_at)
    assert codes(told) == {"training.reason_missing"}


@pytest.fixture
def page(runtime: Runtime, client: FlaskClient) -> str:
    """A class of the college with one lesson that begins in an hour, and three learners from a list."""
    enter(runtime, client, "college")
    plan = client.post(
        "/training/plans", data={"title": "年度计划", "field": FIELD, "level": "junior", "token": "p" * 20}
    ).location
    task = next(iter(plan_rules.tasks_of(standard(FIELD), Level.JUNIOR)))
    assert client.post(plan, data={task: "abc"}).status_code == 422
    assert client.post(plan, data={task: "8.5"}).status_code == 302
    assert "8.5" in client.get(plan).text and "未安排" in client.get(plan).text
    opened = {
        "title": "第1期", "field": FIELD, "level": "junior", "token": "c" * 20, "plan": plan.rsplit("/", 1)[1],
    }  # fmt: skip
    assert client.post("/training/new", data={**opened, "level": "senior"}).status_code == 422
    made = str(client.post("/training/new", data=opened).location)
    starts = runtime.clock.now() + timedelta(hours=1)
    lesson_form = {
        "topic": "绪论", "teacher": "石老师", "mode": "on_site", "tasks": [task],
        "starts_at": field_time(starts), "ends_at": field_time(starts + timedelta(hours=3)),
    }  # fmt: skip
    assert client.post(f"{made}/lessons", data={**lesson_form, "teacher": ""}).status_code == 422
    assert client.post(f"{made}/lessons", data=lesson_form).status_code == 302
    rows = [(name, "", resident_id(number)) for number, name in enumerate(("张伟", "李娜", "王强"), 1)]
    listed = {"file": (roster_file(rows, ("姓名", "证件类型", "证件号码")), "学员.xlsx")}
    assert client.post(f"{made}/roster", data=listed).status_code == 302
    bad = {"file": (roster_file([("赵", "", "123")], ("姓名", "证件类型", "证件号码")), "学员.xlsx")}
    answer = client.post(f"{made}/roster", data=bad)
    assert answer.status_code == 422 and "C2" in answer.text
    return made


def lesson_page(client: FlaskClient, page: str) -> str:
    found = re.search(rf"{page}/lessons/[0-9a-f-]{{36}}", client.get(page).text)
    assert found
    return found.group()


def test_a_learner_scans_the_screen_and_the_list_shows_who_was_there(
    runtime: Runtime, client: FlaskClient, clock: SetClock, page: str
) -> None:
    part = lesson_page(client, page)
    assert "已安排" in client.get(page).text
    clock.advance(minutes=65)
    enter(runtime, client, "college")
    address = re.search(r"/lessons/[0-9a-f-]{36}/present/[0-9a-f]+", client.get(f"{part}/code").text)
    assert address
    client.post("/sign-out")
    ticket = re.search(r'name="ticket" value="([^"]+)"', client.get(address.group()).text)
    assert ticket
    mine = {"document_type": "resident_id", "number": resident_id(1), "ticket": ticket.group(1)}
    clock.advance(seconds=70)
    assert "已记录" in client.post(address.group(), data=mine).text
    assert client.post(address.group(), data={**mine, "number": resident_id(9)}).status_code == 422
    clock.advance(seconds=90)
    assert client.post(address.group(), data=mine).status_code == 410
    enter(runtime, client, "college")
    shown = client.get(f"{part}/list").text
    assert "扫码" in shown
    ids = re.findall(r'name="enrolment" value="([0-9a-f-]+)"', shown)
    assert len(ids) == 2
    ahead = client.post(f"{part}/list", data={"enrolment": ids[:1]}, follow_redirects=True).text
    assert "课次结束后才能登记出勤" in ahead and ahead.count('name="enrolment"') == 2
    clock.advance(hours=4)
    enter(runtime, client, "college")
    client.post(f"{part}/list", data={"enrolment": ids[:1]})
    assert client.get(f"{part}/list").text.count('name="enrolment"') == 1
    with runtime.unit_of_work(read_only=True) as session:
        assert len(session.scalars(select(Enrolment)).all()) == 3


def test_another_institution_sees_neither_class_nor_plan_nor_screen(
    runtime: Runtime, client: FlaskClient, page: str
) -> None:
    part, shown = lesson_page(client, page), client.get("/training/plans").text
    plan = re.search(r"/training/plans/[0-9a-f-]{36}", shown)
    assert plan
    material = {"file": (BytesIO(b"%PDF-1.7 x"), "讲义.pdf")}
    assert client.post(f"{page}/materials", data=material).status_code == 302
    assert client.post(f"{page}/materials", data={"file": (BytesIO(b"MZ"), "x.exe")}).status_code == 422
    found = re.search(rf"{page}/materials/[0-9a-f-]{{36}}", client.get(page).text)
    assert found and client.get(found.group()).data.startswith(b"%PDF")
    enter(runtime, client, "harbour")
    for address in (page, plan.group(), f"{part}/code", f"{part}/list", found.group()):
        assert client.get(address).status_code == 404, address


def test_teachers_and_environments_are_kept_with_their_qualification_and_equipment(
    runtime: Runtime, client: FlaskClient
) -> None:
    enter(runtime, client, "college")
    someone = {"name": "石老师", "title": "教授", "qualification": "讲师证001", "fields": [FIELD]}
    assert client.post("/training/teachers", data={**someone, "fields": []}).status_code == 422
    client.post("/training/teachers", data=someone)
    client.post("/training/teachers", data=someone)
    client.post(
        "/training/environments", data={"name": "实训室1", "kind": "laboratory", "seats": "40", "hardware": "GPU"}
    )
    shown = client.get("/training/resources").text
    assert shown.count("讲师证001") == 1 and "GPU" in shown
    retire = re.search(r"/training/teachers/[0-9a-f-]{36}/retire", shown)
    assert retire
    client.post(retire.group())
    assert "已停用" in client.get("/training/resources").text
    assert client.get("/training/timetable?day=2026-11-25").status_code == 200


def test_a_minute_counts_at_one_lesson_whichever_classes_hold_it(session: Session, runtime: Runtime) -> None:
    first, second = training_class(session, runtime), training_class(session, runtime, "two")
    one, two = (enrolled(session, runtime, each, "王芳", 4) for each in (first, second))
    attended(session, runtime, one, 1)
    lesson_, later = second.lessons[0], timedelta(hours=1)
    whole = rules.Presence(lesson_.starts_at, lesson_.ends_at)
    with pytest.raises(Invalid) as told:
        service.record_attendance(session, two, lesson_, whole, actor=OFFICER, now=lesson_.ends_at)
    assert codes(told) == {"training.presence_elsewhere"}
    with pytest.raises(Invalid) as told:
        timetable.scan(session, two, lesson_, now=lesson_.starts_at + later)
    assert codes(told) == {"training.presence_elsewhere"}
    attended(session, runtime, enrolled(session, runtime, second, "李明", 5), 1)


def test_nobody_is_recorded_as_present_before_the_time_has_come(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    somebody, lesson_ = enrolled(session, runtime, opened, "王芳", 4), opened.lessons[0]
    whole = rules.Presence(lesson_.starts_at, lesson_.ends_at)
    with pytest.raises(Invalid) as told:
        service.record_attendance(session, somebody, lesson_, whole, actor=OFFICER, now=lesson_.starts_at)
    assert codes(told) == {"training.presence_ahead"}


def test_what_was_entered_by_mistake_is_taken_out_until_somebody_was_present(
    session: Session, runtime: Runtime
) -> None:
    opened = training_class(session, runtime)
    there, mistaken = (enrolled(session, runtime, opened, name, each) for each, name in ((4, "王芳"), (5, "李明")))
    attended(session, runtime, there, 1)
    now, held, wrong = runtime.clock.now(), opened.lessons[0], opened.lessons[-1]
    with pytest.raises(Conflict, match="lesson_attended"):
        timetable.remove_lesson(session, held, actor=OFFICER, now=now)
    with pytest.raises(Conflict, match="enrolment_attended"):
        service.take_out(session, there, "重名", actor=OFFICER, now=now)
    with pytest.raises(Invalid) as told:
        service.take_out(session, mistaken, " ", actor=OFFICER, now=now)
    assert codes(told) == {"training.reason_missing"}
    timetable.remove_lesson(session, wrong, actor=OFFICER, now=now)
    service.take_out(session, mistaken, "重名", actor=OFFICER, now=now)
    session.expire_all()
    assert wrong not in opened.lessons and [each.enrolment for each in service.progress(session, opened)] == [there]
    kinds = {each.kind for each in ledger.history(session, f"training_class:{opened.id}")}
    assert "training.lesson_removed" in kinds


def test_a_lesson_of_days_was_mistyped(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    begins = opened.lessons[-1].ends_at
    facts = LessonFacts("第9讲", "李老师", LessonMode.ONLINE, begins, begins + timedelta(hours=13))
    with pytest.raises(Invalid) as told:
        service.add_lesson(session, opened, facts, runtime.clock.now())
    assert codes(told) == {"training.lesson_long"}


def test_the_list_of_a_class_is_a_spreadsheet_and_a_mistake_is_taken_out_on_the_page(
    client: FlaskClient, page: str
) -> None:
    book = load_workbook(BytesIO(client.get(f"{page}/people.xlsx").data))
    rows = list(book.active.values)
    assert rows[0][:3] == ("姓名", "证件号码", "已得学时")
    assert [(row[0], row[2], row[5]) for row in rows[1:]] == [
        (name, 0, "学时不足") for name in ("张伟", "李娜", "王强")
    ]
    person = re.search(rf"{page}/enrolments/[0-9a-f-]{{36}}", client.get(page).text)
    assert person
    assert client.post(f"{person.group()}/remove").status_code == 422
    assert client.post(f"{person.group()}/remove", data={"reason": "重名"}).status_code == 302
    assert client.post(f"{lesson_page(client, page)}/remove").status_code == 302
    shown = client.get(page).text
    assert person.group() not in shown and "还没有课次" in shown
