"""A paper for printing, its answer sheet, and its key: for an exam on paper when machines fail."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO

from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from certengine.bank.rules import Item, ItemType, ReleasedItem
from certengine.certificates.typesetting import draw_centred, draw_text, fitted, new_canvas, text_width
from certengine.papers.typeset import (
    SIZE,
    Box,
    Line,
    Load,
    Style,
    blocks,
    height_of,
    is_block,
    labelled,
    moved,
    paint_lines,
    running,
    set_lines,
    space,
    table,
    words,
)
from certengine.papers.values import Paper, PaperItem, PaperRules

WIDTH, HEIGHT = A4
LEFT, TOP, BOTTOM = 56.0, HEIGHT - 62, 62.0
MEASURE = WIDTH - 2 * LEFT
LETTERS = "ABCDEFGHIJKL"
RIGHT_LETTERS = "PQRSTUVWXYZ"
NUMERALS = "一二三四五六七八九十"
TYPES = {
    ItemType.SINGLE: ("单项选择题", "每题只有一个正确选项。"),
    ItemType.MULTIPLE: ("多项选择题", "每题有两个或两个以上正确选项，多选、错选不得分。"),
    ItemType.JUDGEMENT: ("判断题", "正确的涂“√”，错误的涂“×”。"),
    ItemType.FILL_IN: ("填空题", "按空的编号填写。"),
    ItemType.ORDERING: ("排序题", "按正确顺序写选项字母。"),
    ItemType.MATCHING: ("匹配题", "写出左项与右项的对应关系，如 A-P。"),
    ItemType.SHORT_ANSWER: ("简答题", "在答题卡上作答。"),
    ItemType.CASE: ("案例题", "阅读材料，回答各小题。"),
}
RULES = (
    "1. 考试时间 {minutes} 分钟，满分 {points} 分；所有答案写在答题卡上，写在试卷上无效。",
    "2. 开考前检查试卷页码是否完整；试卷、答题卡、草稿纸一律不得带出考场。",
)
# Tables of partial credit say otherwise than all or nothing.
PARTIAL = {
    "proportional": "每题有两个或两个以上正确选项，选对部分按比例得分，有错选不得分。",
    "minus_wrong": "每题有两个或两个以上正确选项，选对得分、选错扣分，最低 0 分。",
}


@dataclass(frozen=True)
class Sheet:
    """What stands on a printed paper besides its items; name: which form it is."""

    title: str
    name: str
    minutes: int
    paper: Paper
    rules: PaperRules
    items: Mapping[str, ReleasedItem]

    def sections(self) -> Iterator[tuple[int, ItemType, list[tuple[int, PaperItem]]]]:
        """(section, type, its items with their numbers on the whole paper)."""
        number = 1
        for place, rule in enumerate(self.rules.sections):
            inside = []
            for placed in (each for each in self.paper.items if each.section == place):
                inside.append((number, placed))
                number += 1
            yield place, ItemType(rule.type), inside


def paper_pdf(sheet: Sheet, load: Load) -> bytes:
    """The questions, without a word of their answers."""
    groups = [_head(sheet)]
    for place, kind, inside in sheet.sections():
        if not inside:
            continue
        groups.append(_section_head(sheet, place, kind, inside))
        groups.extend(_question(number, sheet.items[placed.item], placed, load) for number, placed in inside)
    return _printed(sheet, groups, "试卷")


def _head(sheet: Sheet) -> list[Line]:
    def paint(canvas: Canvas, x: float, top: float) -> None:
        draw_centred(canvas, WIDTH / 2, top - 20, sheet.title, fitted(sheet.title, 17, MEASURE))
        draw_centred(canvas, WIDTH / 2, top - 44, f"理论知识试卷  {sheet.name}", 12)
        at = x
        for label, wide in (("姓名", 130.0), ("准考证号", 190.0), ("考场座位", 110.0)):
            draw_text(canvas, at, top - 72, label, SIZE)
            start = at + text_width(label, SIZE) + 4
            canvas.line(start, top - 75, at + wide - 12, top - 75)
            at += wide
        canvas.line(x, top - 86, x + MEASURE, top - 86)

    values = {"minutes": sheet.minutes, "points": f"{sheet.rules.points.normalize():f}"}
    rules = [line for rule in RULES for line in set_lines(words(rule.format(**values), Style(9)), MEASURE, 9)]
    return [Line(92, paint), *rules, space(6)]


def _section_head(sheet: Sheet, place: int, kind: ItemType, inside: Sequence[tuple[int, PaperItem]]) -> list[Line]:
    rule = sheet.rules.sections[place]
    name, how = TYPES[kind]
    if kind is ItemType.MULTIPLE:
        how = PARTIAL.get(rule.partial, how)
    whole = rule.points * rule.count
    head = f"{NUMERALS[place]}、{name}（共 {rule.count} 题，每题 {_points(rule.points)} 分，共 {_points(whole)} 分。{how}）"
    return [space(8), *set_lines(words(head, Style(SIZE + 0.5, bold=True)), MEASURE, SIZE + 0.5), space(3)]


def _points(value: Decimal) -> str:
    return f"{value.normalize():f}"


def _question(number: int, item: Item, placed: PaperItem, load: Load) -> list[Line]:
    lines = labelled(f"{number}.", blocks(item.stem, MEASURE - 24, load), 24)
    lines += moved(_answers(item, placed, load, MEASURE - 24), 24)
    for place, part in enumerate(item.parts, 1):
        lines += moved(labelled(f"（{place}）", blocks(part.stem, MEASURE - 54, load), 30), 24)
        lines += moved(_answers(part, _part_order(part), load, MEASURE - 54), 54)
    return [*lines, space(6)]


def _part_order(part: Item) -> PaperItem:
    """The parts of a case keep the order in which they were written."""
    options = tuple(option.id for option in part.options)
    return PaperItem(part.id, 1, options, Decimal(0), 0, tuple(match.id for match in part.matches))


def _answers(item: Item, placed: PaperItem, load: Load, width: float) -> list[Line]:
    if item.type is ItemType.JUDGEMENT:
        return []
    if item.type is ItemType.MATCHING:
        left = [f"{letter}. {item.option(each).text}" for letter, each in zip(LETTERS, placed.options, strict=False)]
        right = [
            f"{letter}. {item.option(each).text}" for letter, each in zip(RIGHT_LETTERS, placed.matches, strict=False)
        ]
        rows = [
            [left[n] if n < len(left) else "", right[n] if n < len(right) else ""]
            for n in range(max(len(left), len(right)))
        ]
        return table([[running(cell, load) if cell else [] for cell in row] for row in rows], width)
    texts = [item.option(each).text for each in placed.options]
    if any(is_block(text) for text in texts):
        return [
            line
            for letter, text in zip(LETTERS, texts, strict=False)
            for line in labelled(f"{letter}.", blocks(text, width - 22, load), 22)
        ]
    return _option_rows([running(text, load) for text in texts], width)


def _option_rows(options: Sequence[list[Box]], width: float) -> list[Line]:
    """Four, two or one in a row, as their lengths allow."""
    longest = max((sum(box.width for box in option) for option in options), default=0) + 26
    across = next((n for n in (4, 2) if len(options) >= n and longest <= width / n), 1)
    cell = width / across
    found = []
    for start in range(0, len(options), across):
        row = [
            labelled(f"{LETTERS[start + place]}.", set_lines(option, cell - 26), 22)
            for place, option in enumerate(options[start : start + across])
        ]
        if across == 1:
            found.extend(row[0])
        else:
            found.append(_beside(row, cell))
    return found


def _beside(row: Sequence[Sequence[Line]], cell: float) -> Line:
    def paint(canvas: Canvas, x: float, top: float) -> None:
        for place, lines in enumerate(row):
            paint_lines(canvas, lines, x + place * cell, top)

    return Line(max(height_of(lines) for lines in row), paint)


def _printed(sheet: Sheet, groups: Sequence[Sequence[Line]], what: str) -> bytes:
    """A group stays on one page where it fits on one."""
    pages: list[list[Line]] = [[]]
    left = TOP - BOTTOM
    for group in groups:
        if height_of(group) > left and height_of(group) <= TOP - BOTTOM:
            pages.append([])
            left = TOP - BOTTOM
        for line in group:
            if line.height > left and pages[-1]:
                pages.append([])
                left = TOP - BOTTOM
            pages[-1].append(line)
            left -= line.height
    out = BytesIO()
    canvas = new_canvas(out, A4, f"{sheet.title} {sheet.name} {what}")
    for number, lines in enumerate(pages, 1):
        paint_lines(canvas, lines, LEFT, TOP)
        foot(canvas, sheet, f"{what}  第 {number} 页  共 {len(pages)} 页")
        canvas.showPage()
    canvas.save()
    return out.getvalue()


def foot(canvas: Canvas, sheet: Sheet, text: str) -> None:
    """The paper's hash stands on every page: it is the one that was committed to before the start."""
    canvas.setLineWidth(0.5)
    canvas.line(LEFT, 50, WIDTH - LEFT, 50)
    draw_centred(canvas, WIDTH / 2, 36, text, 9)
    draw_text(canvas, LEFT, 24, f"{sheet.name}  试卷哈希 {sheet.paper.paper_hash}", 7)


