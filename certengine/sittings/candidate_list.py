"""Candidates' lists from Excel: every fault with its sheet and cell, nothing guessed. Pure but for the file's bytes."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation

from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.spreadsheets import saved
from certengine.people.lists import DOCUMENTS, PeopleSheet, is_number, read_sheet, text_of
from certengine.people.models import DocumentType, Sex
from certengine.people.rules import fold_name, name_problem, parse_document
from certengine.people.service import PersonFacts
from certengine.sittings.rules import HELD
from certengine.sittings.service import CandidateFacts
from certengine.standards.rules import Evidence

SEXES = {"男": Sex.MALE, "女": Sex.FEMALE}
TITLES = {"无": "none", "技术员": "technician", "助理工程师": "assistant_engineer", "工程师": "engineer"}
DEGREES = {"无": "none", "专科": "college", "本科": "bachelor", "硕士": "master", "博士": "doctorate"}
CERTIFICATES = {"无": HELD["none"], "初级": HELD["junior"], "中级": HELD["intermediate"]}
YES = {"是": True, "否": False}
# (column, whether it must be filled, what it may hold: choices, "number" or text)
COLUMNS: tuple[tuple[str, bool, Mapping[str, Any] | str], ...] = (
    ("姓名", True, "text"),
    ("性别", False, SEXES),
    ("证件类型", False, DOCUMENTS),
    ("证件号码", True, "text"),
    ("工作单位", False, "text"),
    ("培训学时", False, "number"),
    ("学历", False, DEGREES),
    ("应届在读学历", False, DEGREES),
    ("专业相关", False, YES),
    ("职称", False, TITLES),
    ("工作年限", False, "number"),
    ("已获证书", False, CERTIFICATES),
)
# Where only some of a sheet's columns are there, the rest is taken as not given.
NEEDED = ("姓名", "证件号码")


@dataclass(frozen=True)
class ListRow:
    number: int
    facts: CandidateFacts


@dataclass(frozen=True)
class CandidateList:
    """Good rows, and everything that is wrong with the others."""

    rows: tuple[ListRow, ...]
    problems: tuple[Problem, ...]

    @property
    def bad_rows(self) -> int:
        return len({problem.values["row"] for problem in self.problems})


def read_candidates(content: bytes, name: str, today: date) -> CandidateList:
    """Raises Invalid where the file is no spreadsheet or has no such columns."""
    sheet = read_sheet(content, name, NEEDED, unreadable="candidates.unreadable", header="candidates.header")
    reader = _Reader(sheet, today)
    for number, row in sheet.rows:
        reader.read(number, row)
    if not reader.rows and not reader.problems:
        raise Invalid([Problem(sheet.place, "candidates.empty")])
    return CandidateList(tuple(reader.rows), tuple(reader.problems))


class _Reader:
    def __init__(self, sheet: PeopleSheet, today: date) -> None:
        self.sheet, self.today = sheet, today
        self.rows: list[ListRow] = []
        self.problems: list[Problem] = []
        self.seen: dict[str, int] = {}
        self.row_problems: list[Problem] = []

    def read(self, number: int, row: Sequence[Any]) -> None:
        self.row_problems = []
        values = {column: self._value(number, row, column, must, kind) for column, must, kind in COLUMNS}
        facts = self._facts(number, values)
        if self.row_problems:
            self.problems.extend(self.row_problems)
        elif facts is not None:
            self.rows.append(ListRow(number, facts))

    def _wrong(self, number: int, column: str, code: str, **values: Any) -> None:
        cell = f"{get_column_letter(self.sheet.columns.get(column, 0) + 1)}{number}"
        values = {"column": column, "row": number, **values}
        self.row_problems.append(Problem(f"{self.sheet.place}!{cell}", code, values))

    def _value(self, number: int, row: Sequence[Any], column: str, must: bool, kind: Mapping[str, Any] | str) -> Any:
        cell = self.sheet.cell(row, column)
        if column == "证件号码" and is_number(cell):
            self._wrong(number, column, "candidates.number_as_number")
            return None
        text = text_of(cell)
        if not text:
            if must:
                self._wrong(number, column, "candidates.required")
            return None
        if isinstance(kind, Mapping):
            if text not in kind:
                self._wrong(number, column, "candidates.choice", value=text, choices="、".join(kind))
            return kind.get(text)
        return self._number(number, column, text) if kind == "number" else text

    def _number(self, number: int, column: str, text: str) -> Decimal | None:
        try:
            value = Decimal(text)
        except InvalidOperation:
            value = Decimal("NaN")
        if not value.is_finite() or not 0 <= value <= 10_000:
            self._wrong(number, column, "candidates.not_a_number", value=text)
            return None
        return value

    def _facts(self, number: int, values: dict[str, Any]) -> CandidateFacts | None:
        kind = values["证件类型"] or DocumentType.RESIDENT_ID
        name, document = values["姓名"], values["证件号码"]
        if name and (problem := name_problem(fold_name(name))):
            self._wrong(number, "姓名", problem)
        if not name or not document:
            return None
        parsed = parse_document(kind, document, self.today)
        if isinstance(parsed, str):
            self._wrong(number, "证件号码", parsed)
            return None
        stored, sex = parsed
        if sex and values["性别"] and sex is not values["性别"]:
            self._wrong(number, "性别", "candidates.sex_differs")
        if stored in self.seen:
            self._wrong(number, "证件号码", "candidates.twice", row=self.seen[stored])
        self.seen.setdefault(stored, number)
        evidence = Evidence(
            hours=int(values["培训学时"] or 0),
            title=values["职称"] or "none",
            degree=values["学历"] or "none",
            final_year=values["应届在读学历"] or "none",
            years=values["工作年限"] or Decimal(0),
            certificates=values["已获证书"] or frozenset(),
            related=values["专业相关"] is not False,
        )
        return CandidateFacts(PersonFacts(name, kind, document, values["性别"]), evidence, values["工作单位"] or "")


def template() -> bytes:
    """An empty list with its columns, choices to pick from and the document's number as text."""
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "考生"
    for place, (column, must, kind) in enumerate(COLUMNS, 1):
        letter = get_column_letter(place)
        cell = sheet.cell(1, place, column)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="FFF2CC" if must else "E7EEF3")
        cell.alignment = Alignment(horizontal="center")
        sheet.column_dimensions[letter].width = 24 if column == "证件号码" else 14
        if isinstance(kind, Mapping):
            choices = DataValidation(type="list", formula1='"' + ",".join(kind) + '"', allow_blank=True)
            sheet.add_data_validation(choices)
            choices.add(f"{letter}2:{letter}5000")
        elif kind == "text":
            for row in range(2, 502):
                sheet.cell(row, place).number_format = "@"
    sheet.freeze_panes = "A2"
    return saved(workbook)
