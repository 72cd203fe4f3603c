"""The catalogue: drafting a course, its review by a second person of the department, publication, withdrawal."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, case, func, or_, select
from sqlalchemy.orm import Session, joinedload, selectinload

from certengine.foundation.canonical import canonical_hash
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import Organisation, OrganisationKind
from certengine.standards.rules import Level
from certengine.training import course_problems, course_rules, quiz_sources
from certengine.training.course_models import Course, CourseQuestion, CourseState, CourseUnit, Subject, UnitKind

__all__ = ["course_problems"]


@dataclass(frozen=True)
class CourseFacts:
    title: str
    summary: str
    subject: Subject
    field: str
    level: Level | None
    hours: Decimal
    in_order: bool = True
    quiz_items: int = 0
    quiz_pass: int = 60
    quiz_attempts: int = 3
    quiz_source: str = ""


@dataclass(frozen=True)
class UnitFacts:
    """Exactly one of file (with its media type), address and text."""

    title: str
    kind: UnitKind
    seconds: int
    file: str = ""
    media_type: str = ""
    address: str = ""
    text: str = ""


@dataclass(frozen=True)
class Sought:
    """A search of the catalogue."""

    words: str = ""
    subject: Subject | None = None
    field: str = ""
    level: Level | None = None
    state: CourseState | None = None
    of_bases: bool = False
    organisation_id: UUID | None = None


def courses_query(sought: Sought) -> Select[Any]:
    """Courses by title; the best of a selection come first, then what bases developed, for they are to be preferred."""
    is_base = Organisation.kind == OrganisationKind.BASE
    query = select(Course).join(Organisation).options(joinedload(Course.organisation))
    for word in sought.words.split():
        parts = (Course.title, Course.summary, Organisation.name)
        query = query.where(or_(*(part.icontains(word, autoescape=True) for part in parts)))
    wanted: Mapping[Any, Any] = {
        Course.subject: sought.subject,
        Course.field: sought.field,
        Course.level: sought.level,
        Course.state: sought.state,
        Course.organisation_id: sought.organisation_id,
    }
    query = query.where(*(column == value for column, value in wanted.items() if value))
    if sought.of_bases:
        query = query.where(is_base)
    return query.order_by(Course.best_in.is_(None), case((is_base, 0), else_=1), Course.title, Course.id)


def course(session: Session, course_id: UUID, organisation_id: UUID | None = None) -> Course:
    """One course with its units and questions. Raises NotFound, for another organisation's too."""
    found = session.scalar(
        select(Course)
        .where(Course.id == course_id)
        .options(joinedload(Course.organisation), selectinload(Course.units), selectinload(Course.questions))
    )
    if found is None or organisation_id not in (None, found.organisation_id):
        raise NotFound("course.not_found")
    return found


def published(session: Session, course_id: UUID) -> Course:
    """Raises NotFound for what is not, or no longer, in the catalogue."""
    found = course(session, course_id)
    if found.state is not CourseState.PUBLISHED:
        raise NotFound("course.not_found")
    return found


def draft(
    session: Session, organisation_id: UUID, facts: CourseFacts, *, token: str, actor: str, now: datetime
) -> Course:
    """A new course of an organisation; the same token again returns the one that it made."""
    if made := session.scalar(select(Course).where(Course.token == token)):
        return made
    drafted = Course(organisation_id=organisation_id, author=actor, token=token, created_at=now)
    _set(session, drafted, facts)
    session.add(drafted)
    session.flush()
    _record(session, "course.drafted", drafted, actor, now)
    return drafted


def change(session: Session, drafted: Course, facts: CourseFacts) -> None:
    """Raises Conflict once the course was submitted."""
    _must_be_draft(drafted)
    _set(session, drafted, facts)
    session.flush()


def _set(session: Session, drafted: Course, facts: CourseFacts) -> None:
    found = []
    if not 0 < facts.hours <= course_rules.MOST_HOURS:
        found.append(Problem("hours", "course.hours_range"))
    if (facts.subject is Subject.PROFESSIONAL) != bool(facts.field):
        found.append(Problem("field", "course.field_of_subject"))
    offered = {each.reference for each in quiz_sources.offers(session, drafted.organisation_id)}
    if facts.quiz_source and facts.quiz_source not in offered:
        found.append(Problem("quiz_source", "course.source_not_offered"))
    if found:
        raise Invalid(found)
    for name, value in vars(facts).items():
        setattr(drafted, name, value)
    if facts.subject is Subject.GENERAL:
        drafted.level = None


def add_unit(session: Session, drafted: Course, facts: UnitFacts) -> CourseUnit:
    """Raises Invalid where the content is missing or there are two, Conflict once the course was submitted."""
    _must_be_draft(drafted)
    if sum(map(bool, (facts.file, facts.address, facts.text))) != 1:
        raise Invalid([Problem("file", "course.unit_content")])
    if facts.kind is UnitKind.VIDEO and facts.text:
        raise Invalid([Problem("text", "course.video_file")])
    place = max((each.place for each in drafted.units), default=0) + 1
    unit = CourseUnit(place=place, **vars(facts))
    drafted.units.append(unit)
    session.flush()
    return unit


def remove_unit(session: Session, drafted: Course, unit_id: UUID) -> None:
    _must_be_draft(drafted)
    drafted.units = [each for each in drafted.units if each.id != unit_id]
    session.flush()


