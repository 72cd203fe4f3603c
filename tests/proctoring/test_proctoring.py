from datetime import timedelta
from io import BytesIO

import pytest
from flask.testing import FlaskClient
from PIL import Image
from sqlalchemy import select

from certengine.delivery import service as delivery
from certengine.delivery.models import AttemptState
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import Account
from certengine.proctoring import rules
from certengine.proctoring.models import CheckIn, Incident
from certengine.proctoring.rules import Seat
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamRoom
from tests.delivery.test_service import begun
from tests.factories import PASSWORD, account
from tests.sittings.factories import Exam, exam


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime)


@pytest.fixture
def proctor(runtime: Runtime, made: Exam, client: FlaskClient) -> Account:
    """Signed in and assigned to the theory room."""
    found = account(runtime, "proctor", ["proctor"])
    with runtime.unit_of_work() as session:
        room = session.get_one(ExamRoom, made.room_id)
        sittings.assign(session, room, found, "account:officer", runtime.clock.now())
    client.post("/sign-in", data={"login": "proctor", "password": PASSWORD})
    return found


def here(made: Exam, path: str = "", number: int | None = None) -> str:
    who = "" if number is None else f"/{made.registrations[number]}"
    return f"/proctoring/{made.theory_id}/{made.room_id}{who}{path}"


@pytest.mark.parametrize(
    ("state", "checked_in", "silent", "late", "seat"),
    [
        (None, False, 0, False, Seat.AWAITED),
        (None, True, 0, True, Seat.CHECKED_IN),
        (None, False, 0, True, Seat.ABSENT),
        (AttemptState.READY, False, 0, False, Seat.READY),
        (AttemptState.RUNNING, False, 50, False, Seat.RUNNING),
        (AttemptState.RUNNING, False, 51, False, Seat.SILENT),
        (AttemptState.SUSPENDED, False, 500, False, Seat.SUSPENDED),
        (AttemptState.SUBMITTED, False, 500, True, Seat.SUBMITTED),
    ],
)
def test_a_seat_is_one_word(
    state: AttemptState | None, checked_in: bool, silent: int, late: bool, seat: Seat, clock: SetClock
) -> None:
    now = clock.now()
    late_until = now + timedelta(minutes=-1 if late else 1)
    assert rules.seat(state, checked_in, now - timedelta(seconds=silent), late_until, now) is seat


