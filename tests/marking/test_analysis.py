"""Item analysis where every candidate had other items, and its way back to the bank."""

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from certengine.bank import service as bank
from certengine.bank.models import BankItem
from certengine.bank.rules import ItemType, Option, ReleasedItem
from certengine.foundation.jobs import resume_jobs
from certengine.foundation.runtime import Runtime
from certengine.marking.analysis import Script, observe
from certengine.psychometrics.classical import item_statistics
from tests.marking.test_service import mark, sat
from tests.sittings.factories import Exam

__all__ = ["sat"]


def item(code: str, family: str | None = None) -> ReleasedItem:
    return ReleasedItem(
        id=code, type=ItemType.SINGLE, outline="1", stem="", options=tuple(Option(each, each) for each in "abcd"),
        key="a", family=family, version=3,
    )  # fmt: skip


def test_with_the_same_items_for_all_it_agrees_with_the_published_formulas() -> None:
    chance = np.random.default_rng(7)
    ability = chance.normal(size=200)
    right = (ability[:, None] + chance.normal(size=(200, 6)) > np.linspace(-1, 1, 6)).astype(float)
    points = np.array([1.0, 2.0, 1.0, 2.0, 1.0, 2.0])
    codes = [f"i{place}" for place in range(6)]
    worth = dict(zip(codes, points.tolist(), strict=True))
    scripts = [Script(dict(zip(codes, (row * points).tolist(), strict=True)), worth, {}) for row in right]
    observed = observe(scripts, {code: item(code) for code in codes})
    published = item_statistics(right * points, points)
    assert [each.facility for each in observed] == pytest.approx(published.facility.tolist(), abs=0.01)
    assert [each.discrimination for each in observed] == pytest.approx(published.discrimination.tolist(), abs=0.01)


def test_few_answers_give_counts_and_no_figures() -> None:
    [found] = observe([Script({"i": 1.0}, {"i": 1.0}, {"i": "a"})] * 5, {"i": item("i")})
    assert (found.responses, found.facility, found.discrimination, found.choices) == (5, None, None, {"a": 5})


def test_where_everybody_earned_the_same_nothing_is_said_of_discrimination() -> None:
    scripts = [Script({"i": 1.0, "j": share}, {"i": 1.0, "j": 1.0}, {}) for share in [0.0, 1.0] * 20]
    found = {each.code: each for each in observe(scripts, {"i": item("i"), "j": item("j")})}
    assert found["i"].facility == 100 and found["i"].discrimination is None


def test_a_variant_speaks_for_its_family() -> None:
    [found] = observe([Script({"f01-v02": 0.0}, {"f01-v02": 1.0}, {})], {"f01-v02": item("f01-v02", "f01")})
    assert (found.code, found.variant, found.number, found.choices) == ("f01", "f01-v02", 3, {"": 1})


answers = st.sampled_from([None, "a", "b", "c", "d"])


@given(st.lists(st.dictionaries(st.sampled_from("ijkl"), answers, min_size=1), min_size=1, max_size=60))
def test_every_response_is_counted_once_and_shares_stay_within_bounds(papers: list[dict[str, Any]]) -> None:
    scripts = [
        Script({code: float(given == "a") for code, given in paper.items()}, dict.fromkeys(paper, 1.0), paper)
        for paper in papers
    ]
    observed = observe(scripts, {code: item(code) for code in "ijkl"})
    assert sum(each.responses for each in observed) == sum(map(len, papers))
    for each in observed:
        assert sum(each.choices.values()) == each.responses
        assert all(0 <= rest <= 100 for rest in each.rest.values())
        assert each.facility is None or 0 <= each.facility <= 100
        assert each.discrimination is None or -100 <= each.discrimination <= 100


def test_after_marking_the_bank_knows_how_its_items_did(runtime: Runtime, sat: Exam) -> None:
    mark(runtime, sat)
    assert resume_jobs(runtime) == 1
    with runtime.unit_of_work(read_only=True) as session:
        used = session.scalars(select(BankItem).where(BankItem.uses > 0)).all()
        assert {row.uses for row in used} <= {1, 2} and len(used) > 60
        rows = bank.statistics_of(session, next(row.id for row in used if row.type == "single"))
        assert sum(rows[0].choices.values()) == rows[0].responses and rows[0].source.startswith("sitting:")
    # Marked again, nothing is counted twice.
    mark(runtime, sat)
    resume_jobs(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        again = {row.code: row.uses for row in session.scalars(select(BankItem).where(BankItem.uses > 0))}
    assert again == {row.code: row.uses for row in used}
