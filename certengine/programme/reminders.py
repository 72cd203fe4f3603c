"""Who is reminded of what: bases of their yearly report, hosts of a seminar's summary, departments of who is late."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.people import messages, regions
from certengine.people.messages import Told
from certengine.people.models import Organisation, OrganisationKind
from certengine.programme import bases, notices, reminder_problems, rules, working_days
from certengine.programme.seminar_models import Seminar, SeminarState

__all__ = ["reminder_problems"]


@dataclass(frozen=True)
class Reminded:
    bases: int
    seminars: int
    departments: int


def remind_due(runtime: Runtime) -> Reminded:
    """Everything that is due today, each once; what a timer does."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        reminded = bases.remind(session, runtime, actor="clock", now=now)
        return Reminded(reminded, _seminars(session, runtime, now), _late_bases(session, runtime, now))


def _seminars(session: Session, runtime: Runtime, now: datetime) -> int:
    """Hosts and applicants shortly before a summary is due and once it is late; then their departments too."""
    today, calendar = notices.today(now), working_days.calendar(session)
    departments = _departments(session)
    told = 0
    query = select(Seminar).where(Seminar.state == SeminarState.APPROVED, Seminar.ends_on < today)
    for each in session.scalars(query.order_by(Seminar.ends_on, Seminar.id)):
        due = rules.summary_due(each.ends_on, calendar)
        stage = rules.summary_stage(today, due, calendar)
        if stage is None:
            continue
        values = {"title": each.title, "due": due.isoformat()}
        ends = {each.host_id, each.organisation_id}
        for owner in sorted(ends):
            told += _tell(session, runtime, owner, f"{each.subject}:{stage}", f"seminar.summary_{stage}", values, now)
        if stage == "late":
            for department in _over(departments, each.region):
                if department.id not in ends:
                    key = f"{each.subject}:listed"
                    told += _tell(session, runtime, department.id, key, "seminar.summary_listed", values, now)
    return told


def _late_bases(session: Session, runtime: Runtime, now: datetime) -> int:
    """Departments, once a year, of how many bases of theirs did not report in time."""
    today = notices.today(now)
    due = rules.report_due(rules.reporting_year(today), today)
    if not due.late:
        return 0
    told = 0
    for department in _departments(session):
        missing = bases.without_report(session, due.year, regions.reach(department.region))
        if missing:
            told += messages.tell(
                session,
                runtime,
                Told(
                    department.id,
                    f"bases:{due.year}:late:{department.id}",
                    "base.reports_late",
                    {"year": due.year, "count": len(missing), "due": due.due.isoformat()},
                    "/programme/bases",
                ),
                now,
            )
    return told


def _tell(
    session: Session, runtime: Runtime, owner: UUID, key: str, code: str, values: Mapping[str, str], now: datetime
) -> bool:
    """About a seminar; key begins with its subject."""
    seminar_id = key.split(":")[1]
    told = Told(owner, f"{key}:{owner}", code, values, f"/programme/seminars/{seminar_id}")
    return messages.tell(session, runtime, told, now)


def _departments(session: Session) -> Sequence[Organisation]:
    query = select(Organisation).where(Organisation.kind == OrganisationKind.DEPARTMENT)
    return session.scalars(query.order_by(Organisation.id)).all()


def _over(departments: Sequence[Organisation], region: str) -> list[Organisation]:
    """Those that look after a region."""
    return [each for each in departments if region.startswith(regions.reach(each.region))]
