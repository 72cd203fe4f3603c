"""Parts passed while the other was not: kept for the time that the standard says, as long as the result stands."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.marking import result_changes, rules
from certengine.marking.models import ChangeState, MarkState, Result, Verdict
from certengine.marking.rules import PassMarks
from certengine.marking.standings import exam_layout, pass_marks
from certengine.sittings import kept_parts as keeping
from certengine.sittings import service as sittings
from certengine.standards.rules import Part


def to_keep(result: Result, marks: PassMarks) -> dict[Part, Decimal]:
    """Part → score. Nothing of a pass or of a void result; what was itself kept is not kept anew."""
    if result.verdict is not Verdict.FAILED:
        return {}
    parts = (
        (Part.THEORY, result.theory, result.theory_state, marks.theory),
        (Part.PRACTICAL, result.practical, result.practical_state, marks.practical),
    )
    return {
        part: score
        for part, score, state, limit in parts
        if score is not None and score >= limit and state in (MarkState.MARKED, None)
    }


def follow_results(session: Session, results: Iterable[Result], now: datetime) -> None:
    """Keeps what these released results of one plan let keep, and withdraws what they no longer do."""
    rows = list(results)
    if not rows:
        return
    sitting = sittings.sittings_of(session, rows[0].exam_plan_id)[0]
    months, marks = exam_layout(sitting).kept_months, pass_marks(sitting)
    if not months or sitting.trial:
        return
    for row in rows:
        wanted = to_keep(row, marks)
        since = row.visible_from or row.released_at
        kept = {each.part: each.score for each in keeping.kept_of(session, row.registration_id)}
        for part in Part:
            if part not in wanted:
                if part in kept:
                    keeping.withdraw_kept(session, row.registration_id, part, now)
                    _follow_where_used(session, row.registration_id, part, None, now)
            elif kept.get(part) != wanted[part]:
                until = keeping.months_later(since, months)
                keeping.keep(session, row.registration_id, part, wanted[part], since, until, now)
                _follow_where_used(session, row.registration_id, part, wanted[part], now)


def _follow_where_used(session: Session, earned_in: UUID, part: Part, score: Decimal | None, now: datetime) -> None:
    """Later results that counted this part follow it; what would make a pass a fail waits for a decision by two."""
    cause = f"kept:{earned_in}"
    used = keeping.used_in(session, earned_in, part)
    for result in session.scalars(select(Result).where(Result.registration_id.in_(used))).all():
        theory, practical = (score, result.practical) if part is Part.THEORY else (result.theory, score)
        state, before = (
            (result.theory_state, result.theory) if part is Part.THEORY else (result.practical_state, result.practical)
        )
        if state is not MarkState.KEPT or before == score:
            continue
        void = result.verdict is Verdict.VOID
        limits = pass_marks(sittings.sittings_of(session, result.exam_plan_id)[0])
        verdict = Verdict.VOID if void else rules.verdict(theory, practical, limits)
        falls = result.verdict is Verdict.PASSED and verdict is not Verdict.PASSED
        what = ChangeState.WAITING if falls else ChangeState.APPLIED
        change = result_changes.changed(result, part, score, verdict, what, cause, now)
        session.add(change)
        session.flush()
        if not falls:
            result_changes.apply(result, change)
            result_changes.record(session, change, "system:results", now)
