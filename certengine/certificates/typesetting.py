"""Chinese text on a PDF: embedded fonts, a fallback for each character, and text that can be copied and searched."""

import enum
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from pathlib import Path
from typing import IO, Any

import numpy as np
import zxingcpp
from reportlab import rl_config
from reportlab.pdfbase import pdfdoc, pdfmetrics
from reportlab.pdfbase.ttfonts import SUBSETN, TTFont
from reportlab.pdfgen.canvas import Canvas

from certengine.foundation.errors import Invalid, Problem

# Streams as bytes, not as text a quarter longer that costs more to write than the rest of a sheet.
rl_config.useA85 = 0

FOLDER = Path(__file__).parent / "fonts"
FILES = {
    "NotoSerifSC": "NotoSerifSC-Medium.ttf",
    "NotoSansSC": "NotoSansSC-Medium.ttf",
    "NotoSerifLetters": "NotoSerif-Letters.ttf",
    "HanSupplement": "HanSupplement.ttf",
}


class Face(enum.Enum):
    """What a text is set in: 宋体 or 黑体."""

    SERIF = "serif"
    SANS = "sans"


# In the order in which a character is looked for.
ORDER = {
    Face.SERIF: ("NotoSerifSC", "NotoSerifLetters", "HanSupplement"),
    Face.SANS: ("NotoSansSC", "NotoSerifSC", "NotoSerifLetters", "HanSupplement"),
}
_face: ContextVar[Face] = ContextVar("face", default=Face.SERIF)
# A bfchar block of a CMap holds a hundred lines at most (Adobe technical note 5014).
BLOCK = 100
# Modules of white around a QR code (ISO/IEC 18004, 9.1).
QUIET = 4


class EmbeddedFont(TTFont):  # type: ignore[misc]
    """A TrueType font whose text layer is right beyond U+FFFF too: reportlab writes those code points in five hex
    digits, which readers take for four and a rest, so that 𠮷 comes back as another character."""

    def addObjects(self, doc: Any) -> None:
        subsets = [list(subset) for subset in self.state[doc].subsets] if doc in self.state else []
        super().addObjects(doc)
        for number, subset in enumerate(subsets):
            name = b"".join((SUBSETN(number), b"+", self.face.name, self.face.subfontNameX)).decode("pdfdoc")
            doc.idToObject[f"toUnicodeCMap:{name}"].content = to_unicode(name, subset)


def to_unicode(name: str, subset: list[int]) -> str:
    """The ToUnicode CMap of a subset, code points in UTF-16BE (ISO 32000-1, 9.10.3)."""
    lines = [f"<{code:02X}> <{chr(point).encode('utf-16-be').hex().upper()}>" for code, point in enumerate(subset)]
    blocks = [lines[start : start + BLOCK] for start in range(0, len(lines), BLOCK)]
    body = "\n".join(f"{len(block)} beginbfchar\n" + "\n".join(block) + "\nendbfchar" for block in blocks)
    return (
        "/CIDInit /ProcSet findresource begin\n12 dict begin\nbegincmap\n"
        f"/CIDSystemInfo << /Registry (Adobe) /Ordering (UCS) /Supplement 0 >> def\n/CMapName /{name} def\n"
        "/CMapType 2 def\n1 begincodespacerange\n<00> <FF>\nendcodespacerange\n"
        f"{body}\nendcmap\nCMapName currentdict /CMap defineresource pop\nend\nend"
    )


@contextmanager
def set_in(face: Face) -> Iterator[None]:
    """What is set within is in this face, as far as it has the characters."""
    before = _face.set(face)
    try:
        yield
    finally:
        _face.reset(before)


@cache
def _font(name: str) -> EmbeddedFont:
    """Loaded once a process; only the characters used are embedded."""
    loaded = EmbeddedFont(name, str(FOLDER / FILES[name]), asciiReadable=False)
    # reportlab cuts each table out of the file anew for every document: megabytes copied for a few glyphs.
    face: Any = loaded.face
    face.get_table = cache(face.get_table)
    return loaded


@cache
def fonts(face: Face = Face.SERIF) -> tuple[EmbeddedFont, ...]:
    return tuple(_font(name) for name in ORDER[face])


def _font_of(character: str) -> EmbeddedFont | None:
    return next((font for font in fonts(_face.get()) if ord(character) in font.face.charToGlyph), None)


