"""Parts passed while the other was not: kept for the time that the standard says, as long as the result stands."""

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal

from sqlalchemy.orm import Session

from certengine.marking.models import MarkState, Result, Verdict
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
                keeping.withdraw_kept(session, row.registration_id, part, now)
            elif kept.get(part) != wanted[part]:
                until = keeping.months_later(since, months)
                keeping.keep(session, row.registration_id, part, wanted[part], since, until, now)
