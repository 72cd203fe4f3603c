"""Who sits where: by lot for everybody, and by hand for one, with a log."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import new_id
from certengine.ledger import service as ledger
from certengine.sittings import rules
from certengine.sittings.kept_parts import exempt_from
from certengine.sittings.models import (
    ExamRoom,
    Placement,
    Registration,
    RegistrationState,
    Sitting,
    SittingState,
)
from certengine.sittings.reading import SittingView


def seat_candidates(session: Session, sitting_id: UUID, actor: str, now: datetime) -> int:
    """Seats every eligible candidate who takes the part by lot, again from the start if it was done before; returns how
    many.

    Raises Conflict without rooms or candidates, with too few seats, once papers are drawn or the sitting has begun.
    """
    sitting = session.scalars(select(Sitting).where(Sitting.id == sitting_id).with_for_update()).one()
    if sitting.state is SittingState.DRAWN:
        raise Conflict("sittings.already_drawn")
    if sitting.starts_at <= now:
        raise Conflict("sittings.started")
    rooms = session.scalars(select(ExamRoom).where(ExamRoom.sitting_id == sitting_id).order_by(ExamRoom.name)).all()
    if not rooms:
        raise Conflict("sittings.no_rooms")
    registrations = session.execute(
        select(Registration.id, Registration.ticket_number, Registration.employer, Registration.extra_minutes).where(
            Registration.exam_plan_id == sitting.exam_plan_id,
            Registration.state == RegistrationState.REGISTERED,
            Registration.eligible,
        )
    ).all()
    exempt = exempt_from(session, sitting.exam_plan_id, sitting.part)
    registrations = [row for row in registrations if row.id not in exempt]
    if not registrations:
        raise Conflict("sittings.no_candidates")
    seed = secrets.token_hex(16)
    apart = any(room.special for room in rooms)
    placed: list[tuple[UUID, UUID, int]] = []
    for special in (False, True) if apart else (False,):
        whom = [row for row in registrations if not apart or (row.extra_minutes > 0) is special]
        where = [room for room in rooms if room.special is special]
        placed += _drawn([(row.id, row.ticket_number, row.employer) for row in whom], where, seed)
    _place(session, sitting_id, placed)
    public = {"candidates": len(placed), "rooms": len(rooms)}
    _record(session, "candidates.seated", f"sitting:{sitting_id}", actor, now, public, {"seed": seed})
    return len(placed)


def _drawn(
    candidates: Sequence[tuple[UUID, str, str]], rooms: Sequence[ExamRoom], seed: str
) -> list[tuple[UUID, UUID, int]]:
    """(registration, room, seat) by lot. Raises Conflict with too few seats."""
    if not candidates:
        return []
    order, open_seats = rules.seat_order(candidates, seed), {room.id: _open(room) for room in rooms}
    filled = rules.fill_rooms(order, [(room.id, len(open_seats[room.id])) for room in rooms])
    if filled is None:
        seats = sum(len(each) for each in open_seats.values())
        raise Conflict("sittings.seats_short", candidates=len(order), seats=seats)
    return [(key, room, open_seats[room][seat - 1]) for key, room, seat in filled]


def _place(session: Session, sitting_id: UUID, placed: Sequence[tuple[UUID, UUID, int]]) -> None:
    """In the stead of all seats that were given before."""
    session.execute(delete(Placement).where(Placement.sitting_id == sitting_id))
    session.execute(
        insert(Placement),
        [
            {
                "id": new_id(),
                "sitting_id": sitting_id,
                "registration_id": registration_id,
                "exam_room_id": room_id,
                "seat_number": seat,
            }
            for registration_id, room_id, seat in placed
        ],
    )


@dataclass(frozen=True)
class Move:
    registration_id: UUID
    exam_room_id: UUID
    seat_number: int
    reason: str


def move_candidate(session: Session, view: SittingView, move: Move, actor: str, now: datetime) -> UUID | None:
    """Seats a candidate by hand; whoever sits there takes the seat that becomes free, and is returned.

    Raises Invalid without a reason or for no seat, NotFound for nobody, Conflict after the end.
    """
    if not move.reason.strip():
        raise Invalid([Problem("reason", "sittings.move_reason")])
    if now > view.ends_at:
        raise Conflict("sittings.over")
    room = session.get(ExamRoom, move.exam_room_id)
    if room is None or room.sitting_id != view.id or move.seat_number not in _open(room):
        raise Invalid([Problem("seat", "sittings.seat_unknown", {"seat": move.seat_number})])
    rows = session.scalars(select(Placement).where(Placement.sitting_id == view.id).with_for_update()).all()
    mine = next((each for each in rows if each.registration_id == move.registration_id), None)
    if mine is None:
        raise NotFound("sittings.no_registration")
    target = (room.id, move.seat_number)
    before = (mine.exam_room_id, mine.seat_number)
    if target == before:
        raise Conflict("sittings.same_seat")
    other = next((each for each in rows if (each.exam_room_id, each.seat_number) == target), None)
    if other is not None:
        # No two may hold one seat, not even for a moment.
        other.seat_number = -other.seat_number
        session.flush()
    mine.exam_room_id, mine.seat_number = target
    session.flush()
    if other is not None:
        other.exam_room_id, other.seat_number = before
        session.flush()
    private = {
        "registration": f"registration:{mine.registration_id}",
        "exchanged_with": f"registration:{other.registration_id}" if other else None,
        "from": [str(before[0]), before[1]],
        "to": [str(target[0]), target[1]],
        "reason": move.reason.strip()[:200],
    }
    _record(session, "candidate.moved", f"sitting:{view.id}", actor, now, {}, private)
    return other.registration_id if other else None


def _open(room: ExamRoom) -> list[int]:
    return rules.open_seats(room.rows, room.columns, room.closed_seats)


def _record(
    session: Session,
    kind: str,
    subject: str,
    actor: str,
    now: datetime,
    public: dict[str, Any],
    private: dict[str, Any],
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=subject, now=now, public=public, private=private)
