"""A seminar from its application to the certificates: who applies, reviews, runs, takes part and inspects."""

import re
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from io import BytesIO
from uuid import UUID

from flask.testing import FlaskClient
from openpyxl import load_workbook
from sqlalchemy import select

from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Organisation, Person
from certengine.people.permissions import Role
from certengine.programme import seminar_people, seminars
from tests.factories import PASSWORD, resident_id
from tests.programme.factories import cast, days_on, enter, field_time, organisation_id, roster_file, score_all

GOOD = {"need": "28", "programme": "27", "speakers": "22", "budget": "13"}
HEADER = ("姓名", "证件类型", "证件号码", "工作单位", "职称或职务")


def form(runtime: Runtime, **more: str) -> dict[str, str]:
    start = days_on(runtime, 40)
    return {
        "title": "工业互联网高级研修班",
        "tier": "provincial",
        "host": organisation_id(runtime, "college"),
        "starts_on": str(start),
        "ends_on": str(start + timedelta(days=1)),
        "places": "2",
        "content": "平台与安全",
        "fund": "主办单位自筹",
        "budget": "120000",
        "token": "s" * 20,
        **more,
    }


def approved(runtime: Runtime, client: FlaskClient, **more: str) -> str:
    """The page of a seminar that the city applied for, the college hosts and the province approved."""
    cast(runtime, "college", "province")
    enter(runtime, client, "jinan")
    page = str(client.post("/programme/seminars/new", data=form(runtime, **more)).location)
    score_all(runtime, client, page, [GOOD, GOOD, GOOD])
    enter(runtime, client, "province")
    assert client.post(f"{page}/decision", data={"opinion": "同意", "accept": "yes"}).status_code == 302
    return page


def nominated(runtime: Runtime, client: FlaskClient, page: str, serials: Mapping[str, int]) -> None:
    enter(runtime, client, "employer")
    rows = [(name, "居民身份证", resident_id(serial), "泰山装备", "高工") for name, serial in serials.items()]
    address = page.replace("/seminars/", "/open-seminars/")
    answer = client.post(address, data={"file": (roster_file(rows, HEADER), "名单.xlsx")})
    assert answer.status_code == 302, answer.text


def participants(client: FlaskClient, page: str) -> list[str]:
    return re.findall(r'name="participant" value="([0-9a-f-]+)"', client.get(page).text)


def add_session(runtime: Runtime, client: FlaskClient, page: str, days: int, hours: int = 6) -> str:
    starts = runtime.clock.now() + timedelta(days=days)
    part = {
        "topic": "平台架构",
        "speaker": "石教授",
        "place": "报告厅",
        "starts_at": field_time(starts),
        "ends_at": field_time(starts + timedelta(hours=hours)),
    }
    assert client.post(f"{page}/sessions", data=part).status_code == 302
    found = re.findall(rf"{page}/sessions/[0-9a-f-]{{36}}", client.get(page).text)
    return str(found[-1])


def enter_accounts(client: FlaskClient, page: str) -> None:
    for number, (category, amount) in enumerate(
        (("provincial", "100000"), ("teaching", "58000.50"), ("meals", "40000"))
    ):
        line = {"category": category, "amount": amount, "note": "两天", "token": f"line {number}"}
        assert client.post(f"{page}/accounts", data=line).status_code == 302


def test_a_seminar_is_applied_for_in_time_and_once(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "college", "jinan")
    enter(runtime, client, "jinan")
    late = form(runtime, starts_on=str(days_on(runtime, 5)), ends_on=str(days_on(runtime, 6)))
    answer = client.post("/programme/seminars/new", data=late)
    assert answer.status_code == 422 and "至少30日" in answer.text
    page = client.post("/programme/seminars/new", data=form(runtime)).location
    assert client.post("/programme/seminars/new", data=form(runtime)).location == page
    enter(runtime, client, "qingdao")
    assert client.get(page).status_code == 404
    enter(runtime, client, "college")
    assert client.get(page).status_code == 200
    assert client.post("/programme/seminars/new", data=form(runtime)).status_code == 403


