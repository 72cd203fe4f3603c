"""Enrolment in a course, the time spent on its units as the server's clock knows it, and its completion."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.inserting import insert_new
from certengine.training import hours_accounts, watching
from certengine.training.course_models import (
    Course,
    CourseEnrolment,
    CourseState,
    CourseUnit,
    LearningClock,
    UnitProgress,
    Way,
)
from certengine.training.hours_accounts import Earned, Where
from certengine.training.watching import Claim


@dataclass(frozen=True)
class UnitView:
    """A unit as its learner sees it; seconds seen, and where to go on (milliseconds)."""

    unit: CourseUnit
    seen: int
    position: int
    done: bool
    open: bool


@dataclass(frozen=True)
class Told:
    """What a page hears back: where to go on and how much is seen (milliseconds), what is over."""

    position: int
    seen: int
    done: bool
    completed: bool


def enrol(
    session: Session, course: Course, person_id: UUID, where: Where, *, now: datetime
) -> tuple[CourseEnrolment, bool]:
    """Enrols a person once; (the enrolment, whether it is new). Raises Conflict for a course not in the catalogue."""
    if course.state is not CourseState.PUBLISHED:
        raise Conflict("course.state")
    new = insert_new(
        session,
        CourseEnrolment,
        {
            "course_id": course.id,
            "person_id": person_id,
            "organisation_id": where.organisation_id,
            "city": where.city,
            "units": len(course.units),
            "created_at": now,
        },
    )
    if new:
        hours_accounts.opened(session, person_id, hours_accounts.year_of(now), where).enrolled += 1
        session.flush()
    query = select(CourseEnrolment).where(
        CourseEnrolment.course_id == course.id, CourseEnrolment.person_id == person_id
    )
    return session.scalars(query).one(), new


def enrolment(session: Session, enrolment_id: UUID, person_id: UUID | None, lock: bool = False) -> CourseEnrolment:
    """A learner's own, with its course and units. Raises NotFound, for somebody else's too."""
    query = select(CourseEnrolment).where(CourseEnrolment.id == enrolment_id)
    if lock:
        query = query.with_for_update(of=CourseEnrolment)
    found = session.scalar(
        query.options(
            joinedload(CourseEnrolment.course, innerjoin=True).options(
                selectinload(Course.units), joinedload(Course.organisation, innerjoin=True)
            )
        )
    )
    if found is None or found.person_id != person_id:
        raise NotFound("course.not_enrolled")
    return found


def units(session: Session, found: CourseEnrolment) -> list[UnitView]:
    """The units in order. In an ordered course a unit opens when the one before is done."""
    kept = {
        each.course_unit_id: each
        for each in session.scalars(select(UnitProgress).where(UnitProgress.course_enrolment_id == found.id))
    }
    views: list[UnitView] = []
    open_ = True
    for unit in found.course.units:
        progress = kept.get(unit.id)
        seen = [(start, end) for start, end in progress.watched] if progress else []
        done = bool(progress and progress.done_at)
        views.append(UnitView(unit, watching.total(seen), watching.frontier(seen), done, open_))
        open_ = open_ and (done or not found.course.in_order)
    return views


def hear(session: Session, found: CourseEnrolment, unit_id: UUID, claim: Claim, *, actor: str, now: datetime) -> Told:
    """A page says what it showed since it last spoke. The person's one clock bounds it, whichever window speaks."""
    view = next((each for each in units(session, found) if each.unit.id == unit_id), None)
    if view is None:
        raise NotFound("course.unit_not_found")
    if not view.open:
        raise Conflict("course.unit_locked")
    allowed = _passed(session, found.person_id, now)
    insert_new(
        session,
        UnitProgress,
        {"course_enrolment_id": found.id, "course_unit_id": unit_id, "watched": []},
    )
    query = select(UnitProgress).where(
        UnitProgress.course_enrolment_id == found.id, UnitProgress.course_unit_id == unit_id
    )
    progress = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
    length = view.unit.seconds * 1000
    watched = [(start, end) for start, end in progress.watched]
    heard = watching.hear(watched, claim, allowed, length, found.course.in_order)
    if heard.accepted:
        progress.watched = [list(each) for each in heard.watched]
    if not progress.done_at and watching.is_done(heard.watched, length):
        progress.done_at = now
        found.units_done += 1
        complete(session, found, actor=actor, now=now)
    session.flush()
    return Told(heard.position, watching.total(heard.watched), bool(progress.done_at), found.completed_at is not None)


def _passed(session: Session, person_id: UUID, now: datetime) -> int:
    """Milliseconds since the person was last heard of; the row's lock makes their windows wait for each other."""
    if insert_new(session, LearningClock, {"person_id": person_id, "heard_at": now}):
        return 0
    query = select(LearningClock).where(LearningClock.person_id == person_id)
    clock = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
    allowed = watching.allowance(clock.heard_at, now)
    clock.heard_at = max(clock.heard_at, now)
    return allowed


def complete(session: Session, found: CourseEnrolment, *, actor: str, now: datetime) -> bool:
    """Completes a course and credits its hours when its units are done and its quiz is passed."""
    course = found.course
    if found.completed_at or found.units_done < found.units or (course.quiz_items and not found.quiz_passed_at):
        return False
    found.completed_at = now
    where = Where(found.city, found.organisation_id)
    earned = Earned(course.subject, Way.COURSE, course.hours, course.title, f"course_enrolment:{found.id}")
    hours_accounts.credit(session, found.person_id, earned, where, actor=actor, now=now)
    hours_accounts.opened(session, found.person_id, hours_accounts.year_of(now), where).completed += 1
    session.flush()
    return True
