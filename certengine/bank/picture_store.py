"""Pictures of items kept among the files, and shown to whoever sees an item."""

from datetime import datetime

from sqlalchemy.orm import Session

from certengine.bank.models import BankPicture
from certengine.bank.pictures import NotAPicture, take_in
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.runtime import current


def keep_picture(session: Session, name: str, data: bytes, actor: str, now: datetime) -> None:
    """Keeps what `take_in` returned; a second time does nothing."""
    current().files.put(data)
    if session.get(BankPicture, name) is None:
        session.add(BankPicture(name=name, actor=actor, at=now))
        session.flush()


def add_picture(session: Session, data: bytes, filename: str, actor: str, now: datetime) -> str:
    """The name of an uploaded picture. Raises Invalid when it is none."""
    try:
        name, kept = take_in(data)
    except NotAPicture:
        raise Invalid([Problem("picture", "bank.not_a_picture", {"name": filename[-60:]})]) from None
    keep_picture(session, name, kept, actor, now)
    return name


def picture(session: Session, name: str) -> bytes:
    """Raises NotFound; for other files too, whatever their hash."""
    if session.get(BankPicture, name) is None:
        raise NotFound("not_found")
    return current().files.get(name.partition(".")[0])
