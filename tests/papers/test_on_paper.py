"""Answer sheets typed into a workbook come back as a screen would have sent them, under any form; faults by their cell."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from openpyxl import load_workbook

from certengine.bank.rules import Blank, Item, ItemType, Option
from certengine.foundation.errors import Invalid
from certengine.papers import on_paper
from certengine.papers.on_paper import Form, Script
from certengine.papers.sheets import LETTERS, RIGHT_LETTERS
from certengine.papers.values import Paper, PaperItem

TICKETS = [("26110001", "王小明"), ("26110002", "=李娜"), ("26110003", "𠮷川明")]


def options(*ids: str) -> tuple[Option, ...]:
    return tuple(Option(each, each) for each in ids)


ITEMS = {
    item.id: item
    for item in (
        Item(id="s", type=ItemType.SINGLE, outline="1", stem="", options=options("a", "b", "c", "d"), key="b"),
        Item(id="m", type=ItemType.MULTIPLE, outline="1", stem="", options=options("a", "b", "c", "d"), key=("a", "c")),
        Item(id="j", type=ItemType.JUDGEMENT, outline="1", stem="", options=options("true", "false"), key="true"),
        Item(
            id="f",
            type=ItemType.FILL_IN,
            outline="1",
            stem="",
            blanks=(Blank("1", accept=("x",)), Blank("2", accept=("y",))),
        ),
        Item(id="o", type=ItemType.ORDERING, outline="1", stem="", options=options("a", "b", "c"), key=("b", "a", "c")),
        Item(
            id="g",
            type=ItemType.MATCHING,
            outline="1",
            stem="",
            options=options("a", "b"),
            matches=options("p", "q", "r"),
            key={},
        ),
        Item(
            id="c",
            type=ItemType.CASE,
            outline="1",
            stem="",
            parts=(
                Item(id="1", type=ItemType.SINGLE, outline="1", stem="", options=options("a", "b"), key="a"),
                Item(id="2", type=ItemType.FILL_IN, outline="1", stem="", blanks=(Blank("1", accept=("z",)),)),
                Item(id="3", type=ItemType.SHORT_ANSWER, outline="1", stem=""),
            ),
        ),
    )
}
LABELS = ["1", "2", "3", "4[1]", "4[2]", "5", "6", "7(1)", "7(2)", "7(3)"]


def form(letter: str, seed: int) -> Form:
    chance = np.random.default_rng(seed)

    def shuffled(ids: tuple[Option, ...]) -> tuple[str, ...]:
        return tuple(str(each) for each in chance.permutation([option.id for option in ids]))

    placed = tuple(
        PaperItem(
            item.id,
            1,
            ("true", "false") if item.type is ItemType.JUDGEMENT else shuffled(item.options),
            1,  # type: ignore[arg-type]
            0,
            shuffled(item.matches),
        )
        for item in ITEMS.values()
    )
    return on_paper.form(letter, Paper(f"form:{letter}", "", placed, (0, 0, 0)), ITEMS)  # type: ignore[arg-type]


def typed(forms: list[Form], rows: dict[tuple[str, int], dict[str, object]]) -> bytes:
    """rows: (form title, row) → label → what is typed there."""
    book = load_workbook(BytesIO(on_paper.workbook(forms, TICKETS)))
    for (title, row), cells in rows.items():
        heads = [cell.value for cell in book[title][1]]
        for label, value in cells.items():
            book[title].cell(row, heads.index(label) + 1, value)
    out = BytesIO()
    book.save(out)
    return out.getvalue()


def read(forms: list[Form], content: bytes) -> dict[str, Script]:
    return on_paper.read(content, "录入.xlsx", forms, [ticket for ticket, _name in TICKETS])


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10_000))
def test_letters_as_printed_become_options_whatever_their_order(seed: int) -> None:
    made = form("A", seed)
    chance = np.random.default_rng(seed + 1)
    places = {place.label: place for place in made.places}
    assert list(places) == LABELS

    def letter(label: str, option: str) -> str:
        return LETTERS[places[label].options.index(option)]

    order = [str(each) for each in chance.permutation(["a", "b", "c"])]
    right = RIGHT_LETTERS[places["6"].matches.index("q")]
    cells = {
        "交卷": "是",
        "1": letter("1", "c").lower(),
        "2": f"{letter('2', 'd')}、{letter('2', 'a')}",
        "3": "×" if seed % 2 else "√",
        "4[1]": "10.5",
        "4[2]": 7,
        "5": "".join(letter("5", each) for each in order),
        "6": f"{letter('6', 'b')}－{right}",
        "7(1)": letter("7(1)", "b"),
        "7(2)": "ＩＰｖ４",
        "7(3)": "因为梯度消失",
    }
    assert read([made], typed([made], {("A卷", 3): cells})) == {
        "26110002": Script(
            "A",
            {
                "s": "c",
                "m": ["a", "d"],
                "j": "false" if seed % 2 else "true",
                "f": {"1": "10.5", "2": "7"},
                "o": order,
                "g": {"b": "q"},
                "c": {"1": "b", "2": {"1": "ＩＰｖ４"}, "3": "因为梯度消失"},
            },
        )
    }


def test_a_blank_script_is_a_script_and_a_row_without_a_word_is_none() -> None:
    forms = [form("A", 1), form("B", 2)]
    found = read(forms, typed(forms, {("A卷", 2): {"交卷": "是"}, ("B卷", 4): {"交卷": "是", "3": "对"}}))
    assert found == {"26110001": Script("A", {}), "26110003": Script("B", {"j": "true"})}


def faults(forms: list[Form], content: bytes) -> list[tuple[str, str]]:
    with pytest.raises(Invalid) as raised:
        read(forms, content)
    return [(each.place, each.code) for each in raised.value.problems]


def test_every_fault_is_named_by_its_cell() -> None:
    forms = [form("A", 1), form("B", 2)]
    content = typed(
        forms,
        {
            ("A卷", 2): {"交卷": "是", "1": "AB", "2": "AE", "3": "也许", "5": "AB", "6": "A-Z", "7(1)": "C"},
            ("A卷", 3): {"1": "A"},
            ("A卷", 4): {"准考证号": "26119999", "交卷": "是"},
            ("B卷", 2): {"交卷": "是"},
        },
    )
    assert faults(forms, content) == [
        *[(f"录入.xlsx A卷!{column}2", "papers.book_answer") for column in "DEFIJK"],
        ("录入.xlsx A卷!C3", "papers.book_handed_in"),
        ("录入.xlsx A卷!A4", "papers.book_ticket"),
        ("录入.xlsx B卷!A2", "papers.book_twice"),
    ]


def test_other_files_are_refused() -> None:
    forms = [form("A", 1)]
    assert faults(forms, b"no spreadsheet") == [("录入.xlsx", "papers.unreadable_book")]
    assert faults(forms, typed(forms, {})) == [("录入.xlsx", "papers.book_empty")]
    assert faults(forms, typed(forms, {("A卷", 1): {"3": "三"}})) == [("录入.xlsx A卷!1", "papers.book_heads")]
