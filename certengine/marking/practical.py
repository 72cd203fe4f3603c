"""The practical part before its examiners: each marks alone, by the rubric in force, and no version of a mark is lost."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank.rules import PracticalTask
from certengine.delivery import service as delivery
from certengine.delivery import tasks
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.marking import partial, rules, samples
from certengine.marking.examiners import Panel, PanelState, panel_of, rubric_content
from certengine.marking.in_force import later_live
from certengine.marking.models import EarlierPracticalMark, MarkState, NothingHandedIn, PracticalMark
from certengine.marking.releases import any_released
from certengine.sittings import service as sittings
from certengine.sittings.models import Registration
from certengine.sittings.service import SittingView
from certengine.standards import service as standards
from certengine.standards.rules import PracticalLayout


@dataclass(frozen=True)
class PracticalEntry:
    """What an examiner entered; version is the one that the form was opened with, 0 for a new mark."""

    points: Mapping[str, Decimal | None]
    comment: str
    version: int


def layout_of(sitting: SittingView) -> PracticalLayout:
    return standards.standard(sitting.field).layout(sitting.level).practical


def task_of(session: Session, sitting: SittingView) -> PracticalTask:
    """The practical task of a sitting with the rubric in force. Raises Conflict without one."""
    task = tasks.task_of(session, sitting)
    assert sitting.release_id is not None
    later = later_live(session, sitting.release_id, task.id, task.version)
    return replace(task, rubric=later.rubric) if isinstance(later, PracticalTask) else task


def mark_of(session: Session, sitting_id: UUID, registration_id: UUID, examiner: str) -> PracticalMark | None:
    return session.scalar(
        select(PracticalMark).where(
            PracticalMark.sitting_id == sitting_id,
            PracticalMark.registration_id == registration_id,
            PracticalMark.examiner == examiner,
        )
    )


def marks(session: Session, sitting_id: UUID) -> dict[UUID, list[PracticalMark]]:
    """registration → marks, in the order in which they stand."""
    found: dict[UUID, list[PracticalMark]] = defaultdict(list)
    query = select(PracticalMark).where(PracticalMark.sitting_id == sitting_id).order_by(PracticalMark.marked_at)
    for mark in session.scalars(query):
        found[mark.registration_id].append(mark)
    return found


def marks_by(session: Session, sitting_id: UUID, examiner: str) -> dict[UUID, PracticalMark]:
    """registration → what this examiner gave."""
    query = select(PracticalMark).where(PracticalMark.sitting_id == sitting_id, PracticalMark.examiner == examiner)
    return {mark.registration_id: mark for mark in session.scalars(query)}


def earlier_marks(session: Session, sitting_id: UUID) -> list[EarlierPracticalMark]:
    """Every version that another took the place of, oldest first."""
    query = select(EarlierPracticalMark).where(EarlierPracticalMark.sitting_id == sitting_id)
    return list(session.scalars(query.order_by(EarlierPracticalMark.marked_at, EarlierPracticalMark.version)))


def flagged(task: PracticalTask, given: Sequence[PracticalMark]) -> list[PracticalMark]:
    """Marks that were given by another rubric than the one in force."""
    rubric = rubric_content(task.rubric)
    return [each for each in given if each.rubric is not None and each.rubric != rubric]


@dataclass(frozen=True)
class Opened:
    """One candidate's task as an examiner sees it. others: of the panel, where its marks are being talked over."""

    own: PracticalMark | None
    panel: Panel
    others: tuple[PracticalMark, ...]

    @property
    def apart(self) -> bool:
        return self.panel.state is PanelState.APART and self.own is not None


def opened(session: Session, sitting: SittingView, registration_id: UUID, examiner: str) -> Opened:
    given = marks(session, sitting.id).get(registration_id, [])
    own = next((each for each in given if each.examiner == examiner), None)
    panel = panel_of([each.total for each in given], layout_of(sitting))
    talking = own is not None and panel.state is PanelState.APART
    return Opened(own, panel, tuple(each for each in given if talking and each is not own))


