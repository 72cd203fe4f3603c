import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from cryptography import x509
from sqlalchemy import ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint, false, text
from sqlalchemy.orm import Mapped, mapped_column

from certengine.certificates.profiles import Role
from certengine.certificates.rules import CertificateKind, ReasonClass
from certengine.foundation.database import Base
from certengine.foundation.ids import new_id

STANDING = "state IN ('valid', 'suspended')"


class CertificateState(enum.Enum):
    VALID = "valid"
    SUSPENDED = "suspended"
    REVOKED = "revoked"
    SUPERSEDED = "superseded"


STANDING_STATES = (CertificateState.VALID, CertificateState.SUSPENDED)


class CertificateAct(enum.Enum):
    """What two people do together: one asks, another confirms."""

    REVOKE = "revoke"
    REISSUE = "reissue"
    REINSTATE = "reinstate"


class Certificate(Base):
    """An issued certificate. content is what is printed and signed; the PDF lies in the file store by its hash."""

    __tablename__ = "certificate"
    __table_args__ = (
        # Of one subject (an exam's registration, a class's enrolment) at most one certificate stands.
        Index(
            "uq_certificate_standing_subject",
            "subject",
            unique=True,
            sqlite_where=text(STANDING),
            postgresql_where=text(STANDING),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    code: Mapped[str] = mapped_column(String(16), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    # Its place in the institution's status list of the year.
    serial: Mapped[int] = mapped_column(default=0, server_default="0")
    year: Mapped[int] = mapped_column(default=0, server_default="0")
    kind: Mapped[CertificateKind]
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    holder_name: Mapped[str] = mapped_column(String(120), index=True)
    document_index: Mapped[str] = mapped_column(String(64), index=True)
    subject: Mapped[str] = mapped_column(String(80), index=True)
    content: Mapped[dict[str, Any]]
    # As it was issued; the ledger's entry names it.
    pdf: Mapped[str] = mapped_column(String(64), index=True)
    # With all that its check will need in thirty years appended; None until its entry is in a checkpoint.
    sealed: Mapped[str | None] = mapped_column(String(64))
    # The department that has countersigned its file, and when.
    countersigned_by: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    countersigned_at: Mapped[datetime | None]
    # Until when the newest time stamp's authority lasts: stamped again before.
    evidence_until: Mapped[datetime | None] = mapped_column(index=True)
    state: Mapped[CertificateState] = mapped_column(default=CertificateState.VALID)
    # The version of the institution's sheet that it was set with; None: the built-in one.
    design_id: Mapped[UUID | None] = mapped_column(ForeignKey("sheet_design.id"))
    issued_at: Mapped[datetime] = mapped_column(index=True)
    issued_by: Mapped[str] = mapped_column(String(80))
    ledger_entry: Mapped[UUID]
    expires_on: Mapped[date | None]
    suspended_at: Mapped[datetime | None]
    # What takes two people: the act, who asked for it and when, and of a reissue what is corrected.
    asked_act: Mapped[CertificateAct | None]
    asked_by: Mapped[str | None] = mapped_column(String(80))
    asked_at: Mapped[datetime | None]
    proposal: Mapped[dict[str, Any] | None]
    # The class of the reason is public, its words are not.
    reason_class: Mapped[ReasonClass | None]
    reason: Mapped[str | None] = mapped_column(Text)
    ended_at: Mapped[datetime | None]
    ended_by: Mapped[str | None] = mapped_column(String(80))
    successor_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))
    # The holder agrees that whoever scans this one is led to the one that follows it.
    successor_shown: Mapped[bool] = mapped_column(default=False, server_default=false())

    @property
    def file(self) -> str:
        """The file that is handed out."""
        return self.sealed or self.pdf


class CertificateFile(Base):
    """A file of a certificate beside the one issued: that one with revisions appended. Every one of them stays good."""

    __tablename__ = "certificate_file"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    certificate_id: Mapped[UUID] = mapped_column(ForeignKey("certificate.id"), index=True)
    made_at: Mapped[datetime]


class Countersigning(Base):
    """An institution whose certificates a department countersigns, and which department."""

    __tablename__ = "certificate_countersigning"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    department_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))


