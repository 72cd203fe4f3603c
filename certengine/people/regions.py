"""The province and its cities (GB/T 2260), and what a department of one of them may see.

The sixteen cities of Shandong come with the program; CERTENGINE_REGIONS names a file of another province's:
code,name,English name on each line, the province first.
"""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from certengine.foundation.runtime import current

OWN = Path(__file__).with_name("regions.csv")


@dataclass(frozen=True)
class Region:
    code: str
    zh: str
    en: str


def read_regions(path: Path) -> tuple[Region, ...]:
    """Raises ValueError naming the line that is no region."""
    found = []
    with path.open(encoding="utf-8-sig", newline="") as file:
        for line, row in enumerate(csv.reader(file), start=1):
            if not row:
                continue
            if len(row) != 3 or not (len(row[0]) == 6 and row[0].isascii() and row[0].isdigit() and row[1].strip()):
                raise ValueError(f"{path}:{line}: code,name,English name expected")
            found.append(Region(row[0], row[1].strip(), row[2].strip()))
    if not found or found[0].code[2:] != "0000":
        raise ValueError(f"{path}:1: the province comes first")
    return tuple(found)


_read = cache(read_regions)


def regions() -> tuple[Region, ...]:
    """Province and cities of this installation."""
    return _read(current().settings.regions or OWN)


def names(language: str = "zh") -> dict[str, str]:
    """code → name; the province stands for what belongs to it and to no city."""
    if language == "en":
        return {each.code: each.en for each in regions()}
    return {each.code: f"{each.zh}直" if each.code[2:] == "0000" else each.zh for each in regions()}


def reach(region: str) -> str:
    """What the codes begin with that a department of this region looks after: a province's all, a city's its own."""
    return region[:2] if region[2:] == "0000" else region[:4]


def is_provincial(region: str) -> bool:
    return region[2:] == "0000"
