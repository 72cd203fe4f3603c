import hashlib
import io
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st

from certengine.delivery import file_rules, service, tasks
from certengine.delivery.models import AttemptState
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.standards.rules import HandIn
from tests.factories import PASSWORD, account
from tests.sittings.factories import OFFICER, Exam, exam

SPREADSHEET = bytes(range(256)) * 9000
LIMITS = HandIn(1, 2, ("py", "xlsx"))


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime)


def begin(client: FlaskClient, made: Exam, clock: SetClock, number: int = 0) -> int:
    """The candidate at the practical part, with an open screen; the screen's generation."""
    clock.advance(hours=2)
    client.post("/exam", data={"ticket": made.tickets[number], "number": made.documents[number]})
    client.post(f"/exam/{made.practical_id}/confirm")
    started = client.post(f"/exam/{made.practical_id}/start")
    assert client.get(started.location).location.endswith("/task")
    return int(client.post(f"/exam/{made.practical_id}/open").json["generation"])  # type: ignore[index]


def announce(client: FlaskClient, made: Exam, content: bytes, generation: int, name: str = "结果.xlsx") -> Any:
    digest = hashlib.sha256(content).hexdigest()
    body = {"name": name, "size": len(content), "sha256": digest, "generation": generation}
    return client.post(f"/exam/{made.practical_id}/files", json=body)


def put(client: FlaskClient, file: str, at: int, content: bytes, generation: int) -> Any:
    part = content[at : at + file_rules.PART]
    return client.put(f"/exam/files/{file}?at={at}&generation={generation}", data=part)


def hand_in(client: FlaskClient, made: Exam, content: bytes, generation: int, name: str = "结果.xlsx") -> str:
    answer = announce(client, made, content, generation, name).json
    while not answer.get("whole"):
        answer |= put(client, answer["id"], answer["received"], content, generation).json
    return str(answer["id"])


def shown(client: FlaskClient, made: Exam, generation: int) -> list[dict[str, Any]]:
    answer = client.post(f"/exam/{made.practical_id}/task/state", json={"generation": generation})
    return answer.json["files"]  # type: ignore[index,no-any-return]


