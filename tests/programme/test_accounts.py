"""A seminar's accounts and the working days within which they are due."""

import re
from io import BytesIO

from flask.testing import FlaskClient
from openpyxl import load_workbook

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.programme import reminders
from tests.programme.factories import cast, enter
from tests.programme.test_bases import made_base
from tests.programme.test_seminars import approved, enter_accounts

PDF = b"%PDF-1.7 receipt"


def test_the_accounts_close_with_the_summary_as_a_signed_statement(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = approved(runtime, client)
    clock.advance(days=42)
    enter(runtime, client, "college")
    refused = client.post(f"{page}/summary", data={"summary": "圆满完成"})
    assert refused.status_code == 409 and "经费来源" in refused.text
    enter_accounts(client, page)
    shown = client.get(page).text
    assert "98000.50" in shown and "1999.50" in shown
    assert client.post(f"{page}/summary", data={"summary": "圆满完成"}).status_code == 302
    closed = client.get(page).text
    code = re.search(r"/documents/([0-9A-Za-z]+)", closed)
    assert code and "登记一笔收支" not in closed
    # Anybody who has the code may check the statement; what was noted of single lines is not in it.
    client.post("/sign-out")
    public = client.get(f"/documents/{code.group(1)}").text
    assert "高级研修班收支决算表" in public and "58000.50" in public and "两天" not in public
    enter(runtime, client, "college")
    late = {"category": "other_expense", "amount": "1", "token": "late"}
    assert client.post(f"{page}/accounts", data=late).status_code == 409


def test_a_line_is_entered_once_keeps_its_voucher_and_may_be_taken_out(runtime: Runtime, client: FlaskClient) -> None:
    page = approved(runtime, client)
    enter(runtime, client, "college")

    def send() -> int:
        line = {"category": "venue", "amount": "800", "note": "=1+1", "token": "v" * 20}
        return client.post(f"{page}/accounts", data={**line, "voucher": (BytesIO(PDF), "发票.pdf")}).status_code

    assert [send(), send()] == [302, 302]
    lines = re.findall(r"/accounts/([0-9a-f-]{36})/voucher", client.get(page).text)
    assert len(lines) == 1
    assert client.get(f"{page}/accounts/{lines[0]}/voucher").data == PDF
    rows = list(load_workbook(BytesIO(client.get(f"{page}/accounts.xlsx").data)).active.iter_rows(values_only=True))
    assert rows[1] == ("支出", "场地与设备费", "=1+1", 800, "发票.pdf") and rows[-1][3] == -800
    for wrong in (
        {"amount": "-1"},
        {"amount": "x"},
        {"amount": "99999999999"},
        {"category": "gifts"},
        {"amount": "NaN"},
    ):
        answer = client.post(f"{page}/accounts", data={"category": "venue", "amount": "1", "token": "w", **wrong})
        assert answer.status_code == 422, wrong
    bad = {"category": "venue", "amount": "1", "token": "b", "voucher": (BytesIO(b"MZ"), "a.exe")}
    assert client.post(f"{page}/accounts", data=bad).status_code == 422
    enter(runtime, client, "harbour")
    assert client.get(f"{page}/accounts/{lines[0]}/voucher").status_code == 404
    enter(runtime, client, "province")
    assert client.get(f"{page}/accounts/{lines[0]}/voucher").status_code == 200
    assert client.post(f"{page}/accounts/{lines[0]}/remove").status_code == 404
    enter(runtime, client, "college")
    assert client.post(f"{page}/accounts/{lines[0]}/remove").status_code == 302
    assert client.post(f"{page}/accounts/{lines[0]}/remove").status_code == 404


def test_the_province_keeps_the_holidays_and_deadlines_follow(runtime: Runtime, client: FlaskClient) -> None:
    page = approved(runtime, client)
    enter(runtime, client, "province")
    assert "2026年10月1日" in client.get("/programme/calendar?year=2026").text
    # The seminar ends on 5 January 2027, whose year nobody has entered yet.
    assert "2027年节假日安排尚未登记" in client.get(page).text and "2027年1月19日" in client.get(page).text
    festival = {"first": "2027-01-11", "last": "2027-01-15", "working": "no", "name": "节日"}
    assert client.post("/programme/calendar", data=festival).status_code == 302
    worked = {"first": "2027-01-09", "working": "yes", "name": "节日调休"}
    assert client.post("/programme/calendar", data=worked).status_code == 302
    shown = client.get(page).text
    assert "尚未登记" not in shown and "2027年1月25日" in shown
    for wrong in ({"last": "2027-01-01"}, {"last": "2028-01-01"}, {"name": ""}, {"first": "soon"}, {"working": "so"}):
        assert client.post("/programme/calendar", data={**festival, **wrong}).status_code == 422, wrong
    assert client.post("/programme/calendar/2027-01-09/remove").status_code == 302
    assert client.post("/programme/calendar/2027-01-09/remove").status_code == 404
    assert client.post("/programme/calendar/never/remove").status_code == 404
    enter(runtime, client, "jinan")
    assert "2027年1月11日" in client.get("/programme/calendar?year=2027").text
    assert client.post("/programme/calendar", data=worked).status_code == 403
    assert client.post("/programme/calendar/2027-01-11/remove").status_code == 403


def test_host_applicant_and_then_the_department_are_told_once_each(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    page = approved(runtime, client)
    # It ends on 5 January 2027, its summary is due on the 19th.
    told = []
    for days in (42, 8, 2, 4, 1):
        clock.advance(days=days)
        told.append(reminders.remind_due(runtime).seminars)
    # Two when three working days are left; when it is late the same two and the province.
    assert told == [0, 2, 0, 3, 0]
    for login, said in (("college", "研修班总结已逾期"), ("jinan", "请提交研修班总结"), ("province", "有研修班未按期")):
        enter(runtime, client, login)
        shown = client.get("/messages").text
        assert said in shown and page in shown and "工业互联网高级研修班" in shown
    enter(runtime, client, "qingdao")
    assert "没有提醒" in client.get("/messages").text


def test_departments_are_told_how_many_bases_of_theirs_are_late(
    runtime: Runtime, client: FlaskClient, clock: SetClock
) -> None:
    made_base(runtime, "college")
    cast(runtime, "jinan", "qingdao")
    assert reminders.remind_due(runtime).departments == 0
    clock.advance(days=17)
    assert reminders.remind_due(runtime).departments == 2
    assert reminders.remind_due(runtime).departments == 0
    enter(runtime, client, "jinan")
    client.get("/language/en")
    assert "did not hand in the report of 2026 by 2026-12-10: 1." in client.get("/messages").text
