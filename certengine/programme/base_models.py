import enum
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation


class Tier(enum.Enum):
    NATIONAL = "national"
    PROVINCIAL = "provincial"


class BaseState(enum.Enum):
    IN_GOOD_STANDING = "in_good_standing"
    PUT_RIGHT = "put_right"
    # Its removal is published and may be objected to.
    REMOVAL_PROPOSED = "removal_proposed"
    REMOVED = "removed"


class AssessmentVerdict(enum.Enum):
    EXCELLENT = "excellent"
    GOOD = "good"
    POOR = "poor"


class ExchangeKind(enum.Enum):
    EXPERTS = "experts"
    MATERIALS = "materials"
    RESEARCH = "research"
    PLATFORM = "platform"


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
    # By when a base that is put right must have done so.
    put_right_until: Mapped[date | None] = mapped_column(Date)

    organisation: Mapped[Organisation] = relationship()
    reports: Mapped[list["BaseReport"]] = relationship(order_by="BaseReport.year.desc()")
    assessments: Mapped[list["BaseAssessment"]] = relationship(order_by="BaseAssessment.year.desc()")
    standings: Mapped[list["BaseStanding"]] = relationship(order_by="BaseStanding.id.desc()")

    @property
    def subject(self) -> str:
        return f"base:{self.id}"


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
    # What the system's own records gave when the report came: trained, seminars, courses.
    counted: Mapped[dict[str, Any]] = mapped_column(default=dict, server_default="{}")
    summary: Mapped[str] = mapped_column(Text)
    plan: Mapped[str] = mapped_column(Text)
    submitted_at: Mapped[datetime]
    submitted_by: Mapped[str] = mapped_column(String(80))


class BaseStanding(Base):
    """One change of a base's standing: nothing is changed or removed here."""

    __tablename__ = "base_standing"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_base_id: Mapped[UUID] = mapped_column(ForeignKey("training_base.id"), index=True)
    state: Mapped[BaseState]
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class BaseAssessment(Base):
    """The department's judgement of a year, beside the figures on which it stands."""

    __tablename__ = "base_assessment"
    __table_args__ = (UniqueConstraint("training_base_id", "year"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_base_id: Mapped[UUID] = mapped_column(ForeignKey("training_base.id"), index=True)
    year: Mapped[int]
    indicators: Mapped[dict[str, Any]]
    score: Mapped[Decimal]
    verdict: Mapped[AssessmentVerdict]
    opinion: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class BaseReminder(Base):
    """A base was reminded of its report so many days before it was due; after it, days are negative."""

    __tablename__ = "base_reminder"
    __table_args__ = (UniqueConstraint("training_base_id", "year", "days"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_base_id: Mapped[UUID] = mapped_column(ForeignKey("training_base.id"), index=True)
    year: Mapped[int]
    days: Mapped[int]
    at: Mapped[datetime]


class Exchange(Base):
    """What one base offers the others."""

    __tablename__ = "base_exchange"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_base_id: Mapped[UUID] = mapped_column(ForeignKey("training_base.id"), index=True)
    kind: Mapped[ExchangeKind]
    title: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    offered_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]

    base: Mapped[TrainingBase] = relationship()
    requests: Mapped[list["ExchangeRequest"]] = relationship(order_by="ExchangeRequest.id")


class ExchangeRequest(Base):
    """Another base would like to take part; accepted None until the one that offered answers."""

    __tablename__ = "base_exchange_request"
    __table_args__ = (UniqueConstraint("exchange_id", "training_base_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    exchange_id: Mapped[UUID] = mapped_column(ForeignKey("base_exchange.id"), index=True)
    training_base_id: Mapped[UUID] = mapped_column(ForeignKey("training_base.id"))
    text: Mapped[str] = mapped_column(Text)
    asked_at: Mapped[datetime]
    accepted: Mapped[bool | None]
    answered_at: Mapped[datetime | None]

    base: Mapped[TrainingBase] = relationship()
