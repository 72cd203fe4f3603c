"""What is seen of a practical panel: an examiner's queue, and for officers progress, conflicts and severity."""

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from statistics import fmean
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.marking import partial, practical
from certengine.marking.answer_rules import answers_an_hour
from certengine.marking.examiners import Panel, PanelState, panel_of, task_code
from certengine.marking.models import EarlierPracticalMark, MarkState, PracticalMark
from certengine.sittings import service as sittings
from certengine.sittings.service import PlacementView, SittingView


@dataclass(frozen=True)
class Waiting:
    """A candidate as an examiner's list shows them; place is None where the standard has the panel mark blind."""

    registration_id: UUID
    code: str
    place: PlacementView | None
    own: Decimal | None
    nothing: MarkState | None
    panel: Panel
    flagged: bool
    allowed: bool

    @property
    def waits(self) -> bool:
        """Whether this examiner has something to do here."""
        if self.nothing or not self.allowed:
            return False
        if self.own is None:
            return self.panel.state is not PanelState.SETTLED
        return self.flagged or self.panel.state is PanelState.APART


def waiting_for(
    session: Session, sitting: SittingView, room_id: UUID | None, examiner: str, account_id: UUID
) -> list[Waiting]:
    """By code where the panel marks blind, so that the order tells no seat; otherwise by room and seat."""
    layout, nothing = practical.layout_of(sitting), practical.nothing_of(session, sitting.id)
    given = practical.marks(session, sitting.id)
    task = practical.task_of(session, sitting) if given else None
    found = []
    for place in sittings.placements(session, sitting.id, room_id):
        marks = given.get(place.registration_id, [])
        own = next((each for each in marks if each.examiner == examiner), None)
        found.append(
            Waiting(
                place.registration_id,
                task_code(sitting.id, place.registration_id),
                None if layout.blind else place,
                own.total if own else None,
                nothing.get(place.registration_id),
                panel_of([each.total for each in marks], layout),
                bool(own and task and practical.flagged(task, [own])),
                partial.may_mark(session, account_id, place.registration_id),
            )
        )
    return sorted(found, key=lambda each: each.code) if layout.blind else found


def next_for(session: Session, sitting: SittingView, examiner: str, account_id: UUID, current: UUID) -> UUID | None:
    """The next candidate in the examiner's list who waits for them, after the current one and then from the start."""
    rows = waiting_for(session, sitting, None, examiner, account_id)
    at = next((number for number, each in enumerate(rows) if each.registration_id == current), 0)
    order = [*rows[at + 1 :], *rows[:at]]
    return next((each.registration_id for each in order if each.waits), None)


@dataclass(frozen=True)
class CandidateLine:
    place: PlacementView
    code: str
    panel: Panel
    marks: tuple[PracticalMark, ...]
    earlier: tuple[EarlierPracticalMark, ...]
    nothing: MarkState | None


def candidate_lines(session: Session, sitting: SittingView) -> list[CandidateLine]:
    """Those whose marks lie apart first, then by room and seat; every mark and version is there."""
    layout, given = practical.layout_of(sitting), practical.marks(session, sitting.id)
    nothing = practical.nothing_of(session, sitting.id)
    earlier: dict[UUID, list[EarlierPracticalMark]] = defaultdict(list)
    for each in practical.earlier_marks(session, sitting.id):
        earlier[each.registration_id].append(each)
    lines = [
        CandidateLine(
            place,
            task_code(sitting.id, place.registration_id),
            panel_of([each.total for each in given.get(place.registration_id, [])], layout),
            tuple(given.get(place.registration_id, [])),
            tuple(earlier[place.registration_id]),
            nothing.get(place.registration_id),
        )
        for place in sittings.placements(session, sitting.id)
    ]
    return sorted(lines, key=lambda line: line.panel.state is not PanelState.APART)


@dataclass(frozen=True)
class ExaminerLine:
    """own_mean and others_mean: of the same candidates, in points of 100."""

    name: str
    marked: int
    own_mean: float
    others_mean: float | None
    hourly: float | None
    changed: int


def examiner_lines(session: Session, sitting: SittingView) -> list[ExaminerLine]:
    """Everyone who marked, by name."""
    own: dict[str, list[PracticalMark]] = defaultdict(list)
    others: dict[str, list[float]] = defaultdict(list)
    for marks in practical.marks(session, sitting.id).values():
        for mark in marks:
            own[mark.examiner].append(mark)
            others[mark.examiner].extend(float(each.total) for each in marks if each is not mark)
    earlier = practical.earlier_marks(session, sitting.id)
    moments: dict[str, list[datetime]] = defaultdict(list)
    for each in earlier:
        if each.version == 1:
            moments[each.examiner].append(each.marked_at)
    found = []
    for examiner, marks in own.items():
        first = [*moments[examiner], *(each.marked_at for each in marks if each.version == 1)]
        found.append(
            ExaminerLine(
                marks[-1].examiner_name,
                len(marks),
                fmean(float(each.total) for each in marks),
                fmean(others[examiner]) if others[examiner] else None,
                answers_an_hour(first),
                sum(each.examiner == examiner for each in earlier),
            )
        )
    return sorted(found, key=lambda line: line.name)
