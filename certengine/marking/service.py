"""Marking a sitting, examiners' marks, and the release of results that has the certificates issued."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from certengine.bank import service as bank
from certengine.bank.rules import Item
from certengine.delivery import service as delivery
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.ids import new_id
from certengine.ledger import service as ledger
from certengine.marking import answer_totals, completing, jobs, problems
from certengine.marking.models import (
    EarlierTheoryMark,
    ItemRuling,
    ProposalState,
    Result,
    TheoryMark,
)
from certengine.marking.releases import any_released
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


def result_of(session: Session, registration_id: UUID) -> Result | None:
    return session.get(Result, registration_id)