def test_a_file_arrives_in_parts_and_goes_on_where_it_stopped(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    generation = begin(client, made, clock)
    begun = announce(client, made, SPREADSHEET, generation).json
    assert begun["received"] == 0
    first = put(client, begun["id"], 0, SPREADSHEET, generation).json
    assert first["received"] == file_rules.PART and not first["whole"]
    # A part sent twice is harmless, and one that leaves a gap is not taken.
    assert put(client, begun["id"], 0, SPREADSHEET, generation).json["received"] == file_rules.PART
    gap = put(client, begun["id"], 2 * file_rules.PART, SPREADSHEET, generation).json
    assert gap["received"] == file_rules.PART
    # After a reload the screen announces the same file and is told how far it had come.
    again = announce(client, made, SPREADSHEET, generation).json
    assert again["id"] == begun["id"] and again["received"] == file_rules.PART
    assert hand_in(client, made, SPREADSHEET, generation) == begun["id"]
    (file,) = shown(client, made, generation)
    assert file["counts"] and file["sha256"] == hashlib.sha256(SPREADSHEET).hexdigest()
    assert client.get(f"/exam/files/{begun['id']}").data == SPREADSHEET
    assert not (runtime.settings.data / "files" / "arriving" / begun["id"].replace("-", "")).exists()


def test_a_new_version_counts_and_the_old_one_is_kept(client: FlaskClient, made: Exam, clock: SetClock) -> None:
    generation = begin(client, made, clock)
    old = hand_in(client, made, b"first", generation)
    clock.advance(minutes=1)
    new = hand_in(client, made, b"second", generation)
    assert {each["id"]: each["counts"] for each in shown(client, made, generation)} == {old: False, new: True}
    assert client.delete(f"/exam/files/{new}?generation={generation}").status_code == 200
    assert shown(client, made, generation) == []


def test_the_hand_in_binds_the_files_that_count_and_the_receipt_shows_them(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    generation = begin(client, made, clock)
    hand_in(client, made, b"print(1)", generation, "train.py")
    announce(client, made, SPREADSHEET, generation)
    client.post(f"/exam/{made.practical_id}/submit")
    digest = hashlib.sha256(b"print(1)").hexdigest()
    assert digest in client.get(f"/exam/{made.practical_id}/receipt").text
    with runtime.unit_of_work(read_only=True) as session:
        standing = service.attempt_of(session, made.practical_id, made.registrations[0])
        assert standing is not None
        acts = ledger.history(session, f"attempt:{standing.id}")
        last = next(each for each in acts if each.kind == "attempt.submitted")
        assert last.private["files"] == [{"name": "train.py", "size": 8, "sha256": digest}]
        assert [each.kind for each in acts].count("attempt.file_handed_in") == 1
    assert announce(client, made, b"late", generation).json["problem"] == "delivery.closed"


def test_nothing_is_taken_after_the_end_in_a_pause_or_from_an_old_window(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    generation = begin(client, made, clock)
    begun = announce(client, made, SPREADSHEET, generation).json["id"]
    newer = client.post(f"/exam/{made.practical_id}/open").json["generation"]  # type: ignore[index]
    assert put(client, begun, 0, SPREADSHEET, generation).json["problem"] == "delivery.taken_over"
    with runtime.unit_of_work() as session:
        standing = service.attempt_of(session, made.practical_id, made.registrations[0])
        assert standing is not None
        service.suspend(session, standing.id, "停电", OFFICER, clock.now())
    assert put(client, begun, 0, SPREADSHEET, newer).json["problem"] == "delivery.suspended"
    with runtime.unit_of_work() as session:
        service.resume(session, standing.id, OFFICER, clock.now())
    assert put(client, begun, 0, SPREADSHEET, newer).status_code == 200
    clock.advance(minutes=60, seconds=6)
    assert put(client, begun, file_rules.PART, SPREADSHEET, newer).json["problem"] == "delivery.closed"
    assert service.close_expired(runtime) == 1
    with runtime.unit_of_work(read_only=True) as session:
        assert service.attempt(session, standing.id).state is AttemptState.SUBMITTED
        (file,) = tasks.files_handed_in(session, made.practical_id, made.registrations[0])
        assert file.completed_at is None and file.received == file_rules.PART


def test_a_file_that_changed_on_its_way_is_refused_and_begins_again(
    client: FlaskClient, made: Exam, clock: SetClock
) -> None:
    generation = begin(client, made, clock)
    begun = announce(client, made, b"as announced", generation).json["id"]
    assert put(client, begun, 0, b"as it came..", generation).json["problem"] == "delivery.file_differs"
    assert announce(client, made, b"as announced", generation).json["received"] == 0
    assert hand_in(client, made, b"as announced", generation) == begun


def test_another_candidate_and_a_stranger_get_nothing(
    app: Flask, client: FlaskClient, made: Exam, clock: SetClock
) -> None:
    generation = begin(client, made, clock)
    file = hand_in(client, made, b"mine", generation)
    other = app.test_client()
    clock.advance(hours=-2)
    begin(other, made, clock, 1)
    assert other.get(f"/exam/files/{file}").status_code == 404
    assert put(other, file, 0, b"yours", 1).status_code == 404
    assert app.test_client().get(f"/exam/files/{file}").status_code in (302, 403)


@pytest.mark.parametrize(
    ("name", "size", "code"),
    [
        ("virus.exe", 10, "delivery.file_ending"),
        ("nothing", 10, "delivery.file_ending"),
        ("train.py", 0, "delivery.file_empty"),
        ("train.py", (1 << 20) + 1, "delivery.file_large"),
        (".py", 10, "delivery.file_name"),
        ("a\u202egnp.py", 10, "delivery.file_name"),
        ("x" * 118 + ".py", 10, "delivery.file_name"),
    ],
)
def test_what_may_not_be_handed_in_is_told_with_its_reason(name: str, size: int, code: str) -> None:
    (problem,) = file_rules.file_problems(name, size, [], LIMITS)
    assert problem.code == code


def test_there_is_a_most_of_files_but_a_new_version_always_fits() -> None:
    assert file_rules.file_problems("c.py", 1, ["a.py", "b.py"], LIMITS)[0].code == "delivery.files_many"
    assert file_rules.file_problems("b.py", 1, ["a.py", "b.py"], LIMITS) == []


@given(st.text(max_size=200))
def test_no_name_leads_out_of_its_folder(text: str) -> None:
    name = file_rules.clean_name(text)
    assert file_rules.name_problem(name) or not set(name) & set("/\\\0")


def test_material_is_put_there_before_the_start_and_fetched_only_by_who_has_started(
    app: Flask, client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    account(runtime, "maker", ["paper_maker"])
    maker = app.test_client()
    maker.post("/sign-in", data={"login": "maker", "password": PASSWORD})
    address = f"/sittings/{made.practical_id}/materials"
    file = {"material": (io.BytesIO(b"a,b\n1,2\n"), "reviews.csv")}
    assert maker.post(address, data=file, content_type="multipart/form-data").status_code == 302
    twice = {"material": (io.BytesIO(b"again"), "reviews.csv")}
    assert maker.post(address, data=twice, content_type="multipart/form-data").status_code == 422
    with runtime.unit_of_work(read_only=True) as session:
        (material,) = tasks.materials(session, made.practical_id)
    mine = f"/exam/{made.practical_id}/materials/{material.id}"
    clock.advance(hours=1, minutes=45)
    client.post("/exam", data={"ticket": made.tickets[0], "number": made.documents[0]})
    client.post(f"/exam/{made.practical_id}/confirm")
    assert client.get(mine).status_code == 404
    clock.advance(minutes=15)
    client.post(f"/exam/{made.practical_id}/start")
    page = client.get(f"/exam/{made.practical_id}/task").text
    assert material.digest in page and "reference_solution" not in page
    answer = client.get(mine)
    assert answer.data == b"a,b\n1,2\n" and "attachment" in answer.headers["Content-Disposition"]
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="started"):
        view = tasks.sittings.sitting(session, made.practical_id)
        tasks.remove_material(session, view, material.id, OFFICER, clock.now())
    client.post(f"/exam/{made.practical_id}/submit")
    assert client.get(mine).status_code == 404
