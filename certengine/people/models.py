import enum
from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.foundation.sealing import SecretText
from certengine.people.permissions import Role


class OrganisationKind(enum.Enum):
    DEPARTMENT = "department"
    EVALUATION_INSTITUTION = "evaluation_institution"
    TRAINING_INSTITUTION = "training_institution"
    BASE = "base"
    EMPLOYER = "employer"
    INDUSTRY_AUTHORITY = "industry_authority"


class Sex(enum.Enum):
    MALE = "male"
    FEMALE = "female"


class DocumentType(enum.Enum):
    RESIDENT_ID = "resident_id"
    PASSPORT = "passport"
    HONG_KONG_MACAO_PERMIT = "hong_kong_macao_permit"
    TAIWAN_PERMIT = "taiwan_permit"
    FOREIGN_PERMANENT_RESIDENT = "foreign_permanent_resident"


class Organisation(Base):
    __tablename__ = "organisation"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[OrganisationKind]
    name: Mapped[str] = mapped_column(String(120), unique=True)
    name_en: Mapped[str] = mapped_column(String(160), default="")
    # Two to four capital letters or digits, the institution's part of certificate and ticket numbers.
    code: Mapped[str] = mapped_column(String(8), unique=True)
    credit_code: Mapped[str | None] = mapped_column(String(18))
    region: Mapped[str] = mapped_column(String(6), default="370000")
    # Where reminders are sent; empty for nowhere.
    email: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime]


class Person(Base):
    """Somebody known by a document: a candidate, a trainee. The number is encrypted; its blind index finds it."""

    __tablename__ = "person"
    __table_args__ = (UniqueConstraint("document_type", "document_index"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    name: Mapped[str] = mapped_column(String(120))
    # As it came, before middle dots and spaces were put right.
    name_original: Mapped[str] = mapped_column(String(120))
    sex: Mapped[Sex | None]
    document_type: Mapped[DocumentType]
    document_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    document_index: Mapped[str] = mapped_column(String(64))
    document_masked: Mapped[str] = mapped_column(String(40))
    photo: Mapped[str | None] = mapped_column(String(64), index=True)
    created_at: Mapped[datetime]


class Account(Base):
    __tablename__ = "account"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    login: Mapped[str] = mapped_column(String(80), unique=True)
    # Encrypted besides: whoever has the database without the master secret has nothing to try passwords on.
    password_hash: Mapped[str] = mapped_column(SecretText(200))
    name: Mapped[str] = mapped_column(String(120))
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    active: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    roles: Mapped[list["AccountRole"]] = relationship(cascade="all, delete-orphan", lazy="selectin")


class AccountRole(Base):
    __tablename__ = "account_role"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    role: Mapped[Role] = mapped_column(primary_key=True)


class AccountSession(Base):
    """A sign-in of an account on one browser, until it is ended."""

    __tablename__ = "account_session"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]
    # Of the last act that changed anything; looking writes nothing.
    acted_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    address: Mapped[str] = mapped_column(String(64))
    agent: Mapped[str] = mapped_column(String(200))
    second_factor: Mapped[bool]


class AccountFactor(Base):
    """The second factor (TOTP) of an account. last_step: the newest time step used, for a code counts once."""

    __tablename__ = "account_factor"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    secret_sealed: Mapped[bytes] = mapped_column(LargeBinary)
    confirmed_at: Mapped[datetime]
    last_step: Mapped[int]


class RecoveryCode(Base):
    """A code for the day when the device is not at hand; kept as its hash, good once."""

    __tablename__ = "account_recovery_code"

    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), primary_key=True)
    code_hash: Mapped[str] = mapped_column(String(64), primary_key=True)
    used_at: Mapped[datetime | None]


class AccountPasskey(Base):
    """A passkey (WebAuthn credential) of an account. uses: the authenticator's own count, 0 where it keeps none."""

    __tablename__ = "account_passkey"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    name: Mapped[str] = mapped_column(String(80))
    credential: Mapped[bytes] = mapped_column(LargeBinary, unique=True)
    public_key: Mapped[bytes] = mapped_column(LargeBinary)
    uses: Mapped[int] = mapped_column(BigInteger)
    transports: Mapped[list[str]]
    created_at: Mapped[datetime]
    used_at: Mapped[datetime | None]


class AnsweredChallenge(Base):
    """A challenge that a passkey has answered, so that no answer is good twice."""

    __tablename__ = "answered_challenge"

    digest: Mapped[bytes] = mapped_column(LargeBinary(32), primary_key=True)
    at: Mapped[datetime] = mapped_column(index=True)


class AccountIdentity(Base):
    """Whom a provider (OpenID Connect) knows an account as."""

    __tablename__ = "account_identity"

    issuer: Mapped[str] = mapped_column(String(200), primary_key=True)
    subject: Mapped[str] = mapped_column(String(255), primary_key=True)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    created_at: Mapped[datetime]


# At the end, for its tables point at those above.
from certengine.people import designation_models as designation_models  # noqa: E402
from certengine.people import message_models as message_models  # noqa: E402
