"""A training institution's classes: opened, with lessons, people, attendance and how far each is."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import Person
from certengine.people.service import PersonFacts
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import problems, rules, teaching, timetable
from certengine.training.models import Attendance, Enrolment, Lesson, LessonMode, TrainingClass

__all__ = ["problems"]


@dataclass(frozen=True)
class LessonFacts:
    topic: str
    teacher: str
    mode: LessonMode
    starts_at: datetime
    ends_at: datetime
    teacher_id: UUID | None = None
    environment_id: UUID | None = None
    address: str = ""
    tasks: tuple[str, ...] = ()


@dataclass(frozen=True)
class Progress:
    """How far one person of a class is."""

    enrolment: Enrolment
    hours: Decimal
    missing: tuple[str, ...]
    # Tasks of the plan at which the person was not present.
    content: frozenset[str] = frozenset()

    @property
    def ready(self) -> bool:
        """Hours and content are done: the completion assessment is open to them."""
        return not {"training.hours_short", "training.content_short"} & set(self.missing)


def classes_query(organisation_id: UUID, sought: str = "") -> Select[Any]:
    """An institution's classes, newest first; sought: what the title holds."""
    query = select(TrainingClass).where(TrainingClass.organisation_id == organisation_id)
    if sought:
        query = query.where(TrainingClass.title.contains(sought, autoescape=True))
    return query.order_by(TrainingClass.created_at.desc(), TrainingClass.id)


def sizes(session: Session, classes: Sequence[TrainingClass]) -> dict[UUID, tuple[int, int]]:
    """class → how many trainees and how many lessons it has."""
    ids = [each.id for each in classes]

    def counted(what: type[Enrolment] | type[Lesson]) -> dict[UUID, int]:
        own = what.training_class_id
        return {row[0]: row[1] for row in session.execute(select(own, func.count()).where(own.in_(ids)).group_by(own))}

    people_, lessons = counted(Enrolment), counted(Lesson)
    return {each: (people_.get(each, 0), lessons.get(each, 0)) for each in ids}


def training_class(session: Session, organisation_id: UUID, class_id: UUID) -> TrainingClass:
    found = session.get(TrainingClass, class_id)
    if found is None or found.organisation_id != organisation_id:
        raise NotFound("training.class_not_found")
    return found


def open_class(
    session: Session,
    *,
    organisation_id: UUID,
    title: str,
    field: str,
    level: Level,
    token: str,
    actor: str,
    now: datetime,
    plan_id: UUID | None = None,
    assessor_id: UUID | None = None,
) -> TrainingClass:
    """A new class with the hours of the standard; the same token again returns the class it made."""
    if made := session.scalar(select(TrainingClass).where(TrainingClass.token == token)):
        return made
    opened = TrainingClass(
        organisation_id=organisation_id,
        title=title,
        field=field,
        level=level,
        hours_required=standard(field).hours(level),
        plan_id=_plan_for(session, organisation_id, plan_id, field, level),
        assessor_id=assessor_id,
        token=token,
        created_at=now,
    )
    session.add(opened)
    session.flush()
    ledger.record(
        session,
        kind="training.class_opened",
        actor=actor,
        subject=f"training_class:{opened.id}",
        now=now,
        public={"field": field, "level": level.value, "hours": opened.hours_required},
        private={"title": title},
    )
    return opened


def _plan_for(session: Session, organisation_id: UUID, plan_id: UUID | None, field: str, level: Level) -> UUID | None:
    """Raises Invalid for a plan of another occupation or level."""
    if plan_id is None:
        return None
    found = teaching.plan(session, organisation_id, plan_id)
    if (found.field, found.level) != (field, level):
        raise Invalid([Problem("plan", "training.plan_other")])
    return found.id


def add_lesson(session: Session, opened: TrainingClass, facts: LessonFacts, now: datetime) -> Lesson:
    """Raises Invalid when it ends before it starts, or class, teacher or room are not free then."""
    if facts.ends_at <= facts.starts_at:
        raise Invalid([Problem("ends_at", "training.lesson_times")])
    taken = [(lesson.starts_at, lesson.ends_at) for lesson in opened.lessons]
    if rules.overlaps(facts.starts_at, facts.ends_at, taken):
        raise Invalid([Problem("starts_at", "training.lesson_clash")])
    found = timetable.lesson_problems(
        session, opened, facts.starts_at, facts.ends_at, facts.mode, facts.teacher_id, facts.environment_id
    )
    if facts.address and not facts.address.startswith("https://"):
        found.append(Problem("address", "training.lesson_address"))
    if found:
        raise Invalid(found)
    lesson = Lesson(
        topic=facts.topic,
        teacher=facts.teacher,
        mode=facts.mode,
        starts_at=facts.starts_at,
        ends_at=facts.ends_at,
        teacher_id=facts.teacher_id,
        environment_id=facts.environment_id,
        address=facts.address,
        tasks=list(facts.tasks),
    )
    opened.lessons.append(lesson)
    session.flush()
    return lesson


