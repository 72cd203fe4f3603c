from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from certengine.bank.rules import Blank, Item, ItemType, Option
from certengine.delivery import rules
from certengine.delivery.models import AttemptState
from certengine.delivery.rules import Clock

END = datetime(2026, 11, 25, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("state", "seconds", "generation", "problem"),
    [
        (AttemptState.RUNNING, -1, 3, None),
        (AttemptState.RUNNING, 5, 3, None),
        (AttemptState.RUNNING, 6, 3, "delivery.closed"),
        (AttemptState.RUNNING, -1, 2, "delivery.taken_over"),
        (AttemptState.SUSPENDED, -1, 3, "delivery.suspended"),
        (AttemptState.SUBMITTED, -1, 3, "delivery.closed"),
        (AttemptState.READY, -1, 3, "delivery.not_started"),
    ],
)
def test_answers_are_taken_while_the_clock_runs_from_the_newest_screen(
    state: AttemptState, seconds: int, generation: int, problem: str | None
) -> None:
    assert rules.saving_problem(Clock(state, END, 3), generation, END + timedelta(seconds=seconds)) == problem


def test_who_has_started_may_always_come_back_and_who_has_not_may_come_too_late() -> None:
    opens, late = END - timedelta(hours=2), END - timedelta(hours=1)
    assert rules.entry_problem(opens, late, False, opens - timedelta(seconds=1)) == "delivery.too_early"
    assert rules.entry_problem(opens, late, False, late) is None
    assert rules.entry_problem(opens, late, False, late + timedelta(seconds=1)) == "delivery.too_late"
    assert rules.entry_problem(opens, late, True, END) is None


def item(kind: ItemType, **parts: Any) -> Item:
    options = tuple(Option(each, each) for each in "abcd")
    return Item(id="x", type=kind, outline="1", stem="", **{"options": options, **parts})


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (ItemType.SINGLE, ["a", None], ["e", ["a"], 1, ""]),
        (ItemType.MULTIPLE, [["a"], ["b", "a"]], [[], ["a", "a"], ["e"], "a", {"a": "b"}]),
        (ItemType.ORDERING, [["d", "c", "b", "a"]], [["a"], ["a", "b", "c", "c"], "abcd"]),
        (ItemType.FILL_IN, [{"1": "IPv4"}, {}], [{"9": "x"}, {"1": 4}, {"1": "x" * 401}, ["x"]]),
        (ItemType.MATCHING, [{"a": "r"}], [{"a": "z"}, {"z": "r"}, "a"]),
        (ItemType.SHORT_ANSWER, ["写"], ["x" * 20_001, ["x"]]),
    ],
)
def test_an_answer_has_the_form_of_its_item(kind: ItemType, good: list[Any], bad: list[Any]) -> None:
    it = item(kind, blanks=(Blank("1", accept=("IPv4",)),), matches=(Option("r", "r"),))
    assert all(rules.answer_problem(it, "abcd", each) is None for each in good)
    assert all(rules.answer_problem(it, "abcd", each) == "delivery.answer_malformed" for each in bad)


@given(
    st.lists(st.tuples(st.sampled_from("pq"), st.integers(1, 50), st.sampled_from(["a", "b", None, " "])), max_size=20)
)
def test_the_highest_sequence_of_each_item_counts_in_whatever_order_they_arrived(
    entries: list[tuple[str, int, str | None]],
) -> None:
    unique = {(name, number): answer for name, number, answer in entries}
    rows = [(name, number, {"a": answer}) for (name, number), answer in unique.items()]
    found = rules.final_answers(rows)
    assert found == rules.final_answers(list(reversed(rows)))
    for name in "pq":
        numbers = [number for key, number in unique if key == name]
        newest = unique[name, max(numbers)] if numbers else None
        assert found.get(name) == (newest if newest and newest.strip() else None)
