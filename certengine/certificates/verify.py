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

from certengine.certificates import countersignature, existence, ledger_proof, stamping
from certengine.certificates.countersignature import BadCountersignature, Countersignature
from certengine.certificates.evidence import COUNTERSIGNATURE, LEDGER_PROOF, Extension, read_extension
from certengine.certificates.existence import Revision, earliest
from certengine.certificates.judging import NOTHING, Judge, Known, in_force, opened
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
    def all_stamps(self) -> list[TimeStamp]:
        """Over the signature and over the file, oldest first."""
        return [*([self.stamp] if self.stamp else []), *self.stamps]

    @property
    def lost_stamps(self) -> list[TimeStamp]:
        """Those that count for nothing, since somebody else may have had the key."""
        return [each for each in self.all_stamps if not each.counts]

    @property
    def level(self) -> str:
        """The level of PAdES (ETSI EN 319 142-1), by the time stamps that count."""
        if any(each.counts for each in self.stamps):
            return "B-LTA"
        return "B-T" if self.stamp and self.stamp.counts else "B-B"


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
    evidence = _stamped(extensions, judge, pdf)
    found = _signed(judge, pdf[:length] + pdf[resume:end], container, evidence.proven)
    found = replace(
        found,
        problems=tuple(dict.fromkeys((*found.problems, *evidence.problems))),
        stamps=evidence.stamps,
        ledger=evidence.ledger,
        countersignatures=evidence.seconds,
    )
    return _with_what_follows(found, judge.issued, pdf[:reached], pdf, len(ranges) - len(extensions))


def _extensions(pdf: bytes, start: int) -> tuple[list[Extension], int]:
    """The revisions of evidence that follow the signed one, and where they end."""
    found = []
    while read := read_extension(pdf, start) if start < len(pdf) else None:
        extension, start = read
        found.append(extension)
    return found, start


@dataclass(frozen=True)
class _Evidence:
    """What the revisions after the signed one say. proven: by when the signed one was there."""

    problems: list[str]
    stamps: tuple[TimeStamp, ...]
    seconds: tuple[Countersignature, ...]
    ledger: LedgerProof | None
    proven: datetime | None


def _stamped(extensions: Sequence[Extension], judge: Judge, pdf: bytes) -> _Evidence:
    """Each time stamp over the whole file before it, the ledger's proof in the newest that bears one, and the
    signatures of departments."""
    found: list[str] = []
    proofs: list[LedgerProof] = []
    revisions, issued = [], hashlib.sha256(judge.issued).hexdigest()
    for each in extensions:
        stamp, second = None, None
        try:
            stamp = stamping.read(each.token, each.digest, judge.stamp_roots)
            kind, content = stamping.attribute_of(each.token, (LEDGER_PROOF, COUNTERSIGNATURE)) or ("", b"")
            if kind == COUNTERSIGNATURE:
                second = countersignature.check(judge, content, pdf[: each.start])
            elif kind:
                proofs.append(ledger_proof.check(content, issued, judge.known.logs, judge.known.witnesses))
        except BadStamp:
            found.append("verify.evidence")
        except BadCountersignature:
            found.append("verify.countersignature")
        except BadProof:
            found.append("verify.ledger_proof")
        revisions.append(Revision(stamp, second))
    weighed, proven = existence.weighed(judge, revisions)
    stamps = tuple(each.stamp for each in weighed if each.stamp)
    seconds = tuple(each.second for each in weighed if each.second)
    # What is stamped again may bear a newer proof, under another key: the first that the reader can tell counts.
    proof = next((each for each in proofs if each.signed), proofs[-1] if proofs else None)
    found += _lacking(judge.known, proof, seconds)
    by_ledger = earliest(*(each.proven_at for each in proofs), judge.known.held.get(issued))
    return _Evidence(found, stamps, seconds, proof, earliest(proven, by_ledger))


def _lacking(known: Known, proof: LedgerProof | None, seconds: Sequence[Countersignature]) -> list[str]:
    """What the reader demands and the file does not bear."""
    found = []
    demanded = known.log is not None and known.proof_demanded
    if demanded and (proof is None or not proof.signed or len(proof.witnesses) < len(known.witnesses)):
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


def _signed(judge: Judge, covered: bytes, container: bytes, proven: datetime | None) -> Verdict:
    """A certificate may be damaged in any of its parts, each of which is read only when it is asked for."""
    try:
        return _checked(judge, covered, container, proven)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return Verdict(("verify.bad_signature",))


def _checked(judge: Judge, covered: bytes, container: bytes, proven: datetime | None) -> Verdict:
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
    if stamp is not None and not existence.counts(judge, stamp, proven):
        stamp = replace(stamp, counts=False)
        late = _time_problems(judge, chain, proven or judge.known.now, proven=True)
        found += ["verify.stamp_compromised", *late] if late else []
    else:
        found += _time_problems(judge, chain, stamp.at if stamp else signed_at, proven=stamp is not None)
    facts = _facts(judge.issued)
    found += _content_problems(facts, covered)
    return Verdict(tuple(dict.fromkeys(found)), facts, read.signer, signed_at, stamp)


def _time_problems(judge: Judge, chain: Sequence[bytes], at: datetime | None, *, proven: bool) -> list[str]:
    """What speaks against a signature made at that time; proven: a time stamp says so, not the signer alone."""
    found = []
    if at is None or not in_force(chain, at):
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
