"""A list of an organisation's people and their courses from Excel: every fault with its sheet and cell. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from openpyxl import Workbook
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.spreadsheets import saved
from certengine.people.lists import DOCUMENTS, PeopleSheet, is_number, read_sheet, text_of
from certengine.people.models import DocumentType
from certengine.people.rules import fold_name, name_problem, parse_document
from certengine.people.service import PersonFacts

NAME, KIND, NUMBER, COURSE = "姓名", "证件类型", "证件号码", "课程"
COLUMNS = (NAME, KIND, NUMBER, COURSE)
NEEDED = (NAME, NUMBER, COURSE)
MOST = 5000


@dataclass(frozen=True)
class ListedPerson:
    """One row: who, and which of the courses; cells say where name and number stand."""

    number: int
    facts: PersonFacts
    course_id: UUID
    cells: Mapping[str, str]


@dataclass(frozen=True)
class OrganisationList:
    """Good rows, and everything that is wrong with the others."""

    rows: tuple[ListedPerson, ...]
    problems: tuple[Problem, ...]

    @property
    def bad_rows(self) -> int:
        return len({problem.values["row"] for problem in self.problems})


def read_people(content: bytes, name: str, today: date, courses: Mapping[str, Sequence[UUID]]) -> OrganisationList:
    """courses: what a row may name them by (title, id) → the published ones of that name.

    Raises Invalid where the file is no spreadsheet, has no such columns, nobody in it or too many.
    """
    sheet = read_sheet(content, name, NEEDED, unreadable="enrol.unreadable", header="enrol.header")
    if not sheet.rows:
        raise Invalid([Problem(sheet.place, "enrol.empty")])
    if len(sheet.rows) > MOST:
        raise Invalid([Problem(sheet.place, "enrol.too_many", {"most": MOST})])
    reader = _Reader(sheet, today, courses)
    for number, row in sheet.rows:
        reader.read(number, row)
    return OrganisationList(tuple(reader.rows), tuple(reader.problems))


class _Reader:
    def __init__(self, sheet: PeopleSheet, today: date, courses: Mapping[str, Sequence[UUID]]) -> None:
        self.sheet, self.today, self.courses = sheet, today, courses
        self.rows: list[ListedPerson] = []
        self.problems: list[Problem] = []
        # The same person may stand there for several courses, but once for each.
        self.seen: dict[tuple[str, UUID], int] = {}
        self.good = True

    def read(self, number: int, row: Sequence[Any]) -> None:
        self.good = True
        values = {column: self._text(number, row, column) for column in COLUMNS}
        kind = self._kind(number, values[KIND])
        course_id = self._course(number, values[COURSE])
        stored = self._document(number, kind, values[NUMBER])
        if values[NAME] and (problem := name_problem(fold_name(values[NAME]))):
            self._wrong(number, NAME, problem)
        if stored and course_id:
            if (stored, course_id) in self.seen:
                self._wrong(number, NUMBER, "enrol.twice", other=self.seen[stored, course_id])
            self.seen.setdefault((stored, course_id), number)
        if self.good and course_id:
            facts = PersonFacts(values[NAME], kind, values[NUMBER])
            cells = {"name": self._cell(number, NAME), "number": self._cell(number, NUMBER)}
            self.rows.append(ListedPerson(number, facts, course_id, cells))

    def _wrong(self, number: int, column: str, code: str, **values: Any) -> None:
        self.good = False
        self.problems.append(Problem(self._cell(number, column), code, {"column": column, "row": number, **values}))

    def _cell(self, number: int, column: str) -> str:
        return f"{self.sheet.place}!{get_column_letter(self.sheet.columns.get(column, 0) + 1)}{number}"

    def _text(self, number: int, row: Sequence[Any], column: str) -> str:
        cell = self.sheet.cell(row, column)
        if column == NUMBER and is_number(cell):
            self._wrong(number, column, "enrol.number_as_number")
            return ""
        text = text_of(cell)
        if not text and column in NEEDED:
            self._wrong(number, column, "enrol.required")
        return text

    def _kind(self, number: int, text: str) -> DocumentType:
        if text and text not in DOCUMENTS:
            self._wrong(number, KIND, "enrol.choice", value=text, choices="、".join(DOCUMENTS))
        return DOCUMENTS.get(text, DocumentType.RESIDENT_ID)

    def _course(self, number: int, text: str) -> UUID | None:
        found = self.courses.get(text, ())
        if text and len(found) != 1:
            self._wrong(number, COURSE, "enrol.ambiguous" if found else "enrol.no_course", value=text)
        return found[0] if len(found) == 1 else None

    def _document(self, number: int, kind: DocumentType, text: str) -> str | None:
        if not text:
            return None
        parsed = parse_document(kind, text, self.today)
        if isinstance(parsed, str):
            self._wrong(number, NUMBER, parsed)
            return None
        return f"{kind.value}:{parsed[0]}"


def template(titles: Sequence[str]) -> bytes:
    """An empty list: all columns as text, document types and courses to pick from."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "学员"
    for place, column in enumerate(COLUMNS, 1):
        cell = sheet.cell(1, place, column)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFF2CC" if column in NEEDED else "E7EEF3")
        sheet.column_dimensions[get_column_letter(place)].width = 36 if column == COURSE else 24
        for row in range(2, 502):
            sheet.cell(row, place).number_format = "@"
    listed = workbook.create_sheet("课程目录")
    for row, title in enumerate(titles, 1):
        listed.cell(row, 1, title).data_type = "s"
    pick = {KIND: '"' + ",".join(DOCUMENTS) + '"', COURSE: f"课程目录!$A$1:$A${max(1, len(titles))}"}
    for column, formula in pick.items():
        choices = DataValidation(type="list", formula1=formula, allow_blank=True)
        sheet.add_data_validation(choices)
        letter = get_column_letter(COLUMNS.index(column) + 1)
        choices.add(f"{letter}2:{letter}{MOST + 1}")
    sheet.freeze_panes = "A2"
    return saved(workbook)