def new_canvas(out: IO[bytes], size: tuple[float, float], title: str) -> Canvas:
    """An empty PDF in Chinese, in which no font is named that is not embedded."""
    first = fonts(_face.get())[0]
    pdfmetrics.registerFont(first)
    canvas = Canvas(
        out, pagesize=size, pageCompression=1, pdfVersion=(1, 7), lang="zh-CN", initialFontName=first.fontName
    )
    canvas.setTitle(title)
    canvas.setProducer("certengine")
    return canvas


def missing_characters(text: str) -> list[str]:
    """The characters that no font has, each once."""
    return [character for character in dict.fromkeys(text) if _font_of(character) is None]


def runs(text: str) -> Iterator[tuple[EmbeddedFont, str]]:
    """The text in pieces of one font each. Raises Invalid naming a character that no font has."""
    piece, current = "", None
    for character in text:
        font = _font_of(character)
        if font is None:
            values = {"character": character, "point": f"U+{ord(character):04X}"}
            raise Invalid([Problem("", "certificate.no_glyph", values)])
        if font is not current and piece and current:
            yield current, piece
            piece = ""
        current, piece = font, piece + character
    if piece and current:
        yield current, piece


def text_width(text: str, size: float) -> float:
    """In points."""
    return float(sum(font.stringWidth(piece, size) for font, piece in runs(text)))


def draw_text(canvas: Canvas, x: float, y: float, text: str, size: float) -> float:
    """Draws the text from x on and returns where it ends."""
    end = x
    for font, piece in runs(text):
        _use(canvas, font, size)
        canvas.drawString(end, y, piece)
        end += float(font.stringWidth(piece, size))
    return end


def draw_centred(canvas: Canvas, x: float, y: float, text: str, size: float) -> None:
    draw_text(canvas, x - text_width(text, size) / 2, y, text, size)


def fitted(text: str, size: float, width: float, least: float = 6) -> float:
    """The largest size up to `size` at which the text keeps within the width."""
    wide = text_width(text, size)
    return size if wide <= width else max(least, size * width / wide)


def wrapped(text: str, size: float, width: float) -> list[str]:
    """Lines of at most the width; Chinese breaks anywhere, a Latin word that fits stays whole."""
    lines, line = [], ""
    for character in text:
        if text_width(line + character, size) <= width:
            line += character
            continue
        head, _space, word = line.rpartition(" ")
        keep = bool(head) and character != " " and (line + character)[-2:].isascii()
        lines.append(head if keep else line)
        line = word + character if keep else character.lstrip()
    return [*lines, line] if line else lines


def draw_qr(canvas: Canvas, text: str, x: float, y: float, size: float) -> None:
    """A QR code as vector rectangles, error correction M, with its quiet zone inside the square."""
    code = zxingcpp.create_barcode(text, zxingcpp.BarcodeFormat.QRCode, ec_level="M")
    dark = np.pad(np.asarray(code.to_image(scale=1, add_quiet_zones=False)) == 0, QUIET)[::-1]
    edges = np.diff(np.pad(dark, ((0, 0), (1, 1))).astype(np.int8))
    # In one dimension: a bar's end follows its start, and lists of numbers are made much faster than lists of pairs.
    starts, ends = np.flatnonzero(edges == 1), np.flatnonzero(edges == -1)
    rows, columns = np.divmod(starts, edges.shape[1])
    places = zip(columns.tolist(), rows.tolist(), (ends - starts).tolist(), strict=True)
    bars = [f"{column} {row} {length} 1 re" for column, row, length in places]
    canvas.saveState()
    canvas.setFillColorRGB(0, 0, 0)
    canvas.translate(x, y)
    canvas.scale(size / len(dark), size / len(dark))
    # In whole units of a module, past reportlab's path object, which spells every number anew.
    inside: Any = canvas
    inside._code.append(" ".join(bars) + " f")
    canvas.restoreState()


def _use(canvas: Canvas, font: EmbeddedFont, size: float) -> None:
    if font.fontName not in pdfmetrics.getRegisteredFontNames():
        pdfmetrics.registerFont(font)
    canvas.setFont(font.fontName, size)


class RawObject(pdfdoc.PDFObject):  # type: ignore[misc]
    """An object written as it stands."""

    __RefOnly__ = 1

    def __init__(self, content: bytes) -> None:
        self.content = content

    def format(self, document: Any) -> bytes:
        return self.content
