"""What candidates wrote on answer sheets, typed into a workbook: a sheet for each form, a column for each thing to fill
in, letters as printed. Pure but for the workbook's bytes."""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter

from certengine.bank.rules import Item, ItemType
from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.spreadsheets import append_texts, mark_heads, read_sheets, saved
from certengine.papers.sheets import LETTERS, RIGHT_LETTERS
from certengine.papers.values import Paper

HEADS = ("准考证号", "姓名", "交卷")
HANDED_IN = "是"
RIGHT, WRONG = {"√", "✓", "对", "T", "A"}, {"×", "✗", "错", "F", "X", "B"}


@dataclass(frozen=True)
class Place:
    """One column: the question's number and the label that it has on the form, and what of which item it fills; options and
    matches as printed."""

    number: int
    label: str
    item: Item
    options: tuple[str, ...]
    matches: tuple[str, ...] = ()
    # The case and the part of it that is asked, or the gap.
    case: Item | None = None
    gap: str = ""

    @property
    def answered(self) -> Item:
        """The item under which a screen would send the answer."""
        return self.case or self.item


@dataclass(frozen=True)
class Form:
    letter: str
    places: tuple[Place, ...]

    @property
    def title(self) -> str:
        return f"{self.letter}卷"


@dataclass(frozen=True)
class Script:
    """answers: item → answer by ids, as a screen would have sent it."""

    form: str
    answers: Mapping[str, Any] = field(default_factory=dict)


def form(letter: str, paper: Paper, items: Mapping[str, Item]) -> Form:
    places: list[Place] = []
    for number, placed in enumerate(paper.items, 1):
        item = items[placed.item]
        if item.type is ItemType.CASE:
            for at, part in enumerate(item.parts, 1):
                options = tuple(option.id for option in part.options)
                matches = tuple(match.id for match in part.matches)
                places.extend(_places(Place(number, f"{number}({at})", part, options, matches, item)))
        else:
            places.extend(_places(Place(number, str(number), item, placed.options, placed.matches)))
    return Form(letter, tuple(places))


def _places(whole: Place) -> Sequence[Place]:
    """The place itself, or one for each gap of what is to be filled in."""
    gaps = [blank.id for blank in whole.item.blanks] if whole.item.type is ItemType.FILL_IN else [""]
    if len(gaps) == 1:
        return [replace(whole, gap=gaps[0])]
    return [replace(whole, label=f"{whole.label}[{gap}]", gap=gap) for gap in gaps]


def workbook(forms: Sequence[Form], candidates: Sequence[tuple[str, str]]) -> bytes:
    """Empty, with everybody (ticket, name) on each form's sheet."""
    book = Workbook()
    book.remove(book.active)
    for each in forms:
        sheet = book.create_sheet(each.title)
        sheet.append([*HEADS, *(place.label for place in each.places)])
        mark_heads(sheet)
        for ticket, name in candidates:
            append_texts(sheet, [ticket, name])
        sheet.freeze_panes = "D2"
        for at in range(1, len(HEADS) + 1):
            sheet.column_dimensions[get_column_letter(at)].width = 18
    return saved(book)


def read(content: bytes, name: str, forms: Sequence[Form], tickets: Sequence[str]) -> dict[str, Script]:
    """Ticket → script of everybody whose row says that they handed in. Raises Invalid with every fault by its cell."""
    sheets = read_sheets(content, name, "papers.unreadable_book")
    found: dict[str, Script] = {}
    problems: list[Problem] = []
    known = set(tickets)
    for each in forms:
        rows = sheets.get(each.title, [])
        if not rows:
            continue
        wanted = [*HEADS, *(place.label for place in each.places)]
        if [_text(cell) for cell in rows[0][: len(wanted)]] != wanted:
            problems.append(Problem(f"{name} {each.title}!1", "papers.book_heads"))
            continue
        for number, row in enumerate(rows[1:], 2):
            _read_row(each, [_text(cell) for cell in row], f"{name} {each.title}", number, known, found, problems)
    if not found and not problems:
        problems.append(Problem(name, "papers.book_empty"))
    if problems:
        raise Invalid(problems)
    return found


def _text(cell: Any) -> str:
    text = f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell)
    return text.strip()


def _read_row(
    of: Form,
    row: Sequence[str],
    place: str,
    number: int,
    known: set[str],
    found: dict[str, Script],
    problems: list[Problem],
) -> None:
    ticket, handed_in, cells = row[0], row[2] if len(row) > 2 else "", row[3 : 3 + len(of.places)]
    if not handed_in and not any(cells):
        return
    if ticket not in known:
        problems.append(Problem(f"{place}!A{number}", "papers.book_ticket", {"ticket": ticket}))
    elif handed_in != HANDED_IN:
        problems.append(Problem(f"{place}!C{number}", "papers.book_handed_in"))
    elif ticket in found:
        problems.append(Problem(f"{place}!A{number}", "papers.book_twice", {"form": found[ticket].form}))
    else:
        answers: dict[str, Any] = {}
        for at, (column, cell) in enumerate(zip(of.places, cells, strict=False), len(HEADS) + 1):
            if cell and not _put(answers, column, cell):
                where = f"{place}!{get_column_letter(at)}{number}"
                problems.append(Problem(where, "papers.book_answer", {"value": cell, "label": column.label}))
        found[ticket] = Script(of.letter, answers)


def _put(answers: dict[str, Any], column: Place, cell: str) -> bool:
    """Whether the cell is an answer; it then stands in answers."""
    value = _value(column, cell)
    if value is None:
        return False
    inside = answers.setdefault(column.case.id, {}) if column.case else answers
    if column.gap:
        inside.setdefault(column.item.id, {})[column.gap] = value
    else:
        inside[column.item.id] = value
    return True


def _value(column: Place, cell: str) -> Any:
    kind = column.item.type
    if kind in (ItemType.FILL_IN, ItemType.SHORT_ANSWER):
        return cell
    marks = unicodedata.normalize("NFKC", cell).upper().replace(" ", "")
    if kind is ItemType.JUDGEMENT:
        return "true" if marks in RIGHT else "false" if marks in WRONG else None
    if kind is ItemType.MATCHING:
        return _matching(column, marks)
    places = [LETTERS.find(letter) for letter in marks.replace(",", "").replace("、", "")]
    if not all(0 <= place < len(column.options) for place in places) or len(set(places)) < len(places):
        return None
    chosen = [column.options[place] for place in places]
    if kind is ItemType.SINGLE:
        return chosen[0] if len(chosen) == 1 else None
    if kind is ItemType.ORDERING:
        return chosen if len(chosen) == len(column.options) else None
    return sorted(chosen)


def _matching(column: Place, marks: str) -> dict[str, str] | None:
    """As A-P,B-Q."""
    found: dict[str, str] = {}
    for pair in marks.replace("，", ",").replace("、", ",").split(","):
        left, _dash, right = pair.partition("-")
        at, to = LETTERS.find(left), RIGHT_LETTERS.find(right)
        if len(left) != 1 or len(right) != 1 or not 0 <= at < len(column.options) or not 0 <= to < len(column.matches):
            return None
        found[column.options[at]] = column.matches[to]
    return found