def enrol(
    session: Session, cipher: FieldCipher, opened: TrainingClass, facts: PersonFacts, actor: str, now: datetime
) -> Enrolment:
    """Enrols a person once; a second time returns the first enrolment."""
    person = people.register_person(session, cipher, facts, now)
    found = session.scalar(
        select(Enrolment).where(Enrolment.training_class_id == opened.id, Enrolment.person_id == person.id)
    )
    if found:
        return found
    enrolment = Enrolment(training_class_id=opened.id, person_id=person.id, created_at=now)
    session.add(enrolment)
    session.flush()
    record(session, "training.enrolled", enrolment, actor, now)
    return enrolment


def take_out(session: Session, enrolment: Enrolment, reason: str, *, actor: str, now: datetime) -> None:
    """Who was enrolled by mistake; who was present stays. Raises Invalid without a reason, Conflict."""
    if not reason.strip():
        raise Invalid([Problem("reason", "training.reason_missing")])
    attended = select(Attendance.id).where(Attendance.enrolment_id == enrolment.id)
    if enrolment.completed_at or session.scalar(attended.limit(1)) is not None:
        raise Conflict("training.enrolment_attended")
    record(session, "training.taken_out", enrolment, actor, now, {"reason": reason.strip()})
    session.delete(enrolment)
    session.flush()


def record_attendance(
    session: Session,
    enrolment: Enrolment,
    lesson: Lesson,
    presence: rules.Presence,
    *,
    actor: str,
    now: datetime,
    reason: str = "",
) -> Attendance:
    """Presence at a lesson; changing what was recorded needs a reason, and the ledger keeps both."""
    if enrolment.completed_at:
        raise Conflict("training.completed")
    if not lesson.starts_at <= presence.came < presence.left <= lesson.ends_at:
        raise Invalid([Problem("left_at", "training.presence_times")])
    if presence.left > now:
        raise Invalid([Problem("left_at", "training.presence_ahead")])
    timetable.must_not_be_elsewhere(session, enrolment, lesson, presence.came, presence.left)
    found = session.scalar(
        select(Attendance).where(Attendance.enrolment_id == enrolment.id, Attendance.lesson_id == lesson.id)
    )
    before: dict[str, str] | None = None
    if found is None:
        found = Attendance(enrolment_id=enrolment.id, lesson_id=lesson.id)
        session.add(found)
    elif not reason.strip():
        raise Invalid([Problem("reason", "training.reason_missing")])
    else:
        before = {"came": found.came_at.isoformat(), "left": found.left_at.isoformat()}
    found.came_at, found.left_at, found.reason = presence.came, presence.left, reason
    found.recorded_by, found.recorded_at = actor, now
    session.flush()
    after = {"came": presence.came.isoformat(), "left": presence.left.isoformat()}
    facts: dict[str, object] = {"lesson": str(lesson.id), "before": before, "after": after, "reason": reason}
    record(session, "training.attendance", enrolment, actor, now, facts)
    return found


def progress(session: Session, opened: TrainingClass) -> list[Progress]:
    """Everyone of a class with hours earned and what is missing, by name."""
    earned = hours_by_enrolment(session, opened.id)
    enrolments = session.scalars(
        select(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.training_class_id == opened.id)
        .options(joinedload(Enrolment.person))
        .order_by(Person.name)
    ).all()
    missed = _content_missing(session, opened)
    return [_progress(each, earned.get(each.id, Decimal("0.0")), missed, opened.hours_required) for each in enrolments]


def _progress(each: Enrolment, earned: Decimal, missed: Callable[[UUID], frozenset[str]], required: int) -> Progress:
    content = missed(each.id)
    return Progress(each, earned, tuple(rules.completion_problems(earned, required, each.assessment, content)), content)


def _content_missing(session: Session, opened: TrainingClass) -> Callable[[UUID], frozenset[str]]:
    """enrolment → the plan's tasks at which they were not present; nothing for a class without a plan."""
    needed = set(opened.plan.entries) if opened.plan else set()
    if not needed:
        return lambda _enrolment: frozenset()
    attended: dict[UUID, list[list[str]]] = defaultdict(list)
    rows = session.execute(
        select(Attendance.enrolment_id, Lesson.tasks)
        .join(Lesson, Lesson.id == Attendance.lesson_id)
        .where(Lesson.training_class_id == opened.id, Attendance.left_at > Attendance.came_at)
    )
    for enrolment_id, tasks in rows:
        attended[enrolment_id].append(tasks)
    return lambda enrolment: frozenset(rules.content_missing(needed, attended.get(enrolment, [])))


def hours_by_enrolment(session: Session, class_id: UUID) -> dict[UUID, Decimal]:
    presences: dict[UUID, list[rules.Presence]] = defaultdict(list)
    for enrolment_id, came, left in session.execute(
        select(Attendance.enrolment_id, Attendance.came_at, Attendance.left_at)
        .join(Enrolment, Enrolment.id == Attendance.enrolment_id)
        .where(Enrolment.training_class_id == class_id)
    ):
        presences[enrolment_id].append(rules.Presence(came, left))
    return {each: rules.hours(rules.minutes_present(found)) for each, found in presences.items()}


def record(
    session: Session,
    kind: str,
    enrolment: Enrolment,
    actor: str,
    now: datetime,
    private: dict[str, object] | None = None,
) -> None:
    """Puts into the ledger what was done to somebody of a class."""
    ledger.record(session, kind=kind, actor=actor, subject=f"enrolment:{enrolment.id}", now=now, private=private or {})
