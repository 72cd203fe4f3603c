"""Parts that somebody passed and need not take again for a time: kept from one exam, counted in another.

A part is kept by the room that releases results; here it is used at the registration for an exam of the same field,
level and direction. It must be valid on the day of the registration.
"""

import calendar
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, NotFound
from certengine.ledger import service as ledger
from certengine.sittings.models import ExamPlan, Exemption, KeptPart, Placement, Registration, Sitting, SittingState
from certengine.standards.rules import Part


@dataclass(frozen=True)
class Kept:
    """A kept part as it counts in an exam."""

    part: Part
    score: Decimal
    valid_until: datetime
    earned_in: UUID


def months_later(moment: datetime, months: int) -> datetime:
    """The same day of a later month in China, or its last; at the end of that day."""
    there = moment.astimezone(CHINA)
    year, month = divmod(there.year * 12 + there.month - 1 + months, 12)
    day = min(there.day, calendar.monthrange(year, month + 1)[1])
    return there.replace(year=year, month=month + 1, day=day, hour=23, minute=59, second=59, microsecond=0)


def keep(
    session: Session,
    registration_id: UUID,
    part: Part,
    score: Decimal,
    valid_from: datetime,
    valid_until: datetime,
    now: datetime,
) -> None:
    """Keeps what was earned in an exam; a repeat sets the score right."""
    row = session.get(KeptPart, (registration_id, part))
    if row is None:
        row = KeptPart(registration_id=registration_id, part=part)
        session.add(row)
    row.score, row.valid_from, row.valid_until, row.withdrawn_at = score, valid_from, valid_until, None
    session.flush()
    until = valid_until.date().isoformat()
    _record(session, "part.kept", registration_id, "system:results", now, {"part": part.value, "until": until})


def withdraw_kept(session: Session, registration_id: UUID, part: Part, now: datetime) -> None:
    """What was kept counts no more, nor where it was used already; nothing where none is kept."""
    row = session.get(KeptPart, (registration_id, part))
    if row is not None and row.withdrawn_at is None:
        row.withdrawn_at = now
        _record(session, "part.kept_withdrawn", registration_id, "system:results", now, {"part": part.value})


def kept_of(session: Session, registration_id: UUID) -> list[KeptPart]:
    """What was kept from an exam and still stands, expired or not."""
    query = select(KeptPart).where(KeptPart.registration_id == registration_id, KeptPart.withdrawn_at.is_(None))
    return list(session.scalars(query.order_by(KeptPart.part)))


def use_kept(session: Session, registration: Registration, plan: ExamPlan, now: datetime) -> list[Kept]:
    """Exempts a new registration from what its person has kept; the newest counts."""
    if plan.trial or plan.training_class_id is not None:
        return []
    query = (
        select(KeptPart)
        .join(Registration, Registration.id == KeptPart.registration_id)
        .join(ExamPlan, ExamPlan.id == Registration.exam_plan_id)
        .where(
            Registration.person_id == registration.person_id,
            Registration.exam_plan_id != plan.id,
            ExamPlan.field == plan.field,
            ExamPlan.level == plan.level,
            ExamPlan.direction.is_(None) if plan.direction is None else ExamPlan.direction == plan.direction,
            KeptPart.withdrawn_at.is_(None),
            KeptPart.valid_from <= now,
            KeptPart.valid_until >= now,
        )
        .order_by(KeptPart.valid_until.desc())
    )
    newest = {row.part: row for row in reversed(session.scalars(query).all())}
    for part, row in newest.items():
        session.add(Exemption(registration_id=registration.id, part=part, earned_in=row.registration_id))
        private = {"part": part.value, "from": f"registration:{row.registration_id}", "score": f"{row.score:.2f}"}
        _record(session, "part.exempted", registration.id, "system:registration", now, private)
    session.flush()
    return exemptions(session, [registration.id])[registration.id]


def used_in(session: Session, earned_in: UUID, part: Part) -> Sequence[UUID]:
    """Registrations in which a part counts that was earned in this one."""
    query = select(Exemption.registration_id).where(Exemption.earned_in == earned_in, Exemption.part == part)
    return session.scalars(query).all()


def exemptions(session: Session, registration_ids: Sequence[UUID]) -> dict[UUID, list[Kept]]:
    """registration → parts that need not be taken, with the score that counts."""
    query = (
        select(Exemption.registration_id, KeptPart)
        .join(
            KeptPart,
            (KeptPart.registration_id == Exemption.earned_in) & (KeptPart.part == Exemption.part),
        )
        .where(Exemption.registration_id.in_(registration_ids), KeptPart.withdrawn_at.is_(None))
        .order_by(KeptPart.part)
    )
    found: dict[UUID, list[Kept]] = defaultdict(list)
    for registration_id, row in session.execute(query):
        found[registration_id].append(Kept(row.part, row.score, row.valid_until, row.registration_id))
    return found


def exempt_from(session: Session, exam_plan_id: UUID, part: Part) -> set[UUID]:
    """Registrations of a plan that need no seat in this part."""
    query = select(Registration.id).where(Registration.exam_plan_id == exam_plan_id)
    mine = exemptions(session, session.scalars(query).all())
    return {each for each, kept in mine.items() if any(one.part is part for one in kept)}


def forgo(session: Session, registration: Registration, part: Part, actor: str, now: datetime) -> None:
    """The candidate takes the part again after all: its new score counts alone. Raises Conflict once papers are drawn
    or the part has begun, NotFound where nothing was exempted."""
    if session.get(Exemption, (registration.id, part)) is None:
        raise NotFound("sittings.no_exemption")
    planned = session.scalars(
        select(Sitting).where(Sitting.exam_plan_id == registration.exam_plan_id, Sitting.part == part)
    ).all()
    if any(each.state is SittingState.DRAWN for each in planned):
        raise Conflict("sittings.already_drawn")
    seated = select(Placement.id).where(Placement.sitting_id.in_([each.id for each in planned]))
    if any(each.starts_at <= now for each in planned) and session.scalar(seated.limit(1)):
        raise Conflict("sittings.started")
    session.execute(delete(Exemption).where(Exemption.registration_id == registration.id, Exemption.part == part))
    _record(session, "part.exemption_forgone", registration.id, actor, now, {"part": part.value})


def _record(
    session: Session, kind: str, registration_id: UUID, actor: str, now: datetime, private: dict[str, str]
) -> None:
    subject = f"registration:{registration_id}"
    ledger.record(session, kind=kind, actor=actor, subject=subject, now=now, private=private)
