"""A year of continuing education in sums, added up from the accounts' indexes alone."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Integer, Select, cast, func, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import NotFound
from certengine.foundation.paging import Page
from certengine.people.models import Organisation
from certengine.training.course_models import CourseEnrolment, HoursAccount

RECORDS = 50
# No list of employers is longer; a page beyond is the first.
MOST_PAGES = 1_000_000
# The digits of a city's code.
CITY = 6


@dataclass(frozen=True)
class Sums:
    """One line: a city, an organisation or the whole; key is the city's code or the organisation's name."""

    key: str
    people: int
    met: int
    enrolled: int
    completed: int
    general: Decimal
    professional: Decimal

    @property
    def share(self) -> int:
        """Percent of the people who fulfilled their year."""
        return self.met * 100 // self.people if self.people else 0


def _columns() -> tuple[Any, ...]:
    account = HoursAccount
    return (
        func.count(),
        func.sum(cast(account.met, Integer)),
        func.sum(account.enrolled),
        func.sum(account.completed),
        func.sum(account.general),
        func.sum(account.professional),
    )


def _within(query: Select[Any], year: int, cities: str) -> Select[Any]:
    # A range and not a pattern, so that the index is used under any collation.
    account = HoursAccount
    return query.where(account.year == year, account.city >= cities, account.city < f"{int(cities) + 1}")


def _sums(key: str, row: Sequence[Any]) -> Sums:
    people, met, enrolled, completed, general, professional = row
    return Sums(key, people, met or 0, enrolled or 0, completed or 0, general or Decimal(0), professional or Decimal(0))


def by_city(session: Session, year: int, cities: str) -> list[Sums]:
    query = _within(select(HoursAccount.city, *_columns()), year, cities)
    rows = session.execute(query.group_by(HoursAccount.city).order_by(HoursAccount.city))
    return [_sums(row[0], row[1:]) for row in rows]


def whole(lines: Sequence[Sums]) -> Sums:
    zero = Decimal(0)
    return Sums(
        "",
        sum(each.people for each in lines),
        sum(each.met for each in lines),
        sum(each.enrolled for each in lines),
        sum(each.completed for each in lines),
        sum((each.general for each in lines), zero),
        sum((each.professional for each in lines), zero),
    )


def by_organisation(session: Session, year: int, cities: str, number: int, size: int = 50) -> Page[Sums]:
    """The employers of a year, those with the most people first."""
    account, people = HoursAccount, func.count().label("people")
    # Not a range: it would lead to the index by city, and the index by organisation gives the groups in order.
    here = func.substr(account.city, 1, len(cities)) == cities
    grouped = (
        select(account.organisation_id, func.count().over().label("groups"), *_columns())
        .where(account.year == year, account.organisation_id.is_not(None), here)
        .group_by(account.organisation_id)
        .order_by(people.desc(), account.organisation_id)
    )
    number = min(max(1, number), MOST_PAGES)
    lines = session.execute(grouped.limit(size).offset((number - 1) * size)).all()
    if not lines and number > 1:
        return by_organisation(session, year, cities, 1, size)
    names = _names(session, [row[0] for row in lines])
    total = lines[0].groups if lines else 0
    return Page([_sums(names.get(row[0], ""), row[2:]) for row in lines], number, size, total)


def _names(session: Session, ids: Sequence[UUID]) -> dict[UUID, str]:
    found = session.execute(select(Organisation.id, Organisation.name).where(Organisation.id.in_(ids)))
    return {each: name for each, name in found}


def years(session: Session) -> list[int]:
    """The years that have accounts, newest first, each found by a jump in the index."""
    found: list[int] = []
    query = select(HoursAccount.year).order_by(HoursAccount.year.desc()).limit(1)
    while (year := session.scalar(query.where(HoursAccount.year < found[-1]) if found else query)) is not None:
        found.append(year)
    return found


def learners_query(course_id: UUID) -> Select[Any]:
    """Who learns a course."""
    entry = CourseEnrolment
    query = select(entry).options(joinedload(entry.person)).where(entry.course_id == course_id)
    return query.order_by(entry.person_id)


def records(session: Session, city: str, after: str = "") -> Sequence[CourseEnrolment]:
    """Who learns what, newest first, from after an enrolment's id on: one more than a page, to know if there is more.

    By key and not by number, so that the thousandth page costs what the first does. city: a code, or the two digits
    of a province.
    """
    entry = CourseEnrolment
    query = select(entry).options(joinedload(entry.person), joinedload(entry.course)).order_by(entry.id.desc())
    if len(city) == CITY:
        query = query.where(entry.city == city)
    else:
        query = query.where(entry.city.startswith(city, autoescape=True))
    try:
        query = query.where(entry.id < UUID(after)) if after else query
    except ValueError:
        raise NotFound("not_found") from None
    return session.scalars(query.limit(RECORDS + 1)).all()
