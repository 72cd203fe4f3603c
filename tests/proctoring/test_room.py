"""The room as a whole: everybody at once, from one proctor to the next, and the record that two of them sign."""

from datetime import timedelta
from io import BytesIO

import pytest
from flask import Flask
from flask.testing import FlaskClient
from pypdf import PdfReader

from certengine.delivery import service as delivery
from certengine.delivery.models import AttemptState
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotAllowed
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.proctoring import records
from certengine.proctoring.room_acts import RoomAct, act_on_room
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom
from tests.bank.pages import signed_in
from tests.delivery.test_service import begun
from tests.factories import account
from tests.proctoring.test_proctoring import here
from tests.sittings.factories import Exam, exam

FIRST, SECOND = "account:one", "account:two"


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime, candidates=3)


def proctor(runtime: Runtime, app: Flask, made: Exam, login: str) -> FlaskClient:
    found = account(runtime, login, ["proctor"], name=f"监考 {login}")
    with runtime.unit_of_work() as session:
        sittings.assign(session, session.get_one(ExamRoom, made.room_id), found, "account:officer", runtime.clock.now())
    return signed_in(app, login)


def act(runtime: Runtime, made: Exam, what: RoomAct, reason: str = "停电", minutes: int = 0) -> int:
    with runtime.unit_of_work() as session:
        return act_on_room(
            session, made.theory_id, made.room_id, what, minutes=minutes, reason=reason, actor=FIRST,
            now=runtime.clock.now(),
        )  # fmt: skip


def states(runtime: Runtime, made: Exam) -> list[AttemptState | None]:
    with runtime.unit_of_work(read_only=True) as session:
        return [each.state for each in delivery.board(session, made.theory_id, made.room_id)]


def test_a_power_cut_stops_every_clock_and_gives_the_time_back(runtime: Runtime, clock: SetClock, made: Exam) -> None:
    one, two = begun(runtime, clock, made, 0), begun(runtime, clock, made, 1)
    assert act(runtime, made, RoomAct.SUSPEND) == 2
    assert states(runtime, made).count(AttemptState.SUSPENDED) == 2
    clock.advance(minutes=20)
    assert act(runtime, made, RoomAct.RESUME) == 2
    assert act(runtime, made, RoomAct.EXTEND, minutes=5) == 2
    with runtime.unit_of_work(read_only=True) as session:
        for before in (one, two):
            now = delivery.attempt(session, before.id)
            assert now.deadline_at - before.deadline_at == timedelta(minutes=25)
        kinds = [entry.kind for entry in ledger.history(session, f"sitting:{made.theory_id}")]
    assert kinds.count("room.acted") == 3


def test_an_act_that_concerns_nobody_or_has_no_reason_changes_nothing(
    runtime: Runtime, clock: SetClock, made: Exam
) -> None:
    with pytest.raises(Conflict):
        act(runtime, made, RoomAct.SUSPEND)
    begun(runtime, clock, made, 0)
    begun(runtime, clock, made, 1)
    with pytest.raises(Invalid):
        act(runtime, made, RoomAct.SUSPEND, reason=" ")
    assert AttemptState.SUSPENDED not in states(runtime, made)
    with pytest.raises(Conflict):
        act(runtime, made, RoomAct.RESUME)


def over(runtime: Runtime, clock: SetClock, made: Exam) -> None:
    """Two sat, one of them was handed in for, one is absent."""
    begun(runtime, clock, made, 0)
    second = begun(runtime, clock, made, 1)
    with runtime.unit_of_work() as session:
        delivery.force_submit(session, second.id, "离场", FIRST, clock.now())
    clock.advance(hours=3)
    delivery.close_expired(runtime)


def sign(runtime: Runtime, made: Exam, actor: str, remarks: str = "") -> records.ExamRoomRecord:
    with runtime.unit_of_work() as session:
        return records.sign(
            session, made.theory_id, made.room_id, remarks, actor=actor, actor_name=actor, now=runtime.clock.now()
        )


