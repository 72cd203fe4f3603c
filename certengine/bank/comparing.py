"""Two versions of an entry beside each other: what was said before, and what is said now."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import SequenceMatcher
from typing import Any

from certengine.bank.rules import Entry, content_of

# Longer texts are shown whole: a comparison by characters takes the square of their lengths.
LONGEST = 6000


@dataclass(frozen=True)
class Segment:
    """changed: only on this side."""

    text: str
    changed: bool


@dataclass(frozen=True)
class Difference:
    """key: the top key of the entry's content; place: the rest of the way, such as a, or 2 · points."""

    key: str
    place: str
    before: tuple[Segment, ...]
    after: tuple[Segment, ...]


def differences(before: Entry, after: Entry) -> list[Difference]:
    """In the order of the newer content; what is gone comes last."""
    old, new = dict(_flat(content_of(before))), dict(_flat(content_of(after)))
    found = []
    for path in [*new, *(path for path in old if path not in new)]:
        if path[0] != "variants" and old.get(path) != new.get(path):
            left, right = _segments(old.get(path, ""), new.get(path, ""))
            found.append(Difference(path[0], " · ".join(path[1:]), left, right))
    return found


def _flat(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], str]]:
    """(path, text) of each leaf. Options are spoken of by their ids, so that moving one is no change of its text."""
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _flat(each, (*path, str(key)))
    elif isinstance(value, list) and path[-1] in ("options", "matches"):
        for option, text in value:
            yield (*path, str(option)), text
    elif isinstance(value, list) and any(isinstance(each, Mapping | list) for each in value):
        for number, each in enumerate(value, 1):
            yield from _flat(each, (*path, str(number)))
    elif isinstance(value, list):
        if value:
            yield path, ", ".join(str(each) for each in value if each is not None)
    elif value is not None and value != "":
        yield path, str(value)


def _segments(before: str, after: str) -> tuple[tuple[Segment, ...], tuple[Segment, ...]]:
    if not before or not after or len(before) + len(after) > LONGEST:
        return _whole(before), _whole(after)
    left: list[Segment] = []
    right: list[Segment] = []
    for what, start, end, other, other_end in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if end > start:
            left.append(Segment(before[start:end], what != "equal"))
        if other_end > other:
            right.append(Segment(after[other:other_end], what != "equal"))
    return tuple(left), tuple(right)


def _whole(text: str) -> tuple[Segment, ...]:
    return (Segment(text, True),) if text else ()
