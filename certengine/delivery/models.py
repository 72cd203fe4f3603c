import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class AttemptState(enum.Enum):
    READY = "ready"
    RUNNING = "running"
    SUSPENDED = "suspended"
    SUBMITTED = "submitted"


class Attempt(Base):
    """One candidate at one sitting, from the confirmed identity to the hand-in."""

    __tablename__ = "attempt"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    state: Mapped[AttemptState] = mapped_column(default=AttemptState.READY, index=True)
    confirmed_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    # The end of the sitting and what a proctor added to it.
    deadline_at: Mapped[datetime]
    extra_seconds: Mapped[int] = mapped_column(default=0)
    # What was left when a proctor stopped the clock.
    remaining_seconds: Mapped[int | None]
    submitted_at: Mapped[datetime | None]
    submitted_by: Mapped[str | None] = mapped_column(String(80))
    # Counts the openings of the screen: only the newest one may save.
    generation: Mapped[int] = mapped_column(default=0)
    seen_at: Mapped[datetime | None]
    # The ledger entry of the hand-in.
    receipt_entry: Mapped[UUID | None]


class AnswerEntry(Base):
    """What arrived, as it arrived. A repeat of the same key is harmless; the highest sequence of an item counts."""

    __tablename__ = "answer_entry"
    __table_args__ = ({"sqlite_with_rowid": False},)

    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), primary_key=True)
    item: Mapped[str] = mapped_column(String(60), primary_key=True)
    sequence: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    # {"a": the answer by option ids, or null where it was cleared; "f": flagged for review}
    content: Mapped[dict[str, Any]]
    received_at: Mapped[datetime]