def test_nobody_approves_their_own_and_experts_come_first(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "college")
    enter(runtime, client, "province")
    own = client.post("/programme/seminars/new", data=form(runtime)).location
    assert client.post(f"{own}/decision", data={"opinion": "同意", "accept": "yes"}).status_code == 403
    enter(runtime, client, "jinan")
    page = client.post("/programme/seminars/new", data=form(runtime, token="t" * 20)).location
    assert client.post(f"{page}/decision", data={"opinion": "同意", "accept": "yes"}).status_code == 403
    enter(runtime, client, "province")
    answer = client.post(f"{page}/decision", data={"opinion": "同意", "accept": "yes"})
    assert answer.status_code == 409 and "专家评分完成后" in answer.text
    assert client.post(f"{page}/decision", data={"opinion": "选题重复", "accept": "no"}).status_code == 302


def test_a_national_one_is_recommended_and_waits_for_the_ministry(runtime: Runtime, client: FlaskClient) -> None:
    page = approved(runtime, client, tier="national")
    assert "已推荐至部委" in client.get(page).text
    enter(runtime, client, "college")
    assert client.post(f"{page}/notices", data={"title": "通知", "text": "报名"}).status_code == 409
    enter(runtime, client, "province")
    assert client.post(f"{page}/ministry", data={"approved": "yes", "reference": ""}).status_code == 422
    assert (
        client.post(f"{page}/ministry", data={"approved": "yes", "reference": "人社厅函〔2026〕9号"}).status_code == 302
    )
    shown = client.get(page).text
    assert "已批准" in shown and "〔2026〕9号" in shown


