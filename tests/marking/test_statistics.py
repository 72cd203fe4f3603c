from decimal import Decimal
from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from openpyxl import load_workbook

from certengine.foundation.ids import new_id
from certengine.foundation.runtime import Runtime
from certengine.marking.institution_figures import Row, by_level, by_plan
from certengine.marking.models import MarkState, Verdict
from certengine.sittings.models import ExamPlan
from certengine.standards.rules import Level
from tests.factories import PASSWORD, account
from tests.marking.test_service import mark, mark_practical, release, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]
ONE, TWO = new_id(), new_id()


def row(plan: UUID, verdict: Verdict, theory: str | None, **more: object) -> Row:
    facts = {"practical": None, "theory_state": MarkState.MARKED, "practical_state": MarkState.ABSENT, **more}
    score = None if theory is None else Decimal(theory)
    return Row(plan, str(plan), "big_data", Level.JUNIOR, verdict, score, **facts)  # type: ignore[arg-type]


def test_every_share_has_its_denominator() -> None:
    rows = [
        row(ONE, Verdict.PASSED, "80"),
        row(ONE, Verdict.PASSED, "100", theory_state=MarkState.KEPT),
        row(ONE, Verdict.FAILED, "0.00", theory_state=MarkState.BLANK),
        row(ONE, Verdict.ABSENT, None, theory_state=MarkState.ABSENT),
        row(TWO, Verdict.ABSENT, None),
    ]
    one, two = by_plan(rows)
    assert (one.registered, one.absent, one.present, one.passed) == (4, 1, 3, 2)
    assert one.theory_mean == Decimal("40.00"), "a blank script has 0, an absence has none, a kept score is elsewhere's"
    assert (two.present, two.rate, two.theory_mean) == (0, None, None)
    [level] = by_level(rows)
    assert (level.registered, level.plan_id) == (5, None)


@given(st.lists(st.tuples(st.sampled_from([ONE, TWO]), st.sampled_from(Verdict)), max_size=20))
def test_the_lines_add_up(drawn: list[tuple[UUID, Verdict]]) -> None:
    rows = [row(plan, verdict, "50") for plan, verdict in drawn]
    for lines in (by_plan(rows), by_level(rows)):
        assert sum(each.registered for each in lines) == len(rows)
        assert all(0 <= each.passed <= each.present <= each.registered for each in lines)


@pytest.fixture
def browser(runtime: Runtime, app: Flask, sat: Exam) -> FlaskClient:
    """Released results of a plan whose title is a formula."""
    with runtime.unit_of_work() as session:
        session.get_one(ExamPlan, sat.plan_id).title = '=HYPERLINK("http://x","考试")'
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8")
    mark_practical(runtime, sat, 1, "0.9")
    release(runtime, sat)
    account(runtime, "issuer", ["issuer"])
    found = app.test_client()
    found.post("/sign-in", data={"login": "issuer", "password": PASSWORD})
    return found


def test_the_page_has_charts_with_the_numbers_beside(browser: FlaskClient, sat: Exam) -> None:
    page = browser.get("/results/statistics").text
    assert "1 / 2（50.0%）" in page and "spread-bar" in page and "人工智能" in page
    assert "这一年还没有发布成绩" in browser.get("/results/statistics?field=big_data").text
    plan = browser.get(f"/results/{sat.plan_id}").text
    assert "spread-limit" in plan and "专业能力成绩分布" in plan


def test_the_workbook_has_texts_as_texts(browser: FlaskClient) -> None:
    book = load_workbook(BytesIO(browser.get("/results/statistics.xlsx").data))
    sheet = book.worksheets[0]
    assert sheet["A2"].data_type == "s" and str(sheet["A2"].value).startswith("=HYPERLINK")
    assert [cell.value for cell in sheet[2]][3:] == [3, 1, 2, 1, 50, 50, 85]
    assert [row[1].value for row in book.worksheets[2].iter_rows(min_row=2)] == [1, 0, 0, 0, 0, 0, 0, 0, 0, 1]
