import enum
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.standards.rules import Part


class Verdict(enum.Enum):
    PASSED = "passed"
    FAILED = "failed"
    ABSENT = "absent"
    VOID = "void"


class TheoryMark(Base):
    """The automatic mark of one script; items holds what each item earned, in hundredths, by item id."""

    __tablename__ = "theory_mark"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    score: Mapped[Decimal]
    items: Mapped[dict[str, Any]]
    marked_at: Mapped[datetime]


class PracticalMark(Base):
    """One examiner's mark of one candidate; points by criterion, as texts."""

    __tablename__ = "practical_mark"
    __table_args__ = (UniqueConstraint("sitting_id", "registration_id", "examiner"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    examiner: Mapped[str] = mapped_column(String(80))
    examiner_name: Mapped[str] = mapped_column(String(120))
    task: Mapped[str] = mapped_column(String(60))
    points: Mapped[dict[str, Any]]
    total: Mapped[Decimal]
    comment: Mapped[str] = mapped_column(Text, default="")
    # Counts the savings: a form that was opened before another saving is refused.
    version: Mapped[int] = mapped_column(default=1)
    marked_at: Mapped[datetime]


class ResultVoid(Base):
    """A part taken away by a decision, before or after the release; both parts are two rows."""

    __tablename__ = "result_void"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    part: Mapped[Part] = mapped_column(primary_key=True)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))


class Result(Base):
    """What a candidate has got in both parts, from its release on; None where a part was not taken."""

    __tablename__ = "result"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    theory: Mapped[Decimal | None]
    practical: Mapped[Decimal | None]
    verdict: Mapped[Verdict]
    released_at: Mapped[datetime]
    released_by: Mapped[str] = mapped_column(String(80))
    certificate_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))
