"""What rooms above read of plans, sittings and candidates: frozen values and the queries for them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import NotFound
from certengine.foundation.keys import FieldCipher
from certengine.people import reach
from certengine.people import service as people
from certengine.people.models import Account, DocumentType, Person, Sex
from certengine.people.rules import parse_document
from certengine.sittings import rules
from certengine.sittings.kept_parts import Kept, exemptions
from certengine.sittings.models import (
    ExamPlan,
    ExamRoom,
    Placement,
    Registration,
    RegistrationState,
    Sitting,
    SittingState,
    StaffAssignment,
)
from certengine.standards.rules import Level, Part


@dataclass(frozen=True)
class SittingView:
    id: UUID
    organisation_id: UUID
    exam_plan_id: UUID
    title: str
    field: str
    level: Level
    direction: str | None
    trial: bool
    part: Part
    starts_at: datetime
    ends_at: datetime
    minutes: int
    entry_opens_at: datetime
    late_until: datetime
    state: SittingState
    release_id: UUID | None
    browser_keys: tuple[str, ...] = ()


@dataclass(frozen=True)
class PlacementView:
    registration_id: UUID
    sitting_id: UUID
    ticket_number: str
    name: str
    document_masked: str
    photo: str | None
    exam_room_id: UUID
    room_name: str
    site: str
    seat_number: int
    # On top of the sitting's time.
    extra_minutes: int = 0


@dataclass(frozen=True)
class CandidateView:
    registration_id: UUID
    exam_plan_id: UUID
    organisation_id: UUID
    person_id: UUID
    name: str
    sex: Sex | None
    document_type: DocumentType
    document_masked: str
    document_index: str
    photo: str | None
    ticket_number: str
    employer: str
    eligible: bool
    placements: tuple[PlacementView, ...]
    # Parts passed before, which need not be taken.
    kept: tuple[Kept, ...] = ()


@dataclass(frozen=True)
class ExamRoomView:
    id: UUID
    sitting_id: UUID
    name: str
    site: str
    rows: int
    columns: int
    candidates: int
    closed_seats: tuple[int, ...] = ()
    special: bool = False

    @property
    def seats(self) -> int:
        return self.rows * self.columns - len(self.closed_seats)


def plan_of(session: Session, organisation_id: UUID, exam_plan_id: UUID, lock: bool = False) -> ExamPlan:
    """Raises NotFound, also for another organisation's."""
    query = select(ExamPlan).where(ExamPlan.id == exam_plan_id)
    plan = session.scalar(query.with_for_update() if lock else query)
    if plan is None or plan.organisation_id != organisation_id:
        raise NotFound("sittings.plan_not_found")
    return plan


def plans_query(seen: UUID | str, sought: str = "") -> Select[Any]:
    """Newest first. seen: an organisation, or the region of a department."""
    query = select(ExamPlan).where(reach.sees(ExamPlan.organisation_id, seen))
    if sought:
        query = query.where(ExamPlan.title.icontains(sought, autoescape=True))
    return query.order_by(ExamPlan.created_at.desc(), ExamPlan.id.desc())


def registration_of(session: Session, organisation_id: UUID, registration_id: UUID) -> Registration:
    """Raises NotFound, also for another organisation's."""
    query = select(Registration).where(Registration.id == registration_id)
    found = session.scalar(query.options(joinedload(Registration.person), joinedload(Registration.plan)))
    if found is None or found.plan.organisation_id != organisation_id:
        raise NotFound("sittings.no_registration")
    return found


