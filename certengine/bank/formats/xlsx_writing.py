"""The spreadsheet that authors fill in, and the export of a bank into the same columns."""

from collections.abc import Sequence
from decimal import Decimal
from io import BytesIO

from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from certengine.bank.formats.writing import Written, lost_pictures, without_cases
from certengine.bank.formats.xlsx_columns import (
    COGNITION,
    COGNITION_WORDS,
    REQUIRED,
    SHEET,
    TYPE_WORDS,
    TYPES,
    CannotHold,
    answer_cell,
    points_cell,
)
from certengine.bank.rules import JUDGEMENT_OPTIONS, Blank, Cognition, Entry, Item, ItemType, Option, number_text
from certengine.foundation.errors import Problem

MEDIA_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
BEFORE = ("编号", "题型", "大纲编号", "方向", "认知层次", "难度", "题干")
AFTER = ("答案", "固定选项", "解析", "依据", "互斥题", "采分点")
PARAMETERS = ("区分度", "猜测度")
WIDE = {"题干": 60, "解析": 50, "依据": 30, "采分点": 30, "答案": 16, "编号": 14}
READY_ROWS = 1000
LONGEST_CELL = 32_767
HELP = (
    ("编号", "可留空，由题库编号；已有编号再次导入时生成新版本，待审题员审核"),
    ("题型", "从下拉列表选择"),
    ("大纲编号", "职业标准大纲中的考核点编号，如 1.1.2；同一考核点的连续几行可以合并单元格"),
    ("方向", "只属于某些职业方向的试题填写方向代号，多个用逗号分开；通用试题留空"),
    ("难度", "估计的难度，-3 到 3，越大越难；不清楚可填 0"),
    ("题干", "可用 Markdown；公式写在 $ 与 $ 之间；填空处写 {{1}}、{{2}}"),
    ("答案（单选、多选）", "选项字母，如 B；A,C"),
    ("答案（判断）", "正确 或 错误"),
    ("答案（填空）", "每空一行：1: 0.80±0.005；文字答案可并列：2: 0.67 | 2/3"),
    ("答案（排序）", "按正确顺序写选项字母，如 C,A,B"),
    ("答案（匹配）", "左项-右项，如 A-P, B-Q；右项可以多于左项"),
    ("答案（简答）", "参考答案；采分点一列每点一行，如 4：写出精确率公式"),
    ("固定选项", "不参加乱序、始终排在最后的选项字母"),
    ("互斥题", "不能与本题同卷的试题编号，双方都要填写"),
)


def write_xlsx(entries: Sequence[Entry]) -> Written:
    """Items only; families and practical tasks are listed as left out."""
    items, left_out = without_cases(entries, "xlsx")
    left_out.extend(lost_pictures(items))
    book = _workbook()
    sheet = _sheet(book.create_sheet(SHEET, 0), SHEET, _headers(items))
    line = 2
    for item in items:
        try:
            _write_row(sheet, line, item)
            line += 1
        except CannotHold:
            left_out.append(Problem(item.id, "bank.xlsx_cannot_answer", {"item": item.id}))
    return _written(book, left_out)


def template() -> Written:
    """An empty sheet with text cells and lists to choose from, examples, and what goes where."""
    book = _workbook()
    headers = _headers(_examples())
    sheet = _sheet(book.create_sheet(SHEET, 0), SHEET, headers)
    for column, header in enumerate(headers, 1):
        for line in range(2, READY_ROWS + 2):
            sheet.cell(line, column).number_format = "@"
        words = TYPES if header == "题型" else COGNITION if header == "认知层次" else None
        if words:
            rule = DataValidation(type="list", formula1=f'"{",".join(words)}"', allow_blank=True)
            rule.error, rule.errorTitle = "请从列表中选择", header
            rule.showErrorMessage = True
            rule.add(f"{get_column_letter(column)}2:{get_column_letter(column)}{READY_ROWS + 1}")
            sheet.add_data_validation(rule)
    examples = _sheet(book.create_sheet("示例"), "示例", headers)
    for line, item in enumerate(_examples(), 2):
        _write_row(examples, line, item)
    notes = book.create_sheet("填写说明")
    for line, row in enumerate((("列", "填写方法"), *HELP), 1):
        for column, text in enumerate(row, 1):
            notes.cell(line, column, text).font = Font(bold=line == 1)
    notes.column_dimensions["A"].width, notes.column_dimensions["B"].width = 22, 80
    return _written(book, [])


