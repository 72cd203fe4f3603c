"""Lists of people from Excel: the first sheet, its columns and its filled rows. Pure but for the file's bytes."""

from collections.abc import Sequence
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook

from certengine.foundation.errors import Invalid, Problem
from certengine.people.models import DocumentType

DOCUMENTS = {
    "居民身份证": DocumentType.RESIDENT_ID,
    "护照": DocumentType.PASSPORT,
    "港澳居民来往内地通行证": DocumentType.HONG_KONG_MACAO_PERMIT,
    "台湾居民来往大陆通行证": DocumentType.TAIWAN_PERMIT,
    "外国人永久居留身份证": DocumentType.FOREIGN_PERMANENT_RESIDENT,
}


@dataclass(frozen=True)
class PeopleSheet:
    """place: file and sheet, for messages; columns: heading → 0-based place; rows: (row number, cells), none empty."""

    place: str
    columns: dict[str, int]
    rows: tuple[tuple[int, Sequence[Any]], ...]

    def cell(self, row: Sequence[Any], column: str) -> Any:
        """As it stands there; empty where the sheet or the row has no such cell."""
        place = self.columns.get(column)
        return row[place] if place is not None and place < len(row) else ""


def read_sheet(content: bytes, name: str, needed: Sequence[str], *, unreadable: str, header: str) -> PeopleSheet:
    """Raises Invalid with the code `unreadable` for what is no spreadsheet, `header` where a needed column is missing."""
    try:
        workbook = CalamineWorkbook.from_filelike(BytesIO(content))
        sheet_name = workbook.sheet_names[0]
        rows = workbook.get_sheet_by_index(0).to_python(skip_empty_area=False)
    except (CalamineError, ValueError, OSError, IndexError):
        raise Invalid([Problem(name, unreadable)]) from None
    # A list that came through a text file has the file's mark in front of its first heading.
    headings = [str(cell).strip("\ufeff \t\r\n\u3000") for cell in rows[0]] if rows else []
    missing = [column for column in needed if column not in headings]
    if missing:
        raise Invalid([Problem(f"{name} {sheet_name}!1", header, {"columns": "、".join(missing)})])
    return PeopleSheet(
        f"{name} {sheet_name}",
        {column: place for place, column in enumerate(headings) if column},
        tuple((number, row) for number, row in enumerate(rows[1:], 2) if any(str(cell).strip() for cell in row)),
    )


def is_number(cell: Any) -> bool:
    """Whether Excel holds it as a number, in which a document's last digits are lost."""
    return isinstance(cell, int | float) and not isinstance(cell, bool)


def text_of(cell: Any) -> str:
    return f"{cell:.0f}" if isinstance(cell, float) and cell.is_integer() else str(cell).strip()
