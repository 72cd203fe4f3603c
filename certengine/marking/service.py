"""Marking a sitting, examiners' marks, and the release of results that has the certificates issued."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.delivery import service as delivery
from certengine.delivery import tasks
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.ids import new_id
from certengine.ledger import service as ledger
from certengine.marking import answer_totals, completing, jobs, problems, rules
from certengine.marking.models import (
    EarlierTheoryMark,
    ItemRuling,
    MarkState,
    NothingHandedIn,
    PracticalMark,
    ProposalState,
    Result,
    TheoryMark,
)
from certengine.marking.rulings import Ruling, ruled, total
from certengine.marking.standings import PlanMarks, Standing, plan_marks
from certengine.marking.tabulated import Marked, Sheet, mark_sheets
from certengine.papers import service as papers
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView

__all__ = ["PlanMarks", "Standing", "plan_marks", "problems"]


def mark_sitting(session: Session, sitting_id: UUID, actor: str, now: datetime) -> int:
    """Marks every script handed in, again from the start if it was done before; returns how many.

    Raises Conflict before the end, while somebody still writes, or after the release.
    """
    sitting = sittings.sitting(session, sitting_id)
    if now < sitting.ends_at:
        raise Conflict("marking.not_over")
    if still := delivery.running(session, sitting_id):
        raise Conflict("marking.still_running", count=still)
    if any_released(session, sitting.exam_plan_id):
        raise Conflict("marking.released")
    if sitting.release_id is None:
        raise Conflict("marking.no_theory")
    rulings = carried_out(session, sitting_id)
    rows = marked_rows(session, sitting, [each for _id, each in rulings], now)
    replace_marks(session, sitting, rows, [str(each) for each, _ruling in rulings], actor, now)
    return len(rows)


def carried_out(session: Session, sitting_id: UUID) -> list[tuple[UUID, Ruling]]:
    """What was decided about items of a sitting, in the order of the decisions."""
    query = select(ItemRuling).where(ItemRuling.sitting_id == sitting_id, ItemRuling.state == ProposalState.CARRIED_OUT)
    rows = session.scalars(query.order_by(ItemRuling.decided_at, ItemRuling.id))
    return [(row.id, Ruling(row.item, row.kind, tuple(row.accepted))) for row in rows]


def marked_rows(
    session: Session, sitting: SittingView, rulings: Sequence[Ruling], now: datetime, only: UUID | None = None
) -> list[dict[str, Any]]:
    """The marks of a sitting's scripts, or of one, under these rulings, as rows that are not yet written.

    Everyone who handed in has one, a blank script included.
    """
    assert sitting.release_id is not None
    view = papers.draw_of(session, delivery.sitting_key(sitting.id))
    if view is None:
        raise NotFound("papers.not_drawn")
    items = {item.id: item for item in bank.released_items(session, sitting.release_id).items}
    partial = [section.partial for section in view.rules.sections]
    sheets = _sheets(session, sitting, items, only)
    marked = mark_sheets(sheets, items, partial)
    if rulings:
        marked = {each: _ruled(sheets[each], mark, rulings, items, partial) for each, mark in marked.items()}
    return [
        {
            "sitting_id": sitting.id,
            "registration_id": registration_id,
            "score": mark.total,
            "items": {item: int(score.scaleb(2)) for item, score in mark.earned.items()},
            "answered": len(sheets[registration_id].answers),
            "marked_at": now,
        }
        for registration_id, mark in marked.items()
    ]


def _sheets(session: Session, sitting: SittingView, items: Mapping[str, Item], only: UUID | None) -> dict[UUID, Sheet]:
    answers = delivery.final_answers(session, sitting.id)
    answers = {each: given for each, given in answers.items() if only in (None, each)}
    drawn = delivery.papers_answered(session, sitting.id)
    people = answer_totals.shares(session, sitting.id, items, drawn, answers)
    return {
        each: Sheet(drawn[delivery.registration_key(each)].items, given, people.get(each, answer_totals.NO_SHARES))
        for each, given in answers.items()
    }


def _ruled(
    sheet: Sheet, mark: Marked, rulings: Sequence[Ruling], items: Mapping[str, Item], partial: Sequence[str]
) -> Marked:
    after = ruled(sheet.placed, mark.earned, sheet.answers, rulings, items, partial, sheet.written)
    return Marked(after, total({each.item: each.points for each in sheet.placed}, after))


def replace_marks(
    session: Session,
    sitting: SittingView,
    rows: Sequence[Mapping[str, Any]],
    rulings: Sequence[str],
    actor: str,
    now: datetime,
) -> None:
    """Writes marks in the place of what there is, which is kept as an earlier version."""
    versions: dict[UUID, int] = {}
    standing = select(TheoryMark).where(TheoryMark.sitting_id == sitting.id)
    before = {row.registration_id: row for row in session.scalars(standing)}
    if before:
        kept = ("sitting_id", "registration_id", "version", "score", "items", "answered", "marked_at")
        versions = {registration_id: row.version for registration_id, row in before.items()}
        earlier = [{"id": new_id(), **{name: getattr(row, name) for name in kept}} for row in before.values()]
        session.execute(insert(EarlierTheoryMark), earlier)
        for row in before.values():
            session.expunge(row)
        session.execute(delete(TheoryMark).where(TheoryMark.sitting_id == sitting.id))
    if rows:
        session.execute(
            insert(TheoryMark),
            [{"id": new_id(), **row, "version": versions.get(row["registration_id"], 0) + 1} for row in rows],
        )
    _record_marks(session, sitting, rows, rulings, actor, now)
    completing.hand_over(session, sitting, rows, actor, now)
    jobs.ask(session, sitting.id, now)


def marks_content(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """registration → what each item earned and the score, as the ledger holds and hashes it."""
    return {
        delivery.registration_key(row["registration_id"]): {"items": row["items"], "score": f"{row['score']:.2f}"}
        for row in rows
    }


def _record_marks(
    session: Session,
    sitting: SittingView,
    rows: Sequence[Mapping[str, Any]],
    rulings: Sequence[str],
    actor: str,
    now: datetime,
) -> None:
    """The marks of a sitting as one hash in public, and each with its items in private: a replay needs both."""
    marks = marks_content(rows)
    written = answer_totals.told(session, sitting.id, now)
    ledger.record(
        session,
        kind="marks.computed",
        actor=actor,
        subject=delivery.sitting_key(sitting.id),
        now=now,
        public={
            "sitting": delivery.sitting_key(sitting.id),
            "count": len(rows),
            "marks": canonical_hash(marks),
            **({"rulings": list(rulings)} if rulings else {}),
            **({"written": canonical_hash(written)} if written else {}),
        },
        private={"marks": marks, **({"written": written} if written else {})},
    )


def practical_mark(session: Session, sitting_id: UUID, registration_id: UUID, examiner: str) -> PracticalMark | None:
    return session.scalar(
        select(PracticalMark).where(
            PracticalMark.sitting_id == sitting_id,
            PracticalMark.registration_id == registration_id,
            PracticalMark.examiner == examiner,
        )
    )


def practical_marks(session: Session, sitting_id: UUID) -> dict[UUID, list[PracticalMark]]:
    found: dict[UUID, list[PracticalMark]] = defaultdict(list)
    query = select(PracticalMark).where(PracticalMark.sitting_id == sitting_id).order_by(PracticalMark.marked_at)
    for mark in session.scalars(query):
        found[mark.registration_id].append(mark)
    return found


def marks_by(session: Session, sitting_id: UUID, examiner: str) -> dict[UUID, PracticalMark]:
    """registration → what this examiner gave."""
    query = select(PracticalMark).where(PracticalMark.sitting_id == sitting_id, PracticalMark.examiner == examiner)
    return {mark.registration_id: mark for mark in session.scalars(query)}


def result_of(session: Session, registration_id: UUID) -> Result | None:
    return session.get(Result, registration_id)


@dataclass(frozen=True)
class PracticalEntry:
    """What an examiner entered; version is the one that the form was opened with, 0 for a new mark."""

    points: Mapping[str, Decimal | None]
    comment: str
    version: int


def enter_practical(
    session: Session,
    sitting_id: UUID,
    registration_id: UUID,
    entry: PracticalEntry,
    *,
    examiner: str,
    examiner_name: str,
    now: datetime,
) -> PracticalMark:
    """Raises Invalid with every criterion that is wrong, Conflict when the mark was changed meanwhile."""
    sitting = sittings.sitting(session, sitting_id)
    if sittings.placement_of(session, sitting_id, registration_id) is None:
        raise NotFound("delivery.not_placed")
    if any_released(session, sitting.exam_plan_id):
        raise Conflict("marking.released")
    if session.get(NothingHandedIn, (sitting_id, registration_id)) is not None:
        raise Conflict("marking.nothing_handed_in")
    task = tasks.task_of(session, sitting)
    if found := rules.practical_problems(task.rubric, entry.points):
        raise Invalid(found)
    points = {criterion.id: entry.points[criterion.id] or Decimal(0) for criterion in task.rubric}
    mark = practical_mark(session, sitting_id, registration_id, examiner)
    if entry.version != (mark.version if mark else 0):
        raise Conflict("marking.changed_meanwhile")
    if mark is None:
        mark = PracticalMark(sitting_id=sitting_id, registration_id=registration_id, examiner=examiner, version=0)
        session.add(mark)
    mark.examiner_name, mark.task, mark.comment, mark.marked_at = examiner_name, task.id, entry.comment, now
    mark.points = {name: f"{given:.2f}" for name, given in points.items()}
    mark.total = rules.practical_total(task.rubric, points)
    mark.version += 1
    session.flush()
    ledger.record(
        session,
        kind="practical.marked",
        actor=examiner,
        subject=delivery.registration_key(registration_id),
        now=now,
        public={"sitting": delivery.sitting_key(sitting_id)},
        private={"task": task.id, "points": mark.points, "total": f"{mark.total:.2f}", "comment": mark.comment},
    )
    return mark


def nothing_of(session: Session, sitting_id: UUID) -> dict[UUID, MarkState]:
    """registration → absent or blank, of a practical sitting."""
    query = select(NothingHandedIn).where(NothingHandedIn.sitting_id == sitting_id)
    return {row.registration_id: row.state for row in session.scalars(query)}


def record_nothing(
    session: Session, sitting_id: UUID, registration_id: UUID, state: MarkState | None, actor: str, now: datetime
) -> None:
    """An examiner says that a candidate did not come, or left nothing to be marked; None takes it back."""
    sitting = sittings.sitting(session, sitting_id)
    if sittings.placement_of(session, sitting_id, registration_id) is None:
        raise NotFound("delivery.not_placed")
    if any_released(session, sitting.exam_plan_id):
        raise Conflict("marking.released")
    if practical_marks(session, sitting_id).get(registration_id):
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


def any_released(session: Session, exam_plan_id: UUID) -> bool:
    query = select(func.count()).select_from(Result).where(Result.exam_plan_id == exam_plan_id)
    return bool(session.scalar(query))
