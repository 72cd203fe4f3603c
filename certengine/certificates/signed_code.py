"""The printed facts as a signed code, so that a phone without network can check a sheet of paper. Pure.

A CWT (RFC 8392) in a COSE_Sign1 (RFC 9052), ES256, in base45 (RFC 9285), so that a QR code holds it in its
alphanumeric mode, as the health certificates of the European Union do.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from io import BytesIO
from typing import Any

import cbor2
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature

PREFIX = "CE1:"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
# A QR code of version 40 holds 4,296 characters at most.
LONGEST = 4300
COSE_SIGN1 = 18
ALGORITHM, KEY_ID, ES256 = 1, 4, -7
ISSUER, ISSUED_AT, FACTS = 1, 6, -65537
# The place of a field is its key in the code: append only, never move one. What is not printed is not here, and the
# photograph cannot be.
FIELDS = (
    "kind",
    "number",
    "code",
    "name",
    "sex",
    "document_type",
    "document",
    "occupation",
    "occupation_en",
    "direction",
    "level",
    "institution",
    "issued_on",
    "theory",
    "practical",
    "hours",
    "course",
    "assessment",
    "expires_on",
)


class NotACode(ValueError):
    """The text is no signed code of a certificate, or a damaged one."""


@dataclass(frozen=True)
class SignedCode:
    """What a code says, whoever signed it."""

    key_id: bytes
    issuer: str
    issued_at: datetime
    facts: dict[str, str]
    protected: bytes
    payload: bytes
    signature: bytes


@dataclass(frozen=True)
class PublishedKey:
    """A signing certificate's key as it is published."""

    key: ec.EllipticCurvePublicKey
    institution: str
    not_before: datetime
    not_after: datetime
    # Since when somebody else may have the key; a code has no time stamp, so none of its codes can be told from theirs.
    compromised_since: datetime | None = None


def key_id(certificate: bytes) -> bytes:
    """The first eight bytes of the SHA-256 of a signing certificate (DER)."""
    return sha256(certificate).digest()[:8]


def encode(
    facts: Mapping[str, Any], issuer: str, issued_at: datetime, identifier: bytes, sign: Callable[[bytes], bytes]
) -> str:
    """The text of the code. sign gives the DER of an ECDSA signature over SHA-256 with P-256."""
    places = {place: facts[name] for place, name in enumerate(FIELDS) if facts.get(name)}
    payload = _cbor({ISSUER: issuer, ISSUED_AT: int(issued_at.timestamp()), FACTS: places})
    protected = _cbor({ALGORITHM: ES256, KEY_ID: identifier})
    r, s = decode_dss_signature(sign(_signed_bytes(protected, payload)))
    signature = r.to_bytes(32, "big") + s.to_bytes(32, "big")
    return PREFIX + base45(_cbor(cbor2.CBORTag(COSE_SIGN1, [protected, {}, payload, signature])))


def decode(text: str) -> SignedCode:
    """Reads a code without judging its signature. Raises NotACode."""
    text = text.strip("\r\n\t")
    if not text.startswith(PREFIX) or len(text) > LONGEST:
        raise NotACode
    try:
        content = from_base45(text.removeprefix(PREFIX))
        protected, unprotected, payload, signature = _one(content, COSE_SIGN1)
        header, claims = _one(protected), _one(payload)
        if unprotected != {} or header[ALGORITHM] != ES256 or len(signature) != 64:
            raise NotACode
        facts = {FIELDS[place]: value for place, value in claims[FACTS].items()}
        issued_at = datetime.fromtimestamp(claims[ISSUED_AT], UTC)
        read = SignedCode(header[KEY_ID], claims[ISSUER], issued_at, facts, protected, payload, signature)
    except (cbor2.CBORDecodeError, KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError, OSError):
        raise NotACode from None
    texts = [read.issuer, *read.facts.values()]
    if not isinstance(read.key_id, bytes) or not all(isinstance(each, str) for each in texts):
        raise NotACode
    return read


def problem_of(code: SignedCode, keys: Mapping[bytes, PublishedKey]) -> str | None:
    """Why a code is not to be trusted, as a code of the message table; None for a good one."""
    published = keys.get(code.key_id)
    if published is None:
        return "verify.code_unknown_key"
    r, s = (int.from_bytes(half, "big") for half in (code.signature[:32], code.signature[32:]))
    message = _signed_bytes(code.protected, code.payload)
    try:
        published.key.verify(encode_dss_signature(r, s), message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return "verify.code_changed"
    if published.compromised_since is not None:
        return "verify.code_compromised"
    if not published.not_before <= code.issued_at <= published.not_after:
        return "verify.expired"
    # Without an address to ask at, a revocation could be hidden.
    stated = code.issuer.startswith(("https://", "http://")) and code.facts.get("code")
    return None if stated else "verify.no_status_address"


def differences(code: SignedCode, facts: Mapping[str, Any]) -> list[str]:
    """The names of the printed fields in which a code and a certificate differ."""
    return [name for name in FIELDS if code.facts.get(name, "") != (facts.get(name) or "")]


def base45(content: bytes) -> str:
    """RFC 9285: two bytes as three characters, a last one as two."""
    out = []
    for start in range(0, len(content), 2):
        pair = content[start : start + 2]
        value = int.from_bytes(pair, "big")
        digits = (value % 45, value // 45 % 45, value // 2025)
        out += [ALPHABET[digit] for digit in digits[: len(pair) + 1]]
    return "".join(out)


def from_base45(text: str) -> bytes:
    """Raises ValueError for what is no base45."""
    digits = [ALPHABET.index(character) for character in text]
    out = bytearray()
    for start in range(0, len(digits), 3):
        group = digits[start : start + 3]
        if len(group) == 1:
            raise ValueError(text)
        value = sum(digit * 45**place for place, digit in enumerate(group))
        out += _bytes(value, len(group) - 1)
    return bytes(out)


def _bytes(value: int, length: int) -> bytes:
    if value >= 256**length:
        raise ValueError(value)
    return value.to_bytes(length, "big")


def _cbor(value: Any) -> bytes:
    return cbor2.dumps(value, canonical=True)


def _one(content: bytes, tag: int | None = None) -> Any:
    """One CBOR value, spelled canonically and with nothing behind it."""
    stream = BytesIO(content)
    value = cbor2.load(stream)
    if stream.read(1) or _cbor(value) != content:
        raise ValueError("not one value")
    if tag is None:
        return value
    if not isinstance(value, cbor2.CBORTag) or value.tag != tag:
        raise ValueError("another tag")
    return value.value


def _signed_bytes(protected: bytes, payload: bytes) -> bytes:
    """Sig_structure (RFC 9052, 4.4)."""
    return _cbor(["Signature1", protected, b"", payload])
