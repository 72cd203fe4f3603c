"""The export of a ledger, written and checked line by line. Pure: checking needs no database and no operator.

JSON Lines, each the canonical JSON (RFC 8785) of one object, so that no byte can change unseen:
  head     {"checkpoint": note, "format": "certengine-ledger-export/1", "key": verifier key}
  entry    {"d": disclosed part or null, "e": leaf, "h": SHA-256(0x00 || leaf), "n": index}
  tile     {"h": root of the 256 leaves before, "t": tile number}, after every 256th entry
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from certengine.foundation.canonical import LARGEST_INTEGER, canonical_json
from certengine.ledger import handover, notes, rules

FORMAT = "certengine-ledger-export/1"


class Unreadable(Exception):
    """Not an export of a ledger at all."""


@dataclass(frozen=True)
class Fault:
    """Where an export differs from what was signed: a line (from 1), and an entry where one is meant."""

    line: int
    code: str
    entry: int | None = None


@dataclass(frozen=True)
class Verdict:
    origin: str
    size: int
    root: bytes
    key: str
    faults: tuple[Fault, ...]

    @property
    def consistent(self) -> bool:
        return not self.faults


@dataclass(frozen=True)
class ArchivedEntry:
    index: int
    leaf: dict[str, Any]
    disclosed: dict[str, Any] | None


def head_line(checkpoint: str, key: str) -> bytes:
    return canonical_json({"checkpoint": checkpoint, "format": FORMAT, "key": key})


def entry_line(index: int, leaf: bytes, disclosed: dict[str, Any] | None) -> bytes:
    return canonical_json({"d": disclosed, "e": leaf.decode(), "h": rules.leaf_hash(leaf).hex(), "n": index})


def tile_line(number: int, root: bytes) -> bytes:
    return canonical_json({"h": root.hex(), "t": number})


def lines_of(entries: Iterable[tuple[bytes, dict[str, Any] | None]], checkpoint: str, key: str) -> Iterator[bytes]:
    """An export's lines from leaves in order, without newlines."""
    yield head_line(checkpoint, key)
    tile = rules.RootBuilder()
    for index, (leaf, disclosed) in enumerate(entries):
        yield entry_line(index, leaf, disclosed)
        tile.add(rules.leaf_hash(leaf))
        if tile.size == rules.TILE_WIDTH:
            yield tile_line(index // rules.TILE_WIDTH, tile.root())
            tile = rules.RootBuilder()


def entries(lines: Iterable[bytes]) -> Iterator[ArchivedEntry]:
    """The entries of an export that was verified before."""
    for line in lines:
        row = json.loads(line)
        if "e" in row:
            yield ArchivedEntry(row["n"], json.loads(row["e"]), row["d"])


def verify(lines: Iterable[bytes], key: str | None = None) -> Verdict:
    """Checks every byte of an export; key is the verifier key that the reader trusts (by default the export's own).

    Raises Unreadable where nothing of it is an export.
    """
    numbered = enumerate(lines, 1)
    _number, first = next(numbered, (1, b""))
    head = _parsed(first)
    check = _Check()
    if head is None or head.get("format") != FORMAT:
        # A damaged head still is an export if its entries are.
        if not any((row := _parsed(line)) and "e" in row for _number, line in numbered):
            raise Unreadable
        return Verdict("", 0, b"", "", (Fault(1, "ledger.export_head"),))
    opened = _checkpoint(head)
    if isinstance(opened, str):
        return Verdict("", 0, b"", str(head.get("key")), (Fault(1, opened),))
    if key is not None and key.strip() != head["key"]:
        check.follow(key)
    last = 1
    for last, line in numbered:
        check.take(last, line)
    faults = check.end(last, opened)
    if key is not None and check.led_to != head["key"] and key.strip() != head["key"]:
        faults = [Fault(1, "ledger.export_other_key")]
    return Verdict(opened.origin, opened.size, opened.root, str(head["key"]), tuple(faults))


def _checkpoint(head: dict[str, Any]) -> notes.Checkpoint | str:
    if set(head) != {"checkpoint", "format", "key"} or not all(isinstance(each, str) for each in head.values()):
        return "ledger.export_head"
    try:
        return notes.open_checkpoint(head["checkpoint"], notes.parse_verifier(head["key"]))
    except notes.BadNote:
        return "ledger.export_signature"


def _whole(text: str) -> int:
    number = int(text)
    if abs(number) > LARGEST_INTEGER:
        raise ValueError(text)
    return number


def _no_number(text: str) -> Any:
    raise ValueError(text)


_DECODER = json.JSONDecoder(parse_float=_no_number, parse_int=_whole, parse_constant=_no_number)
# Spells as canonical_json does wherever keys are in the order of their code points.
_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)
# The first byte of characters beyond U+FFFF, which UTF-16 orders otherwise.
BEYOND = b"\xf0"


