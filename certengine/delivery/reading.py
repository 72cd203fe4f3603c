"""What is read of attempts: answers, and the live board."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.delivery import events, file_rules, rules, tasks
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState
from certengine.delivery.progress import progress_of
from certengine.sittings import service as sittings


@dataclass(frozen=True)
class AttemptView:
    """A line of the live board: a placed candidate with the attempt, where there is one.

    answered counts answers, or the files of a practical task.
    """

    registration_id: UUID
    ticket_number: str
    name: str
    exam_room_id: UUID
    seat_number: int
    attempt_id: UUID | None
    state: AttemptState | None
    answered: int
    seen_at: datetime | None
    deadline_at: datetime | None
    extra_seconds: int
    submitted_at: datetime | None
    submitted_by: str | None
    events: int = 0
    held_for: str | None = None


def answers_of(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, dict[str, rules.Answer]]:
    """attempt → item → final answer."""
    query = select(AnswerEntry.attempt_id, AnswerEntry.item, AnswerEntry.sequence, AnswerEntry.content)
    entries: dict[UUID, list[tuple[str, int, dict[str, Any]]]] = defaultdict(list)
    for row in session.execute(query.where(AnswerEntry.attempt_id.in_(attempt_ids))):
        entries[row.attempt_id].append((row.item, row.sequence, row.content))
    return {attempt_id: rules.final_answers(rows) for attempt_id, rows in entries.items()}


def saved_state(session: Session, attempt_id: UUID) -> dict[str, tuple[int, dict[str, Any]]]:
    """item → (sequence, content) of the newest entry, for the screen to go on with."""
    query = select(AnswerEntry).where(AnswerEntry.attempt_id == attempt_id).order_by(AnswerEntry.sequence)
    return {row.item: (row.sequence, row.content) for row in session.scalars(query)}


def saved_answers(session: Session, standing: Attempt, screens: int) -> dict[str, list[Any]]:
    """item → [sequence, answer, flagged], for a screen to go on with; where none was open before, nothing is asked for."""
    saved = saved_state(session, standing.id) if screens else {}
    return {item: [sequence, content.get("a"), bool(content.get("f"))] for item, (sequence, content) in saved.items()}


def final_answers(session: Session, sitting_id: UUID) -> dict[UUID, dict[str, rules.Answer]]:
    """registration → item → answer, of all that were handed in."""
    query = select(Attempt.id, Attempt.registration_id)
    handed_in = session.execute(
        query.where(Attempt.sitting_id == sitting_id, Attempt.state == AttemptState.SUBMITTED)
    ).all()
    owner = {row.id: row.registration_id for row in handed_in}
    found: dict[UUID, dict[str, rules.Answer]] = {registration_id: {} for registration_id in owner.values()}
    ids = list(owner)
    for start_at in range(0, len(ids), 500):
        for attempt_id, answers in answers_of(session, ids[start_at : start_at + 500]).items():
            found[owner[attempt_id]] = answers
    return found


def arrivals(session: Session, sitting_id: UUID) -> dict[UUID, tuple[datetime, list[tuple[str, datetime]]]]:
    """registration → when the attempt began, and (item, time) of what arrived, of all that were handed in."""
    query = select(Attempt.registration_id, Attempt.started_at, AnswerEntry.item, AnswerEntry.received_at)
    found: dict[UUID, tuple[datetime, list[tuple[str, datetime]]]] = {}
    for row in session.execute(
        query.join(AnswerEntry, AnswerEntry.attempt_id == Attempt.id)
        .where(Attempt.sitting_id == sitting_id, Attempt.state == AttemptState.SUBMITTED)
        .where(Attempt.started_at.is_not(None))
        .order_by(Attempt.id, AnswerEntry.received_at, AnswerEntry.sequence)
    ):
        found.setdefault(row.registration_id, (row.started_at, []))[1].append((row.item, row.received_at))
    return found


def running(session: Session, sitting_id: UUID) -> int:
    """How many have started and not yet handed in."""
    states = (AttemptState.RUNNING, AttemptState.SUSPENDED)
    query = select(func.count()).where(Attempt.sitting_id == sitting_id, Attempt.state.in_(states))
    return session.scalar(query) or 0


def board(session: Session, sitting_id: UUID, exam_room_id: UUID | None = None) -> list[AttemptView]:
    """Everyone seated, by seat, with how far they are."""
    placed = sittings.placements(session, sitting_id, exam_room_id)
    attempts = {
        each.registration_id: each
        for each in session.scalars(
            select(Attempt).where(
                Attempt.sitting_id == sitting_id, Attempt.registration_id.in_([p.registration_id for p in placed])
            )
        )
    }
    ids = [each.id for each in attempts.values()]
    far = progress_of(session, ids)
    answered = {attempt_id: each.answered for attempt_id, each in far.items()}
    for attempt_id, files in tasks.files_of(session, ids).items():
        answered[attempt_id] = len(file_rules.counting(files))
    heard = {attempt_id: each.heard_at for attempt_id, each in far.items()}
    happened = events.counts(session, ids)
    return [_line(each, attempts.get(each.registration_id), answered, heard, happened) for each in placed]


def _line(
    place: sittings.PlacementView,
    standing: Attempt | None,
    answered: dict[UUID, int],
    heard: dict[UUID, datetime],
    happened: dict[UUID, int],
) -> AttemptView:
    moments = (standing.seen_at, heard.get(standing.id)) if standing else ()
    return AttemptView(
        registration_id=place.registration_id,
        ticket_number=place.ticket_number,
        name=place.name,
        exam_room_id=place.exam_room_id,
        seat_number=place.seat_number,
        attempt_id=standing.id if standing else None,
        state=standing.state if standing else None,
        answered=answered.get(standing.id, 0) if standing else 0,
        seen_at=max((each for each in moments if each), default=None),
        deadline_at=standing.deadline_at if standing else None,
        extra_seconds=standing.extra_seconds if standing else 0,
        submitted_at=standing.submitted_at if standing else None,
        submitted_by=standing.submitted_by if standing else None,
        events=happened.get(standing.id, 0) if standing else 0,
        held_for=standing.held_for if standing else None,
    )
