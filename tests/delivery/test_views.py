import re
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from tests.delivery.test_service import begun, first_item
from tests.sittings.factories import Exam, exam


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime)


def sign_in(client: FlaskClient, made: Exam, number: int = 0) -> Any:
    return client.post("/exam", data={"ticket": made.tickets[number], "number": made.documents[number]})


def test_nobody_locks_a_candidate_out_by_guessing_at_their_ticket(
    app: Flask, client: FlaskClient, made: Exam, clock: SetClock
) -> None:
    def enter(browser: FlaskClient, number: str, network: str) -> int:
        form = {"ticket": made.tickets[0], "number": number}
        return browser.post("/exam", data=form, headers={"X-Forwarded-For": network}).status_code

    stranger, right, wrong = app.test_client(), made.documents[0], made.documents[1]
    answers = [enter(stranger, wrong, "192.0.2.9") for _ in range(9)]
    assert answers[:5] == [422] * 5 and answers[-1] == 429
    for number in range(40):
        enter(app.test_client(), wrong, f"198.51.100.{number}")
    assert enter(client, right, "203.0.113.1") == 302, "from the exam room the right document passes"
    for _ in range(9):
        enter(stranger, wrong, "203.0.113.1")
    assert enter(app.test_client(), right, "203.0.113.1") == 429
    assert enter(client, right, "203.0.113.1") == 302, "and in the middle of an exam the same browser does, always"
    clock.advance(minutes=1)
    assert enter(app.test_client(), right, "203.0.113.1") == 302, "the longest wait is a minute"


def test_one_document_is_not_tried_against_many_tickets(app: Flask, made: Exam) -> None:
    browser = app.test_client()
    answers = [
        browser.post("/exam", data={"ticket": f"{number:014}", "number": made.documents[0]}).status_code
        for number in range(8)
    ]
    assert answers[-1] == 429


def test_a_wrong_number_says_nothing_of_which_was_wrong(client: FlaskClient, made: Exam) -> None:
    answers = [
        client.post("/exam", data={"ticket": made.tickets[0], "number": made.documents[1]}),
        client.post("/exam", data={"ticket": "0" * 14, "number": made.documents[0]}),
    ]
    assert {answer.status_code for answer in answers} == {422}
    assert all("准考证号或证件号码不正确" in answer.text for answer in answers)


def test_each_step_leads_to_the_next_and_can_be_opened_again(client: FlaskClient, made: Exam, clock: SetClock) -> None:
    sign_in(client, made)
    here = f"/exam/{made.theory_id}"
    assert f'href="{here}"' in client.get("/exam/desk").text
    assert "开始入场" in client.get(here).text
    clock.advance(hours=1, minutes=45)
    assert "以上信息是本人的" in client.get(here).text
    client.post(f"{here}/confirm")
    client.post(f"{here}/confirm")
    assert "距开考还有" in client.get(here).text
    early = client.post(f"{here}/start", follow_redirects=True)
    assert "考试尚未开始" in early.text
    clock.advance(minutes=15)
    assert client.post(f"{here}/start").location == f"{here}/paper"
    assert client.get(here).location == f"{here}/paper"
    page = client.get(f"{here}/paper")
    assert page.status_code == 200 and 'id="data"' in page.text
    client.post(f"{here}/submit")
    for again in (here, f"{here}/paper"):
        assert client.get(again).location == f"{here}/receipt"
    assert "交卷成功" in client.get(f"{here}/receipt").text
    assert client.post(f"{here}/start").location == f"{here}/receipt"
    assert client.get(f"{here}/receipt.json").get_json()["format"] == "certengine-receipt/1"


def test_the_page_of_the_exam_holds_no_key_and_no_rationale(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    begun(runtime, clock, made)
    sign_in(client, made)
    page = client.get(f"/exam/{made.theory_id}/paper").text
    assert not re.search(r'"(key|rationale|difficulty|outline|reference|model_answer)"', page)


def test_answers_of_another_candidate_are_refused(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    mine, others = begun(runtime, clock, made, 0), begun(runtime, clock, made, 1)
    item = first_item(runtime, made)
    sign_in(client, made)

    def send(attempt: Any, body: Any) -> Any:
        return client.post(f"/exam/answers/{attempt.id}", json=body)

    good = {"generation": 1, "answers": [[item, 1, "a", False]]}
    assert send(mine, good).get_json()["saved"] == [1]
    assert send(others, good).status_code == 403
    assert send(mine, {**good, "generation": 9}).get_json()["problem"] == "delivery.taken_over"
    assert send(mine, {"generation": 1, "answers": []}).status_code == 200


@pytest.mark.parametrize(
    "body",
    [
        None,
        [],
        {"generation": 1},
        {"generation": "1", "answers": []},
        {"generation": True, "answers": []},
        {"generation": 1, "answers": [["x"]]},
        {"generation": 1, "answers": [["x", 1.5, "a", False]]},
        {"generation": 1, "answers": [["x", -1, "a", False]]},
        {"generation": 1, "answers": [["x", 1 << 60, "a", False]]},
        {"generation": 1, "answers": [["no such item", 1, "a", False]]},
        {"generation": 1, "answers": [["x", 1, "a", False]] * 501},
    ],
)
def test_what_is_no_answer_is_refused_without_a_trace(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock, body: Any
) -> None:
    attempt = begun(runtime, clock, made)
    sign_in(client, made)
    answer = client.post(f"/exam/answers/{attempt.id}", json=body)
    assert answer.status_code == 422 and answer.get_json()["message"]


def test_a_stranger_sees_nothing_of_an_exam(client: FlaskClient, made: Exam) -> None:
    for path in ("", "/paper", "/receipt"):
        answer = client.get(f"/exam/{made.theory_id}{path}", headers={"Accept": "text/html"})
        assert answer.status_code == 302 and answer.location == "/exam"
    assert client.post(f"/exam/{made.theory_id}/submit").status_code == 403
