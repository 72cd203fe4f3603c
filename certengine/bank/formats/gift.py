"""Moodle's GIFT: reading what Moodle reads, bare colons and equals signs in stems included.

What GIFT has no place for travels in the tags that Moodle reads from comments: [id:…] [tag:outline=1.1.2].
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from certengine.bank.formats.gift_answers import Notes, answer_of
from certengine.bank.formats.gift_text import UNESCAPED, GiftError, Piece, bare, piece_text
from certengine.bank.parsing import Place, parse_item
from certengine.bank.reading import BankFile, Row
from certengine.foundation.errors import Problem

TAG = re.compile(r"\[(id|tag):((?:[^\]\\]|\\.)*)\]")
TITLE = re.compile(r"\s*::(.*?)(?<!\\)::", re.DOTALL)
LEAF = re.compile(r"^(\d+(?:\.\d+)+)(?:\s|$)")
OPENING = re.compile(UNESCAPED + r"\{")
CLOSING = re.compile(UNESCAPED + r"\}")
# A brace still open after so many lines has been forgotten, and ends with the next empty line.
LONGEST_BLOCK = 200
TAGGED = ("outline", "cognition", "difficulty", "discrimination", "guessing", "reference")
LISTED = ("directions", "enemies", "fixed")


@dataclass(frozen=True)
class _Block:
    """One question as it stands in the file, from its line on, under its category."""

    text: str
    line: int
    category: str
    tags: dict[str, list[str]]

    def place(self, name: str, offset: int) -> str:
        """NAME:LINE:CHARACTER of an offset in the block."""
        before = self.text[:offset]
        return f"{name}:{self.line + before.count(chr(10))}:{offset - before.rfind(chr(10))}"


def read_gift(text: str, name: str) -> BankFile:
    """Every question of the file as a row; a question that cannot be held names its line and character."""
    rows = tuple(_row(block, name) for block in _blocks(text))
    problems = () if rows else (Problem(f"{name}:1:1", "bank.gift_nothing"),)
    return BankFile(name, "", "", "", rows, problems=problems)


def _blocks(text: str) -> Iterator[_Block]:
    """Questions are parted by empty lines, as in Moodle; an empty line inside an open brace does not part."""
    category, tags, lines, start = "", dict[str, list[str]](), list[str](), 0
    for number, line in enumerate(text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
        stripped = line.strip()
        if stripped.startswith("//"):
            for kind, value in TAG.findall(stripped):
                tags.setdefault(kind, []).append(re.sub(r"\\(.)", r"\1", value))
            if lines:
                # An empty place, so that lines still count.
                lines.append("\0")
            continue
        ends = not stripped and (len(lines) > LONGEST_BLOCK or not _open(lines))
        begins = stripped.startswith(("::", "$CATEGORY:")) and OPENING.search("\n".join(lines))
        if lines and (ends or begins):
            yield _Block("\n".join(lines), start, category, tags)
            lines, tags = [], {}
        if stripped.startswith("$CATEGORY:") and not lines:
            category, tags = stripped.removeprefix("$CATEGORY:").strip(), {}
        elif stripped or lines:
            start = start if lines else number
            lines.append(line)
    if lines:
        yield _Block("\n".join(lines), start, category, tags)


def _open(lines: list[str]) -> bool:
    """Whether a brace is open and not closed."""
    text = "\n".join(lines)
    first = OPENING.search(text)
    return first is not None and CLOSING.search(text, first.end()) is None


def _row(block: _Block, name: str) -> Row:
    place = block.place(name, len(block.text) - len(block.text.lstrip()))
    faults: list[Problem] = []
    notes: Notes = []
    try:
        raw = _raw(block, notes)
    except GiftError as error:
        faults.append(Problem(block.place(name, error.offset), error.code, error.values))
        raw = {"id": "", "outline": "", "type": "short_answer", "stem": bare(block.text).strip()[:400]}
    unheld = bool(faults)

    def wrong(_place: Place, code: str, **values: Any) -> None:
        # The number is given by the bank, and the leaf is chosen before the item is approved.
        if not unheld and not (code == "bank.missing" and values["key"] in ("id", "outline")):
            faults.append(Problem(place, code, values))

    item = parse_item({"cognition": "understands", **raw}, wrong)
    return Row(place, item, tuple(faults), notes=tuple(Problem(place, code, values) for code, values in notes))


def _raw(block: _Block, notes: Notes) -> dict[str, Any]:
    """The raw item; remarks on what could not be taken over are added to notes. Raises GiftError."""
    text = block.text
    title = TITLE.match(text)
    body = title.end() if title else 0
    opening = OPENING.search(text, body)
    if opening is None:
        raise GiftError(body, "bank.gift_description")
    closing = CLOSING.search(text, opening.end())
    if closing is None:
        raise GiftError(opening.end() - 1, "bank.gift_open")
    stem = Piece(text[body : opening.end() - 1], body)
    syntax, shown = piece_text(stem)
    if stem.text[-1:].isspace():
        shown += " "
    rest = bare(text[closing.end() :])
    # A tail without a word is punctuation or what an editor left behind; with words, the answers stand in a gap.
    tail = ""
    if re.search(r"[\w。？]", rest):
        tail = piece_text(Piece(rest.rstrip(), closing.end()), syntax)[1]
        tail = f" {tail}" if rest[:1].isspace() else tail
    raw: dict[str, Any] = {"id": "", "outline": "", **_tagged(block)}
    answers = Piece(text[opening.end() : closing.end() - 1], opening.end())
    notes.extend(answer_of(raw, answers, syntax, shown, tail))
    raw["stem"] = raw["stem"].strip()
    if not raw["outline"]:
        leaf = LEAF.match(block.category.rpartition("/")[2].strip())
        raw["outline"] = leaf[1] if leaf else ""
    return raw


def _tagged(block: _Block) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for value in block.tags.get("id", [])[:1]:
        found["id"] = value
    for tag in block.tags.get("tag", []):
        key, equals, value = tag.partition("=")
        if equals and key in TAGGED:
            found[key] = value
        elif equals and key in LISTED:
            found.setdefault(key, []).append(value)
    return found
