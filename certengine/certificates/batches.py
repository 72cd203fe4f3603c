"""Issuing many certificates as a job: each batch is one transaction, so that whoever kills it leaves no gap and no
double; what is done and what is left stands in the lines of the job."""

import dataclasses
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.certificates import rules, service
from certengine.certificates.models import STANDING_STATES, Certificate, CertificateBatchLine
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.certificates.typesetting import missing_characters
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.jobs import Job, submit
from certengine.foundation.runtime import Runtime
from certengine.people.models import DocumentType, Sex
from certengine.standards.rules import Level

ISSUE = "certificate.issue"
# From so many certificates on a request would keep its reader waiting.
LARGE = 50
# One transaction; about a second of work.
BATCH = 50


def issue_batch(
    session: Session,
    runtime: Runtime,
    organisation_id: UUID,
    contents: Sequence[CertificateContent],
    actor: str,
    now: datetime,
) -> Job:
    """Asks for the issue of these certificates in the caller's transaction; it begins after the commit.

    Raises Invalid at once for what would stop it half way: a character that no font has, or an address that a printed
    code must not lead to. When it is done, `certificates_of_subjects` has what was issued.
    """
    require_printable(runtime, contents)
    payload = {"actor": actor, "organisation": str(organisation_id)}
    job = submit(session, ISSUE, f"organisation:{organisation_id}", payload, now)
    job.total = len(contents)
    session.add_all(
        CertificateBatchLine(job_id=job.id, position=position, content=to_json(content))
        for position, content in enumerate(contents)
    )
    session.flush()
    return job


def require_printable(runtime: Runtime, contents: Sequence[CertificateContent]) -> None:
    """Raises Invalid for a character that no font has, or an address that a printed code must not lead to."""
    if problem := rules.address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    problems = [problem for content in contents for problem in _glyph_problems(content)]
    if problems:
        raise Invalid(problems)


def _glyph_problems(content: CertificateContent) -> list[Problem]:
    texts = (value for value in dataclasses.asdict(content).values() if isinstance(value, str))
    return [
        Problem(content.holder_name, "certificate.no_glyph", {"character": each, "point": f"U+{ord(each):04X}"})
        for each in missing_characters("".join(texts))
    ]


def issue_next(session: Session, runtime: Runtime, job_id: UUID, actor: str, now: datetime) -> int:
    """Issues the next lines of a job; returns how many, 0 when all are done."""
    lines = session.scalars(
        select(CertificateBatchLine)
        .where(CertificateBatchLine.job_id == job_id, CertificateBatchLine.certificate_id.is_(None))
        .order_by(CertificateBatchLine.position)
        .limit(BATCH)
        .with_for_update()
    ).all()
    contents = [from_json(line.content or {}) for line in lines]
    for line, made in zip(lines, service.issue(session, runtime, contents, actor, now), strict=True):
        line.certificate_id, line.content = made.id, None
    session.flush()
    return len(lines)


def done(session: Session, job_id: UUID) -> int:
    query = select(func.count()).select_from(CertificateBatchLine)
    mine = query.where(CertificateBatchLine.job_id == job_id, CertificateBatchLine.certificate_id.is_not(None))
    return session.scalar(mine) or 0


def batch_job(session: Session, organisation_id: UUID, job_id: UUID) -> Job:
    """Raises NotFound, for another institution's too."""
    found = session.get(Job, job_id)
    if found is None or found.kind != ISSUE or found.subject != f"organisation:{organisation_id}":
        raise NotFound("certificate.no_batch")
    return found


def batch_jobs(session: Session, organisation_id: UUID, limit: int = 20) -> Sequence[Job]:
    """The newest of an institution."""
    query = select(Job).where(Job.kind == ISSUE, Job.subject == f"organisation:{organisation_id}")
    return session.scalars(query.order_by(Job.created_at.desc(), Job.id.desc()).limit(limit)).all()


def certificates_of_subjects(session: Session, subjects: Sequence[str]) -> Mapping[str, UUID]:
    """subject → its certificate that stands."""
    query = select(Certificate.subject, Certificate.id).where(
        Certificate.subject.in_(subjects), Certificate.state.in_(STANDING_STATES)
    )
    return {row.subject: row.id for row in session.execute(query)}


def to_json(content: CertificateContent) -> dict[str, Any]:
    """As it waits in a line; scores as text, so that no digit is lost."""
    found: dict[str, Any] = {}
    for field in dataclasses.fields(content):
        value = getattr(content, field.name)
        if isinstance(value, UUID | Decimal):
            value = str(value)
        elif isinstance(value, date):
            value = value.isoformat()
        found[field.name] = getattr(value, "value", value)
    return found


def from_json(found: Mapping[str, Any]) -> CertificateContent:
    """What `to_json` wrote."""

    def maybe(name: str, read: Any) -> Any:
        return None if found[name] is None else read(found[name])

    return CertificateContent(
        **{
            **found,
            "kind": CertificateKind(found["kind"]),
            "organisation_id": UUID(found["organisation_id"]),
            "sex": maybe("sex", Sex),
            "document_type": DocumentType(found["document_type"]),
            "level": Level(found["level"]),
            "theory": maybe("theory", Decimal),
            "practical": maybe("practical", Decimal),
            "issued_on": date.fromisoformat(found["issued_on"]),
            "expires_on": maybe("expires_on", date.fromisoformat),
        }
    )
