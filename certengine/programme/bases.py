"""Bases: plaque, indicators from the records, yearly report and reminders, assessment, standing, removal."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, union
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.foundation.ids import new_id
from certengine.foundation.inserting import insert_new
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import messages, regions
from certengine.people.messages import Told
from certengine.people.models import Organisation
from certengine.programme import documents, notices, problems, reminder_problems, rules
from certengine.programme.application_models import Application, ApplicationKind
from certengine.programme.applications import on_award
from certengine.programme.base_models import (
    AssessmentVerdict,
    BaseAssessment,
    BaseReminder,
    BaseReport,
    BaseStanding,
    BaseState,
    Tier,
    TrainingBase,
)
from certengine.programme.document_models import DocumentKind
from certengine.programme.document_sheet import Paper
from certengine.programme.documents import Wanted
from certengine.programme.notices import Told as Notice
from certengine.programme.rules import Indicators
from certengine.programme.seminar_models import Participant, ParticipantState, Seminar, SeminarState
from certengine.training.course_models import Course, CourseEnrolment, CourseState
from certengine.training.models import Enrolment, TrainingClass

__all__ = ["problems", "reminder_problems"]

TIERS = {Tier.NATIONAL: "国家级", Tier.PROVINCIAL: "省级"}


@dataclass(frozen=True)
class ReportFacts:
    """What a base states of its year."""

    trained: int
    seminars: int
    courses: int
    summary: str
    plan: str


def designate_base(
    session: Session, runtime: Runtime, organisation_id: UUID, tier: Tier, *, actor: str, now: datetime
) -> TrainingBase:
    """Gives an organisation the title and a plaque with its number: tier letter, year, three digits."""
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
    _record(session, "base.designated", base, actor, now, {"plaque": base.plaque})
    _stand(session, base, BaseState.IN_GOOD_STANDING, "命名", actor, now)
    issue_plaque(session, runtime, base, actor=actor, now=now)
    return base


def issue_plaque(session: Session, runtime: Runtime, base: TrainingBase, *, actor: str, now: datetime) -> None:
    """The plaque as a signed PDF with number and QR code."""
    name = session.get_one(Organisation, base.organisation_id).name
    title = f"{TIERS[base.tier]}专业技术人员继续教育基地"
    wanted = Wanted(DocumentKind.PLAQUE, base.subject, Paper.PLAQUE, title, name, number=base.plaque)
    documents.issue(session, runtime, wanted, actor=actor, now=now)


@on_award(ApplicationKind.BASE)
def _award_base(session: Session, runtime: Runtime, found: Application, actor: str, now: datetime) -> None:
    tier = Tier.NATIONAL if found.national else Tier.PROVINCIAL
    designate_base(session, runtime, found.organisation_id, tier, actor=actor, now=now)


def bases(session: Session, region: str = "") -> Sequence[TrainingBase]:
    """region: what the codes begin with of those that are looked after."""
    return session.scalars(_with_organisation(region).order_by(TrainingBase.plaque)).all()


def _with_organisation(region: str) -> Any:
    return (
        select(TrainingBase)
        .join(Organisation, Organisation.id == TrainingBase.organisation_id)
        .options(joinedload(TrainingBase.organisation))
        .where(Organisation.region.startswith(region, autoescape=True))
    )


def base(session: Session, base_id: UUID, region: str = "") -> TrainingBase:
    """Raises NotFound, also for a base of another region."""
    found: TrainingBase | None = session.scalar(_with_organisation(region).where(TrainingBase.id == base_id))
    if found is None:
        raise NotFound("base.not_found")
    return found


def base_of(session: Session, organisation_id: UUID) -> TrainingBase:
    found = session.scalar(select(TrainingBase).where(TrainingBase.organisation_id == organisation_id))
    if found is None:
        raise NotFound("base.not_found")
    return found


def indicators(session: Session, organisation_id: UUID, year: int) -> Indicators:
    """Counted from the records of a calendar year in China: people once, however often they learnt there."""
    begins, ends = _year(year)
    # Everybody who completed a class or a course of the organisation, or was admitted to a seminar that it hosted.
    people = union(
        select(Enrolment.person_id)
        .join(TrainingClass, TrainingClass.id == Enrolment.training_class_id)
        .where(TrainingClass.organisation_id == organisation_id, Enrolment.completed_at.between(begins, ends)),
        select(CourseEnrolment.person_id)
        .join(Course, Course.id == CourseEnrolment.course_id)
        .where(Course.organisation_id == organisation_id, CourseEnrolment.completed_at.between(begins, ends)),
        select(Participant.person_id)
        .join(Seminar, Seminar.id == Participant.seminar_id)
        .where(
            Seminar.host_id == organisation_id,
            Seminar.state == SeminarState.SUMMARISED,
            Participant.state == ParticipantState.ADMITTED,
            Seminar.starts_on.between(date(year, 1, 1), date(year, 12, 31)),
        ),
    ).subquery()
    held = select(func.count()).where(
        Seminar.host_id == organisation_id,
        Seminar.state == SeminarState.SUMMARISED,
        Seminar.starts_on.between(date(year, 1, 1), date(year, 12, 31)),
    )
    offered = select(func.count()).where(
        Course.organisation_id == organisation_id,
        Course.state.in_([CourseState.PUBLISHED, CourseState.WITHDRAWN]),
        Course.published_at.between(begins, ends),
    )
    return Indicators(
        session.scalar(select(func.count()).select_from(people)) or 0,
        session.scalar(held) or 0,
        session.scalar(offered) or 0,
    )


def _year(year: int) -> tuple[datetime, datetime]:
    begins = datetime(year, 1, 1, tzinfo=CHINA).astimezone(UTC)
    return begins, datetime(year + 1, 1, 1, tzinfo=CHINA).astimezone(UTC) - timedelta(microseconds=1)


def submit_report(
    session: Session, found: TrainingBase, year: int, facts: ReportFacts, *, actor: str, now: datetime
) -> BaseReport:
    """A late report is taken and stays marked as late; a second one for the same year is refused."""
    if found.state is BaseState.REMOVED:
        raise Conflict("base.removed")
    if any(report.year == year for report in found.reports):
        raise Conflict("base.reported", year=year)
    counted = indicators(session, found.organisation_id, year)
    report = BaseReport(
        training_base_id=found.id,
        year=year,
        counted=vars(counted),
        submitted_at=now,
        submitted_by=actor,
        **vars(facts),
    )
    found.reports.append(report)
    session.flush()
    public = {"year": year, "trained": facts.trained, "counted": counted.trained}
    _record(session, "base.reported", found, actor, now, public)
    return report


def report_is_late(report: BaseReport) -> bool:
    return rules.report_due(report.year, report.submitted_at.astimezone(CHINA).date()).late


def without_report(session: Session, year: int, region: str = "") -> Sequence[TrainingBase]:
    """The bases in title, designated by then, whose report of a year is not there."""
    reported = select(BaseReport.training_base_id).where(BaseReport.year == year)
    query = _with_organisation(region).where(
        TrainingBase.state != BaseState.REMOVED,
        TrainingBase.designated_on <= date(year, 12, 31),
        TrainingBase.id.not_in(reported),
    )
    return session.scalars(query.order_by(TrainingBase.plaque)).all()  # type: ignore[no-any-return]


def remind(session: Session, runtime: Runtime, *, actor: str, now: datetime) -> int:
    """Reminds every base whose report is missing, once at each of the stages; returns how many were reminded."""
    today = now.astimezone(CHINA).date()
    year = rules.reporting_year(today)
    due = rules.report_due(year, today)
    stage = rules.reminder_stage(due.days_left)
    if stage is None:
        return 0
    told = 0
    for each in without_report(session, year):
        row = {"id": new_id(), "training_base_id": each.id, "year": year, "days": stage, "at": now}
        if insert_new(session, BaseReminder, row):
            _record(session, "base.reminded", each, actor, now, {"year": year, "days": stage})
            messages.tell(session, runtime, _reminder(each, year, stage, due.due), now)
            told += 1
    return told


def _reminder(found: TrainingBase, year: int, stage: int, due: date) -> Told:
    code = "base.report_late" if stage < 0 else "base.report_due"
    values = {"year": year, "due": due.isoformat()}
    return Told(found.organisation_id, f"{found.subject}:{year}:{stage}", code, values, "/programme/base")


def reminders(session: Session, base_id: UUID, year: int) -> Sequence[BaseReminder]:
    query = select(BaseReminder).where(BaseReminder.training_base_id == base_id, BaseReminder.year == year)
    return session.scalars(query.order_by(BaseReminder.at.desc())).all()


def assess(
    session: Session,
    found: TrainingBase,
    year: int,
    verdict: AssessmentVerdict,
    opinion: str,
    *,
    actor: str,
    now: datetime,
) -> BaseAssessment:
    """The year's judgement, beside the figures of the records. Raises Conflict for a second one."""
    if any(each.year == year for each in found.assessments):
        raise Conflict("base.assessed", year=year)
    if not opinion.strip():
        raise Invalid([Problem("opinion", "base.reason_missing")])
    counted = indicators(session, found.organisation_id, year)
    report = next((each for each in found.reports if each.year == year), None)
    in_time = report is not None and not report_is_late(report)
    made = BaseAssessment(
        training_base_id=found.id,
        year=year,
        indicators={**vars(counted), "in_time": in_time},
        score=rules.base_score(counted, in_time),
        verdict=verdict,
        opinion=opinion.strip(),
        at=now,
        by=actor,
    )
    found.assessments.append(made)
    session.flush()
    _record(session, "base.assessed", found, actor, now, {"year": year, "verdict": verdict.value})
    return made


