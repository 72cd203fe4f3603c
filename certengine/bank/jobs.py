"""Large files are looked at and brought in outside the request, with a count of the rows that are done."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.bank import importing
from certengine.bank.importing import Plan, Progress
from certengine.bank.previews import Seen, of_json, seen, to_json
from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.jobs import Job, JobState, job, report, submit
from certengine.foundation.runtime import Runtime

PREVIEW = "bank.preview"
IMPORT = "bank.import"
# Bytes from which on reading a file may take longer than somebody should wait for a page.
LARGE = 1_000_000
EVERY = 500


def ask(session: Session, kind: str, bank_id: UUID, payload: dict[str, Any], now: Any) -> Job:
    """payload: sha256, filename, format, actor, and of an import keep_good."""
    return submit(session, kind, f"bank:{bank_id}", {"bank": str(bank_id), **payload}, now)


def import_job(session: Session, bank_id: UUID, job_id: UUID) -> Job:
    """Raises NotFound, for another bank's too."""
    found = session.get(Job, job_id)
    if found is None or found.subject != f"bank:{bank_id}" or found.kind not in (PREVIEW, IMPORT):
        raise NotFound("bank.no_import")
    return found


def outcome(runtime: Runtime, found: Job) -> Seen:
    """What a job that is done has to show."""
    assert found.state is JobState.DONE and found.cursor
    return of_json(runtime.files.get(found.cursor))


class _Counting:
    """Counts rows for whoever waits; every so many, for each report is a transaction."""

    def __init__(self, runtime: Runtime, job_id: UUID) -> None:
        self.runtime, self.job_id, self.total = runtime, job_id, 0

    def __call__(self, done: int, total: int) -> None:
        self.total = total
        if done % EVERY == 0:
            report(self.runtime, self.job_id, done=done, total=total)

    def over(self, shown: Seen) -> None:
        kept = self.runtime.files.put(to_json(shown))
        report(self.runtime, self.job_id, done=self.total, total=self.total, cursor=kept)


def _unreadable(asked: dict[str, Any], error: Invalid) -> Seen:
    return Seen(asked["filename"], asked["format"], asked["sha256"], {}, tuple(error.problems), (), True, True)


def _plan(runtime: Runtime, asked: dict[str, Any], session: Session, progress: Progress) -> Plan:
    return importing.preview(
        session,
        bank_id=UUID(asked["bank"]),
        filename=asked["filename"],
        data=runtime.files.get(asked["sha256"]),
        format=asked["format"],
        progress=progress,
    )


@job(PREVIEW)
def preview(runtime: Runtime, row: Job) -> None:
    asked, progress = row.payload, _Counting(runtime, row.id)
    try:
        with runtime.unit_of_work(read_only=True) as session:
            shown = seen(_plan(runtime, asked, session, progress))
    except Invalid as error:
        shown = _unreadable(asked, error)
    progress.over(shown)


@job(IMPORT)
def bring_in(runtime: Runtime, row: Job) -> None:
    """Reads without holding anybody up, then writes all rows in one transaction.

    Started again after a crash it finds all of them there, or none.
    """
    asked, progress = row.payload, _Counting(runtime, row.id)
    bank_id = UUID(asked["bank"])
    try:
        with runtime.unit_of_work(read_only=True) as session:
            planned = _plan(runtime, asked, session, progress)
        with runtime.unit_of_work() as session:
            if not importing.is_current(session, bank_id, planned):
                planned = _plan(runtime, asked, session, lambda done, total: None)
            importing.bring_in(
                session,
                planned,
                bank_id=bank_id,
                keep_good=asked["keep_good"],
                actor=asked["actor"],
                now=runtime.clock.now(),
            )
        shown = replace(seen(planned), faulty=False)
    except Invalid as error:
        shown = _unreadable(asked, error)
    progress.over(shown)
