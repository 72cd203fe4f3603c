"""A panel's workbook comes back as it was filled in, every fault named by sheet and cell; and what it says of a cut."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from certengine.foundation.errors import Invalid
from certengine.marking import panels
from certengine.marking.cut_scores import cut_score, cut_score_from_json
from certengine.marking.models import StudyKind
from certengine.marking.panels import BOOKLET, LIMITS, MARKS, Judgements, PanelItem

JUDGES = ("张工", "李教授", "=王高工")
ITEMS = [PanelItem(n, f"ai-{n}", "单选题", 1.0 + n % 2, location) for n, location in ((1, 0.4), (2, -0.3), (3, 1.2))]


def filled(kind: StudyKind, cells: dict[str, dict[str, object]]) -> bytes:
    """The empty workbook with these cells filled in."""
    book = load_workbook(BytesIO(panels.workbook(kind, "考试", ITEMS, JUDGES)))
    for sheet, values in cells.items():
        for cell, value in values.items():
            book[sheet][cell] = value
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def faults(kind: StudyKind, content: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as raised:
        panels.read(kind, content, "评定表.xlsx", ITEMS, JUDGES)
    return [(each.place, each.code) for each in raised.value.problems]


def round_of(rows: list[list[float]]) -> dict[str, object]:
    return {f"{'EFG'[judge]}{item + 2}": value for item, row in enumerate(rows) for judge, value in enumerate(row)}


@settings(max_examples=15, deadline=None)
@given(
    st.lists(
        st.lists(st.lists(st.integers(0, 100), min_size=3, max_size=3), min_size=3, max_size=3), min_size=1, max_size=3
    )
)
def test_ratings_come_back_as_they_were_filled_in(rounds: list[list[list[int]]]) -> None:
    cells = {panels.ROUNDS[at]: round_of(rows) for at, rows in enumerate(rounds)}
    found = panels.read(StudyKind.ANGOFF, filled(StudyKind.ANGOFF, cells), "a.xlsx", ITEMS, JUDGES)
    assert np.array(found.rounds) * 100 == pytest.approx(np.array(rounds).transpose(0, 2, 1))
    assert found.limits == ()


def test_each_cell_that_is_missing_or_out_of_range_is_named() -> None:
    cells = round_of([[50, 60, 70], [50, "", 101], ["很多", 60, 70]])
    content = filled(StudyKind.ANGOFF, {"第1轮": cells, LIMITS: {"B2": 50, "C2": 70, "D2": 5}})
    assert faults(StudyKind.ANGOFF, content) == [
        ("评定表.xlsx 第1轮!F3", "studies.blank"),
        ("评定表.xlsx 第1轮!G3", "studies.number"),
        ("评定表.xlsx 第1轮!E4", "studies.number"),
        ("评定表.xlsx 接受范围!E2", "studies.blank"),
        *[(f"评定表.xlsx 接受范围!{column}{row}", "studies.blank") for row in (3, 4) for column in "BCDE"],
    ]


def test_other_faults_are_told_apart() -> None:
    assert faults(StudyKind.ANGOFF, b"no spreadsheet") == [("评定表.xlsx", "studies.unreadable")]
    assert faults(StudyKind.ANGOFF, filled(StudyKind.ANGOFF, {})) == [("评定表.xlsx", "studies.empty")]
    whole = round_of([[50, 60, 70]] * 3)
    assert faults(StudyKind.ANGOFF, filled(StudyKind.ANGOFF, {"第2轮": whole})) == [
        ("评定表.xlsx", "studies.round_left_out")
    ]
    renamed = filled(StudyKind.ANGOFF, {"第1轮": {**whole, "E1": "别人"}})
    assert faults(StudyKind.ANGOFF, renamed) == [("评定表.xlsx 第1轮!1", "studies.heads")]
    gone = filled(StudyKind.ANGOFF, {"第1轮": {**whole, "B3": "ai-9"}})
    assert faults(StudyKind.ANGOFF, gone) == [("评定表.xlsx 第1轮", "studies.row_missing")]
    limits = {
        f"{column}{row}": value for row in (2, 3, 4) for column, value in zip("BCDE", (70, 60, 5, 20), strict=True)
    }
    crossed = filled(StudyKind.ANGOFF, {"第1轮": whole, LIMITS: limits})
    assert faults(StudyKind.ANGOFF, crossed) == [("评定表.xlsx 接受范围", "studies.limits_order")] * 3


def test_bookmarks_are_pages_of_a_booklet_from_easy_to_hard() -> None:
    book = load_workbook(BytesIO(panels.workbook(StudyKind.BOOKMARK, "考试", ITEMS, JUDGES)))
    assert [row[2] for row in book[BOOKLET].iter_rows(min_row=2, values_only=True)] == ["ai-2", "ai-1", "ai-3"]
    content = filled(StudyKind.BOOKMARK, {MARKS: {"B2": 2, "B3": 3, "B4": 4}})
    assert panels.read(StudyKind.BOOKMARK, content, "b.xlsx", ITEMS, JUDGES).rounds == ((2, 3, 4),)
    content = filled(StudyKind.BOOKMARK, {MARKS: {"B2": 2.5, "B3": 0, "B4": 5}})
    assert [code for _place, code in faults(StudyKind.BOOKMARK, content)] == ["studies.page"] * 3


def test_the_cut_is_what_the_panel_expects_and_the_odd_judge_stands_out() -> None:
    items = [PanelItem(n, f"i{n}", "", 2.0, 0.0) for n in range(1, 41)]
    chance = np.random.default_rng(3)
    hard = chance.uniform(0.3, 0.9, 40)
    first = np.clip(hard + chance.normal(0, 0.12, (8, 40)) + np.array([0.3] + [0.0] * 7)[:, None], 0, 1)
    second = np.clip(hard + chance.normal(0, 0.05, (8, 40)), 0, 1)
    rounds = tuple(tuple(map(tuple, each.tolist())) for each in (first, second))
    limits = ((50.0, 70.0, 10.0, 40.0),) * 8
    scores = chance.normal(62, 12, 400).clip(0, 100).tolist()
    found = cut_score(
        StudyKind.ANGOFF,
        Judgements(rounds, limits),
        items,
        (np.ones(40), np.zeros(40), np.zeros(40)),
        [float(value) for value in hard[:39]] + [None],
        scores,
    )
    assert found.rounds[1].cut == pytest.approx(100 * hard.mean(), abs=2)
    assert found.rounds[0].outlying == (True, *[False] * 7)
    assert found.rounds[1].error is not None and found.rounds[0].error is not None
    assert found.rounds[1].error < found.rounds[0].error
    assert found.items[39].facility is None and found.items[0].facility == pytest.approx(100 * hard[0], abs=0.06)
    assert found.compromise is not None and 50 <= found.compromise.cut <= 70 and found.compromise.people == 400
    assert found.failing == pytest.approx(100 * np.mean(np.array(scores) < found.rounds[1].cut), abs=0.06)
    assert cut_score_from_json(found.as_json()) == found


def test_a_bookmark_in_the_middle_cuts_in_the_middle_and_no_scores_are_no_compromise() -> None:
    b = np.linspace(-2, 2, 41)
    items = [PanelItem(n, f"i{n}", "", 1.0, place) for n, place in enumerate(b + np.log(2), 1)]
    found = cut_score(
        StudyKind.BOOKMARK,
        Judgements(((20.0, 21.0, 22.0, 23.0, 40.0),), ((1.0, 2.0, 3.0, 4.0),)),
        items,
        (np.ones(41), b, np.zeros(41)),
        [None] * 41,
        [],
    )
    [last] = found.rounds
    # Who has two in three of the item at 0 right stands at log 2, where 41 items give a little over 60 per cent.
    assert 60 < last.cut < 66 and last.outlying[-1] and found.items == ()
    assert found.compromise is None and found.failing is None
