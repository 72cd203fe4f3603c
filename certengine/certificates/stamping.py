"""Time stamps (RFC 3161, RFC 5816): what our own authority answers, what another one is asked, and their check."""

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any
from urllib.error import URLError
from urllib.request import Request, urlopen

from asn1crypto import cms as structures
from asn1crypto import core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from certengine.certificates import cms
from certengine.certificates.profiles import Role, chain_to, may_be
from certengine.certificates.signing import Envelope
from certengine.foundation.errors import Conflict

# Our policy: the clock of the host, kept by NTP, to the second. A UUID's arc (ITU-T X.667), so nobody else's.
POLICY = "2.25.305821105408246119474742976030998643073"
QUERY, REPLY = "application/timestamp-query", "application/timestamp-reply"
# A request holds a digest and little else.
LONGEST_QUERY, LONGEST_REPLY = 4096, 100_000
DIGESTS: dict[str, hashes.HashAlgorithm] = {
    "sha256": hashes.SHA256(),
    "sha384": hashes.SHA384(),
    "sha512": hashes.SHA512(),
}
SECONDS = 10


class BadStamp(ValueError):
    """A time stamp that is none, that is over something else, or that nobody trusted gave."""


@dataclass(frozen=True)
class TimeStamp:
    """What a token says: when, by whom, and until when the authority's certificate lasts. certificates: from the
    authority's own up to its root, DER; counts: not where somebody else may have had the key."""

    at: datetime
    authority: str
    until: datetime
    certificates: tuple[bytes, ...] = ()
    counts: bool = True


class Stamper:
    """Our own authority's key."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: bytes, chain: Sequence[bytes]) -> None:
        self._key = key
        self._envelope = Envelope(certificate, chain, "tst_info")

    def token(self, digest: bytes, now: datetime, algorithm: str = "sha256", nonce: int | None = None) -> bytes:
        """A token over a digest."""
        info: dict[str, Any] = {
            "version": 1,
            "policy": POLICY,
            "message_imprint": {"hash_algorithm": {"algorithm": algorithm}, "hashed_message": digest},
            "serial_number": secrets.randbits(64),
            "gen_time": now.astimezone(UTC).replace(microsecond=0),
            "accuracy": {"seconds": 1},
        }
        if nonce is not None:
            info["nonce"] = nonce
        content = tsp.TSTInfo(info).dump()
        inside = hashlib.sha256(content).digest()
        signature = self._key.sign(self._envelope.attributes(inside), ec.ECDSA(hashes.SHA256()))
        return self._envelope.encode(inside, signature, content=content)

    def answer(self, query: bytes, now: datetime) -> bytes:
        """The reply to a request, granted or refused with its reason (RFC 3161, 2.4)."""
        try:
            asked = tsp.TimeStampReq.load(query, strict=True)
            imprint = asked["message_imprint"]
            algorithm, digest = imprint["hash_algorithm"]["algorithm"].native, imprint["hashed_message"].native
            nonce, policy = asked["nonce"].native, asked["req_policy"].native
            if asked["version"].native != "v1" or len(asked["extensions"]):
                return _refused("bad_request")
        except (ValueError, TypeError, KeyError):
            return _refused("bad_data_format")
        if algorithm not in DIGESTS or len(digest) != DIGESTS[algorithm].digest_size:
            return _refused("bad_alg")
        if policy not in (None, POLICY):
            return _refused("unaccepted_policy")
        token = structures.ContentInfo.load(self.token(digest, now, algorithm, nonce))
        return bytes(tsp.TimeStampResp({"status": {"status": "granted"}, "time_stamp_token": token}).dump())


def _refused(reason: str) -> bytes:
    # Without a token, which the library's own structure demands.
    return cms.der(cms.SEQUENCE, tsp.PKIStatusInfo({"status": "rejection", "fail_info": {reason}}).dump())


def ask(address: str, digest: bytes) -> bytes:
    """A token of another authority over a SHA-256, over HTTP. Raises Conflict where it gives none."""
    nonce = secrets.randbits(63)
    query = tsp.TimeStampReq(
        {
            "version": 1,
            "message_imprint": {"hash_algorithm": {"algorithm": "sha256"}, "hashed_message": digest},
            "nonce": nonce,
            "cert_req": True,
        }
    ).dump()
    request = Request(address, query, {"Content-Type": QUERY, "Accept": REPLY})
    try:
        with urlopen(request, timeout=SECONDS) as answer:  # nosec B310: of the settings, written by the operator
            reply = tsp.TimeStampResp.load(answer.read(LONGEST_REPLY))
        if reply["status"]["status"].native not in ("granted", "granted_with_mods"):
            raise Conflict("certificate.no_time_stamp")
        token = reply["time_stamp_token"]
        if token["content"]["encap_content_info"]["content"].parsed["nonce"].native != nonce:
            raise Conflict("certificate.no_time_stamp")
    except (URLError, OSError, ValueError, TypeError, KeyError, AttributeError):
        raise Conflict("certificate.no_time_stamp") from None
    return bytes(token.dump())


def read(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> TimeStamp:
    """Checks a token over a SHA-256. Raises BadStamp."""
    try:
        return _read(token, digest, roots)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration, UnsupportedAlgorithm):
        raise BadStamp from None


def _read(token: bytes, digest: bytes, roots: Sequence[x509.Certificate]) -> TimeStamp:
    signed = cms.read(token)
    if signed.content_type != cms.TST_INFO or signed.content is None:
        raise BadStamp
    at = _stated(signed.content, digest)
    certificate = signed.certificate()
    _check_attributes(signed, signed.content, certificate)
    chain = _chain(certificate, signed.certificates, tuple(roots))
    if chain is None or not all(each.not_valid_before_utc <= at <= each.not_valid_after_utc for each in chain):
        raise BadStamp
    name = chain[0].subject.get_attributes_for_oid(x509.NameOID.COMMON_NAME)
    until = min(each.not_valid_after_utc for each in chain)
    return TimeStamp(at, str(name[0].value) if name else "", until, _encoded(tuple(chain)))


@lru_cache(maxsize=64)
def _encoded(chain: tuple[x509.Certificate, ...]) -> tuple[bytes, ...]:
    return tuple(each.public_bytes(serialization.Encoding.DER) for each in chain)


def _stated(content: bytes, digest: bytes) -> datetime:
    """The time that a TSTInfo states for this SHA-256."""
    _version, _policy, imprint, _serial, time, *_more = cms.inside(cms.value(content), cms.SEQUENCE)
    algorithm, hashed = cms.inside(imprint, cms.SEQUENCE)
    kind = cms.inside(algorithm, cms.SEQUENCE)[0].whole
    if cms.DIGESTS.get(kind) != cms.SHA256 or hashed.tag != cms.OCTETS or hashed.content != digest:
        raise BadStamp
    if time.tag != cms.TIME or time.content[-1:] != b"Z":
        raise BadStamp
    whole, _dot, _fraction = time.content[:-1].decode().partition(".")
    return datetime.strptime(whole, "%Y%m%d%H%M%S").replace(tzinfo=UTC)


@lru_cache(maxsize=64)
def _chain(
    certificate: bytes, given: tuple[bytes, ...], roots: tuple[x509.Certificate, ...]
) -> list[x509.Certificate] | None:
    """From a time-stamp authority's certificate up to a trusted root; None for any other certificate."""
    signer = x509.load_der_x509_certificate(certificate)
    if not may_be(signer, Role.STAMPER):
        return None
    return chain_to(signer, [x509.load_der_x509_certificate(each) for each in given], roots)


