"""Texts as they are compared: widths, case, spaces and punctuation do not make another question."""

import re
import unicodedata
from hashlib import sha256

from certengine.bank.rules import Entry, Family, Item, PracticalTask

# A stem this long says what it asks by itself; a shorter one ("下列说法正确的是") only with its options or signs.
TELLING = 20


def fold(text: str) -> str:
    folded = unicodedata.normalize("NFKC", text).casefold()
    return re.sub(r"[\W_]+", "", folded)


def stem_of(entry: Entry) -> str:
    if isinstance(entry, Item):
        return entry.stem
    return f"{entry.title}\n{entry.scenario}" if isinstance(entry, PracticalTask) else str(entry.template.get("stem"))


def stem_key(entry: Entry) -> str:
    """The folded stem. Signs alone may tell two stems apart (a < b, a > b): where folding leaves little, they stay."""
    stem = stem_of(entry)
    folded = fold(stem)
    if len(folded) < TELLING:
        folded = re.sub(r"\s+", "", unicodedata.normalize("NFKC", stem).casefold())
    return folded


def question(entry: Entry) -> str:
    """The folded question: stem, and options where there are any to choose from."""
    folded = stem_key(entry)
    if isinstance(entry, Item) and entry.key not in ("true", "false"):
        folded += "|" + "|".join(sorted(fold(each.text) or each.text for each in entry.options))
        folded += "".join(f"|{question(each)}" for each in entry.parts)
    return folded


def question_hash(entry: Entry) -> str:
    return sha256(question(entry).encode()).hexdigest()


def width(text: str) -> int:
    """Columns as shown: an ideograph takes two."""
    return sum(2 if unicodedata.east_asian_width(each) in "WF" else 1 for each in text)


def variants_or_self(entry: Entry) -> tuple[Item, ...]:
    if isinstance(entry, Family):
        return entry.variants
    return (entry,) if isinstance(entry, Item) else ()