def put_right(session: Session, found: TrainingBase, until: date, reason: str, *, actor: str, now: datetime) -> None:
    """The base must put things right by a day."""
    _change(session, found, BaseState.PUT_RIGHT, reason, actor, now)
    if until <= now.astimezone(CHINA).date():
        raise Invalid([Problem("until", "base.until")])
    found.put_right_until = until


def restore(session: Session, found: TrainingBase, reason: str, *, actor: str, now: datetime) -> None:
    """In good standing again: put right, or a removal that was not carried out."""
    _change(session, found, BaseState.IN_GOOD_STANDING, reason, actor, now)
    found.put_right_until = None


def propose_removal(
    session: Session, found: TrainingBase, reason: str, *, until: date, actor: str, now: datetime
) -> None:
    """Publishes the removal that is intended; the base and anybody may object to it."""
    _change(session, found, BaseState.REMOVAL_PROPOSED, reason, actor, now)
    name, region = found.organisation.name, found.organisation.region
    told = Notice(found.subject, f"拟撤销继续教育基地：{name}（{found.plaque}）", reason.strip(), region, until)
    notices.publish(session, told, actor=actor, now=now)


def remove(session: Session, found: TrainingBase, reason: str, *, actor: str, now: datetime) -> None:
    """Raises Conflict until the days for objections are over and none is open or upheld. The plaque counts no more."""
    if found.state is not BaseState.REMOVAL_PROPOSED:
        raise Conflict("base.removal_first")
    if problem := notices.closing_problem(notices.notice_of(session, found.subject), now):
        raise Conflict(problem)
    _change(session, found, BaseState.REMOVED, reason, actor, now)
    documents.withdraw(session, found.subject, reason, actor=actor, now=now)


