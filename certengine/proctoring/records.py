"""The record of an exam room, and the handing over between proctors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.proctoring import service
from certengine.proctoring.models import ExamRoomRecord, Handover
from certengine.proctoring.rules import Seat

# Acts that stand on the record, by the ledger's kind.
LISTED = ("attempt.extended", "attempt.suspended", "attempt.resumed", "room.acted")


def draft(session: Session, sitting_id: UUID, exam_room_id: UUID, remarks: str, now: datetime) -> dict[str, Any]:
    """What the record would say now: people, times, incidents and acts, by seat number and never by identity number."""
    board = service.board(session, sitting_id, exam_room_id, now)
    by_attempt = {f"attempt:{each.candidate.attempt_id}": each.candidate.seat_number for each in board.places}
    seats = {str(each.candidate.registration_id): each.candidate.seat_number for each in board.places}
    forced = [
        each.candidate.seat_number
        for each in board.places
        if each.candidate.submitted_by and each.candidate.submitted_by.startswith("account:")
    ]
    return {
        "title": board.sitting.title,
        "room": board.room.name,
        "site": board.room.site,
        "starts_at": board.sitting.starts_at.astimezone(CHINA).isoformat(),
        "ends_at": board.sitting.ends_at.astimezone(CHINA).isoformat(),
        "planned": len(board.places),
        "absent": [each.candidate.seat_number for each in board.places if each.seat is Seat.ABSENT],
        "submitted": sum(each.seat is Seat.SUBMITTED for each in board.places),
        "forced": forced,
        "incidents": [
            {
                "at": each.at.astimezone(CHINA).isoformat(),
                "kind": each.kind.value,
                "seat": seats.get(str(each.registration_id)),
                "text": each.text,
                "by": each.recorded_by_name,
            }
            for each in reversed(service.incidents(session, sitting_id, exam_room_id))
        ],
        "acts": [
            {
                "at": each.at.astimezone(CHINA).isoformat(),
                "kind": each.kind,
                "seat": by_attempt.get(each.subject),
                "minutes": (each.private or {}).get("minutes"),
                "reason": (each.private or {}).get("reason", ""),
            }
            for each in reversed(service.acts(session, board, limit=10_000))
            if each.kind in LISTED
        ],
        "handovers": [
            {
                "at": each.given_at.astimezone(CHINA).isoformat(),
                "from": each.given_by_name,
                "to": each.taken_by_name,
                "note": each.note,
            }
            for each in handovers(session, exam_room_id)
        ],
        "remarks": remarks.strip(),
    }


def record_of(session: Session, exam_room_id: UUID) -> ExamRoomRecord | None:
    return session.scalar(select(ExamRoomRecord).where(ExamRoomRecord.exam_room_id == exam_room_id))


def sign(
    session: Session,
    sitting_id: UUID,
    exam_room_id: UUID,
    remarks: str,
    *,
    actor: str,
    actor_name: str,
    now: datetime,
) -> ExamRoomRecord:
    """The first signature freezes the record, another proctor's makes it valid; its hash goes to the ledger then.

    Raises Conflict before the end, while somebody still writes, or when it is signed by two; NotAllowed for one's own
    second signature.
    """
    found = record_of(session, exam_room_id)
    if found is None:
        sitting, _room = service.room(session, sitting_id, exam_room_id)
        board = delivery.board(session, sitting_id, exam_room_id)
        if now < sitting.ends_at and any(each.attempt_id is None or each.submitted_at is None for each in board):
            raise Conflict("proctoring.not_over")
        if any(each.attempt_id and each.submitted_at is None for each in board):
            raise Conflict("proctoring.still_writing")
        content = draft(session, sitting_id, exam_room_id, remarks[:4000], now)
        found = ExamRoomRecord(
            sitting_id=sitting_id,
            exam_room_id=exam_room_id,
            content=content,
            digest=canonical_hash(content),
            first_by=actor,
            first_name=actor_name,
            first_at=now,
        )
        session.add(found)
        session.flush()
        return found
    if found.second_by is not None:
        raise Conflict("proctoring.signed")
    if found.first_by == actor:
        raise NotAllowed("proctoring.own_signature")
    found.second_by, found.second_name, found.second_at = actor, actor_name, now
    key = delivery.sitting_key(sitting_id)
    found.entry_id = ledger.record(
        session,
        kind="room.record_signed",
        actor=actor,
        subject=key,
        now=now,
        public={"sitting": key, "digest": found.digest},
        private={"room": f"room:{exam_room_id}", "first": found.first_by, "second": actor, "content": found.content},
    )
    return found


def hand_over(
    session: Session, sitting_id: UUID, exam_room_id: UUID, note: str, *, actor: str, actor_name: str, now: datetime
) -> Handover:
    """Raises Invalid without a note of what is open, Conflict while an earlier one is not taken."""
    service.room(session, sitting_id, exam_room_id)
    if not note.strip():
        raise Invalid([Problem("note", "proctoring.note_missing")])
    if any(each.taken_at is None for each in handovers(session, exam_room_id)):
        raise Conflict("proctoring.handover_open")
    made = Handover(
        sitting_id=sitting_id,
        exam_room_id=exam_room_id,
        given_by=actor,
        given_by_name=actor_name,
        given_at=now,
        note=note.strip()[:4000],
    )
    session.add(made)
    session.flush()
    return made


def take_over(
    session: Session, exam_room_id: UUID, handover_id: UUID, *, actor: str, actor_name: str, now: datetime
) -> Handover:
    """Raises NotFound, Conflict when it is taken, NotAllowed for who gave it."""
    found = session.get(Handover, handover_id)
    if found is None or found.exam_room_id != exam_room_id:
        raise NotFound("proctoring.no_handover")
    if found.taken_at is not None:
        raise Conflict("proctoring.handover_taken")
    if found.given_by == actor:
        raise NotAllowed("proctoring.own_handover")
    found.taken_by, found.taken_by_name, found.taken_at = actor, actor_name, now
    key = delivery.sitting_key(found.sitting_id)
    ledger.record(
        session,
        kind="room.handed_over",
        actor=actor,
        subject=key,
        now=now,
        public={"sitting": key},
        private={"room": f"room:{exam_room_id}", "from": found.given_by, "to": actor, "note": found.note},
    )
    return found


def handovers(session: Session, exam_room_id: UUID) -> Sequence[Handover]:
    """In their order."""
    query = select(Handover).where(Handover.exam_room_id == exam_room_id)
    return session.scalars(query.order_by(Handover.given_at, Handover.id)).all()
