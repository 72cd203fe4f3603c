from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.rules import Blank, Item, ItemType, Option
from certengine.marking.models import RulingKind
from certengine.marking.rulings import Ruling, ruled, ruling_content, ruling_from, ruling_problems, total


@dataclass(frozen=True)
class Place:
    item: str
    points: Decimal
    section: int = 0


def item(kind: ItemType, key: Any = None, **parts: Any) -> Item:
    options = tuple(Option(each, each) for each in "abcd")
    return Item(id="x", type=kind, outline="1", stem="", key=key, options=options, **parts)


def earned(of: Item, answer: Any, *accepted: Any, partial: str = "none") -> Decimal:
    ruling = Ruling("x", RulingKind.SECOND_KEY, accepted)
    return ruled([Place("x", Decimal(2))], {"x": Decimal(0)}, {"x": answer}, [ruling], {"x": of}, [partial])["x"]


def test_another_answer_counts_as_right_beside_the_key() -> None:
    assert earned(item(ItemType.SINGLE, "a"), "b", "b") == 2
    assert earned(item(ItemType.SINGLE, "a"), "c", "b") == 0
    assert earned(item(ItemType.JUDGEMENT, "true"), "false", "false") == 2
    assert earned(item(ItemType.MULTIPLE, ("a", "b")), ["c", "a"], ["a", "c"]) == 2
    assert earned(item(ItemType.MULTIPLE, ("a", "b")), ["c"], ["a", "c"], partial="proportional") == 1


@pytest.mark.parametrize("given", ["TCP", " ｔｃｐ。", "ipv6"])
def test_another_text_fills_a_gap_and_the_first_still_does(given: str) -> None:
    gap = item(ItemType.FILL_IN, blanks=(Blank("1", accept=("IPv6",)), Blank("2", Decimal("10.5"), Decimal("0.1"))))
    assert earned(gap, {"1": given, "2": "12"}, {"1": "TCP", "2": "12.0"}) == 2
    assert earned(gap, {"1": given, "2": "99"}, {"1": "TCP", "2": "12"}) == 0


def test_a_wrong_ruling_is_refused_with_all_that_is_wrong() -> None:
    single = item(ItemType.SINGLE, "a")
    for accepted in ([], ["a"], ["z"]):
        found = ruling_problems(single, RulingKind.SECOND_KEY, accepted, " ")
        assert [each.code for each in found] == ["marking.reason_missing", "marking.second_key_wrong"]
    written = item(ItemType.SHORT_ANSWER)
    assert ruling_problems(written, RulingKind.SECOND_KEY, ["a"], "x")[0].code == "marking.no_second_key"
    assert ruling_problems(written, RulingKind.VOID, [], "x") == []
    gap = item(ItemType.FILL_IN, blanks=(Blank("1", Decimal(1)),))
    assert ruling_problems(gap, RulingKind.SECOND_KEY, [{"1": "one"}], "x")
    assert not ruling_problems(gap, RulingKind.SECOND_KEY, [{"1": "2.0"}], "x")


ORDER = item(ItemType.ORDERING, ("a", "b", "c", "d"))
PAIRS = item(ItemType.MATCHING, {"a": "1", "b": "2"}, matches=(Option("1", "1"), Option("2", "2"), Option("3", "3")))
CASE = item(
    ItemType.CASE,
    parts=(
        replace(item(ItemType.SINGLE, "a"), id="1"),
        replace(item(ItemType.FILL_IN, blanks=(Blank("g", accept=("TCP",)), Blank("h", accept=("x",)))), id="2"),
        replace(item(ItemType.SHORT_ANSWER), id="3"),
    ),
)


def test_another_order_or_pairing_counts_as_a_whole() -> None:
    assert earned(ORDER, ["b", "a", "c", "d"], ["b", "a", "c", "d"]) == 2
    assert earned(ORDER, ["b", "a", "d", "c"], ["b", "a", "c", "d"]) == 0
    assert earned(PAIRS, {"a": "1", "b": "3"}, {"a": "1", "b": "3"}) == 2
    assert earned(PAIRS, {"a": "2", "b": "3"}, {"a": "1", "b": "3"}, partial="proportional") == 1


