"""The completion assessment of a training class as an exam: open to those alone whose hours and content are done."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import current
from certengine.ledger import service as ledger
from certengine.sittings import problems, rules
from certengine.sittings.models import ExamPlan, Registration, RegistrationState
from certengine.sittings.service import PlanFacts, plan_exam
from certengine.standards.rules import Evidence
from certengine.training import completing
from certengine.training.models import TrainingClass

__all__ = ["problems"]


def assessment_of(session: Session, class_id: UUID) -> ExamPlan | None:
    """The newest assessment of a class."""
    query = select(ExamPlan).where(ExamPlan.training_class_id == class_id)
    return session.scalar(query.order_by(ExamPlan.created_at.desc()).limit(1))


def assessments(session: Session, organisation_id: UUID) -> Sequence[tuple[TrainingClass, int, ExamPlan | None]]:
    """The classes that an organisation assesses, how many of each are ready now, and the newest assessment."""
    return [
        (each, len(completing.ready_for_assessment(session, each)), assessment_of(session, each.id))
        for each in completing.classes_assessed_by(session, organisation_id)
    ]


def class_of_plan(session: Session, exam_plan_id: UUID) -> UUID | None:
    """The class whose completion assessment a plan is, if it is one."""
    return session.scalar(select(ExamPlan.training_class_id).where(ExamPlan.id == exam_plan_id))


def open_assessment(
    session: Session, organisation_id: UUID, opened: TrainingClass, *, token: str, actor: str, now: datetime
) -> ExamPlan:
    """A plan with everybody of the class who is ready; sittings, seats and papers follow as for any exam.

    Raises Conflict where nobody is ready, or where duties are separated and the trainers would assess.
    """
    ready = completing.ready_for_assessment(session, opened)
    if not ready:
        raise Conflict("sittings.nobody_ready")
    if current().settings.separate_duties and opened.organisation_id == organisation_id:
        raise Conflict("sittings.same_trainer")
    facts = PlanFacts(f"{opened.title} 结业考核", opened.field, opened.level, None, max(len(ready), 1))
    plan = plan_exam(session, organisation_id, facts, token=token, actor=actor, now=now)
    plan.training_class_id = opened.id
    known = set(session.scalars(select(Registration.person_id).where(Registration.exam_plan_id == plan.id)))
    for enrolment in ready:
        if enrolment.person_id not in known:
            plan.tickets += 1
            session.add(_registration(plan, enrolment.person_id, opened.hours_required, now))
    session.flush()
    private = {"class": f"training_class:{opened.id}", "candidates": len(ready)}
    ledger.record(
        session, kind="exam.assessment_opened", actor=actor, subject=f"exam_plan:{plan.id}", now=now, private=private
    )
    return plan


def _registration(plan: ExamPlan, person_id: UUID, hours: int, now: datetime) -> Registration:
    """Hours and content were looked at already: the conditions of the grade exam are not asked for."""
    return Registration(
        exam_plan_id=plan.id,
        person_id=person_id,
        ticket_number=rules.ticket_number(plan.code, plan.tickets),
        state=RegistrationState.REGISTERED,
        evidence=rules.evidence_to_json(Evidence(hours=hours)),
        eligible=True,
        created_at=now,
    )
