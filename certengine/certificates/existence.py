"""By when a file's parts are proven to have been there, whoever holds which keys today (ETSI EN 319 102-1, 5.6.2). Pure.

Whoever has a time-stamp authority's key dates as he likes. So a time stamp of a key that was compromised counts only
where something else proves that it was there before: a time stamp of another key over it, a department's, or the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime

from certengine.certificates.countersignature import Countersignature
from certengine.certificates.judging import Judge, in_force
from certengine.certificates.stamping import TimeStamp


@dataclass(frozen=True)
class Revision:
    """What a revision says of the time: a stamp over the file with it, and a department's signature over the file before."""

    stamp: TimeStamp | None = None
    second: Countersignature | None = None


def counts(judge: Judge, stamp: TimeStamp, proven: datetime | None) -> bool:
    """proven: by when something else proves the stamp to have been there."""
    since = judge.compromised_since(stamp.certificates)
    return since is None or (stamp.at < since and proven is not None and proven < since)


def weighed(judge: Judge, revisions: Sequence[Revision]) -> tuple[list[Revision], datetime | None]:
    """The revisions, oldest first, each with what counts of it, and by when all before them was there."""
    proven, found = None, []
    for each in reversed(revisions):
        stamp = replace(each.stamp, counts=counts(judge, each.stamp, proven)) if each.stamp else None
        second = _weighed(judge, each.second, proven) if each.second else None
        found.append(Revision(stamp, second))
        said = [stamp, second.stamp if second else None]
        proven = earliest(proven, *(each.at for each in said if each is not None and each.counts))
    return found[::-1], proven


def _weighed(judge: Judge, second: Countersignature, proven: datetime | None) -> Countersignature:
    stamp = replace(second.stamp, counts=counts(judge, second.stamp, proven))
    at = stamp.at if stamp.counts else proven or judge.known.now
    since = judge.compromised_since(second.certificates)
    good = at is not None and in_force(second.certificates, at) and (since is None or at < since)
    return replace(second, stamp=stamp, compromised=not good)


def earliest(*moments: datetime | None) -> datetime | None:
    return min((each for each in moments if each is not None), default=None)
