"""What happened at a screen, as facts with time and raw data: proctors see it at once, and the candidate too."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.delivery.models import Attempt, AttemptEvent, AttemptState, EventKind
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.ids import random_code

# What a screen may report of itself; the rest only the server sees.
FROM_SCREENS = frozenset({EventKind.FOCUS_LOST, EventKind.PASTED, EventKind.CLOCK_CHANGED, EventKind.OFFLINE})
MOST_AT_ONCE = 50
# More than this no screen can fill the table with.
MOST = 2000
LONGEST_DATA = 500
# Whoever was heard of within this time is still there.
PRESENT = timedelta(seconds=60)


def note(
    session: Session, attempt_id: UUID, kind: EventKind, data: Mapping[str, Any], now: datetime, token: str = ""
) -> None:
    token = token or random_code(20)
    session.add(AttemptEvent(attempt_id=attempt_id, kind=kind, at=now, data=dict(data), token=token))


def take(session: Session, standing: Attempt, reported: Any, now: datetime) -> list[str] | None:
    """Events that a screen reports: [{"token", "kind", "data"}]; the tokens that need not be sent again.

    None for what is no such list. A repeat is harmless; whatever exceeds the most is acknowledged and dropped.
    """
    if not isinstance(reported, list) or len(reported) > MOST_AT_ONCE:
        return None
    parsed = [_parsed(each) for each in reported]
    good = [each for each in parsed if each is not None]
    if len(good) != len(parsed):
        return None
    known = set(session.scalars(select(AttemptEvent.token).where(AttemptEvent.attempt_id == standing.id)))
    for token, kind, data in good:
        if token not in known and len(known) < MOST and standing.started_at is not None:
            note(session, standing.id, kind, data, now, token)
            known.add(token)
    return [token for token, _kind, _data in good]


def _parsed(each: Any) -> tuple[str, EventKind, dict[str, Any]] | None:
    if not isinstance(each, dict):
        return None
    token, kind, data = each.get("token"), each.get("kind"), each.get("data")
    if not isinstance(token, str) or not 8 <= len(token) <= 40 or not isinstance(data, dict):
        return None
    if kind not in {allowed.value for allowed in FROM_SCREENS} or len(json.dumps(data)) > LONGEST_DATA:
        return None
    return token, EventKind(kind), data


def second_sign_in(
    session: Session, registration_id: UUID, device: str | None, data: dict[str, Any], at: datetime
) -> None:
    """Somebody signs in with a ticket whose candidate is writing on another browser just now."""
    query = select(Attempt).where(Attempt.registration_id == registration_id, Attempt.state == AttemptState.RUNNING)
    for standing in session.scalars(query):
        elsewhere = standing.device is not None and standing.device != device
        if elsewhere and standing.seen_at is not None and at - standing.seen_at <= PRESENT:
            note(session, standing.id, EventKind.SECOND_SIGN_IN, data, at)


def events_of(session: Session, attempt_id: UUID) -> Sequence[AttemptEvent]:
    """Oldest first."""
    query = select(AttemptEvent).where(AttemptEvent.attempt_id == attempt_id)
    return session.scalars(query.order_by(AttemptEvent.at, AttemptEvent.id)).all()


def counts(session: Session, attempt_ids: Sequence[UUID]) -> dict[UUID, int]:
    """attempt → how many events."""
    query = select(AttemptEvent.attempt_id, func.count()).where(AttemptEvent.attempt_id.in_(attempt_ids))
    found: dict[UUID, int] = defaultdict(int)
    found.update((row[0], row[1]) for row in session.execute(query.group_by(AttemptEvent.attempt_id)))
    return found


def digest(events: Sequence[AttemptEvent]) -> str:
    """Binds the list to the ledger at the hand-in."""
    return canonical_hash([[each.kind.value, each.at.isoformat(), each.data] for each in events])