def add_question(session: Session, drafted: Course, stem: str, options: Sequence[str], key: int) -> None:
    """A single choice of the course's own. Raises Invalid where options are alike or the key is none of them."""
    _must_be_draft(drafted)
    given = [each.strip() for each in options if each.strip()]
    if len(given) < 2 or len(set(given)) != len(given) or not 0 <= key < len(given):
        raise Invalid([Problem("options", "course.options")])
    place = max((each.place for each in drafted.questions), default=0) + 1
    drafted.questions.append(CourseQuestion(place=place, stem=stem.strip(), options=given, key=key))
    session.flush()


def remove_question(session: Session, drafted: Course, question_id: UUID) -> None:
    _must_be_draft(drafted)
    drafted.questions = [each for each in drafted.questions if each.id != question_id]
    session.flush()


def _must_be_draft(drafted: Course) -> None:
    if drafted.state is not CourseState.DRAFT:
        raise Conflict("course.not_a_draft")


def lacks(session: Session, drafted: Course) -> list[str]:
    """The codes of what keeps a draft from its review."""
    return course_rules.submission_problems(
        drafted.hours,
        drafted.subject,
        drafted.field,
        [each.seconds for each in drafted.units],
        drafted.quiz_items,
        len(quiz_sources.questions_of(session, drafted)) if drafted.quiz_items else 0,
    )


def content_digest(found: Course) -> str:
    """SHA-256 of all that a learner is given and asked."""
    return canonical_hash(
        {
            "title": found.title,
            "subject": found.subject.value,
            "field": found.field,
            "level": found.level.value if found.level else "",
            "hours": str(found.hours.quantize(Decimal("0.01"))),
            "in_order": found.in_order,
            "quiz": [found.quiz_items, found.quiz_pass, found.quiz_attempts, found.quiz_source],
            "units": [
                [each.title, each.kind.value, each.seconds, each.file, each.address, each.text] for each in found.units
            ],
            "questions": [[each.stem, list(each.options), each.key] for each in found.questions],
        }
    )


def submit(session: Session, drafted: Course, *, actor: str, now: datetime) -> None:
    """Sends a draft to the department. Raises Invalid with all that is missing."""
    if missing := lacks(session, drafted):
        raise Invalid([Problem("", code) for code in missing])
    drafted.digest, drafted.author, drafted.note = content_digest(drafted), actor, ""
    _move(session, drafted, CourseState.SUBMITTED, "course.submitted", actor, now)


def review(
    session: Session, submitted: Course, good: bool, note: str, *, organisation_id: UUID, actor: str, now: datetime
) -> None:
    """A second person of the department takes the course or sends it back with a reason."""
    _must_be_department(session, organisation_id)
    if submitted.author == actor:
        raise NotAllowed("course.own_review")
    if not good and not note.strip():
        raise Invalid([Problem("note", "course.reason_missing")])
    submitted.reviewer, submitted.note = actor, note.strip()
    if good:
        _move(session, submitted, CourseState.REVIEWED, "course.reviewed", actor, now)
    else:
        _move(session, submitted, CourseState.DRAFT, "course.sent_back", actor, now)


def publish(session: Session, reviewed: Course, *, organisation_id: UUID, actor: str, now: datetime) -> None:
    """Raises Conflict where the content is no longer what was reviewed."""
    _must_be_department(session, organisation_id)
    if content_digest(reviewed) != reviewed.digest:
        raise Conflict("course.changed_since")
    _move(session, reviewed, CourseState.PUBLISHED, "course.published", actor, now)
    reviewed.published_at = now


def withdraw(session: Session, found: Course, reason: str, *, organisation_id: UUID, actor: str, now: datetime) -> None:
    """Takes a course out of the catalogue; who is enrolled may still finish it."""
    _must_be_department(session, organisation_id)
    if not reason.strip():
        raise Invalid([Problem("reason", "course.reason_missing")])
    found.note = reason.strip()
    _move(session, found, CourseState.WITHDRAWN, "course.withdrawn", actor, now)


def choose_best(session: Session, course_id: UUID, year: int, *, actor: str, now: datetime) -> None:
    """One of the best online courses of a year: it stands first in the catalogue, with a mark."""
    chosen = course(session, course_id)
    chosen.best_in = year
    session.flush()
    _record(session, "course.chosen_best", chosen, actor, now)


def _must_be_department(session: Session, organisation_id: UUID) -> None:
    if people.organisation(session, organisation_id).kind is not OrganisationKind.DEPARTMENT:
        raise NotAllowed("course.department_only")


def _move(session: Session, found: Course, after: CourseState, kind: str, actor: str, now: datetime) -> None:
    if not course_rules.may_follow(found.state, after):
        raise Conflict("course.state")
    found.state = after
    session.flush()
    _record(session, kind, found, actor, now)


def _record(session: Session, kind: str, found: Course, actor: str, now: datetime) -> None:
    ledger.record(
        session,
        kind=kind,
        actor=actor,
        subject=f"course:{found.id}",
        now=now,
        public={
            "course": str(found.id),
            "title": found.title,
            "subject": found.subject.value,
            "hours": str(found.hours.quantize(Decimal("0.01"))),
            "digest": found.digest,
        },
        private={"note": found.note},
    )


def developed(session: Session, organisation_id: UUID, year: int) -> int:
    """The courses of an organisation that were published in a year, for the indicators of bases."""
    first, after = datetime(year, 1, 1, tzinfo=CHINA), datetime(year + 1, 1, 1, tzinfo=CHINA)
    query = select(func.count()).where(
        Course.organisation_id == organisation_id, Course.published_at >= first, Course.published_at < after
    )
    return session.scalar(query) or 0
