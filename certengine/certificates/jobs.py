"""The long work of this room."""

from datetime import timedelta
from uuid import UUID

from certengine.certificates import batches, countersigning, sealing
from certengine.foundation.jobs import Job, job, report
from certengine.foundation.runtime import Runtime


@job(batches.ISSUE)
def issue(runtime: Runtime, row: Job) -> None:
    """Goes on where an earlier run was killed: the lines that have a certificate are done."""
    while True:
        with runtime.unit_of_work() as session:
            issued = batches.issue_next(session, runtime, row.id, row.payload["actor"], runtime.clock.now())
        if not issued:
            return
        with runtime.unit_of_work(read_only=True) as session:
            done = batches.done(session, row.id)
        report(runtime, row.id, done=done, total=row.total)


@job(countersigning.COUNTERSIGN)
def countersign(runtime: Runtime, row: Job) -> None:
    """Goes on where an earlier run was killed: a batch and how far it is are one transaction."""
    goes_on = True
    while goes_on:
        with runtime.unit_of_work() as session:
            goes_on = countersigning.countersign_next(session, runtime, row.id, runtime.clock.now())


@job(sealing.RESTAMP)
def restamp(runtime: Runtime, row: Job) -> None:
    """What bears a time stamp of a key that was compromised is stamped again, a batch at a time."""
    done, after = row.done, UUID(row.cursor) if row.cursor else None
    while True:
        with runtime.unit_of_work() as session:
            # Whatever had aged when it was asked for.
            before = row.created_at + timedelta(seconds=1)
            stamped, after = sealing.restamp_next(session, runtime, before, runtime.clock.now(), after)
        if after is None:
            return
        done += stamped
        report(runtime, row.id, done=done, total=max(row.total, done), cursor=str(after))
