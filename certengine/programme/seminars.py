"""Seminars: application by a department or industry authority, experts, approval or recommendation, the ministry."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, or_, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.people import service as people
from certengine.people.models import Organisation, OrganisationKind
from certengine.programme import notices, panels, problems, rules, working_days
from certengine.programme.base_models import Tier
from certengine.programme.notices import Told
from certengine.programme.panels import Reviewed
from certengine.programme.seminar_models import Seminar, SeminarState

__all__ = ["problems"]

APPLICANTS = (OrganisationKind.DEPARTMENT, OrganisationKind.INDUSTRY_AUTHORITY)
HOSTS = (*APPLICANTS, OrganisationKind.BASE, OrganisationKind.TRAINING_INSTITUTION)


@dataclass(frozen=True)
class SeminarFacts:
    """budget in yuan; host_id None where the applicant hosts it."""

    title: str
    tier: Tier
    starts_on: date
    ends_on: date
    places: int
    fund: str
    content: str = ""
    budget: Decimal = Decimal(0)
    host_id: UUID | None = None


@dataclass(frozen=True)
class SeminarTotals:
    """A year's seminars that were held and summarised, against the plan's targets."""

    seminars: int
    people: int


@dataclass(frozen=True)
class SeminarViewer:
    """Whose eyes look: decides where the account may decide on seminars."""

    organisation_id: UUID
    region: str
    decides: bool

    def may_see(self, found: Seminar) -> bool:
        here = self.decides and found.region.startswith(regions.reach(self.region))
        return here or self.organisation_id in (found.organisation_id, found.host_id)

    def may_decide(self, found: Seminar) -> bool:
        """The province's department, and never over its own application."""
        here = found.region.startswith(regions.reach(self.region)) and regions.is_provincial(self.region)
        return self.decides and here and self.organisation_id != found.organisation_id

    def may_run(self, found: Seminar) -> bool:
        return self.organisation_id in (found.organisation_id, found.host_id)


def hosts(session: Session, region: str) -> Sequence[Organisation]:
    """Who may host a seminar of this province, by name."""
    query = select(Organisation).where(Organisation.kind.in_(HOSTS), Organisation.region.startswith(region[:2]))
    return session.scalars(query.order_by(Organisation.name)).all()


def apply_for_seminar(
    session: Session, organisation_id: UUID, facts: SeminarFacts, *, token: str, actor: str, now: datetime
) -> Seminar:
    """Raises Invalid when the dates are wrong or the application comes less than 30 days ahead."""
    if made := session.scalar(select(Seminar).where(Seminar.token == token)):
        return made
    applicant = people.organisation(session, organisation_id)
    if applicant.kind not in APPLICANTS:
        raise NotAllowed("seminar.applicant")
    found = []
    if facts.ends_on < facts.starts_on:
        found.append(Problem("ends_on", "seminar.dates"))
    if not rules.application_in_time(now.astimezone(CHINA).date(), facts.starts_on):
        found.append(Problem("starts_on", "seminar.too_late", {"days": rules.APPLICATION_DAYS_AHEAD}))
    if facts.host_id and facts.host_id not in {each.id for each in hosts(session, applicant.region)}:
        found.append(Problem("host", "seminar.host"))
    if found:
        raise Invalid(found)
    values = {**vars(facts), "host_id": facts.host_id or organisation_id}
    seminar = Seminar(organisation_id=organisation_id, region=applicant.region, applied_at=now, token=token, **values)
    session.add(seminar)
    session.flush()
    record(session, "seminar.applied", seminar, actor, now, {"tier": facts.tier.value})
    return seminar


def reviewed(found: Seminar) -> Reviewed:
    return Reviewed(found.subject, found.title, frozenset({found.organisation_id, found.host_id}))


def assign_experts(
    session: Session, found: Seminar, account_ids: Sequence[UUID], *, viewer: SeminarViewer, actor: str, now: datetime
) -> int:
    _decides(found, viewer)
    if found.state is not SeminarState.APPLIED:
        raise Conflict("seminar.decided")
    return panels.assign(session, reviewed(found), account_ids, actor=actor, now=now)


