"""A folder of certificates' files checked offline, on all processors; one line a file, in the order of their names."""

import json
import os
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import click
from cryptography import x509
from cryptography.hazmat.primitives import serialization

from certengine.certificates import problems
from certengine.certificates.verify import Known, Unreadable, Verdict, verify
from certengine.foundation.errors import describe

__all__ = ["problems"]
# Files that a process takes at a time.
SHARE = 64


def read_pem(path: Path) -> list[bytes]:
    """The certificates of a file, DER. Raises OSError, ValueError."""
    certificates = x509.load_pem_x509_certificates(path.read_bytes())
    return [each.public_bytes(serialization.Encoding.DER) for each in certificates]


def as_json(verdict: Verdict) -> dict[str, Any]:
    proof = verdict.ledger
    return {
        "valid": verdict.valid,
        "problems": [{"code": code, "message": describe(code, {})} for code in verdict.problems],
        "signer": verdict.signer,
        "signed_at": verdict.signed_at.isoformat() if verdict.signed_at else None,
        "level": verdict.level,
        "time_stamps": [
            {
                "at": each.at.isoformat(),
                "authority": each.authority,
                "until": each.until.isoformat(),
                "counts": each.counts,
            }
            for each in verdict.all_stamps
        ],
        "countersignatures": [
            {
                "department": each.department,
                "signed_at": each.signed_at.isoformat(),
                "stamped_at": each.stamp.at.isoformat(),
                "compromised": each.compromised,
            }
            for each in verdict.countersignatures
        ],
        "ledger": proof
        and {
            "origin": proof.origin,
            "index": proof.index,
            "tree_size": proof.size,
            "signed": proof.signed,
            "witnesses": list(proof.witnesses),
        },
        "certificate": verdict.facts,
    }


class _Check:
    """What each process knows."""

    def __init__(self, roots: Sequence[bytes], known: Known) -> None:
        self._roots, self._known = roots, known

    def __call__(self, path: Path) -> Verdict | None:
        """None for what cannot be read."""
        try:
            return verify(path.read_bytes(), self._roots, self._known)
        except (Unreadable, OSError):
            return None


def check(folder: Path, roots: Sequence[bytes], known: Known, lines: bool) -> int:
    """Says a line for each PDF below a folder and the sum; returns 0 where all are valid, else 1. lines: JSON Lines."""
    paths = sorted(each for each in folder.rglob("*") if each.suffix.lower() == ".pdf" and each.is_file())
    good = 0
    # A mapping that is no plain one does not travel to another process.
    known = replace(known, compromised=dict(known.compromised))
    with ProcessPoolExecutor(min(os.cpu_count() or 1, len(paths) // SHARE + 1)) as pool:
        for path, verdict in zip(paths, pool.map(_Check(roots, known), paths, chunksize=SHARE), strict=True):
            good += verdict is not None and verdict.valid
            click.echo(_line(path, verdict, lines))
    if not lines:
        click.echo(f"{folder}: {good} / {len(paths)} 有效 valid")
    return 0 if paths and good == len(paths) else 1


def _line(path: Path, verdict: Verdict | None, lines: bool) -> str:
    unreadable = describe("certificate.unreadable", {})
    if lines:
        facts = as_json(verdict) if verdict else {"valid": False, "unreadable": unreadable}
        return json.dumps({"file": str(path), **facts}, ensure_ascii=False)
    if verdict is None:
        return f"{path}: {unreadable}"
    if verdict.valid:
        facts = verdict.facts or {}
        return f"{path}: 有效 valid · {facts['name']} · {facts['number']}"
    return f"{path}: " + "；".join(describe(code, {}) for code in verdict.problems)