def _change(session: Session, found: TrainingBase, state: BaseState, reason: str, actor: str, now: datetime) -> None:
    if found.state is BaseState.REMOVED:
        raise Conflict("base.removed")
    if not rules.standing_may_follow(found.state, state):
        raise Conflict("base.state")
    if not reason.strip():
        raise Invalid([Problem("reason", "base.reason_missing")])
    _stand(session, found, state, reason.strip(), actor, now)
    _record(session, "base.standing", found, actor, now, {"state": state.value}, {"reason": reason})


def _stand(session: Session, found: TrainingBase, state: BaseState, reason: str, actor: str, now: datetime) -> None:
    found.state, found.reason = state, "" if state is BaseState.IN_GOOD_STANDING else reason
    session.add(BaseStanding(training_base_id=found.id, state=state, reason=reason, at=now, by=actor))
    session.flush()
    session.expire(found, ["standings"])


def must_decide(region: str) -> None:
    """Raises NotAllowed for a city's department: bases are the province's."""
    if not regions.is_provincial(region):
        raise NotAllowed("base.province_only")


def _record(
    session: Session,
    kind: str,
    found: TrainingBase,
    actor: str,
    now: datetime,
    public: dict[str, Any],
    private: dict[str, Any] | None = None,
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=found.subject, now=now, public=public, private=private)
