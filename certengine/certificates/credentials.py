"""Certificates as credentials that programs take in, and the lists of what became of them."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import authority, credential
from certengine.certificates.models import Certificate, CertificateSeries, CertificateState
from certengine.certificates.rules import CODE_LENGTH
from certengine.certificates.signing import Signer
from certengine.foundation.errors import NotFound
from certengine.foundation.ids import fold_code
from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Organisation

MARKED = {
    "revocation": (CertificateState.REVOKED, CertificateState.SUPERSEDED),
    "suspension": (CertificateState.SUSPENDED,),
}


def credential_of(session: Session, runtime: Runtime, code: str) -> dict[str, Any]:
    """The credential without its signature. Raises NotFound."""
    row = _row(session, code)
    return credential.credential(
        row.content,
        base_url=runtime.settings.base_url,
        institution_code=people.organisation(session, row.organisation_id).code,
        year=row.year,
        serial=row.serial,
        issued_at=row.issued_at,
        sha256=row.pdf,
    )


def signed_credential(session: Session, runtime: Runtime, code: str, now: datetime) -> str:
    """The credential as a JWT. Raises NotFound, also where the institution's key is no longer in force."""
    signer = _signer(session, runtime, _row(session, code).organisation_id, now)
    return credential.signed(credential_of(session, runtime, code), signer.key_id, signer.raw)


def signed_status_list(
    session: Session, runtime: Runtime, institution_code: str, year: int, purpose: str, now: datetime
) -> str:
    """What is revoked or suspended of an institution's certificates of a year, as a JWT. Raises NotFound."""
    institution = issuer(session, institution_code)
    if purpose not in MARKED or session.get(CertificateSeries, (institution.id, year)) is None:
        raise NotFound("certificate.not_found")
    query = select(Certificate.serial).where(
        Certificate.organisation_id == institution.id,
        Certificate.year == year,
        Certificate.state.in_(MARKED[purpose]),
    )
    content = credential.status_list(
        session.scalars(query),
        base_url=runtime.settings.base_url,
        institution_code=institution.code,
        name=institution.name,
        year=year,
        purpose=purpose,
        now=now,
    )
    signer = _signer(session, runtime, institution.id, now)
    return credential.signed(content, signer.key_id, signer.raw)


def issuer(session: Session, institution_code: str) -> Organisation:
    """Raises NotFound, also for an organisation that has issued nothing."""
    query = select(Organisation).where(
        Organisation.code == institution_code,
        Organisation.id.in_(select(CertificateSeries.organisation_id)),
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("certificate.not_found")
    return found


def _row(session: Session, code: str) -> Certificate:
    folded = fold_code(code)
    row = session.scalar(select(Certificate).where(Certificate.code == folded)) if len(folded) == CODE_LENGTH else None
    if row is None:
        raise NotFound("certificate.not_found")
    return row


def _signer(session: Session, runtime: Runtime, organisation_id: UUID, now: datetime) -> Signer:
    signer = authority.standing_signer(session, runtime, organisation_id, now)
    if signer is None:
        raise NotFound("certificate.not_found")
    return signer
