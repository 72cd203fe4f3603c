"""What the analysis of a sitting hands over to be looked into: alike scripts, with their seats and figures."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from certengine.conduct.models import MisconductCase, Suspicion, SuspicionState
from certengine.conduct.rules import CaseState
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.marking.joining import Check, analysis_takers, release_checks
from certengine.marking.sitting_report import PairFinding, Report
from certengine.sittings import service as sittings

OPEN_CASES = (CaseState.RECORDED, CaseState.SIGNED, CaseState.NOTIFIED)


def take(session: Session, sitting_id: UUID, report: Report, now: datetime) -> None:
    """Keeps what the report lists; what was settled by people stays settled, and what it no longer lists is gone."""
    sitting = sittings.sitting(session, sitting_id)
    seats = {each.registration_id: each for each in sittings.placements(session, sitting_id)}
    rows = session.scalars(select(Suspicion).where(Suspicion.sitting_id == sitting_id)).all()
    known = {(row.first_id, row.second_id): row for row in rows}
    listed = {_pair(each): each for each in report.pairs}
    for pair, found in listed.items():
        row = known.get(pair)
        if row is None:
            row = Suspicion(
                organisation_id=sitting.organisation_id,
                sitting_id=sitting_id,
                first_id=pair[0],
                second_id=pair[1],
                seats=[[seats[each].room_name, seats[each].seat_number] for each in pair if each in seats],
                figures=_figures(found),
                at=now,
            )
            session.add(row)
            session.flush()
            _record(session, "suspicion.raised", row, "system:analysis", now, {"figures": row.figures})
        elif row.state in (SuspicionState.OPEN, SuspicionState.GONE):
            row.figures, row.state, row.at = _figures(found), SuspicionState.OPEN, now
    for pair, row in known.items():
        if pair not in listed and row.state is SuspicionState.OPEN:
            row.state = SuspicionState.GONE


def _pair(found: PairFinding) -> tuple[UUID, UUID]:
    first, second = (UUID(each.removeprefix("registration:")) for each in (found.first, found.second))
    return first, second


def _figures(found: PairFinding) -> dict[str, Any]:
    kept = {name: value for name, value in vars(found).items() if name not in ("first", "second")}
    return {name: str(value) if isinstance(value, float) else value for name, value in kept.items()}


def suspicions_query(organisation_id: UUID, state: SuspicionState | None) -> Select[Any]:
    query = select(Suspicion).where(Suspicion.organisation_id == organisation_id)
    if state is not None:
        query = query.where(Suspicion.state == state)
    return query.order_by(Suspicion.at.desc(), Suspicion.id.desc())


def suspicion_of(session: Session, organisation_id: UUID, suspicion_id: UUID) -> Suspicion:
    """Raises NotFound, for another organisation's too."""
    row = session.scalar(select(Suspicion).where(Suspicion.id == suspicion_id).with_for_update())
    if row is None or row.organisation_id != organisation_id:
        raise NotFound("conduct.no_suspicion")
    return row


def dismiss(session: Session, row: Suspicion, reason: str, actor: str, now: datetime) -> None:
    """Somebody looked into it and found nothing. Raises Invalid without a reason, Conflict when settled."""
    if not reason.strip():
        raise Invalid([Problem("reason", "conduct.reason_missing")])
    _settle(session, row, SuspicionState.DISMISSED, reason.strip(), actor, now)


def hand_over(session: Session, row: Suspicion, case: MisconductCase, actor: str, now: datetime) -> None:
    """A case was recorded of it. A second case, against the other of the two, changes nothing here."""
    if row.state is not SuspicionState.HANDED_OVER:
        _settle(session, row, SuspicionState.HANDED_OVER, f"misconduct:{case.id}", actor, now)


def _settle(session: Session, row: Suspicion, state: SuspicionState, reason: str, actor: str, now: datetime) -> None:
    if row.state is not SuspicionState.OPEN:
        raise Conflict("conduct.suspicion_settled")
    row.state, row.reason, row.settled_by, row.settled_at = state, reason, actor, now
    _record(session, "suspicion.settled", row, actor, now, {"state": state.value, "reason": reason})


def open_counts(session: Session, exam_plan_id: UUID) -> tuple[int, int]:
    """(cases without a decision, suspicions that nobody settled) of a plan."""
    ids = [each.id for each in sittings.sittings_of(session, exam_plan_id)]
    cases = select(func.count(MisconductCase.id)).where(
        MisconductCase.sitting_id.in_(ids), MisconductCase.state.in_(OPEN_CASES)
    )
    alike = select(func.count(Suspicion.id)).where(
        Suspicion.sitting_id.in_(ids), Suspicion.state == SuspicionState.OPEN
    )
    return session.scalar(cases) or 0, session.scalar(alike) or 0


def before_release(session: Session, exam_plan_id: UUID) -> list[Check]:
    """Named to whoever proposes a release, who says what was found."""
    counts = zip(("conduct.check_cases", "conduct.check_suspicions"), open_counts(session, exam_plan_id), strict=True)
    return [Check(code, {"count": count}) for code, count in counts if count]


def _record(session: Session, kind: str, row: Suspicion, actor: str, now: datetime, private: dict[str, Any]) -> None:
    pair = [f"registration:{row.first_id}", f"registration:{row.second_id}"]
    private = {"pair": pair, "seats": row.seats, **private}
    ledger.record(session, kind=kind, actor=actor, subject=f"sitting:{row.sitting_id}", now=now, private=private)


if take not in analysis_takers:
    analysis_takers.append(take)
    release_checks.append(before_release)
