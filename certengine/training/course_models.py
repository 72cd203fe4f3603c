"""Continuing education: courses with units and quizzes, who learns them, and the hours that come of it."""

import enum
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation, Person
from certengine.standards.rules import Level


class Subject(enum.Enum):
    """公需科目, common to all professions, and 专业科目."""

    GENERAL = "general"
    PROFESSIONAL = "professional"


class CourseState(enum.Enum):
    DRAFT = "draft"
    SUBMITTED = "submitted"
    REVIEWED = "reviewed"
    PUBLISHED = "published"
    WITHDRAWN = "withdrawn"


class UnitKind(enum.Enum):
    VIDEO = "video"
    DOCUMENT = "document"


class Way(enum.Enum):
    """The ways in which hours are earned."""

    COURSE = "course"
    TRAINING_CLASS = "training_class"
    SEMINAR = "seminar"
    PRACTICE = "practice"
    DISTANCE = "distance"
    CONFERENCE = "conference"


class Course(Base):
    __tablename__ = "course"
    __table_args__ = (Index(None, "state", "title"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    # The organisation that developed it.
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    summary: Mapped[str] = mapped_column(Text, default="")
    subject: Mapped[Subject]
    # A general course has neither field nor level.
    field: Mapped[str] = mapped_column(String(40), default="")
    level: Mapped[Level | None]
    hours: Mapped[Decimal]
    # Whether a first view must be in order; data, for a course may be a collection.
    in_order: Mapped[bool] = mapped_column(default=True)
    # No items, no quiz. The source is a released bank; empty stands for the course's own questions.
    quiz_items: Mapped[int] = mapped_column(default=0)
    quiz_pass: Mapped[int] = mapped_column(default=60)
    quiz_attempts: Mapped[int] = mapped_column(default=3)
    quiz_source: Mapped[str] = mapped_column(String(80), default="")
    state: Mapped[CourseState] = mapped_column(default=CourseState.DRAFT)
    # SHA-256 of all that was submitted, so that what was reviewed is what is published.
    digest: Mapped[str] = mapped_column(String(64), default="")
    author: Mapped[str] = mapped_column(String(80))
    reviewer: Mapped[str] = mapped_column(String(80), default="")
    note: Mapped[str] = mapped_column(Text, default="")
    published_at: Mapped[datetime | None]
    # The year in which it was chosen as one of the best online courses.
    best_in: Mapped[int | None]
    token: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    units: Mapped[list["CourseUnit"]] = relationship(order_by="CourseUnit.place", cascade="all, delete-orphan")
    questions: Mapped[list["CourseQuestion"]] = relationship(
        order_by="CourseQuestion.place", cascade="all, delete-orphan"
    )


class CourseUnit(Base):
    """A video of so many seconds, or a document with its stated time of reading."""

    __tablename__ = "course_unit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"), index=True)
    place: Mapped[int]
    title: Mapped[str] = mapped_column(String(120))
    kind: Mapped[UnitKind]
    seconds: Mapped[int]
    # A kept file by its hash, with its media type; or a path on the same host (/media/…); or a text.
    file: Mapped[str] = mapped_column(String(64), default="")
    media_type: Mapped[str] = mapped_column(String(40), default="")
    address: Mapped[str] = mapped_column(String(200), default="")
    text: Mapped[str] = mapped_column(Text, default="")


class CourseQuestion(Base):
    __tablename__ = "course_question"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"), index=True)
    place: Mapped[int]
    stem: Mapped[str] = mapped_column(Text)
    options: Mapped[list[str]]
    # The place of the right option.
    key: Mapped[int]


