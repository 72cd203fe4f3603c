"""A list of people from Excel, each once, with texts beside them: every fault with its sheet and cell. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.spreadsheets import saved
from certengine.people import problems
from certengine.people.lists import DOCUMENTS, PeopleSheet, is_number, read_sheet, text_of
from certengine.people.models import DocumentType
from certengine.people.rules import fold_name, name_problem, parse_document
from certengine.people.service import PersonFacts

__all__ = ["problems"]

NAME, KIND, NUMBER = "姓名", "证件类型", "证件号码"
MOST = 5000


@dataclass(frozen=True)
class RosterRow:
    """extra: heading → text, of the columns that the caller asked for; place: where the row stands."""

    place: str
    facts: PersonFacts
    extra: Mapping[str, str]


@dataclass(frozen=True)
class Roster:
    rows: tuple[RosterRow, ...]
    problems: tuple[Problem, ...]


def read_roster(content: bytes, name: str, today: date, extra: Sequence[str] = ()) -> Roster:
    """Raises Invalid where the file is no spreadsheet, has no such columns, nobody in it or too many."""
    sheet = read_sheet(content, name, (NAME, NUMBER), unreadable="roster.unreadable", header="roster.header")
    if not sheet.rows:
        raise Invalid([Problem(sheet.place, "roster.empty")])
    if len(sheet.rows) > MOST:
        raise Invalid([Problem(sheet.place, "roster.too_many", {"most": MOST})])
    rows: list[RosterRow] = []
    found: list[Problem] = []
    seen: dict[str, int] = {}
    for number, row in sheet.rows:
        wrong = _row(sheet, number, row, today, extra, rows, seen)
        found += wrong
    return Roster(tuple(rows), tuple(found))


def _row(
    sheet: PeopleSheet,
    number: int,
    row: Sequence[Any],
    today: date,
    extra: Sequence[str],
    rows: list[RosterRow],
    seen: dict[str, int],
) -> list[Problem]:
    def place(column: str) -> str:
        return f"{sheet.place}!{get_column_letter(sheet.columns.get(column, 0) + 1)}{number}"

    found: list[Problem] = []
    texts = {column: text_of(sheet.cell(row, column)) for column in (NAME, KIND, NUMBER, *extra)}
    kind = DOCUMENTS.get(texts[KIND], DocumentType.RESIDENT_ID)
    if texts[KIND] and texts[KIND] not in DOCUMENTS:
        found.append(Problem(place(KIND), "roster.document_type", {"value": texts[KIND]}))
    if problem := name_problem(fold_name(texts[NAME])):
        found.append(Problem(place(NAME), problem))
    if is_number(sheet.cell(row, NUMBER)):
        # A spreadsheet keeps 15 digits of a number: what it shows may be somebody else's.
        found.append(Problem(place(NUMBER), "roster.number_as_number"))
    else:
        parsed = parse_document(kind, texts[NUMBER], today)
        if isinstance(parsed, str):
            found.append(Problem(place(NUMBER), parsed))
        elif (key := f"{kind.value}:{parsed[0]}") in seen:
            found.append(Problem(place(NUMBER), "roster.twice", {"other": seen[key]}))
        else:
            seen[key] = number
    if not found:
        facts = PersonFacts(texts[NAME], kind, texts[NUMBER])
        rows.append(RosterRow(place(NAME), facts, {column: texts[column] for column in extra}))
    return found


def template(extra: Sequence[str] = ()) -> bytes:
    """An empty list: all columns as text, document types to pick from."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "名单"
    columns = (NAME, KIND, NUMBER, *extra)
    for place, column in enumerate(columns, 1):
        sheet.cell(1, place, column).font = Font(bold=True)
        sheet.column_dimensions[get_column_letter(place)].width = 24
        for row in range(2, 302):
            sheet.cell(row, place).number_format = "@"
    choices = DataValidation(type="list", formula1='"' + ",".join(DOCUMENTS) + '"', allow_blank=True)
    sheet.add_data_validation(choices)
    choices.add(f"B2:B{MOST + 1}")
    sheet.freeze_panes = "A2"
    return saved(workbook)
