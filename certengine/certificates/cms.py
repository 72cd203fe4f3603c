"""Signed data (CMS, RFC 5652) read down to its parts, without a structure for each of their parts: thousands of files are
checked. Pure."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache

from asn1crypto import cms as structures
from asn1crypto import core
from cryptography import x509

SEQUENCE, SET, OCTETS, INTEGER, IDENTIFIER, TIME = 0x30, 0x31, 0x04, 0x02, 0x06, 0x18
CONTEXT_0, CONTEXT_1 = 0xA0, 0xA1


def _identifier(dotted: str) -> bytes:
    return bytes(core.ObjectIdentifier(dotted).dump())


SIGNED_DATA = _identifier("1.2.840.113549.1.7.2")
CONTENT_TYPE = _identifier("1.2.840.113549.1.9.3")
MESSAGE_DIGEST = _identifier("1.2.840.113549.1.9.4")
SIGNING_TIME = _identifier("1.2.840.113549.1.9.5")
SIGNING_CERTIFICATE = _identifier("1.2.840.113549.1.9.16.2.12")
SIGNING_CERTIFICATE_V2 = _identifier("1.2.840.113549.1.9.16.2.47")
TIME_STAMP = _identifier("1.2.840.113549.1.9.16.2.14")
TST_INFO = _identifier("1.2.840.113549.1.9.16.1.4")
# Digest algorithms, and the signature algorithms with each.
SHA1, SHA256, SHA384, SHA512 = "sha1", "sha256", "sha384", "sha512"
DIGESTS = {
    _identifier("2.16.840.1.101.3.4.2.1"): SHA256,
    _identifier("2.16.840.1.101.3.4.2.2"): SHA384,
    _identifier("2.16.840.1.101.3.4.2.3"): SHA512,
}
SIGNATURES = {
    _identifier("1.2.840.10045.4.3.2"): ("ecdsa", SHA256),
    _identifier("1.2.840.10045.4.3.3"): ("ecdsa", SHA384),
    _identifier("1.2.840.10045.4.3.4"): ("ecdsa", SHA512),
    _identifier("1.2.840.113549.1.1.11"): ("rsa", SHA256),
    _identifier("1.2.840.113549.1.1.12"): ("rsa", SHA384),
    _identifier("1.2.840.113549.1.1.13"): ("rsa", SHA512),
    # Of RSA the digest alone may be named beside it.
    _identifier("1.2.840.113549.1.1.1"): ("rsa", ""),
}


class NotSigned(ValueError):
    """The bytes are no signed data with one signer."""


@dataclass(frozen=True)
class Value:
    """One DER value: its tag, what is in it, and all of it."""

    tag: int
    content: bytes
    whole: bytes


@dataclass(frozen=True)
class SignedData:
    """What a verifier needs. attributes: as they are signed, a SET; signed and unsigned: kind → values."""

    content_type: bytes
    content: bytes | None
    certificates: tuple[bytes, ...]
    signer: bytes
    digest_algorithm: bytes
    attributes: bytes
    signed: Mapping[bytes, tuple[bytes, ...]]
    signature_algorithm: bytes
    signature: bytes
    unsigned: Mapping[bytes, tuple[bytes, ...]]

    def certificate(self) -> bytes:
        """The signer's. Raises NotSigned where it is not among those given."""
        found = next((each for each in self.certificates if signer_of(each) == self.signer), None)
        if found is None:
            raise NotSigned
        return found


def value(der: bytes, at: int = 0) -> Value:
    """The value that begins there. Raises NotSigned."""
    if at + 2 > len(der) or der[at] & 0x1F == 0x1F:
        raise NotSigned
    length, start = der[at + 1], at + 2
    if length >= 0x80:
        count = length & 0x7F
        length = int.from_bytes(der[start : start + count], "big")
        # The shortest spelling alone (X.690, 10.1).
        if not 1 <= count <= 4 or length < 0x80 or length >> 8 * (count - 1) == 0:
            raise NotSigned
        start += count
    if start + length > len(der):
        raise NotSigned
    return Value(der[at], der[start : start + length], der[at : start + length])


def values(content: bytes) -> Iterator[Value]:
    """The values that stand one after another."""
    at = 0
    while at < len(content):
        found = value(content, at)
        yield found
        at += len(found.whole)


def inside(found: Value, tag: int) -> list[Value]:
    """The values inside one of this tag. Raises NotSigned."""
    if found.tag != tag:
        raise NotSigned
    return list(values(found.content))


def read(der: bytes) -> SignedData:
    """Raises NotSigned, also for bytes after it."""
    outer = value(der)
    if outer.whole != der:
        raise NotSigned
    try:
        kind, explicit = inside(outer, SEQUENCE)
        (data,) = inside(explicit, CONTEXT_0)
        _version, _digests, encapsulated, given, signers = inside(data, SEQUENCE)
        (signer,) = inside(signers, SET)
        content_type, *content = inside(encapsulated, SEQUENCE)
        _version, identifier, digest, attributes, algorithm, signature, *unsigned = inside(signer, SEQUENCE)
        octets = inside(content[0], CONTEXT_0)[0] if content else None
    except ValueError:
        raise NotSigned from None
    if kind.whole != SIGNED_DATA or signature.tag != OCTETS or attributes.tag != CONTEXT_0 or len(unsigned) > 1:
        raise NotSigned
    return SignedData(
        content_type.whole,
        octets.content if octets else None,
        tuple(each.whole for each in inside(given, CONTEXT_0)),
        identifier.whole,
        _algorithm(digest),
        bytes([SET]) + attributes.whole[1:],
        _attributes(attributes, CONTEXT_0),
        _algorithm(algorithm),
        signature.content,
        _attributes(unsigned[0], CONTEXT_1) if unsigned else {},
    )


def _algorithm(found: Value) -> bytes:
    parts = inside(found, SEQUENCE)
    if not parts:
        raise NotSigned
    return parts[0].whole


def _attributes(found: Value, tag: int) -> dict[bytes, tuple[bytes, ...]]:
    read: dict[bytes, tuple[bytes, ...]] = {}
    for each in inside(found, tag):
        try:
            kind, held = inside(each, SEQUENCE)
        except ValueError:
            raise NotSigned from None
        if kind.whole in read:
            raise NotSigned
        read[kind.whole] = tuple(one.whole for one in inside(held, SET))
    return read


def time_of(der: bytes) -> datetime:
    """A UTCTime or GeneralizedTime. Raises NotSigned."""
    try:
        found: datetime = structures.Time.load(der, strict=True).native
    except (ValueError, TypeError, KeyError):
        raise NotSigned from None
    return found


@lru_cache(maxsize=256)
def signer_of(certificate: bytes) -> bytes:
    """Issuer and serial number of a certificate (DER), as a signer is named by."""
    parsed = x509.load_der_x509_certificate(certificate)
    return der(SEQUENCE, parsed.issuer.public_bytes(), core.Integer(parsed.serial_number).dump())


def der(tag: int, *parts: bytes) -> bytes:
    """Tag, length, value (X.690, 8.1)."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
