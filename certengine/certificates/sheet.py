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
from certengine.certificates.rules import LEVELS_EN, TITLES, CertificateKind, fields_of
from certengine.certificates.typesetting import RawObject, draw_centred, draw_qr, draw_text, fitted, new_canvas, wrapped
from certengine.foundation.canonical import canonical_json
from certengine.standards.rules import Level

WIDTH, HEIGHT = landscape(A4)
NAVY = (0.043, 0.361, 0.541)
GOLD = (0.72, 0.56, 0.22)
INK = (0.1, 0.12, 0.15)
GREY = (0.38, 0.42, 0.46)
FACTS_FILE = "facts.json"
# Sides of the two QR codes with their quiet zones, and where the larger one stands. A code of 20 mm takes 70 points.
ADDRESS_CODE, SIGNED_CODE, FOOT = 74, 136, 78


@dataclass(frozen=True)
class Sheet:
    """What is set: the facts, the newest checkpoint, a photograph as JPEG, the signed code."""

    facts: Mapping[str, Any]
    checkpoint: str
    photo: bytes | None
    signed_code: str = ""


def typeset(sheet: Sheet, signature: bytes | None = None) -> bytes:
    """The PDF; signature is the signature dictionary with its places still empty, or None for an unsigned sheet."""
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
        _frame(canvas)
    _titles(canvas, tags, sheet.facts, kind)
    _body(canvas, tags, sheet)
    _foot(canvas, tags, sheet)
    attach(canvas, canonical_json(dict(sheet.facts)))
    if signature is not None:
        sign_here(canvas, signature)
    tags.finish()
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _frame(canvas: Canvas) -> None:
    canvas.setStrokeColorRGB(*NAVY)
    canvas.setLineWidth(5)
    canvas.rect(22, 22, WIDTH - 44, HEIGHT - 44)
    canvas.setStrokeColorRGB(*GOLD)
    canvas.setLineWidth(1)
    canvas.rect(30, 30, WIDTH - 60, HEIGHT - 60)
    for x in (30, WIDTH - 30):
        for y in (30, HEIGHT - 30):
            canvas.circle(x, y, 6, stroke=1, fill=0)


def _titles(canvas: Canvas, tags: Tags, facts: Mapping[str, Any], kind: CertificateKind) -> None:
    title, english = TITLES[kind]
    canvas.setFillColorRGB(*NAVY)
    with tags.tagged("H1"):
        draw_centred(canvas, WIDTH / 2, HEIGHT - 100, "  ".join(title), 34)
    canvas.setFillColorRGB(*GREY)
    with tags.tagged("P"):
        draw_centred(canvas, WIDTH / 2, HEIGHT - 124, english, 11)
    line = f"{facts['occupation_en']} · {LEVELS_EN[Level(facts['level'])]}"
    with tags.tagged("P"):
        draw_centred(canvas, WIDTH / 2, HEIGHT - 142, line, fitted(line, 10, WIDTH - 200))


def _body(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    left, top = 90.0, HEIGHT - 185
    if sheet.photo is not None:
        with tags.tagged("Figure", f"{sheet.facts['name']}的照片"):
            canvas.drawImage(ImageReader(BytesIO(sheet.photo)), WIDTH - 90 - 96, top - 118, 96, 128)
        with tags.artifact():
            canvas.setStrokeColorRGB(*GREY)
            canvas.setLineWidth(0.5)
            canvas.rect(WIDTH - 90 - 96, top - 118, 96, 128)
    rows = [each for each in fields_of(sheet.facts) if each[0] not in ("发证机构", "发证日期")]
    step = min(30.0, 250 / len(rows))
    with tags.group("Table"):
        for place, (label, value) in enumerate(rows):
            y = top - place * step
            # Beside the photograph there is less room than below it.
            room = WIDTH - 2 * 90 - 130 - (120 if y > top - 130 else 150)
            with tags.group("TR"):
                canvas.setFillColorRGB(*GREY)
                with tags.tagged("TH"):
                    draw_text(canvas, left, y, label, 12)
                canvas.setFillColorRGB(*INK)
                with tags.tagged("TD"):
                    _value(canvas, left + 130, y, value, 17 if label == "姓名" else 14, room)


def _value(canvas: Canvas, x: float, y: float, value: str, size: float, room: float) -> None:
    """On one line, smaller if need be; what would become too small goes on two."""
    one = fitted(value, size, room)
    if one >= 9:
        draw_text(canvas, x, y, value, one)
        return
    for place, line in enumerate(wrapped(value, 9, room)[:2]):
        draw_text(canvas, x, y + 5 - place * 11, line, 9)


def _foot(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    facts = dict(fields_of(sheet.facts))
    _codes(canvas, tags, sheet)
    canvas.setFillColorRGB(*INK)
    with tags.tagged("P"):
        draw_text(canvas, 90, 122, "发证机构", 11)
        name = facts["发证机构"]
        draw_text(canvas, 160, 122, name, fitted(name, 14, 380))
    with tags.tagged("P"):
        draw_text(canvas, 90, 98, "发证日期", 11)
        draw_text(canvas, 160, 98, facts["发证日期"], 14)
    canvas.setFillColorRGB(*GREY)
    code = sheet.facts["code"]
    spaced = "-".join(code[start : start + 4] for start in range(0, len(code), 4))
    with tags.tagged("P"):
        draw_text(canvas, 90, 68, f"查验：扫描二维码，或访问 {sheet.facts['address']}（查验码 {spaced}）", 8)
    notice = f"本证书为电子证书，带有发证机构的电子签名，任何改动都会使签名失效。{sheet.checkpoint}"
    with tags.tagged("P"):
        draw_text(canvas, 90, 54, notice, 7)


def _codes(canvas: Canvas, tags: Tags, sheet: Sheet) -> None:
    """Below the photograph the code that leads to us, and a larger one that can be checked without us."""
    right = WIDTH - 90
    address = sheet.facts["address"]
    with tags.tagged("Figure", f"联网查验的二维码：{address}"):
        draw_qr(canvas, address, right - ADDRESS_CODE, FOOT + SIGNED_CODE, ADDRESS_CODE)
    canvas.setFillColorRGB(*GREY)
    with tags.tagged("P"):
        for place, line in enumerate(("联网查验：", "用手机扫描")):
            draw_text(canvas, right - SIGNED_CODE, FOOT + SIGNED_CODE + 40 - 11 * place, line, 8)
    if sheet.signed_code:
        with tags.tagged("Figure", "离线验真的二维码，内容为证书上的各项和电子签名"):
            draw_qr(canvas, sheet.signed_code, right - SIGNED_CODE, FOOT, SIGNED_CODE)
        canvas.setFillColorRGB(*GREY)
        with tags.tagged("P"):
            draw_text(canvas, right - SIGNED_CODE + 6, FOOT - 4, "离线验真：用公布的验真页扫描此码", 7)


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
