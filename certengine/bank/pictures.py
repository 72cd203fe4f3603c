"""Pictures in items: known by the hash of their bytes, written in Markdown as ![alt](media:HASH.png). Pure."""

import base64
import hashlib
import re
from binascii import Error as Base64Error
from collections.abc import Callable, Iterator, Mapping
from io import BytesIO
from typing import Any
from urllib.parse import unquote

from PIL import Image

from certengine.bank.rendering import PICTURE
from certengine.bank.rules import Entry, content_of

SUFFIXES = {"PNG": "png", "JPEG": "jpg", "GIF": "gif", "WEBP": "webp"}
MEDIA_TYPES = {"png": "image/png", "jpg": "image/jpeg", "gif": "image/gif", "webp": "image/webp"}
LARGEST = 5 * 1024 * 1024
MOST_PIXELS = 24_000_000
# What an application may carry beside the pixels: place, camera, comments.
CARRIED = ("exif", "xmp", "XML:com.adobe.xmp", "comment", "photoshop", "Raw profile type exif")


class NotAPicture(Exception):
    """Not PNG, JPEG, GIF or WebP, damaged, or larger than a screen can show."""


def take_in(data: bytes) -> tuple[str, bytes]:
    """(name, bytes): checked to be a picture, and freed of what it says about its maker. Raises NotAPicture."""
    if len(data) > LARGEST:
        raise NotAPicture
    try:
        with Image.open(BytesIO(data), formats=list(SUFFIXES)) as picture:
            kind = picture.format or ""
            if picture.width * picture.height > MOST_PIXELS:
                raise NotAPicture
            picture.load()
            kept = _bare(picture, kind) if any(key in picture.info for key in CARRIED) else data
    except NotAPicture:
        raise
    except Exception:
        # Whatever a damaged file makes the library say.
        raise NotAPicture from None
    return f"{hashlib.sha256(kept).hexdigest()}.{SUFFIXES[kind]}", kept


def _bare(picture: Image.Image, kind: str) -> bytes:
    upright = picture
    if picture.getexif().get(0x0112, 1) != 1:
        from PIL import ImageOps

        upright = ImageOps.exif_transpose(picture)
    upright.info = {key: value for key, value in upright.info.items() if key in ("transparency", "duration", "loop")}
    out = BytesIO()
    upright.save(out, kind, **({"quality": 90} if kind in ("JPEG", "WEBP") else {}))
    return out.getvalue()


def written(name: str, alt: str = "") -> str:
    """The Markdown of a picture."""
    shown = " ".join(re.sub(r"[\[\]]", " ", alt).split())
    return f"![{shown}](media:{name})"


def names_in(entry: Entry) -> list[str]:
    """The pictures that an entry shows, each once, in the order of its texts."""
    return list(dict.fromkeys(found for text in _texts(content_of(entry)) for _alt, found in PICTURE.findall(text)))


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for each in value.values():
            yield from _texts(each)
    elif isinstance(value, list | tuple):
        for each in value:
            yield from _texts(each)


class Album:
    """The pictures of a file that is being read: what its texts show is kept, what it only carries is not."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.refused: list[str] = []

    def adopt(self, text: str, load: Callable[[str], bytes | None]) -> str:
        """The text with every picture's address made ours: of files that come along, and of data: addresses."""

        def ours(found: re.Match[str]) -> str:
            address = found[2]
            data = _embedded(address) if address.startswith("data:") else load(unquote(address))
            return f"{found[1]}{self.keep(data, address)}{found[3]}" if data is not None else found[0]

        text = re.sub(r"""(<img\b[^>]*?\bsrc\s*=\s*["'])([^"']*)(["'])""", ours, text, flags=re.IGNORECASE)
        return re.sub(r"(!\[[^\]\n]*\]\()([^)\s]+)(\))", ours, text)

    def keep(self, data: bytes, address: str) -> str:
        """The address under which the picture is shown; the one it came with where it is none."""
        try:
            name, kept = take_in(data)
        except NotAPicture:
            self.refused.append(address if len(address) < 80 else f"{address[:40]}…")
            return address
        self.kept[name] = kept
        return f"media:{name}"


def _embedded(address: str) -> bytes | None:
    head, _comma, body = address.partition(",")
    if not head.endswith(";base64"):
        return None
    try:
        return base64.b64decode(re.sub(r"\s+", "", unquote(body)), validate=True)
    except Base64Error:
        return None


def encoded(pictures: Mapping[str, bytes]) -> dict[str, str]:
    """As a text file holds them: base64 in lines of 100 characters."""
    lines = {name: base64.b64encode(data).decode() for name, data in sorted(pictures.items())}
    return {name: "\n".join(re.findall(".{1,100}", text)) for name, text in lines.items()}


def decoded(name: str, text: str) -> bytes:
    """The bytes that `encoded` wrote under this name. Raises NotAPicture for other ones."""
    try:
        data = base64.b64decode("".join(text.split()), validate=True)
    except Base64Error:
        raise NotAPicture from None
    if take_in(data)[0] != name:
        raise NotAPicture
    return data
