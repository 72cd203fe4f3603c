"""The programme in figures: by city, occupation, level and year, of a department's own region."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import UTC, datetime, timedelta
from decimal import ROUND_DOWN, Decimal
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.marking.models import Result, Verdict
from certengine.people import reach
from certengine.people.models import Organisation
from certengine.programme import seminars
from certengine.sittings.models import ExamPlan, Registration, RegistrationState
from certengine.standards.rules import Level
from certengine.training.models import Enrolment, TrainingClass

YEARS_SHOWN = 5
Key = tuple[str, str, Level]


@dataclass
class Figures:
    """registered: places taken; absent, void and failed are results of their own, never zeros of another."""

    registered: int = 0
    passed: int = 0
    failed: int = 0
    absent: int = 0
    void: int = 0
    certified: int = 0
    enrolled: int = 0
    trained: int = 0

    @property
    def sat(self) -> int:
        """Who took the exam and has a result that counts: the denominator of the share that passed."""
        return self.passed + self.failed

    @property
    def share(self) -> Decimal | None:
        """Percent of those who sat; None where nobody did."""
        return (Decimal(100) * self.passed / self.sat).quantize(Decimal("0.1"), ROUND_DOWN) if self.sat else None

    def add(self, other: "Figures") -> None:
        for each in fields(self):
            setattr(self, each.name, getattr(self, each.name) + getattr(other, each.name))


@dataclass(frozen=True)
class Line:
    key: str
    figures: Figures


@dataclass(frozen=True)
class Board:
    """A year's figures of a region, by each dimension, and its years."""

    year: int
    whole: Figures
    by_city: Sequence[Line]
    by_field: Sequence[Line]
    by_level: Sequence[Line]
    by_year: Sequence[Line]
    seminars: int
    seminar_people: int


def board(session: Session, region: str, year: int) -> Board:
    cells = _cells(session, region, year)
    whole = Figures()
    for cell in cells.values():
        whole.add(cell)
    held = seminars.seminar_totals(session, year, region[:2] if region[2:] == "0000" else region[:4])
    years = [Line(str(year), whole)]
    for back in range(1, YEARS_SHOWN):
        earlier = Figures()
        for cell in _cells(session, region, year - back).values():
            earlier.add(cell)
        if earlier != Figures():
            years.append(Line(str(year - back), earlier))
    return Board(
        year,
        whole,
        _by(cells, lambda key: key[0]),
        _by(cells, lambda key: key[1]),
        _by(cells, lambda key: key[2].value),
        years,
        held.seminars,
        held.people,
    )


def _by(cells: dict[Key, Figures], part: Callable[[Key], str]) -> list[Line]:
    sums: dict[str, Figures] = defaultdict(Figures)
    for key, cell in cells.items():
        sums[part(key)].add(cell)
    return [Line(key, sums[key]) for key in sorted(sums)]


def bounds(year: int) -> tuple[datetime, datetime]:
    """The calendar year in China, both ends included."""
    begins = datetime(year, 1, 1, tzinfo=CHINA).astimezone(UTC)
    return begins, datetime(year + 1, 1, 1, tzinfo=CHINA).astimezone(UTC) - timedelta(microseconds=1)


def _cells(session: Session, region: str, year: int) -> dict[Key, Figures]:
    """(city, field, level) → figures; trial exams count nowhere."""
    cells: dict[Key, Figures] = defaultdict(Figures)
    begins, ends = bounds(year)
    exam = (Organisation.region, ExamPlan.field, ExamPlan.level)
    counted = (
        select(*exam, func.count())
        .select_from(Registration)
        .join(ExamPlan, ExamPlan.id == Registration.exam_plan_id)
        .join(Organisation, Organisation.id == ExamPlan.organisation_id)
        .where(
            ~ExamPlan.trial,
            Registration.state == RegistrationState.REGISTERED,
            Registration.created_at.between(begins, ends),
            Organisation.id.in_(reach.within(region)),
        )
        .group_by(*exam)
    )
    _fill(session, cells, counted, lambda cell, row: _plus(cell, "registered", row[3]))
    results = (
        select(*exam, Result.verdict, func.count(), func.count(Result.certificate_id))
        .select_from(Result)
        .join(ExamPlan, ExamPlan.id == Result.exam_plan_id)
        .join(Organisation, Organisation.id == ExamPlan.organisation_id)
        .where(~ExamPlan.trial, Result.released_at.between(begins, ends), Organisation.id.in_(reach.within(region)))
        .group_by(*exam, Result.verdict)
    )
    _fill(session, cells, results, _results)
    taught = (Organisation.region, TrainingClass.field, TrainingClass.level)
    for name, moment in (("enrolled", Enrolment.created_at), ("trained", Enrolment.completed_at)):
        query = (
            select(*taught, func.count())
            .select_from(Enrolment)
            .join(TrainingClass, TrainingClass.id == Enrolment.training_class_id)
            .join(Organisation, Organisation.id == TrainingClass.organisation_id)
            .where(moment.between(begins, ends), Organisation.id.in_(reach.within(region)))
            .group_by(*taught)
        )
        _fill(session, cells, query, lambda cell, row, name=name: _plus(cell, name, row[3]))  # type: ignore[misc]
    return cells


def _fill(session: Session, cells: dict[Key, Figures], query: Any, put: Callable[[Figures, Any], None]) -> None:
    for row in session.execute(query):
        put(cells[f"{row[0][:4]}00", row[1], row[2]], row)


def _results(cell: Figures, row: Any) -> None:
    names = {Verdict.PASSED: "passed", Verdict.FAILED: "failed", Verdict.ABSENT: "absent", Verdict.VOID: "void"}
    _plus(cell, names[row[3]], row[4])
    cell.certified += row[5]


def _plus(cell: Figures, name: str, count: int) -> None:
    setattr(cell, name, getattr(cell, name) + count)
