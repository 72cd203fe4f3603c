"""Score reviews: a candidate asks, somebody who neither marked nor released checks, another decides."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.ledger.models import LedgerEntry
from certengine.marking import certifying, changing, kept_parts, releasing, result_changes, rules
from certengine.marking.answer_models import AnswerMark, WrittenAnswer
from certengine.marking.models import (
    ChangeState,
    MarkState,
    PracticalMark,
    Result,
    ReviewState,
    ScoreReview,
    Verdict,
)
from certengine.marking.standings import pass_marks
from certengine.sittings import service as sittings
from certengine.standards.rules import Part


def window_opens(result: Result) -> datetime:
    """When the candidate could see the result first."""
    return result.visible_from or result.released_at


def may_ask(session: Session, result: Result, now: datetime) -> bool:
    return (
        rules.REVIEW_WINDOW.is_open(window_opens(result), now) and review_for(session, result.registration_id) is None
    )


def review_for(session: Session, registration_id: UUID) -> ScoreReview | None:
    return session.scalar(select(ScoreReview).where(ScoreReview.registration_id == registration_id))


def reviews_query(organisation_id: UUID, state: ReviewState | None = None) -> Select[Any]:
    query = select(ScoreReview).where(ScoreReview.organisation_id == organisation_id)
    if state is not None:
        query = query.where(ScoreReview.state == state)
    return query.order_by(ScoreReview.asked_at.desc(), ScoreReview.id.desc())


def review_of(session: Session, organisation_id: UUID, review_id: UUID, lock: bool = False) -> ScoreReview:
    """Raises NotFound, also for another organisation's."""
    query = select(ScoreReview).where(ScoreReview.id == review_id)
    row = session.scalar(query.with_for_update() if lock else query)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("marking.no_review")
    return row


def ask(session: Session, registration_id: UUID, reason: str, actor: str, now: datetime) -> ScoreReview:
    """The candidate's own wish, within the window, once."""
    result = session.get(Result, registration_id)
    if result is None or not rules.is_visible(result.visible_from, now):
        raise Conflict("marking.not_released")
    if review_for(session, registration_id) is not None:
        raise Conflict("marking.review_asked")
    if not rules.REVIEW_WINDOW.is_open(window_opens(result), now):
        raise Conflict("marking.review_over", days=rules.REVIEW_WINDOW.span.days)
    if not reason.strip():
        raise Invalid([Problem("reason", "marking.reason_missing")])
    candidate = sittings.candidate(session, registration_id)
    row = ScoreReview(
        registration_id=registration_id,
        exam_plan_id=result.exam_plan_id,
        organisation_id=candidate.organisation_id,
        reason=reason.strip(),
        asked_at=now,
    )
    session.add(row)
    session.flush()
    _record(session, "review.asked", row, actor, now, {}, {"reason": row.reason})
    return row


def involved(session: Session, row: ScoreReview) -> set[str]:
    """Whoever marked the candidate's scripts or released the result."""
    planned = sittings.sittings_of(session, row.exam_plan_id)
    theory = [delivery.sitting_key(each.id) for each in planned if each.part is Part.THEORY]
    marked = select(LedgerEntry.actor).where(LedgerEntry.kind == "marks.computed", LedgerEntry.subject.in_(theory))
    examined = select(PracticalMark.examiner).where(PracticalMark.registration_id == row.registration_id)
    answered = select(AnswerMark.marker).join(WrittenAnswer, AnswerMark.answer_id == WrittenAnswer.id)
    written = answered.where(WrittenAnswer.registration_id == row.registration_id)
    found = {*session.scalars(marked), *session.scalars(examined), *session.scalars(written)}
    if signed := releasing.signed_proposal(session, row.exam_plan_id):
        found |= {signed.proposed_by, signed.decided_by or ""}
    return found


@dataclass(frozen=True)
class Findings:
    """What the scores should be, the same as they are where nothing was wrong, and what was checked."""

    theory: Decimal | None
    practical: Decimal | None
    text: str


def check(session: Session, row: ScoreReview, findings: Findings, actor: str, now: datetime) -> None:
    """Raises Conflict for whoever marked or released, Invalid for a score that cannot be."""
    if row.state is not ReviewState.ASKED:
        raise Conflict("marking.decided_already")
    if actor in involved(session, row):
        raise Conflict("marking.reviewer_involved")
    result = session.get_one(Result, row.registration_id)
    if problems := findings_problems(findings, result.theory, result.practical):
        raise Invalid(problems)
    row.state, row.checked_by, row.checked_at = ReviewState.CHECKED, actor, now
    row.theory, row.practical, row.findings = findings.theory, findings.practical, findings.text.strip()
    _record(session, "review.checked", row, actor, now, {}, {"findings": row.findings, **_shown(row)})


