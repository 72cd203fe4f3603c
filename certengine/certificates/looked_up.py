"""Certificates that are valid, read for many who ask in the same moment: one statement for all of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate, CertificateState
from certengine.foundation.clock import CHINA
from certengine.foundation.runtime import Runtime
from certengine.ledger.models import LedgerEntry, LedgerHead
from certengine.people.models import Organisation


@dataclass(frozen=True)
class Entry:
    """Of a ledger receipt what the page and the interface tell."""

    leaf_hash: str
    index: int | None
    tree_size: int | None

    @property
    def pending(self) -> bool:
        return self.index is None


@dataclass(frozen=True)
class LookedUp:
    """A valid certificate as the page and the interface show it: the same names as of a CertificateView."""

    code: str
    facts: dict[str, Any]
    pdf: str
    receipt: Entry
    countersigned: tuple[str, datetime] | None
    state: CertificateState = CertificateState.VALID
    damaged: bool = False
    expired: bool = False
    ended_at: None = None
    suspended_at: None = None
    reason: None = None
    successor: None = None


def valid_ones(session: Session, runtime: Runtime, codes: Sequence[str]) -> dict[str, LookedUp]:
    """code → certificate. Whoever is not here was never issued, or has something to be told of that is not usual."""
    today = runtime.clock.now().astimezone(CHINA).date()
    query = (
        select(
            Certificate.code,
            Certificate.content,
            Certificate.pdf,
            Certificate.sealed,
            Certificate.expires_on,
            Certificate.countersigned_at,
            Organisation.name,
            LedgerEntry.leaf_hash,
            # A row has a method `index` of its own.
            LedgerEntry.index.label("place"),
        )
        .join(LedgerEntry, LedgerEntry.id == Certificate.ledger_entry)
        .outerjoin(Organisation, Organisation.id == Certificate.countersigned_by)
        .where(Certificate.code.in_(codes), Certificate.state == CertificateState.VALID)
    )
    size = session.scalar(select(LedgerHead.size))
    found = {}
    for row in session.execute(query):
        file = row.sealed or row.pdf
        if (row.expires_on is not None and row.expires_on < today) or not runtime.files.is_whole(file):
            continue
        entry = Entry(row.leaf_hash.hex(), row.place, size if row.place is not None else None)
        signed = (row.name, row.countersigned_at) if row.name and row.countersigned_at else None
        found[row.code] = LookedUp(row.code, row.content, file, entry, signed)
    return found
