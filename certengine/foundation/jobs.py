"""Long work outside the request: a row that says what is wanted and how far it is, and Huey that has it done.

The row is written in the transaction that wants the work, so that neither exists without the other. A job commits
per batch and keeps a cursor in its row; killed half way, it is started again by `resume_jobs` and goes on from there.
"""

import enum
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from huey import SqliteHuey
from huey.api import Huey
from sqlalchemy import ColumnElement, String, Text, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.foundation.runtime import Runtime, after_commit, current

# A job that has said nothing for so long is taken to have died with its process.
SILENCE = timedelta(minutes=2)


class JobState(enum.Enum):
    WAITING = "waiting"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    __tablename__ = "job"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(60))
    subject: Mapped[str] = mapped_column(String(80), index=True)
    payload: Mapped[dict[str, Any]]
    state: Mapped[JobState] = mapped_column(default=JobState.WAITING, index=True)
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    cursor: Mapped[str | None] = mapped_column(String(80))
    error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime]
    heard_at: Mapped[datetime]
    # Not before; None is at once.
    due_at: Mapped[datetime | None]

    @property
    def percent(self) -> int:
        return 100 if self.state is JobState.DONE else self.done * 100 // self.total if self.total else 0


Handler = Callable[[Runtime, Job], None]
_handlers: dict[str, Handler] = {}


def job(kind: str) -> Callable[[Handler], Handler]:
    """Declares the function that does the jobs of a kind: handler(runtime, job) opens its own units of work."""

    def declare(handler: Handler) -> Handler:
        _handlers[kind] = handler
        return handler

    return declare


def submit(
    session: Session, kind: str, subject: str, payload: dict[str, Any], now: datetime, due_at: datetime | None = None
) -> Job:
    """Asks for a job in the caller's transaction; it starts after the commit, or by `resume_jobs` once it is due."""
    row = Job(kind=kind, subject=subject, payload=payload, created_at=now, heard_at=now, due_at=due_at)
    session.add(row)
    session.flush()
    # Where nobody does the queue's work it is found in the table, a moment later.
    if (due_at is None or due_at <= now) and not current().settings.work_elsewhere:
        after_commit(session, lambda: queue().enqueue(_task().s(str(row.id))))
    return row


def report(runtime: Runtime, job_id: UUID, *, done: int, total: int, cursor: str | None = None) -> None:
    with runtime.unit_of_work() as session:
        session.execute(
            update(Job)
            .where(Job.id == job_id)
            .values(done=done, total=total, cursor=cursor, heard_at=runtime.clock.now())
        )


def run_job(runtime: Runtime, job_id: UUID) -> bool:
    """Claims a job and does it; False where another process has it, it is over or not yet due."""
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        claimed = session.scalar(
            update(Job)
            .where(
                Job.id == job_id,
                _is_due(now),
                or_(
                    Job.state == JobState.WAITING,
                    (Job.state == JobState.RUNNING) & (Job.heard_at < now - SILENCE),
                ),
            )
            .values(state=JobState.RUNNING, heard_at=now)
            .returning(Job.id)
        )
        row = session.get(Job, job_id) if claimed else None
    if row is None:
        return False
    try:
        _handlers[row.kind](runtime, row)
    except Exception as error:
        _settle(runtime, job_id, JobState.FAILED, f"{type(error).__name__}: {error}")
        raise
    _settle(runtime, job_id, JobState.DONE, None)
    return True


def _is_due(now: datetime) -> ColumnElement[bool]:
    return or_(Job.due_at.is_(None), Job.due_at <= now)


def resume_jobs(runtime: Runtime) -> int:
    """Does every job that waits and is due, or whose process died; returns how many."""
    with runtime.unit_of_work(read_only=True) as session:
        now = runtime.clock.now()
        silent = now - SILENCE
        ids = session.scalars(
            select(Job.id)
            .where(
                _is_due(now),
                or_(
                    Job.state == JobState.WAITING,
                    (Job.state == JobState.RUNNING) & (Job.heard_at < silent),
                ),
            )
            .order_by(Job.id)
        ).all()
    return sum(run_job(runtime, job_id) for job_id in ids)


def _settle(runtime: Runtime, job_id: UUID, state: JobState, error: str | None) -> None:
    with runtime.unit_of_work() as session:
        session.execute(
            update(Job).where(Job.id == job_id).values(state=state, error=error, heard_at=runtime.clock.now())
        )


@cache
def queue() -> Huey:
    """The process's queue; a file beside the database by default."""
    folder = current().settings.data
    folder.mkdir(parents=True, exist_ok=True)
    return SqliteHuey("certengine", filename=str(folder / "queue.db"))


@cache
def _task() -> Any:
    @queue().task(name="run_job")
    def run(job_id: str) -> bool:
        return run_job(current(), UUID(job_id))

    return run


def prepare_queue() -> Huey:
    """The queue with its task declared, for a consumer."""
    _task()
    return queue()
