from io import BytesIO
from pathlib import Path
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from pypdf import PdfReader
from sqlalchemy import select

from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import Account
from certengine.sittings import service, staffing
from certengine.sittings.models import ConflictKind, ExamRoom, Placement, Registration
from certengine.sittings.service import Move
from certengine.sittings.staffing import Declared
from certengine.standards.reader import read_standard
from certengine.standards.rules import STAFFING, Weighing
from certengine.training.models import Enrolment, Lesson, LessonMode, TrainingClass
from tests.factories import PASSWORD, account, organisation
from tests.sittings.factories import OFFICER, Exam, exam


@pytest.fixture
def made(runtime: Runtime) -> Exam:
    return exam(runtime, candidates=4)


def assign(runtime: Runtime, made: Exam, one: Account) -> list[staffing.Found]:
    with runtime.unit_of_work() as session:
        return service.assign(session, session.get_one(ExamRoom, made.room_id), one, OFFICER, runtime.clock.now())


def declare(runtime: Runtime, one: Account, kind: ConflictKind, target: str) -> UUID:
    with runtime.unit_of_work() as session:
        owner = organisation(session, runtime).id
        facts = Declared(kind, target, "表兄弟")
        return staffing.declare(session, owner, one, facts, OFFICER, runtime.clock.now()).id


def codes(runtime: Runtime, sitting_id: UUID) -> list[str]:
    with runtime.unit_of_work(read_only=True) as session:
        found = staffing.check(session, service.sitting(session, sitting_id))
    return [
        each.code.removeprefix("sittings.") for each in (*found.sitting, *(p for r in found.rooms for p in r.problems))
    ]


def test_a_relative_is_refused_and_an_employer_only_pointed_out(runtime: Runtime, made: Exam) -> None:
    one, two = (account(runtime, login, ["proctor"], name=login) for login in ("one", "two"))
    conflict = declare(runtime, one, ConflictKind.RELATIVE, made.tickets[0])
    with pytest.raises(Conflict, match="conflict"):
        assign(runtime, made, one)
    declare(runtime, two, ConflictKind.EMPLOYER, "云海公司")
    minded = assign(runtime, made, two)
    assert {each.kind for each in minded} == {ConflictKind.EMPLOYER} and len(minded) == 2
    assert codes(runtime, made.theory_id).count("check_employer") == 2
    with runtime.unit_of_work() as session:
        staffing.withdraw(session, [one.id], conflict, OFFICER, runtime.clock.now())
    assert assign(runtime, made, one) == []
    with runtime.unit_of_work(read_only=True) as session:
        kinds = [each.kind for each in ledger.history(session, f"account:{one.id}")]
    assert kinds == ["staff.conflict_withdrawn", "staff.conflict_declared"] or set(kinds) >= {
        "staff.conflict_withdrawn",
        "staff.conflict_declared",
    }


def test_whoever_taught_a_candidates_class_is_known_without_being_asked(runtime: Runtime, made: Exam) -> None:
    teacher = account(runtime, "teacher", ["proctor"], name="讲师甲")
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        person = session.get_one(Registration, made.registrations[0]).person_id
        owner = organisation(session, runtime)
        taught = TrainingClass(
            organisation_id=owner.id, title="班", field="artificial_intelligence", level="junior", hours_required=1,
            token="t", created_at=now,
        )  # fmt: skip
        session.add(taught)
        session.flush()
        lesson = Lesson(
            training_class_id=taught.id, topic="x", teacher="讲师甲", mode=LessonMode.ONLINE, starts_at=now, ends_at=now
        )
        session.add_all([lesson, Enrolment(training_class_id=taught.id, person_id=person, created_at=now)])
    with pytest.raises(Conflict, match="conflict"):
        assign(runtime, made, teacher)


def test_the_check_says_what_is_missing_in_each_room(runtime: Runtime, made: Exam) -> None:
    assert codes(runtime, made.theory_id) == ["check_staff", "check_photos"]
    for login in ("one", "two"):
        assign(runtime, made, account(runtime, login, ["proctor"], name=login))
    assert codes(runtime, made.theory_id) == ["check_photos"]
    assert "check_staff" in codes(runtime, made.practical_id)


