"""The way of a course to its publication, what a year of continuing education asks for, and quizzes. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import ROUND_DOWN, Decimal
from typing import Any

from certengine.training.course_models import CourseState, Subject

HUNDRED = Decimal(100)
MOST_HOURS = Decimal(90)
# From each state the states that may follow.
FOLLOWS = {
    CourseState.DRAFT: frozenset({CourseState.SUBMITTED}),
    CourseState.SUBMITTED: frozenset({CourseState.DRAFT, CourseState.REVIEWED}),
    CourseState.REVIEWED: frozenset({CourseState.PUBLISHED, CourseState.DRAFT}),
    CourseState.PUBLISHED: frozenset({CourseState.WITHDRAWN}),
    CourseState.WITHDRAWN: frozenset[CourseState](),
}


@dataclass(frozen=True)
class HoursRule:
    """What a year asks for. total counts both subjects; what is professional beyond its share counts for the total."""

    since: int
    total: Decimal
    professional: Decimal
    source: str


# Newest first; a year takes the first rule that is not younger than itself.
RULES = (
    HoursRule(
        2016,
        Decimal(90),
        Decimal(60),
        "《专业技术人员继续教育规定》（人力资源和社会保障部令第25号）第八条：每年累计不少于90学时，专业科目一般不少于三分之二",
    ),
)


@dataclass(frozen=True)
class YearHours:
    general: Decimal
    professional: Decimal

    @property
    def total(self) -> Decimal:
        return self.general + self.professional


@dataclass(frozen=True)
class Judged:
    """missing counts hours of any subject, missing_professional those of professional subjects among them."""

    met: bool
    missing: Decimal
    missing_professional: Decimal


@dataclass(frozen=True)
class Question:
    """A single choice, stem and options as safe HTML; key is an option's id; fixed options keep their order."""

    id: str
    stem: str
    options: tuple[tuple[str, str], ...]
    key: str
    fixed: bool = False

    def stored(self) -> dict[str, Any]:
        return {"id": self.id, "stem": self.stem, "options": [list(each) for each in self.options], "key": self.key}


def may_follow(before: CourseState, after: CourseState) -> bool:
    return after in FOLLOWS[before]


def rule_of(year: int) -> HoursRule:
    return next((rule for rule in RULES if rule.since <= year), RULES[-1])


def judge_year(rule: HoursRule, hours: YearHours) -> Judged:
    """Whether the year is fulfilled, and what is missing. Where professional hours lack, they fill the total too."""
    professional = max(Decimal(0), rule.professional - hours.professional)
    missing = max(professional, rule.total - hours.total, Decimal(0))
    return Judged(not missing, missing, professional)


def submission_problems(
    hours: Decimal, subject: Subject, field: str, unit_seconds: Sequence[int], quiz_items: int, offered: int
) -> list[str]:
    """The codes of what a course lacks before it can be reviewed; offered: questions to draw the quiz from."""
    problems = []
    if not 0 < hours <= MOST_HOURS:
        problems.append("course.hours_range")
    if (subject is Subject.PROFESSIONAL) != bool(field):
        problems.append("course.field_of_subject")
    if not unit_seconds:
        problems.append("course.no_units")
    elif sum(unit_seconds) < learning_seconds(hours) // 2:
        problems.append("course.too_short")
    if quiz_items > offered:
        problems.append("course.quiz_short")
    return problems


def learning_seconds(hours: Decimal) -> int:
    """Hours of instruction are 45 minutes."""
    return int(hours * 45 * 60)


def draw(seed: str, offered: Sequence[Question], count: int) -> list[Question]:
    """count questions with their options in an order of their own, the same for the same seed and offer."""
    chosen = sorted(offered, key=lambda each: _rank(seed, each.id))[:count]
    return [each if each.fixed else replace(each, options=_shuffled(seed, each)) for each in chosen]


def _shuffled(seed: str, question: Question) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(question.options, key=lambda option: _rank(seed, f"{question.id}/{option[0]}")))


def _rank(seed: str, what: str) -> bytes:
    return hashlib.sha256(f"{seed}|{what}".encode()).digest()


def mark(questions: Sequence[Mapping[str, Any]], answers: Mapping[str, str]) -> Decimal:
    """Percent of the questions answered right, cut to two decimals; what is not answered is wrong."""
    if not questions:
        return Decimal(0)
    right = sum(1 for each in questions if answers.get(str(each["id"])) == each["key"])
    percent = HUNDRED * right / len(questions)
    return percent.quantize(Decimal("0.01"), ROUND_DOWN)


def city_of(region: str) -> str:
    """The city of a GB/T 2260 code; of a province the province itself."""
    return region[:4] + "00"


def covers(region: str, city: str) -> bool:
    """Whether a department of this region looks after the city: a province after all of its own, a city after itself."""
    return city[:2] == region[:2] if region[2:] == "0000" else city == city_of(region)
