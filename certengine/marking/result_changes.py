"""One change of a released result: the row that says what was and becomes, its ledger entry, and doing it."""

from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.ledger import service as ledger
from certengine.marking.models import ChangeState, MarkState, Result, ResultChange, Verdict
from certengine.standards.rules import Part


def changed(
    result: Result, part: Part, after: Decimal | None, verdict: Verdict, state: ChangeState, cause: str, now: datetime
) -> ResultChange:
    """The row that says what a result's score of a part was and becomes."""
    return ResultChange(
        registration_id=result.registration_id,
        exam_plan_id=result.exam_plan_id,
        cause=cause,
        part=part,
        before=result.theory if part is Part.THEORY else result.practical,
        after=after,
        verdict_before=result.verdict,
        verdict_after=verdict,
        state=state,
        at=now,
    )


def record(session: Session, change: ResultChange, actor: str, now: datetime) -> None:
    ledger.record(session, **entry(change, actor, now))


def entry(change: ResultChange, actor: str, now: datetime) -> dict[str, Any]:
    """For the ledger."""

    def shown(score: Decimal | None) -> str | None:
        return None if score is None else f"{score:.2f}"

    return {
        "kind": "result.changed",
        "actor": actor,
        "subject": delivery.registration_key(change.registration_id),
        "now": now,
        "public": {"exam": f"exam_plan:{change.exam_plan_id}", "cause": change.cause},
        "private": {
            "part": change.part.value,
            "before": shown(change.before),
            "after": shown(change.after),
            "verdict_before": change.verdict_before.value,
            "verdict": change.verdict_after.value,
        },
    }


def apply(result: Result, change: ResultChange) -> None:
    """A part that counts no more leaves the result as if its holder had not come to it."""
    if change.part is Part.THEORY:
        result.theory = change.after
        result.theory_state = MarkState.ABSENT if change.after is None else result.theory_state
    else:
        result.practical = change.after
        result.practical_state = MarkState.ABSENT if change.after is None else result.practical_state
    result.verdict = change.verdict_after