def registrations_query(exam_plan_id: UUID, sought: str = "", only: str = "") -> Select[Any]:
    """A plan's candidates by ticket; sought is part of name, ticket or employer; only: eligible, ineligible, …"""
    query = (
        select(Registration)
        .join(Person)
        .options(joinedload(Registration.person))
        .where(Registration.exam_plan_id == exam_plan_id)
        .order_by(Registration.ticket_number)
    )
    if sought:
        parts = (Person.name, Registration.ticket_number, Registration.employer)
        query = query.where(or_(*(part.icontains(sought, autoescape=True) for part in parts)))
    active = Registration.state == RegistrationState.REGISTERED
    conditions = {
        "eligible": (active, Registration.eligible),
        "ineligible": (active, ~Registration.eligible),
        "without_photo": (active, Person.photo.is_(None)),
        "withdrawn": (~active,),
    }
    return query.where(*conditions.get(only, ()))


def _sitting_view(row: Sitting) -> SittingView:
    return SittingView(
        id=row.id,
        organisation_id=row.plan.organisation_id,
        exam_plan_id=row.exam_plan_id,
        title=row.plan.title,
        field=row.plan.field,
        level=row.plan.level,
        direction=row.plan.direction,
        trial=row.plan.trial,
        part=row.part,
        starts_at=row.starts_at,
        ends_at=row.starts_at + timedelta(minutes=row.minutes),
        minutes=row.minutes,
        entry_opens_at=row.starts_at - timedelta(minutes=row.entry_opens_minutes),
        late_until=row.starts_at + timedelta(minutes=row.late_minutes),
        state=row.state,
        release_id=row.release_id,
        browser_keys=tuple(row.browser_keys or ()),
    )


def sitting(session: Session, sitting_id: UUID) -> SittingView:
    """Raises NotFound."""
    row = session.scalar(select(Sitting).options(joinedload(Sitting.plan)).where(Sitting.id == sitting_id))
    if row is None:
        raise NotFound("sittings.not_found")
    return _sitting_view(row)


def sitting_of(session: Session, organisation_id: UUID, sitting_id: UUID) -> SittingView:
    """Raises NotFound, also for another organisation's."""
    found = sitting(session, sitting_id)
    if found.organisation_id != organisation_id:
        raise NotFound("sittings.not_found")
    return found


def sittings_of(session: Session, exam_plan_id: UUID) -> list[SittingView]:
    """A plan's sittings by time."""
    query = select(Sitting).options(joinedload(Sitting.plan)).where(Sitting.exam_plan_id == exam_plan_id)
    return [_sitting_view(row) for row in session.scalars(query.order_by(Sitting.starts_at, Sitting.id))]


def exam_rooms(session: Session, sitting_id: UUID) -> list[ExamRoomView]:
    count = func.count(Placement.id)
    query = (
        select(ExamRoom, count)
        .outerjoin(Placement, Placement.exam_room_id == ExamRoom.id)
        .where(ExamRoom.sitting_id == sitting_id)
        .group_by(ExamRoom.id)
        .order_by(ExamRoom.name)
    )
    return [
        ExamRoomView(
            room.id,
            room.sitting_id,
            room.name,
            room.site,
            room.rows,
            room.columns,
            placed,
            tuple(room.closed_seats or ()),
            room.special,
        )
        for room, placed in session.execute(query)
    ]


def _placed() -> Select[Any]:
    """The columns in the order of PlacementView's fields: whole entities would cost more than the query."""
    query = (
        select(
            Placement.registration_id,
            Placement.sitting_id,
            Registration.ticket_number,
            Person.name,
            Person.document_masked,
            Person.photo,
            ExamRoom.id,
            ExamRoom.name,
            ExamRoom.site,
            Placement.seat_number,
            Registration.extra_minutes,
        )
        .join(Registration, Placement.registration_id == Registration.id)
        .join(Person, Registration.person_id == Person.id)
        .join(ExamRoom, Placement.exam_room_id == ExamRoom.id)
        .order_by(ExamRoom.name, Placement.seat_number)
    )
    return cast("Select[Any]", query)


def _placements(session: Session, query: Select[Any]) -> list[PlacementView]:
    return [PlacementView(*row) for row in session.execute(query)]


