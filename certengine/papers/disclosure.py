"""When a seed may be told: not while anybody can still write, extra time and suspensions included."""

from collections.abc import Callable
from datetime import datetime

from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict

Writing = Callable[[Session, str], bool]
_writing: list[Writing] = []


def writing(check: Writing) -> Writing:
    """Declares how a room above knows whether somebody still writes at a sitting: check(session, sitting)."""
    _writing.append(check)
    return check


def obstacle(session: Session, sitting: str, ends_at: datetime | None, now: datetime) -> Conflict | None:
    """Why the seed of a sitting's draw cannot be disclosed yet."""
    if ends_at is not None and now < ends_at:
        return Conflict("papers.too_early", ends=ends_at.astimezone(CHINA).strftime("%Y-%m-%d %H:%M"))
    if any(check(session, sitting) for check in _writing):
        return Conflict("papers.still_written")
    return None
