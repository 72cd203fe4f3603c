"""Enrolling an organisation's people: its list is looked at first, then applied as the user chose."""

from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.training import course_rules, learning
from certengine.training.course_models import Course, CourseState
from certengine.training.hours_accounts import Where
from certengine.training.organisation_list import OrganisationList, read_people


@dataclass(frozen=True)
class Enrolled:
    added: int
    unchanged: int
    refused: int


def titles(session: Session) -> list[str]:
    """What may be enrolled in, for the template."""
    query = select(Course.title).where(Course.state == CourseState.PUBLISHED).order_by(Course.title).distinct()
    return list(session.scalars(query))


def look(session: Session, content: bytes, name: str, now: datetime) -> OrganisationList:
    """A course may be named by its title or, where two have the same, by its id. Raises Invalid."""
    named: dict[str, list[UUID]] = {}
    for course_id, title in session.execute(
        select(Course.id, Course.title).where(Course.state == CourseState.PUBLISHED)
    ):
        named.setdefault(title, []).append(course_id)
        named[str(course_id)] = [course_id]
    return read_people(content, name, now.astimezone(CHINA).date(), named)


def apply(
    session: Session,
    runtime: Runtime,
    organisation_id: UUID,
    content: bytes,
    name: str,
    *,
    keep_good: bool,
    actor: str,
    now: datetime,
) -> Enrolled:
    """Enrols the rows. Raises Invalid with every fault, and enrols nobody, unless keep_good was chosen."""
    found = look(session, content, name, now)
    problems = list(found.problems)
    where = Where(course_rules.city_of(people.organisation(session, organisation_id).region), organisation_id)
    wanted = {row.course_id for row in found.rows}
    query = select(Course).where(Course.id.in_(wanted)).options(selectinload(Course.units))
    courses = {course.id: course for course in session.scalars(query)}
    added = 0
    for row in found.rows:
        try:
            person = people.register_person(session, runtime.cipher, row.facts, now)
        except Invalid as error:
            problems.extend(
                Problem(row.cells.get(each.place, name), each.code, {**each.values, "row": row.number})
                for each in error.problems
            )
            continue
        added += learning.enrol(session, courses[row.course_id], person.id, where, now=now)[1]
    refused = {problem.values["row"] for problem in problems}
    good = len({row.number for row in found.rows} - refused)
    if problems and not keep_good:
        raise Invalid(problems)
    if not good:
        raise Invalid([*problems, Problem(name, "enrol.nothing_good")])
    ledger.record(
        session,
        kind="course.organisation_enrolled",
        actor=actor,
        subject=f"organisation:{organisation_id}",
        now=now,
        public={"added": added, "unchanged": good - added, "refused": len(refused)},
        private={"sha256": sha256(content).hexdigest(), "name": name},
    )
    return Enrolled(added, good - added, len(refused))
