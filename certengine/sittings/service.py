"""Plans, registrations, sittings, rooms and seats: one function a use case, and the values that rooms above read."""

import secrets
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import Account
from certengine.people.service import PersonFacts
from certengine.sittings import eligibility, kept_parts, problems, reading, rules, staffing
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
from certengine.sittings.reading import (
    CandidateView,
    ExamRoomView,
    PlacementView,
    SittingView,
    candidate,
    candidate_by_ticket,
    candidates,
    exam_rooms,
    is_assigned,
    neighbours,
    placement_of,
    placements,
    placements_among,
    plan_of,
    plans_query,
    registered,
    registration_of,
    registrations_query,
    rooms_of_proctor,
    sexes,
    sitting,
    sitting_of,
    sittings_of,
    staff_of,
    theory_sittings,
    using_releases,
)
from certengine.sittings.seating import Move, move_candidate, seat_candidates
from certengine.standards import service as standards
from certengine.standards.rules import Evidence, Level, Part

__all__ = [
    "Move",
    "move_candidate",
    "seat_candidates",
    "problems",
    "CandidateView",
    "ExamRoomView",
    "PlacementView",
    "SittingView",
    "candidate",
    "candidate_by_ticket",
    "candidates",
    "exam_rooms",
    "is_assigned",
    "placement_of",
    "placements_among",
    "neighbours",
    "registered",
    "using_releases",
    "placements",
    "sexes",
    "theory_sittings",
    "plan_of",
    "plans_query",
    "registration_of",
    "registrations_query",
    "rooms_of_proctor",
    "sitting",
    "sitting_of",
    "sittings_of",
    "staff_of",
]


@dataclass(frozen=True)
class PlanFacts:
    title: str
    field: str
    level: Level
    direction: str | None
    capacity: int
    trial: bool = False


@dataclass(frozen=True)
class CandidateFacts:
    """A row of a candidates' list."""

    person: PersonFacts
    evidence: Evidence
    employer: str = ""


def plan_exam(
    session: Session, organisation_id: UUID, facts: PlanFacts, *, token: str, actor: str, now: datetime
) -> ExamPlan:
    """A new plan; the same token again returns the plan that it made."""
    if made := session.scalar(select(ExamPlan).where(ExamPlan.token == token)):
        return made
    standard = standards.standard(facts.field)
    if facts.direction and facts.direction not in {each.id for each in standard.directions}:
        raise Invalid([Problem("direction", "sittings.direction_unknown")])
    plan = ExamPlan(
        organisation_id=organisation_id,
        title=facts.title,
        field=facts.field,
        level=facts.level,
        direction=facts.direction or None,
        capacity=facts.capacity,
        trial=facts.trial,
        code=_new_code(session, now),
        token=token,
        created_at=now,
    )
    session.add(plan)
    session.flush()
    public = {"field": facts.field, "level": facts.level.value, "direction": plan.direction, "trial": facts.trial}
    _record(session, "exam.planned", f"exam_plan:{plan.id}", actor, now, public, {"title": facts.title})
    return plan


def _new_code(session: Session, now: datetime) -> str:
    while True:
        code = f"{now:%y%m}{secrets.randbelow(10_000):04}"
        if not session.scalar(select(ExamPlan.id).where(ExamPlan.code == code)):
            return code


