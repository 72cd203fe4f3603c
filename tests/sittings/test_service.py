import io
import zipfile
from dataclasses import replace
from datetime import timedelta

import pytest
from flask.testing import FlaskClient
from openpyxl import load_workbook
from PIL import Image
from sqlalchemy import select

from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import Person
from certengine.sittings import importing, service
from certengine.sittings.models import ExamPlan, Registration
from certengine.sittings.service import RoomFacts, SittingFacts
from certengine.standards.rules import Part
from tests.factories import PASSWORD, account, organisation, resident_id
from tests.sittings.factories import OFFICER, exam, facts, plan
from tests.sittings.test_candidate_list import sheet


def apply(runtime: Runtime, content: bytes, keep_good: bool) -> importing.Imported:
    with runtime.unit_of_work() as session:
        made = session.scalars(select(ExamPlan)).one()
        return importing.apply(
            session, runtime, made, content, "名单.xlsx", keep_good=keep_good, actor=OFFICER, now=runtime.clock.now()
        )


def registered(runtime: Runtime) -> int:
    with runtime.unit_of_work(read_only=True) as session:
        return len(session.scalars(select(Registration)).all())


def test_a_list_with_a_fault_is_refused_whole_or_its_good_rows_kept_as_chosen(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        plan(session, runtime)
    content = sheet(
        ["王小明", "", "", resident_id(1), "云海", 64, "本科"],
        ["李娜", "", "", "37010219900101002"],
    )
    with pytest.raises(Invalid) as caught:
        apply(runtime, content, keep_good=False)
    assert [problem.place for problem in caught.value.problems] == ["名单.xlsx 考生!D3"]
    assert registered(runtime) == 0
    assert apply(runtime, content, keep_good=True) == importing.Imported(1, 0, 1)
    assert apply(runtime, content, keep_good=True) == importing.Imported(0, 1, 1)
    assert registered(runtime) == 1


def test_a_known_number_under_another_name_is_told(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        plan(session, runtime)
    apply(runtime, sheet(["王小明", "", "", resident_id(1)]), keep_good=False)
    with pytest.raises(Invalid) as caught:
        apply(runtime, sheet(["张三", "", "", resident_id(1)]), keep_good=False)
    assert caught.value.problems[0].code == "person.name_differs"


def test_a_plan_takes_no_more_than_its_number(runtime: Runtime) -> None:
    with runtime.unit_of_work() as session:
        plan(session, runtime, capacity=1)
    content = sheet(["王小明", "", "", resident_id(1)], ["李娜", "", "", resident_id(2)])
    with pytest.raises(Invalid):
        apply(runtime, content, keep_good=False)
    assert apply(runtime, content, keep_good=True).added == 1


def test_a_candidate_is_found_by_ticket_and_document_together_alone(runtime: Runtime) -> None:
    made = exam(runtime)
    now = runtime.clock.now()
    with runtime.unit_of_work(read_only=True) as session:

        def found(ticket: str, number: str) -> object:
            return service.candidate_by_ticket(session, runtime.cipher, ticket, number, now)

        assert found(made.tickets[0], made.documents[0].lower()) is not None
        assert found(made.tickets[0], made.documents[1]) is None
        assert found(made.tickets[1], made.documents[0]) is None
        assert found("0" * 14, made.documents[0]) is None


def test_only_the_eligible_are_seated_and_nobody_after_the_draw(runtime: Runtime) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        made = plan(session, runtime)
        for number in range(4):
            service.register(session, runtime.cipher, made, facts(number, hours=64 if number else 0), OFFICER, now)
        sitting = service.add_sitting(
            session, made, SittingFacts(Part.THEORY, now + timedelta(days=1), 90), OFFICER, now
        )
        with pytest.raises(Conflict, match="no_rooms"):
            service.seat_candidates(session, sitting.id, OFFICER, now)
        service.add_room(session, sitting.id, RoomFacts("一", "", 1, 2))
        with pytest.raises(Conflict, match="seats_short"):
            service.seat_candidates(session, sitting.id, OFFICER, now)
        service.add_room(session, sitting.id, RoomFacts("二", "", 1, 2))
        assert service.seat_candidates(session, sitting.id, OFFICER, now) == 3
        assert {
            len(service.placements(session, sitting.id, room.id)) for room in service.exam_rooms(session, sitting.id)
        } == {1, 2}
    drawn = exam(runtime_with_other_plan(runtime))
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="already_drawn"):
        service.seat_candidates(session, drawn.theory_id, OFFICER, now)


def runtime_with_other_plan(runtime: Runtime) -> Runtime:
    """The factory's plan has a token of its own title; a plan of that title is renamed out of its way."""
    with runtime.unit_of_work() as session:
        standing = session.scalars(select(ExamPlan)).one()
        standing.token = "another"
    return runtime


def test_the_withdrawn_have_no_seat_and_no_way_in_and_may_come_back(runtime: Runtime) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        made = plan(session, runtime)
        row, _new = service.register(session, runtime.cipher, made, facts(1), OFFICER, now)
        service.withdraw(session, row, OFFICER, now)
        assert service.candidate_by_ticket(session, runtime.cipher, row.ticket_number, resident_id(1), now) is None
        again, new = service.register(session, runtime.cipher, made, facts(1), OFFICER, now)
        assert again.id == row.id and not new
        assert service.candidate(session, row.id).name == "李娜"


def test_another_institutions_exam_is_not_found(runtime: Runtime) -> None:
    made = exam(runtime)
    with runtime.unit_of_work() as session:
        stranger = organisation(session, runtime, "别的机构", "OTHR").id
        for read in (
            lambda: service.plan_of(session, stranger, made.plan_id),
            lambda: service.sitting_of(session, stranger, made.theory_id),
            lambda: service.registration_of(session, stranger, made.registrations[0]),
        ):
            with pytest.raises(NotFound):
                read()


def test_photographs_are_found_by_ticket_or_document_and_written_anew(runtime: Runtime) -> None:
    made = exam(runtime)
    picture = io.BytesIO()
    Image.new("RGB", (300, 300), "navy").save(picture, "PNG")
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as file:
        file.writestr(f"照片/{made.tickets[0]}.png", picture.getvalue())
        file.writestr(f"{made.documents[1]}.JPG", picture.getvalue())
        file.writestr("nobody.jpg", picture.getvalue())
        file.writestr(f"{made.tickets[1]}.jpg", b"no picture")
    with runtime.unit_of_work() as session:
        done, problems = importing.add_photos(session, runtime, made.plan_id, archive.getvalue(), runtime.clock.now())
        assert done == 2
        assert [(problem.place, problem.code) for problem in problems] == [
            ("nobody.jpg", "photos.nobody"),
            (f"{made.tickets[1]}.jpg", "photos.not_an_image"),
        ]
        stored = [person.photo for person in session.scalars(select(Person)).all()]
    with Image.open(io.BytesIO(runtime.files.get(stored[0] or ""))) as image:
        assert image.format == "JPEG" and image.size == importing.PHOTO_SIZE


def test_every_step_is_in_the_ledger_without_a_name(runtime: Runtime) -> None:
    made = exam(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        kinds = {each.kind for each in ledger.history(session, f"sitting:{made.theory_id}")}
        assert {"sitting.planned", "candidates.seated", "papers.seed_committed", "papers.committed"} <= kinds
        for each in ledger.history(session, f"registration:{made.registrations[0]}"):
            assert "王小明" not in str(each.public)


def test_once_a_practical_has_begun_nobody_is_seated_again_or_withdrawn(runtime: Runtime, clock: SetClock) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        made = plan(session, runtime)
        row, _new = service.register(session, runtime.cipher, made, facts(1), OFFICER, now)
        wanted = SittingFacts(Part.PRACTICAL, now + timedelta(hours=1), 60)
        sitting = service.add_sitting(session, made, wanted, OFFICER, now)
        service.add_room(session, sitting.id, RoomFacts("一", "", 1, 2))
        service.seat_candidates(session, sitting.id, OFFICER, now)
        sitting_id, registration_id = sitting.id, row.id
    clock.at += timedelta(hours=1)
    with runtime.unit_of_work() as session:
        with pytest.raises(Conflict, match="started"):
            service.seat_candidates(session, sitting_id, OFFICER, clock.now())
        with pytest.raises(Conflict, match="started"):
            service.withdraw(session, session.get_one(Registration, registration_id), OFFICER, clock.now())


def test_an_exported_list_holds_words_and_no_formulas(runtime: Runtime, client: FlaskClient) -> None:
    account(runtime, "officer", ["exam_officer"])
    with runtime.unit_of_work() as session:
        made = plan(session, runtime)
        candidate = replace(facts(1), employer="=1+1")
        service.register(session, runtime.cipher, made, candidate, OFFICER, runtime.clock.now())
        plan_id = made.id
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    answer = client.get(f"/sittings/plans/{plan_id}/candidates.xlsx")
    assert answer.status_code == 200
    cell = load_workbook(io.BytesIO(answer.data)).active["D2"]
    assert (cell.value, cell.data_type) == ("=1+1", "s")
