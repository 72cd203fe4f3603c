"""A department's signature over a certificate's file as it stood, evidence and all (CAdES, ETSI EN 319 122-1). Pure.

It stands as an unsigned attribute in the document time stamp of the revision that follows: DocMDP forbids every other
signature after the institution's, and allows this revision.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from cryptography.exceptions import UnsupportedAlgorithm

from certengine.certificates import stamping
from certengine.certificates.judging import Judge, in_force, opened
from certengine.certificates.profiles import Role
from certengine.certificates.stamping import BadStamp, TimeStamp


class BadCountersignature(ValueError):
    """What stands for a department's signature is none, or none over this file."""


@dataclass(frozen=True)
class Countersignature:
    """Of which department, when it says that it signed, and what the time-stamp authority says of it."""

    department: str
    signed_at: datetime
    stamp: TimeStamp
    # Made when somebody else may have had the key, or at a time that nothing proves: it counts for nothing, and the
    # institution's signature stands. Judged with all that the file says of the time.
    compromised: bool
    # Of the department, up to the root, DER.
    certificates: tuple[bytes, ...]
    content: bytes
    # How long the file was that it is over.
    length: int


def check(judge: Judge, content: bytes, before: bytes) -> Countersignature:
    """before: the file that must have been signed. Raises BadCountersignature."""
    try:
        found = opened(judge, content, Role.DEPARTMENT)
        if found.chain is None or not found.holds or found.token is None or found.at is None or content[-1:] == b"\0":
            raise BadCountersignature
        if found.digest != hashlib.sha256(before).digest():
            raise BadCountersignature
        stamp = stamping.read(found.token, hashlib.sha256(found.signature).digest(), judge.stamp_roots)
    except (BadStamp, ValueError, KeyError, TypeError, UnsupportedAlgorithm):
        raise BadCountersignature from None
    if not in_force(found.chain, stamp.at):
        raise BadCountersignature
    return Countersignature(found.signer, found.at, stamp, False, found.chain, content, len(before))
