"""Bases: figures from the records, reports and reminders, assessment, removal with notice, exchanges."""

import re
from datetime import timedelta
from uuid import UUID

import pytest
from click.testing import CliRunner
from flask.testing import FlaskClient

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.programme import bases, rules
from certengine.programme.base_models import BaseState, Tier
from certengine.programme.cli import command
from tests.programme.factories import cast, enter, organisation_id

REPORT = {"trained": "2310", "seminars": "3", "courses": "12", "summary": "全年完成培训", "plan": "明年扩大规模"}


@pytest.fixture
def base(runtime: Runtime) -> str:
    """The page of the college's base."""
    return made_base(runtime, "college")


def made_base(runtime: Runtime, login: str) -> str:
    cast(runtime, login, "province")
    with runtime.unit_of_work() as session:
        own = UUID(organisation_id(runtime, login))
        made = bases.designate_base(session, runtime, own, Tier.PROVINCIAL, actor="account:x", now=runtime.clock.now())
        return f"/programme/bases/{made.id}"


def test_a_base_reports_once_and_leaves_the_list_of_those_who_have_not(
    runtime: Runtime, client: FlaskClient, base: str
) -> None:
    enter(runtime, client, "college")
    assert "提交2026年度总结" in client.get("/programme/base").text
    client.post("/programme/base", data=REPORT)
    shown = client.get("/programme/base").text
    assert "2310" in shown and "系统统计 0" in shown
    assert client.post("/programme/base", data=REPORT).status_code == 409
    enter(runtime, client, "province")
    assert "以下基地尚未提交" not in client.get("/programme/bases").text


def test_a_base_that_has_not_reported_is_named_with_the_days_left_and_then_as_late(
    runtime: Runtime, client: FlaskClient, base: str, clock: SetClock
) -> None:
    enter(runtime, client, "province")
    page = client.get("/programme/bases").text
    assert "还有 15 天" in page and "济南数字学院" in page
    clock.advance(days=17)
    enter(runtime, client, "province")
    assert "已逾期" in client.get("/programme/bases").text


def test_reminders_go_out_once_at_each_stage(runtime: Runtime, client: FlaskClient, base: str, clock: SetClock) -> None:
    assert "bases 1," in CliRunner().invoke(command, ["remind"]).output
    assert "bases 0," in CliRunner().invoke(command, ["remind"]).output
    clock.advance(days=2)
    assert "bases 1," in CliRunner().invoke(command, ["remind"]).output
    enter(runtime, client, "college")
    assert "提醒" in client.get("/programme/base").text
    assert client.get("/messages").text.count("请提交2026年度总结和下一年度计划") == 2
    client.post("/programme/base", data=REPORT)
    clock.advance(days=30)
    assert "bases 0," in CliRunner().invoke(command, ["remind"]).output


def test_a_city_sees_only_its_own_bases_and_cannot_decide_on_them(
    runtime: Runtime, client: FlaskClient, base: str
) -> None:
    enter(runtime, client, "qingdao")
    assert client.get(base).status_code == 404
    assert "济南数字学院" not in client.get("/programme/bases").text
    enter(runtime, client, "jinan")
    assert client.get(base).status_code == 200
    standing = {"act": "put_right", "reason": "人数不足"}
    assert client.post(f"{base}/standing", data=standing).status_code == 403


def test_a_base_is_put_right_restored_and_assessed_with_the_figures_of_its_year(
    runtime: Runtime, client: FlaskClient, base: str, clock: SetClock
) -> None:
    enter(runtime, client, "province")
    past = {"act": "put_right", "until": "2026-01-01", "reason": "人数不足"}
    assert client.post(f"{base}/standing", data=past).status_code == 422
    assert "正常" in client.get(base).text
    assert client.post(f"{base}/standing", data={**past, "until": "2027-03-01"}).status_code == 302
    assert "整改期限" in client.get(base).text
    client.post(f"{base}/standing", data={"act": "restore", "reason": "已整改"})
    verdict = {"verdict": "good", "opinion": "达到要求"}
    assert client.post(f"{base}/assessments?year=2026", data=verdict).status_code == 302
    assert client.post(f"{base}/assessments?year=2026", data=verdict).status_code == 409
    shown = client.get(base).text
    assert "合格" in shown and "已整改" in shown


