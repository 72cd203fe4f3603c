"""What an institution teaches with: teachers, rooms and platforms, plans against the standard, materials."""

import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.standards.rules import Level


class EnvironmentKind(enum.Enum):
    CLASSROOM = "classroom"
    LABORATORY = "laboratory"
    PLATFORM = "platform"


class Teacher(Base):
    __tablename__ = "teacher"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    title: Mapped[str] = mapped_column(String(80), default="")
    qualification: Mapped[str] = mapped_column(String(200))
    # The occupations that the qualification is for.
    fields: Mapped[list[str]]
    # None: for good.
    qualified_until: Mapped[date | None] = mapped_column(Date)
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class Environment(Base):
    """A room or a platform with its hardware and software."""

    __tablename__ = "training_environment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    kind: Mapped[EnvironmentKind]
    seats: Mapped[int]
    hardware: Mapped[str] = mapped_column(Text, default="")
    software: Mapped[str] = mapped_column(Text, default="")
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]


class TeachingPlan(Base):
    """An institution's plan for an occupation and level: hours for each task of the outline."""

    __tablename__ = "teaching_plan"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    field: Mapped[str] = mapped_column(String(40))
    level: Mapped[Level]
    # The standard's edition that it was made against.
    edition: Mapped[str] = mapped_column(String(40))
    # outline node → hours
    entries: Mapped[dict[str, Any]]
    token: Mapped[str] = mapped_column(String(40), unique=True)
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]


class ClassMaterial(Base):
    __tablename__ = "class_material"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    training_class_id: Mapped[UUID] = mapped_column(ForeignKey("training_class.id"), index=True)
    name: Mapped[str] = mapped_column(String(160))
    digest: Mapped[str] = mapped_column(String(64))
    media_type: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]
