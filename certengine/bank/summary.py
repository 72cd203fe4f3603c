"""Counts over the bank files: field × level × outline point × type × difficulty."""

import unicodedata
from collections import Counter
from pathlib import Path
from typing import Any

from certengine.bank.formats.xlsx_columns import TYPE_WORDS
from certengine.bank.reading import BankFile, read_bank
from certengine.bank.rules import Family, Item, ItemType, PracticalTask
from certengine.standards import service as standards
from certengine.standards.marked_yaml import read
from certengine.standards.reader import read_standard
from certengine.standards.rules import Level, Standard

# Difficulty in logits, by the words that teachers use.
BANDS = (("very_easy", -1.5), ("easy", -0.5), ("medium", 0.5), ("hard", 1.5), ("very_hard", float("inf")))
BAND_WORDS = {"very_easy": "易", "easy": "较易", "medium": "中", "hard": "较难", "very_hard": "难"}


def band(difficulty: float) -> str:
    return next(name for name, below in BANDS if difficulty < below)


def summarise(folder: Path | None = None) -> dict[str, Any]:
    """The whole table as JSON can say it."""
    folder = folder or standards.banks_folder()
    found = []
    for path in sorted(folder.glob("*/standard.yaml")):
        standard = read_standard(read(path), str(path))
        for level in Level:
            file = path.parent / f"{level.value}.yaml"
            if file.is_file():
                found.append(count(read_bank(read(file), str(file)), standard, level))
    keys = ("items", "families", "variants", "practical")
    return {"banks": found, "total": {key: sum(each[key] for each in found) for key in keys}}


def count(bank: BankFile, standard: Standard, level: Level) -> dict[str, Any]:
    entries = [row.entry for row in bank.rows]
    items = [each for each in entries if isinstance(each, Item)]
    families = [each for each in entries if isinstance(each, Family)]
    outline = []
    for leaf in standard.leaves(level):
        here = [item for item in items if item.outline == leaf.id]
        outline.append(
            {
                "outline": leaf.id,
                "title": leaf.zh,
                "items": len(here),
                "types": _counts(item.type.value for item in here),
                "difficulty": _counts(band(item.difficulty) for item in here),
                "families": sum(str(family.template.get("outline")) == leaf.id for family in families),
            }
        )
    return {
        "field": standard.field,
        "title": standard.title_zh,
        "level": level.value,
        "items": len(items),
        "families": len(families),
        "variants": sum(len(family.variants) for family in families),
        "practical": sum(isinstance(each, PracticalTask) for each in entries),
        "types": _counts(item.type.value for item in items),
        "cognition": _counts(item.cognition.value for item in items),
        "difficulty": _counts(band(item.difficulty) for item in items),
        "outline": outline,
    }


def _counts(values: Any) -> dict[str, int]:
    return dict(sorted(Counter(values).items()))


def table(found: dict[str, Any], english: bool = False) -> str:
    """One line a bank, for a terminal."""
    kinds = [kind for kind in ItemType if any(kind.value in bank["types"] for bank in found["banks"])]
    words = [kind.value if english else TYPE_WORDS[kind] for kind in kinds]
    head = ["field", "level", "points", "items", *words] if english else ["领域", "等级", "考核点", "试题", *words]
    head += ["families", "practical", *(n for n, _ in BANDS)] if english else ["参数化", "实操", *BAND_WORDS.values()]
    rows = [head]
    for bank in found["banks"]:
        rows.append(
            [
                bank["field"],
                bank["level"],
                str(sum(1 for each in bank["outline"] if each["items"])),
                str(bank["items"]),
                *(str(bank["types"].get(kind.value, 0)) for kind in kinds),
                str(bank["families"]),
                str(bank["practical"]),
                *(str(bank["difficulty"].get(name, 0)) for name, _below in BANDS),
            ]
        )
    widths = [max(_width(row[column]) for row in rows) for column in range(len(head))]
    return "\n".join("  ".join(_padded(cell, width) for cell, width in zip(row, widths, strict=True)) for row in rows)


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def _padded(text: str, width: int) -> str:
    return text + " " * (width - _width(text))
