"""The check of a receipt that somebody kept, against what the log says today."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from certengine.ledger import notes, rules, service


@dataclass(frozen=True)
class Outcome:
    """code is a sentence of the message table; receipt is today's, where there is one."""

    holds: bool
    code: str
    receipt: service.Receipt | None = None
    kept_size: int | None = None


def check(session: Session, keys: Sequence[notes.Verifier], pasted: str) -> Outcome:
    """keys: the log's, that of today and those before. pasted: the JSON of a receipt, or the hash of its leaf in hex."""
    kept = _kept(pasted)
    if kept is None:
        return Outcome(False, "ledger.receipt_form")
    leaf_hash = bytes.fromhex(kept["leaf_hash"])
    if "leaf" in kept and rules.leaf_hash(kept["leaf"].encode()) != leaf_hash:
        return Outcome(False, "ledger.receipt_leaf")
    size = None
    if kept.get("checkpoint"):
        try:
            checkpoint = _opened(kept["checkpoint"], keys)
            proof = [bytes.fromhex(node) for node in kept["proof"]]
            index = int(kept["index"])
        except notes.BadNote:
            return Outcome(False, "ledger.receipt_signature")
        except (KeyError, TypeError, ValueError):
            return Outcome(False, "ledger.receipt_form")
        size = checkpoint.size
        if not rules.inclusion_holds(leaf_hash, index, checkpoint.size, proof, checkpoint.root):
            return Outcome(False, "ledger.receipt_proof")
    today = service.receipt_by_hash(session, leaf_hash)
    if today is None:
        return Outcome(False, "ledger.receipt_unknown", kept_size=size)
    if today.pending:
        return Outcome(True, "ledger.receipt_pending", today)
    return Outcome(True, "ledger.receipt_holds", today, size)


def _opened(note: str, keys: Sequence[notes.Verifier]) -> notes.Checkpoint:
    """Raises BadNote where none of the keys has signed it."""
    _text, signatures = notes.parse_note(note)
    names = {each.key_hash for each in signatures}
    return notes.open_checkpoint(note, next((each for each in keys if each.key_hash in names), keys[0]))


def _kept(pasted: str) -> dict[str, Any] | None:
    text = pasted.strip()
    if len(text) == 64:
        kept: Any = {"leaf_hash": text.lower()}
    else:
        try:
            kept = json.loads(text)
        except (ValueError, RecursionError):
            return None
    try:
        well_formed = len(bytes.fromhex(kept["leaf_hash"])) == 32 and isinstance(kept.get("leaf", ""), str)
    except (AttributeError, KeyError, TypeError, ValueError):
        return None
    return kept if well_formed and isinstance(kept.get("checkpoint") or "", str) else None
