"""What is done with answers that were sent, whichever door they came through."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from certengine.delivery.journal import Arrived, Saved
from certengine.delivery.models import AttemptState
from certengine.delivery.scripts import Scripts

MOST = 500


@dataclass(frozen=True)
class Refused:
    """Nothing of what was sent is kept."""

    problem: str


def arrived(scripts: Scripts, attempt_id: UUID, body: Any) -> Arrived | Refused:
    """{"generation", "answers": [[item, sequence, answer, flagged], …]}, checked against the attempt's paper.

    The scripts must know the attempt already.
    """
    sent = body.get("answers") if isinstance(body, dict) else None
    if not isinstance(sent, list) or type(body.get("generation")) is not int or len(sent) > MOST:
        return Refused("bad_request")
    rows = []
    for each in sent:
        if not (isinstance(each, list) and len(each) == 4 and isinstance(each[0], str) and type(each[1]) is int):
            return Refused("bad_request")
        item, sequence, answer, flagged = each
        if not 0 < sequence < 1 << 53:
            return Refused("bad_request")
        if problem := scripts.problem(attempt_id, item, answer):
            return Refused(problem)
        rows.append((item, sequence, {"a": answer, "f": bool(flagged)}))
    return Arrived(attempt_id, body["generation"], rows)


def clock(state: AttemptState, deadline_at: datetime, extra_seconds: int, at: datetime) -> dict[str, Any]:
    """Times in milliseconds of Unix time."""
    return {
        "state": state.value,
        "now": int(at.timestamp() * 1000),
        "deadline": int(deadline_at.timestamp() * 1000),
        "extra": extra_seconds,
    }


def answer(arrival: Arrived, saved: Saved) -> tuple[int, dict[str, Any]]:
    """Status and body: 200 exactly when everything sent is durable, 409 when answers cannot be taken now."""
    body = {
        "generation": saved.generation,
        "at": saved.at.isoformat(),
        **clock(saved.state, saved.deadline_at, saved.extra_seconds, saved.at),
    }
    if saved.problem is None:
        return 200, {**body, "saved": [sequence for _item, sequence, _content in arrival.answers]}
    return 409, {**body, "problem": saved.problem}
