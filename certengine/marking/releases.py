"""Whether the results of a plan are out, and how many there are."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.marking.models import Result, ResultVoid, Verdict
from certengine.sittings.models import Registration, RegistrationState


def any_released(session: Session, exam_plan_id: UUID) -> bool:
    return (
        session.scalar(select(Result.registration_id).where(Result.exam_plan_id == exam_plan_id).limit(1)) is not None
    )


@dataclass(frozen=True)
class Count:
    """passed: None before the release."""

    candidates: int
    passed: int | None


def counts(session: Session, exam_plan_ids: Sequence[UUID]) -> dict[UUID, Count]:
    """By two statements, however many plans: what a list shows of each."""
    plan, voided = Registration.exam_plan_id, select(ResultVoid.registration_id)
    registered = select(plan, func.count()).where(plan.in_(exam_plan_ids))
    registered = registered.where(Registration.state == RegistrationState.REGISTERED).group_by(plan)
    stands = (Result.verdict == Verdict.PASSED) & Result.registration_id.not_in(voided)
    released = select(Result.exam_plan_id, func.count().filter(stands))
    released = released.where(Result.exam_plan_id.in_(exam_plan_ids)).group_by(Result.exam_plan_id)
    candidates: dict[UUID, int] = {row[0]: row[1] for row in session.execute(registered)}
    passed: dict[UUID, int] = {row[0]: row[1] for row in session.execute(released)}
    return {each: Count(candidates.get(each, 0), passed.get(each)) for each in exam_plan_ids}
