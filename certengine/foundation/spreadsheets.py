"""Spreadsheets as every room makes and reads them."""

from collections.abc import Iterable, Sequence
from io import BytesIO
from typing import Any

from openpyxl import Workbook
from openpyxl.cell import WriteOnlyCell
from openpyxl.styles import Font, PatternFill
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineError, CalamineWorkbook

from certengine.foundation.errors import Invalid, Problem

MIMETYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


def append_texts(sheet: Any, values: Iterable[object]) -> None:
    """A row whose texts stay texts: what a person typed with = in front must not run as a formula."""
    cells: list[object] = []
    for value in values:
        if isinstance(value, str):
            cell = WriteOnlyCell(sheet, value)
            cell.data_type = "s"
            cells.append(cell)
        else:
            cells.append(value)
    sheet.append(cells)


def mark_heads(sheet: Worksheet) -> None:
    """The first row as headings."""
    for cell in sheet[1]:
        cell.font, cell.fill = Font(bold=True), PatternFill("solid", fgColor="DCE6F1")


def saved(workbook: Workbook) -> bytes:
    out = BytesIO()
    workbook.save(out)
    return out.getvalue()


def read_sheets(content: bytes, name: str, unreadable: str) -> dict[str, Sequence[Sequence[Any]]]:
    """Sheet → rows, with the empty ones in between. Raises Invalid with the code for what is no spreadsheet."""
    try:
        book = CalamineWorkbook.from_filelike(BytesIO(content))
        return {each: book.get_sheet_by_name(each).to_python(skip_empty_area=False) for each in book.sheet_names}
    except (CalamineError, ValueError, OSError):
        raise Invalid([Problem(name, unreadable)]) from None
