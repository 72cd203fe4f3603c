import hashlib
import os
from io import BytesIO
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from certengine.delivery import answer_file, events, gate, service
from certengine.delivery.models import Attempt, EventKind
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom
from tests.delivery.test_service import first_item, kept
from tests.factories import PASSWORD, account
from tests.sittings.factories import OFFICER, Exam, exam

KEY = "ab" * 32


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime)


def come(client: FlaskClient, made: Exam, number: int = 0, address: str = "10.0.0.1") -> None:
    facts = {"ticket": made.tickets[number], "number": made.documents[number]}
    client.post("/exam", data=facts, environ_base={"REMOTE_ADDR": address})


def begin(client: FlaskClient, made: Exam, clock: SetClock) -> int:
    """A candidate at the open screen; its generation."""
    clock.advance(hours=2)
    come(client, made)
    for step in ("confirm", "start"):
        client.post(f"/exam/{made.theory_id}/{step}")
    return int(client.post(f"/exam/{made.theory_id}/open").json["generation"])  # type: ignore[index]


def proctor(app: Flask, runtime: Runtime, made: Exam, clock: SetClock) -> tuple[FlaskClient, str]:
    """A signed-in proctor of the room, and the address of the first candidate's page."""
    one = account(runtime, "proctor", ["proctor"])
    with runtime.unit_of_work() as session:
        sittings.assign(session, session.get_one(ExamRoom, made.room_id), one, OFFICER, clock.now())
    client = app.test_client()
    client.post("/sign-in", data={"login": "proctor", "password": PASSWORD})
    return client, f"/proctoring/{made.theory_id}/{made.room_id}/{made.registrations[0]}"


def attempt(runtime: Runtime, made: Exam) -> Attempt:
    with runtime.unit_of_work(read_only=True) as session:
        found = service.attempt_of(session, made.theory_id, made.registrations[0])
    assert found is not None
    return found


def happened(runtime: Runtime, made: Exam) -> list[tuple[EventKind, dict[str, Any]]]:
    with runtime.unit_of_work(read_only=True) as session:
        return [(each.kind, each.data) for each in events.events_of(session, attempt(runtime, made).id)]


