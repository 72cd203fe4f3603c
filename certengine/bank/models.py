import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Integer, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.bank.rules import Kind
from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.foundation.sealing import SealedJson, SealedText


class ItemStatus(enum.Enum):
    """Draft: no version is approved yet. Pilot: approved and tried out, only releases for trials take it. Live: every
    release takes its approved version. Retired: kept, never drawn again."""

    DRAFT = "draft"
    PILOT = "pilot"
    LIVE = "live"
    RETIRED = "retired"


class VersionState(enum.Enum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REJECTED = "rejected"
    # Taken back by its own author, or by undoing the edit that made it.
    WITHDRAWN = "withdrawn"


class Bank(Base):
    """The items of one field and level that an organisation keeps."""

    __tablename__ = "bank"
    __table_args__ = (UniqueConstraint("organisation_id", "field", "level"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    field: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(120))
    created_at: Mapped[datetime]


class BankImport(Base):
    """One file that was brought in: who, when, from which bytes. Its items say where they came from."""

    __tablename__ = "bank_import"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("bank.id"), index=True)
    filename: Mapped[str] = mapped_column(String(200))
    format: Mapped[str] = mapped_column(String(20))
    sha256: Mapped[str] = mapped_column(String(64))
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    added: Mapped[int] = mapped_column(Integer)
    proposed: Mapped[int] = mapped_column(Integer)
    unchanged: Mapped[int] = mapped_column(Integer)
    refused: Mapped[int] = mapped_column(Integer)


class BankItem(Base):
    """An item, family or practical task under its code; what it says stands in its versions."""

    __tablename__ = "bank_item"
    __table_args__ = (UniqueConstraint("bank_id", "code"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("bank.id"), index=True)
    code: Mapped[str] = mapped_column(String(60))
    kind: Mapped[Kind]
    status: Mapped[ItemStatus]
    # Of the newest version, so that a list is searched and filtered without opening contents.
    type: Mapped[str] = mapped_column(String(20))
    outline: Mapped[str] = mapped_column(String(40), index=True)
    cognition: Mapped[str] = mapped_column(String(20))
    difficulty: Mapped[float]
    # The stem without marks, and its hash after folding: an equal one is reported at an import.
    text: Mapped[str] = mapped_column(SealedText)
    stem_hash: Mapped[str] = mapped_column(String(64), index=True)
    latest: Mapped[int] = mapped_column(Integer)
    # Over all sittings that were analysed: how often it was answered, the mean share of its points, and how well it
    # goes with the rest of the paper (per cent). None before there are enough answers.
    uses: Mapped[int] = mapped_column(default=0, server_default="0")
    facility: Mapped[float | None]
    discrimination: Mapped[float | None]
    poor: Mapped[bool] = mapped_column(default=False, server_default="0")
    live_version_id: Mapped[UUID | None] = mapped_column(ForeignKey("bank_item_version.id", use_alter=True))
    created_at: Mapped[datetime]

    versions: Mapped[list["ItemVersion"]] = relationship(
        foreign_keys="ItemVersion.item_id", order_by="ItemVersion.number", back_populates="item"
    )


class ItemVersion(Base):
    """One version of an item; its content never changes."""

    __tablename__ = "bank_item_version"
    __table_args__ = (UniqueConstraint("item_id", "number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("bank_item.id"), index=True)
    number: Mapped[int] = mapped_column(Integer)
    content: Mapped[dict[str, Any]] = mapped_column(SealedJson)
    digest: Mapped[str] = mapped_column(String(64))
    state: Mapped[VersionState]
    author: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    # Where an imported version stood: file and line, row or block.
    origin: Mapped[str] = mapped_column(String(300), default="")
    import_id: Mapped[UUID | None] = mapped_column(ForeignKey("bank_import.id"), index=True)
    reviewer: Mapped[str | None] = mapped_column(String(80))
    reviewed_at: Mapped[datetime | None]
    comment: Mapped[str] = mapped_column(String(500), default="")

    item: Mapped[BankItem] = relationship(foreign_keys=[item_id], back_populates="versions")


class BankPicture(Base):
    """A picture that items may show, by the name that their texts give it; its bytes are among the files."""

    __tablename__ = "bank_picture"

    name: Mapped[str] = mapped_column(String(70), primary_key=True)
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]


class ItemComment(Base):
    """What somebody had to say about one version; nothing is ever removed."""

    __tablename__ = "bank_item_comment"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("bank_item_version.id"), index=True)
    author: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    text: Mapped[str] = mapped_column(SealedText)
    settled_at: Mapped[datetime | None]
    settled_by: Mapped[str | None] = mapped_column(String(80))


class ItemReading(Base):
    """Somebody opened an item that is, or was, in use. Kept apart from the ledger, for there are many."""

    __tablename__ = "bank_item_reading"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("bank_item.id"), index=True)
    number: Mapped[int]
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime] = mapped_column(index=True)


