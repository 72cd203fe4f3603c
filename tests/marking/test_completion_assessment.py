"""A completion assessment from the class over the exam screen back to the class, its certificates and eligibility."""

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.runtime import Runtime, use
from certengine.marking import releasing
from certengine.papers import service as papers
from certengine.people import service as people
from certengine.people.models import DocumentType, OrganisationKind, Person
from certengine.people.service import PersonFacts
from certengine.sittings import completion
from certengine.sittings import service as sittings
from certengine.sittings.models import Registration
from certengine.sittings.service import CandidateFacts, RoomFacts, SittingFacts
from certengine.standards.rules import Evidence, Part
from certengine.training import completing
from certengine.training import service as training
from certengine.training.models import TrainingClass
from tests.bank.factories import release
from tests.factories import organisation, resident_id
from tests.marking.test_service import answer_all, mark
from tests.sittings.factories import OFFICER, Exam, plan
from tests.training.factories import attended, enrolled, training_class


def assessment(runtime: Runtime, clock: SetClock) -> tuple[UUID, Exam]:
    """Committed: a class of three, two of whom have their hours, and its assessment with seats and papers."""
    with runtime.unit_of_work() as session:
        opened = training_class(session, runtime)
        for serial, (name, days) in enumerate((("张伟", None), ("李娜", None), ("王强", 1))):
            attended(session, runtime, enrolled(session, runtime, opened, name, serial), days)
    clock.advance(days=10)
    now = clock.now()
    with runtime.unit_of_work() as session:
        own = organisation(session, runtime).id
        opened = session.get_one(TrainingClass, opened.id)
        made = completion.open_assessment(session, own, opened, token="assessment", actor=OFFICER, now=now)
        again = completion.open_assessment(session, own, opened, token="assessment", actor=OFFICER, now=now)
        assert again.id == made.id
        facts = SittingFacts(Part.THEORY, now + timedelta(hours=2), 60)
        sitting = sittings.add_sitting(session, made, facts, OFFICER, now)
        room = sittings.add_room(session, sitting.id, RoomFacts("第一考场", "", 5, 6))
        sittings.seat_candidates(session, sitting.id, OFFICER, now)
        released = release(session, runtime)
        sittings.set_release(session, sittings.sitting(session, sitting.id), released.id, drawn=True)
        rows = list(
            session.scalars(
                select(Registration)
                .join(Person, Person.id == Registration.person_id)
                .where(Registration.exam_plan_id == made.id)
                .order_by(Registration.ticket_number)
            )
        )
        draw = papers.commit_seed(
            session,
            sitting=f"sitting:{sitting.id}",
            release_id=released.id,
            direction=None,
            actor=OFFICER,
            now=now,
            ends_at=now + timedelta(hours=3),
            cipher=runtime.cipher,
        )
        papers.draw_papers(session, draw, [f"registration:{row.id}" for row in rows], OFFICER, now, runtime.cipher)
        serial = {"张伟": 0, "李娜": 1, "王强": 2}
        documents = tuple(resident_id(serial[row.person.name]) for row in rows)
        tickets = tuple(row.ticket_number for row in rows)
        ids = tuple(row.id for row in rows)
        return opened.id, Exam(made.id, sitting.id, sitting.id, room.id, ids, tickets, documents)


def test_only_those_with_their_hours_sit_and_who_passes_gets_a_certificate_and_is_eligible_at_once(
    runtime: Runtime, clock: SetClock
) -> None:
    class_id, made = assessment(runtime, clock)
    assert len(made.registrations) == 2
    passed = [resident_id(0), resident_id(1)].index(made.documents[0])
    with runtime.unit_of_work() as session:
        grade = plan(session, runtime)
        facts = PersonFacts(("张伟", "李娜")[passed], DocumentType.RESIDENT_ID, resident_id(passed))
        waiting = CandidateFacts(facts, Evidence(hours=0, degree="bachelor"))
        registered, _new = sittings.register(session, runtime.cipher, grade, waiting, OFFICER, clock.now())
        assert not registered.eligible
    answer_all(runtime, clock, made, 0, right=True)
    answer_all(runtime, clock, made, 1, right=False)
    clock.advance(hours=4)
    mark(runtime, made)
    with runtime.unit_of_work() as session:
        opened = session.get_one(TrainingClass, class_id)
        scores = {row.enrolment.person.name: row.enrolment.assessment for row in training.progress(session, opened)}
        assert scores["王强"] is None and sorted(str(scores[name]) for name in ("张伟", "李娜")) == ["0.00", "100.00"]
        assert completion.assessments(session, opened.organisation_id)[0][1] == 1
        issued = completing.issue_certificates(session, runtime, opened, actor=OFFICER, now=clock.now())
        assert len(issued) == 1 and session.scalars(select(Certificate)).one().id == issued[0].certificate_id
        assert session.get_one(Registration, registered.id).eligible
    mark(runtime, made)
    with runtime.unit_of_work() as session, pytest.raises(Conflict, match="marking.completion"):
        releasing.propose(session, made.plan_id, None, "", "account:issuer", clock.now())


def test_a_class_of_which_nobody_is_ready_has_no_assessment(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    enrolled(session, runtime, opened, "张伟", 1)
    with pytest.raises(Conflict, match="nobody_ready"):
        completion.open_assessment(
            session, opened.organisation_id, opened, token="t", actor=OFFICER, now=runtime.clock.now()
        )


def test_where_duties_are_separated_the_trainers_neither_assess_nor_examine(runtime: Runtime, session: Session) -> None:
    apart = use(Runtime(replace(runtime.settings, separate_duties=True), runtime.clock))
    opened = training_class(session, runtime)
    done = enrolled(session, runtime, opened, "张伟", 1)
    attended(session, runtime, done)
    with pytest.raises(Conflict, match="same_trainer"):
        completion.open_assessment(
            session, opened.organisation_id, opened, token="t", actor=OFFICER, now=runtime.clock.now()
        )
    with pytest.raises(Conflict, match="same_trainer"):
        completing.enter_score(session, done, Decimal(90), actor=OFFICER, now=opened.lessons[-1].ends_at)
    facts = CandidateFacts(PersonFacts("张伟", DocumentType.RESIDENT_ID, resident_id(1)), Evidence(hours=64))
    with pytest.raises(Invalid) as refused:
        sittings.register(session, runtime.cipher, plan(session, runtime), facts, OFFICER, runtime.clock.now())
    assert refused.value.problems[0].code == "sittings.own_trainee"
    use(runtime)
    assert sittings.register(session, runtime.cipher, plan(session, runtime), facts, OFFICER, runtime.clock.now())[1]
    apart.engine.dispose()


def test_no_score_is_entered_by_hand_where_another_holds_the_assessment(session: Session, runtime: Runtime) -> None:
    opened = training_class(session, runtime)
    done = enrolled(session, runtime, opened, "张伟", 1)
    attended(session, runtime, done)
    other = people.create_organisation(
        session, OrganisationKind.EVALUATION_INSTITUTION, "另一评价机构", "LYPJ", runtime.clock.now()
    )
    opened.assessor_id, over = other.id, opened.lessons[-1].ends_at
    with pytest.raises(Conflict, match="assessed_elsewhere"):
        completing.enter_score(session, done, Decimal(90), actor=OFFICER, now=over)
    opened.assessor_id = None
    completing.enter_score(session, done, Decimal(90), actor=OFFICER, now=over)
    assert done.assessment == 90