def test_another_machine_goes_on_only_when_a_proctor_lets_it_in(
    app: Flask, client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    begin(client, made, clock)
    other, (watcher, page) = app.test_client(), proctor(app, runtime, made, clock)
    come(other, made, address="10.0.0.9")
    here = f"/exam/{made.theory_id}"
    assert other.get(f"{here}/paper").location == f"{here}/outside"
    assert other.post(f"{here}/open").status_code == 409
    assert "请求监考员放行" in other.get(f"{here}/outside").text
    other.post(f"{here}/outside", environ_base={"REMOTE_ADDR": "10.0.0.9"})
    assert "等待放行" in watcher.get(f"/proctoring/{made.theory_id}/{made.room_id}/live").text
    watcher.post(f"{page}/let-in", data={"reason": " "})
    assert other.get(f"{here}/paper").status_code == 302
    watcher.post(f"{page}/let-in", data={"reason": "原机器死机"})
    assert other.get(f"{here}/paper").status_code == 200
    assert other.post(f"{here}/open", environ_base={"REMOTE_ADDR": "10.0.0.9"}).status_code == 200
    # The old machine is outside now, and what it would still send is refused.
    assert client.post(f"{here}/open").status_code == 409
    kinds = [kind for kind, _data in happened(runtime, made)]
    assert kinds == [
        EventKind.SECOND_SIGN_IN, EventKind.OTHER_DEVICE, EventKind.LET_IN, EventKind.ADDRESS_CHANGED
    ]  # fmt: skip
    assert "另一台机器" in watcher.get(page).text
    with runtime.unit_of_work(read_only=True) as session:
        acts = ledger.history(session, f"attempt:{attempt(runtime, made).id}")
        assert acts[0].kind == "attempt.let_in" and acts[0].private["reason"] == "原机器死机"


def test_a_wrong_key_of_the_exam_browser_is_let_in_by_a_proctor_and_the_right_one_goes_straight_in(
    app: Flask, client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    with runtime.unit_of_work() as session:
        view = sittings.sitting(session, made.theory_id)
        assert sittings.set_browser_keys(session, view, f"{KEY}\n{KEY}\n", OFFICER, clock.now()) == 1
        with pytest.raises(Invalid):
            sittings.set_browser_keys(session, view, "abc", OFFICER, clock.now())
    clock.advance(hours=2)
    come(client, made)
    here = f"/exam/{made.theory_id}"
    for step in ("confirm", "start"):
        client.post(f"{here}/{step}")
    assert client.get(f"{here}/paper").location == f"{here}/outside"
    client.post(f"{here}/outside")
    right = hashlib.sha256(f"http://localhost{here}/paper{KEY}".encode()).hexdigest()
    shown = client.get(f"{here}/paper", headers={gate.KEY_HEADERS[0]: right})
    assert shown.status_code == 200
    # What the page was given stands for the key where scripts do not show it, for this attempt alone.
    opened = shown.text.split('"open":"')[1].split('"')[0]
    assert client.post(opened).status_code == 200
    with runtime.unit_of_work() as session:
        standing = service.attempt_of(session, made.theory_id, made.registrations[0], lock=True)
        assert standing is not None
        gate.let_in(session, standing, "考试浏览器版本旧", OFFICER, clock.now())
    assert client.get(f"{here}/paper").status_code == 200
    assert client.post(f"{here}/open").status_code == 200
    # Once a proctor has looked at it, the same machine is not stopped again.
    assert client.get(f"{here}/paper").status_code == 200
    assert [kind for kind, _data in happened(runtime, made)] == [
        EventKind.WRONG_KEY, EventKind.KEY_SHOWN, EventKind.LET_IN
    ]  # fmt: skip


def test_a_screen_tells_facts_once_and_the_candidate_sees_them_on_the_receipt(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    begin(client, made, clock)
    one = {"token": "t" * 12, "kind": "pasted", "data": {"length": 240}}
    two = {"token": "u" * 12, "kind": "focus_lost", "data": {"seconds": 12}}
    address = f"/exam/{made.theory_id}/events"
    for _time in range(2):
        answer = client.post(address, json={"events": [one, two]})
        assert answer.get_json() == {"taken": ["t" * 12, "u" * 12]}
    found = dict(happened(runtime, made))
    assert found == {EventKind.PASTED: {"length": 240}, EventKind.FOCUS_LOST: {"seconds": 12}}
    client.post(f"/exam/{made.theory_id}/submit")
    receipt = client.get(f"/exam/{made.theory_id}/receipt").text
    assert "粘贴文字" in receipt and "length=240" in receipt
    with runtime.unit_of_work(read_only=True) as session:
        standing = attempt(runtime, made)
        acts = ledger.history(session, f"attempt:{standing.id}")
        assert acts[0].private["events"] == events.digest(events.events_of(session, standing.id))


@pytest.mark.parametrize(
    "body",
    [
        None,
        {"events": "x"},
        {"events": [1]},
        {"events": [{"token": "short", "kind": "pasted", "data": {}}]},
        {"events": [{"token": "t" * 12, "kind": "let_in", "data": {}}]},
        {"events": [{"token": "t" * 12, "kind": "pasted", "data": {"x": "y" * 600}}]},
        {"events": [{"token": "t" * 12, "kind": "pasted", "data": {}}] * 51},
    ],
)
def test_what_is_no_event_is_refused(client: FlaskClient, made: Exam, clock: SetClock, body: Any) -> None:
    begin(client, made, clock)
    assert client.post(f"/exam/{made.theory_id}/events", json=body).status_code == 422


def test_an_answer_file_is_taken_in_for_its_own_attempt_alone_and_never_wins_over_a_newer_answer(
    app: Flask, client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    generation = begin(client, made, clock)
    watcher, page = proctor(app, runtime, made, clock)
    standing, item = attempt(runtime, made), first_item(runtime, made)
    client.post(f"/exam/answers/{standing.id}", json={"generation": generation, "answers": [[item, 9, "b", False]]})
    secret = runtime.settings.secret_key

    def carry(content: bytes) -> str:
        data = {"file": (BytesIO(content), "答案.ceaf")}
        return watcher.post(f"{page}/answer-file", data=data, follow_redirects=True).text

    older = answer_file.seal(secret, standing.id, [[item, 5, "a", False]], os.urandom(12))
    assert "新增1条答案" in carry(older)
    assert "新增0条答案" in carry(older)
    assert kept(runtime, standing) == {item: "b"}
    newer = answer_file.seal(secret, standing.id, [[item, 12, "a", True]], os.urandom(12))
    assert "新增1条答案" in carry(newer)
    assert kept(runtime, standing) == {item: "a"}
    anothers = answer_file.seal(secret, made.registrations[0], [[item, 20, "b", False]], os.urandom(12))
    damaged = newer[:-1] + bytes([newer[-1] ^ 1])
    for content in (anothers, damaged):
        assert "不是这名考生本场考试的答案文件" in carry(content)
    assert "不是答案文件" in carry(b"PK\x03\x04")
    bad = answer_file.seal(secret, standing.id, [["ai-j-999", 30, "a", False]], os.urandom(12))
    assert "该题不在您的试卷中" in carry(bad)
    assert kept(runtime, standing) == {item: "a"}
    client.post(f"/exam/{made.theory_id}/submit")
    assert "没有正在进行的考试" in carry(newer)


def test_nobody_is_let_in_without_a_reason_or_after_the_hand_in(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    begin(client, made, clock)
    with runtime.unit_of_work() as session:
        standing = service.attempt(session, attempt(runtime, made).id, lock=True)
        with pytest.raises(Invalid):
            gate.let_in(session, standing, "", OFFICER, clock.now())
        service.submit(session, standing.id, OFFICER, clock.now())
        with pytest.raises(Conflict):
            gate.let_in(session, standing, "断电", OFFICER, clock.now())
