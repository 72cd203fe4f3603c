"""What is kept of a candidate, and how it is forgotten. Misconduct is recorded for five years: so are the exams."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.runtime import Runtime
from certengine.people.models import Person
from certengine.people.privacy import ERASED, forgets, keeps, years_after
from certengine.sittings import portraits, proofs
from certengine.sittings.models import Application, Registration

YEARS = 5


@keeps("exams")
def kept_until(session: Session, person: Person) -> date | None:
    newest = session.scalar(select(func.max(Registration.created_at)).where(Registration.person_id == person.id))
    return years_after(newest.astimezone(CHINA).date(), YEARS) if newest else None


@forgets
def forget(session: Session, runtime: Runtime, person: Person) -> None:
    for each in session.scalars(select(Registration).where(Registration.person_id == person.id)):
        each.employer, each.evidence, each.extra_reason = "", {}, ""
        proofs.drop(session, runtime, proofs.of_registration(session, each.id))
    shown = {person.photo}
    person.photo = None
    for made in session.scalars(select(Application).where(Application.document_index == person.document_index)):
        made.name, made.document_masked, made.employer = ERASED, "", ""
        shown.add(made.photo)
        made.photo = None
        made.sealed, made.evidence = runtime.cipher.encrypt(""), {}
        proofs.drop(session, runtime, proofs.of_application(session, made.id))
        made.document_index = f"erased-{made.id.hex[:24]}"
    session.flush()
    portraits.drop_unused(session, runtime, filter(None, shown))
