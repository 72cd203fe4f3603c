"""Signed-in sessions of accounts: begun at sign-in, listed, ended; all of them at a change of the password."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from certengine.foundation.errors import NotFound
from certengine.people.models import AccountSession

# A long day at a sitting; then one signs in again.
LIFETIME = timedelta(hours=16)


def begin(
    session: Session, account_id: UUID, *, address: str, agent: str, second_factor: bool, now: datetime
) -> AccountSession:
    row = AccountSession(
        account_id=account_id,
        created_at=now,
        acted_at=now,
        address=address[:64],
        agent=agent[:200],
        second_factor=second_factor,
    )
    session.add(row)
    session.flush()
    return row


def live(session: Session, session_id: UUID, now: datetime) -> AccountSession | None:
    row = session.get(AccountSession, session_id)
    return row if row is not None and row.ended_at is None and row.created_at > now - LIFETIME else None


def of_account(session: Session, account_id: UUID, now: datetime) -> Sequence[AccountSession]:
    """Those that stand, newest first."""
    query = select(AccountSession).where(
        AccountSession.account_id == account_id,
        AccountSession.ended_at.is_(None),
        AccountSession.created_at > now - LIFETIME,
    )
    return session.scalars(query.order_by(AccountSession.created_at.desc(), AccountSession.id.desc())).all()


def end(session: Session, account_id: UUID, session_id: UUID, now: datetime) -> None:
    """Raises NotFound, also for another account's. Of one that is ended already nothing changes."""
    row = session.get(AccountSession, session_id)
    if row is None or row.account_id != account_id:
        raise NotFound("account.no_session")
    row.ended_at = row.ended_at or now


def end_all(session: Session, account_id: UUID, now: datetime, but: UUID | None = None) -> None:
    query = update(AccountSession).where(AccountSession.account_id == account_id, AccountSession.ended_at.is_(None))
    session.execute(query.where(AccountSession.id != but).values(ended_at=now) if but else query.values(ended_at=now))
