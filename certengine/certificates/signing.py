"""PAdES B-B (ETSI EN 319 142-1): a CMS signature over the sheet, ECDSA P-256, written in one pass.

The sheet is made with its signature dictionary already in place and two holes in it; what is put into them has their
length, so that nothing is parsed or written again. Stock tools append a revision instead and read the file twice.
"""

import hashlib
from datetime import UTC, datetime

from asn1crypto import algos, cms, tsp, x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec

from certengine.certificates.signed_code import key_id

# Room for two certificates and the attributes; ours take about 2,000 bytes.
CONTENTS = 3000
RANGE_HOLE = b"[0 0000000000 0000000000 0000000000]"
CONTENTS_HOLE = b"<" + b"0" * (2 * CONTENTS) + b">"


SIGNED_DATA: bytes = cms.ContentType("signed_data").dump()
SHA256: bytes = algos.DigestAlgorithm({"algorithm": "sha256"}).dump()
VERSION_1 = b"\x02\x01\x01"
# Stands for the document's digest until there is one; no other attribute holds these bytes.
HOLE = b"\xfe" * 32


class Envelope:
    """The CMS of a signing certificate and its root: all that is the same in each of their signatures, encoded once.

    There is exactly one spelling for a digest and a signature, so that a reader can demand it byte for byte.
    """

    def __init__(self, certificate: bytes, root: bytes) -> None:
        parsed = x509.Certificate.load(certificate)
        # ESSCertIDv2 with SHA-256, its default algorithm left out (RFC 5035).
        named = tsp.ESSCertIDv2({"cert_hash": hashlib.sha256(certificate).digest()})
        attributes = [
            {"type": "content_type", "values": ["data"]},
            {"type": "message_digest", "values": [HOLE]},
            {"type": "signing_certificate_v2", "values": [tsp.SigningCertificateV2({"certs": [named]})]},
        ]
        self._attributes: bytes = cms.CMSAttributes(attributes).dump()
        identifier = {"issuer": parsed.issuer, "serial_number": parsed.serial_number}
        self._info_head = VERSION_1 + cms.IssuerAndSerialNumber(identifier).dump() + SHA256
        self._algorithm = algos.SignedDigestAlgorithm({"algorithm": "sha256_ecdsa"}).dump()
        chain = der(0xA0, *sorted([certificate, root]))
        content = cms.EncapsulatedContentInfo({"content_type": "data"}).dump()
        self._signed_head = VERSION_1 + der(0x31, SHA256) + content + chain

    def attributes(self, digest: bytes) -> bytes:
        """What is signed: the attributes, with the digest of the document among them."""
        return self._attributes.replace(HOLE, digest)

    def encode(self, digest: bytes, signature: bytes) -> bytes:
        """A detached SignedData over a document with this SHA-256 (RFC 5652)."""
        # Signed as a SET, stored under the implicit tag [0] (RFC 5652, 5.4).
        attributes = b"\xa0" + self.attributes(digest)[1:]
        info = der(0x30, self._info_head, attributes, self._algorithm, der(0x04, signature))
        signed = der(0x30, self._signed_head, der(0x31, info))
        return der(0x30, SIGNED_DATA, der(0xA0, signed))


class Signer:
    """An institution's key with its chain."""

    def __init__(self, key: ec.EllipticCurvePrivateKey, certificate: bytes, root: bytes) -> None:
        self._key = key
        self._envelope = Envelope(certificate, root)
        self.key_id = key_id(certificate)

    def dictionary(self, name: str, now: datetime) -> bytes:
        """The signature dictionary with its holes; DocMDP level 1: nothing may be changed."""
        stamp = now.astimezone(UTC).strftime("D:%Y%m%d%H%M%S+00'00'").encode()
        title = b"<FEFF" + name.encode("utf-16-be").hex().upper().encode() + b">"
        return (
            b"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached /ByteRange "
            + RANGE_HOLE
            + b" /Contents "
            + CONTENTS_HOLE
            + b" /M ("
            + stamp
            + b") /Name "
            + title
            + b" /Reference [ << /Type /SigRef /TransformMethod /DocMDP /TransformParams "
            b"<< /Type /TransformParams /P 1 /V /1.2 >> >> ] >>"
        )

    def sign(self, sheet: bytes) -> bytes:
        """Fills the holes of a sheet that was typeset with `dictionary`."""
        start = sheet.index(CONTENTS_HOLE)
        end = start + len(CONTENTS_HOLE)
        spelled = b"[0 %d %d %d]" % (start, end, len(sheet) - end)
        hole = sheet.index(RANGE_HOLE)
        filled = bytearray(sheet)
        filled[hole : hole + len(RANGE_HOLE)] = spelled[:-1].ljust(len(RANGE_HOLE) - 1) + b"]"
        digest = hashlib.sha256(memoryview(filled)[:start])
        digest.update(memoryview(filled)[end:])
        signature = self.cms(digest.digest()).hex().encode()
        if len(signature) > 2 * CONTENTS:
            raise ValueError("the chain of certificates is too long for its place")
        filled[start + 1 : start + 1 + len(signature)] = signature
        return bytes(filled)

    def raw(self, message: bytes) -> bytes:
        """A signature over the message itself, as the signed code and credentials carry it (DER)."""
        return self._key.sign(message, ec.ECDSA(hashes.SHA256()))

    def cms(self, digest: bytes) -> bytes:
        signature = self._key.sign(self._envelope.attributes(digest), ec.ECDSA(hashes.SHA256()))
        return self._envelope.encode(digest, signature)


def der(tag: int, *parts: bytes) -> bytes:
    """Tag, length, value (X.690, 8.1)."""
    content = b"".join(parts)
    if len(content) < 128:
        return bytes([tag, len(content)]) + content
    length = len(content).to_bytes((len(content).bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(length)]) + length + content
