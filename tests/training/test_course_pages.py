import re
from io import BytesIO
from typing import Any

import pytest
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import OrganisationKind
from certengine.people.permissions import Role
from certengine.training import learning
from certengine.training.course_models import Course, CourseEnrolment, CourseUnit, QuizAttempt
from tests.factories import PASSWORD, resident_id
from tests.training.course_factories import base, department, organisation, person, published
from tests.training.test_organisation_enrolment import TITLE, workbook

ROLES = {
    "author": (Role.TRAINING_OFFICER, "base"),
    "reviewer": (Role.SUPERVISOR, "department"),
    "trainee": (Role.TRAINEE, "employer"),
    "other": (Role.TRAINEE, "employer"),
    "employer": (Role.EMPLOYER, "employer"),
}


@pytest.fixture
def everybody(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        places = {
            "base": base(session, runtime),
            "department": department(session, runtime),
            "employer": organisation(session, runtime, OrganisationKind.EMPLOYER, "青岛港", "QDG", "370200"),
        }
        for serial, (login, (role, place)) in enumerate(ROLES.items()):
            people.create_account(
                session,
                login=login,
                password=PASSWORD,
                name=login,
                organisation=places[place],
                roles=frozenset({role}),
                now=runtime.clock.now(),
                person=person(session, runtime, serial, f"人员{'甲乙丙丁戊'[serial]}")
                if role is Role.TRAINEE
                else None,
            )


def sign_in(client: FlaskClient, login: str) -> None:
    client.post("/sign-out")
    assert client.post("/sign-in", data={"login": login, "password": PASSWORD}).status_code == 302


def catalogued(runtime: Runtime, **changes: Any) -> Course:
    with runtime.unit_of_work() as session:
        return published(session, runtime, **changes)


def test_a_base_writes_a_course_and_the_department_reviews_and_publishes_it(
    everybody: None, runtime: Runtime, client: FlaskClient
) -> None:
    sign_in(client, "author")
    assert "没有符合条件的课程" in client.get("/courses/manage").text
    form = {
        "title": "网络安全法",
        "subject": "general",
        "field": "",
        "hours": "0.1",
        "quiz_items": "1",
        "quiz_source": "",
        "level": "",
        "in_order": "y",
        "token": "t" * 20,
    }
    assert client.post("/courses/manage/new", data={**form, "field": "big_data"}).status_code == 422
    page = client.post("/courses/manage/new", data=form).location
    assert client.post("/courses/manage/new", data=form).location == page
    assert "课程还没有单元" in client.get(page).text
    assert client.post(f"{page}/submit").status_code == 422
    unit = {"title": "第一讲", "kind": "document", "minutes": "3", "text": "<script>alert(1)</script>"}
    assert client.post(f"{page}/units", data={**unit, "text": ""}).status_code == 422
    assert client.post(f"{page}/units", data=unit).status_code == 302
    film = {"title": "第二讲", "kind": "video", "minutes": "2", "file": (BytesIO(b"\0\0\0\x18ftypmp42"), "一.mp4")}
    assert client.post(f"{page}/units", data=film, content_type="multipart/form-data").status_code == 302
    bad = {**film, "file": (BytesIO(b"MZ\x90"), "virus.mp4")}
    answer = client.post(f"{page}/units", data=bad, content_type="multipart/form-data")
    assert answer.status_code == 422 and "只接受" in answer.text
    question = {"stem": "网络运营者应当？", "options": "保护数据\n出售数据", "key": "1"}
    assert client.post(f"{page}/questions", data={**question, "key": "5"}).status_code == 422
    assert client.post(f"{page}/questions", data=question).status_code == 302
    assert "<script>alert" not in client.get(page).text
    assert client.post(f"{page}/submit").status_code == 302
    assert client.post(f"{page}/units", data=unit).status_code == 409
    assert client.post(f"{page}/publish").status_code == 403

    sign_in(client, "reviewer")
    assert "网络安全法" in client.get("/courses/manage?state=submitted").text
    assert client.post(f"{page}/review", data={"decision": "back"}).status_code == 422
    assert client.post(f"{page}/review", data={"decision": "good"}).status_code == 302
    assert "网络安全法" not in client.get("/courses").text
    assert client.post(f"{page}/publish").status_code == 302
    client.post("/sign-out")
    listed = client.get("/courses?subject=general&bases=1").text
    assert "网络安全法" in listed and "继续教育基地" in listed
    assert "网络安全法" not in client.get("/courses?subject=professional").text
    sign_in(client, "reviewer")
    assert client.post(f"{page}/withdraw", data={"reason": "更新"}).status_code == 302
    assert "网络安全法" not in client.get("/courses").text


def test_another_organisations_course_is_not_found(everybody: None, runtime: Runtime, client: FlaskClient) -> None:
    course = catalogued(runtime)
    with runtime.unit_of_work() as session:
        people.create_account(
            session,
            login="elsewhere",
            password=PASSWORD,
            name="别人",
            organisation=organisation(session, runtime, OrganisationKind.TRAINING_INSTITUTION, "泉城学院", "QCXY"),
            roles=frozenset({Role.TRAINING_OFFICER}),
            now=runtime.clock.now(),
        )
    sign_in(client, "elsewhere")
    for address in ("", "/facts", "/learners"):
        assert client.get(f"/courses/manage/{course.id}{address}").status_code == 404


def heard(client: FlaskClient, page: str, start: int, end: int) -> Any:
    answer = client.post(f"{page}/heard", json={"start": start, "end": end})
    assert answer.status_code == 200
    return answer.get_json()


def learn(client: FlaskClient, runtime: Runtime, page: str, seconds: int = 120) -> Any:
    told = heard(client, page, 0, 0)
    while told["seen"] < seconds * 1000:
        runtime.clock.advance(seconds=15)  # type: ignore[attr-defined]
        told = heard(client, page, told["position"], told["position"] + 15_000)
    return told


def test_a_trainee_learns_a_course_to_its_end_and_holds_a_statement(
    everybody: None, runtime: Runtime, client: FlaskClient
) -> None:
    course = catalogued(runtime)
    sign_in(client, "trainee")
    assert "还没有选课" in client.get("/hours").text
    page = client.post(f"/courses/{course.id}/enrol").location
    assert client.post(f"/courses/{course.id}/enrol").location == page
    assert "继续学习" in client.get(f"/courses/{course.id}").text
    with runtime.unit_of_work(read_only=True) as session:
        units = session.scalars(select(CourseUnit.id).order_by(CourseUnit.place)).all()
    first, second = (f"{page}/units/{unit}" for unit in units)
    assert client.get(second).status_code == 409
    assert 'data-position="0"' in client.get(first).text
    wrongs: tuple[Any, ...] = (
        {"start": "0", "end": 1},
        {"start": -1, "end": 1},
        {"start": True, "end": 1},
        [],
        {"end": 2**60},
    )
    for wrong in wrongs:
        assert client.post(f"{first}/heard", json=wrong).status_code == 422
    told = learn(client, runtime, first)
    assert told["done"] and not told["completed"]
    assert client.get(f"{first}/file").status_code == 404
    assert client.post(f"{page}/quiz").status_code == 409
    learn(client, runtime, second)
    quiz = client.post(f"{page}/quiz").location
    asked = client.get(quiz).text
    names = re.findall(r'name="(q-[^"]+)"', asked)
    assert len(set(names)) == 2 and "正确" not in asked and "key" not in asked.replace("keyboard", "")
    client.post(quiz, data={name: "0" for name in names})
    answer = client.get(quiz).text
    assert "得分100" in answer and "学时已计入" in answer
    assert client.post(quiz, data={}).status_code == 409
    assert "0.10" in client.get("/hours").text
    statement = client.post("/hours/2026/statement").location
    shown = client.get(statement).text
    assert "证明有效" in shown and "人员丙" in shown and resident_id(2) not in shown
    code = statement.rpartition("/")[2]
    pdf = client.get(f"/hours/statements/{code}.pdf").data
    assert pdf[:5] == b"%PDF-"

    sign_in(client, "other")
    assert client.get(f"/hours/statements/{code}.pdf").status_code == 404
    assert client.get(page).status_code == 404
    assert client.post(f"{first}/heard", json={"start": 0, "end": 1}).status_code == 404
    client.post("/sign-out")
    for content, sentence in ((pdf, "逐字节相同"), (pdf + b" ", "请勿采信")):
        form = {"pdf": (BytesIO(content), "x.pdf")}
        assert sentence in client.post(statement, data=form, content_type="multipart/form-data").text
    assert client.get(f"/courses/statements?code={code}").location.endswith(statement)
    assert client.get("/courses/statements/NOSUCHCODE").status_code == 404


def test_an_employer_enrols_its_people_by_a_list_and_sees_their_progress(
    everybody: None, runtime: Runtime, client: FlaskClient
) -> None:
    catalogued(runtime)
    sign_in(client, "employer")
    assert client.get("/").location.endswith("/organisation/people")
    assert "这一年还没有选课的学员" in client.get("/organisation/people").text
    assert client.get("/organisation/people/template.xlsx").data[:2] == b"PK"
    content = workbook([["张三丰", "", resident_id(101), TITLE], ["李四", "", "37010219900101001", TITLE]])
    form = {"file": (BytesIO(content), "名单.xlsx")}
    preview = client.post("/organisation/people/import", data=form, content_type="multipart/form-data").text
    assert "学员!C3" in preview and "1行可以导入，1行有错误" in preview
    digest = re.search(r'name="digest"[^>]*value="([0-9a-f]{64})"', preview)
    assert digest
    apply = {"digest": digest[1], "name": "名单.xlsx", "keep_good": "no"}
    assert client.post("/organisation/people/import/apply", data=apply).status_code == 422
    assert "这一年还没有选课的学员" in client.get("/organisation/people").text
    answer = client.post("/organisation/people/import/apply", data={**apply, "keep_good": "yes"}, follow_redirects=True)
    assert "新选课1人次" in answer.text and "张三丰" in answer.text and "0 / 2个单元" in answer.text
    assert client.post("/organisation/people/import/apply", data={**apply, "digest": "../x"}).status_code == 404
    assert "这一年还没有选课的学员" in client.get("/organisation/people?year=2025").text
    assert "这一年还没有选课的学员" in client.get("/organisation/people?only=met").text
    sign_in(client, "trainee")
    assert client.get("/organisation/people").status_code == 403


def test_the_department_reads_sums_records_and_one_person_whose_reading_is_written_down(
    everybody: None, runtime: Runtime, client: FlaskClient
) -> None:
    course = catalogued(runtime)
    sign_in(client, "trainee")
    client.post(f"/courses/{course.id}/enrol")
    sign_in(client, "reviewer")
    sums = client.get("/courses/statistics").text
    assert "青岛市" in sums and "青岛港" in sums
    assert client.get("/courses/statistics.xlsx?year=2026").data[:2] == b"PK"
    assert "人员丙" in client.get("/courses/records").text
    assert "人员丙" in client.get("/courses/records?city=370200").text
    assert "没有学习记录" in client.get("/courses/records?city=370100").text
    assert client.get("/courses/records?after=nonsense").status_code == 404
    sought = {"document_type": "resident_id", "number": resident_id(2)}
    assert "人员丙" in client.post("/courses/person", data=sought).text
    assert client.post("/courses/person", data={**sought, "number": resident_id(77)}).status_code == 404
    assert client.post("/courses/person", data={**sought, "number": "1"}).status_code == 422
    log = client.get("/oversight/audit?kind=hours.looked_up")
    assert log.status_code in (200, 404)
    sign_in(client, "trainee")
    assert client.get("/courses/statistics").status_code == 403


def test_a_developer_grants_one_more_attempt_with_a_reason(
    everybody: None, runtime: Runtime, client: FlaskClient
) -> None:
    course = catalogued(runtime, quiz_attempts=1)
    sign_in(client, "trainee")
    page = client.post(f"/courses/{course.id}/enrol").location
    with runtime.unit_of_work(read_only=True) as session:
        units = session.scalars(select(CourseUnit.id).order_by(CourseUnit.place)).all()
    for unit in units:
        learn(client, runtime, f"{page}/units/{unit}")
    client.post(client.post(f"{page}/quiz").location, data={})
    assert client.post(f"{page}/quiz").status_code == 409
    with runtime.unit_of_work(read_only=True) as session:
        enrolment = session.scalars(select(CourseEnrolment)).one()
        assert session.scalars(select(QuizAttempt)).one().score == 0
        assert learning.enrolment(session, enrolment.id, enrolment.person_id).units_done == 2
    sign_in(client, "author")
    learners = f"/courses/manage/{course.id}/learners"
    assert "测验未通过" in client.get(learners).text
    grant = f"{learners}/{enrolment.id}/attempts"
    assert "请写明理由" in client.post(grant, data={"reason": " "}, follow_redirects=True).text
    assert "已增加一次测验" in client.post(grant, data={"reason": "停电"}, follow_redirects=True).text
    sign_in(client, "trainee")
    assert client.post(f"{page}/quiz").status_code == 302
