"""Another key signs the log from now on: the tree goes on, and its own entry says which key follows which.

The old key signs that the new one follows it, so that whoever trusts the old one is led on by the log itself. Of a key
that was stolen that says nothing, for the thief can sign as much: who reads takes the new key from the operator's
handbook, and a witness's memory says that the tree is still the one it was.
"""

import base64
from collections.abc import Mapping
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.ledger import notes
from certengine.ledger.models import LedgerEntry, LedgerHead

KEY = "ledger"
KIND = "ledger.key_replaced"


def statement(old: notes.Verifier, new: notes.Verifier) -> bytes:
    return f"certengine ledger key\n{old}\nis followed by\n{new}\n".encode()


def said(old: notes.Verifier, key: Ed25519PrivateKey, new: notes.Verifier, stolen: bool) -> dict[str, Any]:
    """The public part of the entry."""
    signature = base64.b64encode(key.sign(statement(old, new))).decode()
    return {"from": str(old), "to": str(new), "signature": signature, "stolen": stolen}


def follows(public: Mapping[str, Any], trusted: notes.Verifier) -> notes.Verifier | None:
    """The key that the trusted one names in an entry; None where it names none, or was stolen."""
    try:
        new = notes.parse_verifier(public["to"])
        signature = base64.b64decode(public["signature"], validate=True)
        mine = public["from"] == str(trusted) and public["stolen"] is False
    except (KeyError, TypeError, ValueError, AttributeError, notes.BadNote):
        return None
    return new if mine and trusted.holds(statement(trusted, new), signature) else None


def name(session: Session) -> str:
    """Of the key that signs now, in the key store."""
    count = _count(session)
    return KEY if not count else f"{KEY}-{count + 1}"


def next_name(session: Session) -> str:
    return f"{KEY}-{_count(session) + 2}"


def _count(session: Session) -> int:
    query = select(func.count()).where(LedgerEntry.kind == KIND, LedgerEntry.index.is_not(None))
    return session.scalar(query) or 0


def former(session: Session, *, stolen: bool) -> list[notes.Verifier]:
    """The keys that signed before; stolen: those that were stolen, too."""
    query = select(LedgerEntry.public).where(LedgerEntry.kind == KIND, LedgerEntry.index.is_not(None))
    rows = session.scalars(query.order_by(LedgerEntry.index)).all()
    return [notes.parse_verifier(each["from"]) for each in rows if stolen or not each["stolen"]]


def sign_head(session: Session, runtime: Runtime) -> None:
    """The newest checkpoint bears the new key's signature beside the old one's."""
    head = session.scalars(select(LedgerHead).with_for_update()).one()
    key = runtime.keys.ed25519(name(session))
    text, signatures = notes.parse_note(head.note or "")
    new = notes.verifier_of(head.origin, key)
    if all(each.key_hash != new.key_hash for each in signatures):
        note = notes.sign(notes.read_checkpoint(text), head.origin, key)
        head.note = f"{head.note}{note.splitlines(keepends=True)[-1]}"
