"""What the records say of a candidate beside their own papers: hours of completed classes, and who taught them."""

from dataclasses import replace
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import current
from certengine.sittings import problems, rules
from certengine.sittings.models import ExamPlan, Registration, RegistrationState
from certengine.standards import service as standards
from certengine.standards.rules import Evidence, Level
from certengine.training import completing

__all__ = ["problems"]


def with_records(session: Session, plan: ExamPlan, person_id: UUID, evidence: Evidence) -> Evidence:
    """Evidence with the hours that a training certificate proves, where they are more than what was handed in."""
    proved = completing.completed_hours(session, person_id, plan.field, plan.level)
    return replace(evidence, hours=max(evidence.hours, proved))


def must_be_separate(session: Session, plan: ExamPlan, person_id: UUID) -> None:
    """Where duties are separated, who trained somebody for an exam does not hold it for them. Raises Invalid."""
    if not current().settings.separate_duties or plan.trial:
        return
    if plan.organisation_id in completing.trainers_of(session, person_id, plan.field):
        raise Invalid([Problem("number", "sittings.own_trainee")])


@completing.on_completion
def completed(session: Session, person_id: UUID, field: str, level: Level) -> None:
    """A training certificate was issued: whoever waited for its hours alone is eligible from this moment."""
    waiting = session.execute(
        select(Registration, ExamPlan)
        .join(ExamPlan, ExamPlan.id == Registration.exam_plan_id)
        .where(
            Registration.person_id == person_id,
            Registration.state == RegistrationState.REGISTERED,
            ~Registration.eligible,
            ExamPlan.field == field,
            ExamPlan.level == level,
        )
    ).all()
    for registration, plan in waiting:
        evidence = with_records(session, plan, person_id, rules.evidence_from_json(registration.evidence))
        registration.evidence = rules.evidence_to_json(evidence)
        registration.eligible = standards.judge(standards.standard(field), level, evidence).met
