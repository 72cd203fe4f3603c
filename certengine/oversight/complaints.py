"""Complaints from the public: received with a number, taken up by the department of the region, answered."""

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.ids import fold_code, random_code
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.oversight import inspections, programme_problems
from certengine.oversight.inspection_models import Complaint, ComplaintState, Inspection
from certengine.people import regions
from certengine.people.models import Organisation

__all__ = ["programme_problems"]

NUMBER_LENGTH = 16


def institutions(session: Session) -> Sequence[Organisation]:
    """Whom one may complain about, by name."""
    query = select(Organisation).where(Organisation.kind.in_(inspections.INSPECTED))
    return session.scalars(query.order_by(Organisation.name)).all()


def complain(
    session: Session,
    cipher: FieldCipher,
    *,
    organisation_id: UUID | None,
    about: str,
    text: str,
    name: str,
    contact: str,
    now: datetime,
) -> Complaint:
    """Without a name too; the number alone leads back to the answer. Raises Invalid naming the field."""
    found = [
        Problem(place, "inspection.needed") for place, value in (("about", about), ("text", text)) if not value.strip()
    ]
    organisation = session.get(Organisation, organisation_id) if organisation_id else None
    if organisation_id and (organisation is None or organisation.kind not in inspections.INSPECTED):
        found.append(Problem("organisation", "complaint.organisation"))
    if found:
        raise Invalid(found)
    told = {"name": name.strip(), "contact": contact.strip()}
    made = Complaint(
        number=random_code(NUMBER_LENGTH),
        organisation_id=organisation_id,
        region=organisation.region if organisation else regions.regions()[0].code,
        about=about.strip()[:160],
        text=text.strip(),
        sealed=cipher.encrypt(json.dumps(told, ensure_ascii=False)) if any(told.values()) else None,
        received_at=now,
    )
    session.add(made)
    session.flush()
    ledger.record(session, kind="complaint.received", actor="public", subject=f"complaint:{made.id}", now=now)
    return made


def by_number(session: Session, number: str) -> Complaint:
    found = session.scalar(select(Complaint).where(Complaint.number == fold_code(number)))
    if found is None:
        raise NotFound("complaint.not_found")
    return found


def complaints_query(region: str, state: ComplaintState | None = None) -> Select[Any]:
    """Those of a department's region, what waits first."""
    query = select(Complaint).where(Complaint.region.startswith(regions.reach(region), autoescape=True))
    if state:
        query = query.where(Complaint.state == state)
    waits = Complaint.state == ComplaintState.ANSWERED
    return query.options(joinedload(Complaint.organisation)).order_by(waits, Complaint.received_at.desc(), Complaint.id)


def complaint(session: Session, complaint_id: UUID, region: str) -> Complaint:
    found: Complaint | None = session.scalar(complaints_query(region).where(Complaint.id == complaint_id))
    if found is None:
        raise NotFound("complaint.not_found")
    return found


def who(cipher: FieldCipher, found: Complaint) -> dict[str, str]:
    """name and contact, where they were given."""
    return dict(json.loads(cipher.decrypt(found.sealed))) if found.sealed else {"name": "", "contact": ""}


def take_up(session: Session, found: Complaint, region: str, *, actor: str, now: datetime) -> Inspection | None:
    """The department looks into it; where it names an institution, an inspection is opened."""
    if found.state is not ComplaintState.RECEIVED:
        raise Conflict("complaint.state")
    found.state = ComplaintState.TAKEN
    opened = None
    if found.organisation_id:
        reason = f"投诉 {found.number}"
        opened = inspections.inspect(session, found.organisation_id, reason, region, actor=actor, now=now)
        found.inspection_id = opened.id
    ledger.record(session, kind="complaint.taken", actor=actor, subject=f"complaint:{found.id}", now=now)
    return opened


def answer(session: Session, found: Complaint, text: str, *, actor: str, now: datetime) -> None:
    if found.state is ComplaintState.ANSWERED:
        raise Conflict("complaint.state")
    if not text.strip():
        raise Invalid([Problem("answer", "inspection.needed")])
    found.state, found.answer, found.answered_at, found.answered_by = ComplaintState.ANSWERED, text.strip(), now, actor
    ledger.record(session, kind="complaint.answered", actor=actor, subject=f"complaint:{found.id}", now=now)
