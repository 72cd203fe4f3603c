"""Two clicks on one button make one thing: one after the other, and at the same moment."""

from concurrent.futures import ThreadPoolExecutor
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from certengine.foundation.clock import SetClock
from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime
from tests.programme.factories import cast, enter
from tests.programme.test_seminars import approved
from tests.programme.test_seminars import form as seminar_form

# login, address, what is sent, the table that grows by one
FORMS = {
    "class": ("college", "/training/new", {"title": "班", "field": "big_data", "level": "junior"}, "training_class"),
    "plan": ("college", "/training/plans", {"title": "计划", "field": "big_data", "level": "junior"}, "teaching_plan"),
    "course": (
        "qilu",
        "/courses/manage/new",
        {"title": "课", "subject": "general", "hours": "2", "field": "", "level": "", "quiz_source": ""},
        "course",
    ),
    "teacher": (
        "college",
        "/training/teachers",
        {"name": "董老师", "qualification": "讲师证", "fields": "big_data"},
        "teacher",
    ),
    "environment": (
        "college",
        "/training/environments",
        {"name": "机房", "kind": "classroom", "seats": "40"},
        "training_environment",
    ),
    "round": (
        "province",
        "/oversight/inspections/rounds",
        {"title": "检查", "kind": "training_institution", "count": "1"},
        "inspection_round",
    ),
    "complaint": ("", "/complaints", {"about": "课程", "text": "时间临时调整"}, "complaint"),
}


def count(runtime: Runtime, table: str) -> int:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalar(select(func.count()).select_from(Base.metadata.tables[table])) or 0


def browser(runtime: Runtime, app: Flask, login: str) -> FlaskClient:
    client = app.test_client()
    return enter(runtime, client, login) if login else client


@pytest.mark.parametrize("what", FORMS)
def test_two_clicks_at_the_same_moment_make_one(runtime: Runtime, app: Flask, what: str) -> None:
    login, address, values, table = FORMS[what]
    cast(runtime, "college", *([login] if login else []))
    form = {**values, "token": "t" * 20, "once": "o" * 20}
    # One browser: both clicks come with its one cookie.
    first = browser(runtime, app, login)
    second = app.test_client()
    name = app.config["SESSION_COOKIE_NAME"]
    if cookie := first.get_cookie(name):
        second.set_cookie(name, cookie.value, secure=cookie.secure)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda client: client.post(address, data=form), [first, second]))
    assert [answer.status_code for answer in answers] == [302, 302], answers[0].text
    assert answers[0].location == answers[1].location
    assert count(runtime, table) == 1
    assert first.post(address, data=form).location == answers[0].location and count(runtime, table) == 1


def test_other_values_and_another_day_are_something_new(runtime: Runtime, client: FlaskClient, clock: SetClock) -> None:
    sent = {"about": "课程", "text": "时间临时调整", "once": "o" * 20}
    first = client.post("/complaints", data=sent).location
    assert client.post("/complaints", data=sent).location == first
    assert client.post("/complaints", data={**sent, "text": "另一件事"}).location != first
    # A form that was refused is no form that was sent.
    for _again in range(2):
        assert client.post("/complaints", data={**sent, "text": ""}).status_code == 422
    clock.advance(days=1, minutes=1)
    client.post("/complaints", data={**sent, "once": "p" * 20})
    assert client.post("/complaints", data=sent).location != first


def test_a_file_that_is_sent_twice_is_kept_once(runtime: Runtime, client: FlaskClient) -> None:
    page = approved(runtime, client)
    enter(runtime, client, "college")
    for content, rows in ((b"%PDF-1", 1), (b"%PDF-1", 1), (b"%PDF-2", 2)):
        data = {"file": (BytesIO(content), "讲义.pdf"), "once": "o" * 20}
        assert client.post(f"{page}/materials", data=data).status_code == 302
        assert count(runtime, "seminar_material") == rows


def test_a_token_of_any_length_is_taken(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "college")
    enter(runtime, client, "jinan")
    long = seminar_form(runtime, token="s" * 400)
    assert (
        client.post("/programme/seminars/new", data=long).location
        == client.post("/programme/seminars/new", data=long).location
    )
    assert count(runtime, "seminar") == 1
