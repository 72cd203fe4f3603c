"""Seminars: application, decision, summary. Bases: plaque, yearly report, late list, put right or removed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.programme import problems, rules
from certengine.programme.models import BaseReport, BaseState, Seminar, SeminarState, Tier, TrainingBase

__all__ = ["problems"]


@dataclass(frozen=True)
class SeminarFacts:
    title: str
    tier: Tier
    starts_on: date
    ends_on: date
    places: int
    fund: str


@dataclass(frozen=True)
class SeminarTotals:
    """A year's seminars that were held and summarised, against the plan's targets."""

    seminars: int
    people: int


def apply_for_seminar(
    session: Session, organisation_id: UUID, facts: SeminarFacts, *, token: str, actor: str, now: datetime
) -> Seminar:
    """Raises Invalid when the dates are wrong or the application comes less than 30 days ahead."""
    if made := session.scalar(select(Seminar).where(Seminar.token == token)):
        return made
    if facts.ends_on < facts.starts_on:
        raise Invalid([Problem("ends_on", "seminar.dates")])
    if not rules.application_in_time(now.astimezone(CHINA).date(), facts.starts_on):
        raise Invalid([Problem("starts_on", "seminar.too_late")])
    seminar = Seminar(
        organisation_id=organisation_id,
        title=facts.title,
        tier=facts.tier,
        starts_on=facts.starts_on,
        ends_on=facts.ends_on,
        places=facts.places,
        fund=facts.fund,
        applied_at=now,
        token=token,
    )
    session.add(seminar)
    session.flush()
    _record(session, "seminar.applied", f"seminar:{seminar.id}", actor, now, {"tier": facts.tier.value})
    return seminar


def decide_seminar(
    session: Session,
    seminar: Seminar,
    *,
    accept: bool,
    opinion: str,
    actor: str,
    actor_organisation: UUID,
    now: datetime,
) -> None:
    """Provincial seminars are approved here; national ones are recommended to the ministry."""
    if seminar.organisation_id == actor_organisation:
        raise NotAllowed("seminar.own_application")
    if seminar.state is not SeminarState.APPLIED:
        raise Conflict("seminar.decided")
    accepted = SeminarState.RECOMMENDED if seminar.tier is Tier.NATIONAL else SeminarState.APPROVED
    seminar.state = accepted if accept else SeminarState.REFUSED
    seminar.opinion, seminar.decided_by = opinion, actor
    _record(session, "seminar.decided", f"seminar:{seminar.id}", actor, now, {"state": seminar.state.value})


def summarise_seminar(
    session: Session,
    seminar: Seminar,
    *,
    trained: int,
    satisfaction: Decimal,
    summary: str,
    actor: str,
    now: datetime,
) -> None:
    if seminar.state not in (SeminarState.APPROVED, SeminarState.RECOMMENDED):
        raise Conflict("seminar.not_approved")
    seminar.state = SeminarState.SUMMARISED
    seminar.trained, seminar.satisfaction, seminar.summary = trained, satisfaction, summary
    seminar.summarised_at = now
    _record(session, "seminar.summarised", f"seminar:{seminar.id}", actor, now, {"trained": trained})


def seminars(session: Session, organisation_id: UUID | None) -> Sequence[Seminar]:
    """All seminars, or those of one organisation, newest start first."""
    query = select(Seminar).options(joinedload(Seminar.organisation)).order_by(Seminar.starts_on.desc())
    if organisation_id is not None:
        query = query.where(Seminar.organisation_id == organisation_id)
    return session.scalars(query).all()


def seminar(session: Session, seminar_id: UUID, organisation_id: UUID | None) -> Seminar:
    """One seminar; an organisation sees only its own."""
    found = session.get(Seminar, seminar_id)
    if found is None or organisation_id not in (None, found.organisation_id):
        raise NotFound("seminar.not_found")
    return found


def seminar_totals(session: Session, year: int) -> SeminarTotals:
    held = (
        Seminar.state == SeminarState.SUMMARISED,
        Seminar.starts_on >= date(year, 1, 1),
        Seminar.starts_on <= date(year, 12, 31),
    )
    count, people = session.execute(select(func.count(), func.sum(Seminar.trained)).where(*held)).one()
    return SeminarTotals(count, people or 0)


def designate_base(session: Session, organisation_id: UUID, tier: Tier, *, actor: str, now: datetime) -> TrainingBase:
    """Gives an organisation the title and a plaque number: tier letter, year, three digits."""
    if session.scalar(select(TrainingBase.id).where(TrainingBase.organisation_id == organisation_id)):
        raise Conflict("base.exists")
    today = now.astimezone(CHINA).date()
    letter = "G" if tier is Tier.NATIONAL else "S"
    count = session.scalar(select(func.count()).where(TrainingBase.plaque.like(f"{letter}{today.year}-%"))) or 0
    base = TrainingBase(
        organisation_id=organisation_id,
        tier=tier,
        plaque=f"{letter}{today.year}-{count + 1:03}",
        designated_on=today,
    )
    session.add(base)
    session.flush()
    _record(session, "base.designated", f"base:{base.id}", actor, now, {"plaque": base.plaque})
    return base


def bases(session: Session) -> Sequence[TrainingBase]:
    return session.scalars(
        select(TrainingBase).options(joinedload(TrainingBase.organisation)).order_by(TrainingBase.plaque)
    ).all()


def base_of(session: Session, organisation_id: UUID) -> TrainingBase:
    found = session.scalar(select(TrainingBase).where(TrainingBase.organisation_id == organisation_id))
    if found is None:
        raise NotFound("base.not_found")
    return found


def submit_report(
    session: Session,
    base: TrainingBase,
    *,
    year: int,
    trained: int,
    seminars_hosted: int,
    courses: int,
    summary: str,
    plan: str,
    actor: str,
    now: datetime,
) -> BaseReport:
    """A late report is taken and stays marked as late; a second one for the same year is refused."""
    if base.state is BaseState.REMOVED:
        raise Conflict("base.removed")
    if any(report.year == year for report in base.reports):
        raise Conflict("base.reported", year=year)
    report = BaseReport(
        training_base_id=base.id,
        year=year,
        trained=trained,
        seminars=seminars_hosted,
        courses=courses,
        summary=summary,
        plan=plan,
        submitted_at=now,
        submitted_by=actor,
    )
    base.reports.append(report)
    session.flush()
    _record(session, "base.reported", f"base:{base.id}", actor, now, {"year": year, "trained": trained})
    return report


def report_is_late(report: BaseReport) -> bool:
    return rules.report_due(report.year, report.submitted_at.astimezone(CHINA).date()).late


def without_report(session: Session, year: int) -> Sequence[TrainingBase]:
    """The bases in title whose report of a year is not there."""
    reported = select(BaseReport.training_base_id).where(BaseReport.year == year)
    return session.scalars(
        select(TrainingBase)
        .options(joinedload(TrainingBase.organisation))
        .where(TrainingBase.state != BaseState.REMOVED, TrainingBase.id.not_in(reported))
        .order_by(TrainingBase.plaque)
    ).all()


def change_standing(
    session: Session, base: TrainingBase, state: BaseState, reason: str, *, actor: str, now: datetime
) -> None:
    """Puts a base right, restores or removes it; the reason is part of the record."""
    if base.state is BaseState.REMOVED:
        raise Conflict("base.removed")
    if not reason.strip():
        raise Invalid([Problem("reason", "base.reason_missing")])
    base.state, base.reason = state, reason
    _record(session, "base.standing", f"base:{base.id}", actor, now, {"state": state.value}, {"reason": reason})


def _record(
    session: Session,
    kind: str,
    subject: str,
    actor: str,
    now: datetime,
    public: dict[str, object],
    private: dict[str, object] | None = None,
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=subject, now=now, public=public, private=private)
