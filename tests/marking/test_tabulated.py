from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.rules import Blank, Item, ItemType, Option
from certengine.marking.rules import NOT_WRITTEN, item_score, script_score
from certengine.marking.tabulated import Sheet, mark_sheets


@dataclass(frozen=True)
class Place:
    item: str
    points: Decimal
    section: int = 0


OPTIONS = tuple(Option(each, each) for each in "abcd")
BLANKS = (Blank("1", accept=("TCP",)), Blank("2", Decimal("1.5"), Decimal("0.1")))
PART = Item(id="1", type=ItemType.SINGLE, outline="1", stem="", options=OPTIONS, key="a")
ITEMS = {
    kind.value: Item(id=kind.value, type=kind, outline="1", stem="", options=OPTIONS, key=key, **more)
    for kind, key, more in [
        (ItemType.SINGLE, "a", {}),
        (ItemType.MULTIPLE, ("a", "c"), {}),
        (ItemType.JUDGEMENT, "true", {}),
        (ItemType.ORDERING, ("b", "a", "c", "d"), {}),
        (ItemType.MATCHING, {"a": "1", "b": "2"}, {}),
        (ItemType.FILL_IN, None, {"blanks": BLANKS}),
        (ItemType.SHORT_ANSWER, None, {}),
        (ItemType.CASE, None, {"parts": (PART,)}),
    ]
}
RUBBISH = [
    None,
    "",
    "zz",
    7,
    1.5,
    True,
    [],
    ["z"],
    [[]],
    [None],
    {},
    {"a": None},
    {"1": "TCP"},
    {"1": ["a"]},
    {"z": {}},
]
answers = st.one_of(
    st.sampled_from([*RUBBISH, "a", "true", ["a", "c"], ["a"], ["b", "a", "c", "d"], {"a": "1"}, {"1": "a"}]),
    st.lists(st.sampled_from("abcd"), max_size=4),
    st.dictionaries(st.sampled_from("12ab"), st.sampled_from(["1", "2", "TCP", "1.5"]), max_size=3),
)
scripts = st.dictionaries(st.sampled_from(sorted(ITEMS)), answers)
points = st.sampled_from([Decimal("1"), Decimal("1.5"), Decimal("0.125"), Decimal("2.005")])


@pytest.mark.parametrize("kind", sorted(ITEMS))
@pytest.mark.parametrize("answer", RUBBISH, ids=repr)
def test_an_empty_or_impossible_answer_earns_nothing_and_never_fails(kind: str, answer: Any) -> None:
    earned = item_score(ITEMS[kind], answer, Decimal(2), "minus_wrong")
    assert earned == 0 or (kind, answer) in (("fill_in", {"1": "TCP"}),)


@given(st.lists(st.tuples(scripts, points, st.sampled_from([Fraction(1, 3), Fraction(1)])), max_size=6))
def test_all_at_once_comes_to_the_same_as_one_by_one(rows: list[tuple[dict[str, Any], Decimal, Fraction]]) -> None:
    sheets = {
        number: Sheet([Place(name, worth, number % 2) for name in ITEMS], given, {"short_answer": {"": share}})
        for number, (given, worth, share) in enumerate(rows)
    }
    partial = ["proportional", "none"]
    marked = mark_sheets(sheets, ITEMS, partial)
    assert list(marked) == list(sheets)
    for key, sheet in sheets.items():
        singly = {
            each.item: item_score(
                ITEMS[each.item],
                sheet.answers.get(each.item),
                each.points,
                partial[each.section],
                sheet.written.get(each.item, NOT_WRITTEN),
            )
            for each in sheet.placed
        }
        assert marked[key].earned == singly
        assert marked[key].total == script_score(list(singly.values()))


def test_nobody_and_blank_scripts() -> None:
    assert mark_sheets({}, ITEMS, []) == {}
    assert mark_sheets({"x": Sheet([], {})}, ITEMS, [])["x"].total == 0
