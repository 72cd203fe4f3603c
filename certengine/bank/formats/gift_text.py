"""GIFT's smallest parts: escapes, format marks, and pieces of text that know where they stand."""

import re
from dataclasses import dataclass
from typing import Any

from certengine.bank.formats.html_text import from_html, from_plain, looks_like_html

# Before a control character: an even number of backslashes, which stand for themselves.
UNESCAPED = r"(?<!\\)(?:\\\\)*"
PREFIX = re.compile(r"\s*\[(html|moodle|plain|markdown)\]", re.IGNORECASE)
ESCAPE = re.compile(r"\\([\\~=#{}:n])")
SPECIAL = re.compile(r"([\\~=#{}:])")


class GiftError(Exception):
    """A question that cannot be held: where in its block, and why."""

    def __init__(self, offset: int, code: str, **values: Any) -> None:
        super().__init__(code)
        self.offset, self.code, self.values = offset, code, values


@dataclass(frozen=True)
class Piece:
    text: str
    offset: int


def unescape(text: str) -> str:
    return ESCAPE.sub(lambda found: "\n" if found[1] == "n" else found[1], text)


def escaped(text: str) -> str:
    return SPECIAL.sub(r"\\\1", text).replace("\n", "\\n")


def bare(text: str) -> str:
    """Without the places that comment lines left behind."""
    return text.replace("\0\n", "").replace("\0", "")


def piece_text(piece: Piece, inherited: str = "") -> tuple[str, str]:
    """(format, Markdown) of a text that may begin with [html], [moodle], [plain] or [markdown]."""
    text = bare(piece.text)
    mark = PREFIX.match(text)
    syntax = mark[1].lower() if mark else inherited
    content = unescape((text[mark.end() :] if mark else text).strip())
    if syntax == "markdown":
        return syntax, content
    if syntax == "html" or (syntax != "plain" and looks_like_html(content)):
        return syntax, from_html(content)
    return syntax, from_plain(content)
