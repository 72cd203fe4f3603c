"""A witness: a process of somebody else's, with its own key and memory, that sees that a log only ever grows.

It reads a log's checkpoint and the tiles that prove that the tree it saw last is the beginning of the new one, and only
then cosigns (C2SP tlog-cosignature) and remembers. A log that shows another history is told apart from one that is away.
"""

import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from urllib.error import URLError
from urllib.request import Request, urlopen

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certengine.ledger import notes, rules

HASH = 32
Fetch = Callable[[str], bytes]


class Forked(Exception):
    """The log has signed two histories; code is a sentence of the message table."""

    def __init__(self, code: str, **values: int) -> None:
        super().__init__(code)
        self.code, self.values = code, values


class Unreachable(Exception):
    """The log does not answer, or not with what it should."""


@dataclass(frozen=True)
class Seen:
    size: int
    root: bytes


class Memory:
    """What was seen last, in a folder; written whole or not at all."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def last(self) -> Seen | None:
        try:
            kept = json.loads((self._folder / "seen.json").read_text())
        except FileNotFoundError:
            return None
        return Seen(kept["size"], bytes.fromhex(kept["root"]))

    def keep(self, seen: Seen, note: str) -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        self._write("checkpoint", note)
        self._write("seen.json", json.dumps({"size": seen.size, "root": seen.root.hex()}))

    def _write(self, name: str, text: str) -> None:
        draft = self._folder / f"{name}.part"
        with draft.open("w") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._folder / name)


def over_http(address: str) -> Fetch:
    """Reads below an address, for instance https://exam.example.org/ledger. Raises Unreachable for another kind."""
    if not address.startswith(("http://", "https://")):
        raise Unreachable(f"{address} is neither http:// nor https://")

    def fetch(path: str) -> bytes:
        try:
            with urlopen(f"{address.rstrip('/')}/{path}", timeout=30) as answer:  # nosec B310: http or https, checked above
                return bytes(answer.read())
        except (URLError, OSError, ValueError) as error:
            raise Unreachable(str(error)) from None

    return fetch


def hand_back(address: str, note: bytes) -> None:
    """Gives a cosigned checkpoint to the log. Raises Unreachable where it is not taken."""
    request = Request(f"{address.rstrip('/')}/cosignature", note, {"Content-Type": "text/plain; charset=utf-8"})
    try:
        with urlopen(request, timeout=30) as answer:  # nosec B310: the log's own address, as the department typed it
            answer.read()
    except (URLError, OSError, ValueError) as error:
        raise Unreachable(str(error)) from None


class Tiles:
    """The nodes of a tree of a size, read tile by tile."""

    def __init__(self, fetch: Fetch, size: int) -> None:
        self._fetch, self._size = fetch, size
        self._kept: dict[tuple[int, int], list[bytes]] = {}

    def __call__(self, level: int, index: int) -> bytes:
        row, rest = divmod(level, rules.TILE_HEIGHT)
        first = index << rest
        tile = self._tile(row, first // rules.TILE_WIDTH)
        place = first % rules.TILE_WIDTH
        part = tile[place : place + (1 << rest)]
        if len(part) != 1 << rest:
            raise Unreachable("a tile is too short")
        return rules.root_of(part) if rest else part[0]

    def _tile(self, row: int, number: int) -> list[bytes]:
        if (row, number) not in self._kept:
            width = min(rules.TILE_WIDTH, (self._size >> rules.TILE_HEIGHT * row) - number * rules.TILE_WIDTH)
            partial = "" if width == rules.TILE_WIDTH else f".p/{width}"
            content = self._fetch(f"tile/{row}/{rules.tile_number(number)}{partial}")
            self._kept[row, number] = [content[at : at + HASH] for at in range(0, len(content), HASH)]
        return self._kept[row, number]


def look(
    fetch: Fetch, log: notes.Verifier, memory: Memory, name: str, key: Ed25519PrivateKey, timestamp: int
) -> notes.Checkpoint:
    """One look at a log; timestamp in seconds of Unix time. Raises Forked, Unreachable."""
    try:
        note = fetch("checkpoint").decode()
        signed = notes.open_checkpoint(note, log)
    except (UnicodeDecodeError, notes.BadNote) as error:
        raise Unreachable(str(error)) from None
    last = memory.last()
    if last is not None and last.size:
        _grown(fetch, last, signed)
    memory.keep(Seen(signed.size, signed.root), notes.cosign(note, name, key, timestamp))
    return signed


def _grown(fetch: Fetch, last: Seen, signed: notes.Checkpoint) -> None:
    if signed.size < last.size:
        raise Forked("ledger.witness_shorter", now=signed.size, before=last.size)
    if signed.size == last.size:
        if signed.root != last.root:
            raise Forked("ledger.witness_other_root", now=signed.size)
        return
    proof = rules.consistency_proof(last.size, signed.size, Tiles(fetch, signed.size))
    if not rules.consistency_holds(last.size, signed.size, last.root, signed.root, proof):
        raise Forked("ledger.witness_rewritten", now=signed.size, before=last.size)
