"""The answer sheet of a printed paper: ovals to fill for what is chosen, lines for what is written."""

from collections.abc import Iterator, Sequence
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from certengine.bank.rules import Item, ItemType
from certengine.certificates.typesetting import draw_centred, draw_text, fitted, new_canvas
from certengine.papers.sheets import BOTTOM, LEFT, LETTERS, MEASURE, TOP, TYPES, WIDTH, Sheet, foot
from certengine.papers.typeset import Line, space
from certengine.papers.values import PaperItem

DIGITS = 16
COLUMNS = 4
OVAL = (15.0, 9.0)
CHOSEN = (ItemType.SINGLE, ItemType.MULTIPLE, ItemType.JUDGEMENT)


def answer_sheet_pdf(sheet: Sheet) -> bytes:
    groups = [[_head(sheet)], [_ticket()]]
    for _place, kind, inside in sheet.sections():
        if not inside:
            continue
        groups.append([_title(TYPES[kind][0])])
        groups.extend(_chosen(sheet, inside) if kind in CHOSEN else _written(sheet, inside))
    out = BytesIO()
    canvas = new_canvas(out, A4, f"{sheet.title} {sheet.name} 答题卡")
    pages = list(_pages(groups))
    for number, lines in enumerate(pages, 1):
        _corners(canvas)
        top = TOP
        for line in lines:
            line.paint(canvas, LEFT, top)
            top -= line.height
        foot(canvas, sheet, f"答题卡  第 {number} 页  共 {len(pages)} 页")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def _pages(groups: Sequence[Sequence[Line]]) -> Iterator[list[Line]]:
    page: list[Line] = []
    left = TOP - BOTTOM
    for group in groups:
        for line in group:
            if line.height > left:
                yield page
                page, left = [], TOP - BOTTOM
            page.append(line)
            left -= line.height
    yield page


def _corners(canvas: Canvas) -> None:
    """Squares by which a scanner finds the page."""
    for x in (24.0, WIDTH - 34):
        for y in (A4[1] - 34, 14.0):
            canvas.rect(x, y, 10, 10, stroke=0, fill=1)


def _head(sheet: Sheet) -> Line:
    def paint(canvas: Canvas, x: float, top: float) -> None:
        draw_centred(canvas, WIDTH / 2, top - 16, sheet.title, fitted(sheet.title, 15, MEASURE))
        draw_centred(canvas, WIDTH / 2, top - 38, f"答题卡  {sheet.name}", 12)
        for place, label in enumerate(("姓名", "身份证件号码后四位", "考场座位")):
            draw_text(canvas, x + place * 165, top - 62, f"{label}：", 10)
        draw_text(canvas, x, top - 82, "填涂样例", 9)
        canvas.roundRect(x + 44, top - 84, *OVAL, 4, fill=1)
        draw_text(
            canvas, x + 66, top - 82, "用 2B 铅笔涂满；改动须擦净；不得折叠、污损答题卡。缺考标记（监考员填涂）", 9
        )
        canvas.roundRect(x + MEASURE - 20, top - 84, *OVAL, 4)

    return Line(94, paint)


def _ticket() -> Line:
    """The number of the admission ticket, written above and filled below, digit by digit."""
    cell = MEASURE / DIGITS

    def paint(canvas: Canvas, x: float, top: float) -> None:
        draw_text(canvas, x, top - 9, "准考证号", 9)
        for column in range(DIGITS):
            left = x + column * cell
            canvas.rect(left, top - 32, cell, 18)
            for digit in range(10):
                y = top - 45 - digit * 12
                canvas.roundRect(left + (cell - OVAL[0]) / 2, y, *OVAL, 4)
                draw_centred(canvas, left + cell / 2, y + 2, str(digit), 6.5)

    return Line(168, paint)


def _title(name: str) -> Line:
    return Line(20, lambda canvas, x, top: _bold(canvas, x, top - 13, name))


def _bold(canvas: Canvas, x: float, y: float, text: str) -> None:
    draw_text(canvas, x, y, text, 10.5)
    draw_text(canvas, x + 0.3, y, text, 10.5)


def _chosen(sheet: Sheet, inside: Sequence[tuple[int, PaperItem]]) -> Iterator[list[Line]]:
    """Four questions in a row, or fewer where options are many."""
    most = max(len(placed.options) for _number, placed in inside)
    across = COLUMNS if most <= 5 else 2
    for start in range(0, len(inside), across):
        yield [_oval_row(inside[start : start + across], MEASURE / across)]


def _oval_row(row: Sequence[tuple[int, PaperItem]], cell: float) -> Line:
    def paint(canvas: Canvas, x: float, top: float) -> None:
        for place, (number, placed) in enumerate(row):
            left = x + place * cell
            draw_text(canvas, left, top - 12, str(number), 9)
            marks = "√×" if placed.options[:1] in (("true",), ("false",)) else LETTERS[: len(placed.options)]
            for at, mark in enumerate(marks):
                oval = left + 20 + at * 19
                canvas.roundRect(oval, top - 14, *OVAL, 4)
                draw_centred(canvas, oval + OVAL[0] / 2, top - 12, mark, 6.5)

    return Line(17, paint)


def _written(sheet: Sheet, inside: Sequence[tuple[int, PaperItem]]) -> Iterator[list[Line]]:
    """Single gaps two in a row; what needs more room has the width of the page."""
    narrow: list[Line] = []
    for number, placed in inside:
        item = sheet.items[placed.item]
        parts = [(f"{number}（{n}）", part) for n, part in enumerate(item.parts, 1)] or [(f"{number}", item)]
        for label, each in parts:
            labels, lines = _room(each)
            if lines > 1 or len(labels) > 1:
                yield from _pairs(narrow)
                narrow = []
                yield [_ruled(label, labels, lines, MEASURE)]
            else:
                narrow.append(_ruled(label, labels, lines, MEASURE / 2))
    yield from _pairs(narrow)
    yield [space(4)]


def _pairs(lines: Sequence[Line]) -> Iterator[list[Line]]:
    for start in range(0, len(lines), 2):
        yield [_beside(lines[start : start + 2])]


def _beside(pair: Sequence[Line]) -> Line:
    def paint(canvas: Canvas, x: float, top: float) -> None:
        for place, line in enumerate(pair):
            line.paint(canvas, x + place * MEASURE / 2, top)

    return Line(max(line.height for line in pair), paint)


def _room(item: Item) -> tuple[list[str], int]:
    """(labels of what is to be written, how many lines)."""
    if item.type is ItemType.FILL_IN and len(item.blanks) > 1:
        return [f"({blank.id})" for blank in item.blanks], 1
    return [""], 8 if item.type is ItemType.SHORT_ANSWER else 1


def _ruled(number: str, labels: Sequence[str], lines: int, measure: float) -> Line:
    def paint(canvas: Canvas, x: float, top: float) -> None:
        draw_text(canvas, x, top - 16, number, 9.5)
        start, wide = x + 40, (measure - 40) / len(labels)
        for place, label in enumerate(labels):
            left = start + place * wide
            draw_text(canvas, left, top - 16, label, 9)
            for line in range(lines):
                canvas.line(left + (22 if label else 0), top - 20 - line * 22, left + wide - 10, top - 20 - line * 22)

    return Line(8 + 22.0 * lines, paint)
