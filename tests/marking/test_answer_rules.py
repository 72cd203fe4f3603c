from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction
from itertools import combinations, permutations

from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.rules import AnswerPoint
from certengine.marking.answer_models import AnswerState
from certengine.marking.answer_rules import (
    SEED_EVERY,
    agreement,
    answers_an_hour,
    next_code,
    pieces,
    point_problems,
    rubric_hash,
    settle,
)
from certengine.marking.rules import item_score
from tests.marking.answer_factories import case, short_answer

SHARES = st.builds(Fraction, st.integers(0, 20), st.just(20))
START = datetime(2026, 11, 25, 4, tzinfo=UTC)


@given(st.lists(SHARES, max_size=4), st.sampled_from([1, 2]), SHARES)
def test_marks_settle_by_the_stated_rule_in_whatever_order_they_came(
    marks: list[Fraction], wanted: int, tolerance: Fraction
) -> None:
    found = settle(marks, wanted, tolerance)
    assert {settle(order, wanted, tolerance) for order in permutations(marks)} == {found}
    if len(marks) < wanted:
        assert found.state is AnswerState.OPEN and found.share is None
        return
    if found.state is AnswerState.DISPUTED:
        assert len(marks) == 2 and abs(marks[0] - marks[1]) > tolerance and found.share is None
        return
    assert found.state is AnswerState.SETTLED and found.share is not None
    assert min(marks) <= found.share <= max(marks)
    if len(marks) == 1:
        assert found.share == marks[0]
    elif len(marks) == 2:
        assert abs(marks[0] - marks[1]) <= tolerance and found.share == sum(marks) / 2
    else:
        nearest = min(abs(one - other) for one, other in combinations(marks, 2))
        means = {(one + other) / 2 for one, other in combinations(marks, 2) if abs(one - other) == nearest}
        assert found.share == max(means)


@given(SHARES, SHARES, SHARES)
def test_a_third_mark_always_decides(one: Fraction, two: Fraction, third: Fraction) -> None:
    assert settle([one, two, third], 2, Fraction(0)).state is AnswerState.SETTLED


@given(st.integers(1, 60), st.integers(0, 6))
def test_a_marker_gets_every_answer_once_and_the_seeds_spread_among_them(answers: int, seeds: int) -> None:
    codes, waiting = [f"A{n}" for n in range(answers)], [f"S{n}" for n in range(seeds)]
    got: list[str] = []
    while code := next_code("account:x", codes, waiting, len(got), sum(each[0] == "S" for each in got)):
        (codes if code in codes else waiting).remove(code)
        got.append(code)
    assert len(got) == answers + seeds == len(set(got))
    places = [place for place, code in enumerate(got) if code[0] == "S"]
    if answers >= seeds * SEED_EVERY:
        assert [place // SEED_EVERY for place in places] == list(range(seeds))


def test_two_markers_go_through_the_answers_in_different_orders() -> None:
    codes = [f"A{n}" for n in range(50)]
    firsts = {next_code(f"account:{n}", codes, [], 0, 0) for n in range(20)}
    assert len(firsts) > 10


def test_agreement_counts_exact_and_near_marks_and_says_who_is_too_generous() -> None:
    fifth = Fraction(1, 5)
    found = agreement([(Fraction(1), Fraction(1)), (fifth * 4, fifth * 3), (Fraction(1), Fraction(0))], fifth)
    assert (found.seeds, found.exact, found.within) == (3, 1, 2)
    assert (found.exact_share, found.within_share) == (33, 67)
    assert found.difference is not None and round(found.difference) == 40
    assert not found.too_low
    assert agreement([(Fraction(1), Fraction(0))] * 2 + [(fifth, fifth)], fifth).too_low
    assert not agreement([(Fraction(1), Fraction(0))] * 2, fifth).too_low
    assert agreement([], fifth).exact_share is None


def test_speed_leaves_pauses_out() -> None:
    moments = [START + timedelta(minutes=each) for each in (0, 1, 2, 100, 101)]
    assert answers_an_hour(moments) == 60.0
    assert answers_an_hour(moments[:1]) is None


def test_points_are_checked_one_by_one() -> None:
    rubric = (AnswerPoint("", Decimal(2)), AnswerPoint("", Decimal(3)), AnswerPoint("", Decimal(1)))
    found = point_problems(rubric, [None, Decimal(4), Decimal("0.125")])
    assert [(each.place, each.code) for each in found] == [
        ("1", "marking.answer_point_missing"),
        ("2", "marking.answer_point_range"),
        ("3", "marking.answer_point_decimals"),
    ]


def test_answer_points_have_one_hash_however_their_points_are_spelled() -> None:
    assert rubric_hash([AnswerPoint("a", Decimal("2.0"))]) == rubric_hash([AnswerPoint("a", Decimal(2))])
    assert rubric_hash([AnswerPoint("a", Decimal(2))]) != rubric_hash([AnswerPoint("a", Decimal(3))])


def test_pieces_are_what_people_have_to_mark() -> None:
    assert pieces(short_answer(), "x") == [("", "x")]
    assert pieces(short_answer(), None) == [("", "")]
    assert pieces(case(), {"1": "b", "2": "y"}) == [("2", "y")]


def test_peoples_shares_are_rounded_once_at_the_end() -> None:
    assert item_score(short_answer(), "x", Decimal(10), written={"": Fraction(1, 3)}) == Decimal("3.33")
    assert item_score(short_answer(), "x", Decimal(10)) == 0
    assert item_score(short_answer(), "x", Decimal(1), written={"": Fraction(1, 8)}) == Decimal("0.13")
    answer = {"1": "b", "2": "y"}
    assert item_score(case(), answer, Decimal(8), written={"2": Fraction(2, 3)}) == Decimal("6.00")
    assert item_score(case(), answer, Decimal(8)) == Decimal("2.00")
