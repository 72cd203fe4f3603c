"""Use cases of a training institution. Everything is within one organisation's classes."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session, joinedload

from certengine.certificates import service as certificates
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import Person
from certengine.people.service import PersonFacts
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import hours_accounts, problems, rules, teaching, timetable
from certengine.training.course_models import Subject, Way
from certengine.training.course_rules import MOST_HOURS, city_of
from certengine.training.hours_accounts import Earned, Where
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


def classes(session: Session, organisation_id: UUID) -> Sequence[TrainingClass]:
    return session.scalars(
        select(TrainingClass)
        .where(TrainingClass.organisation_id == organisation_id)
        .order_by(TrainingClass.created_at.desc())
    ).all()


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
    _record(session, "training.enrolled", enrolment, actor, now)
    return enrolment


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
    _record(session, "training.attendance", enrolment, actor, now, facts)
    return found


def assess(session: Session, enrolment: Enrolment, score: Decimal, *, actor: str, now: datetime) -> None:
    """The completion assessment, open only to those whose hours are full."""
    if enrolment.completed_at:
        raise Conflict("training.completed")
    if not 0 <= score <= 100:
        raise Invalid([Problem("score", "training.assessment_range")])
    row = next(each for each in progress(session, enrolment.training_class) if each.enrolment.id == enrolment.id)
    if not row.ready:
        raise Conflict("training.assessed_without_hours")
    enrolment.assessment, enrolment.assessed_at, enrolment.assessed_by = score, now, actor
    _record(session, "training.assessed", enrolment, actor, now, {"score": str(score)})


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


def ready_for_assessment(session: Session, opened: TrainingClass) -> list[Enrolment]:
    """Those whose hours and content are done and who have neither passed nor completed."""
    return [
        each.enrolment
        for each in progress(session, opened)
        if each.ready
        and each.enrolment.completed_at is None
        and (each.enrolment.assessment is None or each.enrolment.assessment < rules.ASSESSMENT_PASS)
    ]


def classes_assessed_by(session: Session, organisation_id: UUID) -> Sequence[TrainingClass]:
    """The classes whose completion assessment an organisation holds: its own and those that name it, newest first."""
    own = TrainingClass.assessor_id.is_(None) & (TrainingClass.organisation_id == organisation_id)
    query = select(TrainingClass).where(or_(own, TrainingClass.assessor_id == organisation_id))
    return session.scalars(query.order_by(TrainingClass.created_at.desc())).all()


def class_assessed_by(session: Session, organisation_id: UUID, class_id: UUID) -> TrainingClass:
    found = session.get(TrainingClass, class_id)
    if found is None or (found.assessor_id or found.organisation_id) != organisation_id:
        raise NotFound("training.class_not_found")
    return found


def record_completion(
    session: Session, class_id: UUID, person_id: UUID, score: Decimal, *, actor: str, now: datetime
) -> bool:
    """The score of a completion assessment that was sat as an exam; False for who is not, or no longer, open to it."""
    query = select(Enrolment).where(Enrolment.training_class_id == class_id, Enrolment.person_id == person_id)
    enrolment = session.scalar(query)
    if enrolment is None or enrolment.completed_at or enrolment.assessment == score:
        return False
    assess(session, enrolment, score, actor=actor, now=now)
    return True


def hours_by_enrolment(session: Session, class_id: UUID) -> dict[UUID, Decimal]:
    presences: dict[UUID, list[rules.Presence]] = defaultdict(list)
    for enrolment_id, came, left in session.execute(
        select(Attendance.enrolment_id, Attendance.came_at, Attendance.left_at)
        .join(Enrolment, Enrolment.id == Attendance.enrolment_id)
        .where(Enrolment.training_class_id == class_id)
    ):
        presences[enrolment_id].append(rules.Presence(came, left))
    return {each: rules.hours(rules.minutes_present(found)) for each, found in presences.items()}


def completed_hours(session: Session, person_id: UUID, field: str, level: Level) -> int:
    """The hours that a person's completed classes of a field and level prove, for eligibility."""
    return max(
        session.scalars(
            select(TrainingClass.hours_required)
            .join(Enrolment, Enrolment.training_class_id == TrainingClass.id)
            .where(
                Enrolment.person_id == person_id,
                Enrolment.completed_at.is_not(None),
                TrainingClass.field == field,
                TrainingClass.level == level,
            )
        ),
        default=0,
    )


