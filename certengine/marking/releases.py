"""Whether the results of a plan are out."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.marking.models import Result


def any_released(session: Session, exam_plan_id: UUID) -> bool:
    return (
        session.scalar(select(Result.registration_id).where(Result.exam_plan_id == exam_plan_id).limit(1)) is not None
    )