def placements(session: Session, sitting_id: UUID, exam_room_id: UUID | None = None) -> list[PlacementView]:
    """By room and seat."""
    query = _placed().where(Placement.sitting_id == sitting_id)
    return _placements(session, query.where(Placement.exam_room_id == exam_room_id) if exam_room_id else query)


def sexes(session: Session, sitting_id: UUID) -> dict[UUID, Sex | None]:
    """registration → sex, of everyone seated."""
    query = (
        select(Placement.registration_id, Person.sex)
        .join(Registration, Registration.id == Placement.registration_id)
        .join(Person, Person.id == Registration.person_id)
        .where(Placement.sitting_id == sitting_id)
    )
    return {row.registration_id: row.sex for row in session.execute(query)}


def placement_of(session: Session, sitting_id: UUID, registration_id: UUID) -> PlacementView | None:
    query = _placed().where(Placement.sitting_id == sitting_id, Placement.registration_id == registration_id)
    return next(iter(_placements(session, query)), None)


def placements_among(session: Session, sitting_id: UUID, registration_ids: Sequence[UUID]) -> dict[UUID, PlacementView]:
    """registration → seat, of those who have one there."""
    query = _placed().where(Placement.sitting_id == sitting_id, Placement.registration_id.in_(registration_ids))
    return {each.registration_id: each for each in _placements(session, query)}


def candidate(session: Session, registration_id: UUID) -> CandidateView:
    """Raises NotFound, also for the withdrawn."""
    query = _candidates().where(Registration.id == registration_id)
    row = session.scalar(query)
    if row is None:
        raise NotFound("sittings.no_registration")
    placed = _placements(session, _placed().where(Placement.registration_id == registration_id))
    return _candidate(row, placed, exemptions(session, [row.id])[row.id])


def candidates(session: Session, exam_plan_id: UUID) -> list[CandidateView]:
    """Everyone registered for a plan and not withdrawn, by ticket."""
    query = _candidates().where(Registration.exam_plan_id == exam_plan_id).order_by(Registration.ticket_number)
    rows = session.scalars(query).all()
    placed: dict[UUID, list[PlacementView]] = {}
    for each in _placements(session, _placed().where(Registration.exam_plan_id == exam_plan_id)):
        placed.setdefault(each.registration_id, []).append(each)
    kept = exemptions(session, [row.id for row in rows])
    return [_candidate(row, placed.get(row.id, []), kept[row.id]) for row in rows]


def candidates_among(session: Session, registration_ids: Sequence[UUID]) -> list[CandidateView]:
    """These, as far as they are not withdrawn, in the order given."""
    rows = session.scalars(_candidates().where(Registration.id.in_(registration_ids)))
    found = {row.id: row for row in rows}
    placed: dict[UUID, list[PlacementView]] = {}
    for each in _placements(session, _placed().where(Placement.registration_id.in_(registration_ids))):
        placed.setdefault(each.registration_id, []).append(each)
    kept = exemptions(session, list(found))
    return [_candidate(found[each], placed.get(each, []), kept[each]) for each in registration_ids if each in found]


def _candidates() -> Select[Any]:
    return (
        select(Registration)
        .options(joinedload(Registration.person), joinedload(Registration.plan))
        .where(Registration.state == RegistrationState.REGISTERED)
    )


def _candidate(row: Registration, placed: Sequence[PlacementView], kept: Sequence[Kept]) -> CandidateView:
    return CandidateView(
        registration_id=row.id,
        exam_plan_id=row.exam_plan_id,
        organisation_id=row.plan.organisation_id,
        person_id=row.person_id,
        name=row.person.name,
        sex=row.person.sex,
        document_type=row.person.document_type,
        document_masked=row.person.document_masked,
        document_index=row.person.document_index,
        photo=row.person.photo,
        ticket_number=row.ticket_number,
        employer=row.employer,
        eligible=row.eligible,
        placements=tuple(placed),
        kept=tuple(kept),
    )


