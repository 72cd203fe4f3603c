"""What our X.509 certificates may be used for: root, issuing authority, signer, department,
time-stamp authority (RFC 5280). Pure."""

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from certengine.foundation.errors import Conflict

DAY = timedelta(days=1)
# The policy (RFC 5280, 4.2.1.4) that only the certificates of departments state, so that no institution can countersign
# its own files. A UUID's arc (ITU-T X.667), so nobody else's.
DEPARTMENTS = x509.ObjectIdentifier("2.25.260032218460402295618714367246131811154")
# A list of what was revoked is made anew at each request; whoever keeps one may use it for so long.
LIST_LASTS = timedelta(days=7)


class Role(enum.Enum):
    ROOT = "root"
    ISSUING = "issuing"
    SIGNER = "signer"
    # Countersigns what institutions have signed.
    DEPARTMENT = "department"
    STAMPER = "stamper"


@dataclass(frozen=True)
class Issuer:
    """Who issues: its certificate and key, and where its list of what was revoked is published."""

    certificate: x509.Certificate
    key: ec.EllipticCurvePrivateKey
    list_address: str


# Certification authorities below each role; None for those who are none.
PATH_LENGTHS: Mapping[Role, int | None] = {
    Role.ROOT: 1,
    Role.ISSUING: 0,
    Role.SIGNER: None,
    Role.DEPARTMENT: None,
    Role.STAMPER: None,
}


def make(
    role: Role,
    name: x509.Name,
    key: ec.EllipticCurvePublicKey,
    issuer: Issuer | None,
    own_key: ec.EllipticCurvePrivateKey,
    now: datetime,
    ends: datetime,
    starts: datetime | None = None,
) -> x509.Certificate:
    """A certificate of a role; issuer None: issued by itself. starts: where it is another than now.

    Raises Conflict if it could not be used for its role.
    """
    authority = PATH_LENGTHS[role] is not None
    identifier = x509.SubjectKeyIdentifier.from_public_key(key)
    above = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier) if issuer else None
    builder = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(issuer.certificate.subject if issuer else name)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        # A clock that is a little behind must not find it not yet valid.
        .not_valid_before(starts or now - DAY)
        .not_valid_after(ends)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=PATH_LENGTHS[role]), critical=True)
        .add_extension(_usage(role), critical=True)
        .add_extension(identifier, critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(above.value if above else identifier),
            critical=False,
        )
    )
    if role is Role.STAMPER:
        # Critical and alone (RFC 3161, 2.3).
        builder = builder.add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.TIME_STAMPING]), critical=True)
    if role is Role.DEPARTMENT:
        policy = x509.PolicyInformation(DEPARTMENTS, None)
        builder = builder.add_extension(x509.CertificatePolicies([policy]), critical=False)
    if issuer is not None:
        place = x509.DistributionPoint([x509.UniformResourceIdentifier(issuer.list_address)], None, None, None)
        builder = builder.add_extension(x509.CRLDistributionPoints([place]), critical=False)
    made = builder.sign(issuer.key if issuer else own_key, hashes.SHA256())
    require_use(made, role)
    return made


def _usage(role: Role) -> x509.KeyUsage:
    authority = PATH_LENGTHS[role] is not None
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=role in (Role.SIGNER, Role.DEPARTMENT),
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


def may_be(certificate: x509.Certificate, role: Role) -> bool:
    """Whether a certificate's extensions allow the use; other programs refuse a signature by one that they do not."""
    try:
        usage = certificate.extensions.get_extension_for_class(x509.KeyUsage).value
        if role in (Role.ROOT, Role.ISSUING):
            basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
            return basic.ca and usage.key_cert_sign
        if role in (Role.SIGNER, Role.DEPARTMENT):
            return usage.content_commitment and _is_departments(certificate) == (role is Role.DEPARTMENT)
        extended = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
        return extended.critical and list(extended.value) == [ExtendedKeyUsageOID.TIME_STAMPING]
    except (x509.ExtensionNotFound, ValueError):
        return False


