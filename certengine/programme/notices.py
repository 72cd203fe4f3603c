"""Public notices with their days for objections, objections and their answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.programme import selection_problems, selection_rules
from certengine.programme.application_models import Objection, PublicNotice

__all__ = ["selection_problems"]


@dataclass(frozen=True)
class Told:
    """What a notice says; objections_until None for one that is only to be read."""

    subject: str
    title: str
    text: str
    region: str
    objections_until: date | None


def publish(session: Session, told: Told, *, actor: str, now: datetime) -> PublicNotice:
    notice = PublicNotice(**vars(told), published_at=now, published_by=actor)
    session.add(notice)
    session.flush()
    until = told.objections_until.isoformat() if told.objections_until else None
    ledger.record(
        session,
        kind="notice.published",
        actor=actor,
        subject=f"notice:{notice.id}",
        now=now,
        public={"title": told.title, "objections_until": until},
        private={"text": told.text, "about": told.subject},
    )
    return notice


def notices_query() -> Select[Any]:
    return select(PublicNotice).order_by(PublicNotice.published_at.desc(), PublicNotice.id.desc())


def notice(session: Session, notice_id: UUID) -> PublicNotice:
    found = session.get(PublicNotice, notice_id)
    if found is None:
        raise NotFound("notice.not_found")
    return found


def notice_of(session: Session, subject: str) -> PublicNotice | None:
    """The newest notice about a thing."""
    query = select(PublicNotice).where(PublicNotice.subject == subject)
    return session.scalar(query.order_by(PublicNotice.published_at.desc(), PublicNotice.id.desc()).limit(1))


def notices_of(session: Session, subject: str) -> Sequence[PublicNotice]:
    return session.scalars(notices_query().where(PublicNotice.subject == subject)).all()


def object_to(
    session: Session, cipher: FieldCipher, about: PublicNotice, *, name: str, contact: str, text: str, now: datetime
) -> Objection:
    """Anybody may object with a name and a way to reach them. Raises Conflict when the days are over."""
    if about.objections_until is None or today(now) > about.objections_until:
        raise Conflict("notice.over")
    found = [
        Problem(place, "notice.needed")
        for place, value in (("name", name), ("contact", contact), ("text", text))
        if not value.strip()
    ]
    if found:
        raise Invalid(found)
    sealed = cipher.encrypt(json.dumps({"name": name.strip(), "contact": contact.strip()}, ensure_ascii=False))
    made = Objection(notice_id=about.id, sealed=sealed, text=text.strip(), at=now)
    session.add(made)
    session.flush()
    ledger.record(session, kind="notice.objected", actor="public", subject=f"notice:{about.id}", now=now)
    return made


def objector(cipher: FieldCipher, made: Objection) -> dict[str, str]:
    """name and contact, for the one who decides."""
    return dict(json.loads(cipher.decrypt(made.sealed)))


def decide_objection(
    session: Session, about: PublicNotice, objection_id: UUID, upheld: bool, answer: str, *, actor: str, now: datetime
) -> None:
    made = session.get(Objection, objection_id)
    if made is None or made.notice_id != about.id:
        raise NotFound("notice.objection_not_found")
    if made.upheld is not None:
        raise Conflict("notice.objection_decided")
    if not answer.strip():
        raise Invalid([Problem("answer", "notice.needed")])
    made.upheld, made.answer, made.decided_by, made.decided_at = upheld, answer.strip(), actor, now
    ledger.record(
        session,
        kind="notice.objection_decided",
        actor=actor,
        subject=f"notice:{about.id}",
        now=now,
        public={"upheld": upheld},
        private={"answer": made.answer},
    )


def closing_problem(about: PublicNotice | None, now: datetime) -> str | None:
    """The code of why what was published cannot be concluded yet, if anything."""
    if about is None:
        return "notice.not_published"
    if not selection_rules.is_over(about.objections_until, today(now)):
        return "notice.still_open"
    if any(each.upheld is None for each in about.objections):
        return "notice.objection_open"
    if any(each.upheld for each in about.objections):
        return "notice.objection_upheld"
    return None


def today(now: datetime) -> date:
    return now.astimezone(CHINA).date()