def test_an_approved_seminar_is_announced_held_and_certified(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = approved(runtime, client)
    enter(runtime, client, "college")
    client.post(f"{page}/notices", data={"title": "关于举办研修班的通知", "text": "请各单位推荐人选"})
    client.post("/sign-out")
    assert "关于举办研修班的通知" in client.get("/notices").text
    nominated(runtime, client, page, {"张伟": 1, "李娜": 2, "王强": 3})
    enter(runtime, client, "college")
    everybody = participants(client, page)
    assert len(everybody) == 3
    full = client.post(f"{page}/admission", data={"participant": everybody, "accept": "yes"})
    assert full.status_code == 409 and "不能超过计划人数2" in full.text
    client.post(f"{page}/admission", data={"participant": everybody[:2], "accept": "yes"})
    part = add_session(runtime, client, page, 40)
    clash = {
        "topic": "另一场", "speaker": "x", "place": "x",
        "starts_at": field_time(runtime.clock.now() + timedelta(days=40, hours=1)),
        "ends_at": field_time(runtime.clock.now() + timedelta(days=40, hours=2)),
    }  # fmt: skip
    assert client.post(f"{page}/sessions", data=clash).status_code == 422
    material = {"file": (BytesIO(b"%PDF-1.7 slides"), "讲义.pdf")}
    assert client.post(f"{page}/materials", data=material).status_code == 302
    clock.advance(days=40, minutes=5)
    enter(runtime, client, "college")
    client.post(f"{part}/list", data={"participant": everybody[:2]})
    assert client.post(f"{page}/summary", data={"summary": "圆满"}).status_code == 409
    clock.advance(days=2)
    enter(runtime, client, "college")
    assert client.post(f"{page}/certificates").status_code == 302
    assert client.post(f"{page}/certificates").status_code == 409
    enter_accounts(client, page)
    assert client.post(f"{page}/summary", data={"summary": "圆满完成"}).status_code == 302
    roster = load_workbook(BytesIO(client.get(f"{page}/roster.xlsx").data)).active
    rows = list(roster.iter_rows(min_row=2, values_only=True))
    assert len(rows) == 2 and all(str(row[5]).startswith("Y2027-") and row[4] == "1/1" for row in rows)
    enter(runtime, client, "province")
    listed = client.get("/programme/seminars?year=2027").text
    assert "1 期，目标约 70 期" in listed and "2 人，目标约 3000 人" in listed


def test_a_participant_signs_in_with_the_code_on_the_screen_and_not_with_an_old_one(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = approved(runtime, client)
    nominated(runtime, client, page, {"张伟": 1, "李娜": 2})
    enter(runtime, client, "college")
    part = add_session(runtime, client, page, 40)
    client.post(f"{page}/admission", data={"participant": participants(client, page), "accept": "yes"})
    clock.advance(days=40)
    enter(runtime, client, "college")
    address = re.search(r"/seminars/[0-9a-f/-]+/sign-in/[0-9a-f]+", client.get(f"{part}/code").text)
    assert address
    client.post("/sign-out")
    opened = client.get(address.group())
    ticket = re.search(r'name="ticket" value="([^"]+)"', opened.text)
    assert opened.status_code == 200 and ticket
    mine = {"document_type": "resident_id", "number": resident_id(1), "ticket": ticket.group(1)}
    clock.advance(seconds=100)
    assert "签到成功" in client.post(address.group(), data=mine).text
    other = client.post(address.group(), data={**mine, "number": resident_id(9)})
    assert other.status_code == 422 and "不在录取名单中" in other.text
    clock.advance(seconds=60)
    assert client.post(address.group(), data=mine).status_code == 410
    assert client.get(address.group()).status_code == 410
    assert client.post(address.group(), data={**mine, "ticket": "0.0"}).status_code == 410
    enter(runtime, client, "college")
    assert "已签到 1 / 2" in client.get(f"{part}/code").text


def test_satisfaction_is_given_once_and_kept_without_a_name(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = approved(runtime, client)
    nominated(runtime, client, page, {"张伟": 1})
    enter(runtime, client, "college")
    client.post(f"{page}/admission", data={"participant": participants(client, page), "accept": "yes"})
    with runtime.unit_of_work() as session:
        people.create_account(
            session,
            login="learner",
            password=PASSWORD,
            name="张伟",
            organisation=session.scalars(select(Organisation).where(Organisation.code == "TSZB")).one(),
            roles=frozenset({Role.TRAINEE}),
            now=runtime.clock.now(),
            person=session.scalars(select(Person).where(Person.name == "张伟")).one(),
        )
    mine = page.replace("/seminars/", "/my-seminars/")
    marks = {"content": "5", "teaching": "4", "organisation": "3", "remark": "收获很大"}
    client.post("/sign-out")
    client.post("/sign-in", data={"login": "learner", "password": PASSWORD})
    assert client.post(mine, data=marks).status_code == 409
    clock.advance(days=41)
    client.post("/sign-in", data={"login": "learner", "password": PASSWORD})
    assert client.post(mine, data={**marks, "content": "9"}).status_code == 422
    assert client.post(mine, data=marks).status_code == 302
    assert client.post(mine, data=marks).status_code == 409
    enter(runtime, client, "college")
    shown = client.get(page).text
    assert "80.00%（1份）" in shown and "收获很大" in shown


def test_a_list_with_one_bad_row_nominates_nobody_and_names_the_cell(runtime: Runtime, client: FlaskClient) -> None:
    page = approved(runtime, client)
    enter(runtime, client, "college")
    rows = [
        ("张伟", "", resident_id(1), "", ""),
        ("李娜", "", "110105199901010000", "", ""),
        ("王强", "", 110105199901010024, "", ""),
        ("张伟", "", resident_id(1), "", ""),
    ]
    answer = client.post(f"{page}/participants/list", data={"file": (roster_file(rows, HEADER), "名单.xlsx")})
    assert answer.status_code == 422
    assert "C3" in answer.text and "C4" in answer.text and "存成了数字" in answer.text and "与第2行重复" in answer.text
    assert participants(client, page) == []
    assert client.post(f"{page}/participants/list", data={}).status_code == 422


def test_a_summary_that_does_not_come_within_ten_working_days_is_on_the_late_list(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    approved(runtime, client)
    clock.advance(days=58)
    enter(runtime, client, "province")
    assert "总结已逾期" in client.get("/programme/seminars?year=2027").text


def test_the_last_places_are_given_once_however_many_admit_at_the_same_moment(
    runtime: Runtime, client: FlaskClient
) -> None:
    page = approved(runtime, client)
    nominated(
        runtime, client, page, {name: serial for serial, name in enumerate(["张三", "李四", "王五", "赵六", "孙七"], 1)}
    )
    enter(runtime, client, "college")
    seminar_id = UUID(page.rsplit("/", 1)[1])

    def admit(participant: str) -> bool:
        try:
            with runtime.unit_of_work() as session:
                held = seminars.seminar(session, seminar_id, None, lock=True)
                now = runtime.clock.now()
                seminar_people.admit(session, held, [UUID(participant)], True, actor="account:x", now=now)
        except Conflict:
            return False
        return True

    with ThreadPoolExecutor(5) as pool:
        outcomes = list(pool.map(admit, participants(client, page)))
    assert sum(outcomes) == 2
