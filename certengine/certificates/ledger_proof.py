"""The ledger's proof that a certificate's file carries: checked with the log's key and the witnesses' alone. Pure."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from certengine.foundation.canonical import canonical_json
from certengine.ledger import notes, rules

FORMAT = "certengine-receipt/1"
KIND = "certificate.issued"


class BadProof(ValueError):
    """The proof is none, or one of another file."""


@dataclass(frozen=True)
class LedgerProof:
    """Where the file's entry stands. signed: by the log whose key the reader has; witnesses: whose cosignatures hold,
    out of those whose keys the reader has; proven_at: by when those whose keys the reader has say that the file was there,
    all the witnesses named, or the log where none is named."""

    origin: str
    index: int
    size: int
    at: str
    checkpoint: str
    signed: bool
    witnesses: tuple[str, ...]
    proven_at: datetime | None


def encode(receipt: dict[str, Any]) -> bytes:
    return canonical_json(receipt)


def check(
    content: bytes, issued: str, logs: Sequence[notes.Verifier] = (), witnesses: Sequence[notes.Verifier] = ()
) -> LedgerProof:
    """issued: SHA-256 in hex of the file as it was issued; logs: the log's keys, one of which must have signed.

    Raises BadProof.
    """
    try:
        proof = json.loads(content)
        if canonical_json(proof) != content or proof["format"] != FORMAT:
            raise BadProof
        leaf = proof["leaf"].encode()
        entry = json.loads(leaf)
        path = [bytes.fromhex(node) for node in proof["proof"]]
        text, signatures = notes.parse_note(proof["checkpoint"])
        signed = notes.read_checkpoint(text)
        index, size, leaf_hash = proof["index"], proof["tree_size"], bytes.fromhex(proof["leaf_hash"])
        holds = rules.inclusion_holds(leaf_hash, index, size, path, signed.root)
        ours = entry["kind"] == KIND and entry["public"]["pdf"] == issued
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, notes.BadNote):
        raise BadProof from None
    if not (holds and ours and size == signed.size and rules.leaf_hash(leaf) == leaf_hash):
        raise BadProof
    seen = {each.name: found for each in witnesses if (found := _signed_by(each, text, signatures))}
    vouched = any(each.name == signed.origin and _signed_by(each, text, signatures) for each in logs)
    proven_at = None
    if witnesses and len(seen) == len(witnesses):
        proven_at = max(notes.cosigned_at(each) for found in seen.values() for each in found)
    elif vouched and not witnesses:
        proven_at = datetime.fromisoformat(entry["at"])
    return LedgerProof(signed.origin, index, size, entry["at"], proof["checkpoint"], vouched, tuple(seen), proven_at)


def _signed_by(verifier: notes.Verifier, text: bytes, signatures: Sequence[notes.Signature]) -> list[bytes]:
    """Its signatures, none where one of them does not hold."""
    mine = [each for each in signatures if each.name == verifier.name and each.key_hash == verifier.key_hash]
    return [each.value for each in mine] if all(verifier.holds(text, each.value) for each in mine) else []
