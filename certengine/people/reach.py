"""Whose organisations a department looks after: those of its own region, and no others'."""

from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from certengine.people import regions
from certengine.people.models import Organisation


def within(region: str) -> Select[Any]:
    """The organisations that a department of this region looks after, for a condition of another query."""
    return select(Organisation.id).where(Organisation.region.startswith(regions.reach(region), autoescape=True))


def sees(owner: InstrumentedAttribute[UUID], seen: UUID | str) -> ColumnElement[bool]:
    """Of rows that organisations own. seen: an organisation, or the region of a department."""
    return owner.in_(within(seen)) if isinstance(seen, str) else owner == seen


def covers(session: Session, region: str, organisation_id: UUID) -> bool:
    return session.scalar(within(region).where(Organisation.id == organisation_id)) is not None


def region_of(session: Session, organisation_id: UUID) -> str:
    """The code (GB/T 2260) of an organisation's region."""
    return session.scalars(select(Organisation.region).where(Organisation.id == organisation_id)).one()