def decide_seminar(
    session: Session,
    seminar: Seminar,
    *,
    accept: bool,
    opinion: str,
    viewer: SeminarViewer,
    actor: str,
    now: datetime,
) -> None:
    """Provincial seminars are approved here, national ones recommended to the ministry; experts have scored before."""
    _decides(seminar, viewer)
    if seminar.state is not SeminarState.APPLIED:
        raise Conflict("seminar.decided")
    panel = panels.panel_of(session, seminar.subject)
    if accept and not panel.complete:
        raise Conflict("seminar.experts_first")
    accepted = SeminarState.RECOMMENDED if seminar.tier is Tier.NATIONAL else SeminarState.APPROVED
    seminar.state = accepted if accept else SeminarState.REFUSED
    seminar.opinion, seminar.decided_by = opinion, actor
    average = str(panel.average) if panel.average is not None else None
    record(session, "seminar.decided", seminar, actor, now, {"state": seminar.state.value, "experts": average})


def record_ministry(
    session: Session,
    seminar: Seminar,
    *,
    approved: bool,
    reference: str,
    viewer: SeminarViewer,
    actor: str,
    now: datetime,
) -> None:
    """The ministry's answer to a recommendation, with the paper that says so."""
    _decides(seminar, viewer)
    if seminar.state is not SeminarState.RECOMMENDED:
        raise Conflict("seminar.not_recommended")
    if not reference.strip():
        raise Invalid([Problem("reference", "seminar.reference_missing")])
    seminar.state = SeminarState.APPROVED if approved else SeminarState.REFUSED
    seminar.ministry_reference = reference.strip()
    record(session, "seminar.ministry", seminar, actor, now, {"approved": approved}, {"reference": reference.strip()})


def publish_notice(
    session: Session, seminar: Seminar, title: str, text: str, *, viewer: SeminarViewer, actor: str, now: datetime
) -> None:
    """The call for participants, for everybody to read. Raises Conflict before the approval."""
    if not viewer.may_run(seminar):
        raise NotAllowed("seminar.not_host")
    if seminar.state is not SeminarState.APPROVED:
        raise Conflict("seminar.not_approved")
    notices.publish(session, Told(seminar.subject, title, text, seminar.region, None), actor=actor, now=now)


def seminars_query(viewer: SeminarViewer, year: int | None = None, state: SeminarState | None = None) -> Select[Any]:
    """What the viewer may see, newest start first."""
    mine = [Seminar.organisation_id == viewer.organisation_id, Seminar.host_id == viewer.organisation_id]
    if viewer.decides:
        mine.append(Seminar.region.startswith(regions.reach(viewer.region), autoescape=True))
    query = select(Seminar).where(or_(*mine)).options(joinedload(Seminar.organisation), joinedload(Seminar.host))
    if year:
        query = query.where(*_in_year(year))
    if state:
        query = query.where(Seminar.state == state)
    return query.order_by(Seminar.starts_on.desc(), Seminar.id)


def seminar(session: Session, seminar_id: UUID, viewer: SeminarViewer | None, lock: bool = False) -> Seminar:
    """Raises NotFound, also for what the viewer may not see; viewer None for what is public of it."""
    query = select(Seminar).where(Seminar.id == seminar_id)
    found = session.scalar(query.with_for_update(of=Seminar) if lock else query)
    if found is None or (viewer is not None and not viewer.may_see(found)):
        raise NotFound("seminar.not_found")
    return found


def seminar_totals(session: Session, year: int, region: str = "") -> SeminarTotals:
    """region: what the codes begin with that count."""
    held = (Seminar.state == SeminarState.SUMMARISED, Seminar.region.startswith(region, autoescape=True))
    count, trained = session.execute(
        select(func.count(), func.sum(Seminar.trained)).where(*held, *_in_year(year))
    ).one()
    return SeminarTotals(count, trained or 0)


def late_summaries(session: Session, viewer: SeminarViewer, today: date) -> list[tuple[Seminar, date]]:
    """Approved seminars that are over, whose summary did not come within the time, and when it was due."""
    query = seminars_query(viewer, state=SeminarState.APPROVED).where(Seminar.ends_on < today)
    calendar = working_days.calendar(session)
    dated = [(each, rules.summary_due(each.ends_on, calendar)) for each in session.scalars(query)]
    return [(each, due) for each, due in dated if due < today]


def _in_year(year: int) -> tuple[Any, ...]:
    return Seminar.starts_on >= date(year, 1, 1), Seminar.starts_on <= date(year, 12, 31)


def _decides(found: Seminar, viewer: SeminarViewer) -> None:
    if viewer.organisation_id == found.organisation_id:
        raise NotAllowed("seminar.own_application")
    if not viewer.may_decide(found):
        raise NotAllowed("seminar.not_decider")


def record(
    session: Session,
    kind: str,
    about: Seminar,
    actor: str,
    now: datetime,
    public: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> None:
    """Puts into the ledger what was done to a seminar."""
    ledger.record(session, kind=kind, actor=actor, subject=about.subject, now=now, public=public or {}, private=private)
