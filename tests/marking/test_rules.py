from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.rules import Blank, Criterion, Item, ItemType, Option
from certengine.marking import rules
from certengine.marking.models import Verdict
from certengine.marking.rules import PassMarks

POINTS = Decimal("2.5")
MARKS = PassMarks(Decimal(60), Decimal(60))


def item(kind: ItemType, key: Any = None, **parts: Any) -> Item:
    options = tuple(Option(each, each) for each in "abcde")
    return Item(id="x", type=kind, outline="1", stem="", key=key, options=options, **parts)


SEVERAL = item(ItemType.MULTIPLE, ("a", "c", "d"))


@pytest.mark.parametrize(
    ("partial", "answer", "points"),
    [
        ("none", ["d", "a", "c"], "2.5"),
        ("none", ["a", "c"], "0"),
        ("proportional", ["a", "c"], "1.67"),
        ("proportional", ["a", "c", "b"], "0"),
        ("minus_wrong", ["a", "c", "b"], "0.83"),
        ("minus_wrong", ["a", "b", "e"], "0"),
        ("minus_wrong", ["a", "b", "c", "d", "e"], "0.83"),
        ("none", None, "0"),
    ],
)
def test_several_right_answers_by_the_rule_of_the_section(partial: str, answer: Any, points: str) -> None:
    assert rules.item_score(SEVERAL, answer, POINTS, partial) == Decimal(points)


def test_one_right_answer_is_right_or_wrong() -> None:
    for kind, key in ((ItemType.SINGLE, "b"), (ItemType.JUDGEMENT, "false")):
        it = item(kind, key)
        assert rules.item_score(it, key, POINTS, "proportional") == POINTS
        assert rules.item_score(it, "a", POINTS, "proportional") == 0


def test_order_is_whole_and_pairs_count_each() -> None:
    order = item(ItemType.ORDERING, ("a", "b", "c"))
    assert rules.item_score(order, ["a", "b", "c"], POINTS) == POINTS
    assert rules.item_score(order, ["a", "c", "b"], POINTS, "proportional") == 0
    pairs = item(ItemType.MATCHING, {"a": "1", "b": "2"})
    assert rules.item_score(pairs, {"a": "1", "b": "1"}, POINTS, "proportional") == Decimal("1.25")
    assert rules.item_score(pairs, {"a": "1", "b": "1"}, POINTS) == 0


@pytest.mark.parametrize("text", ["IPv4", "ＩＰｖ４", " ipv4 ", "IPv4。", "IP v4"])
def test_a_gap_does_not_mind_widths_case_spaces_or_a_full_stop(text: str) -> None:
    assert rules.blank_holds(Blank("1", accept=("IPv4",)), text)


@pytest.mark.parametrize(
    ("text", "holds"),
    [("10.5", True), ("１０．５", True), ("10.6", False), ("1,0.5", True), ("十", False), ("", False), ("NaN", False)],
)
def test_a_number_in_a_gap_has_its_tolerance(text: str, holds: bool) -> None:
    assert rules.blank_holds(Blank("1", value=Decimal("10.5"), tolerance=Decimal("0.05")), text) is holds


def test_quotes_and_dashes_of_any_keyboard_are_the_same() -> None:
    assert rules.blank_holds(Blank("1", accept=("don't",)), "don’t")
    assert rules.blank_holds(Blank("1", accept=("-1",)), "−1")


ANSWERS = st.one_of(st.none(), st.lists(st.sampled_from("abcde"), unique=True, min_size=1))


@given(ANSWERS, st.sampled_from(["none", "proportional", "minus_wrong"]), st.decimals("0.1", "10", places=1))
def test_no_answer_earns_less_than_nothing_or_more_than_the_item(answer: Any, partial: str, points: Decimal) -> None:
    assert 0 <= rules.item_score(SEVERAL, answer, points, partial) <= points


@pytest.mark.parametrize(
    ("theory", "practical", "verdict"),
    [
        ("60.00", "60.00", Verdict.PASSED),
        ("59.99", "100", Verdict.FAILED),
        ("100", "59.99", Verdict.FAILED),
        ("100", None, Verdict.FAILED),
        (None, "100", Verdict.FAILED),
        (None, None, Verdict.ABSENT),
    ],
)
def test_both_parts_are_passed_at_exactly_sixty(theory: str | None, practical: str | None, verdict: Verdict) -> None:
    scores = [None if score is None else Decimal(score) for score in (theory, practical)]
    assert rules.verdict(scores[0], scores[1], MARKS) is verdict


def test_an_examiners_points_are_checked_each_and_all() -> None:
    rubric = [Criterion("a", "数据", Decimal(40), ()), Criterion("b", "模型", Decimal(20), ())]
    found = rules.practical_problems(rubric, {"a": Decimal(41), "b": None})
    assert [(each.place, each.code) for each in found] == [
        ("a", "marking.points_range"),
        ("b", "marking.points_missing"),
    ]
    assert (
        rules.practical_problems(rubric, {"a": Decimal("0.001"), "b": Decimal(1)})[0].code == "marking.points_decimals"
    )
    assert rules.practical_total(rubric, {"a": Decimal(30), "b": Decimal(15)}) == Decimal("75.00")
    assert rules.mean_score([Decimal("70.01"), Decimal("70")]) == Decimal("70.01")
    assert rules.mean_score([]) is None


def test_the_distribution_counts_everyone_once() -> None:
    bars = rules.distribution([Decimal(0), Decimal("9.99"), Decimal(10), Decimal(100)])
    assert [count for _low, _high, count in bars] == [2, 1, 0, 0, 0, 0, 0, 0, 0, 1]


@given(st.decimals(0, 100, places=2), st.decimals(0, 100, places=2))
def test_the_verdict_agrees_with_the_digits_that_are_shown(theory: Decimal, practical: Decimal) -> None:
    shown = [Decimal(f"{each:.2f}") for each in (theory, practical)]
    passed = all(each >= 60 for each in shown)
    assert (rules.verdict(theory, practical, MARKS) is Verdict.PASSED) == passed


@pytest.mark.parametrize("text", ["don’t", "don't", "Don‘t", " ｄｏｎ＇ｔ。"])
def test_an_apostrophe_of_any_keyboard_fills_the_gap(text: str) -> None:
    assert rules.blank_holds(Blank("1", accept=("don't",)), text)


@pytest.mark.parametrize("text", ["10.5", "１０．５", "10.50", " 10.5。", "10.5 "])
def test_a_number_of_any_width_fills_the_gap(text: str) -> None:
    assert rules.blank_holds(Blank("1", Decimal("10.5")), text)
