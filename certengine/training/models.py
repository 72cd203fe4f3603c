import enum
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Person
from certengine.standards.rules import Level
from certengine.training import course_models, teaching_models
from certengine.training.teaching_models import TeachingPlan

__all__ = ["course_models", "teaching_models"]


class LessonMode(enum.Enum):
    ONLINE = "online"
    ON_SITE = "on_site"


class TrainingClass(Base):
    """A class that one institution teaches for one field and level."""

    __tablename__ = "training_class"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    field: Mapped[str] = mapped_column(String(40))
    level: Mapped[Level]
    hours_required: Mapped[int]
    # The plan that it teaches; its content counts for completion.
    plan_id: Mapped[UUID | None] = mapped_column(ForeignKey("teaching_plan.id"))
    # Who holds the completion assessment; None for the institution itself.
    assessor_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    # The form's one-time token: a form sent twice makes one class.
    token: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]

    lessons: Mapped[list["Lesson"]] = relationship(order_by="Lesson.starts_at")
    plan: Mapped[TeachingPlan | None] = relationship()


class Lesson(Base):
    __tablename__ = "lesson"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_class_id: Mapped[UUID] = mapped_column(ForeignKey("training_class.id"), index=True)
    topic: Mapped[str] = mapped_column(String(120))
    teacher: Mapped[str] = mapped_column(String(60))
    mode: Mapped[LessonMode]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    teacher_id: Mapped[UUID | None] = mapped_column(ForeignKey("teacher.id"), index=True)
    environment_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_environment.id"), index=True)
    # Where an online lesson is held.
    address: Mapped[str] = mapped_column(String(200), default="", server_default="")
    # The tasks of the plan that it treats.
    tasks: Mapped[list[str]] = mapped_column(default=list, server_default="[]")


class Enrolment(Base):
    __tablename__ = "enrolment"
    __table_args__ = (UniqueConstraint("training_class_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_class_id: Mapped[UUID] = mapped_column(ForeignKey("training_class.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    assessment: Mapped[Decimal | None]
    assessed_at: Mapped[datetime | None]
    assessed_by: Mapped[str | None] = mapped_column(String(80))
    completed_at: Mapped[datetime | None]
    certificate_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))
    created_at: Mapped[datetime]

    person: Mapped[Person] = relationship()
    training_class: Mapped[TrainingClass] = relationship()


class Attendance(Base):
    """Presence of one person at one lesson, from and until; a correction replaces it and says why."""

    __tablename__ = "attendance"
    __table_args__ = (UniqueConstraint("enrolment_id", "lesson_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    enrolment_id: Mapped[UUID] = mapped_column(ForeignKey("enrolment.id"), index=True)
    lesson_id: Mapped[UUID] = mapped_column(ForeignKey("lesson.id"), index=True)
    came_at: Mapped[datetime]
    left_at: Mapped[datetime]
    reason: Mapped[str] = mapped_column(Text, default="")
    recorded_by: Mapped[str] = mapped_column(String(80))
    recorded_at: Mapped[datetime]