class WritingTask(Base):
    """So many items of a kind that somebody is asked to write by a day."""

    __tablename__ = "bank_writing_task"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("bank.id"), index=True)
    assignee: Mapped[str] = mapped_column(String(80), index=True)
    # Empty: any point of the outline, any type.
    outline: Mapped[str] = mapped_column(String(40), default="")
    type: Mapped[str] = mapped_column(String(20), default="")
    wanted: Mapped[int]
    due_on: Mapped[date]
    note: Mapped[str] = mapped_column(String(500), default="")
    created_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime]
    closed_at: Mapped[datetime | None]


class BulkEdit(Base):
    """One act on many items, with what is needed to undo it: [item, version made or status before] each."""

    __tablename__ = "bank_bulk_edit"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("bank.id"), index=True)
    act: Mapped[str] = mapped_column(String(20))
    value: Mapped[str] = mapped_column(String(60), default="")
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    items: Mapped[list[Any]]
    undone_at: Mapped[datetime | None]


class ItemStatistic(Base):
    """What one analysed sitting says about one version; figures are None where too few answered."""

    __tablename__ = "bank_item_statistic"
    __table_args__ = (UniqueConstraint("item_id", "number", "variant", "source"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("bank_item.id"), index=True)
    # The version, and of a family the variant that was shown.
    number: Mapped[int]
    variant: Mapped[str] = mapped_column(String(60), default="")
    source: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    responses: Mapped[int]
    facility: Mapped[float | None]
    discrimination: Mapped[float | None]
    # option → how many chose it; "" those who left it out.
    choices: Mapped[dict[str, Any]]
    # option → mean score on the rest of the paper, per cent.
    rest: Mapped[dict[str, Any]]


class Release(Base):
    """A frozen, ordered set of versions with the hash of all that they say."""

    __tablename__ = "bank_release"
    __table_args__ = (UniqueConstraint("bank_id", "edition"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    bank_id: Mapped[UUID] = mapped_column(ForeignKey("bank.id"), index=True)
    field: Mapped[str] = mapped_column(String(60))
    level: Mapped[str] = mapped_column(String(20))
    edition: Mapped[str] = mapped_column(String(40))
    digest: Mapped[str] = mapped_column(String(64))
    items: Mapped[int] = mapped_column(Integer)
    tasks: Mapped[int] = mapped_column(Integer)
    # For trials: items that are tried out are in it too.
    pilot: Mapped[bool] = mapped_column(default=False, server_default="0")
    actor: Mapped[str] = mapped_column(String(80))
    at: Mapped[datetime]
    entry_id: Mapped[UUID]


class ReleaseMember(Base):
    __tablename__ = "bank_release_member"

    release_id: Mapped[UUID] = mapped_column(ForeignKey("bank_release.id"), primary_key=True)
    place: Mapped[int] = mapped_column(Integer, primary_key=True)
    version_id: Mapped[UUID] = mapped_column(ForeignKey("bank_item_version.id"))
