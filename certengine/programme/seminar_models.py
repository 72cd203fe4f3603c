import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation, Person
from certengine.programme.base_models import Tier


class SeminarState(enum.Enum):
    APPLIED = "applied"
    # A national one that the province recommended; the ministry's answer is awaited.
    RECOMMENDED = "recommended"
    APPROVED = "approved"
    REFUSED = "refused"
    SUMMARISED = "summarised"


class ParticipantState(enum.Enum):
    NOMINATED = "nominated"
    ADMITTED = "admitted"
    REFUSED = "refused"


class Seminar(Base):
    """An advanced seminar from its application to its summary. One organisation applies, one hosts."""

    __tablename__ = "seminar"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    host_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    tier: Mapped[Tier]
    region: Mapped[str] = mapped_column(String(6), default="370000", server_default="370000")
    state: Mapped[SeminarState] = mapped_column(default=SeminarState.APPLIED)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    places: Mapped[int]
    content: Mapped[str] = mapped_column(Text, default="", server_default="")
    # Where the money comes from, and how much, in yuan.
    fund: Mapped[str] = mapped_column(String(160))
    budget: Mapped[Decimal] = mapped_column(default=Decimal(0), server_default="0")
    applied_at: Mapped[datetime]
    opinion: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(80))
    # The ministry's paper by which a national one was approved.
    ministry_reference: Mapped[str] = mapped_column(String(120), default="", server_default="")
    trained: Mapped[int | None]
    satisfaction: Mapped[Decimal | None]
    spent: Mapped[Decimal | None]
    summary: Mapped[str] = mapped_column(Text, default="")
    summarised_at: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(String(40), unique=True)

    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    host: Mapped[Organisation] = relationship(foreign_keys=[host_id])
    sessions: Mapped[list["SeminarSession"]] = relationship(order_by="SeminarSession.starts_at")
    materials: Mapped[list["SeminarMaterial"]] = relationship(order_by="SeminarMaterial.id")

    @property
    def subject(self) -> str:
        return f"seminar:{self.id}"


class SeminarSession(Base):
    """A part of the programme for which participants sign in."""

    __tablename__ = "seminar_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seminar_id: Mapped[UUID] = mapped_column(ForeignKey("seminar.id"), index=True)
    topic: Mapped[str] = mapped_column(String(160))
    speaker: Mapped[str] = mapped_column(String(120))
    place: Mapped[str] = mapped_column(String(120))
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]


class SeminarMaterial(Base):
    __tablename__ = "seminar_material"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seminar_id: Mapped[UUID] = mapped_column(ForeignKey("seminar.id"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    digest: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]


class Participant(Base):
    __tablename__ = "seminar_participant"
    __table_args__ = (UniqueConstraint("seminar_id", "person_id"), Index(None, "seminar_id", "state"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seminar_id: Mapped[UUID] = mapped_column(ForeignKey("seminar.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    nominated_by_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    employer: Mapped[str] = mapped_column(String(120), default="")
    post: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[ParticipantState] = mapped_column(default=ParticipantState.NOMINATED)
    # Whether the form of satisfaction came; what it says is kept without a name.
    feedback_given: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    seminar: Mapped[Seminar] = relationship()

    @property
    def subject(self) -> str:
        return f"participant:{self.id}"


class SeminarSignIn(Base):
    __tablename__ = "seminar_sign_in"
    __table_args__ = (UniqueConstraint("participant_id", "session_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    participant_id: Mapped[UUID] = mapped_column(ForeignKey("seminar_participant.id"))
    session_id: Mapped[UUID] = mapped_column(ForeignKey("seminar_session.id"), index=True)
    at: Mapped[datetime]
    # "qr", or the account that entered it from the list.
    by: Mapped[str] = mapped_column(String(80))


class SeminarFeedback(Base):
    """One form of satisfaction, 1 to 5 each; nobody's name is with it."""

    __tablename__ = "seminar_feedback"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    seminar_id: Mapped[UUID] = mapped_column(ForeignKey("seminar.id"), index=True)
    content: Mapped[int]
    teaching: Mapped[int]
    organisation: Mapped[int]
    remark: Mapped[str] = mapped_column(Text, default="")
