from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from pypdf import PdfReader

from certengine.bank.rules import Item, ItemType
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.marking.strengths import FEWEST, REST, Area, areas, criteria
from tests.marking.test_result_pages import candidate
from tests.marking.test_service import mark, mark_practical, release, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]


@dataclass(frozen=True)
class Place:
    item: str
    points: Decimal
    section: int = 0


def told(outlines: list[str], void: int = 0) -> tuple[Area, ...]:
    """Of a paper with an item of 2 points on each point of the outline; every second is right."""
    items = {str(n): Item(id=str(n), type=ItemType.SINGLE, outline=each, stem="") for n, each in enumerate(outlines)}
    earned = {name: Decimal(2 * (int(name) % 2)) for name in list(items)[void:]}
    return areas([Place(name, Decimal(2)) for name in items], earned, items)


def test_points_are_told_by_function_and_task_of_the_outline() -> None:
    found = told(["1.1.1"] * 4 + ["1.2.1", "1.2.2", "1.2.3"] + ["2.1.1"] * 3)
    assert [(each.node, each.items, each.earned, each.possible) for each in found] == [
        ("1", 7, Decimal(6), Decimal(14)),
        ("2", 3, Decimal(4), Decimal(6)),
    ]
    assert [each.node for each in found[0].tasks] == ["1.1", "1.2"]
    assert found[1].tasks == () and found[0].share == Decimal("42.9")


def test_functions_come_in_the_order_of_the_outline_and_void_items_in_none() -> None:
    found = told(["10.1.1"] * 4 + ["2.1.1"] * 3, void=1)
    assert [(each.node, each.items) for each in found] == [("2", 3), ("10", 3)]


def test_what_is_too_little_is_put_together_so_that_no_item_is_told_by_subtraction() -> None:
    found = told(["1.1.1"] * 5 + ["2.1.1"] * 4 + ["3.1.1"])
    assert [(each.node, each.items) for each in found] == [("1", 5), (REST, 5)]
    assert told(["1.1.1", "2.1.1"]) == ()


@given(st.lists(st.sampled_from(["0.1.1", "1.1.1", "1.2.1", "2.1.1", "2.2.1", "3.1.1"]), max_size=30))
def test_nothing_shown_has_few_items_and_the_parts_make_the_whole(outlines: list[str]) -> None:
    found = told(outlines)
    for area in found:
        assert area.items >= FEWEST
        assert not area.tasks or sum(each.items for each in area.tasks) == area.items
        assert all(each.items >= FEWEST for each in area.tasks)
    if found:
        assert sum(each.items for each in found) == len(outlines)
        assert sum(each.possible for each in found) == 2 * len(outlines)


def test_a_criterion_shows_the_mean_of_its_examiners() -> None:
    found = criteria([["a", "设计", "40"], ["b", "实现", "60"]], [{"a": "30", "b": "50"}, {"a": "31", "b": "50"}])
    assert [(each.criterion, each.earned, each.possible) for each in found] == [
        ("设计", Decimal("30.50"), Decimal(40)),
        ("实现", Decimal("50.00"), Decimal(60)),
    ]
    assert criteria([["a", "设计", "40"]], []) == ()


@pytest.fixture
def released(runtime: Runtime, sat: Exam) -> Exam:
    mark(runtime, sat)
    mark_practical(runtime, sat, 0, "0.8", "0.85", "0.75")
    mark_practical(runtime, sat, 1, "0.9")
    release(runtime, sat)
    return sat


def pages(content: bytes) -> str:
    return "\n".join(page.extract_text() for page in PdfReader(BytesIO(content)).pages)


def test_the_candidate_sees_strengths_and_prints_them_in_both_languages(app: Flask, released: Exam) -> None:
    browser = candidate(app, released, 0)
    page = browser.get("/exam/result").text
    assert "各部分得分" in page and "marker-bar" in page and "100.0%" in page
    assert "考评员平均" in page
    answer = browser.get("/exam/result.pdf")
    assert answer.mimetype == "application/pdf"
    text = pages(answer.data)
    assert "成绩报告" in text and "王小明" in text and "80.00" in text and released.tickets[0] in text
    browser.get("/language/en")
    text = pages(browser.get("/exam/result.pdf").data)
    assert "Result report" in text and "Passed" in text and "王小明" in text and "成绩" not in text
    assert "Artificial Intelligence" in text


def test_who_was_absent_has_no_number_in_the_report(app: Flask, released: Exam) -> None:
    browser = candidate(app, released, 2)
    text = pages(browser.get("/exam/result.pdf").data)
    assert "缺考" in text and "0.00" not in text.replace("60.00", "") and "得分" not in text


def test_nothing_is_told_before_the_release_or_to_others(
    app: Flask, runtime: Runtime, sat: Exam, clock: SetClock
) -> None:
    assert candidate(app, sat, 0).get("/exam/result.pdf").status_code == 404
    assert app.test_client().get("/exam/result.pdf").status_code in (302, 401, 403)
