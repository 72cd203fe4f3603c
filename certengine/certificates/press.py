"""The making of a certificate: its number, its sheet, its signature, its entry in the ledger."""

from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from certengine.certificates import authority, designs, hooks, numbers, rules, signed_code
from certengine.certificates.authority import Subject
from certengine.certificates.designs import Design
from certengine.certificates.models import Certificate, CertificateSeries
from certengine.certificates.numbers import Numbered
from certengine.certificates.rules import CertificateContent, CertificateKind
from certengine.certificates.sheet import Sheet, typeset
from certengine.certificates.signing import Signer
from certengine.foundation.ids import new_id, random_code
from certengine.foundation.runtime import Runtime
from certengine.ledger import notes
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.standards.rules import Level


class Press:
    """What is the same for all certificates of one issue: signers, checkpoint line, numbers."""

    def __init__(self, session: Session, runtime: Runtime, actor: str, now: datetime) -> None:
        self._session, self._runtime, self._actor, self._now = session, runtime, actor, now
        self._signers: dict[UUID, Signer] = {}
        self._series: dict[tuple[UUID, int], CertificateSeries] = {}
        self._patterns: dict[UUID, tuple[str, str]] = {}
        self._designs: dict[tuple[UUID, CertificateKind], Design] = {}
        self._checkpoint = checkpoint_line(session)

    def issue(self, content: CertificateContent, predecessor: UUID | None = None) -> Certificate:
        code = random_code(rules.CODE_LENGTH)
        year = content.issued_on.year
        serial = self._serial(content.organisation_id, year)
        number = self._number(content, year, serial)
        facts = rules.printed(content, number, code, self._runtime.settings.base_url)
        design = self._design(content)
        pdf = self._runtime.files.put(self._print(content, facts, design))
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
            serial=serial,
            year=year,
            expires_on=content.expires_on,
            kind=content.kind,
            organisation_id=content.organisation_id,
            holder_name=content.holder_name,
            document_index=content.document_index,
            subject=content.subject,
            content=facts,
            pdf=pdf,
            design_id=design.id,
            issued_at=self._now,
            issued_by=self._actor,
            ledger_entry=entry,
        )
        self._session.add(made)
        self._session.flush()
        hooks.announce(self._session, "certificate.issued", made, self._now)
        return made

    def _number(self, content: CertificateContent, year: int, serial: int) -> str:
        key = content.organisation_id
        if key not in self._patterns:
            region = people.organisation(self._session, key).region or ""
            self._patterns[key] = (designs.pattern_of(self._session, key), region)
        pattern, region = self._patterns[key]
        kind, level = content.kind, content.level
        of = Numbered(content.institution_code, region, year, kind, content.field, level, serial)
        return numbers.number(pattern, of)

    def _design(self, content: CertificateContent) -> Design:
        key = (content.organisation_id, content.kind)
        if key not in self._designs:
            self._designs[key] = designs.newest(self._session, self._runtime, *key)
        return self._designs[key]

    def _print(self, content: CertificateContent, facts: dict[str, Any], design: Design) -> bytes:
        photo = self._runtime.files.get(content.photo) if content.photo else None
        signer = self._signer(content)
        dictionary = signer.dictionary(content.institution_name, self._now)
        code = signed_code.encode(facts, self._runtime.settings.base_url, self._now, signer.key_id, signer.raw)
        sheet = Sheet(facts, self._checkpoint, photo, code, design.layout, design.background, design.seal)
        return signer.sign(typeset(sheet, dictionary))

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
        expires_on=row.expires_on,
    )
