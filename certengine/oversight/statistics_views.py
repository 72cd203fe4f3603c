"""The dashboard: bars with their tables, an Excel file of the same figures, the year's report."""

from typing import Any

from flask import flash, redirect, render_template, url_for
from flask_babel import get_locale, gettext
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.spreadsheets import append_texts, saved
from certengine.oversight import statistics, yearly_report
from certengine.oversight.pages import blueprint, must_be_provincial
from certengine.oversight.statistics import Line
from certengine.people import regions
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme import documents, rules
from certengine.standards.service import fields
from certengine.training.pages import LEVEL_NAMES
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.request import asked_year, now, runtime, session

# The bar of the largest figure takes so many units of the drawing's 100.
FULL = 46.0


def year_asked() -> int:
    return asked_year(now().astimezone(CHINA).year)


def _labels(language: str = "zh") -> dict[str, dict[str, Any]]:
    return {
        "by_city": regions.names(language),
        "by_field": {each.field: each.title_en if language == "en" else each.title_zh for each in fields()},
        "by_level": {level.value: text for level, text in LEVEL_NAMES.items()},
        "by_year": {},
    }


def bars(lines: list[Line] | Any) -> list[dict[str, Any]]:
    """Widths of registered and passed, against the largest number registered or sat."""
    most = max((max(each.figures.registered, each.figures.sat) for each in lines), default=0) or 1
    return [
        {
            "key": each.key,
            "registered": round(each.figures.registered / most * FULL, 2),
            "passed": round(each.figures.passed / most * FULL, 2),
            "figures": each.figures,
        }
        for each in lines
    ]


@blueprint.get("/oversight/dashboard")
@allow(Permission.OVERSIGHT_READ)
def dashboard() -> str:
    year, own = year_asked(), region()
    board, english = statistics.board(session(), own, year), str(get_locale()) == "en"
    sections = [
        ("by_city", gettext("各市")),
        ("by_field", gettext("各领域")),
        ("by_level", gettext("各等级")),
        ("by_year", gettext("各年度")),
    ]
    return render_template(
        "oversight/dashboard.html",
        board=board,
        year=year,
        years=range(now().astimezone(CHINA).year, 2020, -1),
        sections=[(name, title, getattr(board, name), bars(getattr(board, name))) for name, title in sections],
        labels=_labels(str(get_locale())),
        rules=rules,
        place=next((each.en if english else each.zh for each in regions.regions() if each.code == own), own),
        provincial=regions.is_provincial(own),
        reports=documents.documents_of(session(), yearly_report.subject(own, year)),
    )


@blueprint.get("/oversight/dashboard.xlsx")
@allow(Permission.OVERSIGHT_READ)
def dashboard_xlsx() -> Response:
    year, own = year_asked(), region()
    board, labels = statistics.board(session(), own, year), _labels()
    workbook = Workbook()
    workbook.remove(workbook.active)
    for name, title in (("by_city", "各市"), ("by_field", "各领域"), ("by_level", "各等级"), ("by_year", "各年度")):
        sheet = workbook.create_sheet(title)
        sheet.append(
            [
                "名称",
                "报名",
                "参考",
                "合格",
                "不合格",
                "缺考",
                "作废",
                "合格率（%，以参考为分母）",
                "发证",
                "培训报名",
                "培训结业",
            ]
        )
        for line in getattr(board, name):
            each = line.figures
            share = float(each.share) if each.share is not None else "无人参考"
            counts = [each.registered, each.sat, each.passed, each.failed, each.absent, each.void]
            label = str(labels[name].get(line.key, line.key))
            append_texts(sheet, [label, *counts, share, each.certified, each.enrolled, each.trained])
        sheet.column_dimensions["A"].width = 28
        sheet.freeze_panes = "B2"
    return sent_spreadsheet(saved(workbook), f"监督统计-{year}.xlsx")


@blueprint.post("/oversight/dashboard/report")
@allow(Permission.INSPECTION_MANAGE)
def issue_report() -> Any:
    year = year_asked()
    made = yearly_report.issue(session(), runtime(), must_be_provincial(), year, actor=staff().id, now=now())
    flash(gettext("已签发%(year)s年度报告 %(number)s", year=year, number=made.number))
    return redirect(url_for(".dashboard", year=year))