def enter(
    session: Session,
    sitting_id: UUID,
    registration_id: UUID,
    entry: PracticalEntry,
    *,
    examiner: str,
    examiner_name: str,
    now: datetime,
) -> PracticalMark:
    """Raises Invalid with every criterion that is wrong, Conflict when the mark was changed meanwhile or the panel is
    complete."""
    sitting = sittings.sitting(session, sitting_id)
    _refuse(session, sitting, registration_id)
    if session.get(NothingHandedIn, (sitting_id, registration_id)) is not None:
        raise Conflict("marking.nothing_handed_in")
    task = task_of(session, sitting)
    if found := rules.practical_problems(task.rubric, entry.points):
        raise Invalid(found)
    before = opened(session, sitting, registration_id, examiner)
    if entry.version != (before.own.version if before.own else 0):
        raise Conflict("marking.changed_meanwhile")
    if before.own is None:
        _refuse_new(session, sitting, before.panel, examiner)
    if before.apart and not entry.comment.strip():
        raise Invalid([Problem("comment", "marking.discussion_reason")])
    mark = before.own or PracticalMark(
        sitting_id=sitting_id, registration_id=registration_id, examiner=examiner, version=0
    )
    if mark.version:
        _keep(session, mark)
    else:
        session.add(mark)
    points = {criterion.id: entry.points[criterion.id] or Decimal(0) for criterion in task.rubric}
    mark.examiner_name, mark.task, mark.comment, mark.marked_at = examiner_name, task.id, entry.comment, now
    mark.points = {name: f"{given:.2f}" for name, given in points.items()}
    mark.total = rules.practical_total(task.rubric, points)
    mark.rubric = rubric_content(task.rubric)
    mark.version += 1
    session.flush()
    _record(session, mark, before.apart, now)
    return mark


def _refuse_new(session: Session, sitting: SittingView, panel: Panel, examiner: str) -> None:
    """Raises Conflict where the panel is complete, the quota is full, or the samples are not marked as agreed."""
    if panel.state is PanelState.SETTLED:
        raise Conflict("marking.panel_full")
    standing = samples.standing_of(session, sitting.id, layout_of(sitting).tolerance, examiner)
    if standing.problem:
        raise Conflict(standing.problem)
    if standing.quota is not None and len(marks_by(session, sitting.id, examiner)) >= standing.quota:
        raise Conflict("marking.quota_full")


def _refuse(session: Session, sitting: SittingView, registration_id: UUID) -> None:
    """Whoever marks or records waits for the others at the same candidate. Raises NotFound, Conflict when released."""
    session.execute(select(Registration.id).where(Registration.id == registration_id).with_for_update())
    if sittings.placement_of(session, sitting.id, registration_id) is None:
        raise NotFound("delivery.not_placed")
    if any_released(session, sitting.exam_plan_id):
        raise Conflict("marking.released")


def refuse_partial(session: Session, account_id: UUID, registration_id: UUID) -> None:
    """Raises NotAllowed."""
    if not partial.may_mark(session, account_id, registration_id):
        raise NotAllowed("marking.answer_of_own")


def _keep(session: Session, mark: PracticalMark) -> None:
    kept = ("sitting_id", "registration_id", "examiner", "version", "points", "total", "comment", "rubric", "marked_at")
    session.add(EarlierPracticalMark(**{name: getattr(mark, name) for name in kept}))


def _record(session: Session, mark: PracticalMark, discussed: bool, now: datetime) -> None:
    ledger.record(
        session,
        kind="practical.marked",
        actor=mark.examiner,
        subject=delivery.registration_key(mark.registration_id),
        now=now,
        public={"sitting": delivery.sitting_key(mark.sitting_id)},
        private={
            "task": mark.task,
            "points": mark.points,
            "total": f"{mark.total:.2f}",
            "comment": mark.comment,
            "version": mark.version,
            "discussed": discussed,
        },
    )


def nothing_of(session: Session, sitting_id: UUID) -> dict[UUID, MarkState]:
    """registration → absent or blank, of a practical sitting."""
    query = select(NothingHandedIn).where(NothingHandedIn.sitting_id == sitting_id)
    return {row.registration_id: row.state for row in session.scalars(query)}


def record_nothing(
    session: Session, sitting_id: UUID, registration_id: UUID, state: MarkState | None, actor: str, now: datetime
) -> None:
    """An examiner says that a candidate did not come, or left nothing to be marked; None takes it back."""
    sitting = sittings.sitting(session, sitting_id)
    _refuse(session, sitting, registration_id)
    if marks(session, sitting_id).get(registration_id):
        raise Conflict("marking.marked_already")
    if state not in (MarkState.ABSENT, MarkState.BLANK, None):
        raise NotFound("not_found")
    standing = session.get(NothingHandedIn, (sitting_id, registration_id))
    if standing is not None:
        session.delete(standing)
        session.flush()
    if state is not None:
        session.add(
            NothingHandedIn(
                sitting_id=sitting_id, registration_id=registration_id, state=state, recorded_by=actor, recorded_at=now
            )
        )
        session.flush()
    ledger.record(
        session,
        kind="practical.nothing",
        actor=actor,
        subject=delivery.registration_key(registration_id),
        now=now,
        public={"sitting": delivery.sitting_key(sitting_id)},
        private={"state": state.value if state else None},
    )
