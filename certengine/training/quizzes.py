"""The quiz that ends a course: drawn by a seed, marked here, a limited number of times."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.training import course_rules, learning, quiz_sources
from certengine.training.course_models import CourseEnrolment, QuizAttempt


@dataclass(frozen=True)
class Shown:
    """A question as a learner may see it: without its key; right is known once it is marked."""

    id: str
    stem: str
    options: tuple[tuple[str, str], ...]
    chosen: str
    right: bool | None


def attempts(session: Session, found: CourseEnrolment) -> Sequence[QuizAttempt]:
    query = select(QuizAttempt).where(QuizAttempt.course_enrolment_id == found.id)
    return session.scalars(query.order_by(QuizAttempt.number)).all()


def left(found: CourseEnrolment, made: Sequence[QuizAttempt]) -> int:
    return max(0, found.course.quiz_attempts + found.more_attempts - len(made))


def start(session: Session, found: CourseEnrolment, seed: str, now: datetime) -> QuizAttempt:
    """A new attempt, or the one that was begun and not handed in. found must be locked."""
    if not found.course.quiz_items:
        raise Conflict("course.no_quiz")
    if found.quiz_passed_at:
        raise Conflict("course.quiz_passed")
    if found.units_done < found.units:
        raise Conflict("course.units_open")
    made = attempts(session, found)
    if made and made[-1].submitted_at is None:
        return made[-1]
    if not left(found, made):
        raise Conflict("course.attempts_used")
    offered = quiz_sources.questions_of(session, found.course)
    begun = QuizAttempt(
        course_enrolment_id=found.id,
        number=len(made) + 1,
        seed=seed,
        questions=[each.stored() for each in course_rules.draw(seed, offered, found.course.quiz_items)],
        started_at=now,
    )
    session.add(begun)
    session.flush()
    return begun


def attempt(session: Session, found: CourseEnrolment, number: int) -> QuizAttempt:
    """Raises NotFound."""
    query = select(QuizAttempt).where(QuizAttempt.course_enrolment_id == found.id, QuizAttempt.number == number)
    made = session.scalar(query)
    if made is None:
        raise NotFound("course.attempt_not_found")
    return made


def shown(made: QuizAttempt) -> list[Shown]:
    return [_shown(each, made) for each in made.questions]


def _shown(question: Mapping[str, Any], made: QuizAttempt) -> Shown:
    chosen = made.answers.get(question["id"], "")
    options = tuple((option, text) for option, text in question["options"])
    right = chosen == question["key"] if made.submitted_at else None
    return Shown(question["id"], question["stem"], options, chosen, right)


def submit(
    session: Session,
    found: CourseEnrolment,
    made: QuizAttempt,
    answers: Mapping[str, str],
    *,
    actor: str,
    now: datetime,
) -> None:
    """Marks an attempt; with the pass mark the course is completed. found must be locked."""
    if made.submitted_at:
        raise Conflict("course.attempt_over")
    asked = {each["id"] for each in made.questions}
    made.answers = {question: answer for question, answer in answers.items() if question in asked}
    made.submitted_at = now
    made.score = course_rules.mark(made.questions, made.answers)
    made.passed = made.score >= found.course.quiz_pass
    if made.passed:
        found.quiz_passed_at = now
        learning.complete(session, found, actor=actor, now=now)
    session.flush()


def grant(
    session: Session, organisation_id: UUID, enrolment_id: UUID, reason: str, *, actor: str, now: datetime
) -> CourseEnrolment:
    """One more attempt, by the course's developer and with a reason, for who has used up all and not passed."""
    found = session.scalar(
        select(CourseEnrolment).where(CourseEnrolment.id == enrolment_id).with_for_update(of=CourseEnrolment)
    )
    if found is None or found.course.organisation_id != organisation_id:
        raise NotFound("course.not_enrolled")
    if not reason.strip():
        raise Invalid([Problem("reason", "course.reason_missing")])
    made = attempts(session, found)
    if found.quiz_passed_at or left(found, made) or not made or made[-1].submitted_at is None:
        raise Conflict("course.more_pointless")
    found.more_attempts += 1
    ledger.record(
        session,
        kind="course.attempt_granted",
        actor=actor,
        subject=f"course_enrolment:{found.id}",
        now=now,
        public={"course": str(found.course_id)},
        private={"reason": reason.strip()},
    )
    return found