def _headers(items: Sequence[Item]) -> list[str]:
    options = max([4, *(len(item.options) for item in items if item.type is not ItemType.JUDGEMENT)])
    letters = {each.id for item in items if item.type is not ItemType.JUDGEMENT for each in item.options}
    letters |= set("abcdefghijklmnopqrstuvwxyz"[:options])
    rights = sorted({each.id for item in items for each in item.matches})
    extra = PARAMETERS if any(item.discrimination != 1 or item.guessing for item in items) else ()
    return [
        *BEFORE,
        *(f"选项{x.upper()}" for x in sorted(letters)),
        *(f"右项{x.upper()}" for x in rights),
        *AFTER,
        *extra,
    ]


def _sheet(sheet: Worksheet, title: str, headers: list[str]) -> Worksheet:
    sheet.title = title
    sheet.freeze_panes = "A2"
    for column, header in enumerate(headers, 1):
        cell = sheet.cell(1, column, f"{header}*" if header in REQUIRED else header)
        cell.font = Font(bold=True)
        cell.fill = PatternFill("solid", fgColor="DCE9F2")
        sheet.column_dimensions[get_column_letter(column)].width = WIDE.get(header, 22 if header[:2] == "选项" else 12)
    return sheet


def _write_row(sheet: Worksheet, line: int, item: Item) -> None:
    """Raises CannotHold before anything is written."""
    cells = _cells(item)
    if any(ILLEGAL_CHARACTERS_RE.search(text) or len(text) > LONGEST_CELL for text in cells.values()):
        raise CannotHold
    for column in range(1, sheet.max_column + 1):
        text = cells.get(str(sheet.cell(1, column).value).rstrip("*"), "")
        if text:
            cell = sheet.cell(line, column, text)
            # A text that begins with = is a text: a spreadsheet must never compute what an author typed.
            cell.data_type = "s"
            cell.number_format = "@"
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def _cells(item: Item) -> dict[str, str]:
    if item.family or item.type is ItemType.MATCHING and len({x.id for x in item.options}) < len(item.options):
        raise CannotHold
    cells = {
        "编号": item.id,
        "题型": TYPE_WORDS[item.type],
        "大纲编号": item.outline,
        "方向": ",".join(item.directions),
        "认知层次": COGNITION_WORDS[item.cognition],
        "难度": number_text(item.difficulty),
        "题干": item.stem,
        "答案": answer_cell(item),
        "固定选项": ",".join(sorted(each.upper() for each in item.fixed)),
        "解析": item.rationale,
        "依据": item.reference,
        "互斥题": ",".join(sorted(item.enemies)),
        "采分点": points_cell(item),
        "区分度": "" if item.discrimination == 1 else number_text(item.discrimination),
        "猜测度": number_text(item.guessing) if item.guessing else "",
    }
    if item.type is not ItemType.JUDGEMENT:
        cells |= {f"选项{each.id.upper()}": each.text for each in item.options}
    return cells | {f"右项{each.id.upper()}": each.text for each in item.matches}


def _workbook() -> Workbook:
    """Without the sheet that a new workbook brings."""
    book = Workbook()
    for sheet in book.worksheets:
        book.remove(sheet)
    return book


def _written(book: Workbook, left_out: list[Problem]) -> Written:
    content = BytesIO()
    book.save(content)
    return Written(content.getvalue(), "xlsx", MEDIA_TYPE, tuple(left_out))


def _examples() -> list[Item]:
    def options(*texts: str) -> tuple[Option, ...]:
        return tuple(Option(letter, text) for letter, text in zip("abcdef", texts, strict=False))

    return [
        Item(
            id="",
            type=ItemType.SINGLE,
            outline="1.1.1",
            cognition=Cognition.KNOWS,
            difficulty=-0.5,
            stem="十进制数 13 的二进制表示是",
            options=options("1011", "1101", "1110", "1100"),
            key="b",
            rationale="13 = 8 + 4 + 1，即 1101。1011 是 11，1110 是 14，1100 是 12。",
        ),
        Item(
            id="",
            type=ItemType.MULTIPLE,
            outline="1.1.1",
            stem="下列协议中，工作在传输层的有",
            options=options("TCP", "IP", "UDP", "HTTP"),
            key=("a", "c"),
            rationale="TCP 和 UDP 是传输层协议；IP 在网络层，HTTP 在应用层。",
        ),
        Item(
            id="",
            type=ItemType.JUDGEMENT,
            outline="1.1.2",
            stem="IPv6 地址的长度是 128 位。",
            options=JUDGEMENT_OPTIONS,
            key="true",
            rationale="见 RFC 8200。",
        ),
        Item(
            id="",
            type=ItemType.FILL_IN,
            outline="1.1.3",
            cognition=Cognition.APPLIES,
            stem="TP = 8、FP = 2 时，精确率为 {{1}}。",
            blanks=(Blank("1", Decimal("0.8"), Decimal("0.005")),),
            rationale="8 ÷ (8 + 2) = 0.8。",
        ),
    ]
