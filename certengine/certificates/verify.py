"""The check of a certificate's PDF by itself: signature, chain, that nothing was added, and the facts in it. Pure."""

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from asn1crypto import cms
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from certengine.certificates.revisions import changes_between
from certengine.certificates.rules import FORMAT, has_status_address
from certengine.certificates.sheet import FACTS_FILE
from certengine.certificates.signing import Envelope
from certengine.foundation.canonical import canonical_json

BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
DIGEST = "message_digest"
SIGNED_AT = re.compile(rb"/M\s*\(D:(\d{14})\+00'00'\)")


class Unreadable(Exception):
    """Not a PDF, or one too damaged to be read."""


@dataclass(frozen=True)
class Verdict:
    """problems holds codes of the message table, none exactly when the file is as it was issued."""

    problems: tuple[str, ...]
    facts: dict[str, Any] | None = None
    signer: str = ""
    signed_at: datetime | None = None
    # The certificates whose QR codes were found on the page of a file that is not valid.
    codes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.problems


def verify(pdf: bytes, roots: Sequence[bytes]) -> Verdict:
    """roots: trusted certificates, DER. Without one the chain cannot be trusted. Raises Unreadable."""
    if not pdf.startswith(b"%PDF-"):
        raise Unreadable
    ranges = list(BYTE_RANGE.finditer(pdf))
    if not ranges:
        _read(pdf)
        return Verdict(("verify.no_signature",), _facts(pdf))
    start, length, resume, rest = (int(each) for each in ranges[0].groups())
    contents, end = pdf[length:resume], resume + rest
    # Lower-case digits only: two spellings of one signature would be two files of one certificate.
    if start != 0 or not length < resume or end > len(pdf) or not re.fullmatch(rb"<(?:[0-9a-f]{2})+>", contents):
        return Verdict(("verify.not_whole",))
    revision = pdf[:end]
    found = _signed(revision, pdf[:length] + pdf[resume:end], bytes.fromhex(contents[1:-1].decode()), roots)
    return _with_what_follows(found, revision, pdf, len(ranges))


def _with_what_follows(signed: Verdict, revision: bytes, pdf: bytes, signatures: int) -> Verdict:
    """Whatever stands behind the signed revision makes the file invalid; what it does is named."""
    found = []
    if len(revision) < len(pdf):
        found += ["verify.appended", *changes_between(revision, pdf)]
    if signatures > 1:
        found.append("verify.several_signatures")
    elif not found and pdf.count(b"%%EOF") > 1:
        found.append("verify.several_revisions")
    return replace(signed, problems=(*found, *signed.problems))


def _signed(pdf: bytes, covered: bytes, container: bytes, roots: Sequence[bytes]) -> Verdict:
    """A certificate may be damaged in any of its parts, each of which is read only when it is asked for."""
    try:
        return _checked(pdf, covered, container, roots)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Verdict(("verify.bad_signature",))


def _checked(pdf: bytes, covered: bytes, container: bytes, roots: Sequence[bytes]) -> Verdict:
    try:
        signed: Any = cms.ContentInfo.load(container)["content"]
        info = signed["signer_infos"][0]
        certificates = {each.chosen.serial_number: each.chosen.dump() for each in signed["certificates"]}
        certificate = certificates[info["sid"].chosen["serial_number"].native]
        signer = x509.load_der_x509_certificate(certificate)
        signature = info["signature"].native
        digest = next(each["values"][0].native for each in info["signed_attrs"] if each["type"].native == DIGEST)
    except (ValueError, KeyError, IndexError, TypeError, AttributeError, StopIteration):
        return Verdict(("verify.bad_signature",))
    found = []
    if digest != hashlib.sha256(covered).digest():
        found.append("verify.changed")
    root = _root_of(signer, roots)
    if root is None:
        found.append("verify.untrusted")
    # Against an unknown root the signature can still be checked by itself.
    envelope = Envelope(certificate, root or certificate)
    if (
        not _holds(signer, signature, envelope.attributes(digest))
        or root is not None
        and container.rstrip(b"\0") != envelope.encode(digest, signature).rstrip(b"\0")
    ):
        found.append("verify.bad_signature")
    signed_at = _signed_at(covered)
    if signed_at is None or not signer.not_valid_before_utc <= signed_at <= signer.not_valid_after_utc:
        found.append("verify.expired")
    if not re.search(rb"/TransformMethod\s*/DocMDP.*?/P\s*1\b", covered, re.S) or b"/Perms" not in covered:
        found.append("verify.allows_changes")
    facts = _facts(pdf)
    if facts is None:
        found.append("verify.no_facts")
    elif not has_status_address(facts):
        found.append("verify.no_status_address")
    name = signer.subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
    return Verdict(tuple(dict.fromkeys(found)), facts, str(name[0].value) if name else "", signed_at)


def _holds(signer: x509.Certificate, signature: bytes, attributes: bytes) -> bool:
    key = signer.public_key()
    if not isinstance(key, ec.EllipticCurvePublicKey):
        return False
    try:
        key.verify(signature, attributes, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def _root_of(signer: x509.Certificate, roots: Sequence[bytes]) -> bytes | None:
    """The trusted root that issued the signer's certificate, if that certificate may sign documents."""
    for der in roots:
        try:
            signer.verify_directly_issued_by(x509.load_der_x509_certificate(der))
            usage = signer.extensions.get_extension_for_class(x509.KeyUsage).value
        except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm, x509.ExtensionNotFound):
            continue
        if usage.content_commitment:
            return der
    return None


def _signed_at(covered: bytes) -> datetime | None:
    match = SIGNED_AT.search(covered)
    if match is None:
        return None
    try:
        return datetime.strptime(match.group(1).decode(), "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def _read(pdf: bytes) -> PdfReader:
    try:
        reader = PdfReader(BytesIO(pdf))
        len(reader.pages)
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, RecursionError, IndexError):
        raise Unreadable from None
    return reader


def _facts(pdf: bytes) -> dict[str, Any] | None:
    """The attached facts, where they are ours and spelled canonically."""
    try:
        content = _read(pdf).attachments[FACTS_FILE][0]
        facts = json.loads(content)
        ours = facts["format"] == FORMAT and canonical_json(facts) == content
    except (Unreadable, PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return None
    return facts if ours else None
