"""Certificates that follow from released results: which are due, and their issue."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from certengine.certificates import batches
from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate, CertificateState
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.delivery import service as delivery
from certengine.foundation.clock import CHINA
from certengine.foundation.jobs import Job, JobState, submit
from certengine.foundation.runtime import Runtime
from certengine.marking import rules
from certengine.marking.models import Result, Verdict
from certengine.people import service as people
from certengine.sittings import service as sittings
from certengine.sittings.service import CandidateView, SittingView
from certengine.standards import service as standards

# What a superseded certificate says of why, in its public record.
CORRECTED = "成绩更正后重新签发"
# The job that issues a plan's certificates where there are many.
CERTIFY = "marking.certify"


class Step(enum.Enum):
    ISSUE = "issue"
    REISSUE = "reissue"


@dataclass(frozen=True)
class Due:
    candidate: CandidateView
    result: Result
    step: Step


def due(session: Session, exam_plan_id: UUID, now: datetime) -> list[Due]:
    """Passes without a certificate, and certificates that show other scores than the result; none in an embargo."""
    results = _passed(session, exam_plan_id, now)
    ids = [row.certificate_id for row in results if row.certificate_id]
    held = {row.id: row for row in session.scalars(select(Certificate).where(Certificate.id.in_(ids)))}
    steps = [(row, _step(held.get(row.certificate_id) if row.certificate_id else None, row)) for row in results]
    wanted = [(row, step) for row, step in steps if step]
    if not wanted:
        return []
    who = {each.registration_id: each for each in sittings.candidates(session, exam_plan_id)}
    found = [Due(who[row.registration_id], row, step) for row, step in wanted]
    return sorted(found, key=lambda each: each.candidate.ticket_number)


def _passed(session: Session, exam_plan_id: UUID, now: datetime) -> list[Result]:
    planned = sittings.sittings_of(session, exam_plan_id)
    if not planned or planned[0].trial:
        return []
    query = select(Result).where(Result.exam_plan_id == exam_plan_id, Result.verdict == Verdict.PASSED)
    return [row for row in session.scalars(query) if rules.is_visible(row.visible_from, now)]


def _step(certificate: Certificate | None, result: Result) -> Step | None:
    if certificate is None:
        return Step.ISSUE
    changed = certificate.state is CertificateState.VALID and not _shows(certificate, result)
    return Step.REISSUE if changed else None


def _shows(certificate: Certificate, result: Result) -> bool:
    scores = (("theory", result.theory), ("practical", result.practical))
    return all(Decimal(certificate.content[name]) == score for name, score in scores if score is not None)


def certify(session: Session, runtime: Runtime, wanted: Sequence[Due], actor: str, now: datetime) -> int:
    """Issues and reissues what is due; where the first issues are many, a job issues them after the commit.

    Returns how many are issued or on their way. Raises Invalid where one cannot be printed, and then none is to stand.
    """
    if not wanted:
        return 0
    exam_plan_id = wanted[0].result.exam_plan_id
    first = [each for each in wanted if each.step is Step.ISSUE]
    if len(first) > batches.LARGE:
        _ask(session, runtime, exam_plan_id, first, actor, now)
    else:
        _issue(session, runtime, exam_plan_id, first, actor, now)
    for each in wanted:
        if each.step is Step.REISSUE:
            _reissue(session, runtime, each.result, actor, now)
    session.flush()
    return len(wanted)


def certify_later(
    session: Session, runtime: Runtime, exam_plan_id: UUID, due_at: datetime, actor: str, now: datetime
) -> int:
    """Has the certificates of everyone who passed issued at the end of the embargo, by a job; returns how many.

    Raises Invalid at once where one cannot be printed, so that nobody finds out after the publication.
    """
    first = due(session, exam_plan_id, due_at)
    if first:
        _ask(session, runtime, exam_plan_id, first, actor, now, due_at)
    return len(first)


def _ask(
    session: Session,
    runtime: Runtime,
    exam_plan_id: UUID,
    first: Sequence[Due],
    actor: str,
    now: datetime,
    due_at: datetime | None = None,
) -> None:
    if running(session, exam_plan_id, now):
        return
    sitting = sittings.sittings_of(session, exam_plan_id)[0]
    batches.require_printable(runtime, _contents(session, sitting, first, now))
    payload = {"plan": str(exam_plan_id), "organisation": str(sitting.organisation_id), "actor": actor}
    submit(session, CERTIFY, f"exam_plan:{exam_plan_id}", payload, now, due_at).total = len(first)


def latest(session: Session, exam_plan_id: UUID) -> Job | None:
    """The job that issues, or issued last, a plan's certificates."""
    query = select(Job).where(Job.kind == CERTIFY, Job.subject == f"exam_plan:{exam_plan_id}")
    return session.scalar(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(1))


def running(session: Session, exam_plan_id: UUID, now: datetime) -> Job | None:
    """The job that issues them now; one that waits for the end of an embargo does not."""
    found = latest(session, exam_plan_id)
    if found is None or found.state not in (JobState.WAITING, JobState.RUNNING):
        return None
    return found if found.due_at is None or found.due_at <= now else None


def issue_next(
    session: Session, runtime: Runtime, organisation_id: UUID, exam_plan_id: UUID, actor: str, now: datetime
) -> int:
    """Issues the next of a plan's first certificates, one transaction's worth; returns how many are still due."""
    sittings.plan_of(session, organisation_id, exam_plan_id, lock=True)
    without = (
        Result.exam_plan_id == exam_plan_id,
        Result.verdict == Verdict.PASSED,
        Result.certificate_id.is_(None),
        or_(Result.visible_from.is_(None), Result.visible_from <= now),
    )
    rows = session.scalars(select(Result).where(*without).order_by(Result.registration_id).limit(batches.BATCH)).all()
    first = [Due(sittings.candidate(session, row.registration_id), row, Step.ISSUE) for row in rows]
    _issue(session, runtime, exam_plan_id, first, actor, now)
    return session.scalar(select(func.count()).select_from(Result).where(*without)) or 0


def _issue(
    session: Session, runtime: Runtime, exam_plan_id: UUID, first: Sequence[Due], actor: str, now: datetime
) -> None:
    contents = _contents(session, sittings.sittings_of(session, exam_plan_id)[0], first, now)
    for each, made in zip(first, certificates.issue(session, runtime, contents, actor, now), strict=True):
        each.result.certificate_id = made.id
    session.flush()


def _reissue(session: Session, runtime: Runtime, result: Result, actor: str, now: datetime) -> None:
    held = session.get_one(Certificate, result.certificate_id)
    content = replace(certificates.content_of(session, held), theory=result.theory, practical=result.practical)
    result.certificate_id = certificates.supersede(session, runtime, held.id, content, CORRECTED, actor, now).id


def _contents(session: Session, sitting: SittingView, passed: Sequence[Due], now: datetime) -> list[CertificateContent]:
    standard = standards.standard(sitting.field)
    institution = people.organisation(session, sitting.organisation_id)
    direction = next((each.zh for each in standard.directions if each.id == sitting.direction), None)
    return [
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
            theory=each.result.theory,
            practical=each.result.practical,
            hours=None,
            course=None,
            assessment=None,
            subject=delivery.registration_key(each.candidate.registration_id),
            issued_on=now.astimezone(CHINA).date(),
        )
        for each in passed
    ]
