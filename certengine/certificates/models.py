import enum
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from certengine.certificates.rules import CertificateKind
from certengine.foundation.database import Base
from certengine.foundation.ids import new_id


class CertificateState(enum.Enum):
    VALID = "valid"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


class Certificate(Base):
    """An issued certificate. content is what is printed and signed; the PDF lies in the file store by its hash."""

    __tablename__ = "certificate"
    __table_args__ = (
        # Of one subject (an exam's registration, a class's enrolment) at most one certificate is valid.
        Index(
            "uq_certificate_valid_subject",
            "subject",
            unique=True,
            sqlite_where=text("state = 'valid'"),
            postgresql_where=text("state = 'valid'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    kind: Mapped[CertificateKind]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    holder_name: Mapped[str] = mapped_column(String(120), index=True)
    document_index: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    content: Mapped[dict[str, Any]]
    pdf: Mapped[str] = mapped_column(String(64), index=True)
    state: Mapped[CertificateState] = mapped_column(default=CertificateState.VALID)
    issued_at: Mapped[datetime] = mapped_column(index=True)
    issued_by: Mapped[str] = mapped_column(String(80))
    ledger_entry: Mapped[UUID]
    # A revocation takes two people: who asked for it and who did it.
    revocation_asked_by: Mapped[str | None] = mapped_column(String(80))
    revocation_asked_at: Mapped[datetime | None]
    reason: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))


class CertificateSeries(Base):
    """The last number that an institution has given out in a year."""

    __tablename__ = "certificate_series"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class SigningCertificate(Base):
    """X.509: the root (without organisation) and what it issued to institutions; the keys are in the key store."""

    __tablename__ = "signing_certificate"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    key_name: Mapped[str] = mapped_column(String(80))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    not_after: Mapped[datetime]
    created_at: Mapped[datetime]
