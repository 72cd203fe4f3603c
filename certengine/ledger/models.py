from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class LedgerEntry(Base):
    """An act. Without an index it is pending; leaf is hashed exactly as it is stored."""

    __tablename__ = "ledger_entry"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(String(60), index=True)
    at: Mapped[datetime] = mapped_column(index=True)
    actor: Mapped[str] = mapped_column(String(80), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    public: Mapped[dict[str, Any]]
    private: Mapped[dict[str, Any]]
    salt: Mapped[bytes] = mapped_column(LargeBinary(32))
    leaf: Mapped[bytes] = mapped_column(LargeBinary)
    index: Mapped[int | None] = mapped_column(unique=True)
    leaf_hash: Mapped[bytes] = mapped_column(LargeBinary(32), index=True)


class LedgerNode(Base):
    """The hash of a complete subtree whose height is a multiple of the tile height; leaves stand in the entries."""

    __tablename__ = "ledger_node"

    level: Mapped[int] = mapped_column(primary_key=True)
    index: Mapped[int] = mapped_column(primary_key=True)
    hash: Mapped[bytes] = mapped_column(LargeBinary(32))


class LedgerHead(Base):
    """The one row that the sequencer locks: the newest checkpoint."""

    __tablename__ = "ledger_head"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    origin: Mapped[str] = mapped_column(String(200))
    size: Mapped[int]
    note: Mapped[str | None] = mapped_column(Text)
    at: Mapped[datetime | None]


class LedgerCosignature(Base):
    """The newest checkpoint that a witness has cosigned: the log's own note, and the witness's line."""

    __tablename__ = "ledger_cosignature"

    name: Mapped[str] = mapped_column(String(120), primary_key=True)
    size: Mapped[int]
    note: Mapped[str] = mapped_column(Text)
    line: Mapped[str] = mapped_column(Text)
