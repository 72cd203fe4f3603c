import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation


class MailState(enum.Enum):
    # No server or no address: the message stands in the list alone.
    NONE = "none"
    WAITING = "waiting"
    SENT = "sent"
    FAILED = "failed"


class Message(Base):
    """What an organisation is told: a sentence by its code, with values that name nobody."""

    __tablename__ = "message"
    __table_args__ = (Index(None, "organisation_id", "at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    # What it is about and at which stage: the same is told once.
    key: Mapped[str] = mapped_column(String(160), unique=True)
    code: Mapped[str] = mapped_column(String(60))
    told: Mapped[dict[str, Any]]
    # Where it leads, without the address of the installation.
    link: Mapped[str] = mapped_column(String(300))
    at: Mapped[datetime]
    seen_at: Mapped[datetime | None]
    mail: Mapped[MailState] = mapped_column(default=MailState.NONE, index=True)
    mail_tries: Mapped[int] = mapped_column(default=0)
    mail_error: Mapped[str] = mapped_column(String(300), default="")
    mailed_at: Mapped[datetime | None]

    organisation: Mapped[Organisation] = relationship()
