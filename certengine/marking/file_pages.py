"""A handed-in file as a marker reads it in the browser: its text, or a picture of it made here, never the file itself."""

import threading
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pypdfium2
from PIL import Image, UnidentifiedImageError

from certengine.foundation.errors import Invalid, Problem

TEXTS = frozenset(
    [
        "txt",
        "md",
        "csv",
        "tsv",
        "json",
        "ipynb",
        "py",
        "java",
        "c",
        "h",
        "cpp",
        "hpp",
        "cs",
        "go",
        "rs",
        "js",
        "ts",
        "html",
        "htm",
        "css",
        "xml",
        "yaml",
        "yml",
        "toml",
        "ini",
        "sql",
        "sh",
        "log",
        "r",
        "m",
    ]
)
PICTURES = frozenset(["png", "jpg", "jpeg", "gif", "bmp", "webp", "tif", "tiff"])
LARGEST_TEXT = 1 << 20
# The longer side of a picture that is made, in pixels; of a picture that is read, all of them.
SIDE = 1600
MOST_PIXELS = 100_000_000
# PDFium may be entered by one thread at a time.
_pdfium = threading.Lock()


@dataclass(frozen=True)
class FileView:
    """kind: text, picture, pdf or other; pages of a PDF."""

    kind: str
    text: str = ""
    pages: int = 1


def kind_of(name: str) -> str:
    ending = name.rpartition(".")[2].lower()
    if ending == "pdf":
        return "pdf"
    return "text" if ending in TEXTS else "picture" if ending in PICTURES else "other"


def view_of(path: Path, name: str) -> FileView:
    """What there is to read; a file that is not what its name says can only be downloaded."""
    kind = kind_of(name)
    try:
        if kind == "text":
            return FileView(kind, _text(path))
        if kind == "pdf":
            return FileView(kind, pages=_pages(path))
        if kind == "picture":
            picture_of(path, name, 1)
    except Invalid:
        return FileView("other")
    return FileView(kind)


def _text(path: Path) -> str:
    raw = path.read_bytes()[:LARGEST_TEXT]
    if b"\0" in raw:
        raise Invalid([Problem("", "marking.file_unreadable")])
    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        text = raw.decode("gb18030", "replace")
    return text.replace("\r\n", "\n").replace("\r", "\n")


def _pages(path: Path) -> int:
    with _pdfium:
        try:
            document = pypdfium2.PdfDocument(path)
        except pypdfium2.PdfiumError:
            raise Invalid([Problem("", "marking.file_unreadable")]) from None
        try:
            return len(document)
        finally:
            document.close()


def picture_of(path: Path, name: str, page: int) -> bytes:
    """A PNG of a picture, or of a page of a PDF from 1. Raises Invalid for what cannot be read."""
    try:
        image = _page(path, page) if kind_of(name) == "pdf" else _picture(path)
    except (pypdfium2.PdfiumError, UnidentifiedImageError, OSError, SyntaxError, ValueError, IndexError):
        raise Invalid([Problem("", "marking.file_unreadable")]) from None
    out = BytesIO()
    image.save(out, "PNG")
    return out.getvalue()


def _picture(path: Path) -> Image.Image:
    with Image.open(path) as found:
        if found.width * found.height > MOST_PIXELS:
            raise ValueError("too many pixels")
        image = found.convert("RGB")
    image.thumbnail((SIDE, SIDE))
    return image


def _page(path: Path, page: int) -> Image.Image:
    with _pdfium:
        document = pypdfium2.PdfDocument(path)
        try:
            if not 1 <= page <= len(document):
                raise IndexError(page)
            width, height = document[page - 1].get_size()
            drawn: Image.Image = document[page - 1].render(scale=min(2.0, SIDE / max(width, height, 1))).to_pil()
            return drawn.convert("RGB")
        finally:
            document.close()
