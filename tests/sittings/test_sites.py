from datetime import timedelta
from decimal import Decimal
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from certengine import rooms
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.jobs import JobState, run_job
from certengine.foundation.runtime import Runtime
from certengine.sittings import announcing, service, sites, ticket_batches
from certengine.sittings.models import ExamPlan, Placement, Registration, SiteRoom
from certengine.sittings.sites import RoomPlan
from tests.factories import PASSWORD, account, organisation
from tests.sittings.factories import OFFICER, Exam, exam, facts, plan


def room(runtime: Runtime, machines: str = "") -> UUID:
    """A room of two by three seats at a site."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        owner = organisation(session, runtime)
        site = sites.add_site(session, owner.id, "历下考点", "经十路1号", OFFICER, now)
        made = sites.add_room(session, site, RoomPlan("301机房", 2, 3), OFFICER, now)
        sites.set_machines(session, made, machines, OFFICER, now)
        return made.id


def sitting(runtime: Runtime, title: str, candidates: int, hours: int = 2) -> UUID:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        made = plan(session, runtime, title=title)
        for number in range(candidates):
            service.register(session, runtime.cipher, made, facts(number), OFFICER, now)
        what = service.SittingFacts(service.Part.THEORY, now + timedelta(hours=hours), 60)
        return service.add_sitting(session, made, what, OFFICER, now).id


def use(runtime: Runtime, sitting_id: UUID, room_id: UUID) -> None:
    with runtime.unit_of_work() as session:
        view = service.sitting(session, sitting_id)
        sites.use_room(session, view, session.get_one(SiteRoom, room_id))


def test_a_room_is_used_again_without_the_seats_whose_machine_is_out_of_order(
    runtime: Runtime, clock: SetClock
) -> None:
    kept = room(runtime, "1 PC-01 10.0.0.1\n2 PC-02 ×\n\n5 PC-05 10.0.0.5 ×\n")
    one = sitting(runtime, "甲", 4)
    use(runtime, one, kept)
    with runtime.unit_of_work() as session:
        assert service.seat_candidates(session, one, OFFICER, clock.now()) == 4
        seats = session.scalars(select(Placement.seat_number).where(Placement.sitting_id == one)).all()
        assert sorted(seats) == [1, 3, 4, 6]
        (view,) = service.exam_rooms(session, one)
        assert view.seats == 4 and view.site == "历下考点 经十路1号"
    later, same_time = sitting(runtime, "乙", 1, hours=4), sitting(runtime, "丙", 1)
    use(runtime, later, kept)
    with pytest.raises(Conflict, match="room_busy"):
        use(runtime, same_time, kept)


@pytest.mark.parametrize("line", ["PC-01", "0 PC", "7 PC", "1", "1 a b c", "1 a\n1 b", "² PC"])
def test_a_line_that_is_no_machine_is_named(line: str) -> None:
    with pytest.raises(Invalid) as caught:
        sites.read_machines(f"3 PC-03\n{line}", 6)
    assert caught.value.problems[-1].values["line"] == (3 if "\n" in line else 2)


def test_officers_keep_sites_on_pages_and_use_their_rooms(client: FlaskClient, runtime: Runtime) -> None:
    account(runtime, "officer", ["exam_officer"])
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    here = client.post("/sites", data={"name": "历下考点", "address": "经十路1号"}).location
    assert client.post("/sites", data={"name": "历下考点", "address": "x"}).status_code == 422
    assert client.post(here, data={"name": "301", "rows": 2, "columns": 3}).status_code == 302
    with runtime.unit_of_work(read_only=True) as session:
        (kept,) = session.scalars(select(SiteRoom)).all()
    address = f"/sites/rooms/{kept.id}"
    assert client.post(address, data={"machines": "9 PC"}).status_code == 422
    client.post(address, data={"machines": "1 PC-01 10.0.0.1 ×"})
    assert "PC-01 ×" in client.get(address).text
    made = sitting(runtime, "甲", 1)
    page = client.post(f"/sittings/{made}/site-rooms", data={"room": [str(kept.id)]}, follow_redirects=True)
    assert "已添加1个考场" in page.text and "0 / 5 座" in page.text
    again = client.post(f"/sittings/{made}/site-rooms", data={"room": [str(kept.id)]}, follow_redirects=True)
    assert "已用于另一场考试" in again.text


def test_the_year_plan_and_announcements_are_public_and_trials_are_not(client: FlaskClient, runtime: Runtime) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        made = plan(session, runtime, title="人工智能初级 2026 秋")
        announcing.publish_plan(session, made, Decimal("180.00"), True, OFFICER, now)
        hidden = plan(session, runtime, title="不公开")
        hidden.trial = True
        with pytest.raises(Invalid):
            announcing.publish_plan(session, hidden, None, True, OFFICER, now)
        owner = made.organisation_id
        told = announcing.announce(
            session, owner, "报名通知", "**请携带** <script>证件</script>", token="t", actor=OFFICER, now=now
        )
        again = announcing.announce(session, owner, "报名通知", "x", token="t", actor=OFFICER, now=now)
        assert again.id == told.id
    page = client.get("/exam-plan/2026").text
    assert "人工智能初级 2026 秋" in page and "180.00元" in page and "不公开" not in page
    assert "人工智能初级 2026 秋" not in client.get("/exam-plan/2027").text
    assert "报名通知" in client.get("/announcements").text
    body = client.get(f"/announcements/{told.id}").text
    assert "<strong>请携带</strong>" in body and "<script>证件" not in body
    account(runtime, "officer", ["exam_officer"])
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    client.post(f"/announcements/{told.id}/withdraw")
    assert client.get(f"/announcements/{told.id}").status_code == 404


def test_fees_are_recorded_and_added_up(client: FlaskClient, runtime: Runtime) -> None:
    made = exam(runtime)
    account(runtime, "officer", ["exam_officer"])
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    address = f"/sittings/candidates/{made.registrations[0]}/fee"
    assert client.post(address, data={"paid": "180.005", "note": "No. 1"}).status_code == 302
    assert "已缴费1人，共180.00元" in client.get(f"/sittings/plans/{made.plan_id}").text
    client.post(address, data={"paid": "-1", "note": ""})
    with runtime.unit_of_work(read_only=True) as session:
        row = session.get_one(Registration, made.registrations[0])
        assert row.paid == Decimal("180.00") and row.paid_note == "No. 1"
        assert session.get_one(ExamPlan, made.plan_id).fee is None


def test_tickets_are_made_by_a_job_in_parts_that_goes_on_where_it_was_broken_off(
    client: FlaskClient, runtime: Runtime, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms.load_jobs()
    made: Exam = exam(runtime, candidates=5)
    monkeypatch.setattr(ticket_batches, "PART", 2)
    account(runtime, "officer", ["exam_officer"])
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    here = f"/sittings/{made.theory_id}/tickets"
    client.post(here)
    assert client.get(f"{here}/progress").json == {"state": "waiting", "done": 0, "total": 5}
    with runtime.unit_of_work() as session:
        found = ticket_batches.latest(session, made.theory_id)
        assert found is not None
        batch, work = found
        # What an earlier run had done stands and is not done again.
        batch.parts = [{"name": "第一考场 1-2.pdf", "tickets": 2, "digest": runtime.files.put(b"kept")}]
    assert run_job(runtime, work.id)
    with runtime.unit_of_work(read_only=True) as session:
        found = ticket_batches.latest(session, made.theory_id)
        assert found is not None and found[1].state is JobState.DONE
        batch = found[0]
    assert [each["tickets"] for each in batch.parts] == [2, 2, 1]
    archive = ZipFile(BytesIO(client.get(f"{here}/{batch.archive}").data))
    assert archive.namelist() == ["第一考场 1-2.pdf", "第一考场 3-4.pdf", "第一考场 5-5.pdf"]
    assert archive.read("第一考场 1-2.pdf") == b"kept"
    assert len(PdfReader(BytesIO(archive.read("第一考场 3-4.pdf"))).pages) == 2
    assert client.get(f"{here}/{'0' * 64}").status_code == 404


def test_special_needs_have_a_room_of_their_own_where_there_is_one(runtime: Runtime, clock: SetClock) -> None:
    made = sitting(runtime, "甲", 4)
    with runtime.unit_of_work() as session:
        view = service.sitting(session, made)
        rooms = {name: service.add_room(session, made, service.RoomFacts(name, "", 2, 2)) for name in ("普通", "特殊")}
        rooms["特殊"].special = True
        first = service.candidates(session, view.exam_plan_id)[0].registration_id
        service.set_extra_time(session, session.get_one(Registration, first), 30, "视力", OFFICER, clock.now())
    with runtime.unit_of_work() as session:
        service.seat_candidates(session, made, OFFICER, clock.now())
        placed = {each.registration_id: each.room_name for each in service.placements(session, made)}
    assert placed.pop(first) == "特殊" and set(placed.values()) == {"普通"}
