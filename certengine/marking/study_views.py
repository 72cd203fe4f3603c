"""Studies of fixed forms: which form is harder, and where a panel would cut."""

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import abort, flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.errors import Conflict, Invalid
from certengine.foundation.paging import paginate
from certengine.foundation.spreadsheets import saved
from certengine.marking import equating, panels, studies
from certengine.marking.cut_scores import FEWEST_SCORES, cut_score_from_json
from certengine.marking.models import MeasurementStudy, StudyKind
from certengine.marking.views import blueprint
from certengine.papers.charts import curves, histogram
from certengine.papers.views import TYPES
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.web.access import allow
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.layout import add_labels
from certengine.web.request import now, session

KINDS = {
    StudyKind.EQUATING: _("等值"),
    StudyKind.ANGOFF: _("划界：安戈夫法"),
    StudyKind.BOOKMARK: _("划界：书签法"),
}
METHODS = {
    "mean": _("平均数等值"),
    "linear": _("线性等值"),
    "equipercentile": _("等百分位等值（对数线性平滑）"),
    "tucker": _("Tucker 线性等值"),
    "levine": _("Levine 线性等值"),
    "chained_linear": _("链式线性等值"),
    "frequency_estimation": _("频数估计等百分位等值（平滑）"),
    "chained_equipercentile": _("链式等百分位等值（平滑）"),
}
MOST_BYTES = 5_000_000


@blueprint.record_once
def set_up_studies(state: BlueprintSetupState) -> None:
    add_labels(state, StudyKind, KINDS)


@blueprint.get("/marking/studies")
@allow(Permission.RESULT_READ)
def study_list() -> str:
    return _list([])


def _list(problems: list[str]) -> str:
    page = paginate(session(), studies.studies_query(staff().organisation_id), request.args.get("page", 1, int))
    return render_template(
        "marking/studies.html",
        page=page,
        choices=studies.choices(session(), staff().organisation_id),
        problems=problems,
        given=request.form,
        kinds=[StudyKind.ANGOFF, StudyKind.BOOKMARK],
        may_begin=staff().may(Permission.RESULT_RELEASE),
    )


@blueprint.post("/marking/studies/<any(equating, panel):sort>")
@allow(Permission.RESULT_RELEASE)
def begin_study(sort: str) -> Response | tuple[str, int]:
    owner, form = staff().organisation_id, request.form
    try:
        x = studies.chosen(session(), owner, form.get("form", ""), "form")
        if sort == "equating":
            y = studies.chosen(session(), owner, form.get("other", ""), "other")
            row = studies.begin_equating(session(), x, y, staff().id, now())
        else:
            kind = StudyKind.BOOKMARK if form.get("kind") == StudyKind.BOOKMARK.value else StudyKind.ANGOFF
            row = studies.begin_panel(session(), kind, x, form.get("judges", "").splitlines(), staff().id, now())
    except Invalid as refused:
        return _list([say(problem) for problem in refused.problems]), 422
    return redirect(url_for(".study", study_id=row.id))  # type: ignore[return-value]


@blueprint.get("/marking/studies/<uuid:study_id>")
@allow(Permission.RESULT_READ)
def study(study_id: UUID) -> str:
    return _page(studies.study(session(), staff().organisation_id, study_id), [])


def _page(row: MeasurementStudy, problems: list[str]) -> str:
    common: dict[str, Any] = {
        "study": row,
        "other": sittings.sitting(session(), row.other_sitting_id) if row.other_sitting_id else None,
        "problems": problems,
        "may_act": staff().may(Permission.RESULT_RELEASE),
    }
    if row.kind is StudyKind.EQUATING:
        return render_template("marking/equating.html", **common, **_equating(row))
    return render_template("marking/panel.html", **common, **_panel(row))