def _is_departments(certificate: x509.Certificate) -> bool:
    try:
        policies = certificate.extensions.get_extension_for_class(x509.CertificatePolicies).value
    except x509.ExtensionNotFound:
        return False
    return any(each.policy_identifier == DEPARTMENTS for each in policies)


def require_use(certificate: x509.Certificate, role: Role, key: ec.EllipticCurvePublicKey | None = None) -> None:
    """The self-test when keys are set up. Raises Conflict for a signer without non-repudiation, a time-stamp authority
    without its one extended use, an authority that may not issue, or a certificate that is not the key's."""
    if not may_be(certificate, role):
        raise Conflict("certificate.key_usage", role=role.value)
    if key is not None and certificate.public_key() != key:
        raise Conflict("certificate.key_other")


def name_of(common: str, organisation: str) -> x509.Name:
    # A common name holds 64 characters at most (X.520).
    parts = [(NameOID.COUNTRY_NAME, "CN"), (NameOID.ORGANIZATION_NAME, organisation[:64])]
    return x509.Name([x509.NameAttribute(oid, text) for oid, text in [*parts, (NameOID.COMMON_NAME, common[:64])]])


def revocation_list(issuer: Issuer, compromised: Mapping[int, datetime], now: datetime) -> bytes:
    """A CRL (DER). compromised: serial number → since when its key was known to somebody else.

    The date of revocation is that date too, so that other programs judge by it what was signed before.
    """
    identifier = issuer.certificate.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    builder = (
        x509.CertificateRevocationListBuilder()
        .issuer_name(issuer.certificate.subject)
        .last_update(now)
        .next_update(now + LIST_LASTS)
        .add_extension(x509.CRLNumber(int(now.timestamp())), critical=False)
        .add_extension(x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(identifier), critical=False)
    )
    for serial, since in sorted(compromised.items()):
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(serial)
            .revocation_date(since)
            .add_extension(x509.CRLReason(x509.ReasonFlags.key_compromise), critical=False)
            .add_extension(x509.InvalidityDate(since), critical=False)
        )
        builder = builder.add_revoked_certificate(entry.build())
    return builder.sign(issuer.key, hashes.SHA256()).public_bytes(serialization.Encoding.DER)


def compromised_in(lists: Sequence[bytes], issuer: x509.Certificate, serial: int) -> datetime | None:
    """Since when a certificate of this issuer is revoked, after the lists that the issuer has signed."""
    found = []
    key = issuer.public_key()
    for der in lists:
        try:
            read = _list(der)
            ours = read.issuer == issuer.subject and isinstance(key, ec.EllipticCurvePublicKey)
            entry = read.get_revoked_certificate_by_serial_number(serial) if ours else None
            if entry is None or not read.is_signature_valid(key):  # type: ignore[arg-type]
                continue
            found.append(_since(entry))
        except (ValueError, TypeError, UnsupportedAlgorithm):
            continue
    return min(found, default=None)


@lru_cache(maxsize=64)
def _list(der: bytes) -> x509.CertificateRevocationList:
    return x509.load_der_x509_crl(der)


def _since(entry: x509.RevokedCertificate) -> datetime:
    try:
        stated = entry.extensions.get_extension_for_class(x509.InvalidityDate).value.invalidity_date_utc
    except (x509.ExtensionNotFound, ValueError):
        return entry.revocation_date_utc
    return min(stated, entry.revocation_date_utc)


# Authorities between a certificate and its root, at most.
LONGEST_CHAIN = 4


def chain_to(
    certificate: x509.Certificate, given: Sequence[x509.Certificate], roots: Sequence[x509.Certificate], depth: int = 0
) -> list[x509.Certificate] | None:
    """certificate, then who issued it, and so on up to a trusted root; authorities between are out of those given."""
    root = next((each for each in roots if _issued(certificate, each)), None)
    if root is not None:
        return [certificate, root]
    for middle in given if depth < LONGEST_CHAIN else ():
        if middle != certificate and _issued(certificate, middle):
            above = chain_to(middle, given, roots, depth + 1)
            if above is not None:
                return [certificate, *above]
    return None


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    try:
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return may_be(issuer, Role.ROOT)
