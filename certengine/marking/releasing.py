"""The release of results, proposed by one issuer and signed by another: verdicts are fixed and certificates issued."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking import certifying, kept_parts
from certengine.marking.checks import checks
from certengine.marking.joining import Check
from certengine.marking.models import (
    NothingHandedIn,
    PracticalMark,
    ProposalState,
    ReleaseProposal,
    Result,
    ResultVoid,
    TheoryMark,
    Verdict,
)
from certengine.marking.service import PlanMarks, Standing, plan_marks
from certengine.sittings import completion
from certengine.standards.rules import Part


def propose(
    session: Session, exam_plan_id: UUID, embargo_until: datetime | None, note: str, actor: str, now: datetime
) -> ReleaseProposal:
    """The first of two. Raises Conflict with what stands in the way; warnings need a note that says what was found."""
    if completion.class_of_plan(session, exam_plan_id):
        # The scores of a completion assessment go to the class when they are computed.
        raise Conflict("marking.completion")
    found = checks(session, plan_marks(session, exam_plan_id))
    _stop(found)
    if open_proposal(session, exam_plan_id) is not None:
        raise Conflict("marking.proposed_already")
    if found and not note.strip():
        raise Invalid([Problem("note", "marking.note_missing")])
    if embargo_until is not None and embargo_until <= now:
        raise Invalid([Problem("embargo", "marking.embargo_past")])
    row = ReleaseProposal(
        exam_plan_id=exam_plan_id,
        warnings=[
            {"code": each.code, "values": {name: str(value) for name, value in each.values.items()}} for each in found
        ],
        note=note.strip(),
        embargo_until=embargo_until,
        proposed_at=now,
        proposed_by=actor,
    )
    session.add(row)
    session.flush()
    _record(session, "results.proposed", row, actor, now)
    return row


def _stop(found: Sequence[Check]) -> None:
    for each in found:
        if each.blocks:
            raise Conflict(each.code, **each.values)


def open_proposal(session: Session, exam_plan_id: UUID, lock: bool = False) -> ReleaseProposal | None:
    query = select(ReleaseProposal).where(
        ReleaseProposal.exam_plan_id == exam_plan_id, ReleaseProposal.state == ProposalState.PROPOSED
    )
    return session.scalar(query.with_for_update() if lock else query)


def signed_proposal(session: Session, exam_plan_id: UUID) -> ReleaseProposal | None:
    """The one that the results were released by."""
    query = select(ReleaseProposal).where(
        ReleaseProposal.exam_plan_id == exam_plan_id, ReleaseProposal.state == ProposalState.CARRIED_OUT
    )
    return session.scalar(query)


def reject(session: Session, exam_plan_id: UUID, actor: str, now: datetime) -> None:
    """By another, or taken back by whoever proposed it."""
    row = _open(session, exam_plan_id)
    row.state, row.decided_by, row.decided_at = ProposalState.REJECTED, actor, now
    _record(session, "results.rejected", row, actor, now)


def sign(session: Session, runtime: Runtime, exam_plan_id: UUID, actor: str, now: datetime) -> int:
    """The second of two: fixes the results and issues a grade certificate to whoever passed; returns how many.

    Under an embargo a job issues them at its end. Raises Conflict where marks have changed since the proposal.
    """
    row = _open(session, exam_plan_id)
    if row.proposed_by == actor:
        raise Conflict("marking.second_person")
    marks = plan_marks(session, exam_plan_id)
    found = checks(session, marks)
    _stop(found)
    known = {each["code"] for each in row.warnings}
    if _marked_since(session, marks, row.proposed_at) or {each.code for each in found} - known:
        raise Conflict("marking.changed_since_proposal")
    row.state, row.decided_by, row.decided_at = ProposalState.CARRIED_OUT, actor, now
    _record(session, "results.signed", row, actor, now)
    _fix(session, marks, row, actor, now)
    if row.embargo_until is not None and row.embargo_until > now:
        certifying.certify_later(session, runtime, exam_plan_id, row.embargo_until, actor, now)
        return 0
    return certifying.certify(session, runtime, certifying.due(session, exam_plan_id, now), actor, now)


def _marked_since(session: Session, marks: PlanMarks, then: datetime) -> bool:
    """Whether anything in either part was marked after the first person saw it."""
    theory, practical = ([each.id for each in part] for part in (marks.theory, marks.practical))
    queries = (
        select(func.count()).where(TheoryMark.sitting_id.in_(theory), TheoryMark.marked_at > then),
        select(func.count()).where(PracticalMark.sitting_id.in_(practical), PracticalMark.marked_at > then),
        select(func.count()).where(NothingHandedIn.sitting_id.in_(practical), NothingHandedIn.recorded_at > then),
    )
    return any(session.scalar(query) for query in queries)


def _open(session: Session, exam_plan_id: UUID) -> ReleaseProposal:
    row = open_proposal(session, exam_plan_id, lock=True)
    if row is None:
        raise NotFound("marking.no_proposal")
    return row


def _fix(session: Session, marks: PlanMarks, row: ReleaseProposal, actor: str, now: datetime) -> None:
    results = [
        Result(
            registration_id=each.candidate.registration_id,
            exam_plan_id=row.exam_plan_id,
            theory=each.theory,
            practical=each.practical,
            verdict=each.verdict,
            released_at=now,
            released_by=actor,
            certificate_id=None,
            theory_state=each.theory_state,
            practical_state=each.practical_state,
            visible_from=row.embargo_until,
        )
        for each in marks.standings
    ]
    session.add_all(results)
    session.flush()
    kept_parts.follow_results(session, results, now)
    ledger.record_many(session, [_entry(each, row, actor, now) for each in marks.standings])


def _entry(each: Standing, row: ReleaseProposal, actor: str, now: datetime) -> dict[str, object]:
    return {
        "kind": "result.released",
        "actor": actor,
        "subject": delivery.registration_key(each.candidate.registration_id),
        "now": now,
        "public": {"exam": f"exam_plan:{row.exam_plan_id}"},
        "private": {
            "theory": _shown(each.theory),
            "practical": _shown(each.practical),
            "states": [each.theory_state.value, each.practical_state.value],
            "verdict": each.verdict.value,
        },
    }


def _record(session: Session, kind: str, row: ReleaseProposal, actor: str, now: datetime) -> None:
    subject = f"exam_plan:{row.exam_plan_id}"
    public = {
        "exam": subject,
        "proposal": str(row.id),
        "warnings": [each["code"] for each in row.warnings],
        "embargo_until": row.embargo_until.isoformat() if row.embargo_until else None,
    }
    private = {"warnings": row.warnings, "note": row.note}
    ledger.record(session, kind=kind, actor=actor, subject=subject, now=now, public=public, private=private)


def _shown(score: Decimal | None) -> str | None:
    return None if score is None else f"{score:.2f}"


def void_result(
    session: Session, registration_id: UUID, parts: Sequence[Part], reason: str, actor: str, now: datetime
) -> None:
    """Takes away parts of a result after a decision on misconduct, released already or not; a repeat changes nothing.

    A certificate that was issued is revoked by two people on its own page.
    """
    if not reason.strip():
        raise Invalid([Problem("reason", "marking.reason_missing")])
    for part in parts:
        if session.get(ResultVoid, (registration_id, part)) is None:
            session.add(ResultVoid(registration_id=registration_id, part=part, reason=reason, at=now, by=actor))
    result = session.scalar(select(Result).where(Result.registration_id == registration_id).with_for_update())
    if result is not None:
        result.theory = None if Part.THEORY in parts else result.theory
        result.practical = None if Part.PRACTICAL in parts else result.practical
        result.verdict = Verdict.VOID
        kept_parts.follow_results(session, [result], now)
    ledger.record(
        session,
        kind="result.voided",
        actor=actor,
        subject=delivery.registration_key(registration_id),
        now=now,
        private={"parts": [part.value for part in parts], "reason": reason},
    )
    session.flush()
