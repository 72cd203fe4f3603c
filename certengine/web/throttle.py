"""Growing delays after failed attempts, counted in the database so that every process knows of them.

Nobody can be shut out by somebody else's failures: a browser on which the subject was signed in before is counted by
itself, and another network's first attempts are not held up by what happened elsewhere.
"""

import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from certengine.foundation.keys import FieldCipher
from certengine.web.models import Throttle

NOTHING = timedelta()
KEPT = timedelta(days=2)


@dataclass(frozen=True)
class Pace:
    """So many failures are free, then each doubles the wait up to the longest; after a quiet while all are forgotten."""

    free: int
    first: timedelta
    longest: timedelta
    fades: timedelta

    def wait(self, failures: int, last_at: datetime, now: datetime) -> timedelta:
        """How long the next attempt has to wait, from now."""
        if failures <= self.free or now - last_at >= self.fades:
            return NOTHING
        doublings = min(failures - self.free - 1, 30)
        return max(NOTHING, last_at + min(self.first * 2**doublings, self.longest) - now)


@dataclass(frozen=True)
class Paces:
    """spared: how many failures of its own a network may have before those of the others count against it.

    spared_until: from so many failures of the others on they count at once, for then a crowd of networks is guessing;
    None where a right answer must pass from a new place whatever happens.
    """

    device: Pace
    pair: Pace
    subject: Pace
    network: Pace | None
    spared: int
    spared_until: int | None = None


@dataclass(frozen=True)
class Attempt:
    """Somebody tries to pass for the subject; device: the known browser that they use, if it is one."""

    what: str
    subject: str
    network: str
    paces: Paces
    device: str | None = None

    def meters(self) -> list[tuple[str, Pace]]:
        """Names of what is counted and how, the attempt's own first."""
        if self.device is not None:
            return [(f"{self.what}|device|{self.subject}|{self.device}", self.paces.device)]
        found = [
            (f"{self.what}|pair|{self.subject}|{self.network}", self.paces.pair),
            (f"{self.what}|subject|{self.subject}", self.paces.subject),
        ]
        return [*found, (f"{self.what}|network|{self.network}", self.paces.network)] if self.paces.network else found


def network_of(address: str | None) -> str:
    """An IPv4 address, or the /48 of an IPv6 one, for its holder may have all of that."""
    try:
        parsed = ipaddress.ip_address(address or "")
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 48), strict=False))
    return str(parsed)


def wait(session: Session, cipher: FieldCipher, attempts: Sequence[Attempt], now: datetime) -> timedelta:
    """How long the attempts have to wait, the longest counts. Of one pair, another attempt at once waits its turn."""
    for each in attempts:
        # A lock on the pair: else many guesses at once would all be judged before the first is counted.
        own = cipher.blind_index(each.meters()[0][0])
        values = {"key": own, "failures": 0, "last_at": now}
        session.execute(_dialect(session).insert(Throttle).values(values).on_conflict_do_nothing())
        session.execute(select(Throttle.key).where(Throttle.key == own).with_for_update())
    return left(session, cipher, attempts, now)


def left(session: Session, cipher: FieldCipher, attempts: Sequence[Attempt], now: datetime) -> timedelta:
    """The same as a look that locks nothing: for who would spare the work of an attempt that is too early."""
    return max((_left(session, cipher, each, now) for each in attempts), default=NOTHING)


def _left(session: Session, cipher: FieldCipher, attempt: Attempt, now: datetime) -> timedelta:
    meters = [(cipher.blind_index(name), pace) for name, pace in attempt.meters()]
    keys = [key for key, _pace in meters]
    rows = {row.key: row for row in session.execute(select(Throttle.__table__).where(Throttle.key.in_(keys)))}
    # It is gone where the attempt before this one, which held the lock, passed.
    failures = [rows[key].failures if key in rows else 0 for key in keys]
    spared = attempt.device is None and failures[0] < attempt.paces.spared
    if spared and attempt.paces.spared_until is not None:
        spared = failures[1] < attempt.paces.spared_until
    counted = [each for place, each in enumerate(meters) if not (spared and place == 1)]
    waits = [pace.wait(rows[key].failures, rows[key].last_at, now) for key, pace in counted if key in rows]
    return max(waits, default=NOTHING)


def failed(session: Session, cipher: FieldCipher, attempts: Sequence[Attempt], now: datetime) -> None:
    """Counts a failure; what has faded begins anew."""
    # Of two transactions that count for the same network, both take the rows in one order.
    meters = {cipher.blind_index(name): pace for attempt in attempts for name, pace in attempt.meters()}
    for key, pace in sorted(meters.items()):
        insert = _dialect(session).insert(Throttle).values(key=key, failures=1, last_at=now)
        faded = Throttle.last_at <= now - pace.fades
        session.execute(
            insert.on_conflict_do_update(
                index_elements=[Throttle.key],
                set_={"failures": case((faded, 1), else_=Throttle.failures + 1), "last_at": now},
            )
        )
    session.execute(delete(Throttle).where(Throttle.last_at < now - KEPT))


def passed(session: Session, cipher: FieldCipher, attempts: Sequence[Attempt]) -> None:
    """Forgets the failures of this pair or device; those against the subject from elsewhere stay counted."""
    keys = [cipher.blind_index(attempt.meters()[0][0]) for attempt in attempts]
    session.execute(delete(Throttle).where(Throttle.key.in_(keys)))


def _dialect(session: Session):  # type: ignore[no-untyped-def]
    return postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
