"""What is asked of applicants, how experts score, and which step may follow which. Pure; the figures are data."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

from certengine.programme.application_models import ApplicationKind, Stage

# Model figures (no source): an installation may amend them.
LEAST_EXPERTS = 3
PASS_AVERAGE = Decimal(70)
NOTICE_DAYS = 7
# Experts whose totals lie further apart than this are shown to the department, which may ask for one more.
WIDE_SPREAD = 30

# The parts of an application's statement.
QUESTIONS = ("conditions", "staff", "record", "plan")

# criterion → most points; each adds up to 100.
CRITERIA: Mapping[str, Mapping[str, int]] = {
    "application": {"conditions": 30, "staff": 25, "record": 25, "plan": 20},
    "course": {"content": 40, "teaching": 30, "production": 20, "use": 10},
    "seminar": {"need": 30, "programme": 30, "speakers": 25, "budget": 15},
}

FOLLOWS: Mapping[Stage, frozenset[Stage]] = {
    Stage.SUBMITTED: frozenset({Stage.RECOMMENDED, Stage.RETURNED, Stage.REFUSED, Stage.WITHDRAWN}),
    Stage.RETURNED: frozenset({Stage.SUBMITTED, Stage.WITHDRAWN}),
    Stage.RECOMMENDED: frozenset({Stage.PUBLISHED, Stage.REFUSED, Stage.WITHDRAWN}),
    Stage.PUBLISHED: frozenset({Stage.AWARDED, Stage.REFUSED}),
    Stage.AWARDED: frozenset(),
    Stage.REFUSED: frozenset(),
    Stage.WITHDRAWN: frozenset(),
}


@dataclass(frozen=True)
class Panel:
    """How a thing stands with its experts; average is None until somebody scored."""

    assigned: int
    given: int
    average: Decimal | None
    spread: int
    complete: bool

    @property
    def good(self) -> bool:
        return self.complete and self.average is not None and self.average >= PASS_AVERAGE

    @property
    def wide(self) -> bool:
        return self.spread > WIDE_SPREAD


def criteria_of(kind: ApplicationKind) -> str:
    return "course" if kind is ApplicationKind.BEST_COURSE else "application"


def may_follow(before: Stage, after: Stage) -> bool:
    return after in FOLLOWS[before]


def panel(totals: Sequence[int | None]) -> Panel:
    """All assigned experts have scored, and they are enough: complete."""
    given = [each for each in totals if each is not None]
    average = (Decimal(sum(given)) / len(given)).quantize(Decimal("0.01")) if given else None
    spread = max(given) - min(given) if given else 0
    complete = len(given) == len(totals) and len(given) >= LEAST_EXPERTS
    return Panel(len(totals), len(given), average, spread, complete)


def score_problems(scores: Mapping[str, int | None], criteria: Mapping[str, int]) -> list[tuple[str, str]]:
    """(criterion, code) of each score that is missing or out of its range."""
    found = []
    for criterion, most in criteria.items():
        given = scores.get(criterion)
        if given is None:
            found.append((criterion, "panel.score_missing"))
        elif not 0 <= given <= most:
            found.append((criterion, "panel.score_range"))
    return found


def objections_until(published: date, days: int = NOTICE_DAYS) -> date:
    """The last day on which one may object."""
    return published + timedelta(days=days)


def is_over(until: date | None, today: date) -> bool:
    return until is None or today > until
