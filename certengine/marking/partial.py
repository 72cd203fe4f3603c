"""Whom an examiner must not mark: themselves, whoever works where they do, and whom they have declared a conflict with."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, exists, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from certengine.people.models import Account, Organisation
from certengine.sittings.models import ConflictOfInterest, Registration


def registrations(account_id: UUID | InstrumentedAttribute[UUID]) -> Select[Any]:
    """The ids of registrations that this account must not mark."""
    return (
        select(Registration.id)
        .join(Account, Account.id == account_id)
        .join(Organisation, Organisation.id == Account.organisation_id)
        .where(
            or_(
                and_(Registration.employer != "", Registration.employer == Organisation.name),
                Registration.person_id == Account.person_id,
                _declared(),
            )
        )
    )


def _declared() -> ColumnElement[bool]:
    return exists().where(
        ConflictOfInterest.account_id == Account.id,
        ConflictOfInterest.withdrawn_at.is_(None),
        or_(
            ConflictOfInterest.person_id == Registration.person_id,
            and_(ConflictOfInterest.employer != "", ConflictOfInterest.employer == Registration.employer),
        ),
    )


def may_mark(session: Session, account_id: UUID, registration_id: UUID) -> bool:
    return session.scalar(registrations(account_id).where(Registration.id == registration_id)) is None
