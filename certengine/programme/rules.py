"""Dates and targets of seminars and bases. Figures with a public source are named; an installation may amend them."""

from dataclasses import dataclass
from datetime import date, timedelta

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


def summary_due(ends: date) -> date:
    """The tenth working day after the end; Saturdays and Sundays do not count, public holidays are not known here."""
    day, left = ends, SUMMARY_WORKING_DAYS
    while left:
        day += timedelta(days=1)
        left -= day.weekday() < 5
    return day
