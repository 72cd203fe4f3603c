"""The printed sheet: A4 across, one page, every field of the facts, QR code, place for the signature."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.lib.utils import ImageReader
from reportlab.pdfbase.pdfdoc import PDFArray, PDFDictionary, PDFName, PDFStream, PDFString
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates.archival import Tags, archive
from certengine.certificates.layouts import DEFAULT, POINT, Layout
from certengine.certificates.rules import LEVELS_EN, TITLES, CertificateKind, fields_of
from certengine.certificates.typesetting import (
    RawObject,
    draw_centred,
    draw_qr,
    draw_text,
    fitted,
    new_canvas,
    set_in,
    wrapped,
)
from certengine.foundation.canonical import canonical_json
from certengine.standards.rules import Level

WIDTH, HEIGHT = landscape(A4)
NAVY = (0.043, 0.361, 0.541)
GOLD = (0.72, 0.56, 0.22)
INK = (0.1, 0.12, 0.15)
GREY = (0.38, 0.42, 0.46)
FACTS_FILE = "facts.json"
# Between the beginnings of a label and of its value, in points; and what a second line of a value is set in.
LABELS, SECOND = 130, 9


@dataclass(frozen=True)
class Sheet:
    """What is set: the facts, the newest checkpoint, a photograph as JPEG, the signed code; and how: where the parts
    stand, a picture behind them (JPEG) and the picture of a seal (PNG)."""

    facts: Mapping[str, Any]
    checkpoint: str
    photo: bytes | None
    signed_code: str = ""
    layout: Layout = DEFAULT
    background: bytes | None = None
    seal: bytes | None = None


def typeset(sheet: Sheet, signature: bytes | None = None) -> bytes:
    """The PDF; signature is the signature dictionary with its places still empty, or None for an unsigned sheet."""
    with set_in(sheet.layout.text_face):
        return _typeset(sheet, signature)


def _typeset(sheet: Sheet, signature: bytes | None) -> bytes:
    out = BytesIO()
    kind = CertificateKind(sheet.facts["kind"])
    title = f"{TITLES[kind][0]} {sheet.facts['number']}"
    canvas = new_canvas(out, (WIDTH, HEIGHT), title)
    canvas.setAuthor(sheet.facts["institution"])
    canvas.setSubject(title)
    canvas.setCreator("certengine")
    archive(canvas, title, sheet.facts["institution"])
    tags = Tags(canvas)
    with tags.artifact():
        _ground(canvas, sheet)
    with set_in(sheet.layout.title_face):
        _titles(canvas, tags, sheet, kind)
    _photo(canvas, tags, sheet)
    _fields(canvas, tags, sheet)
    _codes(canvas, tags, sheet)
    _issuer(canvas, tags, sheet)
    _notice(canvas, tags, sheet)
    attach(canvas, canonical_json(dict(sheet.facts)))
    if signature is not None:
        sign_here(canvas, signature)
    tags.finish()
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _colour(sheet: Sheet) -> tuple[float, float, float]:
    red, green, blue = (int(sheet.layout.colour[place : place + 2], 16) / 255 for place in (0, 2, 4))
    return red, green, blue


def _ground(canvas: Canvas, sheet: Sheet) -> None:
    if sheet.background is not None:
        canvas.drawImage(ImageReader(BytesIO(sheet.background)), 0, 0, WIDTH, HEIGHT)
    if not sheet.layout.frame:
        return
    canvas.setStrokeColorRGB(*_colour(sheet))
    canvas.setLineWidth(5)
    canvas.rect(22, 22, WIDTH - 44, HEIGHT - 44)
    canvas.setStrokeColorRGB(*GOLD)
    canvas.setLineWidth(1)
    canvas.rect(30, 30, WIDTH - 60, HEIGHT - 60)
    for x in (30, WIDTH - 30):
        for y in (30, HEIGHT - 30):
            canvas.circle(x, y, 6, stroke=1, fill=0)


def _titles(canvas: Canvas, tags: Tags, sheet: Sheet, kind: CertificateKind) -> None:
    facts, (title, english) = sheet.facts, TITLES[kind]
    box = sheet.layout.title
    canvas.setFillColorRGB(*_colour(sheet))
    spaced = "  ".join(title)
    with tags.tagged("H1"):
        size = min(fitted(spaced, box.size, box.room), box.tall * 0.9)
        draw_centred(canvas, box.left + box.room / 2, box.bottom + (box.tall - size * 0.75) / 2, spaced, size)
    box = sheet.layout.english
    canvas.setFillColorRGB(*GREY)
    line = f"{facts['occupation_en']} · {LEVELS_EN[Level(facts['level'])]}"
    largest = min(box.size, box.tall * 0.42)
    for place, text in enumerate((english, line)):
        size = fitted(text, largest * (1 if place == 0 else 0.92), box.room)
        with tags.tagged("P"):
            draw_centred(canvas, box.left + box.room / 2, box.top - box.tall * (0.38 + 0.5 * place), text, size)


def _photo(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    if sheet.photo is None:
        return
    box = sheet.layout.photo
    with tags.tagged("Figure", f"{sheet.facts['name']}的照片"):
        canvas.drawImage(ImageReader(BytesIO(sheet.photo)), box.left, box.bottom, box.room, box.tall)
    with tags.artifact():
        canvas.setStrokeColorRGB(*GREY)
        canvas.setLineWidth(0.5)
        canvas.rect(box.left, box.bottom, box.room, box.tall)


def _fields(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    box = sheet.layout.fields
    rows = [each for each in fields_of(sheet.facts) if each[0] not in ("发证机构", "发证日期")]
    step = min(30.0, box.tall / len(rows))
    # Two lines of a long value keep within a row.
    size = min(box.size, step * 0.62)
    label_room = min(LABELS * size / 14, box.room * 0.45)
    with tags.group("Table"):
        for place, (label, value) in enumerate(rows):
            y = box.top - size - place * step
            with tags.group("TR"):
                canvas.setFillColorRGB(*GREY)
                with tags.tagged("TH"):
                    draw_text(canvas, box.left, y, label, fitted(label, size * 0.86, label_room - 6))
                canvas.setFillColorRGB(*INK)
                with tags.tagged("TD"):
                    largest = size * (1.2 if label == "姓名" else 1)
                    _value(canvas, box.left + label_room, y, value, largest, box.room - label_room, step)


def _value(canvas: Canvas, x: float, y: float, value: str, size: float, room: float, step: float) -> None:
    """On one line, smaller if need be; what would become too small goes on two."""
    one = fitted(value, size, room)
    if one >= min(SECOND, size):
        draw_text(canvas, x, y, value, one)
        return
    small = min(SECOND, step * 0.4)
    lines = wrapped(value, small, room)
    while len(lines) > 2:
        small *= 0.94
        lines = wrapped(value, small, room)
    for place, line in enumerate(lines):
        draw_text(canvas, x, y + small * 0.55 - place * small * 1.2, line, small)


def _issuer(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    facts, box = dict(fields_of(sheet.facts)), sheet.layout.issuer
    size = min(box.size, box.tall * 0.4)
    canvas.setFillColorRGB(*INK)
    for place, label in enumerate(("发证机构", "发证日期")):
        y = box.top - box.tall * (0.36 + 0.5 * place)
        with tags.tagged("P"):
            draw_text(canvas, box.left, y, label, size * 0.79)
            value = facts[label]
            draw_text(canvas, box.left + size * 5, y, value, fitted(value, size, box.room - size * 5))
    if sheet.seal is not None:
        place_of = sheet.layout.seal
        with tags.tagged("Figure", f"{facts['发证机构']}的印章"):
            canvas.drawImage(
                ImageReader(BytesIO(sheet.seal)),
                place_of.left,
                place_of.bottom,
                place_of.room,
                place_of.tall,
                mask="auto",
            )


def _notice(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    box = sheet.layout.notice
    canvas.setFillColorRGB(*GREY)
    code = sheet.facts["code"]
    spaced = "-".join(code[start : start + 4] for start in range(0, len(code), 4))
    lines = (
        f"查验：扫描二维码，或访问 {sheet.facts['address']}（查验码 {spaced}）",
        f"本证书为电子证书，带有发证机构的电子签名，任何改动都会使签名失效。{sheet.checkpoint}",
    )
    largest = min(box.size, box.tall * 0.42)
    for place, line in enumerate(lines):
        with tags.tagged("P"):
            size = fitted(line, largest * (1 if place == 0 else 0.88), box.room, least=3)
            draw_text(canvas, box.left, box.top - box.tall * (0.38 + 0.5 * place), line, size)


def _codes(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    """The code that leads to us with its words beside it, and a larger one that can be checked without us."""
    box, address = sheet.layout.address_code, sheet.facts["address"]
    side = min(box.tall, box.room)
    with tags.tagged("Figure", f"联网查验的二维码：{address}"):
        draw_qr(canvas, address, box.left + box.room - side, box.top - side, side)
    canvas.setFillColorRGB(*GREY)
    beside = box.room - side
    if beside >= 40:
        with tags.tagged("P"):
            for place, line in enumerate(("联网查验：", "用手机扫描")):
                draw_text(canvas, box.left, box.top - side / 2 + 4 - 11 * place, line, fitted(line, 8, beside))
    if not sheet.signed_code:
        return
    box = sheet.layout.signed_code
    side = min(box.room, box.tall - 3 * POINT)
    with tags.tagged("Figure", "离线验真的二维码，内容为证书上的各项和电子签名"):
        draw_qr(canvas, sheet.signed_code, box.left + (box.room - side) / 2, box.top - side, side)
    canvas.setFillColorRGB(*GREY)
    words = "离线验真：用公布的验真页扫描此码"
    with tags.tagged("P"):
        draw_text(canvas, box.left + 6, box.top - side - 6, words, fitted(words, 7, box.room - 12))


def attach(canvas: Any, facts: bytes) -> None:
    """The facts as an attached file, so that a program need not read them from the print."""
    document = canvas._doc
    stream = PDFStream(
        PDFDictionary(
            {
                "Type": PDFName("EmbeddedFile"),
                # A name of the library would spell the number sign anew.
                "Subtype": "/application#2Fjson",
                "Params": PDFDictionary({"ModDate": PDFString(_date(document._timeStamp)), "Size": len(facts)}),
            }
        ),
        facts,
    )
    file = document.Reference(stream)
    specification: Any = PDFDictionary(
        {
            "Type": PDFName("Filespec"),
            "F": PDFString(FACTS_FILE),
            "UF": PDFString(FACTS_FILE),
            "EF": PDFDictionary({"F": file, "UF": file}),
            "AFRelationship": PDFName("Data"),
        }
    )
    specification.__RefOnly__ = 1
    reference = document.Reference(specification)
    names = PDFDictionary({"Names": PDFArray([PDFString(FACTS_FILE), reference])})
    catalog = document.Catalog
    catalog.Names = PDFDictionary({"EmbeddedFiles": names})
    catalog.AF = PDFArray([reference])
    catalog.__NoDefault__ = [*catalog.__NoDefault__, "AF", "Perms"]


def _date(stamp: Any) -> str:
    """When the document was made, as the library states it in the document's information."""
    year, month, day, hour, minute, second = stamp.YMDhms
    return f"D:{year:04}{month:02}{day:02}{hour:02}{minute:02}{second:02}+00'00'"


def sign_here(canvas: Any, signature: bytes) -> None:
    """The signature field, invisible, and the permission that nothing may be changed (DocMDP)."""
    document = canvas._doc
    value = document.Reference(RawObject(signature))
    field: Any = PDFDictionary(
        {
            "FT": PDFName("Sig"),
            "Type": PDFName("Annot"),
            "Subtype": PDFName("Widget"),
            "T": PDFString("Signature1"),
            "V": value,
            "Rect": PDFArray([0, 0, 0, 0]),
            "F": 132,
            "P": document.thisPageRef(),
        }
    )
    field.__RefOnly__ = 1
    reference = document.Reference(field)
    canvas._annotationrefs.append(reference)
    document.Catalog.AcroForm = PDFDictionary({"Fields": PDFArray([reference]), "SigFlags": 3})
    document.Catalog.Perms = PDFDictionary({"DocMDP": value})
