"""Signed PDFs of the programme: issued once for a subject, verified by code and by bytes, withdrawn with a reason."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.certificates import authority
from certengine.certificates.rules import address_problem
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.ids import fold_code, random_code
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.people.models import Organisation, OrganisationKind
from certengine.programme import selection_problems
from certengine.programme.document_models import DocumentKind, OfficialDocument
from certengine.programme.document_sheet import DocumentSheet, Paper, typeset

__all__ = ["selection_problems"]

CODE_LENGTH = 20
# The letter with which each kind's numbers begin.
LETTERS = {
    DocumentKind.PLAQUE: "P",
    DocumentKind.DESIGNATION: "D",
    DocumentKind.SEMINAR_CERTIFICATE: "Y",
    DocumentKind.BEST_COURSE: "C",
    DocumentKind.YEARLY_REPORT: "R",
    DocumentKind.SEMINAR_ACCOUNTS: "J",
}


@dataclass(frozen=True)
class Wanted:
    """What is to be issued. rows are shown as a table, lines as sentences; number None for the next of its kind."""

    kind: DocumentKind
    subject: str
    paper: Paper
    title: str
    holder: str
    lines: tuple[str, ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()
    number: str | None = None
    person_id: UUID | None = None


@dataclass(frozen=True)
class Checked:
    """bound: the kept facts are those of the ledger's entry."""

    document: OfficialDocument
    receipt: ledger.Receipt
    bound: bool


def issue(session: Session, runtime: Runtime, wanted: Wanted, *, actor: str, now: datetime) -> OfficialDocument:
    """Raises Invalid where no public address is set."""
    if problem := address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    # Locked, so that two who issue at once do not take the same number.
    department = provincial_department(session, lock=True)
    code, today = random_code(CODE_LENGTH), now.astimezone(CHINA).date()
    facts: dict[str, Any] = {
        "kind": wanted.kind.value,
        "title": wanted.title,
        "holder": wanted.holder,
        "lines": list(wanted.lines),
        "rows": [list(row) for row in wanted.rows],
        "number": wanted.number or next_number(session, wanted.kind, today.year),
        "institution": department.name if department else "",
        "issued_on": today.isoformat(),
        "code": code,
    }
    # The code is random and in the facts, so that nobody can guess the facts from their hash.
    entry = ledger.record(
        session,
        kind="document.issued",
        actor=actor,
        subject=wanted.subject,
        now=now,
        public={"kind": wanted.kind.value, "facts": canonical_hash(facts)},
        private={"number": facts["number"], "code": code},
    )
    address = f"{runtime.settings.base_url}/documents/{code}"
    sheet = DocumentSheet(facts, wanted.paper, address, ledger.receipt(session, entry).leaf_hash)
    made = OfficialDocument(
        kind=wanted.kind,
        subject=wanted.subject,
        person_id=wanted.person_id,
        number=facts["number"],
        code=code,
        facts=facts,
        pdf=runtime.files.put(_signed(session, runtime, sheet, department, now)),
        ledger_entry=entry,
        issued_at=now,
    )
    session.add(made)
    session.flush()
    return made


def _signed(
    session: Session, runtime: Runtime, sheet: DocumentSheet, department: Organisation | None, now: datetime
) -> bytes:
    """By the province's department; where there is none yet, the ledger's receipt alone proves it."""
    if department is None:
        return typeset(sheet)
    signer = authority.signer(session, runtime, authority.subject_of(department), now)
    return signer.sign(typeset(sheet, signer.dictionary(department.name, now)))


def provincial_department(session: Session, lock: bool = False) -> Organisation | None:
    query = select(Organisation).where(
        Organisation.kind == OrganisationKind.DEPARTMENT, Organisation.region == regions.regions()[0].code
    )
    query = query.order_by(Organisation.created_at, Organisation.id).limit(1)
    return session.scalar(query.with_for_update() if lock else query)


def next_number(session: Session, kind: DocumentKind, year: int) -> str:
    begins = f"{LETTERS[kind]}{year}-"
    last = session.scalar(
        select(func.max(OfficialDocument.number)).where(
            OfficialDocument.kind == kind, OfficialDocument.number.startswith(begins, autoescape=True)
        )
    )
    return f"{begins}{int(last.removeprefix(begins)) + 1 if last else 1:05}"


def documents_of(session: Session, subject: str) -> list[OfficialDocument]:
    """Newest first."""
    query = select(OfficialDocument).where(OfficialDocument.subject == subject)
    return list(session.scalars(query.order_by(OfficialDocument.issued_at.desc(), OfficialDocument.id.desc())))


def by_subject(session: Session, subjects: list[str]) -> Mapping[str, OfficialDocument]:
    """subject → its newest document."""
    query = select(OfficialDocument).where(OfficialDocument.subject.in_(subjects))
    return {each.subject: each for each in session.scalars(query.order_by(OfficialDocument.issued_at))}


def check(session: Session, code: str) -> Checked:
    """Raises NotFound."""
    found = session.scalar(select(OfficialDocument).where(OfficialDocument.code == fold_code(code)))
    if found is None:
        raise NotFound("document.not_found")
    receipt = ledger.receipt(session, found.ledger_entry)
    return Checked(found, receipt, receipt.public.get("facts") == canonical_hash(found.facts))


def same_bytes(found: OfficialDocument, content: bytes) -> bool:
    return hashlib.sha256(content).hexdigest() == found.pdf


def withdraw(session: Session, subject: str, reason: str, *, actor: str, now: datetime) -> None:
    """Whatever was issued for a subject counts no more; whoever verifies it is told why."""
    for each in documents_of(session, subject):
        if each.withdrawn_at is None:
            each.withdrawn_at, each.withdrawn_reason = now, reason[:400]
            ledger.record(
                session,
                kind="document.withdrawn",
                actor=actor,
                subject=subject,
                now=now,
                public={"kind": each.kind.value},
                private={"number": each.number, "reason": reason},
            )
