"""Markdown as lines on paper: text with formulas and pictures in it, code, tables and lists, broken at a width."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from io import BytesIO
from itertools import groupby, pairwise
from typing import Any

from markdown_it.token import Token
from PIL import Image
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from certengine.bank.rendering import BLANK, parser
from certengine.certificates.typesetting import draw_text, missing_characters, text_width
from certengine.papers.formulas import formula

SIZE = 10.5
LEADING = 1.55
CODE_SIZE = 9.0
GAP = 4.0
# What printers set where a character has no type.
GETA = "〓"
TALLEST_PICTURE = 190.0
# Of a picture whose file does not say: dots an inch of a screen.
DOTS = 96
PIECES = re.compile(r"[ \t]+|[!-~\u00a1-\u024f]+|.", re.DOTALL)
# May not begin a line, or end one.
CLOSING = frozenset("，。、；：！？）》」』”’…—·%,.;:!?)]}")
OPENING = frozenset("（《「『“‘([{")

Paint = Callable[[Canvas, float, float], None]
Load = Callable[[str], bytes | None]


@dataclass(frozen=True)
class Box:
    """A piece of a line that is not broken; paint draws it from (x, baseline) on."""

    width: float
    ascent: float
    descent: float
    paint: Paint
    space: bool = False
    # The next piece belongs to this one, or this one to the piece before.
    opens: bool = False
    closes: bool = False
    # Of a piece of text: neighbours in one style are drawn as one, so that a reader copies words and not letters.
    text: str = ""
    style: "Style | None" = None


@dataclass(frozen=True)
class Line:
    """A line of a page; paint draws it from (left, top) on."""

    height: float
    paint: Paint


@dataclass(frozen=True)
class Style:
    size: float = SIZE
    bold: bool = False
    code: bool = False
    struck: bool = False


def blocks(text: str, width: float, load: Load, size: float = SIZE) -> list[Line]:
    """A stem, a scenario, a rationale."""
    return list(_blocks(parser().parse(text), width, load, size))


def running(text: str, load: Load, size: float = SIZE) -> list[Box]:
    """An option as pieces of one line; what is a block in it (a table, code) comes by `blocks`."""
    return list(_inline(parser().parseInline(text)[0].children or [], Style(size), load))


def is_block(text: str) -> bool:
    return "\n" in text.strip()


def words(text: str, style: Style) -> Iterator[Box]:
    """Pieces that a line may be broken between: Latin words whole, Chinese anywhere."""
    for piece in PIECES.findall(printable(text)):
        yield Box(
            text_width(piece, style.size),
            style.size * 0.9,
            style.size * 0.25,
            _text_paint(piece, style),
            piece.isspace(),
            piece[-1] in OPENING,
            piece[0] in CLOSING,
            piece,
            style,
        )


def printable(text: str) -> str:
    missing = set(missing_characters(text))
    return "".join(GETA if character in missing else character for character in text) if missing else text


def _text_paint(piece: str, style: Style) -> Paint:
    def paint(canvas: Canvas, x: float, y: float) -> None:
        canvas.saveState()
        if style.bold:
            # One weight is embedded: its outlines drawn as well make it heavier.
            canvas.setLineWidth(style.size * 0.035)
            inside: Any = canvas
            inside._code.append("2 Tr")
        end = draw_text(canvas, x, y, piece, style.size)
        canvas.restoreState()
        if style.struck:
            canvas.line(x, y + style.size * 0.3, end, y + style.size * 0.3)

    return paint


def _inline(tokens: Sequence[Token], style: Style, load: Load) -> Iterator[Box]:
    bold = struck = 0
    for token in tokens:
        kind = token.type
        bold += {"strong_open": 1, "strong_close": -1}.get(kind, 0)
        struck += {"s_open": 1, "s_close": -1}.get(kind, 0)
        now = Style(style.size, style.bold or bold > 0, style.code, struck > 0)
        if kind in ("text", "code_inline", "html_inline"):
            yield from _with_blanks(token.content, now)
        elif kind == "softbreak":
            yield from words(" ", now)
        elif kind == "hardbreak":
            yield Box(-1, 0, 0, lambda canvas, x, y: None)
        elif kind == "formula":
            yield from _formula(token.content, now)
        elif kind == "picture":
            yield from _picture(str(token.attrs["src"]).rpartition("/")[2], str(token.attrs["alt"]), now, load)


def _with_blanks(text: str, style: Style) -> Iterator[Box]:
    place = 0
    for found in BLANK.finditer(text):
        yield from words(text[place : found.start()], style)
        yield _blank(found[1], style.size)
        place = found.end()
    yield from words(text[place:], style)


def _blank(name: str, size: float) -> Box:
    label = f"({name})"

    def paint(canvas: Canvas, x: float, y: float) -> None:
        canvas.line(x, y - 2, x + 72, y - 2)
        draw_text(canvas, x + 74, y, label, size * 0.8)

    return Box(76 + text_width(label, size * 0.8), size, 4, paint)


def _formula(source: str, style: Style) -> Iterator[Box]:
    made = formula(source, style.size * 1.1)
    if made is None:
        yield from words(source, style)
        return
    yield Box(made.width + 2, made.ascent, made.descent, lambda canvas, x, y: made.paint(canvas, x + 1, y))


def _picture(name: str, alt: str, style: Style, load: Load) -> Iterator[Box]:
    data = load(name.partition(".")[0])
    if data is None:
        yield from words(f"[{alt or name[:12]}]", style)
        return
    with Image.open(BytesIO(data)) as picture:
        wide, high = (each * 72 / DOTS for each in picture.size)
    share = min(1.0, TALLEST_PICTURE / high, 450 / wide)
    reader = ImageReader(BytesIO(data))

    def paint(canvas: Canvas, x: float, y: float) -> None:
        canvas.drawImage(reader, x, y, wide * share, high * share, mask="auto")

    yield Box(wide * share, high * share, 0, paint)


def set_lines(boxes: Iterable[Box], width: float, size: float = SIZE, indent: float = 0.0) -> list[Line]:
    """Pieces in lines of the width, the lines after the first one moved in."""
    rows: list[list[Box]] = [[]]
    used = 0.0
    for unit in _units(boxes):
        if unit[0].width < 0:
            rows.append([])
            used = indent
            continue
        wide = sum(box.width for box in unit)
        if rows[-1] and used + wide > width and not unit[0].space:
            rows.append([])
            used = indent
        if unit[0].space and not rows[-1]:
            continue
        rows[-1].extend(unit)
        used += wide
    return [_line(row, size, indent if number else 0.0) for number, row in enumerate(rows) if row or number == 0]


def _units(boxes: Iterable[Box]) -> Iterator[list[Box]]:
    """Pieces that stay on one line: a closing mark with what it closes, an opening one with what it opens."""
    unit: list[Box] = []
    for box in boxes:
        joined = unit and unit[-1].width >= 0 and box.width >= 0 and not unit[-1].space and not box.space
        if joined and (box.closes or unit[-1].opens):
            unit.append(box)
        else:
            if unit:
                yield unit
            unit = [box]
    if unit:
        yield unit


def _line(row: Sequence[Box], size: float, indent: float) -> Line:
    ascent = max([size * 0.95, *(box.ascent for box in row)])
    descent = max([size * 0.3, *(box.descent for box in row)])
    height = max(size * LEADING, ascent + descent + 3)
    lead = (height - ascent - descent) / 2

    def paint(canvas: Canvas, x: float, top: float) -> None:
        x += indent
        for style, run in groupby(row, key=lambda box: box.style):
            boxes = list(run)
            if style is not None:
                text = "".join(box.text for box in boxes)
                _text_paint(text, style)(canvas, x, top - lead - ascent)
                x += sum(box.width for box in boxes)
                continue
            for box in boxes:
                box.paint(canvas, x, top - lead - ascent)
                x += box.width

    return Line(height, paint)


def _blocks(tokens: Sequence[Token], width: float, load: Load, size: float) -> Iterator[Line]:
    place = 0
    while place < len(tokens):
        token = tokens[place]
        end = _end(tokens, place)
        inner = tokens[place + 1 : end]
        if token.type == "inline":
            yield from set_lines(_inline(token.children or [], Style(size), load), width, size)
        elif token.type == "heading_open":
            yield from set_lines(_inline(inner[0].children or [], Style(size, bold=True), load), width, size)
        elif token.type in ("fence", "code_block"):
            yield from code_lines(token.content, width)
        elif token.type == "table_open":
            yield from table(_cells(inner, load, size), width, size)
            yield space(GAP)
        elif token.type in ("bullet_list_open", "ordered_list_open"):
            yield from _list(inner, token, width, load, size)
        elif token.type == "blockquote_open":
            yield from moved(_blocks(inner, width - 14, load, size), 14)
        elif token.type == "hr":
            yield Line(8, lambda canvas, x, top: canvas.line(x, top - 4, x + width, top - 4))
        else:
            yield from _blocks(inner, width, load, size)
        place = end + 1


def _end(tokens: Sequence[Token], place: int) -> int:
    """Where the block that opens here closes."""
    level = 0
    for number in range(place, len(tokens)):
        level += tokens[number].nesting
        if level == 0:
            return number
    return len(tokens) - 1


def _list(tokens: Sequence[Token], opening: Token, width: float, load: Load, size: float) -> Iterator[Line]:
    number, place = int(opening.attrs.get("start", 1)), 0
    while place < len(tokens):
        end = _end(tokens, place)
        mark = f"{number}." if opening.type.startswith("ordered") else "·"
        lines = list(_blocks(tokens[place + 1 : end], width - 18, load, size))
        yield from labelled(mark, lines, 18, size)
        number, place = number + 1, end + 1


def labelled(label: str, lines: Sequence[Line], indent: float, size: float = SIZE) -> list[Line]:
    """The lines moved in, the label before the first of them."""
    found = list(moved(lines, indent))
    if not found:
        return found
    first = found[0]

    def paint(canvas: Canvas, x: float, top: float) -> None:
        draw_text(canvas, x, top - (size * LEADING - size * 1.25) / 2 - size * 0.95, label, size)
        first.paint(canvas, x, top)

    return [Line(first.height, paint), *found[1:]]


def moved(lines: Iterable[Line], indent: float) -> Iterator[Line]:
    for line in lines:
        yield Line(line.height, _moved(line.paint, indent))


def _moved(paint: Paint, indent: float) -> Paint:
    return lambda canvas, x, top: paint(canvas, x + indent, top)


def space(height: float) -> Line:
    return Line(height, lambda canvas, x, top: None)


def code_lines(text: str, width: float) -> list[Line]:
    """Fixed pitch for Latin letters, on a grey ground; a long line goes on below."""
    pitch = CODE_SIZE * 0.6
    fits = max(8, int((width - 12) / pitch))
    found = []
    for source in text.rstrip("\n").split("\n"):
        columns, row = 0, ""
        for character in printable(source.expandtabs(4)):
            wide = 1 if character.isascii() else 2
            if columns + wide > fits:
                found.append(row)
                columns, row = 0, "    "
                columns = 4
            columns, row = columns + wide, row + character
        found.append(row)
    return [space(2), *(_code_line(row, width, pitch) for row in found), space(GAP)]


def _code_line(row: str, width: float, pitch: float) -> Line:
    height = CODE_SIZE * 1.4

    def paint(canvas: Canvas, x: float, top: float) -> None:
        canvas.setFillGray(0.95)
        canvas.rect(x, top - height, width, height, stroke=0, fill=1)
        canvas.setFillGray(0)
        at = x + 6
        for piece in re.findall(r"[ -~]+|[^ -~]", row):
            if piece.isascii():
                canvas.setFont("Courier", CODE_SIZE)
                canvas.drawString(at, top - CODE_SIZE * 1.1, piece)
                at += pitch * len(piece)
            else:
                draw_text(canvas, at, top - CODE_SIZE * 1.1, piece, CODE_SIZE)
                at += pitch * 2

    return Line(height, paint)


def _cells(tokens: Sequence[Token], load: Load, size: float) -> list[list[list[Box]]]:
    rows: list[list[list[Box]]] = []
    for before, token in pairwise(tokens):
        if before.type == "tr_open":
            rows.append([])
        if token.type == "inline":
            rows[-1].append(list(_inline(token.children or [], Style(size, bold=before.type == "th_open"), load)))
    return rows


def table(rows: Sequence[Sequence[list[Box]]], width: float, size: float = SIZE) -> list[Line]:
    """A ruled table: each column as wide as its widest cell wants, all together no wider than the page."""
    columns = max((len(row) for row in rows), default=0)
    wanted = [
        max(sum(max(box.width, 0) for box in row[column]) if column < len(row) else 0 for row in rows) + 12
        for column in range(columns)
    ]
    share = min(1.0, width / sum(wanted)) if wanted else 1.0
    widths = [max(24.0, each * share) for each in wanted]
    return [_row(row, widths, size, number == 0) for number, row in enumerate(rows)]


def _row(row: Sequence[list[Box]], widths: Sequence[float], size: float, first: bool) -> Line:
    cells = [set_lines(cell, wide - 10, size) for cell, wide in zip(row, widths, strict=False)]
    height = max((sum(line.height for line in cell) for cell in cells), default=size) + 4

    def paint(canvas: Canvas, x: float, top: float) -> None:
        canvas.setLineWidth(0.5)
        at = x
        for cell, wide in zip(cells, widths, strict=False):
            canvas.rect(at, top - height, wide, height)
            down = top - 2
            for line in cell:
                line.paint(canvas, at + 5, down)
                down -= line.height
            at += wide

    return Line(height, paint)


def height_of(lines: Iterable[Line]) -> float:
    return sum(line.height for line in lines)


def paint_lines(canvas: Canvas, lines: Iterable[Line], x: float, top: float) -> float:
    """Returns where the next line begins."""
    for line in lines:
        line.paint(canvas, x, top)
        top -= line.height
    return top
