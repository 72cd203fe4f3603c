"""What nobody means but somebody types: years and days off the calendar, numbers without end."""

import pytest
from flask.testing import FlaskClient

from certengine.foundation.runtime import Runtime
from tests.programme.factories import cast, enter
from tests.programme.test_seminars import form as seminar_form

FAR = "9" * 40


@pytest.mark.parametrize(
    ("login", "page"),
    [
        ("province", f"/programme/seminars?year={FAR}"),
        ("province", f"/programme/calendar?year={FAR}"),
        ("province", f"/oversight/dashboard?year=-{FAR}"),
        ("province", f"/courses/statistics?year={FAR}&page={FAR}"),
        ("province", "/audit?since=0001-01-01&until=9999-12-31"),
        ("employer", f"/organisation/people?year={FAR}&page=-1"),
    ],
)
def test_a_year_off_the_calendar_shows_the_present_one(
    runtime: Runtime, client: FlaskClient, login: str, page: str
) -> None:
    assert enter(runtime, client, login).get(page).status_code == 200


@pytest.mark.parametrize("day", ["0001-01-01", "9999-12-31"])
def test_a_day_off_the_calendar_is_refused_at_its_field(runtime: Runtime, client: FlaskClient, day: str) -> None:
    form = {"first": day, "last": day, "working": "no", "name": "元旦"}
    answer = enter(runtime, client, "province").post("/programme/calendar", data=form)
    assert answer.status_code == 422 and "1900年至2100年" in answer.text


@pytest.mark.parametrize("hours", [FAR, "-1e999", "NaN", "1e400", "0.05"])
def test_hours_without_end_are_refused_at_their_task(runtime: Runtime, client: FlaskClient, hours: str) -> None:
    form = {"title": "初级计划", "field": "artificial_intelligence", "level": "junior", "token": "p" * 20}
    plan = enter(runtime, client, "college").post("/training/plans", data=form).location
    task = client.get(plan).text.split('label for="')[1].split('"')[0]
    answer = client.post(plan, data={task: hours})
    assert answer.status_code == 422 and "0到999之间" in answer.text


def test_a_lesson_off_the_calendar_is_refused_at_its_field(runtime: Runtime, client: FlaskClient) -> None:
    form = {"title": "初级班", "field": "artificial_intelligence", "level": "junior", "token": "c" * 20}
    opened = enter(runtime, client, "college").post("/training/new", data=form).location
    lesson = {"topic": "第1讲", "teacher": "李老师", "mode": "online"}
    times = {"starts_at": "0001-01-01T00:00", "ends_at": "9999-12-31T23:59"}
    answer = client.post(f"{opened}/lessons", data=lesson | times)
    assert answer.status_code == 422 and "1900年至2100年" in answer.text


def test_what_could_not_be_done_leads_back_to_the_page_where_it_was_asked(
    runtime: Runtime, client: FlaskClient
) -> None:
    form = {"title": "初级班", "field": "artificial_intelligence", "level": "junior", "token": "c" * 20}
    opened = enter(runtime, client, "college").post("/training/new", data=form).location
    for referrer, back in ((f"http://localhost{opened}?a=1", True), ("http://evil.example/", False), ("", False)):
        answer = client.post(f"{opened}/certificates", headers={"Accept": "text/html", "Referer": referrer})
        assert answer.status_code == 409 and "没有可以发证的学员" in answer.text
        assert (f'href="{opened}?a=1"' in answer.text) is back
        assert "evil.example" not in answer.text


def test_experts_that_nobody_ticked_are_asked_for(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "college", "province")
    enter(runtime, client, "jinan")
    page = client.post("/programme/seminars/new", data=seminar_form(runtime)).location
    enter(runtime, client, "province")
    assert "请勾选尚未安排的专家" in client.post(f"{page}/experts", follow_redirects=True).text
