"""Identifiers: time-ordered, so that an index grows at its end, and random codes for people to type."""

import secrets
import time
import uuid

# Crockford base 32: no I, L, O, U, so that a code read from paper is not mistyped.
CROCKFORD = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_id() -> uuid.UUID:
    """A UUID version 7 (RFC 9562, 5.7)."""
    milliseconds = time.time_ns() // 1_000_000
    random_bits = secrets.randbits(74)
    value = (milliseconds & (1 << 48) - 1) << 80
    value |= 0x7 << 76
    value |= (random_bits >> 62) << 64
    value |= 0b10 << 62
    value |= random_bits & (1 << 62) - 1
    return uuid.UUID(int=value)


def random_code(length: int) -> str:
    """A random code of 5 bits a character in Crockford's alphabet."""
    return "".join(secrets.choice(CROCKFORD) for _ in range(length))


def fold_code(typed: str) -> str:
    """A typed code without spaces and hyphens, upper case, with the letters people confuse put right."""
    folded = "".join(typed.split()).replace("-", "").upper()
    return folded.translate(str.maketrans("OIL", "011"))
