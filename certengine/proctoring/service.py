"""The live board of an exam room, check-in and incidents. Attempts are acted on through delivery alone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.delivery.service import AttemptView
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.ledger.service import EntryView
from certengine.papers import service as papers
from certengine.proctoring import problems, rules
from certengine.proctoring.models import CheckIn, Incident, IncidentKind
from certengine.proctoring.rules import Seat
from certengine.sittings import service as sittings
from certengine.sittings.service import ExamRoomView, SittingView

__all__ = ["problems"]


@dataclass(frozen=True)
class Place:
    """A seat with its candidate as the board shows them."""

    candidate: AttemptView
    seat: Seat


@dataclass(frozen=True)
class Board:
    sitting: SittingView
    room: ExamRoomView
    places: tuple[Place, ...]
    items: int

    @property
    def counts(self) -> Counter[Seat]:
        return Counter(place.seat for place in self.places)


def room(session: Session, sitting_id: UUID, exam_room_id: UUID) -> tuple[SittingView, ExamRoomView]:
    """Raises NotFound."""
    for each in sittings.exam_rooms(session, sitting_id):
        if each.id == exam_room_id:
            return sittings.sitting(session, sitting_id), each
    raise NotFound("proctoring.no_room")


def board(session: Session, sitting_id: UUID, exam_room_id: UUID, now: datetime) -> Board:
    sitting, exam_room = room(session, sitting_id, exam_room_id)
    checked = set(session.scalars(select(CheckIn.registration_id).where(CheckIn.sitting_id == sitting_id)))
    places = tuple(
        Place(
            each,
            rules.seat(each.state, each.registration_id in checked, each.seen_at, sitting.late_until, now),
        )
        for each in delivery.board(session, sitting_id, exam_room_id)
    )
    view = papers.draw_of(session, delivery.sitting_key(sitting_id))
    return Board(sitting, exam_room, places, view.rules.items if view else 0)


def place(session: Session, sitting_id: UUID, exam_room_id: UUID, registration_id: UUID, now: datetime) -> Place:
    """Raises NotFound for a candidate of another room."""
    for each in board(session, sitting_id, exam_room_id, now).places:
        if each.candidate.registration_id == registration_id:
            return each
    raise NotFound("proctoring.not_here")


def attempt_here(session: Session, sitting_id: UUID, exam_room_id: UUID, registration_id: UUID, now: datetime) -> UUID:
    """The attempt of a candidate of this room. Raises Conflict before they have one."""
    found = place(session, sitting_id, exam_room_id, registration_id, now).candidate.attempt_id
    if found is None:
        raise Conflict("proctoring.not_started")
    return found


def find_ticket(session: Session, sitting_id: UUID, scanned: str) -> sittings.PlacementView:
    """The seat of whoever holds this ticket: its number, or what a reader makes of its code.

    Raises NotFound for a ticket of another sitting, or none.
    """
    number = rules.scanned_ticket(scanned)
    for each in sittings.placements(session, sitting_id):
        if each.ticket_number == number:
            return each
    raise NotFound("proctoring.no_ticket")


def check_in(
    session: Session,
    sitting_id: UUID,
    exam_room_id: UUID,
    registration_id: UUID,
    actor: str,
    now: datetime,
    override: str = "",
) -> None:
    """The proctor has compared face, document and list; a second time changes nothing.

    override: why they are let in although something of it is in doubt.
    """
    place(session, sitting_id, exam_room_id, registration_id, now)
    query = select(CheckIn.id).where(CheckIn.sitting_id == sitting_id, CheckIn.registration_id == registration_id)
    if session.scalar(query):
        return
    override = override.strip()[:200]
    session.add(CheckIn(sitting_id=sitting_id, registration_id=registration_id, at=now, by=actor, override=override))
    private: dict[str, str | None] = {"registration": f"registration:{registration_id}"}
    if override:
        private["override"] = override
    _record(session, "candidate.checked_in", sitting_id, actor, now, private)


@dataclass(frozen=True)
class IncidentFacts:
    kind: IncidentKind
    text: str
    registration_id: UUID | None
    token: str
    photos: tuple[str, ...] = ()


def record_incident(
    session: Session,
    sitting_id: UUID,
    exam_room_id: UUID,
    facts: IncidentFacts,
    *,
    actor: str,
    actor_name: str,
    now: datetime,
) -> Incident:
    """Raises Invalid without a text; the same token again returns what it wrote."""
    if not facts.text.strip():
        raise Invalid([Problem("text", "proctoring.text_missing")])
    if made := session.scalar(select(Incident).where(Incident.token == facts.token)):
        return made
    room(session, sitting_id, exam_room_id)
    if facts.registration_id is not None:
        place(session, sitting_id, exam_room_id, facts.registration_id, now)
    incident = Incident(
        sitting_id=sitting_id,
        exam_room_id=exam_room_id,
        registration_id=facts.registration_id,
        kind=facts.kind,
        text=facts.text.strip(),
        at=now,
        recorded_by=actor,
        recorded_by_name=actor_name,
        token=facts.token,
        photos=list(facts.photos),
    )
    session.add(incident)
    session.flush()
    who = f"registration:{facts.registration_id}" if facts.registration_id else None
    private = {"incident": str(incident.id), "kind": facts.kind.value, "text": incident.text, "registration": who}
    if facts.photos:
        private["photos"] = " ".join(facts.photos)
    _record(session, "incident.recorded", sitting_id, actor, now, private)
    return incident


def incidents(session: Session, sitting_id: UUID, exam_room_id: UUID | None = None) -> Sequence[Incident]:
    """Newest first."""
    query = select(Incident).where(Incident.sitting_id == sitting_id)
    if exam_room_id is not None:
        query = query.where(Incident.exam_room_id == exam_room_id)
    return session.scalars(query.order_by(Incident.at.desc())).all()


def by_key(view: Board) -> dict[str, AttemptView]:
    """The room's candidates, by what the ledger names them with: their registration, and their attempt."""
    found = {delivery.registration_key(each.candidate.registration_id): each.candidate for each in view.places}
    found |= {
        f"attempt:{each.candidate.attempt_id}": each.candidate for each in view.places if each.candidate.attempt_id
    }
    return found


def acts(session: Session, view: Board, limit: int = 100) -> list[EntryView]:
    """What was done in this room, from the ledger, newest first."""
    subjects = [f"attempt:{each.candidate.attempt_id}" for each in view.places if each.candidate.attempt_id]
    return ledger.history_many(session, [*subjects, delivery.sitting_key(view.sitting.id)], limit=limit)


def _record(
    session: Session, kind: str, sitting_id: UUID, actor: str, now: datetime, private: dict[str, str | None]
) -> None:
    key = delivery.sitting_key(sitting_id)
    ledger.record(session, kind=kind, actor=actor, subject=key, now=now, public={"sitting": key}, private=dict(private))
