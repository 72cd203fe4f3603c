import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class DrawState(enum.Enum):
    SEED_COMMITTED = "seed_committed"
    DRAWN = "drawn"
    DISCLOSED = "disclosed"


class PaperDraw(Base):
    """The draw of a sitting. The sitting is a room above: it comes as an opaque name with a title to show."""

    __tablename__ = "paper_draw"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    sitting: Mapped[str] = mapped_column(String(80), unique=True)
    title: Mapped[str] = mapped_column(String(200))
    # Before this the seed stays sealed, whoever asks.
    ends_at: Mapped[datetime | None]
    release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"), index=True)
    release_digest: Mapped[str] = mapped_column(String(64))
    rules: Mapped[dict[str, Any]]
    rules_hash: Mapped[str] = mapped_column(String(64))
    seed_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    seed_hash: Mapped[str] = mapped_column(String(64))
    state: Mapped[DrawState] = mapped_column(default=DrawState.SEED_COMMITTED)
    papers: Mapped[int] = mapped_column(default=0)
    # Pairs of registrations whose seats adjoin, where the rules mind them.
    neighbours: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    committed_at: Mapped[datetime]
    committed_entry: Mapped[UUID]
    disclosed_at: Mapped[datetime | None]
    disclosed_entry: Mapped[UUID | None]


class PaperBatch(Base):
    """Papers committed to by one root in one entry: as many as fit; who registers late comes in a further one."""

    __tablename__ = "paper_batch"

    draw_id: Mapped[UUID] = mapped_column(ForeignKey("paper_draw.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    papers: Mapped[int]
    root: Mapped[str] = mapped_column(String(64))
    drawn_at: Mapped[datetime]
    entry: Mapped[UUID]


class PaperRow(Base):
    """A candidate's paper as it was committed to: items [[id, version, options, matches, points/1000, section]]."""

    __tablename__ = "paper"
    __table_args__ = (UniqueConstraint("sitting", "registration"), Index("ix_paper_draw_id_batch", "draw_id", "batch"))

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    draw_id: Mapped[UUID] = mapped_column(ForeignKey("paper_draw.id"))
    batch: Mapped[int]
    sitting: Mapped[str] = mapped_column(String(80))
    registration: Mapped[str] = mapped_column(String(80))
    paper_hash: Mapped[str] = mapped_column(String(64))
    items: Mapped[list[Any]]
    # Expected score at θ −1, 0 and 1, in millionths of a point.
    expected: Mapped[list[Any]]
    # The fixed form that its items are from, where there are any.
    form: Mapped[str] = mapped_column(String(2), default="", server_default="")
