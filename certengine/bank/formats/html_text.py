"""Texts of other programs → our Markdown: HTML by its tags, plain text by escaping what Markdown would take as marks."""

import re
from html.parser import HTMLParser

from certengine.bank.pictures import written
from certengine.bank.rendering import PICTURE

MARKS = {"b": "**", "strong": "**", "i": "*", "em": "*", "code": "`", "tt": "`", "s": "~~", "del": "~~"}
BREAKS = frozenset(
    ["p", "div", "br", "tr", "table", "ul", "ol", "section", "h1", "h2", "h3", "h4", "h5", "h6", "blockquote", "hr"]
)
UNSEEN = frozenset(
    [
        "script",
        "style",
        "head",
        "title",
        "template",
        "iframe",
        "object",
        "noscript",
        "svg",
        "math",
        "select",
        "textarea",
    ]
)
HTML_TAG = re.compile(
    r"</?(?:p|br|b|i|em|strong|u|sub|sup|span|div|table|tr|td|th|tbody|thead|ul|ol|li|pre|code|img|a|h[1-6]|script|style|svg)"
    r"(?:\s[^<>]*)?/?>",
    re.IGNORECASE,
)
SUPERSCRIPT = str.maketrans("0123456789+-=()n", "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿ")
SUBSCRIPT = str.maketrans("0123456789+-=()", "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎")


def from_plain(text: str) -> str:
    """The text so that Markdown shows it as it stands."""
    escaped = re.sub(r"([\\`*~$])", r"\\\1", text)
    escaped = re.sub(r"(?<!\w)_|_(?!\w)", r"\\_", escaped)
    escaped = re.sub(r"&(?=#?\w+;)", r"\\&", escaped)
    return "\n".join(re.sub(r"^\s*(#{1,6}\s|>|[-+]\s|={3,}|-{3,})", r"\\\1", line) for line in escaped.split("\n"))


def from_html(text: str) -> str:
    reader = _Reader()
    reader.feed(text)
    reader.close()
    return reader.markdown()


def looks_like_html(text: str) -> bool:
    return HTML_TAG.search(text) is not None


def _picture(attributes: dict[str, str | None]) -> str:
    source, alt = attributes.get("src") or "", attributes.get("alt") or ""
    shown = written(source.removeprefix("media:"), alt)
    # A picture that did not come along leaves its text, so that nobody overlooks that something is missing.
    return shown if PICTURE.fullmatch(shown) and source.startswith("media:") else from_plain(f"[{alt or '图'}]")


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.unseen = 0
        self.preformatted = False
        self.script = ""
        self.columns = 0
        self.rows = 0

    def markdown(self) -> str:
        text = "".join(self.parts)
        text = re.sub(r"[ \t]+\n", "\n", text)
        return re.sub(r"\n{3,}", "\n\n", text).strip()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in UNSEEN:
            self.unseen += 1
        if self.unseen:
            return
        if tag == "pre":
            self.preformatted = True
            self.parts.append("\n\n```\n")
        elif tag in MARKS and not self.preformatted:
            self.parts.append(MARKS[tag])
        elif tag in ("sup", "sub"):
            self.script = tag
        elif tag == "li":
            self.parts.append("\n- ")
        elif tag in ("td", "th"):
            self.columns += 1
            self.parts.append("| ")
        elif tag == "img":
            self.parts.append(_picture(dict(attrs)))
        elif tag in BREAKS:
            self._table(tag)
            self.parts.append("\n" if tag in ("br", "tr") else "\n\n")

    def _table(self, tag: str) -> None:
        if tag == "table":
            self.rows = self.columns = 0

    def handle_endtag(self, tag: str) -> None:
        if tag in UNSEEN:
            self.unseen = max(0, self.unseen - 1)
            return
        if self.unseen:
            return
        if tag == "pre":
            self.preformatted = False
            self.parts.append("\n```\n\n")
        elif tag in MARKS and not self.preformatted:
            self.parts.append(MARKS[tag])
        elif tag in ("sup", "sub"):
            self.script = ""
        elif tag == "tr":
            self.rows += 1
            self.parts.append("|")
            if self.rows == 1:
                self.parts.append("\n" + "| --- " * self.columns + "|")
        elif tag in BREAKS and tag not in ("br", "tr"):
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        if self.unseen:
            return
        if self.preformatted:
            self.parts.append(data)
            return
        shown = re.sub(r"\s+", " ", data)
        if self.script == "sup":
            raised = shown.translate(SUPERSCRIPT)
            shown = raised if not re.search(r"[0-9A-Za-z+\-=()]", raised) else f"^{shown}"
        elif self.script == "sub":
            lowered = shown.translate(SUBSCRIPT)
            shown = lowered if not re.search(r"[0-9A-Za-z+\-=()]", lowered) else f"_{shown}"
        self.parts.append(from_plain(shown) if shown.strip() else (" " if self.parts and shown else ""))