def findings_problems(findings: Findings, theory: Decimal | None, practical: Decimal | None) -> list[Problem]:
    """Pure: a score of 0 to 100 with two decimals at most; one that is there cannot become none."""
    found = []
    for name, given, stands in (
        ("theory", findings.theory, theory),
        ("practical", findings.practical, practical),
    ):
        lost = given is None and stands is not None
        if lost or (given is not None and (not 0 <= given <= 100 or given != given.quantize(rules.CENT))):
            found.append(Problem(name, "marking.score_range"))
    if not findings.text.strip():
        found.append(Problem("text", "marking.findings_missing"))
    return found


def decide(
    session: Session, runtime: Runtime, row: ScoreReview, agree: bool, text: str, actor: str, now: datetime
) -> None:
    """The second person: takes the findings, or sends them back to be checked again.

    A changed result changes the certificate: issued, issued anew, or revoked, as the ledger then says.
    """
    if row.state is not ReviewState.CHECKED or row.checked_by is None:
        raise Conflict("marking.not_checked")
    if row.checked_by == actor:
        raise Conflict("marking.second_person")
    if not text.strip():
        raise Invalid([Problem("decision", "marking.reason_missing")])
    row.decision = text.strip()
    if not agree:
        row.state = ReviewState.ASKED
        _record(session, "review.decided", row, actor, now, {"sent_back": True}, {"decision": row.decision})
        row.checked_by = row.checked_at = None
        return
    result = session.get_one(Result, row.registration_id)
    changes = _changes(session, row, result, now)
    row.state = ReviewState.CHANGED if changes else ReviewState.UNCHANGED
    row.decided_by, row.decided_at = actor, now
    session.flush()
    certificate = _apply(session, runtime, row, result, actor, now) if changes else "same"
    for change in changes:
        result_changes.record(session, change, actor, now)
    public = {"changed": bool(changes), "certificate": certificate}
    _record(session, "review.decided", row, actor, now, public, {"decision": row.decision, **_shown(row)})


def _changes(session: Session, row: ScoreReview, result: Result, now: datetime) -> list[Any]:
    """The scores that become others, as rows; the result itself is not yet touched."""
    void = result.verdict is Verdict.VOID
    limits = pass_marks(sittings.sittings_of(session, row.exam_plan_id)[0])
    verdict = Verdict.VOID if void else rules.verdict(row.theory, row.practical, limits)
    parts = ((Part.THEORY, result.theory, row.theory), (Part.PRACTICAL, result.practical, row.practical))
    made = [
        result_changes.changed(result, part, after, verdict, ChangeState.APPLIED, f"review:{row.id}", now)
        for part, before, after in parts
        if before != after
    ]
    for change in made:
        change.reason, change.proposed_by = row.findings, row.checked_by
    session.add_all(made)
    return made


def _apply(session: Session, runtime: Runtime, row: ScoreReview, result: Result, actor: str, now: datetime) -> str:
    """Changes the result and what hangs on it; says what became of the certificate."""
    limits = pass_marks(sittings.sittings_of(session, row.exam_plan_id)[0])
    if result.theory != row.theory:
        result.theory, result.theory_state = row.theory, MarkState.MARKED
    if result.practical != row.practical:
        result.practical, result.practical_state = row.practical, MarkState.MARKED
    if result.verdict is not Verdict.VOID:
        result.verdict = rules.verdict(result.theory, result.practical, limits)
    session.flush()
    kept_parts.follow_results(session, [result], now)
    if result.verdict is not Verdict.PASSED:
        assert row.checked_by is not None
        gone = changing.withdraw_certificate(session, result, row.decision, row.checked_by, actor, now)
        return "revoked" if gone else "none"
    wanted = [
        each
        for each in certifying.due(session, row.exam_plan_id, now)
        if each.result.registration_id == row.registration_id
    ]
    certifying.certify(session, runtime, wanted, actor, now)
    return {"issue": "issued", "reissue": "reissued"}[wanted[0].step.value] if wanted else "none"


def open_reviews(session: Session, exam_plan_ids: Sequence[UUID]) -> int:
    """How many wait for a check or a decision."""
    states = (ReviewState.ASKED, ReviewState.CHECKED)
    query = select(ScoreReview.id).where(ScoreReview.exam_plan_id.in_(exam_plan_ids), ScoreReview.state.in_(states))
    return len(session.scalars(query).all())


def _shown(row: ScoreReview) -> dict[str, str | None]:
    scores = {"theory": row.theory, "practical": row.practical}
    return {name: None if score is None else f"{score:.2f}" for name, score in scores.items()}


def _record(
    session: Session,
    kind: str,
    row: ScoreReview,
    actor: str,
    now: datetime,
    public: dict[str, Any],
    private: dict[str, Any],
) -> None:
    stated = {"exam": f"exam_plan:{row.exam_plan_id}", "review": str(row.id)}
    subject = delivery.registration_key(row.registration_id)
    ledger.record(
        session, kind=kind, actor=actor, subject=subject, now=now, public={**stated, **public}, private=private
    )
