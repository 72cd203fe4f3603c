"""Inspections: a round drawn by lot with its seed on record, visits, findings, corrections."""

import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session, joinedload, selectinload

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.oversight import inspection_rules, programme_problems
from certengine.oversight.inspection_models import (
    Finding,
    FindingState,
    Inspection,
    InspectionRound,
    InspectionState,
    Severity,
)
from certengine.people import reach
from certengine.people.models import Organisation, OrganisationKind

__all__ = ["programme_problems"]

INSPECTED = (
    OrganisationKind.TRAINING_INSTITUTION,
    OrganisationKind.EVALUATION_INSTITUTION,
    OrganisationKind.BASE,
)


@dataclass(frozen=True)
class Again:
    """A round drawn again from its seed and list, against whom it visits."""

    chosen: tuple[str, ...]
    holds: bool


def draw_round(
    session: Session,
    title: str,
    kind: OrganisationKind,
    count: int,
    region: str,
    *,
    token: str,
    actor: str,
    now: datetime,
) -> InspectionRound:
    """Draws by lot among a region's institutions; seed, list and choice are in the public ledger at once."""
    if made := session.scalar(select(InspectionRound).where(InspectionRound.token == token)):
        return made
    query = select(Organisation).where(Organisation.id.in_(reach.within(region)), Organisation.kind == kind)
    population = sorted([str(each.id), each.name] for each in session.scalars(query))
    if not 1 <= count <= len(population):
        raise Invalid([Problem("count", "inspection.count", {"most": len(population)})])
    seed = secrets.token_hex(32)
    chosen = inspection_rules.choose(seed, [each[0] for each in population], count)
    made = InspectionRound(
        title=title,
        region=region,
        kind=kind,
        seed=seed,
        population=population,
        count=count,
        token=token,
        drawn_at=now,
        drawn_by=actor,
    )
    session.add(made)
    session.flush()
    for each in chosen:
        made.inspections.append(_visit(session, UUID(each), title, now))
    session.flush()
    public = {"seed": seed, "population": [each[0] for each in population], "chosen": chosen}
    ledger.record(session, kind="inspection.drawn", actor=actor, subject=f"round:{made.id}", now=now, public=public)
    return made


def _visit(session: Session, organisation_id: UUID, reason: str, now: datetime) -> Inspection:
    region = reach.region_of(session, organisation_id)
    return Inspection(organisation_id=organisation_id, region=region, reason=reason[:200], created_at=now)


def inspect(
    session: Session, organisation_id: UUID, reason: str, region: str, *, actor: str, now: datetime
) -> Inspection:
    """A visit for a reason of its own, such as a complaint. Raises NotFound for another region's institution."""
    if not reach.covers(session, region, organisation_id):
        raise NotFound("inspection.not_found")
    made = _visit(session, organisation_id, reason, now)
    session.add(made)
    session.flush()
    ledger.record(session, kind="inspection.opened", actor=actor, subject=made.subject, now=now)
    return made


def again(found: InspectionRound) -> Again:
    """Draws a round once more, as anybody may do from the ledger."""
    chosen = inspection_rules.choose(found.seed, [each[0] for each in found.population], found.count)
    return Again(tuple(chosen), set(chosen) == {str(each.organisation_id) for each in found.inspections})


def rounds(session: Session, region: str) -> Sequence[InspectionRound]:
    """Those that departments of the region drew, newest first."""
    beginning = region[:2] if region[2:] == "0000" else region[:4]
    query = select(InspectionRound).where(InspectionRound.region.startswith(beginning, autoescape=True))
    return session.scalars(
        query.options(selectinload(InspectionRound.inspections)).order_by(InspectionRound.drawn_at.desc())
    ).all()


def round_of(session: Session, round_id: UUID, region: str) -> InspectionRound:
    found = next((each for each in rounds(session, region) if each.id == round_id), None)
    if found is None:
        raise NotFound("inspection.not_found")
    return found


def inspections_query(region: str, state: InspectionState | None = None) -> Select[Any]:
    query = select(Inspection).where(Inspection.organisation_id.in_(reach.within(region)))
    if state:
        query = query.where(Inspection.state == state)
    return query.options(joinedload(Inspection.organisation)).order_by(Inspection.created_at.desc(), Inspection.id)


def inspection(session: Session, inspection_id: UUID, region: str) -> Inspection:
    """Raises NotFound, also for another region's."""
    found: Inspection | None = session.scalar(inspections_query(region).where(Inspection.id == inspection_id))
    if found is None:
        raise NotFound("inspection.not_found")
    return found


