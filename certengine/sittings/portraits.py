"""Portraits of candidates: an older one goes as soon as nothing shows it any longer."""

from collections.abc import Iterable
from functools import partial
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates import keeping as certificates
from certengine.foundation.runtime import Runtime, after_commit
from certengine.people import service as people
from certengine.people.models import Person
from certengine.sittings.models import Application


def replace(session: Session, runtime: Runtime, person_id: UUID, digest: str) -> None:
    """Gives a person another portrait. Certificates keep the one that they were printed with."""
    person = session.get_one(Person, person_id)
    before = person.photo
    people.set_photo(session, person_id, digest)
    session.flush()
    if before and before != digest:
        drop_unused(session, runtime, {before} - certificates.pictures(session, person.document_index))


def drop_unused(session: Session, runtime: Runtime, digests: Iterable[str]) -> None:
    """Takes away the files that no person and no application shows."""
    for digest in digests:
        shown = select(Person.id).where(Person.photo == digest).limit(1)
        applied = select(Application.id).where(Application.photo == digest).limit(1)
        if session.scalar(shown) is None and session.scalar(applied) is None:
            after_commit(session, partial(runtime.files.remove, digest))
