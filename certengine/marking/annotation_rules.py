"""Where a note stands, as selectors of the W3C Web Annotation data model (Recommendation, 23 February 2017). Pure.

Text: a position in characters and the quotation with what stands around it. Pictures: a rectangle in per cent of width
and height (Media Fragments, xywh=percent). PDF: the page, refined by such a rectangle.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from certengine.foundation.errors import Invalid, Problem

MEDIA_FRAGMENTS = "http://www.w3.org/TR/media-frags/"
PDF_FRAGMENTS = "http://tools.ietf.org/rfc/rfc3778"
AROUND = 32
LONGEST_BODY = 2000
WHOLE = Decimal(100)
_XYWH = re.compile(r"xywh=percent:([\d.]+),([\d.]+),([\d.]+),([\d.]+)")


@dataclass(frozen=True)
class TextPlace:
    """start and end in characters (code points) of the text."""

    start: int
    end: int
    exact: str
    prefix: str = ""
    suffix: str = ""


@dataclass(frozen=True)
class Rectangle:
    """In per cent of the picture's or the page's width and height, from the upper left; page from 1, of a PDF."""

    x: Decimal
    y: Decimal
    width: Decimal
    height: Decimal
    page: int | None = None


Place = TextPlace | Rectangle


def text_place(text: str, exact: str, start: int | None) -> TextPlace:
    """Where the quotation stands: at start, else at its occurrence that is nearest to it. Raises Invalid."""
    exact = exact.replace("\r\n", "\n")
    if not exact.strip():
        raise Invalid([Problem("exact", "marking.annotation_no_quote")])
    found = [match.start() for match in re.finditer(f"(?={re.escape(exact)})", text)]
    if not found:
        raise Invalid([Problem("exact", "marking.annotation_not_there")])
    at = min(found, key=lambda each: abs(each - (start or 0)))
    end = at + len(exact)
    return TextPlace(at, end, exact, text[max(0, at - AROUND) : at], text[end : end + AROUND])


def rectangle(texts: Sequence[str], page: int | None = None) -> Rectangle:
    """From x, y, width and height as they were typed or drawn. Raises Invalid for one that is not on the picture."""
    try:
        x, y, width, height = (_hundredths(each) for each in texts)
    except (InvalidOperation, ValueError):
        raise Invalid([Problem("place", "marking.annotation_numbers")]) from None
    if min(x, y) < 0 or min(width, height) <= 0 or x + width > WHOLE or y + height > WHOLE:
        raise Invalid([Problem("place", "marking.annotation_outside")])
    return Rectangle(x, y, width, height, page)


def _hundredths(text: str) -> Decimal:
    number = Decimal(text.strip())
    if not number.is_finite() or abs(number) > WHOLE:
        raise ValueError(text)
    return number.quantize(Decimal("0.01"), ROUND_HALF_UP)


def body_of(text: str) -> str:
    """Raises Invalid for a note without words."""
    if not text.strip():
        raise Invalid([Problem("body", "marking.annotation_no_body")])
    return text.strip()[:LONGEST_BODY]


def selector(place: Place) -> dict[str, Any]:
    """As it is kept and given away."""
    if isinstance(place, TextPlace):
        return {
            "type": "TextQuoteSelector",
            "exact": place.exact,
            "prefix": place.prefix,
            "suffix": place.suffix,
            "refinedBy": {"type": "TextPositionSelector", "start": place.start, "end": place.end},
        }
    numbers = ",".join(f"{each:.2f}" for each in (place.x, place.y, place.width, place.height))
    area = {"type": "FragmentSelector", "conformsTo": MEDIA_FRAGMENTS, "value": f"xywh=percent:{numbers}"}
    if place.page is None:
        return area
    return {
        "type": "FragmentSelector",
        "conformsTo": PDF_FRAGMENTS,
        "value": f"page={place.page}",
        "refinedBy": area,
    }


def place_of(found: Mapping[str, Any]) -> Place:
    """What `selector` wrote."""
    if found["type"] == "TextQuoteSelector":
        at = found["refinedBy"]
        return TextPlace(at["start"], at["end"], found["exact"], found["prefix"], found["suffix"])
    page = None
    if found["conformsTo"] == PDF_FRAGMENTS:
        page, found = int(found["value"].removeprefix("page=")), found["refinedBy"]
    match = _XYWH.fullmatch(found["value"])
    assert match is not None
    x, y, width, height = map(Decimal, match.groups())
    return Rectangle(x, y, width, height, page)


@dataclass(frozen=True)
class Piece:
    """A stretch of text with the numbers of the notes that stand over it; last: of those that end here."""

    text: str
    notes: tuple[int, ...]
    last: tuple[int, ...] = ()


def pieces(text: str, places: Sequence[tuple[int, TextPlace]]) -> list[Piece]:
    """The text cut where notes begin and end, however they overlap; together the pieces are the text."""
    cuts = sorted({0, len(text), *(each for _n, place in places for each in (place.start, place.end))})
    return [
        Piece(
            text[start:end],
            tuple(number for number, place in places if place.start <= start and end <= place.end),
            tuple(number for number, place in places if place.end == end),
        )
        for start, end in zip(cuts, cuts[1:], strict=False)
    ]
