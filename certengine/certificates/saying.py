"""What the interface for programs says of a certificate."""

from typing import Any

from certengine.certificates import checking
from certengine.certificates.looked_up import LookedUp
from certengine.certificates.service import CertificateView


def said(found: CertificateView | LookedUp | None) -> dict[str, Any]:
    result: dict[str, Any] = {"outcome": checking.outcome(found).value}
    if found is None:
        return result
    receipt = found.receipt
    return {
        **result,
        "certificate": found.facts,
        "sha256": found.pdf,
        "ended_at": found.ended_at.isoformat() if found.ended_at else None,
        "suspended_at": found.suspended_at.isoformat() if found.suspended_at else None,
        "reason": found.reason.value if found.reason else None,
        "successor": found.successor,
        "countersigned": found.countersigned
        and {"department": found.countersigned[0], "at": found.countersigned[1].isoformat()},
        "ledger": {"leaf_hash": receipt.leaf_hash, "index": receipt.index, "tree_size": receipt.tree_size},
    }
