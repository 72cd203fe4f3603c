"""Certificates that follow from released results: which are due, and their issue."""

import enum
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import service as certificates
from certengine.certificates.models import Certificate, CertificateState
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.delivery import service as delivery
from certengine.foundation.clock import CHINA
from certengine.foundation.runtime import Runtime
from certengine.marking import rules
from certengine.marking.models import Result, Verdict
from certengine.people import service as people
from certengine.sittings import service as sittings
from certengine.sittings.service import CandidateView, SittingView
from certengine.standards import service as standards

# What a superseded certificate says of why, in its public record.
CORRECTED = "成绩更正后重新签发"


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
    planned = sittings.sittings_of(session, exam_plan_id)
    if not planned or planned[0].trial:
        return []
    query = select(Result).where(Result.exam_plan_id == exam_plan_id, Result.verdict == Verdict.PASSED)
    results = [row for row in session.scalars(query) if rules.is_visible(row.visible_from, now)]
    ids = [row.certificate_id for row in results if row.certificate_id]
    held = {row.id: row for row in session.scalars(select(Certificate).where(Certificate.id.in_(ids)))}
    found = []
    for row in results:
        certificate = held.get(row.certificate_id) if row.certificate_id else None
        if certificate is None:
            found.append(Due(sittings.candidate(session, row.registration_id), row, Step.ISSUE))
        elif certificate.state is CertificateState.VALID and not _shows(certificate, row):
            found.append(Due(sittings.candidate(session, row.registration_id), row, Step.REISSUE))
    return sorted(found, key=lambda each: each.candidate.ticket_number)


def _shows(certificate: Certificate, result: Result) -> bool:
    scores = (("theory", result.theory), ("practical", result.practical))
    return all(Decimal(certificate.content[name]) == score for name, score in scores if score is not None)


def certify(session: Session, runtime: Runtime, wanted: Sequence[Due], actor: str, now: datetime) -> int:
    """Issues and reissues what is due; raises Invalid where one cannot be printed, and then none is to stand."""
    if not wanted:
        return 0
    sitting = sittings.sittings_of(session, wanted[0].result.exam_plan_id)[0]
    first = [each for each in wanted if each.step is Step.ISSUE]
    contents = _contents(session, sitting, first, now)
    for each, made in zip(first, certificates.issue(session, runtime, contents, actor, now), strict=True):
        each.result.certificate_id = made.id
    for each in wanted:
        if each.step is Step.REISSUE:
            held = session.get_one(Certificate, each.result.certificate_id)
            content = replace(
                certificates.content_of(session, held), theory=each.result.theory, practical=each.result.practical
            )
            made = certificates.supersede(session, runtime, held.id, content, CORRECTED, actor, now)
            each.result.certificate_id = made.id
    session.flush()
    return len(wanted)


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
