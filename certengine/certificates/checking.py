"""What the public pages, the API and the lists say of a certificate: one of four outcomes, or what a file is worth."""

import enum
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from python_calamine import CalamineError, CalamineWorkbook
from sqlalchemy.orm import Session

from certengine.certificates import authority, service
from certengine.certificates.models import CertificateState
from certengine.certificates.service import CertificateView
from certengine.certificates.tampering import named
from certengine.certificates.verify import Known, Unreadable, Verdict, verify
from certengine.foundation.errors import Invalid, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import handover
from certengine.ledger import service as ledger

LONGEST_LIST = 2000


class Outcome(enum.Enum):
    VALID = "valid"
    SUSPENDED = "suspended"
    EXPIRED = "expired"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"
    UNKNOWN = "unknown"
    DAMAGED = "damaged"


def outcome(found: CertificateView | None) -> Outcome:
    """Whatever the state, one word; a damaged file is never called valid or expired."""
    if found is None:
        return Outcome.UNKNOWN
    if found.state is not CertificateState.VALID:
        return Outcome(found.state.value)
    if found.damaged:
        return Outcome.DAMAGED
    return Outcome.EXPIRED if found.expired else Outcome.VALID


def said(found: CertificateView | None) -> dict[str, Any]:
    """For programs."""
    result: dict[str, Any] = {"outcome": outcome(found).value}
    if found is None:
        return result
    place = found.place
    return {
        **result,
        "certificate": found.facts,
        "sha256": found.pdf,
        "ended_at": found.ended_at.isoformat() if found.ended_at else None,
        "suspended_at": found.suspended_at.isoformat() if found.suspended_at else None,
        "reason": found.reason.value if found.reason else None,
        "successor": found.successor,
        "countersigned": found.countersigned
        and {"department": found.countersigned[0], "at": found.countersigned[1].isoformat()},
        "ledger": {"leaf_hash": place.leaf_hash, "index": place.index, "tree_size": place.tree_size},
    }


def known(session: Session, runtime: Runtime, digest: str = "") -> Known:
    """What this installation knows besides its roots. digest: of the file that is judged, SHA-256 in hex."""
    return Known(
        stamp_roots=authority.stamp_roots(runtime),
        compromised=authority.compromised(session),
        carried=authority.trusted(session).carried,
        log=ledger.verifier(session, runtime),
        former=handover.former(session, stolen=False),
        proof_demanded=False,
        held=service.held(session, digest),
        now=runtime.clock.now(),
    )


@dataclass(frozen=True)
class FileCheck:
    """A file that was dropped: the outcome, what is wrong with the file, and the certificate that it claims to be."""

    outcome: Outcome
    problems: tuple[str, ...]
    found: CertificateView | None
    verdict: Verdict


def check_file(session: Session, runtime: Runtime, pdf: bytes, *, look: bool = True) -> FileCheck:
    """Compares the bytes with those issued; where they differ, says how. Raises Invalid for what is no PDF.

    look: an altered file is drawn, and its QR codes are read.
    """
    digest = hashlib.sha256(pdf).hexdigest()
    try:
        verdict = verify(pdf, authority.roots(session), known(session, runtime, digest))
    except Unreadable:
        raise Invalid([Problem("file", "certificate.unreadable")]) from None
    found = service.by_pdf(session, runtime, digest)
    if found is not None and verdict.valid:
        return FileCheck(outcome(found), (), found, verdict)
    verdict = named(pdf, verdict) if look else verdict
    claimed = [str(verdict.facts.get("code", ""))] if verdict.facts else verdict.codes
    original = next(filter(None, (service.by_code(session, runtime, code) for code in claimed)), None)
    if original is not None:
        return FileCheck(Outcome.DAMAGED, verdict.problems, original, verdict)
    return FileCheck(Outcome.DAMAGED if verdict.facts else Outcome.UNKNOWN, verdict.problems, None, verdict)


@dataclass(frozen=True)
class ListLine:
    row: int
    typed: str
    name: str
    outcome: Outcome
    found: CertificateView | None


def check_list(session: Session, runtime: Runtime, content: bytes) -> list[ListLine]:
    """A sheet with names and codes or numbers. A code whose name differs is unknown: it may be another's."""
    lines = []
    for row, typed, name, by_code in _rows(content):
        found = (
            service.by_code(session, runtime, typed) if by_code else service.by_number(session, runtime, typed, name)
        )
        if found is not None and found.facts["name"] != name:
            found = None
        lines.append(ListLine(row, typed, name, outcome(found), found))
    return lines


def _rows(content: bytes) -> Iterator[tuple[int, str, str, bool]]:
    try:
        rows = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()
    except (CalamineError, ValueError, OSError, IndexError):
        raise Invalid([Problem("list", "certificate.list_unreadable")]) from None
    header = [str(cell).strip() for cell in rows[0]] if rows else []
    keys = [column for column in ("查验码", "证书编号") if column in header]
    if not keys or "姓名" not in header:
        raise Invalid([Problem("list", "certificate.list_columns")])
    if len(rows) - 1 > LONGEST_LIST:
        raise Invalid([Problem("list", "certificate.list_long", {"most": LONGEST_LIST})])
    name_at = header.index("姓名")
    for number, row in enumerate(rows[1:], 2):
        cells: list[Any] = list(row)
        typed = [(str(cells[header.index(key)]).strip(), key == "查验码") for key in keys]
        filled = next(((text, is_code) for text, is_code in typed if text), None)
        if filled is not None:
            yield number, filled[0], str(cells[name_at]).strip(), filled[1]
