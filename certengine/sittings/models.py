import enum
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Person
from certengine.sittings.proof_rules import ProofKind
from certengine.standards.rules import Level, Part


class RegistrationState(enum.Enum):
    REGISTERED = "registered"
    WITHDRAWN = "withdrawn"


class SittingState(enum.Enum):
    PLANNED = "planned"
    DRAWN = "drawn"


class ExamPlan(Base):
    """A grade exam for one field and level, with its candidates; its parts are sat in sittings."""

    __tablename__ = "exam_plan"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    field: Mapped[str] = mapped_column(String(40))
    level: Mapped[Level]
    direction: Mapped[str | None] = mapped_column(String(60))
    # Tries items and staff out: no result counts and no certificate comes of it.
    trial: Mapped[bool] = mapped_column(default=False, server_default="0")
    capacity: Mapped[int]
    # The class whose completion assessment it is: its theory sitting alone counts, and no grade certificate comes of it.
    training_class_id: Mapped[UUID | None] = mapped_column(ForeignKey("training_class.id"), index=True)
    # Eight digits, the first part of its ticket numbers.
    code: Mapped[str] = mapped_column(String(8), unique=True)
    # How many ticket numbers were given out; numbers of the withdrawn are not given again.
    tickets: Mapped[int] = mapped_column(default=0)
    token: Mapped[str] = mapped_column(String(40), unique=True)
    # Between these anybody may apply; without them candidates come by list alone.
    opens_at: Mapped[datetime | None]
    closes_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    # Stands in the public plan of its year from then on.
    published_at: Mapped[datetime | None]
    # In yuan, for a candidate.
    fee: Mapped[Decimal | None]


class ApplicationState(enum.Enum):
    SUBMITTED = "submitted"
    # Sent back to be put right.
    RETURNED = "returned"
    ACCEPTED = "accepted"
    # Accepted, but every place is taken: first come, first served when one is free.
    WAITING = "waiting"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


