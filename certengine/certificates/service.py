"""Issuing, finding, revoking and replacing certificates."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from certengine.certificates import authority, problems, rules, signed_code
from certengine.certificates.authority import Subject
from certengine.certificates.models import Certificate, CertificateSeries, CertificateState
from certengine.certificates.rules import CertificateContent
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.signing import Signer
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import fold_code, new_id, random_code
from certengine.foundation.runtime import Runtime
from certengine.ledger import notes
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.standards.rules import Level

__all__ = ["problems"]


@dataclass(frozen=True)
class CertificateView:
    """What anybody who has the code may see; damaged: the kept file is missing or its bytes are not those issued."""

    id: UUID
    code: str
    number: str
    facts: dict[str, Any]
    state: CertificateState
    issued_at: datetime
    ended_at: datetime | None
    reason: str | None
    successor: str | None
    pdf: str
    damaged: bool
    receipt: ledger.Receipt


def issue(
    session: Session, runtime: Runtime, contents: Sequence[CertificateContent], actor: str, now: datetime
) -> list[Certificate]:
    """Issues one certificate for each content, in order. A subject that has a valid one gets that one again.

    Raises Invalid naming a character that no font has, or an address that a printed code must not lead to.
    """
    if problem := rules.address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    standing = {
        row.subject: row
        for row in session.scalars(
            select(Certificate).where(
                Certificate.subject.in_([content.subject for content in contents]),
                Certificate.state == CertificateState.VALID,
            )
        )
    }
    press = _Press(session, runtime, actor, now)
    return [standing.get(content.subject) or press.issue(content) for content in contents]


class _Press:
    """What is the same for all certificates of one issue: signers, checkpoint line, numbers."""

    def __init__(self, session: Session, runtime: Runtime, actor: str, now: datetime) -> None:
        self._session, self._runtime, self._actor, self._now = session, runtime, actor, now
        self._signers: dict[UUID, Signer] = {}
        self._series: dict[tuple[UUID, int], CertificateSeries] = {}
        self._checkpoint = checkpoint_line(session)

    def issue(self, content: CertificateContent, predecessor: UUID | None = None) -> Certificate:
        code = random_code(rules.CODE_LENGTH)
        year = content.issued_on.year
        serial = self._serial(content.organisation_id, year)
        number = rules.certificate_number(content.institution_code, year, content.kind, content.level, serial)
        facts = rules.printed(content, number, code, self._runtime.settings.base_url)
        pdf = self._runtime.files.put(self._print(content, facts))
        certificate_id = new_id()
        entry = ledger.record(
            self._session,
            kind="certificate.issued",
            actor=self._actor,
            subject=f"certificate:{certificate_id}",
            now=self._now,
            public={"kind": content.kind.value, "pdf": pdf, "replaces": str(predecessor) if predecessor else None},
            private={"facts": facts, "subject": content.subject},
        )
        made = Certificate(
            id=certificate_id,
            code=code,
            number=number,
            kind=content.kind,
            organisation_id=content.organisation_id,
            holder_name=content.holder_name,
            document_index=content.document_index,
            subject=content.subject,
            content=facts,
            pdf=pdf,
            issued_at=self._now,
            issued_by=self._actor,
            ledger_entry=entry,
        )
        self._session.add(made)
        self._session.flush()
        return made

    def _print(self, content: CertificateContent, facts: dict[str, Any]) -> bytes:
        photo = self._runtime.files.get(content.photo) if content.photo else None
        signer = self._signer(content)
        dictionary = signer.dictionary(content.institution_name, self._now)
        code = signed_code.encode(facts, self._runtime.settings.base_url, self._now, signer.key_id, signer.raw)
        return signer.sign(typeset(Sheet(facts, self._checkpoint, photo, code), dictionary))

    def _signer(self, content: CertificateContent) -> Signer:
        key = content.organisation_id
        if key not in self._signers:
            subject = Subject(key, content.institution_name, content.institution_code)
            self._signers[key] = authority.signer(self._session, self._runtime, subject, self._now)
        return self._signers[key]

    def _serial(self, organisation_id: UUID, year: int) -> int:
        series = self._series.get((organisation_id, year))
        if series is None:
            dialect = postgresql if self._session.get_bind().dialect.name == "postgresql" else sqlite
            values = {"organisation_id": organisation_id, "year": year, "last": 0}
            self._session.execute(dialect.insert(CertificateSeries).values(values).on_conflict_do_nothing())
            query = select(CertificateSeries).where(
                CertificateSeries.organisation_id == organisation_id, CertificateSeries.year == year
            )
            series = self._session.scalars(query.with_for_update()).one()
            self._series[organisation_id, year] = series
        series.last += 1
        return series.last


def checkpoint_line(session: Session) -> str:
    """The newest checkpoint as it is printed: size and the beginning of its root. Empty before the first."""
    note = ledger.latest_checkpoint(session)
    if note is None:
        return ""
    size, root = notes.parse_note(note)[0].decode().split("\n")[1:3]
    return f"账本检查点 {size} / {root[:16]}"


def ask_revocation(session: Session, certificate_id: UUID, reason: str, actor: str, now: datetime) -> Certificate:
    """The first of the two people."""
    if not reason.strip():
        raise Invalid([Problem("reason", "certificate.reason_missing")])
    row = _valid(session, certificate_id)
    if row.revocation_asked_by:
        raise Conflict("certificate.asked_already")
    row.revocation_asked_by, row.revocation_asked_at, row.reason = actor, now, reason.strip()
    _record(session, "certificate.revocation_asked", row, actor, now, {"reason": row.reason})
    return row


def cancel_revocation(session: Session, certificate_id: UUID, actor: str, now: datetime) -> Certificate:
    row = _valid(session, certificate_id)
    if not row.revocation_asked_by:
        raise Conflict("certificate.not_asked")
    row.revocation_asked_by = row.revocation_asked_at = row.reason = None
    _record(session, "certificate.revocation_cancelled", row, actor, now, {})
    return row


def confirm_revocation(session: Session, certificate_id: UUID, actor: str, now: datetime) -> Certificate:
    """The second person, who must be another than the first."""
    row = _valid(session, certificate_id)
    if not row.revocation_asked_by:
        raise Conflict("certificate.not_asked")
    if row.revocation_asked_by == actor:
        raise Conflict("certificate.second_person")
    row.state, row.ended_at, row.ended_by = CertificateState.REVOKED, now, actor
    session.flush()
    _record(session, "certificate.revoked", row, actor, now, {"asked_by": row.revocation_asked_by})
    return row


def revoke(
    session: Session, certificate_id: UUID, reason: str, actor: str, second_actor: str, now: datetime
) -> Certificate:
    """Both steps at once, for a decision that two people have signed already."""
    ask_revocation(session, certificate_id, reason, actor, now)
    return confirm_revocation(session, certificate_id, second_actor, now)


def supersede(
    session: Session,
    runtime: Runtime,
    certificate_id: UUID,
    content: CertificateContent,
    reason: str,
    actor: str,
    now: datetime,
) -> Certificate:
    """Issues a corrected certificate in the place of one; the old one then says which follows it."""
    if not reason.strip():
        raise Invalid([Problem("reason", "certificate.reason_missing")])
    if problem := rules.address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    row = _valid(session, certificate_id)
    row.state, row.ended_at, row.ended_by = CertificateState.SUPERSEDED, now, actor
    row.reason = reason.strip()
    session.flush()
    issued_on = now.astimezone(CHINA).date()
    made = _Press(session, runtime, actor, now).issue(
        replace(content, subject=row.subject, issued_on=issued_on), predecessor=row.id
    )
    row.successor_id = made.id
    _record(session, "certificate.superseded", row, actor, now, {"successor": str(made.id), "reason": row.reason})
    return made


def by_code(session: Session, runtime: Runtime, code: str) -> CertificateView | None:
    """code as typed; None for one that was never issued."""
    folded = fold_code(code)
    if len(folded) != rules.CODE_LENGTH:
        return None
    row = session.scalar(select(Certificate).where(Certificate.code == folded))
    return view(session, runtime, row) if row else None


def by_number(session: Session, runtime: Runtime, number: str, name: str) -> CertificateView | None:
    """Number and name together, so that nobody can leaf through certificates by their numbers."""
    query = select(Certificate).where(
        Certificate.number == number.strip().upper(), Certificate.holder_name == name.strip()
    )
    row = session.scalar(query)
    return view(session, runtime, row) if row else None


def by_pdf(session: Session, runtime: Runtime, digest: str) -> CertificateView | None:
    """By the SHA-256 of the whole file."""
    row = session.scalar(select(Certificate).where(Certificate.pdf == digest))
    return view(session, runtime, row) if row else None


def view(session: Session, runtime: Runtime, row: Certificate) -> CertificateView:
    successor = session.get(Certificate, row.successor_id) if row.successor_id else None
    return CertificateView(
        row.id,
        row.code,
        row.number,
        row.content,
        row.state,
        row.issued_at,
        row.ended_at,
        row.reason if row.ended_at else None,
        successor.code if successor else None,
        row.pdf,
        not runtime.files.is_whole(row.pdf),
        ledger.receipt(session, row.ledger_entry),
    )


def certificate_of(session: Session, organisation_id: UUID, certificate_id: UUID) -> Certificate:
    """Raises NotFound, also for another organisation's."""
    row = session.get(Certificate, certificate_id)
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("certificate.not_found")
    return row


