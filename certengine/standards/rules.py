"""A national standard as a value, and the judgement of eligibility over it. Pure."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from dataclasses import field as attribute
from decimal import Decimal
from typing import Any

MODEL = "model"
MEAN, MEDIAN = "mean", "median"
DEGREES = ("none", "college", "bachelor", "master", "doctorate")
TITLES = ("none", "technician", "assistant_engineer", "engineer", "senior_engineer")


class Level(enum.Enum):
    JUNIOR = "junior"
    INTERMEDIATE = "intermediate"
    SENIOR = "senior"


class Part(enum.Enum):
    THEORY = "theory"
    PRACTICAL = "practical"


@dataclass(frozen=True)
class Node:
    """A function, task or point of the outline; a point carries the levels in which it is taught."""

    id: str
    zh: str
    en: str
    source: str
    levels: frozenset[Level] = frozenset()
    children: tuple["Node", ...] = ()
    line: int = 0

    def walk(self) -> Iterator["Node"]:
        yield self
        for child in self.children:
            yield from child.walk()


@dataclass(frozen=True)
class Direction:
    id: str
    zh: str
    en: str
    source: str


@dataclass(frozen=True)
class Code:
    code: str
    since: int
    source: str


@dataclass(frozen=True)
class WeightColumn:
    """One column of a weight table; its figures add up to 100, and a node that is absent is absent."""

    level: Level
    part: Part
    direction: str | None
    nodes: Mapping[str, Decimal]
    source: str
    line: int = 0


@dataclass(frozen=True)
class Section:
    type: str
    count: int
    points: Decimal
    partial: str = "none"


@dataclass(frozen=True)
class TheoryLayout:
    minutes: int
    pass_mark: Decimal
    sections: tuple[Section, ...]

    @property
    def points(self) -> Decimal:
        return sum((section.count * section.points for section in self.sections), Decimal(0))


@dataclass(frozen=True)
class HandIn:
    """What candidates may hand in as files: MB (2**20 bytes) of one, how many, and the endings of their names."""

    largest_mb: int
    most: int
    endings: tuple[str, ...]


@dataclass(frozen=True)
class PracticalLayout:
    """examiners: at least so many mark each candidate, an odd number; combine: what their totals come to; tolerance:
    points by which they may differ; blind: they see a code in the place of the candidate's name."""

    minutes: int
    pass_mark: Decimal
    tasks: int
    hand_in: HandIn
    examiners: int = 3
    combine: str = MEAN
    tolerance: Decimal = Decimal(15)
    blind: bool = True


@dataclass(frozen=True)
class Layout:
    """kept_months: for so long a part that was passed need not be taken again; 0, not at all."""

    level: Level
    theory: TheoryLayout
    practical: PracticalLayout
    source: str
    line: int = 0
    kept_months: int = 0


@dataclass(frozen=True)
class Alternative:
    """One combination of conditions that opens the grade exam."""

    id: str
    zh: str
    conditions: tuple[Mapping[str, Any], ...]


@dataclass(frozen=True)
class Eligibility:
    level: Level
    required: tuple[Mapping[str, Any], ...]
    alternatives: tuple[Alternative, ...]
    source: str


class Weighing(enum.Enum):
    """What a conflict of interest does to an assignment."""

    REFUSE = "refuse"
    WARN = "warn"


