"""A candidate's result as a printed report, in the language of the page."""

from collections.abc import Callable, Sequence
from decimal import Decimal
from io import BytesIO

from flask_babel import gettext
from reportlab.lib.pagesizes import A4
from reportlab.pdfgen.canvas import Canvas

from certengine.certificates.typesetting import draw_centred, draw_text, fitted, new_canvas, text_width, wrapped
from certengine.foundation.clock import CHINA, chinese_time
from certengine.marking.models import MarkState
from certengine.marking.result_report import ResultReport
from certengine.marking.strengths import FEWEST, Area
from certengine.web.layout import date_in

WIDTH, HEIGHT = map(float, A4)
LEFT, RIGHT, TOP, BOTTOM = 60.0, WIDTH - 60, HEIGHT - 50, 60.0
BAR, NUMBERS = RIGHT - 190.0, RIGHT
NO_NUMBER = (MarkState.ABSENT, MarkState.UNMARKED, MarkState.VOID)


class _Sheet:
    """Lines from the top downwards; a new page when one is full."""

    def __init__(self, canvas: Canvas, foot: str) -> None:
        self.canvas, self.foot, self.y = canvas, foot, TOP

    def down(self, height: float) -> float:
        """The base line of a line of this height."""
        if self.y - height < BOTTOM:
            self.end()
        self.y -= height
        return self.y

    def end(self) -> None:
        draw_centred(self.canvas, WIDTH / 2, 40, self.foot, fitted(self.foot, 8, RIGHT - LEFT))
        self.canvas.showPage()
        self.y = TOP

    def heading(self, text: str) -> None:
        # Never at the foot of a page without what it is the heading of.
        if self.y - 80 < BOTTOM:
            self.end()
        draw_text(self.canvas, LEFT, self.down(30), text, 13)
        self.y -= 4

    def words(self, text: str, size: float = 10) -> None:
        for line in wrapped(text, size, RIGHT - LEFT):
            draw_text(self.canvas, LEFT, self.down(size * 1.6), line, size)

    def fact(self, label: str, value: str) -> None:
        y = self.down(20)
        draw_text(self.canvas, LEFT, y, label, 10)
        draw_text(self.canvas, LEFT + 130, y, value, fitted(value, 11, RIGHT - LEFT - 130))

    def bar(self, label: str, earned: Decimal, possible: Decimal, indent: float = 0) -> None:
        y = self.down(20)
        draw_text(self.canvas, LEFT + indent, y, label, fitted(label, 10, BAR - LEFT - indent - 10))
        length = 90.0
        self.canvas.setFillGray(0.9)
        self.canvas.rect(BAR, y - 1, length, 9, stroke=0, fill=1)
        self.canvas.setFillGray(0.35)
        self.canvas.rect(BAR, y - 1, length * float(earned / possible) if possible else 0, 9, stroke=0, fill=1)
        self.canvas.setFillGray(0)
        numbers = f"{earned:.2f} / {possible:.2f}"
        draw_text(self.canvas, NUMBERS - text_width(numbers, 9), y, numbers, 9)


def report_pdf(report: ResultReport, states: Callable[[MarkState], str], verdict: str, english: bool) -> bytes:
    """states and verdict: the words for them."""
    out = BytesIO()
    title = gettext("成绩报告")
    canvas = new_canvas(out, A4, f"{title} {report.candidate.ticket_number}")
    institution = (english and report.institution_en) or report.institution
    at = f"{report.at.astimezone(CHINA):%Y-%m-%d %H:%M}" if english else chinese_time(report.at)
    sheet = _Sheet(canvas, f"{institution}    {report.candidate.ticket_number}    {at}")
    draw_centred(canvas, WIDTH / 2, sheet.down(20), institution, fitted(institution, 12, RIGHT - LEFT))
    draw_centred(canvas, WIDTH / 2, sheet.down(34), title, 20)
    draw_centred(canvas, WIDTH / 2, sheet.down(24), report.title, fitted(report.title, 12, RIGHT - LEFT))
    sheet.y -= 10
    _facts(sheet, report, english)
    _scores(sheet, report, states, verdict)
    _strengths(sheet, report, english)
    sheet.y -= 10
    sheet.words(gettext("本报告供考生了解自己的强项与不足，不代替证书。"), 9)
    sheet.end()
    canvas.save()
    return out.getvalue()


def _facts(sheet: _Sheet, report: ResultReport, english: bool) -> None:
    who, standard = report.candidate, report.standard
    direction = standard.direction(report.direction)
    occupation = standard.title_en if english else standard.title_zh
    if direction is not None:
        occupation = f"{occupation} · {direction.en if english and direction.en else direction.zh}"
    levels = {"junior": gettext("初级"), "intermediate": gettext("中级"), "senior": gettext("高级")}
    for label, value in (
        (gettext("姓名"), who.name),
        (gettext("准考证号"), who.ticket_number),
        (gettext("证件号码"), who.document_masked),
        (gettext("职业与等级"), f"{occupation} · {levels[report.level]}"),
        (
            gettext("公布时间"),
            date_in("en" if english else "zh", report.result.visible_from or report.result.released_at),
        ),
    ):
        sheet.fact(label, value)


def _scores(sheet: _Sheet, report: ResultReport, states: Callable[[MarkState], str], verdict: str) -> None:
    sheet.heading(gettext("成绩"))
    result, marks = report.result, report.marks
    for label, score, state, limit in (
        (gettext("理论知识"), result.theory, result.theory_state, marks.theory),
        (gettext("专业能力"), result.practical, result.practical_state, marks.practical),
    ):
        words = "" if state in (None, MarkState.MARKED) else f"（{states(state)}）"
        shown = "" if score is None or state in NO_NUMBER else f"{score:.2f}"
        sheet.fact(label, f"{shown}{words}    {gettext('及格线%(limit)s', limit=f'{limit:.2f}')}".strip() or "—")
    sheet.fact(gettext("结果"), verdict)


def _strengths(sheet: _Sheet, report: ResultReport, english: bool) -> None:
    if report.areas:
        sheet.heading(gettext("理论知识：各部分得分（得分 / 可得分）"))
        _bars(sheet, report, report.areas, english, 0)
        sheet.y -= 4
        sheet.words(too_few_words(), 8)
    if report.criteria:
        sheet.heading(gettext("专业能力：各评分项得分（考评员平均 / 满分）"))
        for each in report.criteria:
            sheet.bar(each.criterion, each.earned, each.possible)


def _bars(sheet: _Sheet, report: ResultReport, areas: Sequence[Area], english: bool, indent: float) -> None:
    for area in areas:
        name = report.name_of(area, english) or gettext("其余部分合计")
        sheet.bar(f"{name}（{gettext('%(count)s题', count=area.items)}）", area.earned, area.possible, indent)
        _bars(sheet, report, area.tasks, english, indent + 16)


def too_few_words() -> str:
    return str(
        gettext("少于%(fewest)s题的部分不单独列出，并入“其余部分合计”。题目少的部分，得分只供参考。", fewest=FEWEST)
    )
