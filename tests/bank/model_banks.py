"""The thirty model banks as they lie in the folder, read once for all tests that judge them."""

from collections.abc import Iterable
from functools import cache

from certengine.bank.reading import BankFile, read_bank
from certengine.bank.rules import Family, Item, ItemType, PracticalTask
from certengine.standards.marked_yaml import read
from certengine.standards.rules import Level
from certengine.standards.service import banks_folder

# Each field with the prefix of its items' ids.
PREFIXES = {
    "artificial_intelligence": "ai",
    "big_data": "bd",
    "blockchain": "bc",
    "cloud_computing": "cc",
    "digital_management": "dm",
    "industrial_internet": "ii",
    "integrated_circuits": "ic",
    "intelligent_manufacturing": "im",
    "internet_of_things": "iot",
    "virtual_reality": "vr",
}
FIELDS = tuple(PREFIXES)
BANKS = tuple((field, level) for field in FIELDS for level in Level)


def name(bank: tuple[str, Level]) -> str:
    return f"{bank[0]}/{bank[1].value}"


@cache
def file(bank: tuple[str, Level]) -> BankFile:
    field, level = bank
    path = banks_folder() / field / f"{level.value}.yaml"
    return read_bank(read(path), str(path))


@cache
def items(bank: tuple[str, Level]) -> tuple[Item, ...]:
    return tuple(item for _row, item in file(bank).items())


@cache
def families(bank: tuple[str, Level]) -> tuple[Family, ...]:
    return tuple(row.entry for row in file(bank).rows if isinstance(row.entry, Family))


@cache
def tasks(bank: tuple[str, Level]) -> tuple[PracticalTask, ...]:
    return tuple(row.entry for row in file(bank).rows if isinstance(row.entry, PracticalTask))


def singles(bank: tuple[str, Level]) -> list[Item]:
    return [item for item in items(bank) if item.type is ItemType.SINGLE]


def share(found: Iterable[bool]) -> float:
    """How many of them hold, in percent."""
    each = list(found)
    return 100 * sum(each) / len(each)


def below(outline: str, node: str) -> bool:
    """Whether a leaf is this node of the outline or lies under it."""
    return outline == node or outline.startswith(f"{node}.")