def content_of(session: Session, row: Certificate) -> CertificateContent:
    """What a certificate says, to be corrected and issued again."""
    facts = row.content
    organisation = people.organisation(session, row.organisation_id)
    score = {name: Decimal(facts[name]) if facts.get(name) else None for name in ("theory", "practical")}
    return CertificateContent(
        kind=row.kind,
        organisation_id=row.organisation_id,
        institution_name=organisation.name,
        institution_name_en=organisation.name_en,
        institution_code=organisation.code,
        holder_name=row.holder_name,
        sex=next((sex for sex, text in rules.SEXES_ZH.items() if text == facts["sex"]), None),
        document_type=next(kind for kind, text in rules.DOCUMENTS_ZH.items() if text == facts["document_type"]),
        document_masked=facts["document"],
        document_index=row.document_index,
        photo=facts["photo"] or None,
        field=facts["field"],
        occupation_zh=facts["occupation"],
        occupation_en=facts["occupation_en"],
        direction_zh=facts["direction"] or None,
        level=Level(facts["level"]),
        theory=score["theory"],
        practical=score["practical"],
        hours=int(facts["hours"]) if facts.get("hours") else None,
        course=facts.get("course") or None,
        assessment=facts.get("assessment") or None,
        subject=row.subject,
        issued_on=date.fromisoformat(facts["issued_on"]),
    )