def trainers_of(session: Session, person_id: UUID, field: str) -> set[UUID]:
    """The organisations in whose classes of an occupation a person is or was."""
    query = select(TrainingClass.organisation_id).join(Enrolment, Enrolment.training_class_id == TrainingClass.id)
    return set(session.scalars(query.where(Enrolment.person_id == person_id, TrainingClass.field == field)))


# (session, person, field, level): packages above learn at once that somebody has completed.
Listener = Callable[[Session, UUID, str, Level], None]
_listeners: list[Listener] = []


def on_completion(listener: Listener) -> Listener:
    """Declares who is to know of each completion, in the same transaction."""
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


def issue_certificates(
    session: Session, runtime: Runtime, opened: TrainingClass, *, actor: str, now: datetime
) -> list[Enrolment]:
    """Completes everyone whose hours and assessment are there and issues their certificates in one batch."""
    ready = [each for each in progress(session, opened) if not each.missing and not each.enrolment.completed_at]
    if not ready:
        raise Conflict("training.nobody_completed")
    contents = [_content(session, opened, each, now) for each in ready]
    issued = certificates.issue(session, runtime, contents, actor, now)
    for each, certificate in zip(ready, issued, strict=True):
        each.enrolment.completed_at = now
        each.enrolment.certificate_id = certificate.id
        _record(session, "training.completed", each.enrolment, actor, now, {"certificate": str(certificate.id)})
        _credit(session, opened, each.enrolment, actor, now)
        session.flush()
        for listener in _listeners:
            listener(session, each.enrolment.person_id, opened.field, opened.level)
    return [each.enrolment for each in ready]


def _credit(session: Session, opened: TrainingClass, enrolment: Enrolment, actor: str, now: datetime) -> None:
    """A class counts for the year's continuing education, as professional hours and no more than the year asks for."""
    earned = Earned(
        Subject.PROFESSIONAL,
        Way.TRAINING_CLASS,
        min(Decimal(opened.hours_required), MOST_HOURS),
        opened.title,
        f"enrolment:{enrolment.id}",
    )
    where = Where(city_of(people.organisation(session, opened.organisation_id).region))
    hours_accounts.credit(session, enrolment.person_id, earned, where, actor=actor, now=now)


def _content(session: Session, opened: TrainingClass, each: Progress, now: datetime) -> CertificateContent:
    institution = people.organisation(session, opened.organisation_id)
    chosen = standard(opened.field)
    person = each.enrolment.person
    return CertificateContent(
        kind=CertificateKind.TRAINING,
        organisation_id=institution.id,
        institution_name=institution.name,
        institution_name_en=institution.name_en,
        institution_code=institution.code,
        holder_name=person.name,
        sex=person.sex,
        document_type=person.document_type,
        document_masked=person.document_masked,
        document_index=person.document_index,
        photo=person.photo,
        field=opened.field,
        occupation_zh=chosen.title_zh,
        occupation_en=chosen.title_en,
        direction_zh=None,
        level=opened.level,
        theory=None,
        practical=None,
        hours=opened.hours_required,
        course=opened.title,
        assessment=str(each.enrolment.assessment),
        subject=f"enrolment:{each.enrolment.id}",
        issued_on=now.astimezone(CHINA).date(),
    )


def _record(
    session: Session,
    kind: str,
    enrolment: Enrolment,
    actor: str,
    now: datetime,
    private: dict[str, object] | None = None,
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=f"enrolment:{enrolment.id}", now=now, private=private or {})
