"""What an export gives: the bytes, and what the format could not hold."""

from collections.abc import Sequence
from dataclasses import dataclass

from certengine.bank.pictures import names_in
from certengine.bank.rules import Entry, Item, ItemType
from certengine.foundation.errors import Problem


@dataclass(frozen=True)
class Written:
    content: bytes
    suffix: str
    media_type: str
    # Items that are not in the file, and parts of items that are lost in it.
    left_out: tuple[Problem, ...] = ()


def without_cases(entries: Sequence[Entry], format: str) -> tuple[list[Item], list[Problem]]:
    """The items that a format of single questions can hold, and what it says of the others.

    format: the name in the sentences bank.FORMAT_cannot_kind and bank.FORMAT_cannot_case.
    """
    held, left_out = [], []
    for entry in entries:
        if not isinstance(entry, Item):
            left_out.append(Problem(entry.id, f"bank.{format}_cannot_kind", {"item": entry.id}))
        elif entry.type is ItemType.CASE:
            left_out.append(Problem(entry.id, f"bank.{format}_cannot_case", {"item": entry.id}))
        else:
            held.append(entry)
    return held, left_out


def lost_pictures(items: Sequence[Item]) -> list[Problem]:
    """For a format that is text alone."""
    return [Problem(item.id, "bank.loses_picture", {"item": item.id}) for item in items if names_in(item)]
