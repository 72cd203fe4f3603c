"""bench ledger: entries sequenced a second, against hashing the same leaves and one durable commit a batch."""

import os
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from statistics import median
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from sqlalchemy import text

from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime
from certengine.foundation.settings import Settings
from certengine.ledger import archive, notes, rules, service

ENTRIES = 10_000
VERIFIED = 200_000
ROUNDS = 3


def bench() -> dict[str, Any]:
    ours, limit = [], []
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(f"sqlite:///{folder}/bench.db", "bench", Path(folder), "https://bench.example.org")
        runtime = Runtime(settings)
        Base.metadata.create_all(runtime.engine)
        with runtime.unit_of_work() as session:
            session.execute(text("CREATE TABLE bench_raw (id INTEGER PRIMARY KEY, hash BLOB)"))
        for number in range(ROUNDS):
            _fill(runtime, number)
            started = time.perf_counter()
            while service.sequence(runtime):
                pass
            halfway = time.perf_counter()
            _raw(runtime, number)
            ours.append(ENTRIES / (halfway - started))
            limit.append(ENTRIES / (time.perf_counter() - halfway))
        runtime.engine.dispose()
    return {
        "name": "ledger",
        "unit": "entries/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "verifying an export, entries/s on one core": round(_verified()),
            "entries a round": ENTRIES,
            "entries a checkpoint": service.BATCH,
            "limit": "hashing the leaves and writing one row each, a durable commit a batch",
            "database": "SQLite, WAL, synchronous=FULL",
            "processors": os.cpu_count(),
        },
    }


def _fill(runtime: Runtime, number: int) -> None:
    start = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number)
    with runtime.unit_of_work() as session:
        service.record_many(
            session,
            [
                {
                    "kind": "bench.done",
                    "actor": "bench",
                    "subject": f"thing:{place}",
                    "now": start + timedelta(microseconds=place),
                    "public": {"place": place},
                    "private": {"text": "试题" * 20},
                }
                for place in range(ENTRIES)
            ],
        )


def _raw(runtime: Runtime, number: int) -> None:
    leaf = b"x" * 200
    for start in range(0, ENTRIES, service.BATCH):
        with runtime.unit_of_work() as session:
            session.connection().exec_driver_sql(
                "INSERT INTO bench_raw VALUES (?, ?)",
                [
                    (number * ENTRIES + start + place, rules.leaf_hash(leaf + place.to_bytes(4, "big")))
                    for place in range(service.BATCH)
                ],
            )


def _verified() -> float:
    """Entries of an export checked a second: every byte, hash, tile, root and the signature."""
    key, start = Ed25519PrivateKey.generate(), datetime(2026, 1, 1, tzinfo=UTC)
    name = "bench.example.org/ledger"
    leaves = [
        rules.leaf_entry("bench.done", start + timedelta(microseconds=place), {"place": place}, "0" * 64)
        for place in range(VERIFIED)
    ]
    root = rules.root_of(map(rules.leaf_hash, leaves))
    note = notes.sign(notes.Checkpoint(name, VERIFIED, root), name, key)
    entries = ((leaf, None) for leaf in leaves)
    lines = [line + b"\n" for line in archive.lines_of(entries, note, str(notes.verifier_of(name, key)))]
    started = time.perf_counter()
    if not archive.verify(lines).consistent:
        raise RuntimeError("the export does not verify")
    return VERIFIED / (time.perf_counter() - started)
