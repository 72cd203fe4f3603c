"""Teachers, environments and plans of an institution, materials of a class."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.foundation.uploads import document_type
from certengine.ledger import service as ledger
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import plan_rules, problems
from certengine.training.plan_rules import Coverage
from certengine.training.teaching_models import ClassMaterial, Environment, EnvironmentKind, Teacher, TeachingPlan

__all__ = ["problems"]


@dataclass(frozen=True)
class TeacherFacts:
    name: str
    title: str
    qualification: str
    fields: tuple[str, ...]
    qualified_until: date | None


@dataclass(frozen=True)
class EnvironmentFacts:
    name: str
    kind: EnvironmentKind
    seats: int
    hardware: str
    software: str


def teachers(session: Session, organisation_id: UUID) -> Sequence[Teacher]:
    """Those who teach first, by name."""
    query = select(Teacher).where(Teacher.organisation_id == organisation_id)
    return session.scalars(query.order_by(Teacher.active.desc(), Teacher.name, Teacher.id)).all()


def add_teacher(session: Session, organisation_id: UUID, facts: TeacherFacts, *, actor: str, now: datetime) -> Teacher:
    """The same person with the same qualification is there once: a form sent twice adds nobody."""
    if not facts.fields:
        raise Invalid([Problem("fields", "training.fields_missing")])
    known = select(Teacher).where(
        Teacher.organisation_id == organisation_id,
        Teacher.name == facts.name,
        Teacher.qualification == facts.qualification,
        Teacher.active,
    )
    if found := session.scalar(known):
        return found
    made = Teacher(organisation_id=organisation_id, created_at=now, **{**vars(facts), "fields": list(facts.fields)})
    session.add(made)
    session.flush()
    private = {"name": facts.name, "qualification": facts.qualification}
    ledger.record(
        session, kind="training.teacher_added", actor=actor, subject=f"teacher:{made.id}", now=now, private=private
    )
    return made


def environments(session: Session, organisation_id: UUID) -> Sequence[Environment]:
    query = select(Environment).where(Environment.organisation_id == organisation_id)
    return session.scalars(query.order_by(Environment.active.desc(), Environment.name, Environment.id)).all()


def add_environment(
    session: Session, organisation_id: UUID, facts: EnvironmentFacts, *, actor: str, now: datetime
) -> Environment:
    """One of a name: a form sent twice adds nothing."""
    known = select(Environment).where(
        Environment.organisation_id == organisation_id, Environment.name == facts.name, Environment.active
    )
    if found := session.scalar(known):
        return found
    made = Environment(organisation_id=organisation_id, created_at=now, **vars(facts))
    session.add(made)
    session.flush()
    ledger.record(session, kind="training.environment_added", actor=actor, subject=f"environment:{made.id}", now=now)
    return made


def retire(session: Session, organisation_id: UUID, what: type[Teacher] | type[Environment], row_id: UUID) -> None:
    """It is not offered for new lessons any longer; the lessons that there were stay."""
    found: Any = session.get(what, row_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("training.not_yours")
    found.active = False


def plans(session: Session, organisation_id: UUID) -> Sequence[TeachingPlan]:
    query = select(TeachingPlan).where(TeachingPlan.organisation_id == organisation_id)
    return session.scalars(query.order_by(TeachingPlan.changed_at.desc())).all()


def plan(session: Session, organisation_id: UUID, plan_id: UUID) -> TeachingPlan:
    found = session.get(TeachingPlan, plan_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("training.plan_not_found")
    return found


def make_plan(
    session: Session, organisation_id: UUID, title: str, field: str, level: Level, *, token: str, now: datetime
) -> TeachingPlan:
    """An empty plan against the standard of today; the same token again returns the one that it made."""
    if made := session.scalar(select(TeachingPlan).where(TeachingPlan.token == token)):
        return made
    made = TeachingPlan(
        organisation_id=organisation_id,
        title=title,
        field=field,
        level=level,
        edition=standard(field).edition,
        entries={},
        token=token,
        created_at=now,
        changed_at=now,
    )
    session.add(made)
    session.flush()
    return made


def set_hours(
    session: Session, found: TeachingPlan, hours: Mapping[str, Decimal | None], *, actor: str, now: datetime
) -> None:
    """hours: task → hours. Raises Invalid naming the task whose figure is none."""
    tasks = plan_rules.tasks_of(standard(found.field), found.level)
    wrong = [
        Problem(task, "training.plan_hours")
        for task in tasks
        if (given := hours.get(task, Decimal(0))) is None or not 0 <= given <= 999
    ]
    if wrong:
        raise Invalid(wrong)
    found.entries = {task: str(hours[task]) for task in tasks if hours.get(task)}
    found.changed_at = now
    session.flush()
    private = {"entries": found.entries}
    ledger.record(
        session, kind="training.planned", actor=actor, subject=f"teaching_plan:{found.id}", now=now, private=private
    )


def coverage_of(found: TeachingPlan, taught: Sequence[str] = ()) -> Coverage:
    entries = {task: Decimal(hours) for task, hours in found.entries.items()}
    return plan_rules.coverage(standard(found.field), found.level, entries, taught)


def add_material(session: Session, runtime: Runtime, class_id: UUID, name: str, content: bytes) -> ClassMaterial:
    """Raises Invalid for a kind of file that is none."""
    media_type = document_type(content)
    if media_type is None:
        raise Invalid([Problem("file", "training.file_kind")])
    made = ClassMaterial(
        training_class_id=class_id,
        name=name.strip()[:160] or "file",
        digest=runtime.files.put(content),
        media_type=media_type,
        added_at=runtime.clock.now(),
    )
    session.add(made)
    session.flush()
    return made


def materials(session: Session, class_id: UUID) -> Sequence[ClassMaterial]:
    query = select(ClassMaterial).where(ClassMaterial.training_class_id == class_id)
    return session.scalars(query.order_by(ClassMaterial.id)).all()
