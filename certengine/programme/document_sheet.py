"""The printed documents: a plaque or certificate on one page across, a report upright on as many as it takes."""

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4, landscape
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates.sheet import GOLD, GREY, INK, NAVY, attach, sign_here
from certengine.certificates.typesetting import draw_centred, draw_qr, draw_text, fitted, new_canvas, wrapped
from certengine.foundation.canonical import canonical_json
from certengine.foundation.clock import chinese_day

LEFT = 60.0
STEP = 19.0


class Paper(enum.Enum):
    PLAQUE = "plaque"
    CERTIFICATE = "certificate"
    REPORT = "report"


@dataclass(frozen=True)
class DocumentSheet:
    """What is set: the facts, on which paper, where the QR code leads, the hash of the ledger's leaf."""

    facts: Mapping[str, Any]
    paper: Paper
    address: str
    leaf_hash: str


def typeset(sheet: DocumentSheet, signature: bytes | None = None) -> bytes:
    """The PDF; signature is the signature dictionary with its places still empty, or None for an unsigned one."""
    out = BytesIO()
    size = A4 if sheet.paper is Paper.REPORT else landscape(A4)
    canvas = new_canvas(out, size, f"{sheet.facts['title']} {sheet.facts['number']}")
    canvas.setAuthor(sheet.facts["institution"])
    if sheet.paper is Paper.REPORT:
        _report(canvas, sheet)
    else:
        _across(canvas, sheet)
    attach(canvas, canonical_json(dict(sheet.facts)))
    if signature is not None:
        sign_here(canvas, signature)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _across(canvas: Canvas, sheet: DocumentSheet) -> None:
    width, height = landscape(A4)
    plaque = sheet.paper is Paper.PLAQUE
    canvas.setStrokeColorRGB(*(GOLD if plaque else NAVY))
    canvas.setLineWidth(8 if plaque else 5)
    canvas.rect(22, 22, width - 44, height - 44)
    canvas.setLineWidth(1)
    canvas.rect(34, 34, width - 68, height - 68)
    canvas.setFillColorRGB(*NAVY)
    facts, middle = sheet.facts, width / 2
    title, holder = (facts["holder"], facts["title"]) if plaque else (facts["title"], facts["holder"])
    draw_centred(canvas, middle, height - 130, title, fitted(title, 40, width - 140))
    canvas.setFillColorRGB(*INK)
    draw_centred(canvas, middle, height - 190, holder, fitted(holder, 26, width - 160))
    y = height - 240
    for line in facts["lines"]:
        for part in wrapped(line, 14, width - 200):
            draw_centred(canvas, middle, y, part, 14)
            y -= 24
    canvas.setFillColorRGB(*GREY)
    foot = [
        f"编号：{facts['number']}",
        f"颁发单位：{facts['institution']}",
        f"颁发日期：{chinese_day(facts['issued_on'])}",
    ]
    for place, line in enumerate(foot):
        draw_text(canvas, LEFT, 128 - place * 20, line, fitted(line, 12, width - 300))
    draw_text(canvas, LEFT, 58, f"公开账本凭据（叶哈希）：{sheet.leaf_hash}", 7.5)
    draw_text(canvas, LEFT, 46, f"查验：扫描二维码，或访问 {sheet.address}", 7.5)
    draw_qr(canvas, sheet.address, width - 160, 52, 96)


def _report(canvas: Canvas, sheet: DocumentSheet) -> None:
    width, height = A4
    facts = sheet.facts
    canvas.setFillColorRGB(*INK)
    draw_centred(canvas, width / 2, height - 90, facts["title"], fitted(facts["title"], 20, width - 2 * LEFT))
    draw_centred(canvas, width / 2, height - 114, facts["holder"], fitted(facts["holder"], 13, width - 2 * LEFT))
    y = height - 150
    for line in facts["lines"]:
        for part in wrapped(line, 11, width - 2 * LEFT):
            y = _room(canvas, y)
            draw_text(canvas, LEFT, y, part, 11)
            y -= STEP
    for row in facts["rows"]:
        y = _room(canvas, y)
        y = _row(canvas, y, row, width)
    if y < 190:
        canvas.showPage()
        y = height - 70
    canvas.setFillColorRGB(*GREY)
    foot = [
        f"编号：{facts['number']}",
        f"出具单位：{facts['institution']}",
        f"出具日期：{chinese_day(facts['issued_on'])}",
    ]
    for place, line in enumerate(foot):
        draw_text(canvas, LEFT, 150 - place * 18, line, fitted(line, 11, 360))
    draw_text(canvas, LEFT, 82, f"公开账本凭据（叶哈希）：{sheet.leaf_hash}", 6.5)
    draw_text(canvas, LEFT, 68, f"查验：扫描二维码，或访问 {sheet.address}", 7.5)
    draw_qr(canvas, sheet.address, width - 160, 90, 92)


def _room(canvas: Canvas, y: float) -> float:
    """The next line's place, on a new page where this one is full."""
    if y >= 80:
        return y
    canvas.showPage()
    canvas.setFillColorRGB(*INK)
    return float(A4[1]) - 70


def _row(canvas: Canvas, y: float, row: list[str], width: float) -> float:
    """One row of a table; a row of one cell is a heading."""
    if len(row) == 1:
        y -= 8
        draw_text(canvas, LEFT, y, row[0], 13)
        return y - STEP
    first, rest = row[0], row[1:]
    share = (width - 2 * LEFT - 190) / len(rest)
    draw_text(canvas, LEFT, y, first, fitted(first, 10, 180))
    for place, cell in enumerate(rest):
        draw_text(canvas, LEFT + 190 + place * share, y, cell, fitted(cell, 10, share - 6))
    canvas.setLineWidth(0.3)
    canvas.setStrokeColorRGB(*GREY)
    canvas.line(LEFT, y - 5, width - LEFT, y - 5)
    return y - STEP
