"""Our own root, the authority under it, and what they issue to institutions, departments and the time-stamp
authority.

X.509, ECDSA P-256; keys stay in the key store.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from cryptography import x509
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from certengine.certificates import stamping
from certengine.certificates.folder import read_pem
from certengine.certificates.models import SigningCertificate
from certengine.certificates.profiles import Issuer, Role, make, name_of, require_use, revocation_list
from certengine.certificates.signed_code import PublishedKey, key_id
from certengine.certificates.signing import CONTENTS, LARGE_CONTENTS, Signer, Stamp
from certengine.certificates.stamping import Stamper
from certengine.certificates.trust import Trust
from certengine.foundation.errors import NotFound
from certengine.foundation.runtime import Runtime
from certengine.people.models import Organisation

YEARS = {Role.ROOT: 30, Role.ISSUING: 15, Role.SIGNER: 5, Role.DEPARTMENT: 5, Role.STAMPER: 11}
# Issued again so long before it ends, so that nothing is ever signed with an expired one, that what an authority issues
# lasts its full time, and that a time stamp is good for ten years from the day it was given.
RENEW = {
    Role.ROOT: timedelta(days=365 * 15),
    Role.ISSUING: timedelta(days=365 * 6),
    Role.SIGNER: timedelta(days=90),
    Role.DEPARTMENT: timedelta(days=90),
    Role.STAMPER: timedelta(days=365 * 10),
}
NAMES = {
    Role.ROOT: ("certengine 证书根", "certengine"),
    Role.ISSUING: ("certengine 签发中心", "certengine"),
    Role.STAMPER: ("certengine 时间戳", "certengine"),
}


@dataclass(frozen=True)
class Subject:
    organisation_id: UUID
    name: str
    code: str


def signer(session: Session, runtime: Runtime, subject: Subject, now: datetime) -> Signer:
    """The institution's signer; its certificate is issued at first use and before it ends.

    Raises Conflict where its key does not pass the self-test.
    """
    row = _row_of(session, runtime, Role.SIGNER, subject, f"{subject.name} 电子证书", now)
    return _signer(session, runtime, row, now, stamped=True)


def countersigner(session: Session, runtime: Runtime, subject: Subject, now: datetime) -> Signer:
    """A department's signer, whose signatures state this time; as `signer`."""
    row = _row_of(session, runtime, Role.DEPARTMENT, subject, f"{subject.name} 联署", now)
    return _signer(session, runtime, row, now, stamped=True)


def _row_of(
    session: Session, runtime: Runtime, role: Role, subject: Subject, common: str, now: datetime
) -> SigningCertificate:
    """The signing certificate of an organisation that is in force for some time to come, made if there is none."""
    issuing = _authority(session, runtime, Role.ISSUING, now)
    mine, names = subject.organisation_id, (common, subject.name)
    return _standing(session, role, now, mine) or _issue(
        session, runtime, role, issuing, names, now, organisation_id=mine, code=subject.code
    )


def standing_signer(session: Session, runtime: Runtime, organisation_id: UUID, now: datetime) -> Signer | None:
    """The institution's newest signer that is in force; makes none, so that a reader may ask. It stamps nothing."""
    query = _newest(Role.SIGNER, organisation_id).where(SigningCertificate.not_after > now)
    found = next((row for row in session.scalars(query) if not _fallen(session, row)), None)
    return _signer(session, runtime, found, now, stamped=False) if found else None


def _signer(session: Session, runtime: Runtime, row: SigningCertificate, now: datetime, *, stamped: bool) -> Signer:
    key = runtime.keys.p256(row.key_name)
    require_use(x509.load_der_x509_certificate(row.der), row.role, key.public_key())
    if not stamped:
        return Signer(key, row.der, chain(session, row))
    outside = runtime.settings.tsa_url
    room = LARGE_CONTENTS if outside else CONTENTS
    at = now if row.role is Role.DEPARTMENT else None
    return Signer(key, row.der, chain(session, row), stamp(session, runtime, now), room, at)


def stamp(session: Session, runtime: Runtime, now: datetime) -> Stamp:
    """Whoever tells the time: the authority of the settings, or our own."""
    if address := runtime.settings.tsa_url:
        return lambda digest: stamping.ask(address, digest)
    own = stamper(session, runtime, now)
    return lambda digest: own.token(digest, now)


def stamper(session: Session, runtime: Runtime, now: datetime) -> Stamper:
    """Our own time-stamp authority, directly under the root; its certificate is made at first use and every year."""
    above = _authority(session, runtime, Role.ROOT, now)
    row = _standing(session, Role.STAMPER, now) or _issue(
        session, runtime, Role.STAMPER, above, NAMES[Role.STAMPER], now, code="time-stamp"
    )
    key = runtime.keys.p256(row.key_name)
    require_use(x509.load_der_x509_certificate(row.der), Role.STAMPER, key.public_key())
    return Stamper(key, row.der, [])


