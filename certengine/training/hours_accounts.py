"""Hours of continuing education: credited once for each thing, with the year's sums beside them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.inserting import insert_new
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import DocumentType, Person
from certengine.people.rules import parse_document
from certengine.training import course_problems
from certengine.training.course_models import Course, CourseEnrolment, HoursAccount, HoursCredit, Subject, Way
from certengine.training.course_rules import MOST_HOURS, HoursRule, Judged, YearHours, judge_year, rule_of

__all__ = ["course_problems"]


@dataclass(frozen=True)
class Where:
    """To whose sums a person's hours belong: city (GB/T 2260) and, if any, employer."""

    city: str
    organisation_id: UUID | None = None


@dataclass(frozen=True)
class Earned:
    """What earned hours; source is an opaque subject of the ledger."""

    subject: Subject
    way: Way
    hours: Decimal
    title: str
    source: str


@dataclass(frozen=True)
class PersonYear:
    """A person's account of one year, and how it stands against the rule."""

    year: int
    hours: YearHours
    rule: HoursRule
    judged: Judged
    credits: Sequence[HoursCredit]


def year_of(moment: datetime) -> int:
    return moment.astimezone(CHINA).year


def opened(session: Session, person_id: UUID, year: int, where: Where) -> HoursAccount:
    """The account, locked, opened if need be. It follows the person to another employer or city."""
    values = {"person_id": person_id, "year": year, "city": where.city, "organisation_id": where.organisation_id}
    insert_new(session, HoursAccount, values)
    query = select(HoursAccount).where(HoursAccount.person_id == person_id, HoursAccount.year == year)
    account = session.scalars(query.with_for_update().execution_options(populate_existing=True)).one()
    if where.organisation_id or not account.organisation_id:
        account.city, account.organisation_id = where.city, where.organisation_id
    return account


def credit(session: Session, person_id: UUID, earned: Earned, where: Where, *, actor: str, now: datetime) -> bool:
    """Credits hours in the year of `now`, once for each source; False where they are there already."""
    if not 0 < earned.hours <= MOST_HOURS:
        raise Invalid([Problem("hours", "credit.hours")])
    year = year_of(now)
    account = opened(session, person_id, year, where)
    known = select(HoursCredit.id).where(HoursCredit.person_id == person_id, HoursCredit.source == earned.source)
    if session.scalar(known):
        return False
    entry = ledger.record(
        session,
        kind="hours.credited",
        actor=actor,
        subject=f"person:{person_id}",
        now=now,
        public={
            "year": year,
            "subject": earned.subject.value,
            "way": earned.way.value,
            "hours": str(earned.hours.quantize(Decimal("0.01"))),
        },
        private={"source": earned.source, "title": earned.title},
    )
    session.add(HoursCredit(person_id=person_id, year=year, ledger_entry=entry, at=now, **vars(earned)))
    if earned.subject is Subject.GENERAL:
        account.general += earned.hours
    else:
        account.professional += earned.hours
    account.met = judge_year(rule_of(year), YearHours(account.general, account.professional)).met
    session.flush()
    return True


def person_year(session: Session, person_id: UUID, year: int) -> PersonYear:
    """The account as the page and the statement show it, added up from its credits."""
    credits = session.scalars(
        select(HoursCredit)
        .where(HoursCredit.person_id == person_id, HoursCredit.year == year)
        .order_by(HoursCredit.at, HoursCredit.id)
    ).all()
    sums = {subject: Decimal(0) for subject in Subject}
    for each in credits:
        sums[each.subject] += each.hours
    hours, rule = YearHours(sums[Subject.GENERAL], sums[Subject.PROFESSIONAL]), rule_of(year)
    return PersonYear(year, hours, rule, judge_year(rule, hours), credits)


def years_of(session: Session, person_id: UUID) -> list[int]:
    """Newest first."""
    query = select(HoursAccount.year).where(HoursAccount.person_id == person_id)
    return list(session.scalars(query.order_by(HoursAccount.year.desc())))


def learning_of(session: Session, person_id: UUID) -> Sequence[CourseEnrolment]:
    """What a person learns and learnt, newest first."""
    return session.scalars(
        select(CourseEnrolment)
        .where(CourseEnrolment.person_id == person_id)
        .options(joinedload(CourseEnrolment.course).joinedload(Course.organisation))
        .order_by(CourseEnrolment.id.desc())
    ).all()


def people_query(organisation_id: UUID, year: int, only: str = "") -> Select[Any]:
    """The accounts of an organisation's people in a year; only: met, short."""
    query = (
        select(HoursAccount)
        .where(HoursAccount.organisation_id == organisation_id, HoursAccount.year == year)
        .options(joinedload(HoursAccount.person))
        .order_by(HoursAccount.person_id)
    )
    conditions = {"met": (HoursAccount.met,), "short": (~HoursAccount.met,)}
    return query.where(*conditions.get(only, ()))


def look_up(
    session: Session, cipher: FieldCipher, kind: DocumentType, number: str, *, cities: str, actor: str, now: datetime
) -> Person:
    """The person with this document, for a department; who looked is written down. Raises Invalid and NotFound.

    cities: what the codes of the department's cities begin with.
    """
    parsed = parse_document(kind, number, now.astimezone(CHINA).date())
    if isinstance(parsed, str):
        raise Invalid([Problem("number", parsed)])
    index = people.document_index(cipher, kind, parsed[0])
    person = session.scalar(select(Person).where(Person.document_type == kind, Person.document_index == index))
    here = select(HoursAccount.id).where(HoursAccount.city.startswith(cities, autoescape=True))
    if person is None or session.scalar(here.where(HoursAccount.person_id == person.id).limit(1)) is None:
        raise NotFound("course.nobody")
    ledger.record(session, kind="hours.looked_up", actor=actor, subject=f"person:{person.id}", now=now)
    return person
