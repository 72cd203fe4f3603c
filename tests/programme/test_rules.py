from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certengine.programme import rules


@given(st.dates(date(2022, 1, 1), date(2035, 1, 1)))
def test_a_summary_is_due_two_weeks_after_the_end_whatever_the_weekday(ends: date) -> None:
    due = rules.summary_due(ends, {})
    assert due.weekday() < 5
    assert timedelta(days=12) <= due - ends <= timedelta(days=14)


def test_a_base_reports_by_the_tenth_of_december() -> None:
    assert rules.report_due(2026, date(2026, 12, 10)) == rules.ReportDue(2026, date(2026, 12, 10), False, 0)
    assert rules.report_due(2026, date(2026, 12, 11)).late


def test_in_january_last_years_report_is_still_the_one_asked_for() -> None:
    assert rules.reporting_year(date(2027, 1, 31)) == 2026
    assert rules.reporting_year(date(2027, 2, 1)) == 2027


def test_a_seminar_is_applied_for_thirty_days_ahead() -> None:
    assert rules.application_in_time(date(2026, 11, 1), date(2026, 12, 1))
    assert not rules.application_in_time(date(2026, 11, 2), date(2026, 12, 1))


def test_holidays_do_not_count_and_a_worked_saturday_does() -> None:
    # 2026-09-24 is a Thursday before Mid-Autumn and National Day.
    free = [date(2026, 9, day) for day in (25, 26, 27)] + [date(2026, 10, day) for day in range(1, 8)]
    calendar = {**dict.fromkeys(free, False), date(2026, 10, 10): True}
    assert rules.summary_due(date(2026, 9, 24), {}) == date(2026, 10, 8)
    assert rules.summary_due(date(2026, 9, 24), calendar) == date(2026, 10, 15)


@given(st.dates(date(2022, 1, 1), date(2035, 1, 1)), st.dictionaries(st.dates(), st.booleans()))
def test_between_the_end_and_the_due_day_lie_exactly_ten_working_days(ends: date, calendar: dict[date, bool]) -> None:
    due = rules.summary_due(ends, calendar)
    days = [ends + timedelta(days=each) for each in range(1, (due - ends).days + 1)]
    assert sum(rules.is_working_day(day, calendar) for day in days) == 10
    assert rules.is_working_day(due, calendar)
