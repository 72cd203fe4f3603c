"""Tasks for authors: so many items on a point of the outline, by a day; what is written is counted, not reported."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from certengine.bank.models import BankItem, ItemVersion, WritingTask
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem


@dataclass(frozen=True)
class TaskFacts:
    """outline and type may be empty: any."""

    assignee: str
    outline: str
    type: str
    wanted: int
    due_on: date
    note: str = ""


@dataclass(frozen=True)
class TaskView:
    task: WritingTask
    written: int
    late: bool

    @property
    def percent(self) -> int:
        return min(100, 100 * self.written // self.task.wanted)

    @property
    def done(self) -> bool:
        return self.written >= self.task.wanted


def assign(session: Session, bank_id: UUID, facts: TaskFacts, actor: str, now: datetime) -> WritingTask:
    """Raises Invalid for a day that is past or a number that is none."""
    found = []
    if facts.due_on < now.astimezone(CHINA).date():
        found.append(Problem("due_on", "bank.due_past"))
    if not 0 < facts.wanted <= 1000:
        found.append(Problem("wanted", "bank.wanted_range"))
    if found:
        raise Invalid(found)
    made = WritingTask(
        bank_id=bank_id,
        assignee=facts.assignee,
        outline=facts.outline,
        type=facts.type,
        wanted=facts.wanted,
        due_on=facts.due_on,
        note=facts.note.strip()[:500],
        created_by=actor,
        created_at=now,
    )
    session.add(made)
    session.flush()
    return made


def close(session: Session, bank_id: UUID, task_id: UUID, now: datetime) -> WritingTask:
    """Raises NotFound, Conflict when closed already."""
    found = session.get(WritingTask, task_id)
    if found is None or found.bank_id != bank_id:
        raise NotFound("bank.no_task")
    if found.closed_at is not None:
        raise Conflict("bank.task_closed")
    found.closed_at = now
    return found


def tasks(session: Session, bank_ids: Sequence[UUID], now: datetime, assignee: str = "") -> list[TaskView]:
    """Open ones, the most urgent first."""
    query = select(WritingTask).where(WritingTask.bank_id.in_(bank_ids), WritingTask.closed_at.is_(None))
    if assignee:
        query = query.where(WritingTask.assignee == assignee)
    today = now.astimezone(CHINA).date()
    found = []
    for task in session.scalars(query.order_by(WritingTask.due_on, WritingTask.id)):
        written = _written(session, task)
        found.append(TaskView(task, written, task.due_on < today and written < task.wanted))
    return found


def _written(session: Session, task: WritingTask) -> int:
    """New items of the assignee since the task was given, of its point and type."""
    query = (
        select(func.count(func.distinct(BankItem.id)))
        .join(ItemVersion, ItemVersion.item_id == BankItem.id)
        .where(
            BankItem.bank_id == task.bank_id,
            ItemVersion.number == 1,
            ItemVersion.author == task.assignee,
            ItemVersion.created_at >= task.created_at,
        )
    )
    if task.outline:
        inside = BankItem.outline.startswith(f"{task.outline}.", autoescape=True)
        query = query.where(or_(BankItem.outline == task.outline, inside))
    if task.type:
        query = query.where(BankItem.type == task.type)
    return session.scalar(query) or 0
