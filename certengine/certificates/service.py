"""Issuing and finding certificates; what becomes of them is in lifecycle."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from certengine.certificates import problems, rules
from certengine.certificates.lifecycle import (
    ask_revocation,
    cancel_revocation,
    confirm_revocation,
    revoke,
    supersede,
)
from certengine.certificates.models import STANDING_STATES, Certificate, CertificateFile, CertificateState
from certengine.certificates.press import Press, checkpoint_line, content_of
from certengine.certificates.rules import CertificateContent, ReasonClass
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.ids import fold_code
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import reach
from certengine.people.models import Organisation

__all__ = [
    "ask_revocation",
    "cancel_revocation",
    "checkpoint_line",
    "confirm_revocation",
    "content_of",
    "problems",
    "revoke",
    "supersede",
]


@dataclass(frozen=True)
class CertificateView:
    """What anybody who has the code may see; damaged: the kept file is missing or its bytes are not those issued.

    reason is a class alone, and the successor is named only where its holder agrees.
    """

    id: UUID
    code: str
    number: str
    facts: dict[str, Any]
    state: CertificateState
    issued_at: datetime
    ended_at: datetime | None
    suspended_at: datetime | None
    expired: bool
    reason: ReasonClass | None
    successor: str | None
    pdf: str
    damaged: bool
    place: ledger.Place
    # The department, and when it signed.
    countersigned: tuple[str, datetime] | None


def issue(
    session: Session, runtime: Runtime, contents: Sequence[CertificateContent], actor: str, now: datetime
) -> list[Certificate]:
    """Issues one certificate for each content, in order. A subject whose certificate stands, valid or suspended, gets that one again.

    Raises Invalid naming a character that no font has, or an address that a printed code must not lead to.
    """
    if problem := rules.address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    standing = {
        row.subject: row
        for row in session.scalars(
            select(Certificate).where(
                Certificate.subject.in_([content.subject for content in contents]),
                Certificate.state.in_(STANDING_STATES),
            )
        )
    }
    press = Press(session, runtime, actor, now)
    return [standing.get(content.subject) or press.issue(content) for content in contents]


def by_code(session: Session, runtime: Runtime, code: str) -> CertificateView | None:
    """code as typed; None for one that was never issued."""
    return by_codes(session, runtime, [code]).get(code)


def by_codes(session: Session, runtime: Runtime, codes: Iterable[str]) -> dict[str, CertificateView]:
    """Codes as typed, with what was issued under them; those that were never issued are left out."""
    folded = {code: fold_code(code) for code in codes}
    sought = {code for code in folded.values() if len(code) == rules.CODE_LENGTH}
    rows = session.scalars(select(Certificate).where(Certificate.code.in_(sought))).all() if sought else []
    found = {each.code: each for each in views(session, runtime, rows)}
    return {typed: found[code] for typed, code in folded.items() if code in found}


def by_number(session: Session, runtime: Runtime, number: str, name: str) -> CertificateView | None:
    """Number and name together, so that nobody can leaf through certificates by their numbers."""
    query = select(Certificate).where(
        Certificate.number == number.strip().upper(), Certificate.holder_name == name.strip()
    )
    row = session.scalar(query)
    return view(session, runtime, row) if row else None


def by_pdf(session: Session, runtime: Runtime, digest: str) -> CertificateView | None:
    """By the SHA-256 of the whole file: as it was issued, or with revisions of ours appended."""
    row = _by_file(session, digest)
    return view(session, runtime, row) if row else None


def held(session: Session, digest: str) -> dict[str, datetime]:
    """Of a file of ours the one that was issued, and since when the ledger's signed tree holds it."""
    row = _by_file(session, digest)
    if row is None or ledger.places(session, {row.ledger_entry})[row.ledger_entry].pending:
        return {}
    return {row.pdf: row.issued_at}


