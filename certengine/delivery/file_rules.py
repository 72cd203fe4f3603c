"""What may be handed in as a file, and which of what was handed in counts. Pure."""

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Protocol, TypeVar

from certengine.foundation.errors import Problem
from certengine.standards.rules import HandIn

LONGEST_NAME = 120
MEGABYTE = 1 << 20
# What a screen sends at a time; a server takes no longer part.
PART = MEGABYTE
# Characters that some file system cannot keep, or that turn the direction of the line.
FORBIDDEN = set('/\\:*?"<>|') | {chr(number) for number in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


class Handed(Protocol):
    """Of a handed-in file what the rules ask for."""

    name: str
    completed_at: datetime | None
    removed_at: datetime | None


File = TypeVar("File", bound=Handed)


def clean_name(text: str) -> str:
    """The name alone, whatever folder stood before it."""
    return unicodedata.normalize("NFC", text.replace("\\", "/").rsplit("/", 1)[-1].strip())


def name_problem(name: str) -> str | None:
    if not name or name.startswith(".") or len(name) > LONGEST_NAME:
        return "delivery.file_name"
    odd = any(each in FORBIDDEN or unicodedata.category(each) == "Cc" for each in name)
    return "delivery.file_name" if odd else None


def file_problems(name: str, size: int, others: Iterable[str], limits: HandIn) -> list[Problem]:
    """What is wrong with a file that is announced; others: names that count already."""
    found = []
    if code := name_problem(name):
        found.append(Problem(name, code, {"name": name[:LONGEST_NAME]}))
    elif name.rpartition(".")[2].lower() not in limits.endings or "." not in name:
        found.append(Problem(name, "delivery.file_ending", {"name": name, "endings": " ".join(limits.endings)}))
    if size < 1:
        found.append(Problem(name, "delivery.file_empty", {"name": name}))
    if size > limits.largest_mb * MEGABYTE:
        found.append(Problem(name, "delivery.file_large", {"name": name, "most": limits.largest_mb}))
    if len(set(others) - {name}) >= limits.most:
        found.append(Problem(name, "delivery.files_many", {"most": limits.most}))
    return found


def counting(files: Sequence[File]) -> list[File]:
    """Of each name the file that was whole last, unless it was taken back."""
    whole = [(each.completed_at, each) for each in files if each.completed_at is not None]
    newest = {each.name: each for _at, each in sorted(whole, key=lambda pair: pair[0])}
    return [each for each in newest.values() if each.removed_at is None]
