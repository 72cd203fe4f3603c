"""The timetable: a lesson's teacher, room and class are free, the teacher is qualified; presence by code and by list."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import DocumentType, Person
from certengine.people.rules import parse_document
from certengine.training import problems
from certengine.training.models import Attendance, Enrolment, Lesson, LessonMode, TrainingClass
from certengine.training.teaching_models import Environment, Teacher

__all__ = ["problems"]

# The code may be read so long before a lesson begins and after it ends.
EARLY = timedelta(minutes=30)
LATE = timedelta(minutes=15)
BY_CODE = "qr"
# A lesson is of one day; a longer one was mistyped.
LONGEST = timedelta(hours=12)


def lesson_problems(
    session: Session,
    opened: TrainingClass,
    starts_at: datetime,
    ends_at: datetime,
    mode: LessonMode,
    teacher_id: UUID | None,
    environment_id: UUID | None,
) -> list[Problem]:
    """What stands against a lesson beside its own class. Teacher and room are locked, so that two do not take them."""
    found = []
    if ends_at - starts_at > LONGEST:
        found.append(Problem("ends_at", "training.lesson_long"))
    teacher = _locked(session, Teacher, opened, teacher_id, "training.teacher_unknown")
    room = _locked(session, Environment, opened, environment_id, "training.room_unknown")
    day = starts_at.astimezone(CHINA).date()
    if teacher is not None:
        if opened.field not in teacher.fields:
            found.append(Problem("teacher_id", "training.teacher_field"))
        if teacher.qualified_until and teacher.qualified_until < day:
            until = teacher.qualified_until.isoformat()
            found.append(Problem("teacher_id", "training.teacher_lapsed", {"until": until}))
        if _taken(session, Lesson.teacher_id == teacher.id, starts_at, ends_at):
            found.append(Problem("teacher_id", "training.teacher_clash"))
    if room is not None and _taken(session, Lesson.environment_id == room.id, starts_at, ends_at):
        found.append(Problem("environment_id", "training.room_clash"))
    if mode is LessonMode.ON_SITE and teacher is not None and room is None:
        found.append(Problem("environment_id", "training.room_needed"))
    return found


def _locked(session: Session, what: Any, opened: TrainingClass, row_id: UUID | None, code: str) -> Any:
    if row_id is None:
        return None
    row = session.scalar(select(what).where(what.id == row_id).with_for_update())
    if row is None or row.organisation_id != opened.organisation_id or not row.active:
        raise NotFound(code)
    return row


def _taken(session: Session, whose: Any, starts_at: datetime, ends_at: datetime) -> bool:
    query = select(Lesson.id).where(whose, Lesson.starts_at < ends_at, Lesson.ends_at > starts_at)
    return session.scalar(query.limit(1)) is not None


def lesson_of(session: Session, opened: TrainingClass, lesson_id: UUID) -> Lesson:
    found = session.get(Lesson, lesson_id)
    if found is None or found.training_class_id != opened.id:
        raise NotFound("training.lesson_not_found")
    return found


def must_not_be_elsewhere(
    session: Session, enrolment: Enrolment, lesson: Lesson, came: datetime, left: datetime
) -> None:
    """A minute counts at one lesson. Raises Invalid where the person was at one of another class meanwhile.

    The person is locked, so that two institutions do not enter it at the same moment.
    """
    session.scalar(select(Person.id).where(Person.id == enrolment.person_id).with_for_update())
    query = (
        select(Attendance.id)
        .join(Enrolment, Enrolment.id == Attendance.enrolment_id)
        .where(
            Enrolment.person_id == enrolment.person_id,
            Attendance.lesson_id != lesson.id,
            Attendance.left_at > Attendance.came_at,
            Attendance.came_at < left,
            Attendance.left_at > came,
        )
    )
    if session.scalar(query.limit(1)) is not None:
        raise Invalid([Problem("came_at", "training.presence_elsewhere")])


def remove_lesson(session: Session, lesson: Lesson, *, actor: str, now: datetime) -> None:
    """A lesson that was entered by mistake; one at which somebody was present stays. Raises Conflict."""
    if session.scalar(select(Attendance.id).where(Attendance.lesson_id == lesson.id).limit(1)) is not None:
        raise Conflict("training.lesson_attended")
    private = {"topic": lesson.topic, "starts": lesson.starts_at.isoformat(), "teacher": lesson.teacher}
    subject = f"training_class:{lesson.training_class_id}"
    session.delete(lesson)
    session.flush()
    ledger.record(session, kind="training.lesson_removed", actor=actor, subject=subject, now=now, private=private)


def scan(session: Session, enrolment: Enrolment, lesson: Lesson, *, now: datetime) -> Attendance:
    """The code on the screen was read: the first time begins the presence, each later one carries its end on.

    Minutes count from the first to the last reading, within the lesson. Raises Conflict outside its time, Invalid for
    who was at another lesson meanwhile.
    """
    if enrolment.completed_at:
        raise Conflict("training.completed")
    if not lesson.starts_at - EARLY <= now <= lesson.ends_at + LATE:
        raise Conflict("training.scan_closed")
    moment = min(max(now, lesson.starts_at), lesson.ends_at)
    found = session.scalar(
        select(Attendance).where(Attendance.enrolment_id == enrolment.id, Attendance.lesson_id == lesson.id)
    )
    must_not_be_elsewhere(session, enrolment, lesson, found.came_at if found else moment, moment)
    if found is None:
        found = Attendance(enrolment_id=enrolment.id, lesson_id=lesson.id, came_at=moment)
        session.add(found)
    elif found.recorded_by != BY_CODE:
        # What an officer entered is put right by an officer alone.
        raise Conflict("training.scan_entered")
    found.left_at, found.recorded_by, found.recorded_at = moment, BY_CODE, now
    session.flush()
    private = {"lesson": str(lesson.id), "at": moment.isoformat()}
    subject = f"enrolment:{enrolment.id}"
    ledger.record(session, kind="training.scanned", actor=subject, subject=subject, now=now, private=private)
    return found


def enrolment_by_document(
    session: Session, cipher: FieldCipher, opened: TrainingClass, kind: DocumentType, number: str, now: datetime
) -> Enrolment:
    """Who of a class has this document. Raises Invalid for a number that is none, NotFound for nobody of it."""
    parsed = parse_document(kind, number, now.astimezone(CHINA).date())
    if isinstance(parsed, str):
        raise Invalid([Problem("number", parsed)])
    index = people.document_index(cipher, kind, parsed[0])
    query = (
        select(Enrolment)
        .join(Person, Person.id == Enrolment.person_id)
        .where(Enrolment.training_class_id == opened.id, Person.document_type == kind, Person.document_index == index)
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("training.not_enrolled")
    return found


def enrolment_of(session: Session, class_id: UUID, person_id: UUID) -> Enrolment:
    query = select(Enrolment).where(Enrolment.training_class_id == class_id, Enrolment.person_id == person_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("training.not_enrolled")
    return found


def classes_of(session: Session, person_id: UUID) -> Sequence[Enrolment]:
    """The classes somebody is or was in, newest first."""
    query = select(Enrolment).where(Enrolment.person_id == person_id)
    return session.scalars(query.order_by(Enrolment.created_at.desc())).all()


def presences(session: Session, lesson_id: UUID) -> dict[UUID, Attendance]:
    """enrolment → presence at one lesson."""
    return {
        each.enrolment_id: each for each in session.scalars(select(Attendance).where(Attendance.lesson_id == lesson_id))
    }


def attended(session: Session, class_id: UUID) -> set[UUID]:
    """The lessons of a class at which somebody was present."""
    query = select(Attendance.lesson_id).join(Lesson).where(Lesson.training_class_id == class_id)
    return set(session.scalars(query.distinct()))


def week(session: Session, organisation_id: UUID, begins: datetime, ends: datetime) -> Sequence[Lesson]:
    """All lessons of an institution between two moments, by time."""
    query = (
        select(Lesson)
        .join(TrainingClass, TrainingClass.id == Lesson.training_class_id)
        .where(TrainingClass.organisation_id == organisation_id, Lesson.starts_at < ends, Lesson.ends_at > begins)
    )
    return session.scalars(query.order_by(Lesson.starts_at, Lesson.id)).all()
