import re
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from openpyxl import load_workbook

from certengine.certificates import batches
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.paging import page_of
from certengine.foundation.runtime import Runtime
from certengine.people.models import Person
from certengine.sittings import service as sittings
from tests.factories import PASSWORD, account
from tests.marking.corrected import placed_for
from tests.marking.test_service import mark, mark_practical, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]


@pytest.fixture
def staff(runtime: Runtime, app: Flask) -> dict[str, FlaskClient]:
    """Two issuers and two officers, each with a browser of their own."""
    browsers = {}
    for name, role in (("a", "issuer"), ("b", "issuer"), ("c", "exam_officer"), ("d", "exam_officer")):
        account(runtime, f"staff-{name}", [role], name=f"王工{name}")
        browsers[name] = app.test_client()
        browsers[name].post("/sign-in", data={"login": f"staff-{name}", "password": PASSWORD})
    return browsers


@pytest.fixture
def marked(runtime: Runtime, sat: Exam) -> Exam:
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.9")
    return sat


def candidate(app: Flask, made: Exam, number: int) -> FlaskClient:
    browser = app.test_client()
    browser.post("/exam", data={"ticket": made.tickets[number], "number": made.documents[number]})
    return browser


def released(staff: dict[str, FlaskClient], made: Exam, embargo: str = "") -> str:
    form = {"note": "空白卷已核实", "embargo": embargo}
    assert (
        "等待另一人签署" in staff["a"].post(f"/results/{made.plan_id}/propose", data=form, follow_redirects=True).text
    )
    return staff["b"].post(f"/results/{made.plan_id}/sign", follow_redirects=True).text


def test_a_release_by_two_on_the_pages_with_states_and_denominators(
    app: Flask, staff: dict[str, FlaskClient], marked: Exam
) -> None:
    page = staff["a"].get(f"/results/{marked.plan_id}").text
    assert "1份空白答卷" in page and "提出发布成绩" in page
    missing = staff["a"].post(f"/results/{marked.plan_id}/propose", follow_redirects=True).text
    assert "请写明核实结果" in missing
    page = released(staff, marked)
    assert "签发证书1张" in page and "1 / 2（50.0%）" in page and "缺考" in page and "空白卷" in page
    assert "空白卷" in candidate(app, marked, 1).get("/exam/result").text
    absent = candidate(app, marked, 2).get("/exam/result").text
    assert "缺考" in absent and "0.00" not in absent


def test_under_an_embargo_the_candidate_sees_nothing_and_then_the_system_issues(
    app: Flask, runtime: Runtime, staff: dict[str, FlaskClient], marked: Exam, clock: SetClock
) -> None:
    assert "届时系统自动签发证书" in released(staff, marked, "2026-12-01T09:00")
    browser = candidate(app, marked, 0)
    assert "成绩尚未发布" in browser.get("/exam/result").text
    clock.advance(days=10)
    assert "合格" in browser.get("/exam/result").text
    assert "下载证书" not in browser.get("/exam/result").text
    resume_jobs(runtime)
    assert "下载证书" in browser.get("/exam/result").text


def test_the_workbook_has_texts_as_texts_and_no_zero_for_whoever_was_absent(
    runtime: Runtime, staff: dict[str, FlaskClient], marked: Exam
) -> None:
    with runtime.unit_of_work() as session:
        person_id = sittings.candidate(session, marked.registrations[2]).person_id
        session.get_one(Person, person_id).name = '=HYPERLINK("http://x")'
    book = load_workbook(BytesIO(staff["a"].get(f"/results/{marked.plan_id}/results.xlsx").data))
    first, blank, absent = list(book.worksheets[0].iter_rows(min_row=2))
    assert [cell.value for cell in first[3:8]] == [100, "已评分", 80, "已评分", "合格"]
    assert [cell.value for cell in blank[3:5]] == [0, "空白卷"]
    assert [cell.value for cell in absent[3:]] == [None, "缺考", None, "缺考", "缺考"]
    assert absent[1].data_type == "s" and first[0].data_type == "s"
    shares = {row[0]: row[1:] for row in book.worksheets[1].iter_rows(values_only=True) if row[0]}
    assert shares["合格（占实考）"] == (1, 0.5)


