"""Items from a spreadsheet: every fault names sheet, row and column; empty formatted rows cost nothing."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from openpyxl.utils import get_column_letter
from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from certengine.bank.formats.xlsx_columns import (
    ALIASES,
    COGNITION,
    COLUMNS,
    CONTEXT,
    MATCH_HEADER,
    OPTION_HEADER,
    REQUIRED,
    SHEET,
    TYPES,
    key_of,
    listed,
    points_of,
)
from certengine.bank.parsing import Place, parse_item
from certengine.bank.reading import BankFile, Row
from certengine.foundation.errors import Invalid, Problem

HEADER_WITHIN = 20
MOST_ROWS = 50_000


@dataclass(frozen=True)
class _Sheet:
    name: str
    file: str
    # Header → column from 0.
    columns: dict[str, int]
    rows: list[list[Any]]
    # The sheet's row of rows[0], from 1, and its first column from 0.
    first_row: int
    first_column: int
    # (row, column) from 0 → the cell above whose merged range covers it.
    merged: dict[tuple[int, int], tuple[int, int]]

    def place(self, row: int, header: str | None = None) -> str:
        """FILE:SHEET!C5 (header) of a row of `rows`."""
        line = self.first_row + row
        if header is None or header not in self.columns:
            return f"{self.file}:{self.name}!{line}"
        letter = get_column_letter(self.first_column + self.columns[header] + 1)
        return f"{self.file}:{self.name}!{letter}{line}（{header}）"

    def cell(self, row: int, header: str) -> Any:
        column = self.columns.get(header)
        if column is None:
            return ""
        value = self.rows[row][column] if column < len(self.rows[row]) else ""
        if value == "" and header in CONTEXT:
            absolute = (self.first_row - 1 + row, self.first_column + column)
            above = self.merged.get(absolute)
            if above is not None and above[0] >= self.first_row - 1:
                return self.rows[above[0] - self.first_row + 1][column]
        return value


def read_xlsx(data: bytes, name: str) -> BankFile:
    """Raises Invalid where the file is no workbook or has no sheet of items."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(data))
        sheet = _find(workbook, name)
    except (CalamineError, OSError, ValueError) as error:
        raise Invalid([Problem(name, "bank.xlsx_unreadable", {"detail": str(error)[:200]})]) from None
    rows = tuple(_rows(sheet))
    problems = () if rows else (Problem(f"{name}:{sheet.name}!1", "bank.no_items"),)
    return BankFile(name, "", "", "", rows, problems=problems)


def _find(workbook: CalamineWorkbook, name: str) -> _Sheet:
    """The sheet named 试题, else the first with a header that fits."""
    names = sorted(workbook.sheet_names, key=lambda each: each != SHEET)
    missing: list[str] = []
    for each in names:
        sheet = workbook.get_sheet_by_name(each)
        found = _open(sheet, name)
        if isinstance(found, _Sheet):
            return found
        missing = missing or found
    values = {"columns": "、".join(missing or REQUIRED), "sheets": "、".join(names)}
    raise Invalid([Problem(f"{name}:{names[0] if names else ''}!1", "bank.xlsx_header", values)])


def _open(sheet: CalamineSheet, name: str) -> _Sheet | list[str]:
    """The sheet from below its header on, or the required columns that no row names together."""
    if sheet.start is None:
        return list(REQUIRED)
    if sheet.height > MOST_ROWS:
        raise Invalid([Problem(f"{name}:{sheet.name}!{sheet.height}", "bank.xlsx_too_long", {"most": MOST_ROWS})])
    rows = sheet.to_python(skip_empty_area=True)
    best: list[str] = list(REQUIRED)
    for place, row in enumerate(rows[:HEADER_WITHIN]):
        columns = _columns(row)
        missing = [each for each in REQUIRED if each not in columns]
        if not missing:
            merged = _merged(sheet)
            first = sheet.start[0] + place + 2
            return _Sheet(sheet.name, name, columns, rows[place + 1 :], first, sheet.start[1], merged)
        best = missing if len(missing) < len(best) else best
    return best


