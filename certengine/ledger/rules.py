"""Merkle tree hashing and proofs (RFC 6962, 2.1), leaves, and C2SP tile addresses. Pure."""

import hashlib
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from certengine.foundation.canonical import canonical_json

EMPTY_ROOT = hashlib.sha256(b"").digest()
TILE_HEIGHT = 8
TILE_WIDTH = 1 << TILE_HEIGHT


def leaf_hash(entry: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + entry).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def leaf_entry(kind: str, at: datetime, public: dict[str, Any], commitment: str) -> bytes:
    """The public bytes of an entry. The time is spelled to the microsecond, as both databases keep it."""
    spelled = at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return canonical_json({"at": spelled, "commitment": commitment, "kind": kind, "public": public, "v": 1})


def commitment(salt: bytes, actor: str, subject: str, private: dict[str, Any]) -> str:
    """What binds the private part: SHA-256 over a 32-byte salt and the canonical content."""
    content = canonical_json({"actor": actor, "private": private, "subject": subject})
    return hashlib.sha256(salt + content).hexdigest()


class RootBuilder:
    """The root of leaves that come one by one, in memory that grows with the logarithm of their number."""

    def __init__(self) -> None:
        self.size = 0
        self._stack: list[tuple[int, bytes]] = []

    def add(self, leaf: bytes) -> None:
        """Adds a leaf hash."""
        node, level = leaf, 0
        while self._stack and self._stack[-1][0] == level:
            node = node_hash(self._stack.pop()[1], node)
            level += 1
        self._stack.append((level, node))
        self.size += 1

    def root(self) -> bytes:
        if not self._stack:
            return EMPTY_ROOT
        node = self._stack[-1][1]
        for _level, left in reversed(self._stack[:-1]):
            node = node_hash(left, node)
        return node


def root_of(leaves: Iterable[bytes]) -> bytes:
    builder = RootBuilder()
    for leaf in leaves:
        builder.add(leaf)
    return builder.root()


# Reads the hash of a complete subtree: (level, index) covers the leaves index·2^level … (index+1)·2^level − 1.
ReadNode = Callable[[int, int], bytes]


def range_root(start: int, end: int, read: ReadNode) -> bytes:
    """The hash of the leaves start … end − 1, which must begin at a multiple of the next power of two."""
    width = end - start
    if width == 1 or width & (width - 1) == 0:
        level = width.bit_length() - 1
        return read(level, start >> level)
    split = 1 << (width - 1).bit_length() - 1
    return node_hash(range_root(start, start + split, read), range_root(start + split, end, read))


def tree_root(size: int, read: ReadNode) -> bytes:
    return range_root(0, size, read) if size else EMPTY_ROOT


def inclusion_proof(index: int, size: int, read: ReadNode) -> list[bytes]:
    """RFC 6962, 2.1.1. Raises ValueError when the index lies outside the tree."""
    if not 0 <= index < size:
        raise ValueError("index outside the tree")

    def path(start: int, end: int) -> list[bytes]:
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if index < middle:
            return [*path(start, middle), range_root(middle, end, read)]
        return [*path(middle, end), range_root(start, middle, read)]

    return path(0, size)


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """RFC 9162, 2.1.3.2."""
    if not 0 <= index < size:
        return False
    node, last, place = leaf, size - 1, index
    for sibling in proof:
        if last == 0:
            return False
        if place & 1 or place == last:
            node = node_hash(sibling, node)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            node = node_hash(node, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and node == root


def consistency_proof(first: int, second: int, read: ReadNode) -> list[bytes]:
    """RFC 6962, 2.1.2: that the tree of `second` leaves begins with the tree of `first`."""
    if not 0 < first <= second:
        raise ValueError("sizes out of order")

    def path(start: int, end: int, whole: bool) -> list[bytes]:
        if first == end:
            return [] if whole else [range_root(start, end, read)]
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        if first <= middle:
            return [*path(start, middle, whole), range_root(middle, end, read)]
        return [*path(middle, end, False), range_root(start, middle, read)]

    return path(0, second, True)


def consistency_holds(first: int, second: int, first_root: bytes, second_root: bytes, proof: Sequence[bytes]) -> bool:
    """RFC 9162, 2.1.4.2."""
    if not 0 < first <= second:
        return False
    if first == second:
        return not proof and first_root == second_root
    nodes = list(proof)
    if first & (first - 1) == 0:
        nodes.insert(0, first_root)
    if not nodes:
        return False
    place, last = first - 1, second - 1
    while place & 1:
        place >>= 1
        last >>= 1
    old = new = nodes[0]
    for sibling in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while place and not place & 1:
                place >>= 1
                last >>= 1
        else:
            new = node_hash(new, sibling)
        place >>= 1
        last >>= 1
    return last == 0 and old == first_root and new == second_root


def tile_number(number: int) -> str:
    """A tile's number in groups of three digits, all but the last led by x (C2SP tlog-tiles): x001/x234/067."""
    groups = [f"{number % 1000:03}"]
    while number >= 1000:
        number //= 1000
        groups.insert(0, f"x{number % 1000:03}")
    return "/".join(groups)


def parse_tile_number(path: str) -> tuple[int, int]:
    """(number, width) of an address such as x001/234.p/17; raises ValueError for any other spelling."""
    head, partial, width_text = path.partition(".p/")
    groups = head.split("/")
    digits = [
        group[1:] if place < len(groups) - 1 and group[:1] == "x" else group for place, group in enumerate(groups)
    ]
    if any(len(group) != 3 or not group.isascii() or not group.isdigit() for group in digits):
        raise ValueError(path)
    number = int("".join(digits))
    width = TILE_WIDTH
    if partial:
        if not (width_text.isascii() and width_text.isdigit()):
            raise ValueError(path)
        width = int(width_text)
        if not 1 <= width < TILE_WIDTH:
            raise ValueError(path)
    if tile_number(number) + (f".p/{width}" if partial else "") != path:
        raise ValueError(path)
    return number, width
