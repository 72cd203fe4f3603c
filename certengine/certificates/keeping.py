"""What is kept of a holder, and how long: a certificate must stay verifiable."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate
from certengine.foundation.clock import CHINA
from certengine.people.models import Person
from certengine.people.privacy import keeps, years_after

# Model figure (no source): after it a certificate may be forgotten with its holder.
YEARS = 30


@keeps("certificates")
def kept_until(session: Session, person: Person) -> date | None:
    newest = session.scalar(
        select(func.max(Certificate.issued_at)).where(Certificate.document_index == person.document_index)
    )
    return years_after(newest.astimezone(CHINA).date(), YEARS) if newest else None


def pictures(session: Session, document_index: str) -> set[str]:
    """The portraits, by their hashes, that a holder's certificates were printed with."""
    contents = session.scalars(select(Certificate.content).where(Certificate.document_index == document_index))
    return {content["photo"] for content in contents if content.get("photo")}