def _authority(session: Session, runtime: Runtime, role: Role, now: datetime) -> SigningCertificate:
    """The root, or the authority under it, made at first use."""
    found = _standing(session, role, now)
    if found is not None:
        return found
    above = None if role is Role.ROOT else _authority(session, runtime, Role.ROOT, now)
    return _issue(session, runtime, role, above, NAMES[role], now, code=role.value)


def _issue(
    session: Session,
    runtime: Runtime,
    role: Role,
    above: SigningCertificate | None,
    names: tuple[str, str],
    now: datetime,
    *,
    code: str,
    organisation_id: UUID | None = None,
) -> SigningCertificate:
    """Makes a key and has it certified by the authority above; None: by itself."""
    name = _free_key_name(session, f"certificate-{code}-{now:%Y%m%d}")
    key = runtime.keys.p256(name)
    ends = now + timedelta(days=365 * YEARS[role])
    made = make(
        role,
        name_of(*names),
        key.public_key(),
        issuer_of(runtime, above) if above else None,
        key,
        now,
        min(ends, above.not_after) if above else ends,
    )
    require_use(made, role, key.public_key())
    row = SigningCertificate(
        organisation_id=organisation_id,
        role=role,
        issuer_id=above.id if above else None,
        key_name=name,
        der=made.public_bytes(serialization.Encoding.DER),
        not_after=made.not_valid_after_utc,
        created_at=now,
    )
    session.add(row)
    session.flush()
    return row


def _free_key_name(session: Session, name: str) -> str:
    """A key whose certificate was compromised is never used again, not even on the same day."""
    taken = set(
        session.scalars(
            select(SigningCertificate.key_name).where(SigningCertificate.key_name.startswith(name, autoescape=True))
        )
    )
    return next(each for each in (name, *(f"{name}-{number}" for number in range(2, 1000))) if each not in taken)


def _newest(role: Role, organisation_id: UUID | None = None) -> Select[SigningCertificate]:
    return (
        select(SigningCertificate)
        .where(
            SigningCertificate.role == role,
            SigningCertificate.organisation_id == organisation_id,
            SigningCertificate.compromised_since.is_(None),
            # The root of an earlier version issues no authorities: it stays trusted and is used no more.
            SigningCertificate.key_name != "certificate-root",
        )
        .order_by(SigningCertificate.not_after.desc(), SigningCertificate.id.desc())
    )


def _standing(
    session: Session, role: Role, now: datetime, organisation_id: UUID | None = None
) -> SigningCertificate | None:
    query = _newest(role, organisation_id).where(SigningCertificate.not_after > now + RENEW[role])
    found = next((row for row in session.scalars(query) if not _fallen(session, row)), None)
    # What the root of an earlier version has issued has no authority between.
    direct = found is not None and role is Role.SIGNER and len(chain(session, found)) < 2
    return None if direct else found


def _fallen(session: Session, row: SigningCertificate) -> bool:
    """Whether one of those above it was compromised: what it signed is judged by that, and it signs no more."""
    while row.issuer_id is not None:
        row = session.get_one(SigningCertificate, row.issuer_id)
        if row.compromised_since is not None:
            return True
    return False


def carry_over(session: Session, runtime: Runtime, lost: SigningCertificate, now: datetime) -> SigningCertificate:
    """A root in the place of one that was compromised. It certifies the authorities under that one with the keys that
    they have, so that what stands below them is trusted without it; returns the new root."""
    root = _authority(session, runtime, Role.ROOT, now)
    below = select(SigningCertificate).where(
        SigningCertificate.issuer_id == lost.id,
        SigningCertificate.role == Role.ISSUING,
        SigningCertificate.compromised_since.is_(None),
    )
    for row in session.scalars(below).all():
        old, key = x509.load_der_x509_certificate(row.der), runtime.keys.p256(row.key_name)
        ends = min(row.not_after, root.not_after)
        made = make(
            Role.ISSUING,
            old.subject,
            key.public_key(),
            issuer_of(runtime, root),
            key,
            now,
            ends,
            old.not_valid_before_utc,
        )
        session.add(
            SigningCertificate(
                role=Role.ISSUING,
                issuer_id=root.id,
                key_name=row.key_name,
                der=made.public_bytes(serialization.Encoding.DER),
                not_after=ends,
                created_at=now,
            )
        )
    session.flush()
    return root


