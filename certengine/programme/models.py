import enum
from datetime import date, datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation


class Tier(enum.Enum):
    NATIONAL = "national"
    PROVINCIAL = "provincial"


class SeminarState(enum.Enum):
    APPLIED = "applied"
    APPROVED = "approved"
    RECOMMENDED = "recommended"
    REFUSED = "refused"
    SUMMARISED = "summarised"


class BaseState(enum.Enum):
    IN_GOOD_STANDING = "in_good_standing"
    PUT_RIGHT = "put_right"
    REMOVED = "removed"


class Seminar(Base):
    """An advanced seminar from its application to its summary."""

    __tablename__ = "seminar"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(160))
    tier: Mapped[Tier]
    state: Mapped[SeminarState] = mapped_column(default=SeminarState.APPLIED)
    starts_on: Mapped[date] = mapped_column(Date)
    ends_on: Mapped[date] = mapped_column(Date)
    places: Mapped[int]
    fund: Mapped[str] = mapped_column(String(160))
    applied_at: Mapped[datetime]
    opinion: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str | None] = mapped_column(String(80))
    trained: Mapped[int | None]
    satisfaction: Mapped[Decimal | None]
    summary: Mapped[str] = mapped_column(Text, default="")
    summarised_at: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(String(40), unique=True)

    organisation: Mapped[Organisation] = relationship()


class TrainingBase(Base):
    """An organisation's title as a base, with its plaque."""

    __tablename__ = "training_base"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), unique=True)
    tier: Mapped[Tier]
    plaque: Mapped[str] = mapped_column(String(40), unique=True)
    designated_on: Mapped[date] = mapped_column(Date)
    state: Mapped[BaseState] = mapped_column(default=BaseState.IN_GOOD_STANDING)
    reason: Mapped[str] = mapped_column(Text, default="")

    organisation: Mapped[Organisation] = relationship()
    reports: Mapped[list["BaseReport"]] = relationship(order_by="BaseReport.year.desc()")


class BaseReport(Base):
    """A year's summary and the next year's plan, due on 10 December."""

    __tablename__ = "base_report"
    __table_args__ = (UniqueConstraint("training_base_id", "year"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_base_id: Mapped[UUID] = mapped_column(ForeignKey("training_base.id"), index=True)
    year: Mapped[int]
    trained: Mapped[int]
    seminars: Mapped[int]
    courses: Mapped[int]
    summary: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[str] = mapped_column(String(80))