def register(
    session: Session, cipher: FieldCipher, plan: ExamPlan, facts: CandidateFacts, actor: str, now: datetime
) -> tuple[Registration, bool]:
    """Registers a candidate; (registration, whether it is new). A repeat changes nothing; the withdrawn come back.

    Raises Invalid for what is wrong with the person, Conflict when the plan is full.
    """
    person = people.register_person(session, cipher, facts.person, now)
    found = session.scalar(
        select(Registration).where(Registration.exam_plan_id == plan.id, Registration.person_id == person.id)
    )
    if found is not None:
        if found.state is RegistrationState.WITHDRAWN:
            if places_left(session, plan) < 1:
                raise Conflict("sittings.full", capacity=plan.capacity)
            found.state = RegistrationState.REGISTERED
            _record(session, "candidate.returned", f"registration:{found.id}", actor, now)
        return found, False
    if places_left(session, plan) < 1:
        raise Conflict("sittings.full", capacity=plan.capacity)
    eligibility.must_be_separate(session, plan, person.id)
    plan.tickets += 1
    evidence = eligibility.with_records(session, plan, person.id, facts.evidence)
    judgement = standards.judge(standards.standard(plan.field), plan.level, evidence)
    registration = Registration(
        exam_plan_id=plan.id,
        person_id=person.id,
        ticket_number=rules.ticket_number(plan.code, plan.tickets),
        employer=facts.employer,
        evidence=rules.evidence_to_json(evidence),
        eligible=judgement.met,
        created_at=now,
    )
    session.add(registration)
    session.flush()
    private = {"plan": str(plan.id), "evidence": registration.evidence, "eligible": judgement.met}
    _record(session, "candidate.registered", f"registration:{registration.id}", actor, now, {}, private)
    kept_parts.use_kept(session, registration, plan, now)
    return registration, True


def places_left(session: Session, plan: ExamPlan) -> int:
    """A withdrawn candidate's place is free again. The caller has locked the plan."""
    active = select(func.count()).where(
        Registration.exam_plan_id == plan.id, Registration.state == RegistrationState.REGISTERED
    )
    return plan.capacity - (session.scalar(active) or 0)


def withdraw(session: Session, registration: Registration, actor: str, now: datetime) -> None:
    """Takes a candidate out before papers are drawn and before the start; seats that were given are freed."""
    placed = session.scalars(
        select(Sitting)
        .join(Placement, Placement.sitting_id == Sitting.id)
        .where(Placement.registration_id == registration.id)
    ).all()
    if any(sitting.state is SittingState.DRAWN for sitting in placed):
        raise Conflict("sittings.already_drawn")
    # A practical part is never drawn: its start is what closes it.
    if any(sitting.starts_at <= now for sitting in placed):
        raise Conflict("sittings.started")
    session.execute(delete(Placement).where(Placement.registration_id == registration.id))
    registration.state = RegistrationState.WITHDRAWN
    _record(session, "candidate.withdrawn", f"registration:{registration.id}", actor, now)


def set_extra_time(
    session: Session, registration: Registration, minutes: int, reason: str, actor: str, now: datetime
) -> None:
    """Time on top for special needs; 0 takes it away. Raises Invalid, and Conflict once one of their parts has begun."""
    found = []
    if not 0 <= minutes <= rules.LONGEST_EXTRA:
        found.append(Problem("minutes", "sittings.extra_range", {"most": rules.LONGEST_EXTRA}))
    if minutes and not reason.strip():
        found.append(Problem("reason", "sittings.extra_reason"))
    if found:
        raise Invalid(found)
    begun = (
        select(Sitting.id)
        .join(Placement, Placement.sitting_id == Sitting.id)
        .where(Placement.registration_id == registration.id, Sitting.starts_at <= now)
    )
    if session.scalar(begun.limit(1)):
        raise Conflict("sittings.started")
    registration.extra_minutes, registration.extra_reason = minutes, reason.strip()[:200] if minutes else ""
    private = {"minutes": minutes, "reason": registration.extra_reason}
    _record(session, "candidate.extra_time", f"registration:{registration.id}", actor, now, {}, private)


@dataclass(frozen=True)
class SittingFacts:
    part: Part
    starts_at: datetime
    minutes: int


def add_sitting(session: Session, plan: ExamPlan, facts: SittingFacts, actor: str, now: datetime) -> Sitting:
    found = []
    if facts.starts_at <= now:
        found.append(Problem("starts_at", "sittings.in_the_past"))
    if not 1 <= facts.minutes <= rules.LONGEST_SITTING:
        found.append(Problem("minutes", "sittings.minutes_range"))
    if found:
        raise Invalid(found)
    sitting = Sitting(exam_plan_id=plan.id, part=facts.part, starts_at=facts.starts_at, minutes=facts.minutes)
    session.add(sitting)
    session.flush()
    public = {"part": facts.part.value, "starts_at": facts.starts_at.isoformat(), "minutes": facts.minutes}
    _record(session, "sitting.planned", f"sitting:{sitting.id}", actor, now, public)
    return sitting