class Application(Base):
    """Somebody wants to sit an exam. The person is stored as such only once an officer has accepted them."""

    __tablename__ = "exam_application"
    __table_args__ = (UniqueConstraint("exam_plan_id", "document_index"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"))
    # Random, with the document's number the way back to one's application.
    number: Mapped[str] = mapped_column(String(16), unique=True)
    name: Mapped[str] = mapped_column(String(120))
    document_index: Mapped[str] = mapped_column(String(64))
    document_masked: Mapped[str] = mapped_column(String(40))
    # Type and number of the document, encrypted.
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
    employer: Mapped[str] = mapped_column(String(120), default="")
    evidence: Mapped[dict[str, Any]]
    eligible: Mapped[bool]
    photo: Mapped[str | None] = mapped_column(String(64), index=True)
    state: Mapped[ApplicationState] = mapped_column(default=ApplicationState.SUBMITTED)
    comment: Mapped[str] = mapped_column(String(500), default="")
    created_at: Mapped[datetime]
    changed_at: Mapped[datetime]
    decided_by: Mapped[str | None] = mapped_column(String(80))
    decided_at: Mapped[datetime | None]
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"))
    # The employer or training institution that applied; None where somebody applied alone.
    applied_by: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)

    plan: Mapped[ExamPlan] = relationship()


class EligibilityProof(Base):
    """A document by which a candidate proves a condition: an application's, and once that is accepted a registration's."""

    __tablename__ = "eligibility_proof"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    application_id: Mapped[UUID | None] = mapped_column(ForeignKey("exam_application.id"), index=True)
    registration_id: Mapped[UUID | None] = mapped_column(ForeignKey("registration.id"), index=True)
    kind: Mapped[ProofKind]
    name: Mapped[str] = mapped_column(String(120))
    digest: Mapped[str] = mapped_column(String(64), index=True)
    media_type: Mapped[str] = mapped_column(String(80))
    size: Mapped[int]
    added_at: Mapped[datetime]
    added_by: Mapped[str] = mapped_column(String(80))


class Registration(Base):
    __tablename__ = "registration"
    __table_args__ = (UniqueConstraint("exam_plan_id", "person_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    ticket_number: Mapped[str] = mapped_column(String(20), unique=True)
    state: Mapped[RegistrationState] = mapped_column(default=RegistrationState.REGISTERED)
    employer: Mapped[str] = mapped_column(String(120), default="")
    evidence: Mapped[dict[str, Any]]
    eligible: Mapped[bool]
    # Special needs: so much on top of everybody's time, and why.
    extra_minutes: Mapped[int] = mapped_column(default=0, server_default="0")
    extra_reason: Mapped[str] = mapped_column(String(200), default="", server_default="")
    created_at: Mapped[datetime]
    # The fee as it was paid, and what proves it (a receipt's number).
    paid: Mapped[Decimal | None]
    paid_at: Mapped[datetime | None]
    paid_note: Mapped[str] = mapped_column(String(120), default="", server_default="")

    person: Mapped[Person] = relationship()
    plan: Mapped[ExamPlan] = relationship()


class KeptPart(Base):
    """A part passed in an exam whose other part was not: it need not be taken again while it is valid."""

    __tablename__ = "kept_part"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    part: Mapped[Part] = mapped_column(primary_key=True)
    score: Mapped[Decimal]
    valid_from: Mapped[datetime]
    valid_until: Mapped[datetime]
    # The result that it came from changed or was taken away.
    withdrawn_at: Mapped[datetime | None]


class Exemption(Base):
    """A part that a registration need not take; earned_in is the registration whose kept part counts."""

    __tablename__ = "part_exemption"

    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), primary_key=True)
    part: Mapped[Part] = mapped_column(primary_key=True)
    earned_in: Mapped[UUID] = mapped_column(ForeignKey("registration.id"))


class Sitting(Base):
    """One part of a plan at one time."""

    __tablename__ = "sitting"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    exam_plan_id: Mapped[UUID] = mapped_column(ForeignKey("exam_plan.id"), index=True)
    part: Mapped[Part]
    starts_at: Mapped[datetime]
    minutes: Mapped[int]
    entry_opens_minutes: Mapped[int] = mapped_column(default=30)
    late_minutes: Mapped[int] = mapped_column(default=30)
    state: Mapped[SittingState] = mapped_column(default=SittingState.PLANNED)
    release_id: Mapped[UUID | None] = mapped_column(ForeignKey("bank_release.id"))
    # Keys of Safe Exam Browser (Browser Exam Keys or Config Keys, hex); without any nothing is asked for.
    browser_keys: Mapped[list[str] | None]

    plan: Mapped[ExamPlan] = relationship()
    rooms: Mapped[list["ExamRoom"]] = relationship(order_by="ExamRoom.name")


class ExamRoom(Base):
    __tablename__ = "exam_room"
    __table_args__ = (UniqueConstraint("sitting_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    site: Mapped[str] = mapped_column(String(120), default="")
    rows: Mapped[int]
    columns: Mapped[int]
    # The room of a site that this is, where it is one, and its seats that nobody can sit at.
    site_room_id: Mapped[UUID | None] = mapped_column(ForeignKey("site_room.id"))
    closed_seats: Mapped[list[Any]] = mapped_column(default=list, server_default="[]")
    # For candidates with special needs; where a sitting has such a room, they sit there and nobody else does.
    special: Mapped[bool] = mapped_column(default=False, server_default="0")


class Placement(Base):
    __tablename__ = "placement"
    __table_args__ = (
        UniqueConstraint("sitting_id", "registration_id"),
        UniqueConstraint("exam_room_id", "seat_number"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    registration_id: Mapped[UUID] = mapped_column(ForeignKey("registration.id"), index=True)
    exam_room_id: Mapped[UUID] = mapped_column(ForeignKey("exam_room.id"))
    seat_number: Mapped[int]


class StaffAssignment(Base):
    """A proctor or examiner of a room."""

    __tablename__ = "staff_assignment"
    __table_args__ = (UniqueConstraint("exam_room_id", "account_id"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    exam_room_id: Mapped[UUID] = mapped_column(ForeignKey("exam_room.id"))
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)


class ConflictKind(enum.Enum):
    RELATIVE = "relative"
    TEACHER = "teacher"
    EMPLOYER = "employer"


class ConflictOfInterest(Base):
    """A member of staff has to do with a candidate, or with everybody of an employer. Withdrawn, it stays on record."""

    __tablename__ = "conflict_of_interest"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    account_id: Mapped[UUID] = mapped_column(ForeignKey("account.id"), index=True)
    kind: Mapped[ConflictKind]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"))
    employer: Mapped[str] = mapped_column(String(120), default="")
    reason: Mapped[str] = mapped_column(String(200))
    declared_by: Mapped[str] = mapped_column(String(80))
    declared_at: Mapped[datetime]
    withdrawn_at: Mapped[datetime | None]

    person: Mapped[Person | None] = relationship()


class TicketBatch(Base):
    """The admission tickets of a sitting, made by a job in parts; a later batch replaces none."""

    __tablename__ = "ticket_batch"

    # The job's.
    id: Mapped[UUID] = mapped_column(primary_key=True)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    # [{"name", "tickets", "digest"}], in the order of rooms and seats.
    parts: Mapped[list[Any]]
    # All parts in one ZIP, once every one is there.
    archive: Mapped[str | None] = mapped_column(String(64))
    made_at: Mapped[datetime]


class Site(Base):
    """Where exams are held, again and again: rooms with their desks and machines."""

    __tablename__ = "site"
    __table_args__ = (UniqueConstraint("organisation_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(120))

    rooms: Mapped[list["SiteRoom"]] = relationship(order_by="SiteRoom.name")


class SiteRoom(Base):
    __tablename__ = "site_room"
    __table_args__ = (UniqueConstraint("site_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    site_id: Mapped[UUID] = mapped_column(ForeignKey("site.id"), index=True)
    name: Mapped[str] = mapped_column(String(60))
    rows: Mapped[int]
    columns: Mapped[int]

    site: Mapped[Site] = relationship(back_populates="rooms")
    machines: Mapped[list["Machine"]] = relationship(order_by="Machine.seat_number", cascade="all, delete-orphan")


class Machine(Base):
    """What stands on a desk; one that is out of order closes its seat."""

    __tablename__ = "machine"
    __table_args__ = (UniqueConstraint("site_room_id", "seat_number"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    site_room_id: Mapped[UUID] = mapped_column(ForeignKey("site_room.id"), index=True)
    seat_number: Mapped[int]
    name: Mapped[str] = mapped_column(String(60))
    address: Mapped[str] = mapped_column(String(45), default="")
    works: Mapped[bool] = mapped_column(default=True)


class Announcement(Base):
    """What an institution tells the public; withdrawn, it stays on record."""

    __tablename__ = "announcement"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    title: Mapped[str] = mapped_column(String(120))
    body: Mapped[str] = mapped_column(Text)
    published_at: Mapped[datetime]
    published_by: Mapped[str] = mapped_column(String(80))
    withdrawn_at: Mapped[datetime | None]
    token: Mapped[str] = mapped_column(String(40), unique=True)
