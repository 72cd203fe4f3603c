"""The standards that come with the program or that an institution has put in their place."""

from functools import cache
from pathlib import Path

from certengine.foundation.errors import NotFound
from certengine.standards import problems
from certengine.standards.marked_yaml import read
from certengine.standards.reader import read_standard
from certengine.standards.rules import Evidence, Judgement, Level, Standard, judge

__all__ = ["Evidence", "Judgement", "Level", "Standard", "banks_folder", "fields", "judge", "problems", "standard"]

LONGEST_NAME = 60


def banks_folder() -> Path:
    """question_banks as it lies in the package."""
    return Path(__file__).parent.parent / "question_banks"


@cache
def standard(field: str) -> Standard:
    """Raises NotFound for a field without a standard.yaml."""
    path = banks_folder() / field / "standard.yaml"
    if len(field) > LONGEST_NAME or "/" in field or not path.is_file():
        raise NotFound("standard.field_unknown", field=field)
    return read_standard(read(path), str(path))


@cache
def fields() -> tuple[Standard, ...]:
    """All standards, in the order of their titles' code."""
    found = [standard(path.parent.name) for path in sorted(banks_folder().glob("*/standard.yaml"))]
    return tuple(sorted(found, key=lambda each: each.codes[0].code if each.codes else each.field))
