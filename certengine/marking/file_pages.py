"""A handed-in file as a marker reads it in the browser: its text, or a picture of it made here, never the file itself.

Pictures and PDFs of strangers are opened by a process of their own, with limits: whatever they do there, the service goes
on.
"""

import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

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
# Seconds on the wall; the process has limits of its own for processor and memory.
PATIENCE = 30


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
    return int(_opened(path, "pages", "1"))


def picture_of(path: Path, name: str, page: int) -> bytes:
    """A PNG of a picture, or of a page of a PDF from 1. Raises Invalid for what cannot be read."""
    return _opened(path, "page" if kind_of(name) == "pdf" else "picture", str(page))


def _opened(path: Path, what: str, page: str) -> bytes:
    command = [sys.executable, "-m", "certengine.marking.file_drawing", what, str(path), page]
    try:
        done = subprocess.run(command, capture_output=True, timeout=PATIENCE, check=False)
    except subprocess.TimeoutExpired:
        raise Invalid([Problem("", "marking.file_unreadable")]) from None
    if done.returncode != 0:
        raise Invalid([Problem("", "marking.file_unreadable")])
    return done.stdout
