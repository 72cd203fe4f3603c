"""What of a unit was seen: merged intervals in milliseconds, and how much of a claim the server's clock allows. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

Interval = tuple[int, int]
# A page is heard every 15 seconds; a longer silence is no watching, whatever is claimed for it afterwards.
LONGEST_SILENCE = timedelta(seconds=60)
# Players stop a little before the length that was stated for the file.
TOLERANCE = 2_000


@dataclass(frozen=True)
class Claim:
    """A page says that it showed [start, end)."""

    start: int
    end: int


@dataclass(frozen=True)
class Heard:
    """What became of a claim: all that is seen now, and where the page must go on."""

    watched: tuple[Interval, ...]
    position: int
    accepted: int


def merged(intervals: Iterable[Interval]) -> tuple[Interval, ...]:
    """In order, without overlaps, those that touch made one."""
    found: list[Interval] = []
    for start, end in sorted(intervals):
        if end <= start:
            continue
        if found and start <= found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return tuple(found)


def total(intervals: Iterable[Interval]) -> int:
    return sum(end - start for start, end in merged(intervals))


def frontier(watched: Iterable[Interval]) -> int:
    """How far the unit was seen from its beginning without a gap."""
    first = next(iter(merged(watched)), (0, 0))
    return first[1] if first[0] == 0 else 0


def allowance(heard_at: datetime | None, now: datetime) -> int:
    """The milliseconds that may have been watched since the person was last heard of; none at the first time."""
    if heard_at is None:
        return 0
    passed = now - heard_at
    if not timedelta(0) < passed <= LONGEST_SILENCE:
        return 0
    return passed // timedelta(milliseconds=1)


def hear(watched: Iterable[Interval], claim: Claim, allowed: int, length: int, in_order: bool) -> Heard:
    """Adds a claim, cut to what the clock allows and to the unit's length.

    In order, a claim that begins beyond what was seen adds nothing: the page is sent back to the frontier.
    """
    seen = merged(watched)
    front = frontier(seen)
    start = max(0, claim.start)
    end = min(claim.end, length, start + max(0, allowed))
    if end <= start or (in_order and start > front):
        return Heard(seen, front if in_order else min(start, length), 0)
    now_seen = merged([*seen, (start, end)])
    return Heard(now_seen, frontier(now_seen) if in_order else end, total(now_seen) - total(seen))


def is_done(watched: Iterable[Interval], length: int) -> bool:
    return total(watched) >= max(0, length - TOLERANCE) and total(watched) > 0
