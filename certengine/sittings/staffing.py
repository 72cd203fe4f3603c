"""Conflicts of interest of staff, and what a sitting still lacks before it can be held."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people.models import Account, Person
from certengine.people.permissions import Role
from certengine.sittings import reading
from certengine.sittings.models import (
    ConflictKind,
    ConflictOfInterest,
    Placement,
    Registration,
    RegistrationState,
    SittingState,
)
from certengine.sittings.reading import ExamRoomView, SittingView
from certengine.standards import service as standards
from certengine.standards.rules import Part, Ratio, Staffing, Weighing
from certengine.training.models import Enrolment, Lesson


@dataclass(frozen=True)
class Declared:
    """target: a ticket number (relative, teacher), or the employer's name."""

    kind: ConflictKind
    target: str
    reason: str


def declare(
    session: Session, organisation_id: UUID, account: Account, facts: Declared, actor: str, now: datetime
) -> ConflictOfInterest:
    """Raises Invalid without a reason, or where nobody has the ticket."""
    found = []
    target, person_id = facts.target.strip(), None
    if not facts.reason.strip():
        found.append(Problem("reason", "sittings.conflict_reason"))
    if facts.kind is ConflictKind.EMPLOYER:
        if not target:
            found.append(Problem("target", "sittings.conflict_employer"))
    else:
        person_id = _person(session, organisation_id, target)
        if person_id is None:
            found.append(Problem("target", "sittings.conflict_nobody", {"ticket": target[:40]}))
    if found:
        raise Invalid(found)
    made = ConflictOfInterest(
        account_id=account.id,
        kind=facts.kind,
        person_id=person_id,
        employer=target[:120] if person_id is None else "",
        reason=facts.reason.strip()[:200],
        declared_by=actor,
        declared_at=now,
    )
    session.add(made)
    session.flush()
    _record(session, "staff.conflict_declared", made, actor, now)
    return made


def _person(session: Session, organisation_id: UUID, ticket: str) -> UUID | None:
    query = select(Registration).options(joinedload(Registration.plan))
    row = session.scalar(query.where(Registration.ticket_number == ticket.replace(" ", "")))
    return row.person_id if row is not None and row.plan.organisation_id == organisation_id else None


def withdraw(session: Session, account_ids: Iterable[UUID], conflict_id: UUID, actor: str, now: datetime) -> None:
    """Raises NotFound for what none of these accounts has declared."""
    found = session.get(ConflictOfInterest, conflict_id)
    if found is None or found.account_id not in set(account_ids):
        raise NotFound("not_found")
    if found.withdrawn_at is None:
        found.withdrawn_at = now
        _record(session, "staff.conflict_withdrawn", found, actor, now)


def _record(session: Session, kind: str, of: ConflictOfInterest, actor: str, now: datetime) -> None:
    private = {"kind": of.kind.value, "person": str(of.person_id), "employer": of.employer, "reason": of.reason}
    ledger.record(session, kind=kind, actor=actor, subject=f"account:{of.account_id}", now=now, private=private)


def declared(session: Session, account_ids: Sequence[UUID]) -> Sequence[ConflictOfInterest]:
    """Those that stand, newest first."""
    query = select(ConflictOfInterest).options(joinedload(ConflictOfInterest.person))
    query = query.where(ConflictOfInterest.account_id.in_(account_ids), ConflictOfInterest.withdrawn_at.is_(None))
    return session.scalars(query.order_by(ConflictOfInterest.declared_at.desc())).all()


@dataclass(frozen=True)
class Found:
    """A conflict between a member of staff and a candidate in the room."""

    kind: ConflictKind
    weighing: Weighing
    candidate: str
    seat_number: int


def conflicts(session: Session, view: SittingView, exam_room_id: UUID, account: Account) -> list[Found]:
    """Declared ones, and candidates whom somebody of this name has taught in a class."""
    weighed = staffing_of(view).conflicts
    query = (
        select(Placement.seat_number, Registration.person_id, Registration.employer, Person.name)
        .join(Registration, Registration.id == Placement.registration_id)
        .join(Person, Person.id == Registration.person_id)
        .where(Placement.exam_room_id == exam_room_id)
        .order_by(Placement.seat_number)
    )
    seated = session.execute(query).all()
    stands = declared(session, [account.id])
    persons = {each.person_id: each.kind for each in stands if each.person_id}
    employers = {each.employer for each in stands if each.employer}
    taught = _taught(session, account.name)
    found = []
    for seat, person_id, employer, name in seated:
        kind = persons.get(person_id)
        if kind is None and person_id in taught:
            kind = ConflictKind.TEACHER
        if kind is None and employer in employers:
            kind = ConflictKind.EMPLOYER
        if kind is not None:
            found.append(Found(kind, weighed[kind.value], name, seat))
    return found


