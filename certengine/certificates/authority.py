"""Our own root and what it issues to institutions (X.509, ECDSA P-256); keys stay in the key store."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates.models import SigningCertificate
from certengine.certificates.signed_code import PublishedKey, key_id
from certengine.certificates.signing import Signer
from certengine.foundation.runtime import Runtime
from certengine.people.models import Organisation

ROOT_KEY = "certificate-root"
ROOT_YEARS, YEARS = 20, 5
# Issued again when it is about to end, so that nothing is ever signed with an expired one.
RENEW = timedelta(days=90)


@dataclass(frozen=True)
class Subject:
    organisation_id: UUID
    name: str
    code: str


def root(session: Session, runtime: Runtime, now: datetime) -> SigningCertificate:
    """The root, made at first use."""
    found = session.scalar(select(SigningCertificate).where(SigningCertificate.organisation_id.is_(None)))
    if found is not None:
        return found
    key = runtime.keys.p256(ROOT_KEY)
    name = _name("certengine 证书根", "certengine")
    ends = now + timedelta(days=365 * ROOT_YEARS)
    built = _builder(name, name, key.public_key(), now, ends, authority=True).sign(key, hashes.SHA256())
    return _kept(session, None, ROOT_KEY, built, ends, now)


def signer(session: Session, runtime: Runtime, subject: Subject, now: datetime) -> Signer:
    """The institution's signer; its certificate is issued at first use and before it ends."""
    above = root(session, runtime, now)
    found = session.scalar(
        select(SigningCertificate)
        .where(
            SigningCertificate.organisation_id == subject.organisation_id, SigningCertificate.not_after > now + RENEW
        )
        .order_by(SigningCertificate.not_after.desc())
    )
    if found is None:
        key_name = f"certificate-{subject.code}-{now:%Y%m%d}"
        key = runtime.keys.p256(key_name)
        ends = min(now + timedelta(days=365 * YEARS), above.not_after)
        issuer = x509.load_der_x509_certificate(above.der)
        name = _name(f"{subject.name} 电子证书", subject.name)
        built = _builder(name, issuer.subject, key.public_key(), now, ends, authority=False, issuer=issuer)
        found = _kept(
            session,
            subject.organisation_id,
            key_name,
            built.sign(runtime.keys.p256(ROOT_KEY), hashes.SHA256()),
            ends,
            now,
        )
    return Signer(runtime.keys.p256(found.key_name), found.der, above.der)


def standing_signer(session: Session, runtime: Runtime, organisation_id: UUID, now: datetime) -> Signer | None:
    """The institution's newest signer that is in force; makes none, so that a reader may ask."""
    above = session.scalar(select(SigningCertificate.der).where(SigningCertificate.organisation_id.is_(None)))
    query = select(SigningCertificate).where(
        SigningCertificate.organisation_id == organisation_id, SigningCertificate.not_after > now
    )
    found = session.scalar(query.order_by(SigningCertificate.not_after.desc()).limit(1))
    return Signer(runtime.keys.p256(found.key_name), found.der, above) if found and above else None


def all_certificates(session: Session) -> list[x509.Certificate]:
    """Root and institutions, for the published key set."""
    rows = session.scalars(select(SigningCertificate).order_by(SigningCertificate.created_at))
    return [x509.load_der_x509_certificate(row.der) for row in rows]


def published_keys(session: Session) -> dict[bytes, PublishedKey]:
    """The keys of institutions, by which signed codes and credentials are checked."""
    query = select(SigningCertificate.der).where(SigningCertificate.organisation_id.is_not(None))
    return dict(published(der) for der in session.scalars(query))


def published(der: bytes) -> tuple[bytes, PublishedKey]:
    """A signing certificate's key under its identifier."""
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    name = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    ends = certificate.not_valid_after_utc
    return key_id(der), PublishedKey(key, str(name), certificate.not_valid_before_utc, ends)


def root_pem(session: Session) -> bytes | None:
    found = session.scalar(select(SigningCertificate).where(SigningCertificate.organisation_id.is_(None)))
    if found is None:
        return None
    return x509.load_der_x509_certificate(found.der).public_bytes(serialization.Encoding.PEM)


def roots(session: Session) -> list[bytes]:
    """DER of the roots that this installation trusts."""
    return list(session.scalars(select(SigningCertificate.der).where(SigningCertificate.organisation_id.is_(None))))


def subject_of(organisation: Organisation) -> Subject:
    return Subject(organisation.id, organisation.name, organisation.code)


def _name(common: str, organisation: str) -> x509.Name:
    # A common name holds 64 characters at most (X.520).
    parts = [(NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, organisation[:64])]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in [*parts, (NameOID.COMMON_NAME, common[:64])]])


def _builder(
    name: x509.Name,
    issuer_name: x509.Name,
    key: ec.EllipticCurvePublicKey,
    now: datetime,
    ends: datetime,
    *,
    authority: bool,
    issuer: x509.Certificate | None = None,
) -> x509.CertificateBuilder:
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    above = (
        x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(
            issuer.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
        )
        if issuer
        else x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier)
    )
    usage = x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )
    return (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer_name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A clock that is a little behind must not find it not yet valid.
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True)
        .add_extension(usage, critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(above, critical=False)
    )


def _kept(
    session: Session,
    organisation_id: UUID | None,
    key_name: str,
    built: x509.Certificate,
    ends: datetime,
    now: datetime,
) -> SigningCertificate:
    row = SigningCertificate(
        organisation_id=organisation_id,
        key_name=key_name,
        der=built.public_bytes(serialization.Encoding.DER),
        not_after=ends,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row
