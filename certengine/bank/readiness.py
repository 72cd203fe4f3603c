"""What an entry needs of its standard: a leaf that carries the level, directions that are there, all its parts."""

from collections.abc import Iterator

from certengine.bank.rules import Entry, Family, Item, ItemType, PracticalTask
from certengine.foundation.errors import Problem
from certengine.standards.rules import Level, Standard


def outline_faults(entry: Entry, standard: Standard, level: Level | None) -> Iterator[tuple[str, Problem]]:
    """(key, problem) for each leaf and direction that the standard does not have; an empty leaf is not judged here."""
    leaves: tuple[str, ...]
    if isinstance(entry, Family):
        leaves = (str(entry.template.get("outline") or ""),)
        directions = tuple(entry.template.get("directions") or ())
    else:
        leaves = entry.outline if isinstance(entry, PracticalTask) else (entry.outline,)
        directions = entry.directions
    for leaf in leaves:
        node = standard.node(leaf)
        if not leaf:
            continue
        if node is None:
            yield "outline", Problem("outline", "bank.outline_unknown", {"node": leaf})
        elif node.children:
            yield "outline", Problem("outline", "bank.outline_not_a_leaf", {"node": leaf})
        elif level is not None and level not in node.levels:
            yield "outline", Problem("outline", "bank.outline_level", {"node": leaf, "level": level.value})
    known = {each.id for each in standard.directions}
    for direction in directions:
        if direction not in known:
            yield "directions", Problem("directions", "bank.direction_unknown", {"direction": direction})


def missing_for_approval(entry: Entry, standard: Standard, level: Level, place: str) -> list[Problem]:
    """Why an entry cannot go live yet: nothing when it is whole."""
    found = [Problem(place, each.code, each.values) for _key, each in outline_faults(entry, standard, level)]
    if isinstance(entry, Item):
        if not entry.outline:
            found.append(Problem(place, "bank.outline_missing", {"item": entry.id}))
        if entry.type is ItemType.SHORT_ANSWER and not entry.points_of_answer:
            found.append(Problem(place, "bank.points_missing", {"item": entry.id}))
    elif isinstance(entry, PracticalTask) and not all(entry.outline):
        found.append(Problem(place, "bank.outline_missing", {"item": entry.id}))
    return found
