"""Dates and targets of seminars and bases. Figures with a public source are named; an installation may amend them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import ROUND_DOWN, Decimal

from certengine.programme.base_models import BaseState

# Shandong plan 2022–2030: each base trains at least 2,000 people a year; about 70 seminars and 3,000 people a year.
BASE_YEARLY_TARGET = 2000
SEMINARS_YEARLY_TARGET = 70
SEMINAR_PEOPLE_YEARLY_TARGET = 3000
# Rule of one region (public): application 30 days ahead; summary within 10 working days after.
APPLICATION_DAYS_AHEAD = 30
SUMMARY_WORKING_DAYS = 10


@dataclass(frozen=True)
class ReportDue:
    year: int
    due: date
    late: bool
    days_left: int


def report_due(year: int, today: date) -> ReportDue:
    """The report of a year is due on 10 December of that year (Shandong plan)."""
    due = date(year, 12, 10)
    return ReportDue(year, due, today > due, (due - today).days)


def reporting_year(today: date) -> int:
    """Until the end of January the report asked for is still last year's."""
    return today.year - 1 if today.month == 1 else today.year


def application_in_time(applied: date, starts: date) -> bool:
    return (starts - applied).days >= APPLICATION_DAYS_AHEAD


def is_working_day(day: date, calendar: Mapping[date, bool]) -> bool:
    """calendar: the days that are not as their weekday, and whether they are worked."""
    return calendar.get(day, day.weekday() < 5)


def summary_due(ends: date, calendar: Mapping[date, bool]) -> date:
    """The tenth working day after the end."""
    day, left = ends, SUMMARY_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= is_working_day(day, calendar)
    return day


# So many working days before it is due, whoever has not handed in a summary is reminded.
SUMMARY_REMINDER = 3


def summary_stage(today: date, due: date, calendar: Mapping[date, bool]) -> str | None:
    """Which reminder of a summary that is not there is due today."""
    if today > due:
        return "late"
    days = (today + timedelta(days=each) for each in range(1, (due - today).days + 1))
    return "soon" if sum(is_working_day(day, calendar) for day in days) <= SUMMARY_REMINDER else None


# A participant who missed more than a fifth gets no certificate (model figure).
ATTENDANCE_PERCENT = 80
SIGN_IN_AHEAD = timedelta(minutes=30)
# Bases are reminded of their report when so many days are left, and once it is late.
REMINDER_DAYS = (30, 14, 3, 0, -1)
# The weights of a base's yearly score (model figures): people trained, seminars, courses, the report in time.
BASE_WEIGHTS = {"trained": 50, "seminars": 20, "courses": 20, "in_time": 10}
BASE_SEMINARS_TARGET, BASE_COURSES_TARGET = 2, 5


@dataclass(frozen=True)
class Indicators:
    """What the records say of a base's year: distinct people, seminars hosted, courses published."""

    trained: int
    seminars: int
    courses: int


def attended(signed: int, sessions: int) -> bool:
    """Whether somebody was there for enough of a seminar."""
    return sessions > 0 and signed * 100 >= sessions * ATTENDANCE_PERCENT


def reminder_stage(days_left: int) -> int | None:
    """The stage that has been reached and not passed by the next: 14 from 14 to 4 days; None when it is early yet."""
    return next((stage for stage in reversed(REMINDER_DAYS) if days_left <= stage), None)


def base_score(counted: Indicators, in_time: bool) -> Decimal:
    """0 to 100: each indicator against its target, no more than its weight."""
    shares = {
        "trained": Decimal(counted.trained) / BASE_YEARLY_TARGET,
        "seminars": Decimal(counted.seminars) / BASE_SEMINARS_TARGET,
        "courses": Decimal(counted.courses) / BASE_COURSES_TARGET,
        "in_time": Decimal(in_time),
    }
    total = sum((min(share, Decimal(1)) * BASE_WEIGHTS[name] for name, share in shares.items()), Decimal(0))
    return total.quantize(Decimal("0.01"), ROUND_DOWN)


def standing_may_follow(before: BaseState, after: BaseState) -> bool:
    return after in STANDING_FOLLOWS[before]


STANDING_FOLLOWS = {
    BaseState.IN_GOOD_STANDING: frozenset({BaseState.PUT_RIGHT, BaseState.REMOVAL_PROPOSED}),
    BaseState.PUT_RIGHT: frozenset({BaseState.IN_GOOD_STANDING, BaseState.REMOVAL_PROPOSED}),
    BaseState.REMOVAL_PROPOSED: frozenset({BaseState.IN_GOOD_STANDING, BaseState.REMOVED}),
    BaseState.REMOVED: frozenset[BaseState](),
}
