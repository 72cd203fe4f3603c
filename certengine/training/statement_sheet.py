"""The printed statement of a year's hours: A4 upright, as many pages as the list takes, signed on the last."""

from collections.abc import Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates.sheet import attach, sign_here
from certengine.certificates.typesetting import (
    draw_centred,
    draw_qr,
    draw_text,
    fitted,
    new_canvas,
    text_width,
    wrapped,
)
from certengine.foundation.canonical import canonical_json
from certengine.foundation.clock import chinese_day
from certengine.training.course_models import Subject, Way

WIDTH, HEIGHT = map(float, A4)
LEFT, RIGHT = 60.0, WIDTH - 60
TITLE = "专业技术人员继续教育学时证明"
SUBJECTS = {Subject.GENERAL.value: "公需科目", Subject.PROFESSIONAL.value: "专业科目"}
WAYS = {
    Way.COURSE.value: "网络课程",
    Way.TRAINING_CLASS.value: "培训班",
    Way.SEMINAR.value: "高级研修班",
    Way.PRACTICE.value: "实践",
    Way.DISTANCE.value: "远程教育",
    Way.CONFERENCE.value: "学术会议",
}
# Where the columns begin.
COLUMNS: tuple[tuple[str, float], ...] = (
    ("日期", LEFT),
    ("内容", LEFT + 84),
    ("科目", RIGHT - 165),
    ("方式", RIGHT - 105),
    ("学时", RIGHT - 38),
)
STEP, BOTTOM, FOOT = 18.0, 90.0, 210.0


@dataclass(frozen=True)
class StatementSheet:
    """What is set: the facts, where the QR code leads, the hash of the ledger's leaf."""

    facts: Mapping[str, Any]
    address: str
    leaf_hash: str


def typeset(sheet: StatementSheet, signature: bytes | None = None) -> bytes:
    """The PDF; signature is the signature dictionary with its places still empty, or None for an unsigned one."""
    out = BytesIO()
    canvas = new_canvas(out, A4, f"{TITLE} {sheet.facts['year']}")
    y = _head(canvas, sheet.facts)
    y = _columns(canvas, y)
    for each in sheet.facts["credits"]:
        if y < BOTTOM:
            canvas.showPage()
            y = _columns(canvas, HEIGHT - 70)
        y = _row(canvas, y, each)
    if y < FOOT:
        canvas.showPage()
        y = HEIGHT - 70
    _foot(canvas, sheet, y - 12)
    attach(canvas, canonical_json(dict(sheet.facts)))
    if signature is not None:
        sign_here(canvas, signature)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _head(canvas: Canvas, facts: Mapping[str, Any]) -> float:
    draw_centred(canvas, WIDTH / 2, HEIGHT - 90, TITLE, 22)
    draw_centred(canvas, WIDTH / 2, HEIGHT - 116, f"{facts['year']}年度", 14)
    y = HEIGHT - 155
    draw_text(canvas, LEFT, y, "姓名", 11)
    draw_text(canvas, LEFT + 60, y, facts["name"], fitted(facts["name"], 14, 190))
    draw_text(canvas, LEFT + 265, y, "证件号码", 11)
    draw_text(canvas, LEFT + 325, y, facts["document"], fitted(facts["document"], 12, RIGHT - LEFT - 325))
    return y - 36


def _columns(canvas: Canvas, y: float) -> float:
    for label, x in COLUMNS:
        draw_text(canvas, x, y, label, 10)
    canvas.setLineWidth(0.7)
    canvas.line(LEFT, y - 5, RIGHT, y - 5)
    return y - STEP - 2


def _row(canvas: Canvas, y: float, credit: Mapping[str, Any]) -> float:
    room = COLUMNS[2][1] - COLUMNS[1][1] - 8
    lines = wrapped(credit["title"], 9.5, room)
    draw_text(canvas, COLUMNS[0][1], y, chinese_day(credit["on"]), 9.5)
    for place, line in enumerate(lines):
        draw_text(canvas, COLUMNS[1][1], y - place * 12, line, 9.5)
    draw_text(canvas, COLUMNS[2][1], y, SUBJECTS[credit["subject"]], 9.5)
    draw_text(canvas, COLUMNS[3][1], y, WAYS[credit["way"]], 9.5)
    draw_text(canvas, RIGHT - text_width(credit["hours"], 9.5), y, credit["hours"], 9.5)
    return float(y - STEP - (len(lines) - 1) * 12)


def _foot(canvas: Canvas, sheet: StatementSheet, y: float) -> None:
    facts = sheet.facts
    canvas.line(LEFT, y + STEP, RIGHT, y + STEP)
    sums = f"合计 {facts['total']} 学时：公需科目 {facts['general']}，专业科目 {facts['professional']}"
    draw_text(canvas, LEFT, y, sums, 11)
    asked = f"年度要求 {facts['asked_total']} 学时，其中专业科目 {facts['asked_professional']}："
    draw_text(canvas, LEFT, y - 20, asked + ("已达到" if facts["met"] else "尚未达到"), 11)
    draw_qr(canvas, sheet.address, RIGHT - 92, y - 122, 92)
    institution = facts["institution"]
    if institution:
        draw_text(canvas, LEFT, y - 48, f"出具单位：{institution}", fitted(f"出具单位：{institution}", 11, 370))
    draw_text(canvas, LEFT, y - 66, f"出具日期：{chinese_day(facts['issued_on'])}", 11)
    line = f"查验：扫描二维码，或访问 {sheet.address}"
    draw_text(canvas, LEFT, y - 88, line, fitted(line, 8, 375))
    draw_text(canvas, LEFT, y - 101, "公开账本凭据（叶哈希，可在账本页核对）：", 8)
    draw_text(canvas, LEFT, y - 112, sheet.leaf_hash, fitted(sheet.leaf_hash, 8, 375))
