"""Hours from minutes of presence, and who has completed a class."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import ROUND_DOWN, Decimal

# An hour of instruction (学时) is 45 minutes in the programme's teaching; data of the class may change it later.
MINUTES_AN_HOUR = 45
ASSESSMENT_PASS = Decimal(60)


@dataclass(frozen=True)
class Presence:
    came: datetime
    left: datetime


def minutes_present(presences: Iterable[Presence]) -> int:
    """Whole minutes covered by at least one presence: time spent at two lessons at once counts once."""
    total = 0.0
    covered_until: datetime | None = None
    for presence in sorted(presences, key=lambda each: each.came):
        start = presence.came if covered_until is None else max(presence.came, covered_until)
        if presence.left > start:
            total += (presence.left - start).total_seconds()
            covered_until = presence.left
    return int(total // 60)


def hours(minutes: int) -> Decimal:
    """Hours of instruction with one decimal, cut and not rounded, so that nobody completes by rounding."""
    return (Decimal(minutes) / MINUTES_AN_HOUR).quantize(Decimal("0.1"), ROUND_DOWN)


def content_missing(needed: Iterable[str], attended: Iterable[Iterable[str]]) -> set[str]:
    """The tasks of the plan that no lesson treated at which somebody was present."""
    return set(needed) - {task for tasks in attended for task in tasks}


def completion_problems(
    earned: Decimal, required: int, assessment: Decimal | None, content: Iterable[str] = ()
) -> list[str]:
    """The codes of what is missing for completion; none when everything is there. content: tasks not attended."""
    problems = []
    if earned < required:
        problems.append("training.hours_short")
    if set(content):
        problems.append("training.content_short")
    if assessment is None:
        problems.append("training.not_assessed")
    elif assessment < ASSESSMENT_PASS:
        problems.append("training.assessment_failed")
    return problems


def overlaps(starts: datetime, ends: datetime, others: Iterable[tuple[datetime, datetime]]) -> bool:
    return any(starts < other_end and other_start < ends for other_start, other_end in others)
