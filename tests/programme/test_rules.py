from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certengine.programme import rules


@given(st.dates(date(2022, 1, 1), date(2035, 1, 1)))
def test_a_summary_is_due_two_weeks_after_the_end_whatever_the_weekday(ends: date) -> None:
    due = rules.summary_due(ends)
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