class CourseEnrolment(Base):
    """One person learns one course; the organisation is the one that enrolled them, if any."""

    __tablename__ = "course_enrolment"
    __table_args__ = (
        UniqueConstraint("course_id", "person_id"),
        Index(None, "person_id", "id"),
        Index(None, "organisation_id", "id"),
        Index(None, "city", "id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_id: Mapped[UUID] = mapped_column(ForeignKey("course.id"))
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    city: Mapped[str] = mapped_column(String(6))
    units_done: Mapped[int] = mapped_column(default=0)
    units: Mapped[int]
    # Attempts at the quiz that were granted beyond the course's own number.
    more_attempts: Mapped[int] = mapped_column(default=0)
    quiz_passed_at: Mapped[datetime | None]
    completed_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    course: Mapped[Course] = relationship()


class UnitProgress(Base):
    __tablename__ = "unit_progress"
    __table_args__ = (UniqueConstraint("course_enrolment_id", "course_unit_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("course_enrolment.id"))
    course_unit_id: Mapped[UUID] = mapped_column(ForeignKey("course_unit.id"), index=True)
    # Merged [from, until) in milliseconds.
    watched: Mapped[list[Any]] = mapped_column(default=list)
    done_at: Mapped[datetime | None]


class LearningClock(Base):
    """When a person was last heard of: one a person, so that two windows do not count time twice."""

    __tablename__ = "learning_clock"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    heard_at: Mapped[datetime]


class QuizAttempt(Base):
    __tablename__ = "quiz_attempt"
    __table_args__ = (UniqueConstraint("course_enrolment_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    course_enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("course_enrolment.id"))
    number: Mapped[int]
    seed: Mapped[str] = mapped_column(String(64))
    # The questions as shown, with their keys: never sent before the attempt is marked.
    questions: Mapped[list[Any]]
    answers: Mapped[dict[str, Any]] = mapped_column(default=dict)
    score: Mapped[Decimal | None]
    passed: Mapped[bool] = mapped_column(default=False)
    started_at: Mapped[datetime]
    submitted_at: Mapped[datetime | None]


class HoursCredit(Base):
    """Hours of a person, once for each thing that earned them."""

    __tablename__ = "hours_credit"
    __table_args__ = (UniqueConstraint("person_id", "source"), Index(None, "person_id", "year"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int]
    subject: Mapped[Subject]
    way: Mapped[Way]
    hours: Mapped[Decimal]
    title: Mapped[str] = mapped_column(String(160))
    # What earned them, as an opaque subject of the ledger: course_enrolment:ID.
    source: Mapped[str] = mapped_column(String(80))
    ledger_entry: Mapped[UUID]
    at: Mapped[datetime]


class HoursAccount(Base):
    """A person's year in sums, kept with each credit, so that a year of a province is added up from one index."""

    __tablename__ = "hours_account"
    __table_args__ = (
        UniqueConstraint("person_id", "year"),
        Index("ix_hours_account_city", "year", "city", "enrolled", "completed", "general", "professional", "met"),
        Index(
            "ix_hours_account_organisation",
            "year",
            "organisation_id",
            "city",
            "enrolled",
            "completed",
            "general",
            "professional",
            "met",
        ),
        Index("ix_hours_account_people", "organisation_id", "year", "person_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int]
    city: Mapped[str] = mapped_column(String(6))
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"))
    enrolled: Mapped[int] = mapped_column(default=0)
    completed: Mapped[int] = mapped_column(default=0)
    general: Mapped[Decimal] = mapped_column(default=Decimal(0))
    professional: Mapped[Decimal] = mapped_column(default=Decimal(0))
    met: Mapped[bool] = mapped_column(default=False)

    person: Mapped[Person] = relationship()


class YearStatement(Base):
    """A person's year as it was printed and signed."""

    __tablename__ = "year_statement"
    __table_args__ = (Index(None, "person_id", "year"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"))
    year: Mapped[int]
    code: Mapped[str] = mapped_column(String(32), unique=True)
    facts: Mapped[dict[str, Any]]
    pdf: Mapped[str] = mapped_column(String(64))
    ledger_entry: Mapped[UUID]
    issued_at: Mapped[datetime]
