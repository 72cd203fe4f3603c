"""Marked scripts of a sitting, as analyses want them."""

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.marking.analysis import Script
from certengine.marking.models import TheoryMark


def scripts(session: Session, sitting_id: UUID) -> dict[str, Script]:
    """registration → marked script of a sitting."""
    answers = delivery.final_answers(session, sitting_id)
    drawn = delivery.papers_answered(session, sitting_id)
    marks = select(TheoryMark).where(TheoryMark.sitting_id == sitting_id).order_by(TheoryMark.registration_id)
    found = {}
    for mark in session.scalars(marks):
        key = delivery.registration_key(mark.registration_id)
        # Items that were voided are in neither.
        points = {placed.item: float(placed.points) for placed in drawn[key].items if placed.item in mark.items}
        earned = {item: hundredths / 100 for item, hundredths in mark.items.items()}
        found[key] = Script(earned, points, answers.get(mark.registration_id, {}))
    return found
