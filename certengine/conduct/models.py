import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.conduct.rules import CaseState
from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class MisconductCase(Base):
    __tablename__ = "misconduct_case"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    state: Mapped[CaseState] = mapped_column(default=CaseState.RECORDED)
    # Codes of the regulation's file as it was; a tier other than the act's own has its reason.
    act: Mapped[str] = mapped_column(String(40), default="", server_default="")
    tier: Mapped[str] = mapped_column(String(20))
    tier_reason: Mapped[str] = mapped_column(Text, default="", server_default="")
    facts: Mapped[str] = mapped_column(Text)
    happened_at: Mapped[datetime]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))
    signed_by: Mapped[str | None] = mapped_column(String(80))
    notified_at: Mapped[datetime | None]
    objection: Mapped[str | None] = mapped_column(Text)
    objected_at: Mapped[datetime | None]
    decision: Mapped[str | None] = mapped_column(Text)
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    # The end of the entry in the register of five years; the register of good has none.
    recorded_until: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(String(40), unique=True)


class SuspicionState(enum.Enum):
    """GONE: a later analysis, after marks changed, no longer says so."""

    OPEN = "open"
    HANDED_OVER = "handed_over"
    DISMISSED = "dismissed"
    GONE = "gone"


class Suspicion(Base):
    """Two scripts of adjoining seats that are more alike than chance explains: for people to look into, no verdict."""

    __tablename__ = "suspicion"
    __table_args__ = (UniqueConstraint("sitting_id", "first_id", "second_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    first_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    second_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    # The seats as they were, and what was counted and what was expected.
    seats: Mapped[list[Any]]
    figures: Mapped[dict[str, Any]]
    state: Mapped[SuspicionState] = mapped_column(default=SuspicionState.OPEN)
    at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    settled_by: Mapped[str | None] = mapped_column(String(80))
    settled_at: Mapped[datetime | None]
