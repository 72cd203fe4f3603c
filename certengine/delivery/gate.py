"""Who may open the screen of a running attempt: the browser that it belongs to, with the sitting's key where it has one.

Anybody else stands outside until a proctor of the room has looked and lets them in; the clock is not touched by that.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy.orm import Session

from certengine.delivery import events
from certengine.delivery.models import Attempt, AttemptState, EventKind
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.ledger import service as ledger

# The headers of Safe Exam Browser: SHA-256 of the address asked for and a key, in hex.
KEY_HEADERS = ("X-SafeExamBrowser-RequestHash", "X-SafeExamBrowser-ConfigKeyHash")
# A browser that keeps no cookie is nobody's.
UNKNOWN = "unknown"
OTHER_DEVICE = "delivery.other_device"
WRONG_KEY = "delivery.wrong_key"
HELD = {OTHER_DEVICE: EventKind.OTHER_DEVICE, WRONG_KEY: EventKind.WRONG_KEY}


@dataclass(frozen=True)
class Visitor:
    """key: whether one of the sitting's keys was shown; None where it has none."""

    device: str
    address: str
    agent: str
    key: bool | None = None


def shows_key(keys: Iterable[str], address: str, shown: Iterable[str]) -> bool:
    """Whether a request to this address came with one of the keys; shown: the values of KEY_HEADERS.

    Safe Exam Browser, developer documentation: SHA-256 of the address followed by the key.
    """
    values = {each.strip().lower() for each in shown}
    return any(hashlib.sha256((address + key.lower()).encode()).hexdigest() in values for key in keys)


def obstacle(standing: Attempt, visitor: Visitor) -> str | None:
    """Why the visitor has to wait for a proctor; None where they may open the screen."""
    if standing.released_at is not None:
        return None
    if standing.device is not None and standing.device != visitor.device:
        return OTHER_DEVICE
    return WRONG_KEY if visitor.key is False and not standing.key_excused else None


def opened(session: Session, standing: Attempt, visitor: Visitor, now: datetime) -> None:
    """The visitor opens the screen. Raises Conflict for who has to wait."""
    if problem := obstacle(standing, visitor):
        raise Conflict(problem)
    if standing.address not in (None, visitor.address):
        data = {"from": standing.address, "to": visitor.address, "agent": visitor.agent}
        events.note(session, standing.id, EventKind.ADDRESS_CHANGED, data, now)
    if visitor.key and standing.device is None:
        events.note(session, standing.id, EventKind.KEY_SHOWN, {"agent": visitor.agent}, now)
    if standing.released_at is not None:
        standing.key_excused = standing.key_excused or visitor.key is False
    standing.device, standing.address = visitor.device, visitor.address
    standing.held_for = standing.released_at = None


def ask(session: Session, standing: Attempt, visitor: Visitor, now: datetime) -> None:
    """Somebody stands outside and asks to be let in: the board shows it."""
    problem = obstacle(standing, visitor)
    if problem is None or standing.held_for == problem:
        return
    standing.held_for = problem
    data = {"address": visitor.address, "agent": visitor.agent}
    events.note(session, standing.id, HELD[problem], data, now)


def let_in(session: Session, standing: Attempt, reason: str, actor: str, now: datetime) -> None:
    """A proctor has looked at who and what it is: the next browser that opens the screen is let in, once.

    Raises Invalid without a reason, Conflict for an attempt that is over or has not begun.
    """
    if not reason.strip():
        raise Invalid([Problem("reason", "delivery.reason_missing")])
    if standing.state not in (AttemptState.RUNNING, AttemptState.SUSPENDED):
        raise Conflict("delivery.not_running")
    held = standing.held_for
    standing.released_at, standing.held_for = now, None
    events.note(session, standing.id, EventKind.LET_IN, {"reason": reason.strip(), "held_for": held}, now)
    ledger.record(
        session,
        kind="attempt.let_in",
        actor=actor,
        subject=f"attempt:{standing.id}",
        now=now,
        public={"sitting": f"sitting:{standing.sitting_id}"},
        private={
            "registration": f"registration:{standing.registration_id}",
            "reason": reason.strip(),
            "held_for": held,
        },
    )