def certificates_of(session: Session, document_index: str) -> Sequence[Certificate]:
    """Everything that was issued to the holder of a document, newest first."""
    query = select(Certificate).where(Certificate.document_index == document_index)
    return session.scalars(query.order_by(Certificate.issued_at.desc(), Certificate.id.desc())).all()


def certificates_query(organisation_id: UUID | None, sought: str = "", state: str = "") -> Select[Any]:
    """Newest first; organisation_id None: all, for a department. sought: part of a name, a number or a code."""
    query = select(Certificate).order_by(Certificate.issued_at.desc(), Certificate.id.desc())
    if organisation_id is not None:
        query = query.where(Certificate.organisation_id == organisation_id)
    if sought:
        exact = Certificate.code == fold_code(sought)
        parts = (Certificate.holder_name, Certificate.number)
        query = query.where(or_(exact, *(part.icontains(sought, autoescape=True) for part in parts)))
    if state == "asked":
        valid = Certificate.state == CertificateState.VALID
        return query.where(valid, Certificate.revocation_asked_by.is_not(None))
    return query.where(Certificate.state == CertificateState(state)) if state else query


def _valid(session: Session, certificate_id: UUID) -> Certificate:
    row = session.scalar(select(Certificate).where(Certificate.id == certificate_id).with_for_update())
    if row is None:
        raise NotFound("certificate.not_found")
    if row.state is not CertificateState.VALID:
        raise Conflict("certificate.not_valid")
    return row


def _record(session: Session, kind: str, row: Certificate, actor: str, now: datetime, private: dict[str, Any]) -> None:
    ledger.record(
        session,
        kind=kind,
        actor=actor,
        subject=f"certificate:{row.id}",
        now=now,
        public={"pdf": row.pdf},
        private={"code": row.code, **private},
    )
