import enum
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import Date, ForeignKey, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from certengine.foundation.database import Base
from certengine.foundation.ids import new_id
from certengine.people.models import Organisation


class DesignationKind(enum.Enum):
    TRAINING = "training"
    EVALUATION = "evaluation"


class DesignationState(enum.Enum):
    IN_FORCE = "in_force"
    SUSPENDED = "suspended"
    ENDED = "ended"


class Designation(Base):
    """An organisation was selected to train or to examine, for so long and for these occupations."""

    __tablename__ = "designation"
    __table_args__ = (UniqueConstraint("organisation_id", "kind"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    organisation_id: Mapped[UUID] = mapped_column(ForeignKey("organisation.id"))
    kind: Mapped[DesignationKind]
    fields: Mapped[list[str]]
    valid_from: Mapped[date] = mapped_column(Date)
    valid_until: Mapped[date] = mapped_column(Date)
    state: Mapped[DesignationState] = mapped_column(default=DesignationState.IN_FORCE)

    organisation: Mapped[Organisation] = relationship()
    steps: Mapped[list["DesignationStep"]] = relationship(order_by="DesignationStep.id.desc()")

    @property
    def subject(self) -> str:
        return f"designation:{self.id}"


class DesignationStep(Base):
    """What was done to a designation: selected, renewed, suspended, restored, ended. Nothing is changed here."""

    __tablename__ = "designation_step"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    designation_id: Mapped[UUID] = mapped_column(ForeignKey("designation.id"), index=True)
    state: Mapped[DesignationState]
    valid_until: Mapped[date] = mapped_column(Date)
    reason: Mapped[str] = mapped_column(Text)
    at: Mapped[datetime]
    by: Mapped[str] = mapped_column(String(80))
