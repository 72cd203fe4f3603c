"""From the application to the title: who may do what, what is published, who objects, what is verified."""

import re
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.programme import selection_rules
from certengine.programme.application_models import Stage
from tests.programme.factories import cast, enter, organisation_id, score_all
from tests.training import course_factories

STATEMENT = {"conditions": "机房六间", "staff": "教师三十人", "record": "三年九期", "plan": "每年六门课"}
GOOD = {"conditions": "27", "staff": "22", "record": "21", "plan": "17"}
POOR = {"conditions": "10", "staff": "10", "record": "10", "plan": "10"}
LATER = {"days": 9}


def applied(runtime: Runtime, client: FlaskClient, kind: str = "base", **more: object) -> str:
    """The page of an application of the college, recommended by its city."""
    cast(runtime, "jinan", "province")
    recommender = organisation_id(runtime, "jinan")
    enter(runtime, client, "college")
    form = {**STATEMENT, "recommender": recommender, "token": f"{kind:a<20}", **more}
    answer = client.post(f"/programme/applications/new/{kind}", data=form)
    assert answer.status_code == 302, answer.text
    assert client.post(f"/programme/applications/new/{kind}", data=form).location == answer.location
    return str(answer.location)


def recommended(runtime: Runtime, client: FlaskClient, kind: str = "base", **more: object) -> str:
    page = applied(runtime, client, kind, **more)
    enter(runtime, client, "jinan")
    client.post(f"{page}/recommendation", data={"decision": "recommended", "text": "同意推荐"})
    return page


def published(runtime: Runtime, client: FlaskClient, kind: str = "base", **more: object) -> str:
    page = recommended(runtime, client, kind, **more)
    score_all(runtime, client, page, [GOOD, GOOD, GOOD])
    enter(runtime, client, "province")
    notice = {"title": "关于基地遴选的公示", "text": "现予公示", "days": "7"}
    assert client.post(f"{page}/publication", data=notice).status_code == 302
    return page


