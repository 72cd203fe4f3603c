"""An item that is harder for women of equal ability is found among items that are not."""

from dataclasses import asdict, replace

import numpy as np
from flask import Flask
from sqlalchemy import select

from certengine.bank.models import BankItem
from certengine.foundation.runtime import Runtime
from certengine.marking import calibrating
from certengine.marking.fairness import FEWEST_IN_GROUP, Difference, differences
from certengine.marking.models import BankCalibration
from certengine.psychometrics.irt import probability
from tests.bank.pages import signed_in
from tests.factories import account
from tests.marking.test_service import sat
from tests.marking.test_sitting_report import items, script
from tests.sittings.factories import Exam

__all__ = ["sat"]


def answers(people: int, harder: float, seed: int = 11) -> tuple[np.ndarray, list[bool | None], np.ndarray]:
    """Of 40 items, each person has 30; item 7 is `harder` for the first half, who are women and abler."""
    chance = np.random.default_rng(seed)
    b = chance.normal(size=40)
    women = np.arange(people) < people // 2
    theta = chance.normal(size=people) + 0.5 * women
    shifted = b + harder * women[:, None] * (np.arange(40) == 7)
    right = chance.random((people, 40)) < 1 / (1 + np.exp(-(theta[:, None] - shifted)))
    marks = np.where(chance.random((people, 40)) < 0.75, right, -1).astype(np.int8)
    return marks, [bool(each) for each in women], b


def test_an_item_harder_for_women_is_found_and_the_others_are_left_alone() -> None:
    marks, women, b = answers(1200, harder=0.9)
    found = differences(marks, np.ones(40), b, np.zeros(40), women)
    seventh = found[7]
    assert seventh.size == "C" and seventh.found == "C" and seventh.delta is not None and seventh.delta < -1.5
    assert seventh.women + seventh.men == (marks[:, 7] >= 0).sum()
    assert sum(each.found == "C" for each in found) == 1
    assert sum(each.found == "A" for each in found) >= 36


def test_that_women_are_abler_is_no_fault_of_an_item() -> None:
    marks, women, b = answers(1200, harder=0.0)
    found = differences(marks, np.ones(40), b, np.zeros(40), women)
    assert {each.found for each in found} <= {"A", "B"} and sum(each.found == "B" for each in found) <= 2


def test_small_groups_and_items_without_parameters_get_counts_and_no_verdict() -> None:
    marks, women, b = answers(2 * FEWEST_IN_GROUP - 2, harder=0.9)
    assert all(each.found == "" and each.delta is None for each in differences(marks, np.ones(40), b, 0 * b, women))
    marks, women, b = answers(1200, harder=0.9)
    b[7] = np.nan
    women[:50] = [None] * 50
    found = differences(marks, np.ones(40), b, np.zeros(40), women)
    assert found[7].found == "" and found[7].women < 600 and found[8].found == "A"


def test_a_calibration_keeps_what_it_found_and_reads_those_of_before() -> None:
    pool = items(20)
    chance = np.random.default_rng(4)
    scripts, women = [], []
    for number in range(500):
        theta = chance.normal()
        women.append(number % 2 == 0)
        scripts.append(
            script(
                pool,
                {
                    code: item.key
                    if chance.random()
                    < probability(theta, 1.0, item.difficulty + (1.5 if code == "i03" and women[-1] else 0))
                    else "-"
                    for code, item in pool.items()
                },
            )
        )
    found, rows = calibrating.estimate(scripts, list(pool.values()), women)
    kept = BankCalibration(figures=calibrating.kept(found, rows))
    assert calibrating.rows_of(kept) == rows
    assert {row.code for row in rows if row.fairness and row.fairness.found == "C"} == {"i03"}
    older = {"rows": [{key: value for key, value in vars(rows[0]).items() if key != "fairness"}]}
    assert calibrating.rows_of(BankCalibration(figures=older))[0].fairness is None


def test_the_page_says_for_whom_an_item_is_harder(runtime: Runtime, app: Flask, sat: Exam) -> None:
    account(runtime, "reviewer3", ["item_reviewer"])
    client = signed_in(app, "reviewer3")
    with runtime.unit_of_work() as session:
        owner = session.scalars(select(BankItem.bank_id)).first()
        row = calibrating.ItemRow(
            "ai-1", 1, "", 400, 0.1, 1.0, 0.2, 0.1, 0.2, Difference(210, 190, -1.8, 0.3, "C", 0.02, "A")
        )
        figures = {"rows": [asdict(row), asdict(replace(row, code="ai-2", fairness=Difference(3, 5)))]}
        made = BankCalibration(
            bank_id=owner, at=runtime.clock.now(), actor="a", model="2pl", people=400, figures=figures
        )
        session.add(made)
    page = client.get(f"/marking/banks/{owner}/calibration").text
    assert "对女性偏难 Δ -1.80 ± 0.30" in page and "人数不足" in page
