"""Recording acts, sequencing them into the tree, and the proofs that they are there."""

import os
import threading
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import Select, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from certengine.foundation.errors import NotFound
from certengine.foundation.runtime import Runtime
from certengine.ledger import archive, handover, notes, problems, rules
from certengine.ledger.models import LedgerEntry, LedgerHead, LedgerNode

__all__ = ["problems"]
BATCH = 2000


@dataclass(frozen=True)
class Receipt:
    """What proves an act: pending until it has its index, then with the path to a signed checkpoint."""

    entry_id: UUID
    kind: str
    at: datetime
    leaf: str
    leaf_hash: str
    index: int | None
    tree_size: int | None
    proof: tuple[str, ...]
    checkpoint: str | None
    public: dict[str, Any]

    @property
    def pending(self) -> bool:
        return self.index is None

    def as_json(self) -> dict[str, Any]:
        """What a candidate keeps: enough to check it against any later checkpoint without us."""
        return {
            "format": "certengine-receipt/1",
            "leaf": self.leaf,
            "leaf_hash": self.leaf_hash,
            "index": self.index,
            "tree_size": self.tree_size,
            "proof": list(self.proof),
            "checkpoint": self.checkpoint,
        }


@dataclass(frozen=True)
class Place:
    """Where an act stands in the tree; index None: it is not numbered yet."""

    leaf_hash: str
    index: int | None
    tree_size: int | None

    @property
    def pending(self) -> bool:
        return self.index is None


@dataclass(frozen=True)
class EntryView:
    id: UUID
    at: datetime
    kind: str
    actor: str
    subject: str
    public: dict[str, Any]
    private: dict[str, Any]
    index: int | None


def record(
    session: Session,
    *,
    kind: str,
    actor: str,
    subject: str,
    now: datetime,
    public: dict[str, Any] | None = None,
    private: dict[str, Any] | None = None,
) -> UUID:
    """Writes a pending leaf in the caller's transaction: it stands exactly if the act does.

    public is in the leaf for all to read; actor, subject and private are bound by a salted hash alone.
    """
    salt = os.urandom(32)
    shown, hidden = public or {}, private or {}
    leaf = rules.leaf_entry(kind, now, shown, rules.commitment(salt, actor, subject, hidden))
    entry = LedgerEntry(
        kind=kind,
        at=now,
        actor=actor,
        subject=subject,
        public=shown,
        private=hidden,
        salt=salt,
        leaf=leaf,
        leaf_hash=rules.leaf_hash(leaf),
    )
    session.add(entry)
    session.flush()
    return entry.id