def _parsed(line: bytes) -> dict[str, Any] | None:
    """The line's object where it is spelled canonically, newline included."""
    try:
        row = _DECODER.decode(line.decode())
        if not isinstance(row, dict):
            return None
        # A million lines are read: the library's own encoder is several times as fast as ours.
        spelled = canonical_json(row) if BEYOND in line else _ENCODER.encode(row).encode()
    except (ValueError, TypeError, RecursionError):
        return None
    return row if spelled + b"\n" == line else None


class _Check:
    """Walks the lines after the head; names the first line that differs, and every later one that differs by itself."""

    def __init__(self) -> None:
        self.faults: list[Fault] = []
        self.tree = rules.RootBuilder()
        self.tile = rules.RootBuilder()
        self.tiles = 0
        self._trusted: notes.Verifier | None = None

    def follow(self, key: str) -> None:
        """From a key that the reader trusts to those that it names to follow it."""
        try:
            self._trusted = notes.parse_verifier(key)
        except notes.BadNote:
            self._trusted = None

    @property
    def led_to(self) -> str:
        return str(self._trusted)

    def take(self, number: int, line: bytes) -> None:
        row = _parsed(line)
        if row is not None and set(row) == {"h", "t"}:
            self._tile(number, row)
        elif row is not None and set(row) == {"d", "e", "h", "n"} and isinstance(row["e"], str):
            self._entry(number, row)
        else:
            self.faults.append(Fault(number, "ledger.export_line", self.tree.size))
            self._add(None)

    def _entry(self, number: int, row: dict[str, Any]) -> None:
        index = self.tree.size
        stated = _hash(row["h"])
        if row["n"] != index:
            self.faults.append(Fault(number, "ledger.export_order", index))
        elif stated is None or rules.leaf_hash(row["e"].encode()) != stated:
            self.faults.append(Fault(number, "ledger.export_entry", index))
        elif row["d"] is not None and not _binds(row["e"], row["d"]):
            self.faults.append(Fault(number, "ledger.export_disclosed", index))
        elif self._trusted is not None and handover.KIND in row["e"]:
            leaf = json.loads(row["e"])
            self._trusted = handover.follows(leaf["public"], self._trusted) or self._trusted
        self._add(stated)

    def _add(self, stated: bytes | None) -> None:
        self.tree.add(stated or b"")
        self.tile.add(stated or b"")

    def _tile(self, number: int, row: dict[str, Any]) -> None:
        whole = self.tile.size == rules.TILE_WIDTH and row["t"] == self.tiles
        damaged = any(
            fault.entry is not None and fault.entry // rules.TILE_WIDTH == self.tiles for fault in self.faults
        )
        if not whole or (self.tile.root() != _hash(row["h"]) and not damaged):
            self.faults.append(Fault(number, "ledger.export_tile", self.tiles * rules.TILE_WIDTH))
        self.tiles += 1
        self.tile = rules.RootBuilder()

    def end(self, last: int, signed: notes.Checkpoint) -> list[Fault]:
        if self.tree.size != signed.size:
            self.faults.append(Fault(last, "ledger.export_size"))
        elif not self.faults and self.tree.root() != signed.root:
            self.faults.append(Fault(last, "ledger.export_root"))
        elif not self.faults and self.tiles != signed.size // rules.TILE_WIDTH:
            self.faults.append(Fault(last, "ledger.export_tile"))
        return self.faults


def _hash(text: Any) -> bytes | None:
    try:
        raw = bytes.fromhex(text)
    except (TypeError, ValueError):
        return None
    return raw if len(raw) == 32 and raw.hex() == text else None


def _binds(leaf: str, disclosed: Any) -> bool:
    """Whether the disclosed part is the one that the leaf committed to."""
    try:
        salt = bytes.fromhex(disclosed["salt"])
        bound = rules.commitment(salt, disclosed["actor"], disclosed["subject"], disclosed["private"])
        return bool(
            json.loads(leaf)["commitment"] == bound and set(disclosed) == {"actor", "private", "salt", "subject"}
        )
    except (KeyError, TypeError, ValueError):
        return False
