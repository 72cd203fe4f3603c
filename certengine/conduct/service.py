"""A case from the record of two proctors over notice and objection to the decision and its consequences."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import Session

from certengine.conduct import problems, rules
from certengine.conduct.models import MisconductCase
from certengine.conduct.regulation import regulation
from certengine.conduct.rules import CaseState, Voids
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.marking import releasing
from certengine.people import reach
from certengine.sittings import service as sittings
from certengine.standards.rules import Part

__all__ = ["problems"]


@dataclass(frozen=True)
class CaseFacts:
    sitting_id: UUID
    registration_id: UUID
    act: str
    facts: str
    happened_at: datetime
    # Another tier than the act's own, and why.
    tier: str = ""
    tier_reason: str = ""


def record(
    session: Session, organisation_id: UUID, facts: CaseFacts, *, token: str, actor: str, now: datetime
) -> MisconductCase:
    """The first proctor's record; the same token again returns the case that it made."""
    if made := session.scalar(select(MisconductCase).where(MisconductCase.token == token)):
        return made
    found = []
    known = regulation()
    act = known.acts.get(facts.act)
    tier = facts.tier or (act.tier if act else "")
    if act is None:
        found.append(Problem("act", "conduct.act_unknown"))
    elif tier not in known.tiers:
        found.append(Problem("tier", "conduct.tier_unknown"))
    elif problem := rules.tier_problem(act, tier, facts.tier_reason):
        found.append(Problem("tier_reason", problem))
    if not facts.facts.strip():
        found.append(Problem("facts", "conduct.facts_missing"))
    if found:
        raise Invalid(found)
    sittings.sitting_of(session, organisation_id, facts.sitting_id)
    if sittings.placement_of(session, facts.sitting_id, facts.registration_id) is None:
        raise NotFound("delivery.not_placed")
    case = MisconductCase(
        organisation_id=organisation_id,
        sitting_id=facts.sitting_id,
        registration_id=facts.registration_id,
        act=facts.act,
        tier=tier,
        tier_reason=facts.tier_reason.strip(),
        facts=facts.facts.strip(),
        happened_at=facts.happened_at,
        recorded_at=now,
        recorded_by=actor,
        token=token,
    )
    session.add(case)
    session.flush()
    private = {"registration": f"registration:{facts.registration_id}", "facts": case.facts, "act": case.act}
    private |= {"tier": case.tier, "tier_reason": case.tier_reason}
    _record(session, "misconduct.recorded", case, actor, now, private)
    return case


def sign(session: Session, case: MisconductCase, actor: str, now: datetime) -> None:
    """The second proctor, another than the first."""
    if problem := rules.signing_problem(case.state, case.recorded_by, actor):
        raise Conflict(problem)
    case.state, case.signed_by = CaseState.SIGNED, actor
    _record(session, "misconduct.signed", case, actor, now)


def notify(session: Session, case: MisconductCase, actor: str, now: datetime) -> None:
    """The candidate was told; from now on they may object."""
    if case.state is not CaseState.SIGNED:
        raise Conflict("conduct.not_signed")
    case.state, case.notified_at = CaseState.NOTIFIED, now
    _record(session, "misconduct.notified", case, actor, now)


def take_objection(session: Session, case: MisconductCase, text: str, actor: str, now: datetime) -> None:
    """What the candidate says to it."""
    if not text.strip():
        raise Invalid([Problem("objection", "conduct.facts_missing")])
    over = case.notified_at is None or now > case.notified_at + regulation().objection_time
    if case.state is not CaseState.NOTIFIED or over:
        raise Conflict("conduct.objection_over")
    case.objection, case.objected_at = text.strip(), now
    _record(session, "misconduct.objected", case, actor, now, {"objection": case.objection})


@dataclass(frozen=True)
class Decision:
    upheld: bool
    tier: str
    text: str


def decide(session: Session, case: MisconductCase, decision: Decision, actor: str, now: datetime) -> None:
    """By somebody who did not sign. What is upheld takes the results away that its tier names."""
    signers = tuple(each for each in (case.recorded_by, case.signed_by) if each)
    known = regulation()
    problem = rules.decision_problem(
        case.state, signers, actor, case.notified_at, case.objected_at is not None, now, known.objection_time
    )
    if problem:
        raise Conflict(problem)
    if decision.tier not in known.tiers:
        raise Invalid([Problem("tier", "conduct.tier_unknown")])
    if not decision.text.strip():
        raise Invalid([Problem("decision", "conduct.decision_missing")])
    tier = known.tiers[decision.tier]
    case.state = CaseState.UPHELD if decision.upheld else CaseState.DISMISSED
    case.tier, case.decision, case.decided_by, case.decided_at = tier.code, decision.text.strip(), actor, now
    if decision.upheld:
        case.recorded_until = rules.recorded_until(tier, now)
        if parts := _voided(session, case, tier.voids):
            releasing.void_result(session, case.registration_id, parts, case.decision, actor, now)
    _record(session, "misconduct.decided", case, actor, now, {"upheld": decision.upheld, "tier": tier.code})


def _voided(session: Session, case: MisconductCase, voids: Voids) -> list[Part]:
    if voids is Voids.NOTHING:
        return []
    return list(Part) if voids is Voids.ALL else [sittings.sitting(session, case.sitting_id).part]


def case_of(session: Session, organisation_id: UUID, case_id: UUID) -> MisconductCase:
    """Raises NotFound, also for another organisation's."""
    case = session.get(MisconductCase, case_id)
    if case is None or case.organisation_id != organisation_id:
        raise NotFound("conduct.not_found")
    return case


def cases_query(organisation_id: UUID, state: CaseState | None = None) -> Select[Any]:
    query = select(MisconductCase).where(MisconductCase.organisation_id == organisation_id)
    if state is not None:
        query = query.where(MisconductCase.state == state)
    return query.order_by(MisconductCase.recorded_at.desc(), MisconductCase.id.desc())


def register_query(now: datetime, seen: UUID | str) -> Select[Any]:
    """Upheld cases whose entry stands now: those for good, and those of five years until they end; newest first.

    seen: an organisation, or the region of a department.
    """
    for_good = [code for code, tier in regulation().tiers.items() if tier.record_years is None]
    query = select(MisconductCase).where(
        MisconductCase.state == CaseState.UPHELD,
        or_(MisconductCase.tier.in_(for_good), MisconductCase.recorded_until > now),
        reach.sees(MisconductCase.organisation_id, seen),
    )
    return query.order_by(MisconductCase.decided_at.desc(), MisconductCase.id.desc())


def cases_against(session: Session, registration_id: UUID) -> Sequence[MisconductCase]:
    """What a candidate has been told of."""
    query = select(MisconductCase).where(
        MisconductCase.registration_id == registration_id, MisconductCase.notified_at.is_not(None)
    )
    return session.scalars(query.order_by(MisconductCase.recorded_at.desc())).all()


def _record(
    session: Session,
    kind: str,
    case: MisconductCase,
    actor: str,
    now: datetime,
    private: dict[str, Any] | None = None,
) -> None:
    ledger.record(session, kind=kind, actor=actor, subject=f"misconduct:{case.id}", now=now, private=private or {})
