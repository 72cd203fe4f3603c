"""Ticket numbers, seats and staffing. Pure."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any, TypeVar

from certengine.standards.rules import Evidence, Level

LONGEST_SITTING = 600
# Of the time on top for special needs, in minutes (model figure).
LONGEST_EXTRA = 120

Key = TypeVar("Key")
Room = TypeVar("Room")


def ticket_number(plan_code: str, number: int) -> str:
    """Digits alone, so that it can be typed on any keyboard: the plan's eight, five of the candidate, a check digit."""
    body = f"{plan_code}{number:05}"
    return body + luhn_digit(body)


def luhn_digit(digits: str) -> str:
    """The check digit that finds every single mistyped digit and nearly every exchange of neighbours (ISO 7812-1)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        doubled = int(digit) * (2 if place % 2 == 0 else 1)
        total += doubled - 9 if doubled > 9 else doubled
    return str(-total % 10)


def seat_order(candidates: Sequence[tuple[Key, str, str]], seed: str) -> list[Key]:
    """An order by lot in which those of one group do not sit side by side where that can be avoided.

    candidates: (key, text that the lot is drawn by, group such as the employer; "" is no group).
    """
    lots: dict[str, list[tuple[bytes, Key]]] = {}
    for number, (key, text, group) in enumerate(candidates):
        lot = hashlib.sha256(f"{seed}\0{text}".encode()).digest()
        # Nobody's group is a group of their own.
        lots.setdefault(group or f"\0{number}", []).append((lot, key))
    spread: list[tuple[float, bytes, Key]] = []
    for members in lots.values():
        members.sort(key=lambda each: each[0])
        shift = int.from_bytes(members[0][0][:4], "big") / 2**32
        # Each group is laid out evenly over the whole, from a start that is drawn by lot.
        spread.extend(((place + shift) / len(members), lot, key) for place, (lot, key) in enumerate(members))
    return [key for _place, _lot, key in sorted(spread, key=lambda each: each[:2])]


def fill_rooms(keys: Sequence[Key], rooms: Sequence[tuple[Room, int]]) -> list[tuple[Key, Room, int]] | None:
    """(key, room, seat from 1), rooms filled in proportion to their size; None where there are too few seats."""
    capacity = sum(seats for _room, seats in rooms)
    if not capacity or len(keys) > capacity:
        return None
    placed: list[tuple[Key, Room, int]] = []
    start = seen = 0
    for room, seats in rooms:
        seen += seats
        # Rounding up the running share keeps every room within its seats and leaves nobody over.
        end = -(-len(keys) * seen // capacity)
        placed.extend((key, room, seat) for seat, key in enumerate(keys[start:end], 1))
        start = end
    return placed


def open_seats(rows: int, columns: int, closed: Sequence[int]) -> list[int]:
    """The numbers of the seats that can be given."""
    return [number for number in range(1, rows * columns + 1) if number not in set(closed)]


def is_browser_key(text: str) -> bool:
    """A Browser Exam Key or Config Key of Safe Exam Browser: 32 bytes in hex."""
    return len(text) == 64 and not set(text) - set("0123456789abcdef")


@dataclass(frozen=True)
class SeatCell:
    """A desk on the plan of a room, with the number of its seat; numbers run in a snake from the door."""

    number: int
    row: int
    column: int


def seat_plan(rows: int, columns: int) -> list[list[SeatCell]]:
    """The desks row by row as seen from the front; seat 1 is at the left of the first row."""
    plan = []
    for row in range(rows):
        across = range(columns) if row % 2 == 0 else range(columns - 1, -1, -1)
        numbers = {column: row * columns + place + 1 for place, column in enumerate(across)}
        plan.append([SeatCell(numbers[column], row, column) for column in range(columns)])
    return plan


def adjoining(rows: int, columns: int) -> list[tuple[int, int]]:
    """Pairs of seat numbers from which one sees the other's screen or paper: side by side, and one behind the other."""
    plan = seat_plan(rows, columns)
    beside = [(left.number, right.number) for row in plan for left, right in pairwise(row)]
    behind = [(one.number, two.number) for front, back in pairwise(plan) for one, two in zip(front, back, strict=True)]
    return sorted((min(pair), max(pair)) for pair in [*beside, *behind])


# Who has the higher certificate has the lower one.
HELD = {
    "none": frozenset[Level](),
    "junior": frozenset({Level.JUNIOR}),
    "intermediate": frozenset({Level.JUNIOR, Level.INTERMEDIATE}),
}


def evidence_to_json(evidence: Evidence) -> dict[str, Any]:
    return {
        "hours": evidence.hours,
        "title": evidence.title,
        "degree": evidence.degree,
        "final_year": evidence.final_year,
        "years": str(evidence.years),
        "certificates": sorted(level.value for level in evidence.certificates),
        "related": evidence.related,
    }


def evidence_from_json(stored: Mapping[str, Any]) -> Evidence:
    return Evidence(
        hours=stored["hours"],
        title=stored["title"],
        degree=stored["degree"],
        final_year=stored["final_year"],
        years=Decimal(stored["years"]),
        certificates=frozenset(Level(each) for each in stored["certificates"]),
        related=stored["related"],
    )
