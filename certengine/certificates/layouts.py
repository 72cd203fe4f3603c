"""Where the parts of a sheet stand: boxes in millimetres from the upper left corner of an A4 sheet laid across. Pure."""

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import combinations
from typing import Any

from certengine.certificates.typesetting import Face
from certengine.foundation.errors import Problem

PAGE_WIDTH, PAGE_HEIGHT = 297.0, 210.0
POINT = 72 / 25.4
MARGIN = 5.0
SMALLEST_TEXT, LARGEST_TEXT = 6.0, 60.0


@dataclass(frozen=True)
class Box:
    """Millimetres; size: of its text in points, 0 where it holds none."""

    x: float
    y: float
    width: float
    height: float
    size: float = 0

    def overlaps(self, other: "Box") -> bool:
        beside = self.x + self.width <= other.x or other.x + other.width <= self.x
        above = self.y + self.height <= other.y or other.y + other.height <= self.y
        return not (beside or above)

    @property
    def left(self) -> float:
        """In points, as all below."""
        return self.x * POINT

    @property
    def top(self) -> float:
        return (PAGE_HEIGHT - self.y) * POINT

    @property
    def bottom(self) -> float:
        return (PAGE_HEIGHT - self.y - self.height) * POINT

    @property
    def room(self) -> float:
        return self.width * POINT

    @property
    def tall(self) -> float:
        return self.height * POINT


@dataclass(frozen=True)
class Layout:
    """colour: of the title and the frame, as six hexadecimal digits. The seal's picture stands on its box's text.

    title_face, text_face: what the titles and everything else are set in.
    """

    title: Box = Box(21, 22, 255, 16, 34)
    english: Box = Box(21, 40, 255, 12, 11)
    fields: Box = Box(31.8, 59, 173, 96, 14)
    photo: Box = Box(231.4, 61.7, 33.9, 45.2)
    address_code: Box = Box(217.2, 108.4, 48, 26.1)
    signed_code: Box = Box(217.2, 134.6, 48, 51)
    issuer: Box = Box(31.8, 160, 180, 16, 14)
    notice: Box = Box(31.8, 183, 183, 10, 8)
    seal: Box = Box(90, 148, 34, 34)
    colour: str = "0b5c8a"
    frame: bool = True
    title_face: Face = Face.SERIF
    text_face: Face = Face.SERIF

    def boxes(self) -> dict[str, Box]:
        return {field.name: getattr(self, field.name) for field in dataclasses.fields(self) if field.name not in OTHER}


OTHER = ("colour", "frame", "title_face", "text_face")
DEFAULT = Layout()
# What a part needs at least, millimetres: a code of 20 mm and its margin, a larger one, a face that is recognised.
LEAST = {"address_code": (26.0, 26.0), "signed_code": (48.0, 51.0), "photo": (18.0, 24.0), "seal": (10.0, 10.0)}


def problems(layout: Layout) -> list[Problem]:
    """Parts that overlap, leave the sheet, or are too small; the place of a problem is the part's name."""
    found = []
    boxes = layout.boxes()
    for name, box in boxes.items():
        width, height = LEAST.get(name, (10.0, 4.0))
        if box.width < width or box.height < height:
            found.append(Problem(name, "certificate.box_small", {"width": width, "height": height}))
        if (
            box.x < MARGIN
            or box.y < MARGIN
            or box.x + box.width > PAGE_WIDTH - MARGIN
            or box.y + box.height > PAGE_HEIGHT - MARGIN
        ):
            found.append(Problem(name, "certificate.box_outside", {"margin": MARGIN}))
        if (
            name not in ("photo", "address_code", "signed_code", "seal")
            and not SMALLEST_TEXT <= box.size <= LARGEST_TEXT
        ):
            found.append(Problem(name, "certificate.box_size", {"least": SMALLEST_TEXT, "most": LARGEST_TEXT}))
    for (name, box), (other, beside) in combinations(boxes.items(), 2):
        # A seal is put on the name of who issues, and on blank paper, but never on a code or a face.
        allowed = "seal" in (name, other) and {name, other} & {"issuer", "fields", "notice"}
        if not allowed and box.overlaps(beside):
            found.append(Problem(name, "certificate.box_overlap", {"other": other}))
    return found


def to_json(layout: Layout) -> dict[str, Any]:
    return {**dataclasses.asdict(layout), "title_face": layout.title_face.value, "text_face": layout.text_face.value}


def from_json(found: Mapping[str, Any]) -> Layout:
    """Raises KeyError, TypeError, ValueError for what is none."""
    boxes = {name: Box(**{key: float(value) for key, value in found[name].items()}) for name in DEFAULT.boxes()}
    colour = str(found["colour"])
    if len(colour) != 6 or not set(colour.lower()) <= set("0123456789abcdef"):
        raise ValueError(colour)
    # A layout that was kept before there was a choice is set as it was then.
    title, text = (Face(found.get(name, Face.SERIF.value)) for name in ("title_face", "text_face"))
    return Layout(**boxes, colour=colour.lower(), frame=bool(found["frame"]), title_face=title, text_face=text)
