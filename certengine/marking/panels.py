"""A panel sets a standard: the workbook that its judges fill in, and what their judgements say. Pure but for its bytes.

Judges think of candidates who are only just competent. Angoff: of a hundred of them, how many answer the item right.
Bookmark: the first page, in a booklet from easy to hard, that they no longer master. Hofstee, as a check: the lowest and
highest cut and the smallest and largest share of failing candidates that a judge could accept.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from openpyxl import Workbook
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.spreadsheets import append_texts, mark_heads, read_sheets, saved
from certengine.marking.models import StudyKind

ROUNDS = ("第1轮", "第2轮", "第3轮")
BOOKLET, MARKS, LIMITS = "题册", "书签", "接受范围"
ITEM_HEADS = ("题号", "试题", "题型", "分值")
LIMIT_HEADS = ("最低分数线", "最高分数线", "最低不合格率(%)", "最高不合格率(%)")
MOST_JUDGES = 30


@dataclass(frozen=True)
class PanelItem:
    """number: its place in the printed form; location: ability at which two in three answer it right."""

    number: int
    item: str
    type: str
    points: float
    location: float


@dataclass(frozen=True)
class Judgements:
    """rounds: of Angoff judges × items of shares (0 to 1), of Bookmark judges of pages; limits: one row a judge of lowest
    and highest cut in points of 100, least and most failing in per cent."""

    rounds: tuple[tuple[tuple[float, ...], ...], ...] | tuple[tuple[float, ...], ...]
    limits: tuple[tuple[float, ...], ...] = ()


def booklet(items: Sequence[PanelItem]) -> list[PanelItem]:
    """From easy to hard."""
    return sorted(items, key=lambda each: (each.location, each.number))


def workbook(kind: StudyKind, title: str, items: Sequence[PanelItem], judges: Sequence[str]) -> bytes:
    """Empty, with what may be filled in checked by the spreadsheet too."""
    book = Workbook()
    book.remove(book.active)
    if kind is StudyKind.ANGOFF:
        for name in ROUNDS:
            sheet = _sheet(book, name, [*ITEM_HEADS, *judges])
            for each in items:
                sheet.append([each.number, each.item, each.type, each.points])
            _limit(sheet, 0, 100, len(ITEM_HEADS) + 1, len(ITEM_HEADS) + len(judges), len(items) + 1)
    else:
        sheet = _sheet(book, BOOKLET, ["页码", *ITEM_HEADS])
        for page, each in enumerate(booklet(items), 1):
            sheet.append([page, each.number, each.item, each.type, each.points])
        sheet = _sheet(book, MARKS, ["评委", *ROUNDS])
        for judge in judges:
            append_texts(sheet, [judge])
        _limit(sheet, 1, len(items) + 1, 2, 1 + len(ROUNDS), len(judges) + 1)
    sheet = _sheet(book, LIMITS, ["评委", *LIMIT_HEADS])
    for judge in judges:
        append_texts(sheet, [judge])
    _limit(sheet, 0, 100, 2, 1 + len(LIMIT_HEADS), len(judges) + 1)
    book.properties.title = title
    return saved(book)


def _sheet(book: Workbook, name: str, heads: Sequence[str]) -> Worksheet:
    sheet: Worksheet = book.create_sheet(name)
    append_texts(sheet, heads)
    mark_heads(sheet)
    sheet.freeze_panes = "B2"
    for place in range(1, len(heads) + 1):
        sheet.column_dimensions[get_column_letter(place)].width = 14
    return sheet


def _limit(sheet: Worksheet, low: int, high: int, first: int, last: int, bottom: int) -> None:
    rule = DataValidation("decimal", formula1=str(low), formula2=str(high), allow_blank=True, showErrorMessage=True)
    rule.operator = "between"
    rule.error = f"{low}–{high}"
    rule.add(f"{get_column_letter(first)}2:{get_column_letter(last)}{bottom}")
    sheet.add_data_validation(rule)


def read(kind: StudyKind, content: bytes, name: str, items: Sequence[PanelItem], judges: Sequence[str]) -> Judgements:
    """Raises Invalid with every cell that is missing or out of range; sheets and rounds left wholly empty were not held."""
    reader = _Reader(name, read_sheets(content, name, "studies.unreadable"))
    rounds = reader.angoff(items, judges) if kind is StudyKind.ANGOFF else reader.bookmark(len(items), judges)
    limits = reader.grid(LIMITS, judges, 1, len(LIMIT_HEADS), 0, 100)
    for judge, (lowest, highest, least, most) in zip(judges, [] if reader.problems else limits or [], strict=False):
        if lowest > highest or least > most:
            reader.problems.append(Problem(f"{name} {LIMITS}", "studies.limits_order", {"name": judge}))
    if not rounds and not reader.problems:
        reader.problems.append(Problem(name, "studies.empty"))
    if reader.problems:
        raise Invalid(reader.problems)
    return Judgements(rounds, tuple(limits or ()))


class _Reader:
    def __init__(self, name: str, sheets: Mapping[str, Sequence[Sequence[Any]]]) -> None:
        self.name, self.sheets = name, sheets
        self.problems: list[Problem] = []

    def angoff(self, items: Sequence[PanelItem], judges: Sequence[str]) -> tuple[tuple[tuple[float, ...], ...], ...]:
        names = [each.item for each in items]
        sheets = [
            self.grid(title, names, len(ITEM_HEADS), len(judges), 0, 100, key=1, heads=judges) for title in ROUNDS
        ]
        return tuple(
            tuple(tuple(row[judge] / 100 for row in rows) for judge in range(len(judges)))
            for rows in self._held(sheets)
        )

    def bookmark(self, pages: int, judges: Sequence[str]) -> tuple[tuple[float, ...], ...]:
        columns = [
            self.grid(MARKS, judges, 1 + place, 1, 1, pages + 1, whole=True, heads=[ROUNDS[place]])
            for place in range(len(ROUNDS))
        ]
        return tuple(tuple(row[0] for row in column) for column in self._held(columns))

    def _held(self, rounds: Sequence[list[tuple[float, ...]] | None]) -> list[list[tuple[float, ...]]]:
        """The rounds that were held; one that was left out between others is a mistake."""
        found = [each for each in rounds if each is not None]
        if any(each is not None for each in rounds[len(found) :]):
            self.problems.append(Problem(self.name, "studies.round_left_out"))
        return found

    def grid(
        self,
        title: str,
        names: Sequence[str],
        first: int,
        width: int,
        low: float,
        high: float,
        *,
        key: int = 0,
        whole: bool = False,
        heads: Sequence[str] = (),
    ) -> list[tuple[float, ...]] | None:
        """The numbers beside the names, in their order; None where the sheet is missing or wholly empty."""
        rows = self.sheets.get(title, [])
        block = [list(row) + [""] * (first + width) for row in rows]
        if not any(str(cell).strip() for row in block[1:] for cell in row[first : first + width]):
            return None
        place = f"{self.name} {title}"
        if heads and [str(cell).strip() for cell in block[0][first : first + width]] != list(heads):
            self.problems.append(Problem(f"{place}!1", "studies.heads", {"heads": "、".join(heads)}))
            return []
        at = {str(row[key]).strip(): number for number, row in enumerate(block)}
        found = []
        for name in names:
            if name not in at:
                self.problems.append(Problem(place, "studies.row_missing", {"name": name}))
                continue
            number = at[name]
            found.append(
                tuple(
                    self._number(
                        block[number][column], f"{place}!{get_column_letter(column + 1)}{number + 1}", low, high, whole
                    )
                    for column in range(first, first + width)
                )
            )
        return found

    def _number(self, cell: Any, place: str, low: float, high: float, whole: bool) -> float:
        try:
            value = float(str(cell).strip())
        except ValueError:
            value = float("nan")
        if not low <= value <= high or (whole and value != int(value)):
            code = "studies.page" if whole else "studies.number"
            values = {"value": str(cell).strip(), "low": f"{low:g}", "high": f"{high:g}"}
            self.problems.append(Problem(place, code if str(cell).strip() else "studies.blank", values))
            return 0.0
        return value
