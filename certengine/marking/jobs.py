"""After a sitting is marked, what its scripts say about the items goes back to the bank."""

from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.delivery import service as delivery
from certengine.foundation.jobs import Job, job, report, submit
from certengine.foundation.runtime import Runtime
from certengine.marking.analysis import Script, observe
from certengine.marking.models import TheoryMark
from certengine.papers import service as papers
from certengine.sittings import service as sittings

ANALYSIS = "marking.analysis"


def ask(session: Session, sitting_id: UUID, now: Any) -> Job:
    return submit(session, ANALYSIS, delivery.sitting_key(sitting_id), {"sitting": str(sitting_id)}, now)


def scripts(session: Session, sitting_id: UUID) -> list[Script]:
    """The marked scripts of a sitting, in the order of their registrations."""
    answers = delivery.final_answers(session, sitting_id)
    drawn = papers.papers(session, delivery.sitting_key(sitting_id))
    marks = select(TheoryMark).where(TheoryMark.sitting_id == sitting_id).order_by(TheoryMark.registration_id)
    found = []
    for mark in session.scalars(marks):
        paper = drawn[delivery.registration_key(mark.registration_id)]
        points = {placed.item: float(placed.points) for placed in paper.items}
        earned = {item: hundredths / 100 for item, hundredths in mark.items.items()}
        found.append(Script(earned, points, answers.get(mark.registration_id, {})))
    return found


@job(ANALYSIS)
def analyse(runtime: Runtime, row: Job) -> None:
    sitting_id = UUID(row.payload["sitting"])
    with runtime.unit_of_work(read_only=True) as session:
        sitting = sittings.sitting(session, sitting_id)
        assert sitting.release_id is not None
        release = bank.released_items(session, sitting.release_id)
        observed = observe(scripts(session, sitting_id), {item.id: item for item in release.items})
    with runtime.unit_of_work() as session:
        bank.record_statistics(
            session, release.bank_id, delivery.sitting_key(sitting_id), observed, runtime.clock.now()
        )
    report(runtime, row.id, done=len(observed), total=len(observed))