def test_a_removal_waits_for_its_notice_and_the_plaque_is_withdrawn_with_it(
    runtime: Runtime, client: FlaskClient, base: str, clock: SetClock
) -> None:
    enter(runtime, client, "province")
    code = re.search(r"/documents/([0-9A-Z]+)", client.get(base).text)
    assert code
    assert client.post(f"{base}/standing", data={"act": "remove", "reason": "长期停办"}).status_code == 422
    assert client.post(f"{base}/standing", data={"act": "propose_removal", "reason": "长期停办"}).status_code == 302
    assert "拟撤销继续教育基地" in client.get("/notices").text
    early = client.post(f"{base}/standing", data={"act": "remove", "reason": "长期停办"})
    assert early.status_code == 409 and "公示期未满" in early.text
    clock.advance(days=9)
    enter(runtime, client, "province")
    assert client.post(f"{base}/standing", data={"act": "remove", "reason": "长期停办"}).status_code == 302
    assert "不再有效" in client.get(code.group()).text
    enter(runtime, client, "college")
    assert client.post("/programme/base", data=REPORT).status_code == 409


def test_bases_exchange_experts_and_material(runtime: Runtime, client: FlaskClient, base: str) -> None:
    made_base(runtime, "harbour")
    enter(runtime, client, "college")
    offer = {"kind": "experts", "title": "授课专家共享", "text": "三位专家", "token": "e" * 20}
    client.post("/programme/exchanges", data=offer)
    client.post("/programme/exchanges", data=offer)
    shown = client.get("/programme/exchanges").text
    assert shown.count("授课专家共享") == 1
    exchange = re.search(r"/programme/exchanges/[0-9a-f-]{36}", shown)
    assert exchange
    assert client.post(f"{exchange.group()}/requests", data={"text": "自己申请"}).status_code == 403
    enter(runtime, client, "harbour")
    assert client.post(f"{exchange.group()}/requests", data={"text": "请派两位"}).status_code == 302
    assert client.post(f"{exchange.group()}/requests", data={"text": "再申请"}).status_code == 409
    enter(runtime, client, "college")
    asked = re.search(rf"{exchange.group()}/requests/[0-9a-f-]{{36}}", client.get("/programme/exchanges").text)
    assert asked
    assert client.post(asked.group(), data={"accept": "yes"}).status_code == 302
    enter(runtime, client, "harbour")
    assert "已同意" in client.get("/programme/exchanges").text


def test_an_institution_that_is_no_base_is_told_how_to_become_one(runtime: Runtime, client: FlaskClient) -> None:
    enter(runtime, client, "harbour")
    assert "/programme/applications/new/base" in client.get("/programme/base").text
    offer = {"kind": "experts", "title": "x", "text": "x", "token": "e" * 20}
    assert client.post("/programme/exchanges", data=offer).status_code == 404


def test_the_score_of_a_year_is_cut_at_each_target() -> None:
    full = rules.base_score(rules.Indicators(9000, 9, 9), True)
    assert full == 100
    assert rules.base_score(rules.Indicators(1000, 0, 0), False) == 25
    assert not rules.standing_may_follow(BaseState.REMOVED, BaseState.IN_GOOD_STANDING)


def test_the_stage_of_a_reminder_follows_the_days_left() -> None:
    assert [rules.reminder_stage(days) for days in (31, 30, 15, 14, 3, 0, -1, -40)] == [
        None, 30, 30, 14, 3, 0, -1, -1,
    ]  # fmt: skip
    assert timedelta(days=rules.REMINDER_DAYS[0]) == timedelta(days=30)