def _taught(session: Session, name: str) -> set[UUID]:
    query = select(Enrolment.person_id).join(Lesson, Lesson.training_class_id == Enrolment.training_class_id)
    return set(session.scalars(query.where(Lesson.teacher == name).distinct()))


def refuse(found: Sequence[Found]) -> None:
    """Raises Conflict where one of them forbids the assignment."""
    hard = [each for each in found if each.weighing is Weighing.REFUSE]
    if hard:
        raise Conflict("sittings.conflict", candidate=hard[0].candidate, seat=hard[0].seat_number)


def staffing_of(view: SittingView) -> Staffing:
    return standards.standard(view.field).staffing


def ratio_of(view: SittingView) -> Ratio:
    rules = staffing_of(view)
    return rules.theory if view.part is Part.THEORY else rules.practical


@dataclass(frozen=True)
class RoomCheck:
    """A room and what it lacks; problems come as (code, values)."""

    room: ExamRoomView
    staff: int
    needed: int
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Check:
    sitting: tuple[Problem, ...]
    rooms: tuple[RoomCheck, ...]

    @property
    def count(self) -> int:
        return len(self.sitting) + sum(len(room.problems) for room in self.rooms)

    @property
    def is_ready(self) -> bool:
        return not self.count


def check(session: Session, view: SittingView) -> Check:
    """What stands between a sitting and its being held, for the whole of it and room by room."""
    rooms, staff = reading.exam_rooms(session, view.id), reading.staff_of(session, view.id)
    placed = reading.placements(session, view.id)
    without_photo = {each.exam_room_id: 0 for each in placed}
    for each in placed:
        without_photo[each.exam_room_id] += each.photo is None
    found = []
    for room in rooms:
        here = [each for each in staff.get(room.id, []) if _serves(each, view.part)]
        problems = _staff_problems(here, ratio_of(view), room)
        if missing := without_photo.get(room.id):
            problems.append(Problem("", "sittings.check_photos", {"count": missing}))
        for account in staff.get(room.id, []):
            for conflict in conflicts(session, view, room.id, account):
                values = {"name": account.name, "candidate": conflict.candidate, "seat": conflict.seat_number}
                problems.append(Problem("", f"sittings.check_{conflict.kind.value}", values))
        found.append(RoomCheck(room, len(here), ratio_of(view).needed(room.candidates), tuple(problems)))
    return Check(tuple(_sitting_problems(session, view, rooms, len(placed))), tuple(found))


def _serves(account: Account, part: Part) -> bool:
    wanted = Role.PROCTOR if part is Part.THEORY else Role.EXAMINER
    return any(each.role is wanted for each in account.roles)


def _staff_problems(here: Sequence[Account], ratio: Ratio, room: ExamRoomView) -> list[Problem]:
    needed = ratio.needed(room.candidates)
    if len(here) < needed:
        return [Problem("", "sittings.check_staff", {"needed": needed, "here": len(here)})]
    if room.candidates and ratio.odd and len(here) % 2 == 0:
        return [Problem("", "sittings.check_odd", {"here": len(here)})]
    return []


def _sitting_problems(session: Session, view: SittingView, rooms: Sequence[ExamRoomView], placed: int) -> list[Problem]:
    query = select(Registration.eligible).where(
        Registration.exam_plan_id == view.exam_plan_id, Registration.state == RegistrationState.REGISTERED
    )
    states = session.scalars(query).all()
    problems = []
    if not rooms:
        problems.append(Problem("", "sittings.no_rooms"))
    if sum(states) > placed:
        problems.append(Problem("", "sittings.check_seats", {"count": sum(states) - placed}))
    if len(states) > sum(states):
        problems.append(Problem("", "sittings.check_ineligible", {"count": len(states) - sum(states)}))
    if view.part is Part.THEORY and view.state is not SittingState.DRAWN:
        problems.append(Problem("", "sittings.check_papers"))
    if view.part is Part.PRACTICAL and view.release_id is None:
        problems.append(Problem("", "sittings.check_task"))
    return problems
