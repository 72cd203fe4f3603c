"""Admission tickets as PDF, and the list of a room as a spreadsheet."""

from collections.abc import Sequence
from io import BytesIO
from uuid import UUID

from openpyxl import Workbook
from reportlab.lib.pagesizes import A4
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas
from sqlalchemy.orm import Session

from certengine.certificates.service import checkpoint_line
from certengine.certificates.typesetting import draw_centred, draw_qr, draw_text, fitted, new_canvas, wrapped
from certengine.foundation.clock import CHINA
from certengine.foundation.runtime import Runtime
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.people import service as people
from certengine.sittings import reading, service
from certengine.sittings.service import CandidateView, PlacementView, SittingView
from certengine.standards.rules import Part

WIDTH, HEIGHT = A4
LEFT = 60.0
PARTS = {Part.THEORY: "理论知识考试", Part.PRACTICAL: "专业能力考核"}
RULES = (
    "考生须持本准考证和报名时所用的有效身份证件原件入场，开考30分钟后不得入场。",
    "手机、智能手表等电子设备须关闭并存放在指定位置；考场内统一提供纸笔。",
    "在考试用机上输入准考证号和证件号码，核对本人信息后等待开考；答案自动保存。",
    "如遇设备故障，举手示意，由监考员处理；因故障损失的时间由监考员补足。",
    "交卷后系统给出回执，其哈希值写入公开账本，考生可随时核对答卷未被改动。",
)


def tickets(session: Session, runtime: Runtime, registration_ids: Sequence[UUID]) -> bytes:
    """A page for each candidate, in the order given."""
    out = BytesIO()
    canvas = new_canvas(out, A4, "准考证")
    line = checkpoint_line(session)
    views: dict[UUID, SittingView] = {}
    institutions: dict[UUID, str] = {}
    for first in range(0, len(registration_ids), 500):
        for candidate in reading.candidates_among(session, registration_ids[first : first + 500]):
            for place in candidate.placements:
                if place.sitting_id not in views:
                    views[place.sitting_id] = service.sitting(session, place.sitting_id)
            owner = candidate.organisation_id
            if owner not in institutions:
                institutions[owner] = people.organisation(session, owner).name
            places = [(views[each.sitting_id], each) for each in candidate.placements]
            _page(canvas, runtime, candidate, places, institutions[owner], line)
    canvas.save()
    return out.getvalue()


def _page(
    canvas: Canvas,
    runtime: Runtime,
    candidate: CandidateView,
    places: Sequence[tuple[SittingView, PlacementView]],
    institution: str,
    checkpoint: str,
) -> None:
    title = places[0][0].title if places else ""
    draw_centred(canvas, WIDTH / 2, HEIGHT - 90, title, fitted(title, 18, WIDTH - 2 * LEFT))
    draw_centred(canvas, WIDTH / 2, HEIGHT - 125, "准  考  证", 26)
    canvas.line(LEFT, HEIGHT - 142, WIDTH - LEFT, HEIGHT - 142)
    _candidate(canvas, runtime, candidate)
    y = HEIGHT - 330
    for sitting, place in sorted(places, key=lambda each: each[0].starts_at):
        y = _sitting(canvas, sitting, place, y)
    for kept in candidate.kept:
        until = kept.valid_until.astimezone(CHINA)
        text = f"免考：{PARTS[kept.part]}（以前合格，成绩保留至{until.year}年{until.month}月{until.day}日）"
        draw_text(canvas, LEFT + 12, y, text, 11)
        y -= 22
    draw_text(canvas, LEFT, y - 10, "考生须知", 12)
    y -= 30
    for number, rule in enumerate(RULES, 1):
        for line in wrapped(f"{number}. {rule}", 10, WIDTH - 2 * LEFT):
            draw_text(canvas, LEFT, y, line, 10)
            y -= 17
    draw_text(canvas, LEFT, 70, f"{institution}    {checkpoint}", 8)
    canvas.showPage()


def _candidate(canvas: Canvas, runtime: Runtime, candidate: CandidateView) -> None:
    top = HEIGHT - 175
    if candidate.photo:
        picture = ImageReader(BytesIO(runtime.files.get(candidate.photo)))
        canvas.drawImage(picture, WIDTH - LEFT - 96, top - 113, 96, 128)
    else:
        canvas.rect(WIDTH - LEFT - 96, top - 113, 96, 128)
        draw_centred(canvas, WIDTH - LEFT - 48, top - 55, "贴照片处", 10)
    rows = [("姓名", candidate.name), ("准考证号", candidate.ticket_number), ("证件号码", candidate.document_masked)]
    for place, (label, value) in enumerate([*rows, ("工作单位", candidate.employer)]):
        draw_text(canvas, LEFT, top - place * 30, label, 11)
        draw_text(canvas, LEFT + 80, top - place * 30, value, fitted(value, 14, 270))
    address = f"{runtime.settings.base_url}/exam?ticket={candidate.ticket_number}"
    draw_qr(canvas, address, WIDTH - LEFT - 96 - 100, top - 122, 84)


def _sitting(canvas: Canvas, sitting: SittingView, place: PlacementView, y: float) -> float:
    starts, ends = sitting.starts_at.astimezone(CHINA), sitting.ends_at.astimezone(CHINA)
    canvas.roundRect(LEFT, y - 62, WIDTH - 2 * LEFT, 76, 4)
    draw_text(canvas, LEFT + 12, y - 6, PARTS[sitting.part], 12)
    draw_text(
        canvas, LEFT + 160, y - 6, f"{starts.year}年{starts.month}月{starts.day}日 {starts:%H:%M}–{ends:%H:%M}", 12
    )
    draw_text(canvas, LEFT + 12, y - 30, f"考场：{place.room_name}", 12)
    draw_text(canvas, LEFT + 260, y - 30, f"座位号：{place.seat_number}", 14)
    if place.extra_minutes:
        draw_text(canvas, LEFT + 380, y - 30, f"加时 {place.extra_minutes} 分钟", 12)
    site = f"地址：{place.site}" if place.site else ""
    draw_text(canvas, LEFT + 12, y - 52, site, fitted(site, 10, WIDTH - 2 * LEFT - 24) if site else 10)
    return y - 96


def door_list(sitting: SittingView, placed: Sequence[PlacementView]) -> bytes:
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = "签到表"
    append_texts(sheet, [sitting.title])
    sheet.append(["座位", "姓名", "准考证号", "证件号码", "签名"])
    for each in placed:
        append_texts(sheet, [each.seat_number, each.name, each.ticket_number, each.document_masked, ""])
    for letter, width in zip("ABCDE", (8, 18, 18, 24, 20), strict=True):
        sheet.column_dimensions[letter].width = width
    return saved(workbook)
