"""The long work of this room."""

from uuid import UUID

from certengine.foundation.jobs import Job, job
from certengine.foundation.runtime import Runtime
from certengine.people import messages


@job(messages.KIND)
def send_mail(runtime: Runtime, row: Job) -> None:
    messages.post(runtime, UUID(row.payload["message"]))