def test_a_record_is_frozen_by_the_first_signature_and_valid_by_anothers(
    runtime: Runtime, clock: SetClock, made: Exam
) -> None:
    over(runtime, clock, made)
    first = sign(runtime, made, FIRST, "空调故障十分钟")
    assert first.content["planned"] == 3 and len(first.content["absent"]) == 1 and len(first.content["forced"]) == 1
    assert first.digest == canonical_hash(first.content) and first.entry_id is None
    with pytest.raises(NotAllowed):
        sign(runtime, made, FIRST)
    second = sign(runtime, made, SECOND, "这句话不再进入记录")
    assert second.content == first.content and second.content["remarks"] == "空调故障十分钟"
    with pytest.raises(Conflict):
        sign(runtime, made, "account:three")
    with runtime.unit_of_work(read_only=True) as session:
        assert second.entry_id is not None
        assert ledger.receipt(session, second.entry_id).public["digest"] == first.digest


def test_nothing_is_signed_while_somebody_still_writes(runtime: Runtime, clock: SetClock, made: Exam) -> None:
    begun(runtime, clock, made, 0)
    with pytest.raises(Conflict, match="not_over"):
        sign(runtime, made, FIRST)
    clock.advance(hours=3)
    with pytest.raises(Conflict, match="still_writing"):
        sign(runtime, made, FIRST)


def test_a_handover_is_given_with_what_is_open_and_taken_by_another(
    runtime: Runtime, clock: SetClock, made: Exam
) -> None:
    now = clock.now()
    with runtime.unit_of_work() as session:
        with pytest.raises(Invalid):
            records.hand_over(session, made.theory_id, made.room_id, " ", actor=FIRST, actor_name="甲", now=now)
        given = records.hand_over(
            session, made.theory_id, made.room_id, "3 号机键盘待换", actor=FIRST, actor_name="甲", now=now
        )
        with pytest.raises(Conflict):
            records.hand_over(session, made.theory_id, made.room_id, "无", actor=FIRST, actor_name="甲", now=now)
        with pytest.raises(NotAllowed):
            records.take_over(session, made.room_id, given.id, actor=FIRST, actor_name="甲", now=now)
        records.take_over(session, made.room_id, given.id, actor=SECOND, actor_name="乙", now=now)
        with pytest.raises(Conflict):
            records.take_over(session, made.room_id, given.id, actor=SECOND, actor_name="乙", now=now)
        [kept] = records.draft(session, made.theory_id, made.room_id, "", now)["handovers"]
    assert (kept["from"], kept["to"], kept["note"]) == ("甲", "乙", "3 号机键盘待换")


def test_two_proctors_do_all_of_it_on_their_pages(runtime: Runtime, app: Flask, clock: SetClock, made: Exam) -> None:
    one, two = (proctor(runtime, app, made, login) for login in ("one", "two"))
    begun(runtime, clock, made, 0)
    begun(runtime, clock, made, 1)
    assert (
        "已对2名考生执行" in one.post(here(made, "/all/suspend"), data={"reason": "停电"}, follow_redirects=True).text
    )
    assert one.post(here(made, "/all/explode")).status_code == 404
    one.post(here(made, "/all/resume"), data={"reason": ""})
    assert "等待另一名监考员接手" in one.post(here(made, "/handover"), data={"note": "无"}, follow_redirects=True).text
    page = two.get(here(made)).text
    assert "接手</button>" in page and "接手</button>" not in one.get(here(made)).text
    handover = page.split("/handover/")[1].split("/take")[0]
    assert "已接手" in two.post(here(made, f"/handover/{handover}/take"), follow_redirects=True).text
    assert one.get(here(made, "/record.pdf")).status_code == 404
    clock.advance(hours=3)
    delivery.close_expired(runtime)
    assert "停电" in one.get(here(made, "/record")).text
    one.post(here(made, "/record"), data={"remarks": "一切正常"})
    assert "签署</button>" not in one.get(here(made, "/record")).text
    assert "已由两人签署" in two.post(here(made, "/record"), follow_redirects=True).text
    answer = one.get(here(made, "/record.pdf"))
    text = "".join(page.extract_text() for page in PdfReader(BytesIO(answer.data)).pages).replace(" ", "")
    assert "考场记录单" in text and "一切正常" in text and "停电" in text and "监考one" in text
    stranger = account(runtime, "stranger", ["proctor"], institution="别的机构", code="OTHER")
    assert stranger and signed_in(app, "stranger").post(here(made, "/record")).status_code == 403
