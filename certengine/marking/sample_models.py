"""Samples of a practical task with agreed points, what examiners gave for them, and what holds for an examiner."""

from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class PracticalSample(Base):
    """Work that nobody of the sitting has done: described, or as a file; points by criterion and their total of 100."""

    __tablename__ = "practical_sample"
    __table_args__ = (UniqueConstraint("sitting_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    code: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    file_name: Mapped[str] = mapped_column(String(120), default="")
    file: Mapped[str] = mapped_column(String(64), default="")
    points: Mapped[dict[str, Any]]
    total: Mapped[Decimal]
    # Why it was agreed so; examiners read it once they have marked the sample.
    note: Mapped[str] = mapped_column(Text, default="")
    added_by: Mapped[str] = mapped_column(String(80))
    added_at: Mapped[datetime]


class PracticalSampleMark(Base):
    """Given once: whoever has seen the agreed points marks the sample no more."""

    __tablename__ = "practical_sample_mark"

    sample_id: Mapped[UUID] = mapped_column(ForeignKey("practical_sample.id"), primary_key=True)
    examiner: Mapped[str] = mapped_column(String(80), primary_key=True)
    points: Mapped[dict[str, Any]]
    total: Mapped[Decimal]
    marked_at: Mapped[datetime]


class PracticalExaminer(Base):
    """quota: so many candidates at most, None without a limit; released_at: samples marked until then are forgiven."""

    __tablename__ = "practical_examiner"

    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), primary_key=True)
    examiner: Mapped[str] = mapped_column(String(80), primary_key=True)
    quota: Mapped[int | None]
    released_at: Mapped[datetime | None]
    reason: Mapped[str] = mapped_column(String(200), default="")