def of_organisation(session: Session, organisation_id: UUID) -> Sequence[Inspection]:
    """What an institution sees of itself: visits with their findings, once they were reported."""
    query = select(Inspection).where(
        Inspection.organisation_id == organisation_id, Inspection.state != InspectionState.PLANNED
    )
    return session.scalars(query.options(selectinload(Inspection.findings)).order_by(Inspection.id.desc())).all()


def plan(session: Session, found: Inspection, planned_on: date, inspectors: str, *, actor: str, now: datetime) -> None:
    if found.state is not InspectionState.PLANNED:
        raise Conflict("inspection.state")
    # Two at least: nobody inspects alone.
    if len([each for each in inspectors.replace("、", ",").replace("，", ",").split(",") if each.strip()]) < 2:
        raise Invalid([Problem("inspectors", "inspection.two")])
    found.planned_on, found.inspectors = planned_on, inspectors.strip()[:200]
    _record(session, "inspection.planned", found, actor, now)


def add_finding(
    session: Session, found: Inspection, text: str, severity: Severity, due_on: date, *, actor: str, now: datetime
) -> Finding:
    if found.state is InspectionState.CLOSED:
        raise Conflict("inspection.state")
    if due_on < now.astimezone(CHINA).date():
        raise Invalid([Problem("due_on", "inspection.due")])
    made = Finding(text=text.strip(), severity=severity, due_on=due_on)
    found.findings.append(made)
    session.flush()
    _record(session, "inspection.found", found, actor, now, {"severity": severity.value})
    return made


def report(session: Session, found: Inspection, text: str, *, actor: str, now: datetime) -> None:
    """The visit is over; without findings it is closed, with findings they wait for their corrections."""
    if found.state is not InspectionState.PLANNED:
        raise Conflict("inspection.state")
    if not found.inspectors:
        raise Conflict("inspection.plan_first")
    if not text.strip():
        raise Invalid([Problem("report", "inspection.needed")])
    found.report, found.reported_at = text.strip(), now
    found.state = InspectionState.CORRECTING if found.findings else InspectionState.CLOSED
    _record(session, "inspection.reported", found, actor, now, {"findings": len(found.findings)})


def correct(
    session: Session,
    organisation_id: UUID,
    finding_id: UUID,
    text: str,
    proof: tuple[str, str] | None,
    *,
    actor: str,
    now: datetime,
) -> None:
    """The institution says how it put something right; proof: (hash, name) of a file."""
    found, about = _finding(session, finding_id)
    if about.organisation_id != organisation_id or about.state is InspectionState.PLANNED:
        raise NotFound("inspection.not_found")
    if found.state is not FindingState.OPEN:
        raise Conflict("inspection.state")
    if not text.strip():
        raise Invalid([Problem("correction", "inspection.needed")])
    found.correction, found.corrected_at, found.state = text.strip(), now, FindingState.CORRECTED
    if proof:
        found.proof, found.proof_name = proof
    _record(session, "inspection.corrected", about, actor, now)


def judge(
    session: Session, about: Inspection, finding_id: UUID, accept: bool, answer: str, *, actor: str, now: datetime
) -> None:
    """Accepts a correction or sends it back; with the last one the inspection is closed."""
    found = next((each for each in about.findings if each.id == finding_id), None)
    if found is None:
        raise NotFound("inspection.not_found")
    if found.state is not FindingState.CORRECTED:
        raise Conflict("inspection.state")
    if not accept and not answer.strip():
        raise Invalid([Problem("answer", "inspection.needed")])
    found.state = FindingState.ACCEPTED if accept else FindingState.OPEN
    found.answer, found.decided_by, found.decided_at = answer.strip(), actor, now
    if all(each.state is FindingState.ACCEPTED for each in about.findings):
        about.state = InspectionState.CLOSED
    session.flush()
    _record(session, "inspection.judged", about, actor, now, {"accepted": accept})


def proof_of(session: Session, finding_id: UUID) -> tuple[Finding, Inspection]:
    return _finding(session, finding_id)


def _finding(session: Session, finding_id: UUID) -> tuple[Finding, Inspection]:
    found = session.get(Finding, finding_id)
    if found is None:
        raise NotFound("inspection.not_found")
    return found, session.get_one(Inspection, found.inspection_id)


def overdue(session: Session, region: str, today: date) -> Sequence[Finding]:
    """What is still open after its day."""
    query = (
        select(Finding)
        .join(Inspection, Inspection.id == Finding.inspection_id)
        .where(
            Inspection.organisation_id.in_(reach.within(region)),
            Finding.state == FindingState.OPEN,
            Finding.due_on < today,
        )
    )
    return session.scalars(query.order_by(Finding.due_on)).all()


def _record(
    session: Session, kind: str, found: Inspection, actor: str, now: datetime, public: dict[str, Any] | None = None
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=found.subject, now=now, public=public or {})
