"""Who takes part in a seminar: nominated, admitted within its places, found by document or account."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.models import DocumentType, Person
from certengine.people.rules import parse_document
from certengine.people.service import PersonFacts
from certengine.programme import notices, problems, rules
from certengine.programme.seminar_models import (
    Participant,
    ParticipantState,
    Seminar,
    SeminarSession,
    SeminarSignIn,
    SeminarState,
)

__all__ = ["problems"]


@dataclass(frozen=True)
class Present:
    """A participant with the number of sessions signed in to, of how many."""

    participant: Participant
    signed: int
    sessions: int

    @property
    def complete(self) -> bool:
        return rules.attended(self.signed, self.sessions)


def nominate(
    session: Session,
    cipher: FieldCipher,
    held: Seminar,
    facts: PersonFacts,
    *,
    organisation_id: UUID,
    employer: str,
    post: str,
    actor: str,
    now: datetime,
) -> tuple[Participant, bool]:
    """(participant, whether new). Raises Conflict unless the seminar is approved and not yet over."""
    must_be_open(held)
    person = people.register_person(session, cipher, facts, now)
    query = select(Participant).where(Participant.seminar_id == held.id, Participant.person_id == person.id)
    if found := session.scalar(query):
        return found, False
    made = Participant(
        seminar_id=held.id,
        person_id=person.id,
        nominated_by_id=organisation_id,
        employer=employer.strip()[:120],
        post=post.strip()[:80],
        created_at=now,
    )
    session.add(made)
    session.flush()
    ledger.record(session, kind="seminar.nominated", actor=actor, subject=made.subject, now=now)
    return made, True


def admit(
    session: Session, held: Seminar, participant_ids: Sequence[UUID], accept: bool, *, actor: str, now: datetime
) -> int:
    """Admits or refuses. The caller has locked the seminar. Raises Conflict beyond the places."""
    must_be_open(held)
    chosen = session.scalars(
        select(Participant).where(Participant.seminar_id == held.id, Participant.id.in_(participant_ids))
    ).all()
    after = ParticipantState.ADMITTED if accept else ParticipantState.REFUSED
    changed = [each for each in chosen if each.state is not after]
    if accept and admitted(session, held.id) + len(changed) > held.places:
        raise Conflict("seminar.full", places=held.places)
    for each in changed:
        each.state = after
        kind = "seminar.admitted" if accept else "seminar.not_admitted"
        ledger.record(session, kind=kind, actor=actor, subject=each.subject, now=now)
    session.flush()
    return len(changed)


def admitted(session: Session, seminar_id: UUID) -> int:
    query = select(func.count()).where(
        Participant.seminar_id == seminar_id, Participant.state == ParticipantState.ADMITTED
    )
    return session.scalar(query) or 0


def participants(session: Session, seminar_id: UUID) -> list[Present]:
    """All who were nominated, by state and name, with what they signed in to."""
    signed: Mapping[UUID, int] = {
        row[0]: row[1]
        for row in session.execute(
            select(SeminarSignIn.participant_id, func.count())
            .join(Participant, Participant.id == SeminarSignIn.participant_id)
            .where(Participant.seminar_id == seminar_id)
            .group_by(SeminarSignIn.participant_id)
        )
    }
    count = session.scalar(select(func.count()).where(SeminarSession.seminar_id == seminar_id)) or 0
    query = (
        select(Participant)
        .join(Person, Person.id == Participant.person_id)
        .where(Participant.seminar_id == seminar_id)
        .options(joinedload(Participant.person))
        .order_by(Participant.state, Person.name, Participant.id)
    )
    return [Present(each, signed.get(each.id, 0), count) for each in session.scalars(query)]


def participant_by_document(
    session: Session, cipher: FieldCipher, held: Seminar, kind: DocumentType, number: str, now: datetime
) -> Participant:
    """Who signs in with a document. Raises Invalid for a number that is none, NotFound for nobody of this seminar."""
    parsed = parse_document(kind, number, notices.today(now))
    if isinstance(parsed, str):
        raise Invalid([Problem("number", parsed)])
    index = people.document_index(cipher, kind, parsed[0])
    query = (
        select(Participant)
        .join(Person, Person.id == Participant.person_id)
        .where(
            Participant.seminar_id == held.id,
            Participant.state == ParticipantState.ADMITTED,
            Person.document_type == kind,
            Person.document_index == index,
        )
    )
    found = session.scalar(query)
    if found is None:
        raise NotFound("seminar.not_admitted")
    return found


def mine(session: Session, person_id: UUID) -> Sequence[Participant]:
    """The seminars of a person, newest first."""
    query = (
        select(Participant)
        .join(Seminar, Seminar.id == Participant.seminar_id)
        .where(Participant.person_id == person_id)
        .options(joinedload(Participant.seminar))
        .order_by(Seminar.starts_on.desc())
    )
    return session.scalars(query).all()


def my_place(session: Session, person_id: UUID, seminar_id: UUID) -> Participant:
    """Raises NotFound for somebody who was not nominated."""
    query = select(Participant).where(Participant.seminar_id == seminar_id, Participant.person_id == person_id)
    found = session.scalar(query)
    if found is None:
        raise NotFound("seminar.not_found")
    return found


def admitted_people(session: Session, seminar_id: UUID) -> list[Participant]:
    return [each.participant for each in participants(session, seminar_id) if is_admitted(each)]


def is_admitted(each: Present) -> bool:
    return each.participant.state is ParticipantState.ADMITTED


def must_be_open(held: Seminar) -> None:
    """Raises Conflict before the approval and after the summary."""
    if held.state is not SeminarState.APPROVED:
        raise Conflict("seminar.not_approved")
