"""What organisations are told: kept in a list for their people, and sent by mail where a server and an address are set.

The message and the job that sends it are written in the caller's transaction, so that neither exists without the other.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select, update
from sqlalchemy.orm import Session

from certengine.foundation import jobs, mail
from certengine.foundation.clock import days_in_chinese
from certengine.foundation.errors import Invalid, NotFound, Problem, describe
from certengine.foundation.ids import new_id
from certengine.foundation.inserting import insert_new
from certengine.foundation.mail import MailError
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import message_problems
from certengine.people.message_models import MailState, Message
from certengine.people.models import Organisation
from certengine.web.language import english

__all__ = ["message_problems"]

KIND = "mail.send"
TRIES = 6
PAUSE = timedelta(minutes=5)


@dataclass(frozen=True)
class Told:
    """code: of two registered sentences, code.subject and code.text, which take the values."""

    organisation_id: UUID
    key: str
    code: str
    values: Mapping[str, Any]
    link: str


def tell(session: Session, runtime: Runtime, told: Told, now: datetime) -> bool:
    """False where the same was told before."""
    owner = session.get_one(Organisation, told.organisation_id)
    posted = bool(runtime.settings.smtp_url and owner.email)
    made_id = new_id()
    values = {
        "id": made_id,
        "organisation_id": told.organisation_id,
        "key": told.key,
        "code": told.code,
        "told": dict(told.values),
        "link": told.link,
        "at": now,
        "mail": MailState.WAITING if posted else MailState.NONE,
        "mail_tries": 0,
        "mail_error": "",
    }
    made = insert_new(session, Message, values)
    if made and posted:
        _post(session, made_id, now, None)
    return made


def _post(session: Session, message_id: UUID, now: datetime, due_at: datetime | None) -> None:
    jobs.submit(session, KIND, f"message:{message_id}", {"message": str(message_id)}, now, due_at=due_at)


def messages_query(organisation_id: UUID) -> Select[Any]:
    """Newest first."""
    query = select(Message).where(Message.organisation_id == organisation_id)
    return query.order_by(Message.at.desc(), Message.id.desc())


def unseen(session: Session, organisation_id: UUID) -> int:
    query = select(func.count()).where(Message.organisation_id == organisation_id, Message.seen_at.is_(None))
    return session.scalar(query) or 0


def see(session: Session, organisation_id: UUID, message_id: UUID | None, now: datetime) -> None:
    """One of an organisation's messages, or all. Raises NotFound for another's."""
    wanted = [Message.organisation_id == organisation_id]
    if message_id is not None:
        wanted.append(Message.id == message_id)
        if session.scalar(select(Message.id).where(*wanted)) is None:
            raise NotFound("message.not_found")
    session.execute(update(Message).where(*wanted, Message.seen_at.is_(None)).values(seen_at=now))


def set_address(session: Session, organisation_id: UUID, address: str, *, actor: str, now: datetime) -> None:
    """Where an organisation's mail goes; empty for nowhere. Raises Invalid."""
    address = address.strip()
    if address and not re.fullmatch(r"[!-?A-~]{1,64}@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+", address):
        raise Invalid([Problem("email", "message.address")])
    owner = session.get_one(Organisation, organisation_id)
    if owner.email == address:
        return
    owner.email = address
    subject = f"organisation:{organisation_id}"
    ledger.record(session, kind="organisation.mail_set", actor=actor, subject=subject, now=now)


def subject_of(message: Message, language: str) -> str:
    return _say(f"{message.code}.subject", message, language)


def text_of(message: Message, language: str) -> str:
    return _say(f"{message.code}.text", message, language)


def _say(code: str, message: Message, language: str) -> str:
    if language == "en":
        return describe(code, message.told, english().gettext)
    return describe(code, days_in_chinese(message.told))


def letter(message: Message, base_url: str) -> tuple[str, str]:
    """Subject and text in both languages: what the reader reads best is not known."""
    address = f"{base_url}{message.link}"
    parts = [f"{text_of(message, language)}\n{address}" for language in ("zh", "en")]
    foot = "\n".join(describe("message.foot", {}, translate) for translate in (lambda text: text, english().gettext))
    subject = f"{subject_of(message, 'zh')} / {subject_of(message, 'en')}"
    return subject, "\n\n".join([*parts, foot]) + "\n"


def post(runtime: Runtime, message_id: UUID) -> None:
    """Sends one message. What fails for now is tried again, later and later; what fails for good says why."""
    with runtime.unit_of_work(read_only=True) as session:
        message = session.get(Message, message_id)
        server = mail.server_of(runtime.settings)
        if message is None or message.mail is not MailState.WAITING or server is None:
            return
        to = message.organisation.email
        subject, text = letter(message, runtime.settings.base_url)
    try:
        if not to:
            raise MailError("the organisation has no address any more", lasting=True)
        mail.send(server, to, subject, text)
    except MailError as error:
        _failed(runtime, message_id, error)
        return
    with runtime.unit_of_work() as session:
        sent = session.get_one(Message, message_id)
        sent.mail, sent.mailed_at, sent.mail_error = MailState.SENT, runtime.clock.now(), ""


def _failed(runtime: Runtime, message_id: UUID, error: MailError) -> None:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        message = session.get_one(Message, message_id)
        message.mail_tries += 1
        message.mail_error = str(error)[:300]
        if error.lasting or message.mail_tries >= TRIES:
            message.mail = MailState.FAILED
        else:
            _post(session, message_id, now, now + PAUSE * 2**message.mail_tries)


def failures(session: Session) -> int:
    """How many messages could not be sent for good."""
    return session.scalar(select(func.count()).where(Message.mail == MailState.FAILED)) or 0