def _equating(row: MeasurementStudy) -> dict[str, Any]:
    found = equating.comparison_from_json(row.figures) if row.figures else None
    chart = None
    if found and found.methods:
        lines = {
            str(METHODS[each.name]): [score - at for at, score in enumerate(each.scores)] for each in found.methods
        }
        chart = curves(lines)
    return {
        "found": found,
        "chart": chart,
        "methods": METHODS,
        "cut": round(100 * equating.CUT),
        "fewest": equating.FEWEST,
        "fewest_common": equating.FEWEST_COMMON,
        "fewest_for_ranks": equating.FEWEST_FOR_RANKS,
    }


def _panel(row: MeasurementStudy) -> dict[str, Any]:
    found = cut_score_from_json(row.figures) if row.figures else None
    chart = None
    if found:
        last = found.rounds[-1]
        low, high = max(0, int(min(last.judge_cuts)) - 10), min(100, int(max(last.judge_cuts)) + 10)
        chart = histogram(last.judge_cuts, low, high, high - low, 0, [(last.cut, f"{last.cut:.1f}")])
    return {"found": found, "chart": chart, "fewest_scores": FEWEST_SCORES}


@blueprint.get("/marking/studies/<uuid:study_id>/workbook.xlsx")
@allow(Permission.RESULT_READ)
def study_workbook(study_id: UUID) -> Response:
    """For the judges of a panel to fill in; holds the numbers of items, and no stem and no key."""
    row = studies.study(session(), staff().organisation_id, study_id)
    if row.kind is StudyKind.EQUATING:
        abort(404)
    items, _released = studies.panel_items(session(), row)
    named = [panels.PanelItem(i.number, i.item, str(TYPES.get(i.type, i.type)), i.points, i.location) for i in items]
    made = panels.workbook(row.kind, row.title, named, row.judges)
    return send_file(
        BytesIO(made), as_attachment=True, download_name=f"{row.title}-{row.form}-{gettext('评定表')}.xlsx"
    )


@blueprint.post("/marking/studies/<uuid:study_id>/workbook")
@allow(Permission.RESULT_RELEASE)
def study_upload(study_id: UUID) -> Response | tuple[str, int]:
    row = studies.study(session(), staff().organisation_id, study_id)
    if row.kind is StudyKind.EQUATING:
        abort(404)
    file = request.files.get("file")
    if not file or not file.filename:
        return _page(row, [gettext("请选择填好的评定表")]), 422
    items, _released = studies.panel_items(session(), row)
    try:
        judged = panels.read(row.kind, file.stream.read(MOST_BYTES), file.filename, items, row.judges)
    except Invalid as refused:
        return _page(row, [f"{problem.place}：{say(problem)}" for problem in refused.problems[:50]]), 422
    studies.record_panel(session(), row, judged, staff().id, now())
    flash(gettext("已计算，结果写入账本"), "success")
    return redirect(url_for(".study", study_id=row.id))  # type: ignore[return-value]


@blueprint.post("/marking/studies/<uuid:study_id>/remove")
@allow(Permission.RESULT_RELEASE)
def remove_study(study_id: UUID) -> Response:
    row = studies.study(session(), staff().organisation_id, study_id)
    try:
        studies.remove(session(), row)
    except Conflict as refused:
        flash(say(refused), "danger")
        return redirect(url_for(".study", study_id=study_id))  # type: ignore[return-value]
    flash(gettext("已删除"), "success")
    return redirect(url_for(".study_list"))  # type: ignore[return-value]


@blueprint.get("/marking/studies/<uuid:study_id>/conversion.xlsx")
@allow(Permission.RESULT_READ)
def study_conversion(study_id: UUID) -> Response:
    """Every whole score of the one form, and by each method what it is worth on the other."""
    row = studies.study(session(), staff().organisation_id, study_id)
    if row.kind is not StudyKind.EQUATING or not row.figures:
        abort(404)
    found = equating.comparison_from_json(row.figures)
    book = Workbook(write_only=True)
    sheet = book.create_sheet(gettext("换算表"))
    sheet.append([gettext("得分"), *(str(METHODS[each.name]) for each in found.methods)])
    for score in range(101):
        sheet.append([score, *(each.scores[score] for each in found.methods)])
    return sent_spreadsheet(saved(book), f"{row.title}-{row.form}-{gettext('换算表')}.xlsx")
