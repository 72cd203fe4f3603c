"""An institution's released results in figures: by plan, by occupation and level, and the spread of scores. Pure."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from certengine.marking.models import MarkState, Verdict
from certengine.marking.rules import mean_score
from certengine.standards.rules import Level


@dataclass(frozen=True)
class Row:
    """One released result with the plan that it belongs to."""

    plan_id: UUID
    title: str
    field: str
    level: Level
    verdict: Verdict
    theory: Decimal | None
    practical: Decimal | None
    theory_state: MarkState | None
    practical_state: MarkState | None


@dataclass(frozen=True)
class Line:
    """present: registered without the absent; passed is out of them. Means are of those with a score earned here."""

    name: str
    field: str
    level: Level
    plan_id: UUID | None
    registered: int
    absent: int
    void: int
    passed: int
    theory_mean: Decimal | None
    practical_mean: Decimal | None

    @property
    def present(self) -> int:
        return self.registered - self.absent

    @property
    def rate(self) -> float | None:
        """In per cent of those present."""
        return 100 * self.passed / self.present if self.present else None


def by_plan(rows: Sequence[Row]) -> list[Line]:
    """In the order in which the plans come."""
    groups: dict[UUID, list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.plan_id].append(row)
    return [_line(found, found[0].title, plan_id) for plan_id, found in groups.items()]


def by_level(rows: Iterable[Row]) -> list[Line]:
    """By occupation and level; whatever the plan."""
    groups: dict[tuple[str, Level], list[Row]] = defaultdict(list)
    for row in rows:
        groups[row.field, row.level].append(row)
    levels = list(Level)
    order = sorted(groups, key=lambda key: (key[0], levels.index(key[1])))
    return [_line(groups[key], "", None) for key in order]


def _line(rows: Sequence[Row], name: str, plan_id: UUID | None) -> Line:
    verdicts = [row.verdict for row in rows]
    return Line(
        name,
        rows[0].field,
        rows[0].level,
        plan_id,
        len(rows),
        verdicts.count(Verdict.ABSENT),
        verdicts.count(Verdict.VOID),
        verdicts.count(Verdict.PASSED),
        mean_score(theory_scores(rows)),
        mean_score(practical_scores(rows)),
    )


def theory_scores(rows: Iterable[Row]) -> list[Decimal]:
    """Without those that were kept from an earlier exam."""
    return [row.theory for row in rows if row.theory is not None and row.theory_state is not MarkState.KEPT]


def practical_scores(rows: Iterable[Row]) -> list[Decimal]:
    return [row.practical for row in rows if row.practical is not None and row.practical_state is not MarkState.KEPT]