def _columns(row: list[Any]) -> dict[str, int]:
    found: dict[str, int] = {}
    for column, cell in enumerate(row):
        text = str(cell).strip().lstrip("\ufeff").rstrip("*＊ ")
        text = ALIASES.get(text.lower(), text)
        if OPTION_HEADER.match(text) or MATCH_HEADER.match(text):
            text = text[:2] + text[-1].upper()
        elif text not in COLUMNS:
            continue
        found.setdefault(text, column)
    return found


def _merged(sheet: CalamineSheet) -> dict[tuple[int, int], tuple[int, int]]:
    covered: dict[tuple[int, int], tuple[int, int]] = {}
    for (top, left), (bottom, _right) in sheet.merged_cell_ranges or []:
        if bottom - top <= MOST_ROWS:
            covered.update({(row, left): (top, left) for row in range(top + 1, bottom + 1)})
    return covered


def _rows(sheet: _Sheet) -> Iterator[Row]:
    own = [column for header, column in sheet.columns.items() if header not in CONTEXT]
    for number, row in enumerate(sheet.rows):
        if any(column < len(row) and str(row[column]).strip() for column in own):
            yield _row(sheet, number)


def _row(sheet: _Sheet, number: int) -> Row:
    faults: list[Problem] = []
    cells: dict[str, str] = {}
    for header in sheet.columns:
        value = sheet.cell(number, header)
        if isinstance(value, datetime.date | datetime.time | datetime.timedelta):
            faults.append(Problem(sheet.place(number, header), "bank.xlsx_date"))
            value = ""
        cells[header] = _text(value)
    headers = {key: header for header, key in COLUMNS.items()}
    headers |= {"blanks": "答案", "model_answer": "答案"}

    def wrong(place: Place, code: str, **values: Any) -> None:
        header = headers.get(str(place[0])) if place else headers.get(str(values.get("key")), "答案")
        if place and place[0] in ("options", "matches"):
            side = "选项" if place[0] == "options" else "右项"
            header = f"{side}{str(place[1]).upper()}" if len(place) > 1 else f"{side}A"
        if code == "bank.missing" and values["key"] in ("id", "outline"):
            return
        if "key" in values:
            values["key"] = headers.get(str(values["key"]), values["key"])
        faults.append(Problem(sheet.place(number, header), code, values))

    item = parse_item(_raw(cells), wrong)
    places = {key: sheet.place(number, header) for key, header in headers.items()}
    return Row(sheet.place(number), item, tuple(faults), places)


def _text(value: Any) -> str:
    """A number as it was typed: 3 and not 3.0."""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, float) and value.is_integer() and abs(value) < 1e15:
        return str(int(value))
    return str(value).replace("_x000D_", "").strip()


def _raw(cells: dict[str, str]) -> dict[str, Any]:
    kind = TYPES.get(cells.get("题型", ""), cells.get("题型", "").lower())
    raw: dict[str, Any] = {"type": kind, "cognition": "understands"}
    for header, key in COLUMNS.items():
        text = cells.get(header, "")
        if not text or header in ("题型", "答案"):
            continue
        if key in ("directions", "enemies"):
            raw[key] = listed(text)
        elif key == "fixed":
            raw[key] = [each.lower() for each in listed(text)]
        elif key == "points_of_answer":
            raw[key] = points_of(text)
        else:
            raw[key] = COGNITION.get(text, text) if key == "cognition" else text
    for side, pattern in (("options", OPTION_HEADER), ("matches", MATCH_HEADER)):
        named = {header[-1].lower(): text for header, text in cells.items() if pattern.match(header) and text}
        if (
            named
            and kind not in ("judgement", "fill_in", "short_answer")
            and not (side == "matches" and kind != "matching")
        ):
            raw[side] = named
    return raw | key_of(kind, cells.get("答案", ""))