def issuer_of(runtime: Runtime, row: SigningCertificate) -> Issuer:
    certificate = x509.load_der_x509_certificate(row.der)
    address = f"{runtime.settings.base_url}/crl/{key_id(row.der).hex()}.crl"
    return Issuer(certificate, runtime.keys.p256(row.key_name), address)


def chain(session: Session, row: SigningCertificate) -> list[bytes]:
    """DER of those above a certificate, up to the root."""
    found = []
    while row.issuer_id is not None:
        row = session.get_one(SigningCertificate, row.issuer_id)
        found.append(row.der)
    return found


def crl(session: Session, runtime: Runtime, identifier: str, now: datetime) -> bytes:
    """The list of an authority's certificates that count no more (DER). Raises NotFound."""
    rows = session.scalars(select(SigningCertificate).where(SigningCertificate.role.in_([Role.ROOT, Role.ISSUING])))
    found = next((row for row in rows if key_id(row.der).hex() == identifier), None)
    if found is None:
        raise NotFound("certificate.not_found")
    return list_of(session, runtime, found, now)


def list_of(session: Session, runtime: Runtime, row: SigningCertificate, now: datetime) -> bytes:
    # Under whichever certificate its key has issued them.
    same = select(SigningCertificate.id).where(SigningCertificate.key_name == row.key_name)
    query = select(SigningCertificate).where(
        SigningCertificate.issuer_id.in_(same), SigningCertificate.compromised_since.is_not(None)
    )
    compromised = {
        x509.load_der_x509_certificate(each.der).serial_number: each.compromised_since
        for each in session.scalars(query)
        if each.compromised_since is not None
    }
    return revocation_list(issuer_of(runtime, row), compromised, now)


def authorities(session: Session) -> list[SigningCertificate]:
    """Roots and the authorities under them, oldest first."""
    query = select(SigningCertificate).where(SigningCertificate.role.in_([Role.ROOT, Role.ISSUING]))
    return list(session.scalars(query.order_by(SigningCertificate.created_at, SigningCertificate.id)))


def compromised(session: Session) -> dict[int, datetime]:
    """serial number → since when its key is known to be somebody else's."""
    query = select(SigningCertificate).where(SigningCertificate.compromised_since.is_not(None))
    return {
        x509.load_der_x509_certificate(row.der).serial_number: row.compromised_since
        for row in session.scalars(query)
        if row.compromised_since is not None
    }


def signers(session: Session) -> list[x509.Certificate]:
    """The institutions' certificates, for the published key set."""
    query = select(SigningCertificate).where(SigningCertificate.role == Role.SIGNER)
    rows = session.scalars(query.order_by(SigningCertificate.created_at, SigningCertificate.id))
    return [x509.load_der_x509_certificate(row.der) for row in rows]


def published_keys(session: Session) -> dict[bytes, PublishedKey]:
    """The keys of institutions, by which signed codes and credentials are checked."""
    rows = session.scalars(select(SigningCertificate).where(SigningCertificate.role == Role.SIGNER))
    return dict(published(row.der, row.compromised_since) for row in rows)


def published(der: bytes, compromised_since: datetime | None = None) -> tuple[bytes, PublishedKey]:
    """A signing certificate's key under its identifier."""
    certificate = x509.load_der_x509_certificate(der)
    key = certificate.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    name = certificate.subject.get_attributes_for_oid(NameOID.ORGANIZATION_NAME)[0].value
    starts, ends = certificate.not_valid_before_utc, certificate.not_valid_after_utc
    return key_id(der), PublishedKey(key, str(name), starts, ends, compromised_since)


def root_pem(session: Session) -> bytes | None:
    """What is trusted of this installation, the newest root first."""
    found = trusted(session)
    return found.pem() if found.roots else None


def roots(session: Session) -> list[bytes]:
    """DER of the roots of this installation, those that were compromised too: whoever judges by them must know which."""
    return trusted(session).all_roots


def trusted(session: Session) -> Trust:
    rows = authorities(session)[::-1]
    lost = {row.id: row.compromised_since for row in rows if row.role is Role.ROOT and row.compromised_since}
    good = [row for row in rows if row.compromised_since is None]
    carried_keys = {row.key_name for row in rows if row.issuer_id in lost}
    return Trust(
        tuple(row.der for row in good if row.role is Role.ROOT),
        tuple(row.der for row in good if row.key_name in carried_keys and row.issuer_id not in lost),
        tuple((row.der, lost[row.id]) for row in rows if row.id in lost),
    )


def stamp_roots(runtime: Runtime) -> list[bytes]:
    """DER of the roots of other time-stamp authorities that this installation trusts, for the time and nothing else."""
    path = runtime.settings.tsa_roots
    return read_pem(path) if path else []


def subject_of(organisation: Organisation) -> Subject:
    return Subject(organisation.id, organisation.name, organisation.code)