def test_a_base_gets_its_plaque_after_recommendation_experts_and_the_days_of_notice(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = published(runtime, client)
    early = client.post(f"{page}/decision", data={"opinion": "同意", "award": "yes"})
    assert early.status_code == 409 and "公示期未满" in early.text
    clock.advance(**LATER)
    enter(runtime, client, "province")
    assert client.post(f"{page}/decision", data={"opinion": "同意命名", "award": "yes"}).status_code == 302
    assert "已授予" in client.get(page).text
    code = re.search(r"/documents/([0-9A-Z]+)", client.get(page).text)
    assert code is None
    bases = client.get("/programme/bases").text
    base = re.search(r"/programme/bases/[0-9a-f-]{36}", bases)
    assert base and "S2026-001" in bases
    code = re.search(r"/documents/([0-9A-Z]+)", client.get(base.group()).text)
    assert code
    client.post("/sign-out")
    verified = client.get(code.group())
    assert "文件有效" in verified.text and "济南数字学院" in verified.text and "S2026-001" in verified.text
    pdf = client.get(f"{code.group()}/file.pdf").data
    assert pdf[:5] == b"%PDF-"
    assert "逐字节相同" in client.post(code.group(), data={"pdf": (BytesIO(pdf), "p.pdf")}).text
    assert "请勿采信" in client.post(code.group(), data={"pdf": (BytesIO(pdf + b"x"), "p.pdf")}).text


def test_only_the_named_recommender_recommends_and_only_the_province_decides(
    runtime: Runtime, client: FlaskClient
) -> None:
    page = applied(runtime, client)
    said = {"decision": "recommended", "text": "同意"}
    enter(runtime, client, "qingdao")
    assert client.get(page).status_code == 404
    assert client.post(f"{page}/recommendation", data=said).status_code == 404
    enter(runtime, client, "province")
    assert client.post(f"{page}/recommendation", data=said).status_code == 403
    enter(runtime, client, "jinan")
    assert client.post(f"{page}/recommendation", data=said).status_code == 302
    assert client.post(f"{page}/decision", data={"opinion": "同意", "award": "yes"}).status_code == 403
    assert client.post(f"{page}/experts", data={"expert": []}).status_code == 403


def test_another_institution_does_not_see_an_application(runtime: Runtime, client: FlaskClient) -> None:
    page = applied(runtime, client)
    enter(runtime, client, "harbour")
    assert client.get(page).status_code == 404
    assert page not in client.get("/programme/applications").text


def test_experts_of_the_applicant_stand_aside_and_two_are_too_few(runtime: Runtime, client: FlaskClient) -> None:
    from tests.programme.factories import account_id

    page = recommended(runtime, client)
    cast(runtime, "inside")
    enter(runtime, client, "province")
    assert client.post(f"{page}/experts", data={"expert": account_id(runtime, "inside")}).status_code == 403
    score_all(runtime, client, page, [GOOD, GOOD])
    enter(runtime, client, "province")
    notice = {"title": "公示", "text": "公示", "days": "7"}
    assert client.post(f"{page}/publication", data=notice).status_code == 409


def test_a_mean_below_the_line_is_not_published(runtime: Runtime, client: FlaskClient) -> None:
    page = recommended(runtime, client)
    score_all(runtime, client, page, [POOR, POOR, POOR])
    enter(runtime, client, "province")
    answer = client.post(f"{page}/publication", data={"title": "公示", "text": "公示", "days": "7"})
    assert answer.status_code == 409 and "40.00" in answer.text


def test_scores_out_of_range_are_named_and_given_ones_stay(runtime: Runtime, client: FlaskClient) -> None:
    page = recommended(runtime, client)
    score_all(runtime, client, page, [GOOD])
    enter(runtime, client, "expert1")
    review = re.search(r"/programme/reviews/[0-9a-f-]{36}", client.get("/programme/reviews").text)
    assert review
    assert client.post(review.group(), data={**GOOD, "opinion": "再评"}).status_code == 409
    cast(runtime, "expert2")
    from tests.programme.factories import account_id

    enter(runtime, client, "province")
    client.post(f"{page}/experts", data={"expert": account_id(runtime, "expert2")})
    enter(runtime, client, "expert2")
    assert client.get(review.group()).status_code == 404
    own = re.search(r"/programme/reviews/[0-9a-f-]{36}", client.get("/programme/reviews").text)
    assert own
    wrong = client.post(own.group(), data={**GOOD, "plan": "21", "staff": "", "opinion": ""})
    assert wrong.status_code == 422
    assert "0到20" in wrong.text and "请给出分数" in wrong.text and "请填写评审意见" in wrong.text


def test_an_upheld_objection_stops_the_title_and_an_open_one_holds_it(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = published(runtime, client)
    notice = re.search(r"/notices/[0-9a-f-]{36}", client.get(page).text)
    assert notice
    client.post("/sign-out")
    assert client.post(notice.group(), data={"name": "", "contact": "", "text": "不实"}).status_code == 422
    told = {"name": "某同行", "contact": "13800000000", "text": "业绩不实"}
    assert client.post(notice.group(), data=told).status_code == 302
    assert "13800000000" not in client.get(notice.group()).text
    clock.advance(**LATER)
    assert client.post(notice.group(), data=told).status_code == 409
    enter(runtime, client, "province")
    held = client.post(f"{page}/decision", data={"opinion": "同意", "award": "yes"})
    assert held.status_code == 409 and "还有异议没有处理" in held.text
    managed = f"/programme{notice.group()}"
    shown = client.get(managed).text
    assert "13800000000" in shown
    objection = re.search(r'name="objection" value="([0-9a-f-]+)"', shown)
    assert objection
    answer = {"objection": objection.group(1), "upheld": "yes", "answer": "核实属实"}
    assert client.post(managed, data=answer).status_code == 302
    assert client.post(f"{page}/decision", data={"opinion": "同意", "award": "yes"}).status_code == 409
    assert client.post(f"{page}/decision", data={"opinion": "不予命名", "award": "no"}).status_code == 302
    assert "未通过" in client.get(page).text
    enter(runtime, client, "qingdao")
    assert client.get(managed).status_code == 404


def test_a_returned_application_is_completed_and_comes_again(runtime: Runtime, client: FlaskClient) -> None:
    page = applied(runtime, client)
    enter(runtime, client, "jinan")
    client.post(f"{page}/recommendation", data={"decision": "returned", "text": "请补充师资证明"})
    enter(runtime, client, "college")
    assert "请补充师资证明" in client.get(page).text
    proof = {"file": (BytesIO(b"%PDF-1.7 proof"), "师资.pdf")}
    assert client.post(f"{page}/documents", data=proof).status_code == 302
    bad = client.post(f"{page}/documents", data={"file": (BytesIO(b"<script>"), "x.html")})
    assert bad.status_code == 422 and "只接受" in bad.text
    assert client.post(f"{page}/submit", data={**STATEMENT, "staff": "教师四十人"}).status_code == 302
    shown = client.get(page).text
    assert "教师四十人" in shown and "师资.pdf" in shown and "待推荐" in shown


def test_a_second_application_of_a_kind_waits_for_the_first(runtime: Runtime, client: FlaskClient) -> None:
    applied(runtime, client)
    form = {**STATEMENT, "recommender": organisation_id(runtime, "jinan"), "token": "another token of 20."}
    answer = client.post("/programme/applications/new/base", data=form)
    assert "已有同类申报" in answer.text


def test_what_is_missing_is_said_at_its_field(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "jinan")
    enter(runtime, client, "college")
    form = {**STATEMENT, "recommender": organisation_id(runtime, "jinan"), "token": "t" * 20}
    answer = client.post("/programme/applications/new/training_institution", data=form)
    assert answer.status_code == 422 and "请填写此项" in answer.text
    assert client.get("/programme/applications/new/nonsense").status_code == 404


@given(st.lists(st.one_of(st.none(), st.integers(0, 100)), max_size=9))
def test_a_panel_is_complete_only_when_enough_experts_have_all_scored(totals: list[int | None]) -> None:
    panel = selection_rules.panel(totals)
    assert panel.assigned == len(totals)
    assert panel.complete == (len(totals) >= selection_rules.LEAST_EXPERTS and None not in totals)
    given = [each for each in totals if each is not None]
    if given and panel.average is not None:
        assert min(given) <= panel.average + 1 and panel.average - 1 <= max(given)


@pytest.mark.parametrize("name", list(selection_rules.CRITERIA))
def test_the_points_of_the_criteria_add_up_to_a_hundred(name: str) -> None:
    assert sum(selection_rules.CRITERIA[name].values()) == 100


def test_nothing_follows_an_award_and_every_stage_has_its_rule() -> None:
    assert set(selection_rules.FOLLOWS) == set(Stage)
    assert not selection_rules.FOLLOWS[Stage.AWARDED]


def test_the_best_course_is_nominated_scored_published_and_stands_first_in_the_catalogue(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    with runtime.unit_of_work() as session:
        course_factories.published(session, runtime, title="一门普通课程", token="plain")
        best = course_factories.published(session, runtime, title="最好的课程", token="best")
        course_id = str(best.id)
    cast(runtime, "qilu", "jinan")
    enter(runtime, client, "harbour")
    form = {**STATEMENT, "recommender": organisation_id(runtime, "jinan"), "token": "k" * 20, "course": course_id}
    assert client.post("/programme/applications/new/best_course", data=form).status_code in (404, 422)
    enter(runtime, client, "qilu")
    assert client.post("/programme/applications/new/best_course", data={**form, "course": ""}).status_code == 422
    page = str(client.post("/programme/applications/new/best_course", data=form).location)
    enter(runtime, client, "jinan")
    client.post(f"{page}/recommendation", data={"decision": "recommended", "text": "同意推荐"})
    score_all(runtime, client, page, [{"content": "38", "teaching": "28", "production": "18", "use": "9"}] * 3)
    enter(runtime, client, "province")
    client.post(f"{page}/publication", data={"title": "优秀网络课程公示", "text": "公示", "days": "7"})
    clock.advance(**LATER)
    enter(runtime, client, "province")
    assert client.post(f"{page}/decision", data={"opinion": "入选", "award": "yes"}).status_code == 302
    code = re.search(r"/documents/([0-9A-Z]+)", client.get(page).text)
    assert code and "最好的课程" in client.get(code.group()).text
    client.post("/sign-out")
    catalogue = client.get("/courses").text
    assert "2026年优秀网络课程" in catalogue
    assert catalogue.index("最好的课程") < catalogue.index("一门普通课程")
