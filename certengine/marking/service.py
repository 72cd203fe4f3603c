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
from certengine.bank.rules import PracticalTask
from certengine.delivery import service as delivery
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, Invalid, NotFound
from certengine.foundation.ids import new_id
from certengine.ledger import service as ledger
from certengine.marking import jobs, problems, rules
from certengine.marking.models import PracticalMark, Result, ResultVoid, TheoryMark, Verdict
from certengine.papers import service as papers
from certengine.sittings import service as sittings
from certengine.sittings.service import CandidateView, SittingView
from certengine.standards import service as standards
from certengine.standards.rules import Part

__all__ = ["problems"]


@dataclass(frozen=True)
class Standing:
    """A candidate's marks before and after the release."""

    candidate: CandidateView
    theory: Decimal | None
    practical: Decimal | None
    examiners: int
    differ: bool
    verdict: Verdict
    released: Result | None


@dataclass(frozen=True)
class PlanMarks:
    """Where a plan's marking stands: what is still missing before the results can be released."""

    theory: tuple[SittingView, ...]
    practical: tuple[SittingView, ...]
    unmarked: tuple[SittingView, ...]
    standings: tuple[Standing, ...]
    waiting_for_practical: int

    @property
    def released(self) -> bool:
        return any(each.released for each in self.standings)


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
    answers = delivery.final_answers(session, sitting_id)
    scores = _scores(session, sitting, answers)
    session.execute(delete(TheoryMark).where(TheoryMark.sitting_id == sitting_id))
    rows = [
        {
            "id": new_id(),
            "sitting_id": sitting_id,
            "registration_id": registration_id,
            "score": rules.script_score(list(items.values())),
            "items": {item: int(score.scaleb(2)) for item, score in items.items()},
            "marked_at": now,
        }
        for registration_id, items in scores.items()
    ]
    if rows:
        session.execute(insert(TheoryMark), rows)
    _record_marks(session, sitting, rows, actor, now)
    jobs.ask(session, sitting_id, now)
    return len(rows)


def _scores(
    session: Session, sitting: SittingView, answers: Mapping[UUID, Mapping[str, Any]]
) -> dict[UUID, dict[str, Decimal]]:
    """registration → item → points earned, for all that were handed in, a blank script included."""
    assert sitting.release_id is not None
    items = {item.id: item for item in bank.released_items(session, sitting.release_id).items}
    drawn = papers.papers(session, delivery.sitting_key(sitting.id))
    view = papers.draw_of(session, delivery.sitting_key(sitting.id))
    if view is None:
        raise NotFound("papers.not_drawn")
    partial = [section.partial for section in view.rules.sections]
    scores: dict[UUID, dict[str, Decimal]] = {}
    for registration_id, given in answers.items():
        paper = drawn[delivery.registration_key(registration_id)]
        scores[registration_id] = {
            placed.item: rules.item_score(
                items[placed.item], given.get(placed.item), placed.points, partial[placed.section]
            )
            for placed in paper.items
        }
    return scores


def _record_marks(
    session: Session, sitting: SittingView, rows: Sequence[Mapping[str, Any]], actor: str, now: datetime
) -> None:
    """The marks of a sitting as one hash in public, and each with its items in private: a replay needs both."""
    marks = {
        delivery.registration_key(row["registration_id"]): {"items": row["items"], "score": f"{row['score']:.2f}"}
        for row in rows
    }
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
        },
        private={"marks": marks},
    )


def task_of(session: Session, sitting: SittingView) -> PracticalTask:
    """The practical task of a sitting: the release's first that its direction admits. Raises Conflict without one."""
    if sitting.release_id is not None:
        for task in bank.released_items(session, sitting.release_id).tasks:
            if not task.directions or sitting.direction is None or sitting.direction in task.directions:
                return task
    raise Conflict("marking.no_task")


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
    task = task_of(session, sitting)
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


def plan_marks(session: Session, exam_plan_id: UUID) -> PlanMarks:
    """Everything that is known of a plan's marks."""
    planned = sittings.sittings_of(session, exam_plan_id)
    theory = tuple(each for each in planned if each.part is Part.THEORY)
    practical = tuple(each for each in planned if each.part is Part.PRACTICAL)
    theory_scores, marked = _theory_scores(session, theory)
    totals: dict[UUID, list[Decimal]] = defaultdict(list)
    for sitting in practical:
        for registration_id, marks in practical_marks(session, sitting.id).items():
            totals[registration_id].extend(mark.total for mark in marks)
    results = {
        each.registration_id: each
        for each in session.scalars(select(Result).where(Result.exam_plan_id == exam_plan_id))
    }
    candidates = sittings.candidates(session, exam_plan_id)
    voids = _voids(session, [each.registration_id for each in candidates])
    standings = tuple(
        _standing(
            each,
            None if Part.THEORY in voids[each.registration_id] else theory_scores.get(each.registration_id),
            () if Part.PRACTICAL in voids[each.registration_id] else totals[each.registration_id],
            results,
            theory,
            bool(voids[each.registration_id]),
        )
        for each in candidates
    )
    # Only who sat the theory part is waited for; whoever is entered in neither part is absent.
    waiting = sum(
        1
        for each in standings
        if each.theory is not None and each.practical is None and practical and each.verdict is not Verdict.VOID
    )
    return PlanMarks(theory, practical, tuple(each for each in theory if each.id not in marked), standings, waiting)


def _theory_scores(session: Session, theory: Sequence[SittingView]) -> tuple[dict[UUID, Decimal], set[UUID]]:
    ids = [each.id for each in theory]
    rows = session.scalars(select(TheoryMark).where(TheoryMark.sitting_id.in_(ids))).all()
    entries = ledger.kinds_of(session, [delivery.sitting_key(each) for each in ids], "marks.computed")
    marked = {each for each in ids if delivery.sitting_key(each) in entries}
    return {row.registration_id: row.score for row in rows}, marked


def _voids(session: Session, registration_ids: Sequence[UUID]) -> dict[UUID, set[Part]]:
    found: dict[UUID, set[Part]] = defaultdict(set)
    for row in session.scalars(select(ResultVoid).where(ResultVoid.registration_id.in_(registration_ids))):
        found[row.registration_id].add(row.part)
    return found


def _standing(
    candidate: CandidateView,
    theory: Decimal | None,
    totals: Sequence[Decimal],
    results: Mapping[UUID, Result],
    sat: Sequence[SittingView],
    void: bool,
) -> Standing:
    practical = rules.practical_score(totals)
    released = results.get(candidate.registration_id)
    marks = _pass_marks(sat[0]) if sat else rules.PassMarks(Decimal(60), Decimal(60))
    verdict = Verdict.VOID if void else released.verdict if released else rules.verdict(theory, practical, marks)
    return Standing(candidate, theory, practical, len(totals), rules.differ_too_much(totals), verdict, released)


def _pass_marks(sitting: SittingView) -> rules.PassMarks:
    layout = standards.standard(sitting.field).layout(sitting.level)
    return rules.PassMarks(layout.theory.pass_mark, layout.practical.pass_mark)


def any_released(session: Session, exam_plan_id: UUID) -> bool:
    query = select(func.count()).select_from(Result).where(Result.exam_plan_id == exam_plan_id)
    return bool(session.scalar(query))
