"""Whom chance chooses. Pure: the same seed and list give the same choice, for anybody who does it again."""

import hashlib
from collections.abc import Sequence


def choose(seed: str, population: Sequence[str], count: int) -> list[str]:
    """count members in the order of SHA-256(seed|member); all of them where there are no more."""
    unique = sorted(set(population))
    return sorted(unique, key=lambda member: (_rank(seed, member), member))[: max(0, count)]


def _rank(seed: str, member: str) -> bytes:
    return hashlib.sha256(f"{seed}|{member}".encode()).digest()
