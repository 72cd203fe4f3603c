"""What the public is told: the year's plan of exams, announcements; and fees as they were paid."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people.models import Organisation
from certengine.sittings.models import Announcement, ExamPlan, Registration, RegistrationState, Sitting

HIGHEST_FEE = Decimal(100_000)


def publish_plan(
    session: Session, plan: ExamPlan, fee: Decimal | None, public: bool, actor: str, now: datetime
) -> None:
    """Puts an exam into the public plan of its year, or takes it out; fee in yuan. Raises Invalid."""
    if fee is not None and not 0 <= fee <= HIGHEST_FEE:
        raise Invalid([Problem("fee", "sittings.fee_range")])
    if public and plan.trial:
        raise Invalid([Problem("public", "sittings.trial_not_public")])
    plan.fee = fee
    plan.published_at = (plan.published_at or now) if public else None
    key = f"exam_plan:{plan.id}"
    shown = {"public": public, "fee": f"{fee:.2f}" if fee is not None else None}
    ledger.record(session, kind="exam.published", actor=actor, subject=key, now=now, public=shown)


def year_plan(session: Session, year: int) -> list[tuple[ExamPlan, str, list[Sitting]]]:
    """(exam, institution, sittings) of the public plan, by the first sitting; one without a date yet by its publication."""
    query = select(ExamPlan, Organisation.name).join(Organisation, Organisation.id == ExamPlan.organisation_id)
    found = []
    for plan, institution in session.execute(query.where(ExamPlan.published_at.is_not(None))):
        sittings = list(
            session.scalars(select(Sitting).where(Sitting.exam_plan_id == plan.id).order_by(Sitting.starts_at))
        )
        first = sittings[0].starts_at if sittings else plan.published_at or plan.created_at
        if first.astimezone(CHINA).year == year:
            found.append((first, plan, institution, sittings))
    found.sort(key=lambda each: (each[0], each[1].id))
    return [(plan, institution, sittings) for _first, plan, institution, sittings in found]


def announce(
    session: Session, organisation_id: UUID, title: str, body: str, *, token: str, actor: str, now: datetime
) -> Announcement:
    """The same token again returns what it published."""
    if made := session.scalar(select(Announcement).where(Announcement.token == token)):
        return made
    made = Announcement(
        organisation_id=organisation_id, title=title, body=body, published_at=now, published_by=actor, token=token
    )
    session.add(made)
    session.flush()
    public = {"title": title}
    key = f"announcement:{made.id}"
    ledger.record(session, kind="announcement.published", actor=actor, subject=key, now=now, public=public)
    return made


def withdraw(session: Session, found: Announcement, actor: str, now: datetime) -> None:
    if found.withdrawn_at is None:
        found.withdrawn_at = now
        key = f"announcement:{found.id}"
        ledger.record(session, kind="announcement.withdrawn", actor=actor, subject=key, now=now)


def announcements_query(organisation_id: UUID | None = None) -> Select[Any]:
    """Those that stand, newest first; of one institution where it is given."""
    query = select(Announcement).where(Announcement.withdrawn_at.is_(None))
    if organisation_id is not None:
        query = query.where(Announcement.organisation_id == organisation_id)
    return query.order_by(Announcement.published_at.desc(), Announcement.id.desc())


def announcement(session: Session, announcement_id: UUID) -> tuple[Announcement, str]:
    """With the institution's name. Raises NotFound, for a withdrawn one too."""
    query = select(Announcement, Organisation.name).join(Organisation, Organisation.id == Announcement.organisation_id)
    row = session.execute(query.where(Announcement.id == announcement_id)).first()
    if row is None or row[0].withdrawn_at is not None:
        raise NotFound("not_found")
    return row[0], row[1]


def record_payment(
    session: Session, of: Registration, amount: Decimal | None, note: str, actor: str, now: datetime
) -> None:
    """What was paid, in yuan, and the number of the receipt; None takes the entry back. Raises Invalid."""
    if amount is not None and not 0 <= amount <= HIGHEST_FEE:
        raise Invalid([Problem("paid", "sittings.fee_range")])
    of.paid, of.paid_at, of.paid_note = amount, now if amount is not None else None, note.strip()[:120]
    private = {"paid": f"{amount:.2f}" if amount is not None else None, "note": of.paid_note}
    key = f"registration:{of.id}"
    ledger.record(session, kind="candidate.fee_recorded", actor=actor, subject=key, now=now, private=private)


def payments(session: Session, exam_plan_id: UUID) -> tuple[int, Decimal]:
    """How many have paid, and how much in yuan."""
    query = select(func.count(Registration.paid), func.sum(Registration.paid)).where(
        Registration.exam_plan_id == exam_plan_id, Registration.state == RegistrationState.REGISTERED
    )
    count, total = session.execute(query).one()
    return count, total or Decimal(0)
