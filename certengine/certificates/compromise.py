"""A signing key that somebody else may have, declared with the time since when: what is proven to be older stays good."""

import hashlib
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cryptography import x509
from sqlalchemy import ColumnElement, false, select
from sqlalchemy.orm import Session

from certengine.certificates import authority, lifecycle, sealing
from certengine.certificates.models import Certificate, CertificateState, SigningCertificate
from certengine.certificates.profiles import Role
from certengine.certificates.rules import ReasonClass
from certengine.certificates.signed_code import key_id
from certengine.foundation.errors import Conflict, NotFound
from certengine.foundation.jobs import submit
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger

# Whose keys a department declares compromised on the page: of those who sign in its region, and, the department of the
# province, of the time-stamp authority. An authority's is declared by the operator, at the command line.
DECLARED = (Role.SIGNER, Role.DEPARTMENT)


def keys(session: Session) -> Sequence[SigningCertificate]:
    """Every signing certificate, newest first."""
    query = select(SigningCertificate).order_by(SigningCertificate.created_at.desc(), SigningCertificate.id.desc())
    return session.scalars(query).all()


def by_identifier(session: Session, identifier: str) -> SigningCertificate:
    """By the kid of the published keys. Raises NotFound."""
    found = next((row for row in keys(session) if key_id(row.der).hex() == identifier.strip().lower()), None)
    if found is None:
        raise NotFound("certificate.not_found")
    return found


def key(session: Session, certificate_id: UUID) -> SigningCertificate:
    """Raises NotFound."""
    found = session.get(SigningCertificate, certificate_id)
    if found is None:
        raise NotFound("certificate.not_found")
    return found


def declare(
    session: Session, runtime: Runtime, certificate_id: UUID, since: datetime, actor: str, now: datetime
) -> SigningCertificate:
    """Declares a key compromised since a time; a later declaration may only move it to an earlier one.

    It stops the key at once, so one person is enough; it cannot be taken back. What we issued ourselves since then with a
    signer's key, or under an issuing authority, is suspended, to be issued again with a new one; what a department
    countersigned waits to be so again; what a time-stamp authority or one under a root has stamped last is stamped again.
    Raises Conflict, NotFound.
    """
    row = session.get(SigningCertificate, certificate_id, with_for_update=True)
    if row is None:
        raise NotFound("certificate.not_found")
    starts = x509.load_der_x509_certificate(row.der).not_valid_before_utc
    latest = min(now, row.compromised_since or now)
    if not starts <= since <= latest:
        raise Conflict("certificate.compromised_time")
    # Of one key there may be two certificates, by the root of before and by that of now.
    for each in session.scalars(select(SigningCertificate).where(SigningCertificate.key_name == row.key_name)):
        each.compromised_since, each.declared_at, each.declared_by = since, now, actor
    session.flush()
    for certificate in signed_since(session, row, since):
        if row.role is Role.DEPARTMENT:
            certificate.countersigned_by = certificate.countersigned_at = None
        elif certificate.state is CertificateState.VALID:
            lifecycle.suspend(session, certificate.id, ReasonClass.KEY, "签名密钥泄露之后签发", actor, now)
    public = {"key": key_id(row.der).hex(), "role": row.role.value, "since": since.isoformat()}
    if row.role is Role.ROOT:
        root = authority.carry_over(session, runtime, row, now)
        public["replaced_by"] = hashlib.sha256(root.der).hexdigest()
    _stamp_again(session, row, since, now)
    ledger.record(
        session,
        kind="certificate.key_compromised",
        actor=actor,
        subject=f"signing_certificate:{row.id}",
        now=now,
        public=public,
        private={},
    )
    return row


def _stamp_again(session: Session, row: SigningCertificate, since: datetime, now: datetime) -> None:
    """By a job, with the new key, which is made at its first use."""
    job = submit(session, sealing.RESTAMP, f"signing_certificate:{row.id}", {}, now) if stampers(session, row) else None
    if job is not None:
        job.total = sealing.age(session, stampers(session, row), since)


def stampers(session: Session, row: SigningCertificate) -> Sequence[SigningCertificate]:
    """The time-stamp authorities whose word is touched by a key's loss."""
    if row.role is Role.STAMPER:
        return [row]
    below = (SigningCertificate.issuer_id == row.id) & (SigningCertificate.role == Role.STAMPER)
    return session.scalars(select(SigningCertificate).where(below)).all() if row.role is Role.ROOT else []


def signed_since(session: Session, row: SigningCertificate, since: datetime) -> Sequence[Certificate]:
    """What we issued or countersigned ourselves with a key, or under an issuing authority's, from a time on."""
    query = select(Certificate).where(_signed(row, since))
    return session.scalars(query.order_by(Certificate.issued_at, Certificate.id)).all()


def _signed(row: SigningCertificate, since: datetime) -> ColumnElement[bool]:
    until = row.declared_at or since
    issued = (Certificate.issued_at >= max(since, row.created_at)) & (Certificate.issued_at <= until)
    if row.role is Role.DEPARTMENT:
        return (Certificate.countersigned_by == row.organisation_id) & (Certificate.countersigned_at >= since)
    if row.role is Role.ISSUING:
        return issued
    return issued & (Certificate.organisation_id == row.organisation_id) if row.role is Role.SIGNER else false()
