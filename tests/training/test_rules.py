from datetime import datetime, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from certengine.training.rules import Presence, completion_problems, hours, minutes_present, overlaps

EIGHT = datetime(2026, 11, 2, 0, 0)
minutes = st.integers(0, 600)
presences = st.lists(
    st.tuples(minutes, minutes).map(
        lambda pair: Presence(EIGHT + timedelta(minutes=min(pair)), EIGHT + timedelta(minutes=max(pair)))
    )
)


@given(presences)
def test_a_minute_counts_once_however_many_lists_hold_it(found: list[Presence]) -> None:
    covered = {
        minute
        for each in found
        for minute in range(int((each.came - EIGHT).seconds // 60), int((each.left - EIGHT).seconds // 60))
    }
    assert minutes_present(found) == len(covered)


def test_hours_are_cut_and_never_rounded_up() -> None:
    assert hours(64 * 45) == Decimal("64.0")
    assert hours(64 * 45 - 1) == Decimal("63.9")


def test_completion_says_everything_that_is_missing() -> None:
    assert completion_problems(Decimal("63.9"), 64, None) == ["training.hours_short", "training.not_assessed"]
    assert completion_problems(Decimal(64), 64, Decimal("59.99")) == ["training.assessment_failed"]
    assert completion_problems(Decimal(64), 64, Decimal("60.00")) == []


def test_lessons_that_touch_do_not_clash() -> None:
    nine, ten = EIGHT + timedelta(hours=1), EIGHT + timedelta(hours=2)
    assert not overlaps(nine, ten, [(EIGHT, nine)])
    assert overlaps(nine, ten, [(EIGHT, nine + timedelta(minutes=1))])
