"""The scores of a completion assessment go to its class in the transaction in which they are computed."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from certengine.sittings import completion
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.training import completing


def hand_over(
    session: Session, sitting: SittingView, rows: Sequence[Mapping[str, Any]], actor: str, now: datetime
) -> int:
    """Returns how many scores changed in the class; 0 for any other exam."""
    class_id = completion.class_of_plan(session, sitting.exam_plan_id)
    if class_id is None or sitting.part is not Part.THEORY:
        return 0
    people = {each.registration_id: each.person_id for each in sittings.candidates(session, sitting.exam_plan_id)}
    return sum(
        completing.record_completion(
            session, class_id, people[row["registration_id"]], row["score"], actor=actor, now=now
        )
        for row in rows
    )
