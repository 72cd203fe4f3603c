"""What a seat on the live board looks like. Pure."""

import enum
from datetime import datetime, timedelta

from certengine.delivery.models import AttemptState

# A screen gives a sign of life every 15 seconds; after three that did not come somebody should look.
SILENCE = timedelta(seconds=50)


class Seat(enum.Enum):
    AWAITED = "awaited"
    CHECKED_IN = "checked_in"
    READY = "ready"
    RUNNING = "running"
    SILENT = "silent"
    SUSPENDED = "suspended"
    SUBMITTED = "submitted"
    ABSENT = "absent"


def seat(
    state: AttemptState | None,
    checked_in: bool,
    seen_at: datetime | None,
    late_until: datetime,
    now: datetime,
) -> Seat:
    """One word for a candidate."""
    if state is AttemptState.RUNNING:
        return Seat.RUNNING if seen_at is not None and now - seen_at <= SILENCE else Seat.SILENT
    if state is None:
        if checked_in:
            return Seat.CHECKED_IN
        return Seat.ABSENT if now > late_until else Seat.AWAITED
    return {
        AttemptState.READY: Seat.READY,
        AttemptState.SUSPENDED: Seat.SUSPENDED,
        AttemptState.SUBMITTED: Seat.SUBMITTED,
    }[state]


def scanned_ticket(text: str) -> str:
    """The ticket number in what was typed or read from a ticket's code (an address with ?ticket=)."""
    _before, found, after = text.partition("ticket=")
    digits = (after if found else text).partition("&")[0]
    return "".join(each for each in digits if each.isascii() and each.isdigit())[:20]
