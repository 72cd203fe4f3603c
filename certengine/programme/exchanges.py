"""Bases help one another: experts, materials, research and platforms are offered, asked for and granted."""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, joinedload, selectinload

from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.ledger import service as ledger
from certengine.programme import problems
from certengine.programme.base_models import BaseState, Exchange, ExchangeKind, ExchangeRequest, TrainingBase

__all__ = ["problems"]


def offers(session: Session, kind: ExchangeKind | None = None) -> Sequence[Exchange]:
    """What all bases offer, the open ones first."""
    query = select(Exchange).options(
        joinedload(Exchange.base).joinedload(TrainingBase.organisation),
        selectinload(Exchange.requests).joinedload(ExchangeRequest.base).joinedload(TrainingBase.organisation),
    )
    if kind:
        query = query.where(Exchange.kind == kind)
    return session.scalars(query.order_by(Exchange.closed_at.is_not(None), Exchange.id.desc())).all()


def offer(
    session: Session,
    base: TrainingBase,
    kind: ExchangeKind,
    title: str,
    text: str,
    *,
    token: str,
    actor: str,
    now: datetime,
) -> Exchange:
    """The same token again returns the offer that it made."""
    if made := session.scalar(select(Exchange).where(Exchange.token == token)):
        return made
    _must_stand(base)
    made = Exchange(
        training_base_id=base.id, kind=kind, title=title.strip(), text=text.strip(), token=token, offered_at=now
    )
    session.add(made)
    session.flush()
    _record(session, "exchange.offered", made, actor, now)
    return made


def exchange(session: Session, exchange_id: UUID) -> Exchange:
    found = session.get(Exchange, exchange_id)
    if found is None:
        raise NotFound("exchange.not_found")
    return found


def ask(session: Session, found: Exchange, base: TrainingBase, text: str, *, actor: str, now: datetime) -> None:
    """Another base asks to take part, once."""
    _must_stand(base)
    if found.training_base_id == base.id:
        raise NotAllowed("exchange.own")
    if found.closed_at:
        raise Conflict("exchange.closed")
    if any(each.training_base_id == base.id for each in found.requests):
        raise Conflict("exchange.asked")
    if not text.strip():
        raise Invalid([Problem("text", "base.reason_missing")])
    found.requests.append(ExchangeRequest(training_base_id=base.id, text=text.strip(), asked_at=now))
    session.flush()
    _record(session, "exchange.asked", found, actor, now)


def answer(
    session: Session, found: Exchange, base: TrainingBase, request_id: UUID, accept: bool, *, actor: str, now: datetime
) -> None:
    """The base that offered says yes or no, once."""
    asked = next((each for each in found.requests if each.id == request_id), None)
    if found.training_base_id != base.id or asked is None:
        raise NotFound("exchange.not_found")
    if asked.accepted is not None:
        raise Conflict("exchange.answered")
    asked.accepted, asked.answered_at = accept, now
    _record(session, "exchange.answered", found, actor, now)


def close(session: Session, found: Exchange, base: TrainingBase, *, actor: str, now: datetime) -> None:
    if found.training_base_id != base.id:
        raise NotFound("exchange.not_found")
    if found.closed_at is None:
        found.closed_at = now
        _record(session, "exchange.closed", found, actor, now)


def _must_stand(base: TrainingBase) -> None:
    if base.state is BaseState.REMOVED:
        raise Conflict("base.removed")


def _record(session: Session, kind: str, found: Exchange, actor: str, now: datetime) -> None:
    public = {"kind": found.kind.value}
    ledger.record(session, kind=kind, actor=actor, subject=f"exchange:{found.id}", now=now, public=public)
