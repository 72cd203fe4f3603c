"""What a supervisor sees: the programme in figures, what runs now, and who did what."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate, CertificateState
from certengine.foundation.clock import CHINA
from certengine.ledger.models import LedgerEntry
from certengine.marking.models import Result, Verdict
from certengine.people import reach, regions
from certengine.people.models import Account, Organisation, OrganisationKind
from certengine.proctoring.models import Incident
from certengine.sittings import service as sittings
from certengine.sittings.models import ExamPlan, ExamRoom, Registration, Sitting
from certengine.sittings.service import ExamRoomView, SittingView

NEAR = timedelta(days=14)


@dataclass(frozen=True)
class Figures:
    institutions: int
    candidates: int
    results: int
    passed: int
    certificates: int
    revoked: int
    incidents: int


@dataclass(frozen=True)
class SittingLine:
    sitting: SittingView
    institution: str
    rooms: Sequence[ExamRoomView]
    incidents: int


def figures(session: Session, region: str) -> Figures:
    """Of the organisations that a department of the region looks after."""
    here = reach.within(region)
    plans = select(ExamPlan.id).where(ExamPlan.organisation_id.in_(here))
    sittings_here = select(Sitting.id).where(Sitting.exam_plan_id.in_(plans))

    def count(query: Select[Any]) -> int:
        return session.scalar(query) or 0

    kinds = (OrganisationKind.EVALUATION_INSTITUTION, OrganisationKind.TRAINING_INSTITUTION)
    results = select(func.count(Result.registration_id)).where(Result.exam_plan_id.in_(plans))
    issued = select(func.count(Certificate.id)).where(Certificate.organisation_id.in_(here))
    ended = Certificate.state == CertificateState.REVOKED
    return Figures(
        count(select(func.count(Organisation.id)).where(Organisation.kind.in_(kinds), Organisation.id.in_(here))),
        count(select(func.count(Registration.id)).where(Registration.exam_plan_id.in_(plans))),
        count(results),
        count(results.where(Result.verdict == Verdict.PASSED)),
        count(issued),
        count(issued.where(ended)),
        count(select(func.count(Incident.id)).where(Incident.sitting_id.in_(sittings_here))),
    )


def sittings_near(session: Session, now: datetime, region: str) -> list[SittingLine]:
    """What runs now, what comes within two weeks and what was within the last two, by time."""
    query = (
        select(Sitting.id)
        .join(ExamPlan, ExamPlan.id == Sitting.exam_plan_id)
        .where(Sitting.starts_at.between(now - NEAR, now + NEAR), ExamPlan.organisation_id.in_(reach.within(region)))
        .order_by(Sitting.starts_at)
    )
    names = {row.id: row.name for row in session.execute(select(Organisation.id, Organisation.name))}
    counts = _incidents(session)
    lines = []
    for sitting_id in session.scalars(query).all():
        view = sittings.sitting(session, sitting_id)
        rooms = sittings.exam_rooms(session, sitting_id)
        lines.append(SittingLine(view, names[view.organisation_id], rooms, counts.get(sitting_id, 0)))
    return lines


def _incidents(session: Session) -> Mapping[UUID, int]:
    query = select(ExamRoom.sitting_id, func.count(Incident.id)).join(Incident, Incident.exam_room_id == ExamRoom.id)
    return {row[0]: row[1] for row in session.execute(query.group_by(ExamRoom.sitting_id))}


def issued_by_month(session: Session, now: datetime, region: str, months: int = 12) -> list[tuple[str, int]]:
    """(YYYY-MM, certificates issued) of the last months, in China's time."""
    local = now.astimezone(CHINA)
    keys = [
        f"{local.year + (local.month - 1 - back) // 12}-{(local.month - 1 - back) % 12 + 1:02}"
        for back in range(months)
    ]
    counts = dict.fromkeys(reversed(keys), 0)
    for moment in session.scalars(
        select(Certificate.issued_at).where(
            Certificate.issued_at > now - timedelta(days=370), Certificate.organisation_id.in_(reach.within(region))
        )
    ):
        key = f"{moment.astimezone(CHINA):%Y-%m}"
        if key in counts:
            counts[key] += 1
    return list(counts.items())


@dataclass(frozen=True)
class AuditFilter:
    kind: str = ""
    login: str = ""
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True)
class AuditReach:
    """Whose acts may be seen: of a region, or of one organisation; of all where neither is given."""

    region: str = ""
    organisation_id: UUID | None = None


def administrators_reach(session: Session, organisation_id: UUID) -> AuditReach:
    """Of the province's department the whole log, of anybody else their own organisation's acts."""
    own = session.get_one(Organisation, organisation_id)
    if own.kind is OrganisationKind.DEPARTMENT:
        return AuditReach(region=own.region)
    return AuditReach(organisation_id=organisation_id)


def _actors(session: Session, whose: AuditReach) -> list[str] | None:
    """The accounts whose acts may be seen; None for everybody's."""
    query = select(Account.id)
    if whose.organisation_id:
        query = query.where(Account.organisation_id == whose.organisation_id)
    elif whose.region and not regions.is_provincial(whose.region):
        query = query.where(Account.organisation_id.in_(reach.within(whose.region)))
    else:
        return None
    return [f"account:{each}" for each in session.scalars(query)]


def audit_query(session: Session, wanted: AuditFilter, whose: AuditReach) -> Select[Any]:
    """The ledger's entries, newest first; kind is the beginning of a kind, login an account's sign-in name."""
    query = select(LedgerEntry).order_by(LedgerEntry.at.desc(), LedgerEntry.id.desc())
    actors = _actors(session, whose)
    if actors is not None:
        query = query.where(LedgerEntry.actor.in_(actors))
    if wanted.kind:
        query = query.where(LedgerEntry.kind.startswith(wanted.kind, autoescape=True))
    if wanted.login:
        account_id = session.scalar(select(Account.id).where(Account.login == wanted.login))
        query = query.where(LedgerEntry.actor == f"account:{account_id}")
    if wanted.since:
        query = query.where(LedgerEntry.at >= wanted.since)
    if wanted.until:
        query = query.where(LedgerEntry.at < wanted.until)
    return query
