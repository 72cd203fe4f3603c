import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, String
from sqlalchemy.orm import Mapped, mapped_column

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class DocumentKind(enum.Enum):
    PLAQUE = "plaque"
    DESIGNATION = "designation"
    SEMINAR_CERTIFICATE = "seminar_certificate"
    BEST_COURSE = "best_course"
    YEARLY_REPORT = "yearly_report"
    SEMINAR_ACCOUNTS = "seminar_accounts"


class OfficialDocument(Base):
    """A signed PDF with a number and a code: plaque, designation, seminar certificate, report. Verified by its code."""

    __tablename__ = "official_document"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[DocumentKind]
    subject: Mapped[str] = mapped_column(String(60), index=True)
    # The holder where it is a person: their data is erased with them.
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    code: Mapped[str] = mapped_column(String(32), unique=True)
    facts: Mapped[dict[str, Any]]
    pdf: Mapped[str] = mapped_column(String(64))
    ledger_entry: Mapped[UUID]
    issued_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]
    withdrawn_reason: Mapped[str] = mapped_column(String(400), default="")
