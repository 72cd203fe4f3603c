"""The check of a certificate's PDF by itself: signature, chain, time stamps, that nothing was added, and the facts in it.
Pure."""

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from io import BytesIO
from typing import Any

from cryptography.exceptions import UnsupportedAlgorithm
from pypdf import PdfReader
from pypdf.errors import PyPdfError

from certengine.certificates import countersignature, ledger_proof, stamping
from certengine.certificates.countersignature import BadCountersignature, Countersignature
from certengine.certificates.evidence import COUNTERSIGNATURE, LEDGER_PROOF, Extension, read_extension
from certengine.certificates.judging import NOTHING, Judge, Known, loaded, opened
from certengine.certificates.ledger_proof import BadProof, LedgerProof
from certengine.certificates.profiles import Role
from certengine.certificates.revisions import changes_between
from certengine.certificates.rules import FORMAT, has_status_address
from certengine.certificates.sheet import FACTS_FILE
from certengine.certificates.stamping import BadStamp, TimeStamp
from certengine.foundation.canonical import canonical_json

__all__ = ["NOTHING", "Known", "Unreadable", "Verdict", "verify"]

BYTE_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
SIGNED_AT = re.compile(rb"/M\s*\(D:(\d{14})\+00'00'\)")


class Unreadable(Exception):
    """Not a PDF, or one too damaged to be read."""


@dataclass(frozen=True)
class Verdict:
    """problems holds codes of the message table, none exactly when the file is as it was issued."""

    problems: tuple[str, ...]
    facts: dict[str, Any] | None = None
    signer: str = ""
    # As the signer stated it, and as the time-stamp authority did.
    signed_at: datetime | None = None
    stamp: TimeStamp | None = None
    # Of the whole file, oldest first.
    stamps: tuple[TimeStamp, ...] = ()
    ledger: LedgerProof | None = None
    # Of departments, oldest first.
    countersignatures: tuple[Countersignature, ...] = ()
    # The certificates whose QR codes were found on the page of a file that is not valid.
    codes: tuple[str, ...] = ()

    @property
    def valid(self) -> bool:
        return not self.problems

    @property
    def level(self) -> str:
        """The level of PAdES (ETSI EN 319 142-1)."""
        return "B-LTA" if self.stamps else "B-T" if self.stamp else "B-B"


def verify(pdf: bytes, roots: Sequence[bytes], known: Known = NOTHING) -> Verdict:
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
    extensions, reached = _extensions(pdf, end)
    container = bytes.fromhex(contents[1:-1].decode())
    judge = Judge(pdf[:end], roots, known, [crl for each in extensions for crl in each.evidence.lists])
    found = _signed(judge, pdf[:length] + pdf[resume:end], container)
    found = _stamped(found, extensions, judge, pdf)
    return _with_what_follows(found, judge.issued, pdf[:reached], pdf, len(ranges) - len(extensions))


def _extensions(pdf: bytes, start: int) -> tuple[list[Extension], int]:
    """The revisions of evidence that follow the signed one, and where they end."""
    found = []
    while read := read_extension(pdf, start) if start < len(pdf) else None:
        extension, start = read
        found.append(extension)
    return found, start


def _stamped(signed: Verdict, extensions: Sequence[Extension], judge: Judge, pdf: bytes) -> Verdict:
    """Each time stamp over the whole file before it, the ledger's proof in the newest that bears one, and the
    signatures of departments."""
    found, stamps, seconds, proof = list(signed.problems), [], [], None
    for each in extensions:
        try:
            stamps.append(stamping.read(each.token, each.digest, judge.stamp_roots))
            kind, content = stamping.attribute_of(each.token, (LEDGER_PROOF, COUNTERSIGNATURE)) or ("", b"")
            if kind == COUNTERSIGNATURE:
                seconds.append(countersignature.check(judge, content, pdf[: each.start]))
            elif kind:
                issued = hashlib.sha256(judge.issued).hexdigest()
                proof = ledger_proof.check(content, issued, judge.known.log, judge.known.witnesses)
        except BadStamp:
            found.append("verify.evidence")
        except BadCountersignature:
            found.append("verify.countersignature")
        except BadProof:
            found.append("verify.ledger_proof")
    found += _lacking(judge.known, proof, seconds)
    return replace(
        signed,
        problems=tuple(dict.fromkeys(found)),
        stamps=tuple(stamps),
        ledger=proof,
        countersignatures=tuple(seconds),
    )


def _lacking(known: Known, proof: LedgerProof | None, seconds: Sequence[Countersignature]) -> list[str]:
    """What the reader demands and the file does not bear."""
    found = []
    if known.log is not None and (proof is None or not proof.signed or len(proof.witnesses) < len(known.witnesses)):
        found.append("verify.ledger_key")
    if known.countersigned and all(each.compromised for each in seconds):
        found.append("verify.not_countersigned")
    return found


def _with_what_follows(signed: Verdict, issued: bytes, revision: bytes, pdf: bytes, signatures: int) -> Verdict:
    """Whatever stands behind the stamped revision makes the file invalid; what it does is named."""
    found = []
    if len(revision) < len(pdf):
        found += ["verify.appended", *changes_between(revision, pdf)]
    if signatures > 1:
        found.append("verify.several_signatures")
    elif not found and issued.count(b"%%EOF") > 1:
        found.append("verify.several_revisions")
    return replace(signed, problems=(*found, *signed.problems))


def _signed(judge: Judge, covered: bytes, container: bytes) -> Verdict:
    """A certificate may be damaged in any of its parts, each of which is read only when it is asked for."""
    try:
        return _checked(judge, covered, container)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Verdict(("verify.bad_signature",))


def _checked(judge: Judge, covered: bytes, container: bytes) -> Verdict:
    try:
        read = opened(judge, container, Role.SIGNER)
    except (ValueError, KeyError):
        return Verdict(("verify.bad_signature",))
    found = []
    if read.digest != hashlib.sha256(covered).digest():
        found.append("verify.changed")
    if read.chain is None:
        found.append("verify.untrusted")
    if not read.holds:
        found.append("verify.bad_signature")
    stamp = None
    if read.token is not None and read.chain is not None:
        try:
            stamp = stamping.read(read.token, hashlib.sha256(read.signature).digest(), judge.stamp_roots)
        except BadStamp:
            found.append("verify.stamp")
    signed_at = _signed_at(covered)
    chain = read.chain or (read.certificate,)
    found += _time_problems(judge, chain, stamp.at if stamp else signed_at, proven=stamp is not None)
    facts = _facts(judge.issued)
    found += _content_problems(facts, covered)
    return Verdict(tuple(dict.fromkeys(found)), facts, read.signer, signed_at, stamp)


def _time_problems(judge: Judge, chain: Sequence[bytes], at: datetime | None, *, proven: bool) -> list[str]:
    """What speaks against a signature made at that time; proven: a time stamp says so, not the signer alone."""
    found = []
    certificates = [loaded(each) for each in chain]
    if at is None or not all(each.not_valid_before_utc <= at <= each.not_valid_after_utc for each in certificates):
        found.append("verify.expired")
    since = judge.compromised_since(chain)
    if since is not None and (at is None or not proven or at >= since):
        found.append("verify.compromised")
    return found


def _content_problems(facts: Mapping[str, Any] | None, covered: bytes) -> list[str]:
    found = []
    if not re.search(rb"/TransformMethod\s*/DocMDP.*?/P\s*1\b", covered, re.S) or b"/Perms" not in covered:
        found.append("verify.allows_changes")
    if facts is None:
        found.append("verify.no_facts")
    elif not has_status_address(facts):
        found.append("verify.no_status_address")
    return found


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
