from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from certengine.training.watching import LONGEST_SILENCE, Claim, allowance, frontier, hear, is_done, merged, total

AT = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
LENGTH = 120_000
moments = st.integers(0, LENGTH)
intervals = st.lists(st.tuples(moments, moments))
# (milliseconds since the last word, where the claim begins, where it ends)
beats = st.lists(st.tuples(st.integers(0, 90_000), st.integers(-10, 2 * LENGTH), st.integers(-10, 2 * LENGTH)))


@given(st.lists(st.tuples(st.integers(0, 60), st.integers(0, 60))))
def test_merged_intervals_hold_each_moment_once(found: list[tuple[int, int]]) -> None:
    moments = {moment for start, end in found for moment in range(start, end)}
    together = merged(found)
    assert total(found) == len(moments)
    assert {moment for start, end in together for moment in range(start, end)} == moments
    assert all(one[1] < other[0] for one, other in zip(together, together[1:], strict=False))


@given(intervals)
def test_merging_twice_changes_nothing_and_order_does_not_matter(found: list[tuple[int, int]]) -> None:
    assert merged(merged(found)) == merged(found) == merged(reversed(found))


@given(beats, st.booleans())
def test_nobody_watches_more_than_the_servers_clock_passed(found: list[tuple[int, int, int]], in_order: bool) -> None:
    watched: tuple[tuple[int, int], ...] = ()
    heard_at, now, passed = None, AT, 0
    for wait, start, end in found:
        now += timedelta(milliseconds=wait)
        passed += wait if heard_at else 0
        heard = hear(watched, Claim(start, end), allowance(heard_at, now), LENGTH, in_order)
        assert total(heard.watched) == total(watched) + heard.accepted
        watched, heard_at = heard.watched, now
    assert total(watched) <= min(passed, LENGTH)


@given(beats)
def test_in_order_nothing_is_seen_beyond_a_gap(found: list[tuple[int, int, int]]) -> None:
    watched: tuple[tuple[int, int], ...] = ()
    for wait, start, end in found:
        heard = hear(watched, Claim(start, end), wait, LENGTH, in_order=True)
        watched = heard.watched
        assert heard.position == frontier(watched) == total(watched)


@given(beats)
def test_two_windows_on_two_units_share_one_clock(found: list[tuple[int, int, int]]) -> None:
    seen: list[tuple[tuple[int, int], ...]] = [(), ()]
    heard_at, now = AT, AT
    for turn, (wait, start, end) in enumerate(found):
        now += timedelta(milliseconds=wait)
        allowed = allowance(heard_at, now)
        seen[turn % 2] = hear(seen[turn % 2], Claim(start, end), allowed, LENGTH, in_order=False).watched
        heard_at = now
    assert total(seen[0]) + total(seen[1]) <= (now - AT) // timedelta(milliseconds=1)


def test_a_claim_of_an_hour_after_a_silence_counts_nothing() -> None:
    assert allowance(AT, AT + LONGEST_SILENCE) == 60_000
    assert allowance(AT, AT + LONGEST_SILENCE + timedelta(seconds=1)) == 0
    assert allowance(AT, AT - timedelta(seconds=5)) == 0
    assert allowance(None, AT) == 0


def test_skipping_ahead_sends_the_page_back_to_where_it_was() -> None:
    heard = hear([(0, 30_000)], Claim(90_000, 105_000), 15_000, LENGTH, in_order=True)
    assert heard.watched == ((0, 30_000),) and heard.position == 30_000 and heard.accepted == 0


def test_a_unit_is_done_when_all_but_the_players_last_two_seconds_were_seen() -> None:
    assert not is_done([(0, LENGTH - 2_001)], LENGTH)
    assert is_done([(0, LENGTH - 2_000)], LENGTH)
    assert not is_done([], 1_000)