def test_parts_of_a_case_have_other_answers_each_and_keep_what_people_gave() -> None:
    answer = {"1": "b", "2": {"g": "udp", "h": "x"}, "3": "text"}
    one, other = (
        Ruling("x", RulingKind.SECOND_KEY, ({"1": "b"},)),
        Ruling("x", RulingKind.SECOND_KEY, ({"2": {"g": "UDP"}},)),
    )
    place, before = [Place("x", Decimal(6))], {"x": Decimal(2)}
    people = {"x": {"3": Fraction(1, 2)}}
    after = ruled(place, before, {"x": answer}, [one, other], {"x": CASE}, ["none"], people)
    assert after["x"] == 5
    assert ruled(place, before, {"x": None}, [one], {"x": CASE}, ["none"], people)["x"] == 2


def test_other_answers_to_two_gaps_of_two_rulings_count_together() -> None:
    gaps = item(ItemType.FILL_IN, blanks=(Blank("1", accept=("a",)), Blank("2", accept=("b",))))
    rulings = [Ruling("x", RulingKind.SECOND_KEY, ({name: "z"},)) for name in ("1", "2")]
    after = ruled(
        [Place("x", Decimal(2))], {"x": Decimal(0)}, {"x": {"1": "z", "2": "Z"}}, rulings, {"x": gaps}, ["none"]
    )
    assert after["x"] == 2


@pytest.mark.parametrize(
    ("of", "accepted", "good"),
    [
        (ORDER, ["b", "a", "c", "d"], True),
        (ORDER, ["a", "b", "c", "d"], False),
        (ORDER, ["b", "a", "c"], False),
        (ORDER, ["b", "b", "c", "d"], False),
        (PAIRS, {"a": "2", "b": "1"}, True),
        (PAIRS, {"a": "1", "b": "2"}, False),
        (PAIRS, {"a": "2"}, False),
        (PAIRS, {"a": "2", "b": "9"}, False),
        (CASE, {"1": "b", "2": {"g": "UDP"}}, True),
        (CASE, {"1": "a"}, False),
        (CASE, {"3": "text"}, False),
        (CASE, {}, False),
        (CASE, {"9": "b"}, False),
        (ORDER, "b", False),
    ],
)
def test_an_accepted_answer_is_whole_and_not_the_key(of: Item, accepted: Any, good: bool) -> None:
    assert (ruling_problems(of, RulingKind.SECOND_KEY, [accepted], "x") == []) is good


def test_what_the_ledger_says_of_a_ruling_is_the_ruling() -> None:
    for each in (Ruling("x", RulingKind.VOID), Ruling("x", RulingKind.SECOND_KEY, ("b", ["a"], {"1": "t"}))):
        assert ruling_from(ruling_content(each)) == each


def test_when_every_item_is_void_nothing_is_earned() -> None:
    assert total({"x": Decimal(100)}, {}) == 0


halves = st.integers(0, 4).map(lambda number: Decimal(number) / 2)
scripts = st.lists(halves, min_size=2, max_size=12)


@given(scripts, st.data())
def test_a_void_item_keeps_the_order_of_candidates_who_fared_alike_on_it(first: list[Decimal], data: Any) -> None:
    """And nobody's score leaves 0 … 100, nor does the order turn round by rounding."""
    second = data.draw(st.lists(halves, min_size=len(first), max_size=len(first)))
    second[0] = first[0]
    points = {str(number): Decimal(2) for number in range(len(first))}
    places = [Place(name, each) for name, each in points.items()]
    scores = []
    for script in (first, second):
        before = dict(zip(points, script, strict=True))
        after = ruled(places, before, {}, [Ruling("0", RulingKind.VOID)], {}, ["none"])
        scores.append((total(points, before), total(points, after)))
    (one, one_after), (other, other_after) = scores
    assert one_after >= other_after if one >= other else one_after <= other_after
    assert all(0 <= score <= sum(points.values()) for pair in scores for score in pair)


@given(scripts, st.sampled_from([RulingKind.FULL_MARKS, RulingKind.SECOND_KEY]))
def test_full_marks_and_a_second_key_take_nothing_from_anybody(script: list[Decimal], kind: RulingKind) -> None:
    points = {str(number): Decimal(2) for number in range(len(script))}
    places = [Place(name, each) for name, each in points.items()]
    before = dict(zip(points, script, strict=True))
    items = {"0": item(ItemType.SINGLE, "a")}
    after = ruled(places, before, {"0": "b"}, [Ruling("0", kind, ("b",))], items, ["none"])
    assert total(points, after) >= total(points, before)
    assert after["0"] == 2


def test_whoever_did_not_have_the_item_keeps_the_score() -> None:
    before = {"y": Decimal(1)}
    for kind in RulingKind:
        assert ruled([Place("y", Decimal(2))], before, {}, [Ruling("x", kind, ("b",))], {}, ["none"]) == before
