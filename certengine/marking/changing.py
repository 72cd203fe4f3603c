"""Results that change after their release: what follows by itself, and what waits for a decision by two."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate
from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.marking import kept_parts, result_changes, rules
from certengine.marking.models import ChangeState, Result, ResultChange, Verdict
from certengine.standards.rules import Part


def follow(
    session: Session,
    changes: Iterable[tuple[Result, Decimal, Decimal]],
    limits: rules.PassMarks,
    cause: str,
    actor: str,
    now: datetime,
) -> list[ResultChange]:
    """Lets released theory scores follow their marks, (result, mark before, mark after).

    What would make a pass a fail waits, and so does a score that a review has set apart from its mark.
    """
    made, touched = [], []
    for result, before, after in changes:
        if result.theory is None:
            continue
        void = result.verdict is Verdict.VOID
        verdict = Verdict.VOID if void else rules.verdict(after, result.practical, limits)
        falls = result.verdict is Verdict.PASSED and verdict is not Verdict.PASSED
        state = ChangeState.WAITING if falls or result.theory != before else ChangeState.APPLIED
        change = result_changes.changed(result, Part.THEORY, after, verdict, state, cause, now)
        session.add(change)
        if state is ChangeState.APPLIED:
            result.theory, result.verdict = after, verdict
            touched.append(result)
        made.append(change)
    session.flush()
    kept_parts.follow_results(session, touched, now)
    ledger.record_many(
        session, [result_changes.entry(each, actor, now) for each in made if each.state is ChangeState.APPLIED]
    )
    return made


def changes_of_plan(session: Session, exam_plan_id: UUID) -> Sequence[ResultChange]:
    """Newest first."""
    query = select(ResultChange).where(ResultChange.exam_plan_id == exam_plan_id)
    return session.scalars(query.order_by(ResultChange.at.desc(), ResultChange.id.desc())).all()


def changes_of(session: Session, registration_id: UUID) -> Sequence[ResultChange]:
    """What has changed in one candidate's result, in order; what waits or was not done is not for the candidate."""
    query = select(ResultChange).where(
        ResultChange.registration_id == registration_id, ResultChange.state == ChangeState.APPLIED
    )
    return session.scalars(query.order_by(ResultChange.at, ResultChange.id)).all()


def change_of(session: Session, exam_plan_id: UUID, change_id: UUID) -> ResultChange:
    """Raises NotFound."""
    row = session.scalar(select(ResultChange).where(ResultChange.id == change_id).with_for_update())
    if row is None or row.exam_plan_id != exam_plan_id:
        raise NotFound("marking.no_change")
    return row


def propose(
    session: Session, change: ResultChange, wanted: ChangeState, reason: str, actor: str, now: datetime
) -> None:
    """The first of two says whether a change that waits is to be made or the result to be kept."""
    if change.state is not ChangeState.WAITING:
        raise Conflict("marking.decided_already")
    if wanted is ChangeState.WAITING or not reason.strip():
        raise Invalid([Problem("reason", "marking.reason_missing")])
    change.wanted, change.reason, change.proposed_by = wanted, reason.strip(), actor
    _decision(session, "result.change_proposed", change, actor, now)


def sign(session: Session, change: ResultChange, actor: str, now: datetime) -> None:
    """The second, another than the first. A fail takes the certificate away."""
    if change.state is not ChangeState.WAITING:
        raise Conflict("marking.decided_already")
    if change.wanted is None or change.proposed_by is None:
        raise Conflict("marking.not_proposed")
    if change.proposed_by == actor:
        raise Conflict("marking.second_person")
    change.state, change.decided_by, change.decided_at = change.wanted, actor, now
    _decision(session, "result.change_decided", change, actor, now)
    if change.state is not ChangeState.APPLIED:
        return
    result = session.get_one(Result, change.registration_id)
    result_changes.apply(result, change)
    session.flush()
    kept_parts.follow_results(session, [result], now)
    result_changes.record(session, change, actor, now)
    if result.verdict is not Verdict.PASSED:
        withdraw_certificate(session, result, change.reason, change.proposed_by, actor, now)


def withdraw_certificate(session: Session, result: Result, reason: str, actor: str, second: str, now: datetime) -> bool:
    """Revokes what was issued for a result that is no longer a pass; False where there is nothing valid."""
    held = session.get(Certificate, result.certificate_id) if result.certificate_id else None
    if held is None or held.ended_at is not None:
        return False
    # Somebody may have asked for it already; this decision has two signatures of its own.
    with suppress(Conflict):
        certificates.cancel_revocation(session, held.id, actor, now)
    certificates.revoke(session, held.id, reason, actor, second, now)
    return True


def _decision(session: Session, kind: str, change: ResultChange, actor: str, now: datetime) -> None:
    assert change.wanted is not None
    ledger.record(
        session,
        kind=kind,
        actor=actor,
        subject=delivery.registration_key(change.registration_id),
        now=now,
        public={"exam": f"exam_plan:{change.exam_plan_id}", "cause": change.cause},
        private={"change": str(change.id), "wanted": change.wanted.value, "reason": change.reason},
    )
