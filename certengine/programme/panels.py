"""Experts: who scores what, their scores, and what they come to. Used by selections and seminars alike."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload

from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.people.models import Account, AccountRole
from certengine.people.permissions import Role
from certengine.programme import selection_problems, selection_rules
from certengine.programme.application_models import ExpertReview
from certengine.programme.selection_rules import Panel

__all__ = ["selection_problems"]


@dataclass(frozen=True)
class Reviewed:
    """What is scored: an opaque subject, its title, and the organisations whose people may not score it."""

    subject: str
    title: str
    interested: frozenset[UUID]


def experts(session: Session, left_out: frozenset[UUID] = frozenset()) -> Sequence[Account]:
    """Active experts of other organisations, by name."""
    query = (
        select(Account)
        .join(AccountRole)
        .where(AccountRole.role == Role.EXPERT, Account.active, Account.organisation_id.not_in(left_out))
        .options(joinedload(Account.organisation))
        .order_by(Account.name)
    )
    return session.scalars(query).unique().all()


def assign(session: Session, what: Reviewed, account_ids: Sequence[UUID], *, actor: str, now: datetime) -> int:
    """Adds experts; those who are there stay. Raises NotAllowed for one with an interest in it."""
    offered = {each.id for each in experts(session, what.interested)}
    if not set(account_ids) <= offered:
        raise NotAllowed("panel.interested")
    known = set(session.scalars(select(ExpertReview.account_id).where(ExpertReview.subject == what.subject)))
    added = [each for each in dict.fromkeys(account_ids) if each not in known]
    for account_id in added:
        session.add(
            ExpertReview(subject=what.subject, title=what.title, account_id=account_id, scores={}, assigned_at=now)
        )
    session.flush()
    if added:
        private = {"experts": [f"account:{each}" for each in added]}
        ledger.record(session, kind="panel.assigned", actor=actor, subject=what.subject, now=now, private=private)
    return len(added)


def reviews_of(session: Session, subject: str) -> Sequence[ExpertReview]:
    query = select(ExpertReview).where(ExpertReview.subject == subject).options(joinedload(ExpertReview.account))
    return session.scalars(query.order_by(ExpertReview.id)).all()


def panel_of(session: Session, subject: str) -> Panel:
    return selection_rules.panel(
        session.scalars(select(ExpertReview.total).where(ExpertReview.subject == subject)).all()
    )


def reviews_for(session: Session, account_id: UUID) -> Sequence[ExpertReview]:
    """An expert's work: what waits first."""
    query = select(ExpertReview).where(ExpertReview.account_id == account_id)
    return session.scalars(query.order_by(ExpertReview.given_at.is_not(None), ExpertReview.id.desc())).all()


def review(session: Session, review_id: UUID, account_id: UUID) -> ExpertReview:
    """Raises NotFound for another expert's."""
    found = session.get(ExpertReview, review_id)
    if found is None or found.account_id != account_id:
        raise NotFound("panel.not_found")
    return found


def score(
    session: Session,
    given: ExpertReview,
    scores: Mapping[str, int | None],
    opinion: str,
    *,
    criteria: Mapping[str, int],
    actor: str,
    now: datetime,
) -> None:
    """Gives an expert's scores once. Raises Invalid naming the criterion, Conflict when they were given."""
    if given.given_at:
        raise Conflict("panel.given")
    found = [
        Problem(criterion, code, {"most": criteria[criterion]})
        for criterion, code in selection_rules.score_problems(scores, criteria)
    ]
    if not opinion.strip():
        found.append(Problem("opinion", "panel.opinion_missing"))
    if found:
        raise Invalid(found)
    given.scores = {criterion: scores[criterion] for criterion in criteria}
    given.total = sum(int(each) for each in given.scores.values())
    given.opinion, given.given_at = opinion.strip(), now
    session.flush()
    private = {"scores": given.scores, "opinion": given.opinion}
    ledger.record(
        session,
        kind="panel.scored",
        actor=actor,
        subject=given.subject,
        now=now,
        public={"total": given.total},
        private=private,
    )
