import enum
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Date, ForeignKey, Index, LargeBinary, String, Text
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation, OrganisationKind


class InspectionState(enum.Enum):
    PLANNED = "planned"
    # Done; what was found waits to be put right.
    CORRECTING = "correcting"
    CLOSED = "closed"


class Severity(enum.Enum):
    MINOR = "minor"
    MAJOR = "major"
    CRITICAL = "critical"


class FindingState(enum.Enum):
    OPEN = "open"
    # The institution says it was put right.
    CORRECTED = "corrected"
    ACCEPTED = "accepted"


class ComplaintState(enum.Enum):
    RECEIVED = "received"
    TAKEN = "taken"
    ANSWERED = "answered"


class InspectionRound(Base):
    """Whom chance chose: the seed and the list it chose from, so that anybody may choose again."""

    __tablename__ = "inspection_round"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    title: Mapped[str] = mapped_column(String(160))
    region: Mapped[str] = mapped_column(String(6), index=True)
    kind: Mapped[OrganisationKind]
    seed: Mapped[str] = mapped_column(String(64))
    # [id, name] of everybody who could have been chosen, by id.
    population: Mapped[list[Any]]
    count: Mapped[int]
    token: Mapped[str] = mapped_column(String(40), unique=True)
    drawn_at: Mapped[datetime]
    drawn_by: Mapped[str] = mapped_column(String(80))

    inspections: Mapped[list["Inspection"]] = relationship(order_by="Inspection.id", back_populates="round")


class Inspection(Base):
    """A visit to one institution, from a round or by itself."""

    __tablename__ = "inspection"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    round_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspection_round.id"), index=True)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"), index=True)
    region: Mapped[str] = mapped_column(String(6), index=True)
    reason: Mapped[str] = mapped_column(String(200), default="")
    planned_on: Mapped[date | None] = mapped_column(Date)
    inspectors: Mapped[str] = mapped_column(String(200), default="")
    state: Mapped[InspectionState] = mapped_column(default=InspectionState.PLANNED)
    report: Mapped[str] = mapped_column(Text, default="")
    reported_at: Mapped[datetime | None]
    created_at: Mapped[datetime]

    organisation: Mapped[Organisation] = relationship()
    round: Mapped[InspectionRound | None] = relationship(back_populates="inspections")
    findings: Mapped[list["Finding"]] = relationship(order_by="Finding.id")

    @property
    def subject(self) -> str:
        return f"inspection:{self.id}"


class Finding(Base):
    __tablename__ = "inspection_finding"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    inspection_id: Mapped[UUID] = mapped_column(ForeignKey("inspection.id"), index=True)
    text: Mapped[str] = mapped_column(Text)
    severity: Mapped[Severity]
    due_on: Mapped[date] = mapped_column(Date)
    state: Mapped[FindingState] = mapped_column(default=FindingState.OPEN)
    correction: Mapped[str] = mapped_column(Text, default="")
    corrected_at: Mapped[datetime | None]
    # A proof as a file by its hash, with its name.
    proof: Mapped[str] = mapped_column(String(64), default="")
    proof_name: Mapped[str] = mapped_column(String(160), default="")
    # Why a correction was not accepted.
    answer: Mapped[str] = mapped_column(Text, default="")
    decided_by: Mapped[str] = mapped_column(String(80), default="")
    decided_at: Mapped[datetime | None]


class Complaint(Base):
    """From the public. Who complained is encrypted; number and secret lead them to the answer."""

    __tablename__ = "complaint"
    __table_args__ = (Index(None, "region", "state"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    number: Mapped[str] = mapped_column(String(20), unique=True)
    organisation_id: Mapped[UUID | None] = mapped_column(ForeignKey("organisation.id"), index=True)
    region: Mapped[str] = mapped_column(String(6))
    about: Mapped[str] = mapped_column(String(160))
    text: Mapped[str] = mapped_column(Text)
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    state: Mapped[ComplaintState] = mapped_column(default=ComplaintState.RECEIVED)
    inspection_id: Mapped[UUID | None] = mapped_column(ForeignKey("inspection.id"))
    answer: Mapped[str] = mapped_column(Text, default="")
    received_at: Mapped[datetime]
    answered_at: Mapped[datetime | None]
    answered_by: Mapped[str] = mapped_column(String(80), default="")

    organisation: Mapped[Organisation | None] = relationship()


class ReplayRun(Base):
    """Draws and marks of a sitting done again by the system itself; findings as codes with their values."""

    __tablename__ = "replay_run"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    sitting_id: Mapped[UUID] = mapped_column(ForeignKey("sitting.id"), index=True)
    job_id: Mapped[UUID] = mapped_column(ForeignKey("job.id"))
    asked_by: Mapped[str] = mapped_column(String(80))
    asked_at: Mapped[datetime]
    findings: Mapped[list[Any]]
    done_at: Mapped[datetime | None]