def test_a_bad_item_from_the_search_to_the_candidates_page(
    runtime: Runtime, app: Flask, staff: dict[str, FlaskClient], marked: Exam
) -> None:
    released(staff, marked)
    item = placed_for(runtime, marked, 1)[0].item
    base = f"/marking/sittings/{marked.theory_id}/rulings"
    assert item in staff["a"].get(f"{base}?q={item}").text
    assert staff["c"].get(f"{base}/items/{item}").status_code == 403
    refused = staff["a"].post(f"{base}/items/{item}", data={"kind": "full_marks", "reason": ""})
    assert refused.status_code == 422 and "请填写原因" in refused.text
    made = staff["a"].post(f"{base}/items/{item}", data={"kind": "full_marks", "reason": "题干有误"})
    address = made.headers["Location"]
    page = staff["a"].get(address).text
    assert "须由另一人签署" in page and "签署并重新评分" not in page
    page = staff["b"].get(address).text
    seen = re.search(r'name="seen" value="([0-9a-f]{64})"', page)
    assert seen and marked.tickets[1] in page and "其他成绩变化（1人）" in page
    old = staff["b"].post(f"{address}/sign", data={"seen": "0" * 64}, follow_redirects=True).text
    assert "成绩又有变化" in old
    done = staff["b"].post(f"{address}/sign", data={"seen": seen[1]}, follow_redirects=True).text
    assert "1人成绩变化" in done and "已签署" in done
    mine = candidate(app, marked, 1).get("/exam/result").text
    assert "0.00更正为" in mine and "试题处理" in mine
    assert "发布后的成绩变更" in staff["a"].get(f"/results/{marked.plan_id}").text


def test_a_review_from_the_candidates_wish_to_the_new_certificate(
    app: Flask, staff: dict[str, FlaskClient], marked: Exam
) -> None:
    released(staff, marked)
    browser = candidate(app, marked, 0)
    assert "申请一次复核" in browser.get("/exam/result").text
    page = browser.post("/exam/result/review", data={"reason": "与估分不符"}, follow_redirects=True).text
    assert "等待核查" in page and "与估分不符" in page
    listed = staff["c"].get("/reviews").text
    address = re.search(r"/reviews/[0-9a-f-]{36}", listed)
    assert address
    assert "须由没有参与评分和发布的人核查" in staff["a"].get(address[0]).text
    page = staff["c"].get(address[0]).text
    assert "重新计算100.00" in page and "一致" in page and "不一致" not in page
    wrong = staff["c"].post(f"{address[0]}/check", data={"theory": "abc", "practical": "80", "text": "核对"})
    assert wrong.status_code == 422 and "核对</textarea>" in wrong.text
    form = {"theory": "99", "practical": "80", "text": "漏扣一分"}
    assert "须由核查人以外的人决定" in staff["c"].post(f"{address[0]}/check", data=form, follow_redirects=True).text
    assert "等待另一人决定" in browser.get("/exam/result").text
    form = {"agree": "yes", "decision": "同意更正"}
    assert "成绩更正" in staff["d"].post(f"{address[0]}/decide", data=form, follow_redirects=True).text
    mine = browser.get("/exam/result").text
    assert "由100.00更正为99.00" in mine and "同意更正" in mine and "已失效的证书" in mine


def test_an_examiner_records_who_did_not_come(
    runtime: Runtime, app: Flask, staff: dict[str, FlaskClient], marked: Exam
) -> None:
    examiner = account(runtime, "examiner", ["examiner"])
    with runtime.unit_of_work() as session:
        from certengine.sittings.models import ExamRoom

        [room] = sittings.exam_rooms(session, marked.practical_id)
        sittings.assign(session, session.get_one(ExamRoom, room.id), examiner, "account:o", runtime.clock.now())
    browser = app.test_client()
    browser.post("/sign-in", data={"login": "examiner", "password": PASSWORD})
    address = f"/marking/practical/{marked.practical_id}/{marked.registrations[2]}/nothing"
    assert "撤销登记" in browser.post(address, data={"state": "absent"}, follow_redirects=True).text
    assert "撤销登记" not in browser.post(address, follow_redirects=True).text


def test_the_page_follows_the_issue_of_many_certificates(
    app: Flask, staff: dict[str, FlaskClient], marked: Exam, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batches, "LARGE", 0)
    page = released(staff, marked)
    assert "正在签发证书" in page and "0 / 1" in page and "应签发的证书" not in page
    progress = f"/results/{marked.plan_id}/certificates/progress"
    assert staff["a"].get(progress).get_json() == {"state": "waiting", "done": 0, "total": 1}
    assert resume_jobs(runtime) >= 1
    assert staff["a"].get(progress).get_json() == {"state": "done", "done": 1, "total": 1}
    assert "正在签发证书" not in staff["a"].get(f"/results/{marked.plan_id}").text


def test_a_long_list_of_results_is_paged_and_searched(app: Flask, runtime: Runtime, sat: Exam) -> None:
    assert [list(page_of(range(120), number).rows)[0] for number in (-1, 1, 3, 99)] == [0, 0, 100, 100]
    account(runtime, "issuer", ["issuer"])
    browser = app.test_client()
    browser.post("/sign-in", data={"login": "issuer", "password": PASSWORD})
    at = f"/results/{sat.plan_id}"
    with runtime.unit_of_work(read_only=True) as session:
        first, second, *_others = (sittings.candidate(session, each) for each in sat.registrations)
    found = browser.get(f"{at}?q={first.ticket_number}").text
    assert first.name in found and second.ticket_number not in found
    assert "没有符合条件的考生" in browser.get(f"{at}?q=nobody&verdict=passed").text
