"""Studies of fixed forms, from the page that begins them to the page that shows what came out."""

from io import BytesIO

import pytest
from flask import Flask
from openpyxl import load_workbook

from certengine.delivery import service as delivery
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.marking import studies
from certengine.marking.equating import Comparison, FormFigures, Method
from certengine.marking.models import MeasurementStudy
from certengine.papers import printing
from certengine.papers import service as papers
from certengine.people.models import Account
from tests.bank.pages import signed_in
from tests.factories import account
from tests.marking.test_service import answer_all, mark
from tests.sittings.factories import Exam, exam


@pytest.fixture
def sat(runtime: Runtime, clock: SetClock) -> Exam:
    """Four candidates on two fixed forms: two have all right, two nothing."""
    made = exam(runtime, candidates=4, forms=2)
    for number in range(4):
        answer_all(runtime, clock, made, number, right=number < 2)
    with runtime.unit_of_work() as session:
        draw = papers.draw_of(session, delivery.sitting_key(made.theory_id))
        assert draw is not None
        printing.draw_forms(session, draw.id, 2, "account:a", clock.now(), runtime.cipher)
    clock.advance(hours=2)
    mark(runtime, made)
    return made


def issuer(runtime: Runtime) -> str:
    account(runtime, "issuer5", ["issuer"])
    return "issuer5"


def test_two_forms_are_compared_by_a_job_and_too_few_scripts_say_so(runtime: Runtime, app: Flask, sat: Exam) -> None:
    client = signed_in(app, issuer(runtime))
    page = client.get("/marking/studies").text
    assert "还没有测量研究" in page and f'value="{sat.theory_id}/A"' in page
    form, other = f"{sat.theory_id}/A", f"{sat.theory_id}/B"
    refused = client.post("/marking/studies/equating", data={"form": form, "other": form})
    assert refused.status_code == 422 and "请选择两套不同的固定卷" in refused.text
    refused = client.post("/marking/studies/equating", data={"form": "x/A", "other": form})
    assert refused.status_code == 422 and "请选择本机构场次的固定卷" in refused.text
    address = client.post("/marking/studies/equating", data={"form": form, "other": other}).location
    assert "正在计算" in client.get(address).text
    resume_jobs(runtime)
    page = client.get(address).text
    assert "每套卷至少要有 50 份答卷" in page and "同一场次" in page
    gone = client.post(f"{address}/remove", follow_redirects=True).text
    assert "已有结果，不能删除" in gone


def test_a_comparison_is_shown_with_its_methods_a_chart_and_a_table_to_take_away(
    runtime: Runtime, app: Flask, sat: Exam
) -> None:
    client = signed_in(app, issuer(runtime))
    with runtime.unit_of_work() as session:
        owner = session.query(Account).filter_by(login="issuer5").one().organisation_id
        a, b = studies.choices(session, owner)
        row = studies.begin_equating(session, a, b, "account:a", runtime.clock.now())
        found = Comparison(
            FormFigures(300, 61.2, 14.0),
            FormFigures(310, 64.0, 13.5),
            0,
            anchor=False,
            obstacle="",
            methods=tuple(
                Method(name, cut, 0.9, tuple(score + cut - 60 for score in range(101)))
                for name, cut in (("mean", 62.8), ("linear", 60.4), ("equipercentile", 57.0))
            ),
        )
        row.figures, row.figured_at = found.as_json(), runtime.clock.now()
        address = f"/marking/studies/{row.id}"
    page = client.get(address).text
    assert page.count("<polyline") == 3 and "A 卷较难" in page and "A 卷较易" in page and "看不出难度差别" in page
    book = load_workbook(BytesIO(client.get(f"{address}/conversion.xlsx").data))
    rows = list(book.worksheets[0].iter_rows(values_only=True))
    assert len(rows) == 102 and rows[61] == pytest.approx((60, 62.8, 60.4, 57.0))


def test_a_panel_gets_its_workbook_and_its_cut_and_a_bad_workbook_changes_nothing(
    runtime: Runtime, app: Flask, sat: Exam
) -> None:
    client = signed_in(app, issuer(runtime))
    wanted = {"kind": "angoff", "form": f"{sat.theory_id}/A", "judges": "张工\n\n 李教授 \n王高工"}
    refused = client.post("/marking/studies/panel", data={**wanted, "judges": "张工\n张工"})
    assert refused.status_code == 422 and "姓名不重复" in refused.text
    address = client.post("/marking/studies/panel", data=wanted).location
    book = load_workbook(BytesIO(client.get(f"{address}/workbook.xlsx").data))
    sheet = book["第1轮"]
    assert [cell.value for cell in sheet[1]][-3:] == ["张工", "李教授", "王高工"] and sheet["C2"].value == "单选题"
    for row in range(2, sheet.max_row + 1):
        sheet[f"E{row}"], sheet[f"F{row}"], sheet[f"G{row}"] = 60, 65, 70

    def upload() -> str:
        out = BytesIO()
        book.save(out)
        data = {"file": (BytesIO(out.getvalue()), "评定表.xlsx")}
        return client.post(f"{address}/workbook", data=data, follow_redirects=True).text

    page = upload()
    assert "刚好合格的考生应得 65.00 分" in page
    sheet["E2"] = 600
    assert "评定表.xlsx 第1轮!E2：“600.0”应为 0 到 100 的数字" in upload()
    assert "刚好合格的考生应得 65.00 分" in client.get(address).text
    with runtime.unit_of_work(read_only=True) as session:
        assert session.query(MeasurementStudy).one().figured_by is not None


def test_a_bookmark_study_can_be_begun_and_thought_better_of(runtime: Runtime, app: Flask, sat: Exam) -> None:
    client = signed_in(app, issuer(runtime))
    wanted = {"kind": "bookmark", "form": f"{sat.theory_id}/B", "judges": "张工\n李教授"}
    address = client.post("/marking/studies/panel", data=wanted).location
    book = load_workbook(BytesIO(client.get(f"{address}/workbook.xlsx").data))
    pages = book["题册"].max_row - 1
    book["书签"]["B2"], book["书签"]["B3"] = pages // 2, pages // 2 + 4
    out = BytesIO()
    book.save(out)
    assert "已删除" in client.post(f"{address}/remove", follow_redirects=True).text
    again = client.post("/marking/studies/panel", data=wanted).location
    data = {"file": (BytesIO(out.getvalue()), "评定表.xlsx")}
    page = client.post(f"{again}/workbook", data=data, follow_redirects=True).text
    assert "刚好合格的考生应得" in page and "书签法" in page


def test_another_institution_sees_nothing_of_it(runtime: Runtime, app: Flask, sat: Exam) -> None:
    with runtime.unit_of_work() as session:
        owner = session.get_one(Account, account(runtime, "issuer6", ["issuer"]).id).organisation_id
        a, _b = studies.choices(session, owner)
        row = studies.begin_panel(session, studies.StudyKind.ANGOFF, a, ["甲", "乙"], "account:a", runtime.clock.now())
        address = f"/marking/studies/{row.id}"
    account(runtime, "stranger", ["issuer"], institution="别的机构", code="QTJG")
    client = signed_in(app, "stranger")
    assert client.get(address).status_code == 404
    assert "/A" not in client.get("/marking/studies").text