def set_browser_keys(session: Session, sitting: SittingView, text: str, actor: str, now: datetime) -> int:
    """Keys of Safe Exam Browser, one a line; none asks for none. Returns how many.

    Raises Invalid naming what is no key, Conflict once the sitting has begun.
    """
    if sitting.starts_at <= now:
        raise Conflict("sittings.started")
    keys = list(dict.fromkeys(text.lower().split()))
    if wrong := [key for key in keys if not rules.is_browser_key(key)]:
        raise Invalid([Problem("keys", "sittings.browser_key", {"text": wrong[0][:70]})])
    session.execute(update(Sitting).where(Sitting.id == sitting.id).values(browser_keys=keys or None))
    _record(session, "sitting.browser_keys_set", f"sitting:{sitting.id}", actor, now, {}, {"keys": keys})
    return len(keys)


@dataclass(frozen=True)
class RoomFacts:
    name: str
    site: str
    rows: int
    columns: int


def add_room(session: Session, sitting_id: UUID, facts: RoomFacts) -> ExamRoom:
    found = []
    if not (1 <= facts.rows <= 40 and 1 <= facts.columns <= 40):
        found.append(Problem("rows", "sittings.room_size"))
    if session.scalar(select(ExamRoom.id).where(ExamRoom.sitting_id == sitting_id, ExamRoom.name == facts.name)):
        found.append(Problem("name", "sittings.room_name_taken", {"name": facts.name}))
    if found:
        raise Invalid(found)
    room = ExamRoom(sitting_id=sitting_id, name=facts.name, site=facts.site, rows=facts.rows, columns=facts.columns)
    session.add(room)
    session.flush()
    return room


def assign(session: Session, room: ExamRoom, account: Account, actor: str, now: datetime) -> list[staffing.Found]:
    """A second time changes nothing. Returns conflicts of interest that are only to be minded.

    Raises Conflict for one that forbids it.
    """
    query = select(StaffAssignment.id)
    if session.scalar(query.where(StaffAssignment.exam_room_id == room.id, StaffAssignment.account_id == account.id)):
        return []
    found = staffing.conflicts(session, reading.sitting(session, room.sitting_id), room.id, account)
    staffing.refuse(found)
    session.add(StaffAssignment(sitting_id=room.sitting_id, exam_room_id=room.id, account_id=account.id))
    session.flush()
    minded = [{"kind": each.kind.value, "seat": each.seat_number} for each in found]
    private = {"account": f"account:{account.id}", "room": room.name, **({"conflicts": minded} if minded else {})}
    _record(session, "staff.assigned", f"sitting:{room.sitting_id}", actor, now, {}, private)
    return found


def unassign(session: Session, room: ExamRoom, account_id: UUID, actor: str, now: datetime) -> None:
    session.execute(
        delete(StaffAssignment).where(StaffAssignment.exam_room_id == room.id, StaffAssignment.account_id == account_id)
    )
    private = {"account": f"account:{account_id}", "room": room.name}
    _record(session, "staff.unassigned", f"sitting:{room.sitting_id}", actor, now, {}, private)


def set_release(session: Session, sitting: SittingView, release_id: UUID, drawn: bool) -> None:
    """The bank release of a sitting: of its papers (then drawn), or of its practical task."""
    release = bank.released_items(session, release_id)
    if (release.field, release.level) != (sitting.field, sitting.level):
        raise Conflict("sittings.release_other")
    if release.pilot and not sitting.trial:
        raise Conflict("sittings.release_pilot")
    values: dict[str, Any] = {"release_id": release_id}
    if drawn:
        values["state"] = SittingState.DRAWN
    session.execute(update(Sitting).where(Sitting.id == sitting.id).values(**values))


def _record(
    session: Session,
    kind: str,
    subject: str,
    actor: str,
    now: datetime,
    public: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=subject, now=now, public=public, private=private)