def test_a_declaration_needs_a_reason_and_somebody(runtime: Runtime, made: Exam) -> None:
    one = account(runtime, "one", ["proctor"])
    with runtime.unit_of_work() as session, pytest.raises(Invalid) as caught:
        facts = Declared(ConflictKind.TEACHER, "123", " ")
        staffing.declare(session, one.organisation_id, one, facts, OFFICER, runtime.clock.now())
    assert [each.place for each in caught.value.problems] == ["reason", "target"]


def test_ratios_and_conflicts_are_data_of_the_standard() -> None:
    text = Path("question_banks/blockchain/standard.yaml").read_text(encoding="utf-8")
    assert read_standard(text, "standard.yaml").staffing == STAFFING
    own = (
        "staffing:\n  theory: {candidates: 20, least: 3}\n  practical: {candidates: 5, least: 4, odd: true}\n"
        "  conflicts: {employer: refuse}\n"
    )
    with pytest.raises(Invalid):
        read_standard(text + own, "standard.yaml")
    whole = own.replace("{employer: refuse}", "{employer: refuse, relative: refuse, teacher: warn}")
    found = read_standard(text + whole, "standard.yaml").staffing
    assert [found.theory.needed(count) for count in (0, 1, 61)] == [0, 3, 4]
    assert found.practical.needed(10) == 5
    assert found.conflicts["employer"] is Weighing.REFUSE and found.conflicts["teacher"] is Weighing.WARN


def seats(runtime: Runtime, made: Exam) -> dict[UUID, int]:
    with runtime.unit_of_work(read_only=True) as session:
        rows = session.execute(
            select(Placement.registration_id, Placement.seat_number).where(Placement.sitting_id == made.theory_id)
        )
        return {registration: seat for registration, seat in rows}


def test_two_candidates_change_places_by_hand_and_the_log_says_why(runtime: Runtime, made: Exam) -> None:
    before = seats(runtime, made)
    one, two = made.registrations[0], made.registrations[1]

    def move(seat: int, reason: str = "光线") -> UUID | None:
        with runtime.unit_of_work() as session:
            view = service.sitting(session, made.theory_id)
            return service.move_candidate(
                session, view, Move(one, made.room_id, seat, reason), OFFICER, runtime.clock.now()
            )

    assert move(before[two]) == two
    assert seats(runtime, made) == {**before, one: before[two], two: before[one]}
    assert move(30) is None and seats(runtime, made)[one] == 30
    for seat, reason in ((31, "x"), (0, "x"), (29, " ")):
        with pytest.raises(Invalid):
            move(seat, reason)
    with pytest.raises(Conflict):
        move(30)
    with runtime.unit_of_work(read_only=True) as session:
        act = ledger.history(session, f"sitting:{made.theory_id}")[0]
    assert act.kind == "candidate.moved" and act.private["reason"] == "光线"


def test_an_officer_moves_checks_labels_and_declares_on_pages(
    client: FlaskClient, runtime: Runtime, made: Exam
) -> None:
    account(runtime, "officer", ["exam_officer"])
    one = account(runtime, "one", ["proctor"], name="监考员一")
    client.post("/sign-in", data={"login": "officer", "password": PASSWORD})
    here = f"/sittings/{made.theory_id}"
    assert "人员不足" in client.get(f"{here}/check").text
    page = f"{here}/move/{made.registrations[0]}"
    assert client.get(page).status_code == 200
    assert client.post(page, data={"room": str(made.room_id), "seat": 30, "reason": ""}).status_code == 422
    assert client.post(page, data={"room": str(made.room_id), "seat": 30, "reason": "光线"}).status_code == 302
    labels = client.get(f"{here}/rooms/{made.room_id}/labels.pdf")
    text = "".join(sheet.extract_text() for sheet in PdfReader(BytesIO(labels.data)).pages)
    assert all(ticket in text for ticket in made.tickets) and made.documents[0] not in text
    facts = {"account": str(one.id), "kind": "relative", "target": made.tickets[0], "reason": "表兄弟"}
    assert client.post("/conflicts", data=facts).status_code == 302
    assert "王小明" in client.get("/conflicts").text
    refused = client.post(f"{here}/rooms/{made.room_id}/staff", data={"account": str(one.id)}, follow_redirects=True)
    assert "有利益冲突，不能安排" in refused.text
