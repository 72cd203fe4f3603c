"""What the revisions of a PDF that follow the signed one changed of its pages. Pure."""

import hashlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

from pypdf import PageObject, PdfReader
from pypdf.errors import PyPdfError
from pypdf.generic import ArrayObject, DictionaryObject, IndirectObject, StreamObject

SIZES = ("/MediaBox", "/CropBox", "/BleedBox", "/TrimBox", "/ArtBox", "/Rotate", "/UserUnit")
# Upwards or to what every page has; following them would compare the whole file.
UPWARDS = ("/Parent", "/P", "/Popup", "/StructParents", *SIZES)
DEEPEST = 12


def changes_between(signed: bytes, now: bytes) -> tuple[str, ...]:
    """What the revisions after the signed one changed of what one sees, as codes of the message table."""
    try:
        before, after = (list(PdfReader(BytesIO(each)).pages) for each in (signed, now))
        found = []
        if len(before) != len(after) or [_size(page) for page in before] != [_size(page) for page in after]:
            found.append("verify.resized")
        if [_digest(page) for page in before] != [_digest(page) for page in after[: len(before)]]:
            found.append("verify.page_altered")
    except (PyPdfError, ValueError, KeyError, TypeError, AttributeError, IndexError, RecursionError):
        return ()
    return tuple(found)


def _size(page: PageObject) -> list[str]:
    return [str(page.get(name)) for name in SIZES] + [str(page.mediabox)]


def _digest(page: PageObject) -> str:
    """Of all that is drawn on the page: contents, resources, annotations."""
    digest = hashlib.sha256()
    for piece in _pieces(page, 0):
        digest.update(piece)
    return digest.hexdigest()


def _pieces(value: Any, depth: int) -> Iterator[bytes]:
    while isinstance(value, IndirectObject):
        value = value.get_object()
    if depth > DEEPEST:
        return
    if isinstance(value, DictionaryObject):
        for name in sorted(value):
            if name not in UPWARDS:
                yield f"<{name}".encode()
                yield from _pieces(value.raw_get(name), depth + 1)
        if isinstance(value, StreamObject):
            yield value.get_data()
    elif isinstance(value, ArrayObject):
        yield b"["
        for each in value:
            yield from _pieces(each, depth + 1)
    else:
        yield f"{type(value).__name__}{value}".encode()
