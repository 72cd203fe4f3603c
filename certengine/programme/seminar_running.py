"""A seminar as it is held: its programme, signing in, materials."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.inserting import insert_new
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.programme import problems, rules
from certengine.programme.seminar_models import (
    Participant,
    Seminar,
    SeminarMaterial,
    SeminarSession,
    SeminarSignIn,
)
from certengine.programme.seminar_people import must_be_open
from certengine.programme.seminars import record

__all__ = ["problems"]


@dataclass(frozen=True)
class SessionFacts:
    topic: str
    speaker: str
    place: str
    starts_at: datetime
    ends_at: datetime


def add_session(session: Session, held: Seminar, facts: SessionFacts, *, actor: str, now: datetime) -> SeminarSession:
    """Raises Invalid where it ends before it begins or clashes with another part."""
    must_be_open(held)
    if facts.ends_at <= facts.starts_at:
        raise Invalid([Problem("ends_at", "seminar.session_times")])
    if any(facts.starts_at < each.ends_at and each.starts_at < facts.ends_at for each in held.sessions):
        raise Invalid([Problem("starts_at", "seminar.session_clash")])
    made = SeminarSession(**vars(facts))
    held.sessions.append(made)
    session.flush()
    record(session, "seminar.session_added", held, actor, now, {}, {"topic": facts.topic})
    return made


def remove_session(session: Session, held: Seminar, session_id: UUID) -> None:
    """Raises Conflict once somebody signed in to it."""
    must_be_open(held)
    if session.scalar(select(SeminarSignIn.id).where(SeminarSignIn.session_id == session_id).limit(1)):
        raise Conflict("seminar.session_used")
    session.execute(delete(SeminarSession).where(SeminarSession.id == session_id, SeminarSession.seminar_id == held.id))
    session.expire(held, ["sessions"])


def session_of(session: Session, held: Seminar, session_id: UUID) -> SeminarSession:
    found = next((each for each in held.sessions if each.id == session_id), None)
    if found is None:
        raise NotFound("seminar.session_not_found")
    return found


def sign_in(session: Session, present: Participant, part: SeminarSession, *, by: str, now: datetime) -> bool:
    """False where they had signed in. Signing oneself in is open from half an hour before to the end."""
    if by == "qr" and not part.starts_at - rules.SIGN_IN_AHEAD <= now <= part.ends_at:
        raise Conflict("seminar.sign_in_closed")
    made = insert_new(
        session, SeminarSignIn, {"participant_id": present.id, "session_id": part.id, "at": now, "by": by}
    )
    if made:
        actor = present.subject if by == "qr" else by
        private = {"session": str(part.id)}
        ledger.record(session, kind="seminar.signed_in", actor=actor, subject=present.subject, now=now, private=private)
    return made


def add_material(session: Session, runtime: Runtime, held: Seminar, name: str, content: bytes, media: str) -> None:
    session.add(
        SeminarMaterial(
            seminar_id=held.id,
            name=name.strip()[:160] or "file",
            digest=runtime.files.put(content),
            media_type=media,
            added_at=runtime.clock.now(),
        )
    )
    session.flush()


def signed_in(session: Session, session_id: UUID) -> dict[UUID, SeminarSignIn]:
    """participant → when and how they signed in to a part."""
    query = select(SeminarSignIn).where(SeminarSignIn.session_id == session_id)
    return {each.participant_id: each for each in session.scalars(query)}


def signed_count(session: Session, session_id: UUID) -> int:
    return session.scalar(select(func.count()).where(SeminarSignIn.session_id == session_id)) or 0