def candidate_by_ticket(
    session: Session, cipher: FieldCipher, ticket_number: str, document_number: str, now: datetime
) -> CandidateView | None:
    """The candidate of this ticket whose document has this number; None tells nobody which of them was wrong."""
    row = session.scalar(_candidates().where(Registration.ticket_number == ticket_number.replace(" ", "")))
    if row is None:
        return None
    parsed = parse_document(row.person.document_type, document_number, now.date())
    if isinstance(parsed, str):
        return None
    if people.document_index(cipher, row.person.document_type, parsed[0]) != row.person.document_index:
        return None
    return candidate(session, row.id)


def is_assigned(session: Session, account_id: UUID, sitting_id: UUID) -> bool:
    query = select(StaffAssignment.id).where(
        StaffAssignment.account_id == account_id, StaffAssignment.sitting_id == sitting_id
    )
    return session.scalar(query.limit(1)) is not None


def rooms_of_proctor(session: Session, account_id: UUID) -> list[tuple[SittingView, ExamRoomView]]:
    """The rooms that an account was assigned to, newest sitting first."""
    query = (
        select(StaffAssignment.sitting_id, StaffAssignment.exam_room_id)
        .join(Sitting, Sitting.id == StaffAssignment.sitting_id)
        .where(StaffAssignment.account_id == account_id)
        .order_by(Sitting.starts_at.desc())
    )
    found = []
    for row in session.execute(query).all():
        rooms = {room.id: room for room in exam_rooms(session, row.sitting_id)}
        found.append((sitting(session, row.sitting_id), rooms[row.exam_room_id]))
    return found


def staff_of(session: Session, sitting_id: UUID) -> dict[UUID, list[Account]]:
    """room → accounts assigned to it."""
    query = (
        select(StaffAssignment.exam_room_id, Account)
        .join(Account, Account.id == StaffAssignment.account_id)
        .where(StaffAssignment.sitting_id == sitting_id)
        .order_by(Account.name)
    )
    found: dict[UUID, list[Account]] = {}
    for room_id, account in session.execute(query):
        found.setdefault(room_id, []).append(account)
    return found


def neighbours(session: Session, sitting_id: UUID) -> list[tuple[UUID, UUID]]:
    """Pairs of registrations whose seats adjoin."""
    seated = {(each.exam_room_id, each.seat_number): each.registration_id for each in placements(session, sitting_id)}
    found = []
    for room in exam_rooms(session, sitting_id):
        for one, other in rules.adjoining(room.rows, room.columns):
            if (room.id, one) in seated and (room.id, other) in seated:
                found.append((seated[room.id, one], seated[room.id, other]))
    return found


def using_releases(session: Session, release_ids: Sequence[UUID]) -> list[SittingView]:
    """Theory sittings that draw from these releases, oldest first."""
    query = select(Sitting.id).where(Sitting.release_id.in_(release_ids), Sitting.part == Part.THEORY)
    return [sitting(session, each) for each in session.scalars(query.order_by(Sitting.starts_at, Sitting.id))]


def theory_sittings(session: Session, organisation_id: UUID) -> list[SittingView]:
    """Of an organisation that draw papers, newest first."""
    query = (
        select(Sitting)
        .options(joinedload(Sitting.plan))
        .join(ExamPlan, ExamPlan.id == Sitting.exam_plan_id)
        .where(
            ExamPlan.organisation_id == organisation_id, Sitting.part == Part.THEORY, Sitting.release_id.is_not(None)
        )
    )
    return [_sitting_view(row) for row in session.scalars(query.order_by(Sitting.starts_at.desc(), Sitting.id))]


def registered(session: Session, registration_id: UUID) -> Registration | None:
    """The registration, unless it was withdrawn."""
    row = session.get(Registration, registration_id)
    return row if row is not None and row.state is RegistrationState.REGISTERED else None
