"""A marker never needs the mouse: digits, arrows and Enter take them through the answers."""

import pytest

from certengine.foundation.clock import SetClock
from tests.factories import PASSWORD, account
from tests.journeys.conftest import Stage
from tests.marking.answer_factories import WHOLE, examiner, marking, sat

# What is asked of the database here is tested on both beside the rooms; a browser twice would tell no more.
pytestmark = pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)


def test_answers_are_marked_by_keyboard(stage: Stage, clock: SetClock) -> None:
    made = sat(stage.runtime, clock, [WHOLE, WHOLE])
    question = marking(stage.runtime, made)
    question.assign(examiner(stage.runtime, "one"))
    page = stage.sign_in("one", PASSWORD)
    page.goto(f"/marking/answers/{question.question_id}/next")
    first = page.url
    stage.shoot(page, "answer")
    for key in ("9", "1", "f"):
        page.keyboard.press(key)
    # The first point has 2 points at most, so that 9 is none of its digits.
    assert [page.input_value(f"#points-{number}") for number in (1, 2)] == ["1", "3"]
    page.keyboard.press("ArrowUp")
    page.keyboard.press("2")
    page.keyboard.press("Enter")
    page.wait_for_url(lambda url: url != first)
    assert question.answer(first.rsplit("/", 1)[1]).share == "1/1"
    page.keyboard.press("ArrowLeft")
    page.wait_for_url(first)
    assert page.input_value("#points-1") == "2.00"
    page.click("#comment")
    page.keyboard.type("f1")
    assert page.input_value("#comment") == "f1"
    account(stage.runtime, "officer", ["exam_officer"])
    officer = stage.sign_in("officer", PASSWORD)
    officer.goto(f"/results/answers/question/{question.question_id}")
    stage.shoot(officer, "markers")
