"""Files that are kept between two pages of a form: gone within a day, whether they were used or not."""

from datetime import datetime, timedelta

from sqlalchemy.orm import Session

from certengine.foundation import jobs
from certengine.foundation.errors import NotFound
from certengine.foundation.jobs import Job
from certengine.foundation.runtime import Runtime

HELD = timedelta(days=1)


def hold(session: Session, runtime: Runtime, content: bytes, now: datetime) -> str:
    """Keeps a file for a day; returns its SHA-256 in hex. Lists of people must not lie about for longer."""
    digest = runtime.files.put(content)
    jobs.submit(session, "file.drop", "held_file", {"sha256": digest}, now, due_at=now + HELD)
    return digest


def held(runtime: Runtime, digest: str) -> bytes:
    """What is kept under this digest. Raises NotFound, once it is gone too."""
    try:
        return runtime.files.get(digest)
    except (FileNotFoundError, ValueError):
        raise NotFound("not_found") from None


@jobs.job("file.drop")
def _drop(runtime: Runtime, row: Job) -> None:
    runtime.files.remove(row.payload["sha256"])
