"""What an export gives: the bytes, and what the format could not hold."""

from dataclasses import dataclass

from certengine.foundation.errors import Problem


@dataclass(frozen=True)
class Written:
    content: bytes
    suffix: str
    media_type: str
    # Items that are not in the file, and parts of items that are lost in it.
    left_out: tuple[Problem, ...] = ()
