"""A person's year as a signed PDF, and its verification by code, by its bytes and by the ledger's receipt."""

import hashlib
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import authority
from certengine.certificates.rules import address_problem
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import fold_code, random_code
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people.models import Organisation, OrganisationKind, Person
from certengine.training import hours_accounts
from certengine.training.course_models import YearStatement
from certengine.training.hours_accounts import PersonYear
from certengine.training.statement_sheet import StatementSheet, typeset

CODE_LENGTH = 20


@dataclass(frozen=True)
class Checked:
    """What anybody who has the code may see; bound: the kept facts are those of the ledger's entry."""

    statement: YearStatement
    receipt: ledger.Receipt
    bound: bool
    newest: bool


def issue(
    session: Session, runtime: Runtime, person_id: UUID, year: int, *, actor: str, now: datetime
) -> YearStatement:
    """The statement of a year as it stands; where nothing changed since the last, that one again."""
    if problem := address_problem(runtime.settings.base_url, runtime.settings.demonstration):
        raise Invalid([Problem("", problem)])
    account = hours_accounts.person_year(session, person_id, year)
    if not account.credits:
        raise Conflict("statement.nothing")
    person = session.get_one(Person, person_id)
    department = _department(session)
    told = _told(person, account, department.name if department else "")
    last = _last(session, person_id, year)
    if last and {key: last.facts[key] for key in told} == told:
        return last
    code = random_code(CODE_LENGTH)
    facts = {**told, "code": code, "issued_on": now.astimezone(CHINA).date().isoformat()}
    # The code is random and in the facts, so that nobody can guess the facts from their hash.
    entry = ledger.record(
        session,
        kind="hours.stated",
        actor=actor,
        subject=f"person:{person_id}",
        now=now,
        public={"year": year, "facts": canonical_hash(facts)},
        private={"code": code},
    )
    pdf = runtime.files.put(_print(session, runtime, facts, entry, department, now))
    made = YearStatement(
        person_id=person_id, year=year, code=code, facts=facts, pdf=pdf, ledger_entry=entry, issued_at=now
    )
    session.add(made)
    session.flush()
    return made


def _told(person: Person, account: PersonYear, institution: str) -> dict[str, Any]:
    return {
        "name": person.name,
        "document": person.document_masked,
        "year": account.year,
        "institution": institution,
        "general": _spelled(account.hours.general),
        "professional": _spelled(account.hours.professional),
        "total": _spelled(account.hours.total),
        "asked_total": _spelled(account.rule.total),
        "asked_professional": _spelled(account.rule.professional),
        "met": account.judged.met,
        "credits": [
            {
                "on": each.at.astimezone(CHINA).date().isoformat(),
                "title": each.title,
                "subject": each.subject.value,
                "way": each.way.value,
                "hours": _spelled(each.hours),
            }
            for each in account.credits
        ],
    }


def _spelled(hours: Decimal) -> str:
    return str(hours.quantize(Decimal("0.01")))


def _department(session: Session) -> Organisation | None:
    """Who signs: the provincial department, the first where there are several."""
    query = select(Organisation).where(
        Organisation.kind == OrganisationKind.DEPARTMENT, Organisation.region.endswith("0000")
    )
    return session.scalar(query.order_by(Organisation.created_at, Organisation.id).limit(1))


def _print(
    session: Session,
    runtime: Runtime,
    facts: dict[str, Any],
    entry: UUID,
    department: Organisation | None,
    now: datetime,
) -> bytes:
    """Signed by the department; where there is none yet, the ledger's receipt alone proves it."""
    address = f"{runtime.settings.base_url}/courses/statements/{facts['code']}"
    sheet = StatementSheet(facts, address, ledger.receipt(session, entry).leaf_hash)
    if department is None:
        return typeset(sheet)
    signer = authority.signer(session, runtime, authority.subject_of(department), now)
    return signer.sign(typeset(sheet, signer.dictionary(department.name, now)))


def _last(session: Session, person_id: UUID, year: int) -> YearStatement | None:
    query = select(YearStatement).where(YearStatement.person_id == person_id, YearStatement.year == year)
    return session.scalar(query.order_by(YearStatement.issued_at.desc(), YearStatement.id.desc()).limit(1))


def check(session: Session, code: str) -> Checked:
    """Raises NotFound."""
    found = session.scalar(select(YearStatement).where(YearStatement.code == fold_code(code)))
    if found is None:
        raise NotFound("statement.not_found")
    receipt = ledger.receipt(session, found.ledger_entry)
    newest = _last(session, found.person_id, found.year)
    return Checked(
        found,
        receipt,
        receipt.public.get("facts") == canonical_hash(found.facts),
        newest is not None and newest.id == found.id,
    )


def same_bytes(found: YearStatement, content: bytes) -> bool:
    """Whether a file is the PDF as it was issued."""
    return hashlib.sha256(content).hexdigest() == found.pdf