class CertificateSeries(Base):
    """The last number that an institution has given out in a year."""

    __tablename__ = "certificate_series"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    year: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    last: Mapped[int] = mapped_column(default=0)


class SheetDesign(Base):
    """A version of an institution's own sheet for a kind: where the parts stand, and its pictures."""

    __tablename__ = "sheet_design"
    __table_args__ = (UniqueConstraint("organisation_id", "kind", "version"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[CertificateKind]
    version: Mapped[int]
    layout: Mapped[dict[str, Any]]
    background: Mapped[str | None] = mapped_column(String(64))
    seal: Mapped[str | None] = mapped_column(String(64))
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))


class NumberRule(Base):
    """How an institution numbers its certificates, where not by default."""

    __tablename__ = "number_rule"

    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), primary_key=True)
    pattern: Mapped[str] = mapped_column(String(120))
    set_at: Mapped[datetime]
    set_by: Mapped[str] = mapped_column(String(80))


class CertificateShare(Base):
    """A link by which whoever has it sees a holder's certificates until a day; its secret is encrypted and found by its
    hash."""

    __tablename__ = "certificate_share"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    document_index: Mapped[str] = mapped_column(String(64), index=True)
    token_hash: Mapped[str] = mapped_column(String(64), unique=True)
    token_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    ends_on: Mapped[date]
    made_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]


class WebHook(Base):
    """An address of an institution's own system that is told what becomes of its certificates."""

    __tablename__ = "web_hook"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    address: Mapped[str] = mapped_column(String(300))
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    created_at: Mapped[datetime]
    created_by: Mapped[str] = mapped_column(String(80))
    ended_at: Mapped[datetime | None]


class WebHookMessage(Base):
    """What is to be told to one address; next_at: when it is tried, None once it is told or given up."""

    __tablename__ = "web_hook_message"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    hook_id: Mapped[UUID] = mapped_column(ForeignKey("web_hook.id"), index=True)
    body: Mapped[dict[str, Any]]
    made_at: Mapped[datetime]
    tries: Mapped[int] = mapped_column(default=0)
    next_at: Mapped[datetime | None] = mapped_column(index=True)
    done_at: Mapped[datetime | None]
    problem: Mapped[str | None] = mapped_column(String(200))


class CertificateBatchLine(Base):
    """One certificate that a job has still to issue, or has issued; its content is dropped then."""

    __tablename__ = "certificate_batch_line"

    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id"), primary_key=True)
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    content: Mapped[dict[str, Any] | None]
    certificate_id: Mapped[UUID | None] = mapped_column(ForeignKey("certificate.id"))


class SigningCertificate(Base):
    """X.509: roots, authorities, and what they issued to institutions, departments and time-stamp authorities; the keys
    are in the key store."""

    __tablename__ = "signing_certificate"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    role: Mapped[Role] = mapped_column(index=True)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    issuer_id: Mapped[UUID | None] = mapped_column(ForeignKey("signing_certificate.id"))
    key_name: Mapped[str] = mapped_column(String(80))
    der: Mapped[bytes] = mapped_column(LargeBinary)
    not_after: Mapped[datetime]
    created_at: Mapped[datetime]
    # Since when somebody else is known or feared to have the key, and who said so.
    compromised_since: Mapped[datetime | None]
    declared_at: Mapped[datetime | None]
    declared_by: Mapped[str | None] = mapped_column(String(80))

    @property
    def holder(self) -> str:
        """The organisation that the certificate names."""
        name = x509.load_der_x509_certificate(self.der).subject.get_attributes_for_oid(x509.NameOID.ORGANIZATION_NAME)
        return str(name[0].value) if name else ""
