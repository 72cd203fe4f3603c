"""Draws and marks of a sitting done again from the log, asked for on a page and done in a job."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import release_file
from certengine.bank.models import Release
from certengine.foundation import jobs
from certengine.foundation.errors import describe
from certengine.foundation.jobs import Job
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive
from certengine.ledger import service as ledger
from certengine.oversight import problems
from certengine.oversight.inspection_models import ReplayRun
from certengine.oversight.replay import Finding, replay
from certengine.sittings import service as sittings

__all__ = ["problems"]

REPLAY = "oversight.replay"


def ask(session: Session, sitting_id: UUID, *, actor: str, now: datetime) -> ReplayRun:
    """Asks for a sitting to be done again; the job fills in what was found."""
    job = jobs.submit(session, REPLAY, f"sitting:{sitting_id}", {"sitting": str(sitting_id)}, now)
    made = ReplayRun(sitting_id=sitting_id, job_id=job.id, asked_by=actor, asked_at=now, findings=[])
    session.add(made)
    session.flush()
    ledger.record(session, kind="sitting.replayed", actor=actor, subject=f"sitting:{sitting_id}", now=now)
    return made


def run(runtime: Runtime, job: Job) -> None:
    """The whole log is read as it would be exported: what was not in it cannot be done again."""
    sitting_id = UUID(job.payload["sitting"])
    with runtime.unit_of_work(read_only=True) as session:
        findings = _findings(session, runtime, sitting_id)
    with runtime.unit_of_work() as session:
        made = session.scalars(select(ReplayRun).where(ReplayRun.job_id == job.id)).one()
        made.findings = [
            {"entry": each.entry, "code": each.code, "holds": each.holds, "values": _plain(each.values)}
            for each in findings
        ]
        made.done_at = runtime.clock.now()


def _findings(session: Session, runtime: Runtime, sitting_id: UUID) -> list[Finding]:
    view = sittings.sitting(session, sitting_id)
    releases = {}
    if view.release_id:
        digest = session.scalars(select(Release.digest).where(Release.id == view.release_id)).one()
        releases[digest] = release_file.read(release_file.write(session, digest), digest)
    entries = archive.entries(ledger.export_lines(session, runtime, disclose=True))
    return [each for each in replay(entries, releases) if str(sitting_id) in str(each.values.get("sitting", ""))]


def _plain(values: Any) -> dict[str, Any]:
    return {name: value if isinstance(value, int | str) else str(value) for name, value in values.items()}


def runs(session: Session, sitting_id: UUID) -> list[ReplayRun]:
    query = select(ReplayRun).where(ReplayRun.sitting_id == sitting_id)
    return list(session.scalars(query.order_by(ReplayRun.asked_at.desc()).limit(5)))


def said(finding: dict[str, Any], translate: Any) -> str:
    """The sentence of a stored finding."""
    code = finding["code"] if finding["holds"] is not False else f"{finding['code']}.differs"
    return describe(code, {"registration": "", **finding["values"]}, translate)
