"""PAdES B-B and B-T (ETSI EN 319 142-1): a CMS signature over the sheet, ECDSA P-256, written in one pass.

The sheet is made with its signature dictionary already in place and two holes in it; what is put into them has their
length, so that nothing is parsed or written again. Stock tools append a revision instead and read the file twice.
"""

import hashlib
from collections.abc import Callable, Sequence
from datetime import UTC, datetime

from asn1crypto import algos, cms, core, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certengine.certificates.cms import der
from certengine.certificates.signed_code import key_id

# Room for three certificates, the attributes and a time stamp; ours take about 3,400 bytes.
CONTENTS = 5000
# For time stamps of others, who put longer chains into them.
LARGE_CONTENTS = 16000
RANGE_HOLE = b"[0 0000000000 0000000000 0000000000]"

SIGNED_DATA: bytes = cms.ContentType("signed_data").dump()
SHA256: bytes = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
# Stands for the document's digest until there is one; no other attribute holds these bytes.
HOLE = b"\xfe" * 32
TIME_STAMP_TOKEN: bytes = core.ObjectIdentifier("1.2.840.113549.1.9.16.2.14").dump()
# A time stamp over the digest of a signature: what it gives is a token (DER).
Stamp = Callable[[bytes], bytes]


def contents_hole(size: int) -> bytes:
    return b"<" + b"0" * (2 * size) + b">"


class Envelope:
    """The CMS of a signing certificate and those above it: all that is the same in each of their signatures, encoded
    once.

    There is exactly one spelling for a digest, a signature and a time stamp, so that a reader can demand it byte for
    byte.
    """

    def __init__(
        self,
        certificate: bytes,
        chain: Sequence[bytes] = (),
        content_type: str = "data",
        at: datetime | None = None,
    ) -> None:
        parsed = x509.Certificate.load(certificate)
        # ESSCertIDv2 with SHA-256, its default algorithm left out (RFC 5035).
        named = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate).digest()})
        attributes = [
            {"type": "content_type", "values": [content_type]},
            {"type": "message_digest", "values": [HOLE]},
            {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]},
        ]
        if at is not None:
            # A signature outside of a PDF states its time itself (ETSI EN 319 122-1, 5.2.1).
            attributes.append({"type": "signing_time", "values": [_time(at)]})
        self._attributes: bytes = cms.CMSAttributes(attributes).dump()
        identifier = {"issuer": parsed.issuer, "serial_number": parsed.serial_number}
        self._info_head = _version(1) + cms.IssuerAndSerialNumber(identifier).dump() + SHA256
        self._algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}).dump()
        self._content_type: bytes = cms.ContentType(content_type).dump()
        # Encapsulated content of another type than data makes it version 3 (RFC 5652, 5.1).
        self._version = _version(1 if content_type == "data" else 3)
        self._chain = der(0xA0, *sorted({certificate, *chain}))

    def attributes(self, digest: bytes) -> bytes:
        """What is signed: the attributes, with the digest of the document among them."""
        return self._attributes.replace(HOLE, digest)

    def encode(
        self, digest: bytes, signature: bytes, stamp: bytes | None = None, content: bytes | None = None
    ) -> bytes:
        """SignedData (RFC 5652): detached over a document with this SHA-256, or around a content."""
        # Signed as a SET, stored under the implicit tag [0] (RFC 5652, 5.4).
        attributes = b"\xa0" + self.attributes(digest)[1:]
        unsigned = b"" if stamp is None else der(0xA1, der(0x30, TIME_STAMP_TOKEN, der(0x31, stamp)))
        info = der(0x30, self._info_head, attributes, self._algorithm, der(0x04, signature), unsigned)
        inside = b"" if content is None else der(0xA0, der(0x04, content))
        encapsulated = der(0x30, self._content_type, inside)
        signed = der(0x30, self._version, der(0x31, SHA256), encapsulated, self._chain, der(0x31, info))
        return der(0x30, SIGNED_DATA, der(0xA0, signed))


class Signer:
    """An institution's key with the certificates from its own up to the root; stamp: whoever tells the time; at: when, where the
    signature itself states it."""

    def __init__(
        self,
        key: ec.EllipticCurvePrivateKey,
        certificate: bytes,
        chain: Sequence[bytes],
        stamp: Stamp | None = None,
        room: int = CONTENTS,
        at: datetime | None = None,
    ) -> None:
        self._key, self._stamp = key, stamp
        self._envelope = Envelope(certificate, chain, at=at)
        self._hole = contents_hole(room)
        self.key_id = key_id(certificate)

    def dictionary(self, name: str, now: datetime, permission: int = 1) -> bytes:
        """The signature dictionary with its holes; DocMDP level 1: nothing may be changed, 2: fields may be signed."""
        return (
            b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange "
            + RANGE_HOLE
            + b" /Contents "
            + self._hole
            + signed_by(name, now)
            + b" /Reference [ << /Type /SigRef /TransformMethod /DocMDP /TransformParams "
            b"<< /Type /TransformParams /P %d /V /1.2 >> >> ] >>" % permission
        )

    def sign(self, sheet: bytes) -> bytes:
        """Fills the holes of a sheet that was typeset with `dictionary`."""
        return fill(sheet, self._hole, self.cms)

    def raw(self, message: bytes) -> bytes:
        """A signature over the message itself, as the signed code and credentials carry it (DER)."""
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))

    def cms(self, digest: bytes) -> bytes:
        signature = self._key.sign(self._envelope.attributes(digest), ec.ECDSA(hashes.SHA256()))
        stamp = self._stamp(hashlib.sha256(signature).digest()) if self._stamp else None
        return self._envelope.encode(digest, signature, stamp)


def signed_by(name: str, now: datetime) -> bytes:
    """When and by whom, as a signature dictionary states it."""
    stamp = now.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'").encode()
    return b" /M (" + stamp + b") /Name <FEFF" + name.encode("utf-16-be").hex().upper().encode() + b">"


def fill(sheet: bytes, hole: bytes, signed: Callable[[bytes], bytes], begin: int = 0) -> bytes:
    """Writes the range around a hole (the first one after `begin`) and what is signed over the rest into the hole."""
    start = sheet.index(hole, begin)
    end = start + len(hole)
    filled = bytearray(sheet)
    place = sheet.rindex(RANGE_HOLE, begin, start)
    filled[place : place + len(RANGE_HOLE)] = byte_range(start, end, len(sheet))
    digest = hashlib.sha256(memoryview(filled)[:start])
    digest.update(memoryview(filled)[end:])
    content = signed(digest.digest()).hex().encode()
    if len(content) > len(hole) - 2:
        raise ValueError("the chain of certificates is too long for its place")
    filled[start + 1 : start + 1 + len(content)] = content
    return bytes(filled)


def byte_range(start: int, end: int, length: int) -> bytes:
    spelled = b"[0 %d %d %d]" % (start, end, length - end)
    return spelled[:-1].ljust(len(RANGE_HOLE) - 1) + b"]"


def _time(at: datetime) -> cms.Time:
    """RFC 5652, 11.3: of two digits up to 2049."""
    whole = at.astimezone(UTC).replace(microsecond=0)
    if whole.year < 2050:
        return cms.Time("utc_time", core.UTCTime(whole))
    return cms.Time("general_time", core.GeneralizedTime(whole))


def _version(number: int) -> bytes:
    return b"\x02\x01" + bytes([number])
