import enum
from datetime import datetime
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


class CheckIn(Base):
    """A proctor has seen the candidate and the document."""

    __tablename__ = "check_in"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
