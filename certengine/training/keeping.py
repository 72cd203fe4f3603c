"""What is kept of a learner's hours, and how it is forgotten."""

from datetime import date
from functools import partial

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime, after_commit
from certengine.people.models import Person
from certengine.people.privacy import ERASED, forgets, keeps
from certengine.training.course_models import HoursCredit, YearStatement

# Model figure (no source): the years after the one in which hours were earned.
YEARS = 3


@keeps("hours")
def kept_until(session: Session, person: Person) -> date | None:
    newest = session.scalar(select(func.max(HoursCredit.year)).where(HoursCredit.person_id == person.id))
    return date(newest + YEARS, 12, 31) if newest else None


@forgets
def forget(session: Session, runtime: Runtime, person: Person) -> None:
    for each in session.scalars(select(YearStatement).where(YearStatement.person_id == person.id)):
        each.facts = {**each.facts, "name": ERASED, "document": ""}
        after_commit(session, partial(runtime.files.remove, each.pdf))