def record_many(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    """The same for many acts of one batch, in one statement; each takes the arguments of record."""
    rows = []
    for each in entries:
        salt = os.urandom(32)
        shown, hidden = each.get("public") or {}, each.get("private") or {}
        leaf = rules.leaf_entry(
            each["kind"], each["now"], shown, rules.commitment(salt, each["actor"], each["subject"], hidden)
        )
        rows.append(
            {
                "kind": each["kind"],
                "at": each["now"],
                "actor": each["actor"],
                "subject": each["subject"],
                "public": shown,
                "private": hidden,
                "salt": salt,
                "leaf": leaf,
                "leaf_hash": rules.leaf_hash(leaf),
            }
        )
    if rows:
        session.execute(insert(LedgerEntry), rows)


def sequence(runtime: Runtime, batch: int = BATCH) -> int:
    """Numbers, hashes and signs what is pending; returns how many entries were added.

    Order of durability: the head row is locked first, so that a second sequencer waits; indexes, nodes and the
    signed checkpoint then become durable in one commit; only what is committed is ever served. A crash at any step
    leaves the old checkpoint and all entries pending, and the next run does the same work again: there is no
    recovery apart from the normal run. The head is written only where its size is still the one read
    (compare-and-swap), so that a database without row locks cannot fork the log either.
    """
    with runtime.unit_of_work() as session:
        head = _locked_head(session, runtime)
        pending = session.execute(
            select(LedgerEntry.id, LedgerEntry.leaf_hash)
            .where(LedgerEntry.index.is_(None))
            .order_by(LedgerEntry.at, LedgerEntry.id)
            .limit(batch)
        ).all()
        if not pending and head.note:
            return 0
        size = head.size + len(pending)
        # The entry that names another key is still covered by the one before it.
        key = runtime.keys.ed25519(handover.name(session))
        if pending:
            session.execute(
                update(LedgerEntry),
                [{"id": each.id, "index": head.size + place} for place, each in enumerate(pending)],
            )
            _grow(session, head.size, [each.leaf_hash for each in pending])
        root = rules.tree_root(size, NodeReader(session))
        now = runtime.clock.now()
        note = notes.sign(notes.Checkpoint(head.origin, size, root), head.origin, key)
        swapped = session.execute(
            update(LedgerHead)
            .where(LedgerHead.id == 1, LedgerHead.size == head.size)
            .values(size=size, note=note, at=now)
        )
        if swapped.rowcount != 1:  # type: ignore[attr-defined]
            raise RuntimeError("another sequencer moved the head")
    return len(pending)


def run_sequencer(runtime: Runtime, stop: threading.Event, pause: float = 1.0) -> None:
    """Sequences until told to stop; for a thread of the serving process."""
    while not stop.is_set():
        if not sequence(runtime):
            stop.wait(pause)


def receipt(session: Session, entry_id: UUID) -> Receipt:
    """Raises NotFound."""
    entry = session.get(LedgerEntry, entry_id)
    if entry is None:
        raise NotFound("ledger.no_entry")
    return _receipt(session, entry)


def places(session: Session, entry_ids: Iterable[UUID]) -> dict[UUID, Place]:
    """Of many at once and without their proofs."""
    size = select(LedgerHead.size).scalar_subquery()
    query = select(LedgerEntry.id, LedgerEntry.leaf_hash, LedgerEntry.index, size)
    rows = session.execute(query.where(LedgerEntry.id.in_(list(entry_ids))))
    return {key: Place(leaf.hex(), index, None if index is None else size) for key, leaf, index, size in rows}


def by_index(session: Session, index: int) -> Receipt:
    """Raises NotFound."""
    entry = session.scalar(select(LedgerEntry).where(LedgerEntry.index == index))
    if entry is None:
        raise NotFound("ledger.no_entry")
    return _receipt(session, entry)


def leaves(session: Session, first: int, count: int) -> list[bytes]:
    """The leaves first … first + count − 1, as far as they are there."""
    query = select(LedgerEntry.leaf).where(LedgerEntry.index >= first, LedgerEntry.index < first + count)
    return list(session.scalars(query.order_by(LedgerEntry.index)))


def receipt_by_hash(session: Session, leaf_hash: bytes) -> Receipt | None:
    entry = session.scalar(select(LedgerEntry).where(LedgerEntry.leaf_hash == leaf_hash))
    return _receipt(session, entry) if entry else None


def receipt_under(session: Session, entry_id: UUID, size: int, note: str) -> Receipt | None:
    """The receipt under an earlier checkpoint of ours; None where that does not cover the entry."""
    entry = session.get(LedgerEntry, entry_id)
    covered = entry is not None and entry.index is not None and entry.index < size
    return _receipt(session, entry, (size, note)) if entry is not None and covered else None


def _receipt(session: Session, entry: LedgerEntry, under: tuple[int, str] | None = None) -> Receipt:
    size: int | None = None
    note: str | None = None
    proof: tuple[str, ...] = ()
    if entry.index is not None:
        head = session.scalars(select(LedgerHead)).one()
        size, note = under or (head.size, head.note)
        proof = tuple(node.hex() for node in rules.inclusion_proof(entry.index, size, NodeReader(session)))
    return Receipt(
        entry.id,
        entry.kind,
        entry.at,
        entry.leaf.decode(),
        entry.leaf_hash.hex(),
        entry.index,
        size,
        proof,
        note,
        entry.public,
    )


def history(session: Session, subject: str, limit: int = 200) -> list[EntryView]:
    """What was done to one subject, newest first."""
    return views(session, entries_query().where(LedgerEntry.subject == subject).limit(limit))


def history_many(session: Session, subjects: Sequence[str], limit: int = 500) -> list[EntryView]:
    return views(session, entries_query().where(LedgerEntry.subject.in_(subjects)).limit(limit))


def forget(session: Session, subjects: Sequence[str]) -> int:
    """Takes away the private parts and salts of all that was done to subjects; returns of how many entries.

    The leaves stay, and with them every proof: without its salt a commitment says nothing about anybody.
    """
    entries = session.scalars(select(LedgerEntry).where(LedgerEntry.subject.in_(subjects))).all()
    for entry in entries:
        entry.private, entry.salt = {}, b""
    session.flush()
    return len(entries)


def kinds_of(session: Session, subjects: Sequence[str], kind: str) -> set[str]:
    """Those of the subjects that have an entry of the kind."""
    query = select(LedgerEntry.subject).where(LedgerEntry.subject.in_(subjects), LedgerEntry.kind == kind)
    return set(session.scalars(query))


def entries_query() -> Select[Any]:
    return select(LedgerEntry).order_by(LedgerEntry.at.desc(), LedgerEntry.id.desc())


def public_query(kind: str = "") -> Select[Any]:
    """What has its place in the log, newest first; kind is the beginning of a kind."""
    query = select(LedgerEntry).where(LedgerEntry.index.is_not(None)).order_by(LedgerEntry.index.desc())
    return query.where(LedgerEntry.kind.startswith(kind, autoescape=True)) if kind else query


def views(session: Session, query: Select[Any]) -> list[EntryView]:
    return [
        EntryView(each.id, each.at, each.kind, each.actor, each.subject, each.public, each.private, each.index)
        for each in session.scalars(query)
    ]


def latest_checkpoint(session: Session) -> str | None:
    """The newest signed note; None before the first."""
    return session.scalar(select(LedgerHead.note))


def tree_size(session: Session) -> int:
    return session.scalar(select(LedgerHead.size)) or 0


def verifier(session: Session, runtime: Runtime) -> notes.Verifier:
    """The log's public key under its name."""
    origin = session.scalar(select(LedgerHead.origin)) or origin_of(runtime.settings.base_url)
    return notes.verifier_of(origin, runtime.keys.ed25519(handover.name(session)))


@cache
def origin_of(base_url: str) -> str:
    """The log's name: host and folder, as C2SP wants it, without a scheme."""
    return f"{urlsplit(base_url).netloc}/ledger"


class NodeReader:
    """Reads subtree hashes of one transaction's view; each tile is fetched once."""

    def __init__(self, session: Session) -> None:
        self._session = session
        self._tiles: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        rows, rest = divmod(level, rules.TILE_HEIGHT)
        first = index << rest
        tile = self.tile(rows, first // rules.TILE_WIDTH)
        place = first % rules.TILE_WIDTH
        return rules.root_of(tile[place : place + (1 << rest)]) if rest else tile[place]

    def tile(self, level: int, number: int) -> list[bytes]:
        """The hashes of a tile as far as they are there; level counts tiles, not nodes."""
        if (level, number) not in self._tiles:
            first, end = number * rules.TILE_WIDTH, (number + 1) * rules.TILE_WIDTH
            if level == 0:
                query = (
                    select(LedgerEntry.leaf_hash)
                    .where(LedgerEntry.index >= first, LedgerEntry.index < end)
                    .order_by(LedgerEntry.index)
                )
            else:
                query = (
                    select(LedgerNode.hash)
                    .where(LedgerNode.level == level, LedgerNode.index >= first, LedgerNode.index < end)
                    .order_by(LedgerNode.index)
                )
            self._tiles[level, number] = list(self._session.scalars(query))
        return self._tiles[level, number]


def _grow(session: Session, size: int, leaves: list[bytes]) -> None:
    """Adds the nodes above tiles that these leaves complete, level by level."""
    level, start, count = 0, size, len(leaves)
    reader = NodeReader(session)
    while count:
        first, last = start // rules.TILE_WIDTH, (start + count) // rules.TILE_WIDTH
        full = [
            {"level": level + 1, "index": number, "hash": rules.root_of(reader.tile(level, number))}
            for number in range(first, last)
        ]
        if full:
            session.execute(insert(LedgerNode), full)
        level, start, count = level + 1, first, last - first


def _locked_head(session: Session, runtime: Runtime) -> LedgerHead:
    values = {"id": 1, "origin": origin_of(runtime.settings.base_url), "size": 0}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(LedgerHead).values(values).on_conflict_do_nothing())
    return session.scalars(select(LedgerHead).with_for_update()).one()


def export_lines(session: Session, runtime: Runtime, disclose: bool = False) -> Iterator[bytes]:
    """The log as it stood at its newest checkpoint, as lines of an export; with disclose also the private parts.

    Raises NotFound before the first checkpoint.
    """
    head = session.scalar(select(LedgerHead))
    if head is None or head.note is None:
        raise NotFound("ledger.no_checkpoint")
    columns = (LedgerEntry.leaf, LedgerEntry.actor, LedgerEntry.subject, LedgerEntry.private, LedgerEntry.salt)
    rows = session.execute(
        select(*columns)
        .where(LedgerEntry.index < head.size)
        .order_by(LedgerEntry.index)
        .execution_options(yield_per=BATCH)
    )
    entries = (
        (
            row.leaf,
            {"actor": row.actor, "private": row.private, "salt": row.salt.hex(), "subject": row.subject}
            # Of an entry that was forgotten nothing can be disclosed; its leaf stands.
            if disclose and row.salt
            else None,
        )
        for row in rows
    )
    return archive.lines_of(entries, head.note, str(verifier(session, runtime)))