def test_the_board_shows_who_is_how_far(
    client: FlaskClient, proctor: Account, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    assert "第一考场" in client.get("/proctoring").text
    client.post(here(made, "/check-in", 1))
    begun(runtime, clock, made, 0)
    page = client.get(here(made)).text
    assert "作答中" in page and "已签到" in page and "0/65" in page
    assert "seat-running" in client.get(here(made, "/live")).text


def test_an_act_needs_a_reason_and_an_attempt(
    client: FlaskClient, proctor: Account, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    early = client.post(here(made, "/extend", 0), data={"minutes": 10, "reason": "断电"}, follow_redirects=True)
    assert "还没有开始作答" in early.text
    attempt = begun(runtime, clock, made, 0)
    bare = client.post(here(made, "/force-submit", 0), data={"reason": ""}, follow_redirects=True)
    assert "请填写原因" in bare.text
    for path, data in (
        ("/extend", {"minutes": 10, "reason": "断电"}),
        ("/suspend", {"reason": "检修"}),
        ("/resume", {}),
        ("/force-submit", {"reason": "离场"}),
    ):
        client.post(here(made, path, 0), data=data)
    with runtime.unit_of_work(read_only=True) as session:
        done = delivery.attempt(session, attempt.id)
        assert done.state is AttemptState.SUBMITTED and done.extra_seconds == 600
        assert done.submitted_by == f"account:{proctor.id}"
    page = client.get(here(made, "", 0)).text
    assert all(word in page for word in ("延长作答时间", "断电", "暂停作答", "恢复作答", "离场"))


def test_a_form_sent_twice_writes_one_incident(
    client: FlaskClient, proctor: Account, made: Exam, runtime: Runtime
) -> None:
    data = {"kind": "health", "registration_id": "", "text": "考生头晕", "token": "one"}
    for _time in range(2):
        client.post(here(made, "/incidents"), data=data)
    assert (
        "请写明情况"
        in client.post(here(made, "/incidents"), data={**data, "text": " ", "token": "two"}, follow_redirects=True).text
    )
    with runtime.unit_of_work(read_only=True) as session:
        assert len(session.scalars(select(Incident)).all()) == 1
    assert "考生头晕" in client.get(here(made)).text


def test_who_is_not_assigned_sees_nothing_and_a_supervisor_only_looks(
    client: FlaskClient, made: Exam, runtime: Runtime, clock: SetClock
) -> None:
    attempt = begun(runtime, clock, made, 0)
    account(runtime, "other", ["proctor"])
    account(runtime, "watcher", ["supervisor"])
    client.post("/sign-in", data={"login": "other", "password": PASSWORD})
    assert client.get(here(made)).status_code == 403
    assert client.post(here(made, "/suspend", 0), data={"reason": "x"}).status_code == 403
    client.post("/sign-in", data={"login": "watcher", "password": PASSWORD})
    page = client.get(here(made))
    assert page.status_code == 200 and "记录情况" not in page.text
    assert client.post(here(made, "/suspend", 0), data={"reason": "x"}).status_code == 403
    with runtime.unit_of_work(read_only=True) as session:
        assert delivery.attempt(session, attempt.id).state is AttemptState.RUNNING


def test_photographs_of_an_incident_are_upright_and_without_the_place_where_they_were_taken(
    client: FlaskClient, made: Exam, proctor: Account, runtime: Runtime
) -> None:
    picture, taken = Image.new("RGB", (60, 40), "red"), BytesIO()
    exif = Image.Exif()
    exif[0x0112] = 6
    exif.get_ifd(0x8825)[1] = "N"
    picture.save(taken, "JPEG", exif=exif)
    facts = {"kind": "equipment", "registration_id": "", "text": "显示器花屏", "token": "photographs"}
    sent = {**facts, "photos": [(BytesIO(taken.getvalue()), "a.jpg"), (BytesIO(taken.getvalue()), "b.jpg")]}
    client.post(here(made, "/incidents"), data=sent, content_type="multipart/form-data")
    with runtime.unit_of_work(read_only=True) as session:
        (incident,) = session.scalars(select(Incident)).all()
    assert len(incident.photos) == 2
    kept = Image.open(BytesIO(client.get(here(made, f"/incidents/{incident.id}/1")).data))
    assert kept.size == (40, 60) and not dict(kept.getexif())
    assert client.get(here(made, f"/incidents/{incident.id}/2")).status_code == 404
    bad = {**facts, "token": "other", "photos": [(BytesIO(b"no picture"), "a.jpg")]}
    answer = client.post(here(made, "/incidents"), data=bad, content_type="multipart/form-data", follow_redirects=True)
    assert "不是可以读取的图片" in answer.text


@pytest.mark.parametrize(
    ("scanned", "number"),
    [
        ("26110197000018", "26110197000018"),
        (" 2611 0197 0000 18\n", "26110197000018"),
        ("https://exam.example.org/exam?ticket=26110197000018", "26110197000018"),
        ("https://exam.example.org/exam?ticket=26110197000018&x=9", "26110197000018"),
        ("²", ""),
    ],
)
def test_a_reader_gives_the_number_or_the_address_on_the_ticket(scanned: str, number: str) -> None:
    assert rules.scanned_ticket(scanned) == number


def test_a_ticket_leads_to_its_holder_and_somebody_in_doubt_is_checked_in_with_the_reason(
    client: FlaskClient, made: Exam, proctor: Account, runtime: Runtime
) -> None:
    address = f"https://exam.example.org/exam?ticket={made.tickets[0]}"
    assert client.post(here(made, "/scan"), data={"ticket": address}).location == here(made, number=0)
    unknown = client.post(here(made, "/scan"), data={"ticket": "1" * 14}, follow_redirects=True)
    assert "本场次没有这张准考证" in unknown.text
    client.post(here(made, "/check-in", 0), data={"override": "证件照片旧"})
    with runtime.unit_of_work(read_only=True) as session:
        (seen,) = session.scalars(select(CheckIn)).all()
        assert seen.override == "证件照片旧"
        acts = ledger.history(session, f"sitting:{made.theory_id}")
        assert acts[0].kind == "candidate.checked_in" and acts[0].private["override"] == "证件照片旧"