def _check_attributes(signed: cms.SignedData, content: bytes, certificate: bytes) -> None:
    """That the attributes are over this content and name this certificate (RFC 5816), and that it signed them."""
    algorithm = cms.DIGESTS[signed.digest_algorithm]
    if signed.signed[cms.CONTENT_TYPE] != (cms.TST_INFO,):
        raise BadStamp
    if signed.signed[cms.MESSAGE_DIGEST] != (cms.der(cms.OCTETS, hashlib.new(algorithm, content).digest()),):
        raise BadStamp
    if not _names(signed, certificate) or not _holds(signed, algorithm, certificate):
        raise BadStamp


def _names(signed: cms.SignedData, certificate: bytes) -> bool:
    """Whether the first certificate that the attributes name is this one."""
    newer = signed.signed.get(cms.SIGNING_CERTIFICATE_V2)
    (attribute,) = newer or signed.signed[cms.SIGNING_CERTIFICATE]
    named = cms.inside(cms.inside(cms.inside(cms.value(attribute), cms.SEQUENCE)[0], cms.SEQUENCE)[0], cms.SEQUENCE)
    kind = cms.SHA256 if newer else cms.SHA1
    if newer and named[0].tag == cms.SEQUENCE:
        kind = cms.DIGESTS[cms.inside(named.pop(0), cms.SEQUENCE)[0].whole]
    return named[0].tag == cms.OCTETS and named[0].content == hashlib.new(kind, certificate).digest()


def _holds(signed: cms.SignedData, digest: str, certificate: bytes) -> bool:
    key = x509.load_der_x509_certificate(certificate).public_key()
    method, named = cms.SIGNATURES[signed.signature_algorithm]
    algorithm = DIGESTS[named or digest]
    try:
        if isinstance(key, ec.EllipticCurvePublicKey) and method == "ecdsa":
            key.verify(signed.signature, signed.attributes, ec.ECDSA(algorithm))
        elif isinstance(key, rsa.RSAPublicKey) and method == "rsa":
            key.verify(signed.signature, signed.attributes, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def with_attribute(token: bytes, kind: str, content: bytes) -> bytes:
    """The token with an unsigned attribute: what is put there does not touch its signature."""
    attribute = cms.der(
        cms.SEQUENCE, core.ObjectIdentifier(kind).dump(), cms.der(cms.SET, cms.der(cms.OCTETS, content))
    )
    (data,) = cms.inside(cms.inside(cms.value(token), cms.SEQUENCE)[1], cms.CONTEXT_0)
    *head, signers = cms.inside(data, cms.SEQUENCE)
    (signer,) = cms.inside(signers, cms.SET)
    longer = cms.der(cms.SEQUENCE, signer.content, cms.der(cms.CONTEXT_1, attribute))
    inner = cms.der(cms.SEQUENCE, *(each.whole for each in head), cms.der(cms.SET, longer))
    return cms.der(cms.SEQUENCE, cms.SIGNED_DATA, cms.der(cms.CONTEXT_0, inner))


def attribute_of(token: bytes, kinds: Sequence[str]) -> tuple[str, bytes] | None:
    """The only unsigned attribute, which is of one of these kinds, and what stands in it; None where there is none.

    Raises BadStamp where another one stands there.
    """
    known = {bytes(core.ObjectIdentifier(kind).dump()): kind for kind in kinds}
    try:
        found = cms.read(token).unsigned
        if not found:
            return None
        ((name, (held,)),) = found.items()
        kind, content = known[name], cms.value(held)
    except (ValueError, KeyError):
        raise BadStamp from None
    if content.tag != cms.OCTETS or content.whole != held:
        raise BadStamp
    return kind, content.content
