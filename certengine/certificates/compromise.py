"""A signing key that somebody else may have, declared with the time since when: what was time-stamped before stays good."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from cryptography import x509
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import lifecycle
from certengine.certificates.models import Certificate, CertificateState, SigningCertificate
from certengine.certificates.profiles import Role
from certengine.certificates.rules import ReasonClass
from certengine.certificates.signed_code import key_id
from certengine.foundation.errors import Conflict, NotFound
from certengine.ledger import service as ledger

# Whose keys may be declared compromised here; of an authority everything would have to be set up anew.
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


def declare(session: Session, certificate_id: UUID, since: datetime, actor: str, now: datetime) -> SigningCertificate:
    """Declares an institution's or department's key compromised since a time; a later declaration may only move it to an
    earlier one.

    It stops the key at once, so one person is enough; it cannot be taken back. What we issued ourselves with the key
    since then is suspended, to be issued again with a new one; what was countersigned with it waits to be so again.
    Raises Conflict, NotFound.
    """
    row = session.get(SigningCertificate, certificate_id, with_for_update=True)
    if row is None or row.role not in DECLARED:
        raise NotFound("certificate.not_found")
    starts = x509.load_der_x509_certificate(row.der).not_valid_before_utc
    latest = min(now, row.compromised_since or now)
    if not starts <= since <= latest:
        raise Conflict("certificate.compromised_time")
    row.compromised_since, row.declared_at, row.declared_by = since, now, actor
    for each in signed_since(session, row, since):
        if row.role is Role.DEPARTMENT:
            each.countersigned_by = each.countersigned_at = None
        elif each.state is CertificateState.VALID:
            lifecycle.suspend(session, each.id, ReasonClass.KEY, "签名密钥泄露之后签发", actor, now)
    ledger.record(
        session,
        kind="certificate.key_compromised",
        actor=actor,
        subject=f"signing_certificate:{row.id}",
        now=now,
        public={"key": key_id(row.der).hex(), "since": since.isoformat()},
        private={},
    )
    return row


def signed_since(session: Session, row: SigningCertificate, since: datetime) -> Sequence[Certificate]:
    """What we issued or countersigned ourselves with a key from a time on."""
    if row.role is Role.DEPARTMENT:
        mine = (Certificate.countersigned_by == row.organisation_id) & (Certificate.countersigned_at >= since)
        return session.scalars(select(Certificate).where(mine).order_by(Certificate.id)).all()
    query = select(Certificate).where(
        Certificate.organisation_id == row.organisation_id,
        Certificate.issued_at >= max(since, row.created_at),
        Certificate.issued_at <= (row.declared_at or since),
    )
    return session.scalars(query.order_by(Certificate.issued_at, Certificate.id)).all()
