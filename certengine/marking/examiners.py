"""A practical task before its panel: when the examiners' marks make a score, and which. Pure.

Each examiner marks alone and sees nobody else's mark. The number of marks is odd and at least what the standard asks
for. Where they lie further apart than its tolerance the panel talks: whoever changes a mark then says why. If it stays
so, two further examiners mark (the number stays odd), and the median of all stands.
"""

import enum
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any, Protocol
from uuid import UUID

from certengine.bank.rules import Criterion
from certengine.foundation.ids import CROCKFORD
from certengine.marking.rules import CENT, NOTHING
from certengine.standards.rules import MEDIAN, PracticalLayout

# Examiners who join when talking did not bring the marks together.
FURTHER = 2
CODE_LENGTH = 6


class PanelState(enum.Enum):
    """WAITING: too few marks, or an even number of them. APART: to be talked over."""

    WAITING = "waiting"
    APART = "apart"
    SETTLED = "settled"


@dataclass(frozen=True)
class Panel:
    """score is there as soon as there are enough marks; it stands only once the panel is settled."""

    state: PanelState
    marks: int
    missing: int
    spread: Decimal
    score: Decimal | None


def panel_of(totals: Sequence[Decimal], rule: PracticalLayout) -> Panel:
    """What the examiners' totals come to, in whatever order they came; rounded half up to two decimals."""
    spread = max(totals) - min(totals) if totals else NOTHING
    missing = max(0, rule.examiners - len(totals)) or (len(totals) + 1) % 2
    if missing:
        return Panel(PanelState.WAITING, len(totals), missing, spread, None)
    extended = len(totals) >= rule.examiners + FURTHER
    score = median(totals) if extended or rule.combine == MEDIAN else sum(totals, NOTHING) / len(totals)
    state = PanelState.APART if spread > rule.tolerance and not extended else PanelState.SETTLED
    return Panel(state, len(totals), 0, spread, score.quantize(CENT, ROUND_HALF_UP))


def task_code(sitting_id: UUID, registration_id: UUID) -> str:
    """What stands on a candidate's work in the place of the name: the same each time, and it tells nothing."""
    number = int.from_bytes(hashlib.sha256(f"{sitting_id}|{registration_id}".encode()).digest()[:8])
    return "".join(CROCKFORD[number >> 5 * place & 31] for place in range(CODE_LENGTH))


class Named(Protocol):
    @property
    def name(self) -> str: ...
    @property
    def ticket_number(self) -> str: ...


def shown_name(file: str, candidate: Named, blind: bool) -> str:
    """A file's name as an examiner sees it: blind, without the name or ticket that a candidate wrote into it."""
    if blind:
        for word in (candidate.name, candidate.ticket_number):
            file = file.replace(word, "…")
    return file


def rubric_content(rubric: Sequence[Criterion]) -> list[list[str]]:
    """A rubric as it is kept with a mark: what was to be judged, and its points."""
    return [[each.id, each.criterion, f"{each.points.normalize():f}"] for each in rubric]


def total_by(rubric: Sequence[Sequence[str]], points: dict[str, Any]) -> Decimal | None:
    """A mark's total added up anew by the rubric that it was given by, scaled to 100; None where one is missing."""
    if any(name not in points for name, _text, _most in rubric):
        return None
    whole = sum((Decimal(most) for _name, _text, most in rubric), NOTHING)
    got = sum((Decimal(points[name]) for name, _text, _most in rubric), NOTHING)
    return (got * 100 / whole).quantize(CENT, ROUND_HALF_UP)
