"""The record of an exam room on paper."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates.typesetting import draw_centred, draw_text, fitted, new_canvas
from certengine.foundation.clock import chinese_time
from certengine.papers.typeset import Line, Style, set_lines, space, table, words
from certengine.proctoring.models import ExamRoomRecord

WIDTH, HEIGHT = A4
LEFT, TOP, BOTTOM = 56.0, HEIGHT - 60, 60.0
MEASURE = WIDTH - 2 * LEFT
SIZE = 10.0
ACTS = {
    "attempt.extended": "延长时间",
    "attempt.suspended": "暂停",
    "attempt.resumed": "恢复",
    "room.acted": "全考场操作",
}


def record_pdf(record: ExamRoomRecord, kinds: Mapping[str, str]) -> bytes:
    """kinds: an incident's kind → its word."""
    lines = list(_body(record.content, kinds))
    lines.append(_signatures(record))
    out = BytesIO()
    canvas = new_canvas(out, A4, f"考场记录单 {record.content['room']}")
    pages: list[list[Line]] = [[]]
    left = TOP - BOTTOM
    for line in lines:
        if line.height > left:
            pages.append([])
            left = TOP - BOTTOM
        pages[-1].append(line)
        left -= line.height
    for number, page in enumerate(pages, 1):
        top = TOP
        for line in page:
            line.paint(canvas, LEFT, top)
            top -= line.height
        draw_text(canvas, LEFT, 40, f"记录哈希 {record.digest}", 7)
        draw_centred(canvas, WIDTH / 2, 26, f"第 {number} 页  共 {len(pages)} 页", 8)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _body(content: Mapping[str, Any], kinds: Mapping[str, str]) -> Sequence[Line]:
    def title(canvas: Canvas, x: float, top: float) -> None:
        draw_centred(canvas, WIDTH / 2, top - 20, "考场记录单", 18)
        draw_centred(canvas, WIDTH / 2, top - 42, content["title"], fitted(content["title"], 12, MEASURE))

    present = content["planned"] - len(content["absent"])
    facts = [
        ("考场", f"{content['room']}  {content['site']}"),
        ("时间", f"{_time(content['starts_at'], '%Y年%m月%d日 %H:%M')} 至 {_time(content['ends_at'], '%H:%M')}"),
        ("应到 / 实到 / 缺考", f"{content['planned']} / {present} / {len(content['absent'])}"),
        ("缺考座位", _seats(content["absent"])),
        ("交卷", f"{content['submitted']}，其中监考员代交：{_seats(content['forced'])}"),
    ]
    lines = [Line(56, title), *_table([["项目", "内容"], *map(list, facts)]), space(10)]
    incidents = [
        [_time(each["at"]), str(each["seat"] or "全考场"), kinds[each["kind"]], each["text"], each["by"]]
        for each in content["incidents"]
    ]
    lines += _part("考场情况", [["时间", "座位", "类别", "情况", "记录人"], *incidents])
    acts = [
        [
            _time(each["at"]),
            str(each["seat"] or "全考场"),
            ACTS[each["kind"]] + (f" {each['minutes']} 分钟" if each["minutes"] else ""),
            each["reason"] or "",
        ]
        for each in content["acts"]
    ]
    lines += _part("操作", [["时间", "座位", "操作", "原因"], *acts])
    handovers = [[_time(each["at"]), each["from"], each["to"] or "", each["note"]] for each in content["handovers"]]
    lines += _part("监考交接", [["时间", "交", "接", "事项"], *handovers])
    lines += [_heading("备注"), *set_lines(words(content["remarks"] or "无", Style(SIZE)), MEASURE, SIZE), space(12)]
    return lines


def _part(name: str, rows: Sequence[Sequence[str]]) -> list[Line]:
    body = _table(rows) if len(rows) > 1 else set_lines(words("无", Style(SIZE)), MEASURE, SIZE)
    return [_heading(name), *body, space(10)]


def _heading(name: str) -> Line:
    return Line(20, lambda canvas, x, top: _bold(canvas, x, top - 14, name))


def _bold(canvas: Canvas, x: float, y: float, text: str) -> None:
    draw_text(canvas, x, y, text, 11)
    draw_text(canvas, x + 0.3, y, text, 11)


def _table(rows: Sequence[Sequence[str]]) -> list[Line]:
    cells = [[list(words(cell, Style(SIZE, bold=not number))) for cell in row] for number, row in enumerate(rows)]
    return table(cells, MEASURE, SIZE)


def _signatures(record: ExamRoomRecord) -> Line:
    rows = [("监考员一", record.first_name, record.first_at), ("监考员二", record.second_name, record.second_at)]

    def paint(canvas: Canvas, x: float, top: float) -> None:
        for number, (label, name, at) in enumerate(rows):
            y = top - 26 - number * 30
            when = chinese_time(at, seconds=True) if at else ""
            draw_text(canvas, x, y, f"{label}：{name or ''}    {when}", 11)
            draw_text(canvas, x + 300, y, "签字：", 11)
            canvas.line(x + 340, y - 3, x + MEASURE, y - 3)

    return Line(80, paint)


def _time(text: str, spelled: str = "%H:%M:%S") -> str:
    return datetime.fromisoformat(text).strftime(spelled)


def _seats(numbers: Sequence[int]) -> str:
    return "、".join(str(number) for number in numbers) or "无"
