"""The institution's results in figures, with charts, and as a workbook."""

from collections.abc import Sequence
from datetime import datetime

from flask import render_template, request
from flask_babel import get_locale, gettext
from openpyxl import Workbook
from sqlalchemy import select
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.spreadsheets import saved
from certengine.marking import institution_figures, rules
from certengine.marking.institution_figures import Line, Row
from certengine.marking.models import Result
from certengine.marking.release_views import append_line
from certengine.marking.views import blueprint
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings.models import ExamPlan
from certengine.standards import service as standards
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.request import now, session


def _years() -> list[int]:
    """Years in which results of the institution were released, the newest first; the present one always."""
    query = select(Result.released_at).join(ExamPlan, ExamPlan.id == Result.exam_plan_id)
    mine = query.where(ExamPlan.organisation_id == staff().organisation_id).distinct()
    found = {moment.astimezone(CHINA).year for moment in session().scalars(mine)}
    return sorted(found | {now().astimezone(CHINA).year}, reverse=True)


def _rows(year: int, field: str) -> list[Row]:
    """Of a year, the newest plan first; trial exams count nowhere."""
    begins = datetime(year, 1, 1, tzinfo=CHINA)
    query = (
        select(Result, ExamPlan)
        .join(ExamPlan, ExamPlan.id == Result.exam_plan_id)
        .where(
            ExamPlan.organisation_id == staff().organisation_id,
            ~ExamPlan.trial,
            Result.released_at >= begins,
            Result.released_at < begins.replace(year=year + 1),
        )
        .order_by(Result.released_at.desc(), ExamPlan.id)
    )
    if field:
        query = query.where(ExamPlan.field == field)
    return [
        Row(
            plan.id,
            plan.title,
            plan.field,
            plan.level,
            row.verdict,
            row.theory,
            row.practical,
            row.theory_state,
            row.practical_state,
        )
        for row, plan in session().execute(query)
    ]


def _chosen() -> tuple[int, str]:
    year, field = request.args.get("year", 0, int), request.args.get("field", "")
    years = _years()
    return (year if year in years else years[0]), (
        field if field in {each.field for each in standards.fields()} else ""
    )


@blueprint.get("/results/statistics")
@allow(Permission.RESULT_READ)
def statistics() -> str:
    year, field = _chosen()
    rows = _rows(year, field)
    theory, practical = institution_figures.theory_scores(rows), institution_figures.practical_scores(rows)
    return render_template(
        "marking/statistics.html",
        year=year,
        years=_years(),
        field=field,
        fields=standards.fields(),
        standards={each: standards.standard(each) for each in {row.field for row in rows}},
        plans=institution_figures.by_plan(rows),
        levels=institution_figures.by_level(rows),
        theory=rules.distribution(theory),
        practical=rules.distribution(practical),
        english=str(get_locale()) == "en",
        scored=(len(theory), len(practical)),
    )


@blueprint.get("/results/statistics.xlsx")
@allow(Permission.RESULT_READ)
def statistics_xlsx() -> Response:
    year, field = _chosen()
    rows = _rows(year, field)
    workbook = Workbook()
    sheet = workbook.active
    sheet.title = gettext("考试")
    _fill(sheet, institution_figures.by_plan(rows))
    _fill(workbook.create_sheet(gettext("职业与等级")), institution_figures.by_level(rows))
    spread = workbook.create_sheet(gettext("成绩分布"))
    append_line(spread, [gettext("分数段"), gettext("理论知识"), gettext("专业能力")])
    theory = rules.distribution(institution_figures.theory_scores(rows))
    practical = rules.distribution(institution_figures.practical_scores(rows))
    for (low, high, one), (_low, _high, other) in zip(theory, practical, strict=True):
        append_line(spread, [f"{low}–{high}", one, other])
    return sent_spreadsheet(saved(workbook), f"{gettext('考试统计')}-{year}.xlsx")


def _fill(sheet: object, lines: Sequence[Line]) -> None:
    heads = (
        gettext("考试"), gettext("职业"), gettext("等级"), gettext("报名"), gettext("缺考"), gettext("实考"),
        gettext("合格"), gettext("合格率（%%）"), gettext("理论平均分"), gettext("专业能力平均分"),
    )  # fmt: skip
    append_line(sheet, list(heads))
    levels = {"junior": gettext("初级"), "intermediate": gettext("中级"), "senior": gettext("高级")}
    for each in lines:
        means = [None if mean is None else float(mean) for mean in (each.theory_mean, each.practical_mean)]
        counts = [each.registered, each.absent, each.present, each.passed]
        words = [each.name, standards.standard(each.field).title_zh, levels[each.level.value]]
        append_line(sheet, [*words, *counts, None if each.rate is None else round(each.rate, 1), *means])