def key_pdf(sheet: Sheet) -> bytes:
    """The answers in the letters of this form, with points and the item that each one is."""
    head = ["题号", "答案", "分值", "题目编号", "大纲"]
    rows: list[list[list[Box]]] = [[list(words(each, Style(9.5, bold=True))) for each in head]]
    for _place, _kind, inside in sheet.sections():
        for number, placed in inside:
            item = sheet.items[placed.item]
            answer = "；".join(answers(item, placed))
            cells = [str(number), answer, _points(placed.points), f"{item.id} v{placed.version}", item.outline]
            rows.append([list(words(cell, Style(9.5))) for cell in cells])

    def paint(canvas: Canvas, x: float, top: float) -> None:
        draw_centred(canvas, WIDTH / 2, top - 18, sheet.title, fitted(sheet.title, 15, MEASURE))
        draw_centred(canvas, WIDTH / 2, top - 40, f"参考答案  {sheet.name}    考试结束前严格保密", 11)

    groups = [[Line(52, paint)], *([line] for line in table(rows, MEASURE, 9.5))]
    return _printed(sheet, groups, "答案")


def answers(item: Item, placed: PaperItem) -> list[str]:
    """The key in the letters of this paper; of a case one for each part."""
    if item.type is ItemType.CASE:
        return [f"（{n}）{'；'.join(answers(part, _part_order(part)))}" for n, part in enumerate(item.parts, 1)]
    letter = dict(zip(placed.options, LETTERS, strict=False))
    key = item.key
    if item.type is ItemType.JUDGEMENT:
        return ["√" if key == "true" else "×"]
    if item.type is ItemType.FILL_IN:
        return [f"({blank.id}) {_blank_answer(blank)}" for blank in item.blanks]
    if item.type is ItemType.SHORT_ANSWER:
        return [point.text for point in item.points_of_answer] or [item.model_answer]
    if item.type is ItemType.MATCHING and isinstance(key, Mapping):
        right = dict(zip(placed.matches, RIGHT_LETTERS, strict=False))
        return ["，".join(sorted(f"{letter[left]}-{right[side]}" for left, side in key.items()))]
    if item.type is ItemType.ORDERING:
        return ["".join(letter[each] for each in key or ())]
    return ["".join(sorted(letter[each] for each in (key if isinstance(key, tuple) else (str(key),))))]


def _blank_answer(blank: object) -> str:
    value, tolerance = getattr(blank, "value", None), getattr(blank, "tolerance", 0)
    if value is not None:
        return f"{value}±{tolerance}" if tolerance else str(value)
    return " / ".join(getattr(blank, "accept", ()))
