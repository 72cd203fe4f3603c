"""Selections: who applies for a title, who recommends, which experts score, what was published, who objected."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Account, Organisation


class ApplicationKind(enum.Enum):
    """The titles that are applied for."""

    BASE = "base"
    TRAINING_INSTITUTION = "training_institution"
    EVALUATION_INSTITUTION = "evaluation_institution"
    BEST_COURSE = "best_course"


class Stage(enum.Enum):
    SUBMITTED = "submitted"
    # Sent back to be completed.
    RETURNED = "returned"
    RECOMMENDED = "recommended"
    # In its days of public notice, in which anybody may object.
    PUBLISHED = "published"
    AWARDED = "awarded"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Application(Base):
    """An organisation applies for a title for itself or nominates one of its courses."""

    __tablename__ = "programme_application"
    __table_args__ = (Index(None, "region", "stage"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[ApplicationKind]
    # Of a base: national or provincial.
    national: Mapped[bool] = mapped_column(default=False)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    course_id: Mapped[UUID | None] = mapped_column(ForeignKey("course.id"))
    title: Mapped[str] = mapped_column(String(160))
    # The occupations of an institution's application.
    fields: Mapped[list[str]]
    # Answers by the names of rules.QUESTIONS.
    statement: Mapped[dict[str, Any]]
    region: Mapped[str] = mapped_column(String(6))
    stage: Mapped[Stage] = mapped_column(default=Stage.SUBMITTED)
    recommender_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    recommendation: Mapped[str] = mapped_column(Text, default="")
    recommended_by: Mapped[str] = mapped_column(String(80), default="")
    opinion: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    token: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship(foreign_keys=[organisation_id])
    recommender: Mapped[Organisation] = relationship(foreign_keys=[recommender_id])
    documents: Mapped[list["ApplicationDocument"]] = relationship(order_by="ApplicationDocument.id")

    @property
    def subject(self) -> str:
        return f"application:{self.id}"


class ApplicationDocument(Base):
    """A proof: a file by its hash."""

    __tablename__ = "programme_application_document"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    application_id: Mapped[UUID] = mapped_column(ForeignKey("programme_application.id"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    digest: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]


class ExpertReview(Base):
    """One expert's scores of one thing (an opaque subject: application:ID, seminar:ID); empty until given."""

    __tablename__ = "expert_review"
    __table_args__ = (UniqueConstraint("subject", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(160))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    # criterion → points
    scores: Mapped[dict[str, Any]]
    total: Mapped[int | None]
    opinion: Mapped[str] = mapped_column(Text, default="")
    assigned_at: Mapped[datetime]
    given_at: Mapped[datetime | None]

    account: Mapped[Account] = relationship()


class PublicNotice(Base):
    """What everybody may read, and until when they may object to it."""

    __tablename__ = "public_notice"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    subject: Mapped[str] = mapped_column(String(60), index=True)
    title: Mapped[str] = mapped_column(String(200))
    text: Mapped[str] = mapped_column(Text)
    region: Mapped[str] = mapped_column(String(6))
    # None: a notice to be read, not to be objected to.
    objections_until: Mapped[date | None] = mapped_column(Date)
    published_at: Mapped[datetime] = mapped_column(index=True)
    published_by: Mapped[str] = mapped_column(String(80))

    objections: Mapped[list["Objection"]] = relationship(order_by="Objection.at")


class Objection(Base):
    """Somebody objects. Who it was and how to reach them is encrypted; the one who decides reads it."""

    __tablename__ = "objection"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    notice_id: Mapped[UUID] = mapped_column(ForeignKey("public_notice.id"), index=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    text: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    upheld: Mapped[bool | None]
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]
