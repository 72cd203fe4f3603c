"""Answers that people mark: the questions that ask for them, the answers, who marks them, and every mark given."""

import enum
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class MarkingMode(enum.Enum):
    SINGLE = "single"
    DOUBLE = "double"
    BLIND_DOUBLE = "blind_double"


class AnswerState(enum.Enum):
    OPEN = "open"
    DISPUTED = "disputed"
    SETTLED = "settled"


class AnswerQuestion(Base):
    """One short answer, or part of a case, as it is marked across all scripts of a sitting."""

    __tablename__ = "answer_question"
    __table_args__ = (UniqueConstraint("sitting_id", "item", "part"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"))
    item: Mapped[str] = mapped_column(String(60))
    # Of a case; empty for an item of its own.
    part: Mapped[str] = mapped_column(String(20), default="")
    mode: Mapped[MarkingMode]
    # Per cent of the question's points by which two marks may differ.
    tolerance: Mapped[int]
    opened_at: Mapped[datetime]


class WrittenAnswer(Base):
    """One answer under a code that says nothing of whose it is. Without a registration it is a seed: agreed holds its
    points by answer point."""

    __tablename__ = "written_answer"
    __table_args__ = (
        UniqueConstraint("question_id", "code"),
        UniqueConstraint("question_id", "registration_id"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    question_id: Mapped[UUID] = mapped_column(ForeignKey("answer_question.id"))
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"), index=True)
    code: Mapped[str] = mapped_column(String(12))
    text: Mapped[str] = mapped_column(Text)
    blank: Mapped[bool] = mapped_column(default=False)
    agreed: Mapped[dict[str, Any] | None]
    # Marked by everybody before any other answer, and then shown with the agreed points and why they were agreed.
    practice: Mapped[bool] = mapped_column(default=False)
    note: Mapped[str] = mapped_column(Text, default="")
    state: Mapped[AnswerState] = mapped_column(default=AnswerState.OPEN)
    # The part of the points that it has earned, as a fraction: "13/20".
    share: Mapped[str | None] = mapped_column(String(40))
    settled_at: Mapped[datetime | None]
    # Counts the marks given: whoever opened it at another number is told.
    version: Mapped[int] = mapped_column(default=0)


class AnswerMarker(Base):
    """An examiner who marks a question; a third marker marks only what is in dispute."""

    __tablename__ = "answer_marker"
    __table_args__ = (UniqueConstraint("question_id", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    question_id: Mapped[UUID] = mapped_column(ForeignKey("answer_question.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    third: Mapped[bool] = mapped_column(default=False)
    quota: Mapped[int]
    active: Mapped[bool] = mapped_column(default=True)
    paused_at: Mapped[datetime | None]
    # Seeds marked before an officer released the marker no longer count.
    seeds_since: Mapped[datetime]


class AnswerMark(Base):
    """One mark as it was given. Nothing is overwritten: of one marker's marks of an answer the highest number counts."""

    __tablename__ = "answer_mark"
    __table_args__ = (UniqueConstraint("answer_id", "marker", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    answer_id: Mapped[UUID] = mapped_column(ForeignKey("written_answer.id"))
    marker: Mapped[str] = mapped_column(String(80), index=True)
    number: Mapped[int]
    # By answer point, as texts.
    points: Mapped[dict[str, Any]]
    given: Mapped[Decimal]
    # What could be given, and the hash of the answer points it was given by.
    whole: Mapped[Decimal]
    rubric: Mapped[str] = mapped_column(String(64))
    comment: Mapped[str] = mapped_column(Text, default="")
    at: Mapped[datetime]
    # Sent back after the answer points were changed: it counts no more.
    set_aside: Mapped[bool] = mapped_column(default=False)
    # The ledger entry of its batch.
    entry: Mapped[UUID | None]
