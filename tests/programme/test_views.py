from datetime import timedelta

import pytest
from flask.testing import FlaskClient

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.programme import service
from certengine.programme.models import Tier
from tests.factories import PASSWORD, account


def sign_in(runtime: Runtime, client: FlaskClient, login: str, role: str, institution: str, code: str) -> None:
    account(runtime, login, [role], institution=institution, code=code)
    client.post("/sign-out")
    client.post("/sign-in", data={"login": login, "password": PASSWORD})


@pytest.fixture
def base(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(runtime, client, "base@example.org", "training_officer", "济南数字学院", "JNSX")
    with runtime.unit_of_work() as session:
        officer = account_organisation(runtime, "base@example.org")
        service.designate_base(session, officer, Tier.PROVINCIAL, actor="account:x", now=runtime.clock.now())


def account_organisation(runtime: Runtime, login: str):  # type: ignore[no-untyped-def]
    from certengine.people.service import account_by_login

    with runtime.unit_of_work(read_only=True) as session:
        found = account_by_login(session, login)
        assert found is not None
        return found.organisation_id


REPORT = {"trained": "2310", "seminars": "3", "courses": "12", "summary": "全年完成培训", "plan": "明年扩大规模"}


def test_a_base_reports_once_and_leaves_the_list_of_those_who_have_not(
    runtime: Runtime, client: FlaskClient, base: None
) -> None:
    assert "提交2026年度总结" in client.get("/programme/base").text
    client.post("/programme/base", data=REPORT)
    assert "2310" in client.get("/programme/base").text
    assert client.post("/programme/base", data=REPORT).status_code == 409
    sign_in(runtime, client, "dept@example.org", "supervisor", "山东省人社厅", "SDRS")
    assert "以下基地尚未提交" not in client.get("/programme/bases").text


def test_a_base_that_has_not_reported_is_named_with_the_days_left_and_then_as_late(
    runtime: Runtime, client: FlaskClient, base: None, clock: SetClock
) -> None:
    sign_in(runtime, client, "dept@example.org", "supervisor", "山东省人社厅", "SDRS")
    page = client.get("/programme/bases").text
    assert "还有 15 天" in page and "济南数字学院" in page
    clock.advance(days=17)
    client.post("/sign-in", data={"login": "dept@example.org", "password": PASSWORD})
    assert "已逾期" in client.get("/programme/bases").text


def test_a_seminar_goes_from_application_over_approval_to_its_summary(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(runtime, client, "host@example.org", "training_officer", "济南数字学院", "JNSX")
    start = runtime.clock.now().date() + timedelta(days=40)
    form = {
        "title": "工业互联网高级研修班", "tier": "provincial", "starts_on": str(start),
        "ends_on": str(start + timedelta(days=4)), "places": "45", "fund": "主办单位自筹", "token": "s" * 20,
    }  # fmt: skip
    late = {**form, "starts_on": str(runtime.clock.now().date() + timedelta(days=5))}
    assert client.post("/programme/seminars/new", data=late).status_code == 422
    page = client.post("/programme/seminars/new", data=form).location
    assert client.post("/programme/seminars/new", data=form).location == page
    sign_in(runtime, client, "dept@example.org", "supervisor", "山东省人社厅", "SDRS")
    client.post(f"{page}/decision", data={"opinion": "同意举办", "accept": "yes"})
    assert "已批准" in client.get(page).text
    sign_in(runtime, client, "host2@example.org", "training_officer", "济南数字学院", "JNSX")
    client.post(f"{page}/summary", data={"trained": "43", "satisfaction": "96.5", "summary": "圆满完成"})
    assert "已总结" in client.get(page).text


def test_a_seminar_of_another_organisation_is_not_found(runtime: Runtime, client: FlaskClient) -> None:
    sign_in(runtime, client, "host@example.org", "training_officer", "济南数字学院", "JNSX")
    start = runtime.clock.now().date() + timedelta(days=40)
    form = {
        "title": "研修班", "tier": "provincial", "starts_on": str(start), "ends_on": str(start), "places": "45",
        "fund": "自筹", "token": "s" * 20,
    }  # fmt: skip
    page = client.post("/programme/seminars/new", data=form).location
    sign_in(runtime, client, "other@example.org", "training_officer", "青岛学院", "QDXY")
    assert client.get(page).status_code == 404
