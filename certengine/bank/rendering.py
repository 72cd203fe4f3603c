"""Markdown to HTML that is safe in an exam: formulas become MathML, raw HTML stays visible text, scripts never run."""

import html
import re
from functools import cache, lru_cache
from typing import Any

import nh3
from latex2mathml.converter import convert
from markdown_it import MarkdownIt
from markdown_it.rules_inline import StateInline

BLANK = re.compile(r"\{\{(\w+)\}\}")
# A picture of ours by its hash; no other address is ever fetched by an exam's page.
PICTURE = re.compile(r"!\[([^\]\n]*)\]\(media:([0-9a-f]{64}\.(?:png|jpg|gif|webp))\)")
MATH = frozenset(
    [
        "math",
        "mrow",
        "mi",
        "mo",
        "mn",
        "ms",
        "mtext",
        "mspace",
        "msup",
        "msub",
        "msubsup",
        "mfrac",
        "msqrt",
        "mroot",
        "mover",
        "munder",
        "munderover",
        "mtable",
        "mtr",
        "mtd",
        "mstyle",
        "mpadded",
        "menclose",
        "mphantom",
        "mmultiscripts",
        "mprescripts",
        "none",
        "semantics",
    ]
)
TAGS = MATH | frozenset(
    [
        "p",
        "br",
        "hr",
        "strong",
        "em",
        "del",
        "s",
        "sub",
        "sup",
        "code",
        "pre",
        "blockquote",
        "ul",
        "ol",
        "li",
        "h3",
        "h4",
        "h5",
        "h6",
        "table",
        "thead",
        "tbody",
        "tr",
        "th",
        "td",
        "a",
        "img",
        "span",
    ]
)
ATTRIBUTES = {
    "a": {"href", "title"},
    "img": {"src", "alt"},
    "ol": {"start"},
    "code": {"class"},
    "th": {"class"},
    "td": {"class"},
    "span": {"class", "data-blank"},
    "math": {"display", "xmlns"},
    "mo": {"stretchy", "fence", "separator", "form", "lspace", "rspace", "minsize", "maxsize", "movablelimits"},
    "mi": {"mathvariant"},
    "mfrac": {"linethickness"},
    "mover": {"accent"},
    "mtable": {"columnalign"},
    "mtd": {"columnalign"},
    "mspace": {"width"},
    "mstyle": {"displaystyle", "scriptlevel"},
}
ALIGNMENT = {"text-align:left": "text-start", "text-align:center": "text-center", "text-align:right": "text-end"}


@lru_cache(maxsize=4096)
def render_markdown(text: str) -> str:
    """Blocks: a stem, a scenario, a rationale. A gap {{1}} becomes <span class="blank" data-blank="1">."""
    return _clean(_with_blanks(parser().render(text)))


@lru_cache(maxsize=8192)
def render_inline(text: str) -> str:
    """An option: one line as running text, more as blocks."""
    if "\n" in text:
        return render_markdown(text)
    return _clean(parser().renderInline(text))


def plain(text: str) -> str:
    """Markdown without its marks, for lists and searches."""
    bare = re.sub(r"<[^>]*>", " ", render_markdown(text))
    return " ".join(html.unescape(bare).split())


@cache
def parser() -> MarkdownIt:
    made = MarkdownIt("commonmark", {"html": False, "breaks": True}).enable(["table", "strikethrough"])
    made.disable(["image"])
    made.inline.ruler.before("escape", "formula", _formula)
    made.inline.ruler.before("escape", "picture", _picture)
    # An exam asks about web addresses and must not make links of them; a written link stays text too.
    made.disable(["link", "autolink"])
    made.add_render_rule("formula", _render_formula)
    for name in ("th_open", "td_open"):
        made.add_render_rule(name, _render_cell)
    return made


def _formula(state: StateInline, silent: bool) -> bool:
    """$…$ or $$…$$: no space inside the dollars and no digit after them, so that prices stay prices."""
    text, start = state.src, state.pos
    if text[start] != "$":
        return False
    marks = 2 if text.startswith("$$", start) else 1
    end = text.find("$" * marks, start + marks)
    inner = text[start + marks : end] if end > 0 else ""
    if not inner.strip() or (marks == 1 and (inner != inner.strip() or text[end + 1 : end + 2].isdigit())):
        return False
    if not silent:
        token = state.push("formula", "math", 0)
        token.content = inner.strip()
        token.block = marks == 2
    state.pos = end + marks
    return True


def _picture(state: StateInline, silent: bool) -> bool:
    found = PICTURE.match(state.src, state.pos)
    if found is None:
        return False
    if not silent:
        token = state.push("picture", "img", 0)
        token.attrSet("src", f"/media/{found[2]}")
        token.attrSet("alt", found[1])
    state.pos = found.end()
    return True


def _render_formula(_self: Any, tokens: Any, index: int, _options: Any, _env: Any) -> str:
    return formula_html(tokens[index].content, tokens[index].block)


def _render_cell(self: Any, tokens: Any, index: int, options: Any, env: Any) -> str:
    # A style attribute would be stopped by the content security policy; the same is said by a class.
    style = tokens[index].attrs.pop("style", None)
    if style:
        tokens[index].attrSet("class", ALIGNMENT.get(str(style), ""))
    return str(self.renderToken(tokens, index, options, env))


def formula_html(source: str, block: bool = False) -> str:
    """MathML, or the source as it was typed where it is not LaTeX that we can read."""
    try:
        return str(convert(source, display="block" if block else "inline"))
    except Exception:
        return f'<code class="formula">{html.escape(source)}</code>'


def formula_readable(source: str) -> bool:
    bare = re.sub(r"\\.", "", source)
    return bare.count("{") == bare.count("}") and not formula_html(source).startswith("<code")


def formulas(text: str) -> list[str]:
    """The sources of all formulas in a text."""
    return [
        token.content for block in parser().parse(text) for token in block.children or [] if token.type == "formula"
    ]


def _with_blanks(markup: str) -> str:
    return BLANK.sub(lambda found: f'<span class="blank" data-blank="{found[1]}"></span>', markup)


def _clean(markup: str) -> str:
    return nh3.clean(markup, tags=set(TAGS), attributes=ATTRIBUTES, url_schemes=set(), link_rel=None).strip()
