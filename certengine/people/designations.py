"""Designations of institutions: granted and renewed for a term, suspended, restored, ended; and what they allow."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people import problems, reach
from certengine.people.designation_models import Designation, DesignationKind, DesignationState, DesignationStep

__all__ = ["problems"]

# Model figures: for how long an institution is selected, and how early it may apply for the next term.
TERM_YEARS = 3
RENEWAL_DAYS = 180


def term_end(begins: date, years: int = TERM_YEARS) -> date:
    """The last day of a term."""
    try:
        return begins.replace(year=begins.year + years)
    except ValueError:
        return date(begins.year + years, 2, 28)


def grant(
    session: Session,
    organisation_id: UUID,
    kind: DesignationKind,
    fields: Sequence[str],
    *,
    actor: str,
    now: datetime,
) -> Designation:
    """The first term or the next: what is still in force is prolonged from its end, what has lapsed begins today."""
    today = now.astimezone(CHINA).date()
    found = session.scalar(
        select(Designation).where(Designation.organisation_id == organisation_id, Designation.kind == kind)
    )
    if found is None:
        found = Designation(
            organisation_id=organisation_id, kind=kind, fields=[], valid_from=today, valid_until=term_end(today)
        )
        session.add(found)
    else:
        found.valid_until = term_end(max(today, found.valid_until))
    found.fields = list(fields)
    _step(session, found, DesignationState.IN_FORCE, "selected", actor, now)
    return found


def change(
    session: Session, found: Designation, state: DesignationState, reason: str, *, actor: str, now: datetime
) -> None:
    """Suspends, restores or ends. Raises Invalid without a reason, Conflict for what was ended or is so already."""
    if not reason.strip():
        raise Invalid([Problem("reason", "designation.reason")])
    if found.state is DesignationState.ENDED or found.state is state:
        raise Conflict("designation.state")
    _step(session, found, state, reason.strip(), actor, now)


def _step(
    session: Session, found: Designation, state: DesignationState, reason: str, actor: str, now: datetime
) -> None:
    found.state = state
    session.flush()
    session.add(
        DesignationStep(
            designation_id=found.id, state=state, valid_until=found.valid_until, reason=reason, at=now, by=actor
        )
    )
    session.flush()
    session.expire(found, ["steps"])
    public = {"kind": found.kind.value, "state": state.value, "until": found.valid_until.isoformat()}
    ledger.record(
        session,
        kind="designation.changed",
        actor=actor,
        subject=found.subject,
        now=now,
        public=public,
        private={"reason": reason, "fields": found.fields},
    )


def designations_query(region: str, kind: DesignationKind | None = None) -> Select[Any]:
    """Those of a department's region, the ones that end first at the top."""
    query = (
        select(Designation)
        .where(Designation.organisation_id.in_(reach.within(region)))
        .options(joinedload(Designation.organisation))
    )
    if kind:
        query = query.where(Designation.kind == kind)
    return query.order_by(Designation.state, Designation.valid_until, Designation.id)


def designation(session: Session, designation_id: UUID, region: str) -> Designation:
    """Raises NotFound, also for another region's."""
    found: Designation | None = session.scalar(designations_query(region).where(Designation.id == designation_id))
    if found is None:
        raise NotFound("designation.not_found")
    return found


def of_organisation(session: Session, organisation_id: UUID) -> Sequence[Designation]:
    return session.scalars(
        select(Designation).where(Designation.organisation_id == organisation_id).order_by(Designation.kind)
    ).all()


def must_stand(
    session: Session, organisation_id: UUID, kind: DesignationKind, field: str, today: date, *, required: bool
) -> None:
    """Raises Conflict where an institution may not begin anything new: suspended or ended, and lapsed or of another
    occupation where it was selected. Without a designation only where the installation requires one."""
    found = session.scalar(
        select(Designation).where(Designation.organisation_id == organisation_id, Designation.kind == kind)
    )
    if found is None:
        if required:
            raise Conflict("designation.none")
        return
    if found.state is not DesignationState.IN_FORCE:
        raise Conflict("designation.not_in_force")
    if found.valid_until < today:
        raise Conflict("designation.lapsed", until=found.valid_until.isoformat())
    if required and field not in found.fields:
        raise Conflict("designation.field")
