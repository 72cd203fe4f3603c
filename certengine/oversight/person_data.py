"""Everything that is held of a person as one document, who looked at it, and its erasure."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import Table, or_, select
from sqlalchemy.orm import Session

from certengine.certificates import keeping as certificate_keeping
from certengine.foundation.clock import CHINA
from certengine.foundation.database import Base
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.ledger.service import EntryView
from certengine.oversight import programme_problems
from certengine.people import privacy
from certengine.people import service as people
from certengine.people.models import DocumentType, Person
from certengine.people.privacy import person_subject
from certengine.people.rules import parse_document
from certengine.programme import keeping as programme_keeping
from certengine.sittings import keeping as sitting_keeping
from certengine.training import keeping as training_keeping

# Imported so that each package's duties to keep and ways to forget are known.
__all__ = ["certificate_keeping", "programme_keeping", "programme_problems", "sitting_keeping", "training_keeping"]

# What would open a sign-in, or belongs to the exam and not to the person.
NOT_TOLD = {
    "account_factor": "the secret of a second factor",
    "account_recovery_code": "hashes of recovery codes",
    "account_passkey": "keys of a device",
    "answer_mark": "what markers noted about a script",
    "answer_marker": "somebody's work as staff",
    "staff_assignment": "somebody's work as staff",
    "expert_review": "somebody's work as an expert",
}
HIDDEN_COLUMNS = {"password_hash", "document_sealed", "document_index", "sealed", "questions", "seed", "secret_sealed"}
# Entries by which somebody looked at a person or took their data away.
LOOKS = ("hours.looked_up", "person.looked_up", "person.exported")


@dataclass(frozen=True)
class Held:
    """table → its rows of the person, as plain values."""

    tables: dict[str, list[dict[str, Any]]]

    @property
    def subjects(self) -> list[str]:
        """How the ledger calls the person and what is theirs."""
        kinds = {
            "person": "person",
            "enrolment": "enrolment",
            "course_enrolment": "course_enrolment",
            "registration": "registration",
            "exam_application": "application",
            "seminar_participant": "participant",
            "attempt": "attempt",
            "misconduct_case": "misconduct",
            "account": "account",
        }
        return [f"{kind}:{row['id']}" for table, kind in kinds.items() for row in self.tables.get(table, [])]


def find(session: Session, cipher: FieldCipher, kind: DocumentType, number: str, now: datetime) -> Person:
    """By document and never by name. Raises Invalid and NotFound."""
    parsed = parse_document(kind, number, now.astimezone(CHINA).date())
    if isinstance(parsed, str):
        raise Invalid([Problem("number", parsed)])
    index = people.document_index(cipher, kind, parsed[0])
    person = session.scalar(select(Person).where(Person.document_type == kind, Person.document_index == index))
    if person is None:
        raise NotFound("person.unknown")
    return person


def person_of(session: Session, person_id: UUID) -> Person:
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("person.unknown")
    return person


def held(session: Session, person: Person) -> Held:
    """Walks from the person to every row that hangs on them by a foreign key, and to what has their document."""
    tables: dict[str, list[dict[str, Any]]] = {}
    keys: dict[str, set[Any]] = {"person": {person.id}}
    for table in Base.metadata.sorted_tables:
        rows = _rows(session, table, keys, person)
        if not rows:
            continue
        # Only what has a key of its own can have rows hanging on it.
        if "id" in table.c or table.name in ("registration",):
            keys.setdefault(table.name, set()).update(row["id"] for row in rows)
        if table.name not in NOT_TOLD:
            tables[table.name] = rows
    return Held(tables)


def _rows(session: Session, table: Table, keys: dict[str, set[Any]], person: Person) -> list[dict[str, Any]]:
    conditions: list[Any] = [
        key.parent.in_(keys[key.column.table.name])
        for key in table.foreign_keys
        if key.column.table.name in keys and key.column.table.name != table.name
    ]
    if table.name == "person":
        conditions = [table.c.id == person.id]
    elif "document_index" in table.c:
        conditions.append(table.c.document_index == person.document_index)
    if not conditions:
        return []
    return [dict(row) for row in session.execute(select(table).where(or_(*conditions))).mappings()]


def export(session: Session, cipher: FieldCipher, person: Person, *, actor: str, now: datetime) -> dict[str, Any]:
    """What is held, as plain values with the document's number in the clear; who took it is written down."""
    found = held(session, person)
    told = {table: [_told(row) for row in rows] for table, rows in found.tables.items()}
    told["person"][0]["document_number"] = cipher.decrypt(person.document_sealed)
    ledger.record(session, kind="person.exported", actor=actor, subject=person_subject(person.id), now=now)
    return {
        "exported_at": now.isoformat(),
        "kept_until": {what: until.isoformat() for what, until in privacy.kept_until(session, person).items()},
        "tables": told,
        "acts": [_act(each) for each in ledger.history_many(session, found.subjects, limit=10_000)],
    }


def _act(each: EntryView) -> dict[str, Any]:
    return {"at": each.at.isoformat(), "kind": each.kind, "by": each.actor, "about": each.subject}


def _told(row: dict[str, Any]) -> dict[str, Any]:
    return {name: _plain(value) for name, value in row.items() if name not in HIDDEN_COLUMNS}


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    if isinstance(value, UUID | Decimal):
        return str(value)
    if isinstance(value, Enum):
        return value.value
    return value.hex() if isinstance(value, bytes) else value


def look(session: Session, person: Person, *, actor: str, now: datetime) -> None:
    """Writes down that somebody opened what is held of a person."""
    ledger.record(session, kind="person.looked_up", actor=actor, subject=person_subject(person.id), now=now)


def looks_at(session: Session, person_id: UUID) -> Sequence[EntryView]:
    """Who looked, newest first."""
    return [each for each in ledger.history(session, person_subject(person_id), 500) if each.kind in LOOKS]


def erase(
    session: Session, runtime: Runtime, person: Person, reason: str, *, actor: str, now: datetime
) -> dict[str, int]:
    """Forgets a person. Raises Conflict while anything must be kept, naming until when; Invalid without a reason."""
    if not reason.strip():
        raise Invalid([Problem("reason", "person.erase_reason")])
    if privacy.is_erased(person):
        raise Conflict("person.erased")
    duties = privacy.kept_until(session, person)
    last = max((until for until in duties.values() if until >= now.astimezone(CHINA).date()), default=None)
    if last is not None:
        raise Conflict("person.kept", until=last.isoformat())
    found = held(session, person)
    forgotten = ledger.forget(session, found.subjects)
    privacy.forget(session, runtime, person)
    ledger.record(
        session,
        kind="person.erased",
        actor=actor,
        subject=person_subject(person.id),
        now=now,
        private={"reason": reason.strip()},
    )
    return {"tables": len(found.tables), "entries": forgotten}


def past_keeping(session: Session, today: date, years: int) -> Iterable[Person]:
    """Who came more than so many years ago and of whom nothing must be kept any longer."""
    before = privacy.years_after(today, -years)
    for person in session.scalars(select(Person).where(Person.name != privacy.ERASED).order_by(Person.created_at)):
        if person.created_at.astimezone(CHINA).date() > before:
            return
        if all(until < today for until in privacy.kept_until(session, person).values()):
            yield person
