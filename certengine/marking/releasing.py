"""The release of results: verdicts are fixed, and whoever passed both parts gets a grade certificate."""

from collections.abc import Sequence
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import service as certificates
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.delivery import service as delivery
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.marking import rules
from certengine.marking.models import Result, ResultVoid, Verdict
from certengine.marking.service import PlanMarks, Standing, plan_marks
from certengine.people import service as people
from certengine.sittings.service import SittingView
from certengine.standards import service as standards
from certengine.standards.rules import Part


def release_problem(marks: PlanMarks) -> tuple[str, dict[str, Any]] | None:
    """Code and values of what still stands in the way of the release; None when nothing does."""
    if not marks.theory:
        return "marking.no_theory", {}
    if marks.released:
        return "marking.released", {}
    if marks.unmarked:
        return "marking.theory_unmarked", {}
    if marks.waiting_for_practical:
        return "marking.practical_unmarked", {"count": marks.waiting_for_practical}
    for each in marks.standings:
        if each.differ:
            ticket = each.candidate.ticket_number
            return "marking.examiners_differ", {"ticket": ticket, "most": rules.LARGEST_DIFFERENCE}
    return None if marks.standings else ("marking.nothing_to_release", {})


def release_results(session: Session, runtime: Runtime, exam_plan_id: UUID, actor: str, now: datetime) -> int:
    """Fixes the results of a plan and issues a grade certificate to whoever passed both parts; returns how many."""
    marks = plan_marks(session, exam_plan_id)
    if problem := release_problem(marks):
        raise Conflict(problem[0], **problem[1])
    passed = [each for each in marks.standings if each.verdict is Verdict.PASSED]
    real = passed and not marks.theory[0].trial
    issued = _certify(session, runtime, marks.theory[0], passed, actor, now) if real else {}
    session.add_all(
        Result(
            registration_id=each.candidate.registration_id,
            exam_plan_id=exam_plan_id,
            theory=each.theory,
            practical=each.practical,
            verdict=each.verdict,
            released_at=now,
            released_by=actor,
            certificate_id=issued.get(each.candidate.registration_id),
        )
        for each in marks.standings
    )
    session.flush()
    ledger.record_many(
        session,
        [
            {
                "kind": "result.released",
                "actor": actor,
                "subject": delivery.registration_key(each.candidate.registration_id),
                "now": now,
                "public": {"exam": f"exam_plan:{exam_plan_id}"},
                "private": {
                    "theory": _shown(each.theory),
                    "practical": _shown(each.practical),
                    "verdict": each.verdict.value,
                },
            }
            for each in marks.standings
        ],
    )
    return len(issued)


def _shown(score: Decimal | None) -> str | None:
    return None if score is None else f"{score:.2f}"


def _certify(
    session: Session,
    runtime: Runtime,
    sitting: SittingView,
    passed: Sequence[Standing],
    actor: str,
    now: datetime,
) -> dict[UUID, UUID]:
    """registration → certificate."""
    standard = standards.standard(sitting.field)
    institution = people.organisation(session, sitting.organisation_id)
    direction = next((each.zh for each in standard.directions if each.id == sitting.direction), None)
    contents = [
        CertificateContent(
            kind=CertificateKind.GRADE,
            organisation_id=institution.id,
            institution_name=institution.name,
            institution_name_en=institution.name_en,
            institution_code=institution.code,
            holder_name=each.candidate.name,
            sex=each.candidate.sex,
            document_type=each.candidate.document_type,
            document_masked=each.candidate.document_masked,
            document_index=each.candidate.document_index,
            photo=each.candidate.photo,
            field=sitting.field,
            occupation_zh=standard.title_zh,
            occupation_en=standard.title_en,
            direction_zh=direction,
            level=sitting.level,
            theory=each.theory,
            practical=each.practical,
            hours=None,
            course=None,
            assessment=None,
            subject=delivery.registration_key(each.candidate.registration_id),
            issued_on=now.astimezone(CHINA).date(),
        )
        for each in passed
    ]
    made = certificates.issue(session, runtime, contents, actor, now)
    return {each.candidate.registration_id: certificate.id for each, certificate in zip(passed, made, strict=True)}


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
    ledger.record(
        session,
        kind="result.voided",
        actor=actor,
        subject=delivery.registration_key(registration_id),
        now=now,
        private={"parts": [part.value for part in parts], "reason": reason},
    )
    session.flush()
