"""The long work of this room."""

from certengine.foundation.jobs import Job, job
from certengine.foundation.runtime import Runtime
from certengine.sittings import ticket_batches


@job(ticket_batches.KIND)
def make_tickets(runtime: Runtime, row: Job) -> None:
    ticket_batches.make(runtime, row)
