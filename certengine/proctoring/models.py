import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class IncidentKind(enum.Enum):
    EQUIPMENT = "equipment"
    HEALTH = "health"
    LATE = "late"
    IDENTITY = "identity"
    SUSPICION = "suspicion"
    ORDER = "order"
    OTHER = "other"


class Incident(Base):
    """What a proctor writes down, of the room or of one candidate. Nothing is changed or removed afterwards."""

    __tablename__ = "incident"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    exam_room_id: Mapped[UUID] = mapped_column(ForeignKey("exam_room.id"))
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"))
    kind: Mapped[IncidentKind]
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_by_name: Mapped[str] = mapped_column(String(120))
    # The form's one-time token: a form sent twice writes one incident.
    token: Mapped[str] = mapped_column(String(40), unique=True)
    # Photographs, by their hashes in the file store.
    photos: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class CheckIn(Base):
    """A proctor has seen the candidate and the document."""

    __tablename__ = "check_in"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
    # Why somebody was let in whose face or document was in doubt.
    override: Mapped[str] = mapped_column(String(200), default="", server_default="")


class ExamRoomRecord(Base):
    """What stands on the record of a room (考场记录单): frozen when the first proctor signs, valid when two have."""

    __tablename__ = "exam_room_record"
    __table_args__ = (UniqueConstraint("exam_room_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    exam_room_id: Mapped[UUID] = mapped_column(ForeignKey("exam_room.id"))
    content: Mapped[dict[str, Any]]
    digest: Mapped[str] = mapped_column(String(64))
    first_by: Mapped[str] = mapped_column(String(80))
    first_name: Mapped[str] = mapped_column(String(120))
    first_at: Mapped[datetime]
    second_by: Mapped[str | None] = mapped_column(String(80))
    second_name: Mapped[str | None] = mapped_column(String(120))
    second_at: Mapped[datetime | None]
    entry_id: Mapped[UUID | None]


class Handover(Base):
    """One proctor leaves the room to another, with what is still open."""

    __tablename__ = "proctor_handover"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    exam_room_id: Mapped[UUID] = mapped_column(ForeignKey("exam_room.id"), index=True)
    given_by: Mapped[str] = mapped_column(String(80))
    given_by_name: Mapped[str] = mapped_column(String(120))
    given_at: Mapped[datetime]
    note: Mapped[str] = mapped_column(Text)
    taken_by: Mapped[str | None] = mapped_column(String(80))
    taken_by_name: Mapped[str | None] = mapped_column(String(120))
    taken_at: Mapped[datetime | None]
