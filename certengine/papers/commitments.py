"""What a draw says in the ledger, and how it is checked again. Pure."""

import hashlib
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from itertools import accumulate
from typing import Any

from certengine.foundation.canonical import canonical_hash
from certengine.ledger.rules import inclusion_proof, leaf_hash, node_hash, root_of
from certengine.papers.values import PaperRules

SEED_COMMITTED = "papers.seed_committed"
COMMITTED = "papers.committed"
DISCLOSED = "papers.disclosed"
# An entry of the ledger holds 65,535 bytes at most: so many hashes, or registrations of 80 characters, fit.
PAPERS_AN_ENTRY = 600
# With the pairs of neighbours, about two a candidate, fewer fit.
PAPERS_BESIDE = 400


def seed_commitment(seed: bytes) -> str:
    return hashlib.sha256(seed).hexdigest()


def papers_root(paper_hashes: Sequence[str]) -> str:
    """The Merkle root (RFC 6962) over the papers' hashes in their own order, which says nothing of the candidates."""
    return root_of(leaf_hash(bytes.fromhex(paper_hash)) for paper_hash in sorted(paper_hashes)).hex()


def paper_proof(paper_hashes: Sequence[str], paper_hash: str) -> tuple[int, list[str]]:
    """Index and audit path by which a candidate checks that the paper was among those committed to."""
    leaves = [leaf_hash(bytes.fromhex(each)) for each in sorted(paper_hashes)]
    levels = [leaves]
    while len(levels[-1]) > 1:
        below = levels[-1]
        levels.append([node_hash(*below[place : place + 2]) for place in range(0, len(below) - 1, 2)])
    index = sorted(paper_hashes).index(paper_hash)
    proof = inclusion_proof(index, len(leaves), lambda level, place: levels[level][place])
    return index, [each.hex() for each in proof]


def seed_entry(draw: str, sitting: str, rules: PaperRules, seed: bytes) -> dict[str, Any]:
    return {
        "draw": draw,
        "sitting": sitting,
        "seed_hash": seed_commitment(seed),
        "release": rules.release,
        "rules": rules.as_json(),
        "rules_hash": rules.hash,
    }


def neighbours_hash(pairs: Sequence[tuple[int, int]]) -> str:
    return canonical_hash([list(pair) for pair in pairs])


def numbered(batches: Sequence[Sequence[str]], neighbours: Iterable[tuple[str, str]]) -> list[list[tuple[int, int]]]:
    """Pairs as places in all the batches' registrations one after another, by the batch that makes them complete."""
    place = {name: number for number, name in enumerate(name for batch in batches for name in batch)}
    ends = list(accumulate(len(batch) for batch in batches))
    found: list[list[tuple[int, int]]] = [[] for _batch in batches]
    for one, other in neighbours:
        if one in place and other in place:
            pair = (min(place[one], place[other]), max(place[one], place[other]))
            found[bisect_right(ends, pair[1])].append(pair)
    return [sorted(set(pairs)) for pairs in found]


def committed_entry(
    draw: str, rules: PaperRules, batch: int, paper_hashes: Sequence[str], pairs: Sequence[tuple[int, int]] | None
) -> dict[str, Any]:
    """pairs: of neighbours, where the rules mind them; their hash says that nobody thinks of others afterwards."""
    return {
        **({} if pairs is None else {"neighbours": neighbours_hash(pairs)}),
        "draw": draw,
        "batch": batch,
        "algorithm": rules.algorithm,
        "release": rules.release,
        "rules_hash": rules.hash,
        "count": len(paper_hashes),
        "commitments": sorted(paper_hashes),
        "root": papers_root(paper_hashes),
    }


def disclosed_entries(
    draw: str,
    seed: bytes,
    batches: Sequence[tuple[int, Sequence[str]]],
    pairs: Sequence[Sequence[tuple[int, int]]] | None,
) -> list[dict[str, Any]]:
    """The seed with the registrations of every batch, one entry for each, and where they matter its neighbours."""
    return [
        {
            **({} if pairs is None else {"neighbours": [list(pair) for pair in pairs[part - 1]]}),
            "draw": draw,
            "seed": seed.hex(),
            "part": part,
            "parts": len(batches),
            "batch": batch,
            "registrations": list(registrations),
        }
        for part, (batch, registrations) in enumerate(batches, 1)
    ]
