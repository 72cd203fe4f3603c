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
    # The browser that the attempt belongs to, and the address that it last came from.
    device: Mapped[str | None] = mapped_column(String(64))
    address: Mapped[str | None] = mapped_column(String(45))
    # Why somebody stands outside (a problem's code), until a proctor lets them in; that holds for one opening.
    held_for: Mapped[str | None] = mapped_column(String(40))
    released_at: Mapped[datetime | None]
    # A proctor let in a browser that did not show the sitting's key.
    key_excused: Mapped[bool] = mapped_column(default=False, server_default="0")
    # The printed form that was answered in place of the candidate's own paper.
    form: Mapped[str] = mapped_column(String(2), default="", server_default="")


class EventKind(enum.Enum):
    """What happened at a screen: facts, and no judgement."""

    FOCUS_LOST = "focus_lost"
    PASTED = "pasted"
    CLOCK_CHANGED = "clock_changed"
    OFFLINE = "offline"
    ADDRESS_CHANGED = "address_changed"
    SECOND_SIGN_IN = "second_sign_in"
    OTHER_DEVICE = "other_device"
    WRONG_KEY = "wrong_key"
    KEY_SHOWN = "key_shown"
    LET_IN = "let_in"


class AttemptEvent(Base):
    """Nothing is changed or removed; the candidate sees the same list."""

    __tablename__ = "attempt_event"
    __table_args__ = (UniqueConstraint("attempt_id", "token"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"))
    kind: Mapped[EventKind]
    # When the server heard of it; what the screen says of its own time is in the data.
    at: Mapped[datetime]
    data: Mapped[dict[str, Any]]
    # Of the screen, so that what is sent twice stands once.
    token: Mapped[str] = mapped_column(String(40))


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


class TaskMaterial(Base):
    """A file that goes with the practical task of a sitting; candidates get it once they have started."""

    __tablename__ = "task_material"
    __table_args__ = (UniqueConstraint("sitting_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    digest: Mapped[str] = mapped_column(String(64))
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]


class HandedFile(Base):
    """A file that a candidate hands in, in parts. Nothing is overwritten: of one name the newest whole one counts."""

    __tablename__ = "handed_file"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    attempt_id: Mapped[UUID] = mapped_column(ForeignKey("attempt.id"), index=True)
    name: Mapped[str] = mapped_column(String(120))
    size: Mapped[int] = mapped_column(BigInteger)
    # As the candidate's computer worked it out, where it could; then as it is here.
    digest: Mapped[str | None] = mapped_column(String(64))
    # So many bytes have arrived, from the first on without a gap.
    received: Mapped[int] = mapped_column(BigInteger, default=0)
    begun_at: Mapped[datetime]
    completed_at: Mapped[datetime | None]
    # Taken back by the candidate; it is kept and does not count.
    removed_at: Mapped[datetime | None]


class PaperEntry(Base):
    """What one person typed from answer sheets; a second person's that says the same makes attempts of it."""

    __tablename__ = "paper_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    # ticket → {"form": letter, "answers": item → answer}
    rows: Mapped[dict[str, Any]]
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    taken_at: Mapped[datetime | None]
    taken_by: Mapped[str | None] = mapped_column(String(80))
