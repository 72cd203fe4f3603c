"""Certificates in one line."""

from datetime import date
from decimal import Decimal
from typing import Any

from sqlalchemy.orm import Session

from certengine.certificates import sealing, service
from certengine.certificates.models import Certificate
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import DocumentType, Sex
from certengine.standards.rules import Level
from tests.factories import organisation

ISSUER, SECOND = "account:issuer", "account:second"
RARE = "阿卜杜拉·𠮷𬭎𪚥"


def content(
    session: Session, runtime: Runtime, name: str = RARE, subject: str = "registration:1", **parts: Any
) -> CertificateContent:
    institution = organisation(session, runtime)
    facts: dict[str, Any] = {
        "kind": CertificateKind.GRADE,
        "organisation_id": institution.id,
        "institution_name": institution.name,
        "institution_name_en": institution.name_en,
        "institution_code": institution.code,
        "holder_name": name,
        "sex": Sex.MALE,
        "document_type": DocumentType.RESIDENT_ID,
        "document_masked": "3701************12",
        "document_index": "0" * 64,
        "photo": None,
        "field": "artificial_intelligence",
        "occupation_zh": "人工智能工程技术人员",
        "occupation_en": "Artificial Intelligence Engineer",
        "direction_zh": "计算机视觉产品实现",
        "level": Level.JUNIOR,
        "theory": Decimal("75.50"),
        "practical": Decimal(60),
        "hours": None,
        "course": None,
        "assessment": None,
        "subject": subject,
        "issued_on": date(2026, 11, 25),
    }
    return CertificateContent(**{**facts, **parts})


def issued(runtime: Runtime, name: str = RARE, subject: str = "registration:1", **parts: Any) -> Certificate:
    """A committed certificate."""
    with runtime.unit_of_work() as session:
        wanted = content(session, runtime, name, subject, **parts)
        return service.issue(session, runtime, [wanted], ISSUER, runtime.clock.now())[0]


def sealed(runtime: Runtime, name: str = RARE, subject: str = "registration:1", **parts: Any) -> Certificate:
    """A committed certificate with its evidence for thirty years."""
    row = issued(runtime, name, subject, **parts)
    ledger.sequence(runtime)
    sealing.seal_all(runtime)
    with runtime.unit_of_work(read_only=True) as session:
        return session.get_one(Certificate, row.id)