@dataclass(frozen=True)
class Ratio:
    """At least one for so many candidates, at least so many a room, and an odd number where that is asked."""

    candidates: int
    least: int
    odd: bool

    def needed(self, candidates: int) -> int:
        """For a room with so many candidates; nobody for an empty one."""
        if not candidates:
            return 0
        needed = max(self.least, -(-candidates // self.candidates))
        return needed + (needed + 1) % 2 if self.odd else needed


@dataclass(frozen=True)
class Staffing:
    """Proctors of a theory room, examiners of a practical one, and what each kind of conflict does (programme rules)."""

    theory: Ratio
    practical: Ratio
    conflicts: Mapping[str, Weighing]


STAFFING = Staffing(
    Ratio(15, 2, False),
    Ratio(10, 3, True),
    {"relative": Weighing.REFUSE, "teacher": Weighing.REFUSE, "employer": Weighing.WARN},
)


@dataclass(frozen=True)
class Standard:
    field: str
    edition: str
    title_zh: str
    title_en: str
    codes: tuple[Code, ...]
    directions: tuple[Direction, ...]
    functions: tuple[Node, ...]
    weight_columns: tuple[WeightColumn, ...]
    hours_by_level: Mapping[Level, int]
    eligibilities: tuple[Eligibility, ...]
    layouts: tuple[Layout, ...]
    staffing: Staffing = STAFFING

    def nodes(self) -> Iterator[Node]:
        for function in self.functions:
            yield from function.walk()

    def node(self, node_id: str) -> Node | None:
        return next((node for node in self.nodes() if node.id == node_id), None)

    def leaves(self, level: Level | None = None) -> list[Node]:
        """The points of the outline, in its order; of one level if given."""
        return [node for node in self.nodes() if not node.children and (level is None or level in node.levels)]

    def weights(self, level: Level, part: Part, direction: str | None = None) -> Mapping[str, Decimal]:
        """A direction's own column where there is one, else the column for all; empty where neither is."""
        columns = {c.direction: c.nodes for c in self.weight_columns if c.level is level and c.part is part}
        return columns.get(direction) or columns.get(None) or {}

    def hours(self, level: Level) -> int:
        return self.hours_by_level[level]

    def layout(self, level: Level) -> Layout:
        return next(layout for layout in self.layouts if layout.level is level)

    def eligibility(self, level: Level) -> Eligibility:
        return next(each for each in self.eligibilities if each.level is level)

    def direction(self, direction_id: str | None) -> Direction | None:
        return next((each for each in self.directions if each.id == direction_id), None)


@dataclass(frozen=True)
class Evidence:
    """What a candidate has proof of."""

    hours: int = 0
    title: str = "none"
    degree: str = "none"
    final_year: str = "none"
    years: Decimal = Decimal(0)
    certificates: frozenset[Level] = frozenset()
    related: bool = True


@dataclass(frozen=True)
class ConditionVerdict:
    kind: str
    wanted: str
    met: bool

    @property
    def code(self) -> str:
        """The key of its sentence in the message table; values go with it."""
        if self.kind in ("hours", "years", "related"):
            return f"standard.condition.{self.kind}"
        return f"standard.condition.{self.kind}.{self.wanted}"

    @property
    def values(self) -> Mapping[str, str]:
        return {"wanted": self.wanted}


@dataclass(frozen=True)
class AlternativeVerdict:
    id: str
    zh: str
    met: bool
    conditions: tuple[ConditionVerdict, ...]


@dataclass(frozen=True)
class Judgement:
    """Which conditions are met and which are missing; eligible when all required and any alternative hold."""

    met: bool
    required: tuple[ConditionVerdict, ...]
    alternatives: tuple[AlternativeVerdict, ...] = attribute(default=())


def judge(standard: Standard, level: Level, evidence: Evidence) -> Judgement:
    """Judges evidence against a level's conditions: proof of hours first, then any one of the combinations."""
    rule = standard.eligibility(level)
    required = tuple(verdict for each in rule.required for verdict in _verdicts(each, evidence))
    alternatives = []
    for alternative in rule.alternatives:
        verdicts = tuple(verdict for each in alternative.conditions for verdict in _verdicts(each, evidence))
        alternatives.append(AlternativeVerdict(alternative.id, alternative.zh, all(v.met for v in verdicts), verdicts))
    met = all(verdict.met for verdict in required) and any(each.met for each in alternatives)
    return Judgement(met, required, tuple(alternatives))


def _verdicts(condition: Mapping[str, Any], evidence: Evidence) -> Iterator[ConditionVerdict]:
    for kind, wanted in condition.items():
        yield ConditionVerdict(kind, str(wanted), CONDITIONS[kind](wanted, evidence))


def _at_least(order: tuple[str, ...], have: str, wanted: str) -> bool:
    return have in order and order.index(have) >= order.index(wanted)


CONDITIONS: Mapping[str, Any] = {
    "hours": lambda wanted, evidence: evidence.hours >= int(wanted),
    "title": lambda wanted, evidence: _at_least(TITLES, evidence.title, wanted),
    "degree": lambda wanted, evidence: _at_least(DEGREES, evidence.degree, wanted),
    "final_year": lambda wanted, evidence: _at_least(DEGREES, evidence.final_year, wanted),
    "years": lambda wanted, evidence: evidence.years >= Decimal(str(wanted)),
    "certificate": lambda wanted, evidence: Level(wanted) in evidence.certificates,
    "related": lambda wanted, evidence: evidence.related is bool(wanted),
}
