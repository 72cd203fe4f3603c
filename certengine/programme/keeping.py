"""How a seminar's participant is forgotten. Their hours are kept with the others."""

from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime, after_commit
from certengine.people.models import Person
from certengine.people.privacy import ERASED, forgets
from certengine.programme.document_models import OfficialDocument
from certengine.programme.seminar_models import Participant


@forgets
def forget(session: Session, runtime: Runtime, person: Person) -> None:
    for each in session.scalars(select(Participant).where(Participant.person_id == person.id)):
        each.employer = each.post = ""
    for issued in session.scalars(select(OfficialDocument).where(OfficialDocument.person_id == person.id)):
        issued.facts = {**issued.facts, "holder": ERASED, "lines": []}
        after_commit(session, partial(runtime.files.remove, issued.pdf))
