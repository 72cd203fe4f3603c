"""What a signature of ours is judged by: the roots that are trusted, what is known besides, and the one spelling that it may
have. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from certengine.certificates import cms
from certengine.certificates.profiles import Role, chain_to, compromised_in, may_be
from certengine.certificates.signing import Envelope
from certengine.ledger.notes import Verifier


@dataclass(frozen=True)
class Known:
    """What a reader may know besides the roots, to judge by."""

    # Roots of time-stamp authorities (DER): trusted for the time and nothing else. Our own roots are always.
    stamp_roots: Sequence[bytes] = ()
    # Lists of revocation (DER), fresher than those in the file.
    lists: Sequence[bytes] = ()
    # Serial number → since when its key is known to be somebody else's; of a root too.
    compromised: Mapping[int, datetime] = field(default_factory=dict)
    # Authorities (DER) below a root that was compromised, certified by another root with the key that they have.
    carried: Sequence[bytes] = ()
    # With a log's key, a file's proof must be signed by it, and by each of the witnesses.
    log: Verifier | None = None
    # Keys that signed the same log before.
    former: Sequence[Verifier] = ()
    witnesses: Sequence[Verifier] = ()
    # Whether the file must bear such a proof; else it counts where there is one.
    proof_demanded: bool = True
    # SHA-256 in hex of a file as it was issued → since when the reader's own ledger holds it.
    held: Mapping[str, datetime] = field(default_factory=dict)
    # By when a signature is judged whose time nothing proves.
    now: datetime | None = None
    # Whether the file must bear a department's signature.
    countersigned: bool = False

    @property
    def logs(self) -> tuple[Verifier, ...]:
        return (*([self.log] if self.log else []), *self.former)


NOTHING = Known()


class Judge:
    """The issued revision, and what is known to judge it by."""

    def __init__(self, issued: bytes, roots: Sequence[bytes], known: Known, embedded: Sequence[bytes]) -> None:
        self.issued, self.roots, self.known = issued, tuple(roots), known
        self.stamp_roots = [loaded(each) for each in (*roots, *known.stamp_roots)]
        self._lists = (*known.lists, *embedded)

    def compromised_since(self, chain: Sequence[bytes]) -> datetime | None:
        """Since when one of the keys is known to be somebody else's; a root's is not in anybody's list."""
        found = [self.known.compromised.get(loaded(chain[-1]).serial_number)]
        for der, above in zip(chain[:-1], chain[1:], strict=True):
            serial = loaded(der).serial_number
            found += [self.known.compromised.get(serial), compromised_in(self._lists, loaded(above), serial)]
        return min((each for each in found if each is not None), default=None)

    def chain(self, certificate: bytes, given: Sequence[bytes], role: Role) -> tuple[bytes, ...] | None:
        """From a signer's certificate up to a root, through the authorities that were carried over from one that was
        compromised where there are such; None where no root that was trusted ever has issued it."""
        first = _chain(certificate, tuple(given), self.roots, role)
        if first is None or loaded(first[-1]).serial_number not in self.known.compromised:
            return first
        good = tuple(each for each in self.roots if loaded(each).serial_number not in self.known.compromised)
        return _chain(certificate, tuple(self.known.carried), good, role) or first


@dataclass(frozen=True)
class Opened:
    """A signature (CMS) as it was read. chain: from the signer up to a root, None where it is trusted by none;
    holds: the signature is the signer's, and spelled as ours are."""

    certificate: bytes
    chain: tuple[bytes, ...] | None
    digest: bytes
    signature: bytes
    token: bytes | None
    at: datetime | None
    holds: bool

    @property
    def signer(self) -> str:
        """The organisation that the signer's certificate names."""
        name = loaded(self.certificate).subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        return str(name[0].value) if name else ""


def opened(judge: Judge, container: bytes, role: Role) -> Opened:
    """container: followed by zeros at most. Raises ValueError, KeyError for what is no signature."""
    data = cms.read(cms.value(container).whole)
    certificate, signature = data.certificate(), data.signature
    (attribute,) = data.signed[cms.MESSAGE_DIGEST]
    digest = cms.value(attribute).content
    (token,) = data.unsigned.get(cms.TIME_STAMP, (None,))
    at = _stated(data) if role is Role.DEPARTMENT else None
    spelled = _chain(certificate, data.certificates, judge.roots, role)
    # Against an unknown root the signature can still be checked by itself.
    envelope = _envelope(certificate, spelled or (), at)
    holds = _is_by(loaded(certificate), signature, envelope.attributes(digest))
    if spelled is not None:
        holds &= container.rstrip(b"\0") == envelope.encode(digest, signature, token).rstrip(b"\0")
    chain = judge.chain(certificate, data.certificates, role)
    return Opened(certificate, chain, digest, signature, token, at, holds)


def _stated(data: cms.SignedData) -> datetime:
    (attribute,) = data.signed[cms.SIGNING_TIME]
    return cms.time_of(attribute)


def in_force(chain: Sequence[bytes], at: datetime) -> bool:
    """When a root begins is not asked (RFC 5280, 6.1.1): one that takes another's place is younger than what it trusts."""
    *below, root = (loaded(each) for each in chain)
    begun = all(each.not_valid_before_utc <= at for each in (below or [root]))
    return begun and all(at <= each.not_valid_after_utc for each in (*below, root))


@lru_cache(maxsize=256)
def loaded(der: bytes) -> x509.Certificate:
    return x509.load_der_x509_certificate(der)


@lru_cache(maxsize=256)
def _chain(
    certificate: bytes, given: tuple[bytes, ...], roots: tuple[bytes, ...], role: Role
) -> tuple[bytes, ...] | None:
    """From a signer's certificate up to a trusted root, DER; None where it may not be used for the role, too.

    Thousands of files of one institution bear the same certificates.
    """
    signer = loaded(certificate)
    found = chain_to(signer, [loaded(each) for each in given], [loaded(each) for each in roots])
    if found is None or not may_be(signer, role):
        return None
    return tuple(each.public_bytes(serialization.Encoding.DER) for each in found)


@lru_cache(maxsize=64)
def _envelope(certificate: bytes, chain: tuple[bytes, ...], at: datetime | None) -> Envelope:
    return Envelope(certificate, chain, at=at)


def _is_by(signer: x509.Certificate, signature: bytes, attributes: bytes) -> bool:
    key = signer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True