def _by_file(session: Session, digest: str) -> Certificate | None:
    row = session.scalar(select(Certificate).where(Certificate.pdf == digest))
    if row is None and (later := session.get(CertificateFile, digest)):
        row = session.get(Certificate, later.certificate_id)
    return row


def view(session: Session, runtime: Runtime, row: Certificate) -> CertificateView:
    return views(session, runtime, [row])[0]


def views(session: Session, runtime: Runtime, rows: Sequence[Certificate]) -> list[CertificateView]:
    """In their order, by a few statements for all."""
    if not rows:
        return []
    shown = {row.successor_id for row in rows if row.successor_id and row.successor_shown}
    query = select(Certificate.id, Certificate.code).where(Certificate.id.in_(shown))
    successors = dict(session.execute(query).all()) if shown else {}
    places = ledger.places(session, {row.ledger_entry for row in rows})
    whole = runtime.files.whole(row.file for row in rows)
    today = runtime.clock.now().astimezone(CHINA).date()
    signers = {row.countersigned_by for row in rows if row.countersigned_by}
    named = select(Organisation.id, Organisation.name).where(Organisation.id.in_(signers))
    departments = dict(session.execute(named).all()) if signers else {}
    return [_view(row, successors, departments, places[row.ledger_entry], row.file in whole, today) for row in rows]


def _view(
    row: Certificate,
    successors: Mapping[UUID, str],
    departments: Mapping[UUID, str],
    place: ledger.Place,
    whole: bool,
    today: date,
) -> CertificateView:
    signed_by = departments.get(row.countersigned_by) if row.countersigned_by else None
    return CertificateView(
        row.id,
        row.code,
        row.number,
        row.content,
        row.state,
        row.issued_at,
        row.ended_at,
        row.suspended_at if row.state is CertificateState.SUSPENDED else None,
        row.expires_on is not None and row.expires_on < today,
        row.reason_class if row.state is not CertificateState.VALID else None,
        successors.get(row.successor_id) if row.successor_id else None,
        row.file,
        not whole,
        place,
        (signed_by, row.countersigned_at) if signed_by and row.countersigned_at else None,
    )


def certificate_of(session: Session, organisation_id: UUID, certificate_id: UUID) -> Certificate:
    """Raises NotFound, also for another organisation's."""
    row = session.get(Certificate, certificate_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("certificate.not_found")
    return row


def certificates_of(session: Session, document_index: str) -> Sequence[Certificate]:
    """Everything that was issued to the holder of a document, newest first."""
    query = select(Certificate).where(Certificate.document_index == document_index)
    return session.scalars(query.order_by(Certificate.issued_at.desc(), Certificate.id.desc())).all()


def institutions(session: Session, region: str) -> dict[UUID, str]:
    """Those of a department's region that have issued certificates, by name."""
    issued = Organisation.id.in_(select(Certificate.organisation_id))
    query = select(Organisation.id, Organisation.name).where(issued, Organisation.id.in_(reach.within(region)))
    return {row.id: row.name for row in session.execute(query.order_by(Organisation.name))}


def certificates_query(
    seen: UUID | str, sought: str = "", state: str = "", institution: UUID | None = None
) -> Select[Any]:
    """Newest first. seen: an organisation, or the region of a department, of which institution is one.

    sought: part of a name, a number or a code.
    """
    query = select(Certificate).order_by(Certificate.issued_at.desc(), Certificate.id.desc())
    query = query.where(reach.sees(Certificate.organisation_id, seen))
    if institution is not None:
        query = query.where(Certificate.organisation_id == institution)
    if sought:
        exact = Certificate.code == fold_code(sought)
        parts = (Certificate.holder_name, Certificate.number)
        query = query.where(or_(exact, *(part.icontains(sought, autoescape=True) for part in parts)))
    if state == "asked":
        return query.where(Certificate.state.in_(STANDING_STATES), Certificate.asked_act.is_not(None))
    return query.where(Certificate.state == CertificateState(state)) if state else query
