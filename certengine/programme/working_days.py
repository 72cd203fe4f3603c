"""The year's public holidays and the days worked in their stead, as the State Council announces them each November."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.programme import problems
from certengine.programme.calendar_models import CalendarDay

__all__ = ["problems"]

LONGEST = timedelta(days=30)


def calendar(session: Session) -> Mapping[date, bool]:
    """day → whether it is worked, of the days that are not as their weekday."""
    return {row[0]: row[1] for row in session.execute(select(CalendarDay.day, CalendarDay.working))}


def days_of(session: Session, year: int) -> Sequence[CalendarDay]:
    query = select(CalendarDay).where(CalendarDay.day.between(date(year, 1, 1), date(year, 12, 31)))
    return session.scalars(query.order_by(CalendarDay.day)).all()


def is_known(found: Mapping[date, bool], year: int) -> bool:
    """Whether a year's list has been entered."""
    return any(day.year == year for day in found)


def must_keep(region: str) -> None:
    """Raises NotAllowed for a city's department: one list holds for the whole province."""
    if not regions.is_provincial(region):
        raise NotAllowed("calendar.province_only")


def set_days(
    session: Session, first: date, last: date | None, working: bool, name: str, *, actor: str, now: datetime
) -> None:
    """From first to last, both counted; what was entered for them before is replaced. Raises Invalid."""
    last = last or first
    if last < first or last - first > LONGEST:
        raise Invalid([Problem("last", "calendar.range")])
    if not name.strip():
        raise Invalid([Problem("name", "base.reason_missing")])
    session.execute(delete(CalendarDay).where(CalendarDay.day.between(first, last)))
    day = first
    while day <= last:
        session.add(CalendarDay(day=day, working=working, name=name.strip()[:60]))
        day += timedelta(days=1)
    session.flush()
    public: dict[str, Any] = {"first": first.isoformat(), "last": last.isoformat(), "working": working}
    _record(session, "calendar.set", first.year, actor, now, public)


def remove_day(session: Session, day: date, *, actor: str, now: datetime) -> None:
    """The day is as its weekday again."""
    found = session.get(CalendarDay, day)
    if found is None:
        raise NotFound("calendar.not_found")
    session.delete(found)
    session.flush()
    _record(session, "calendar.removed", day.year, actor, now, {"day": day.isoformat()})


def _record(session: Session, kind: str, year: int, actor: str, now: datetime, public: dict[str, Any]) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=f"calendar:{year}", now=now, public=public)
