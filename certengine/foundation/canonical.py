"""Canonical JSON (RFC 8785) over the values that we hash: no floats, so no number has two spellings."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from typing import Any

Canonical = None | bool | int | str | Sequence[Any] | Mapping[str, Any]

# RFC 8785 writes numbers as ECMAScript does; beyond 2**53 an integer would not survive another reader.
LARGEST_INTEGER = 2**53 - 1


def canonical_json(value: Canonical) -> bytes:
    """The one spelling of a value: keys in UTF-16 order, no spaces, UTF-8.

    Raises TypeError for floats, bytes, dates and other types that have no single spelling, and ValueError for
    integers beyond 2**53 − 1 and for lone surrogates.
    """
    return _write(value).encode("utf-8")


def canonical_hash(value: Canonical) -> str:
    """SHA-256 of the canonical JSON, in hex."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def _write(value: Any) -> str:
    if value is None or isinstance(value, bool | str):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, int):
        if abs(value) > LARGEST_INTEGER:
            raise ValueError(f"integer beyond 2**53 − 1: {value}")
        return str(value)
    if isinstance(value, Mapping):
        if any(not isinstance(key, str) for key in value):
            raise TypeError("keys must be strings")
        keys = sorted(value, key=lambda key: key.encode("utf-16-be", "surrogatepass"))
        return "{" + ",".join(f"{_write(key)}:{_write(value[key])}" for key in keys) + "}"
    if isinstance(value, list | tuple):
        return "[" + ",".join(_write(part) for part in value) + "]"
    raise TypeError(f"no canonical spelling for {type(value).__name__}")
