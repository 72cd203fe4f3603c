from io import BytesIO
from typing import Any
from uuid import UUID

import numpy as np
from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.foundation.paging import paginate
from certengine.foundation.spreadsheets import saved
from certengine.ledger import service as ledger
from certengine.papers import disclosure, printing, service, statistics
from certengine.papers import preview as previews
from certengine.papers.beside import LETTERS
from certengine.papers.charts import Histogram, histogram, matrix
from certengine.papers.models import DrawState
from certengine.papers.rules import PaperRules
from certengine.people.permissions import Permission
from certengine.standards import service as standards
from certengine.web.access import allow, current_actor
from certengine.web.downloads import sent_spreadsheet
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, runtime, session

blueprint = Blueprint("papers", __name__)

STATES = {
    DrawState.SEED_COMMITTED: _("种子已承诺，尚未组卷"),
    DrawState.DRAWN: _("已组卷，承诺已公布"),
    DrawState.DISCLOSED: _("种子已公开，可复算"),
}
TYPES = {
    "single": _("单选题"),
    "multiple": _("多选题"),
    "judgement": _("判断题"),
    "fill_in": _("填空题"),
    "ordering": _("排序题"),
    "matching": _("匹配题"),
    "short_answer": _("简答题"),
    "case": _("案例题"),
}
COGNITION = {"knows": _("知道"), "understands": _("理解"), "applies": _("应用")}
QUANTITIES = {
    "score at -1": _("能力值 −1 的预期得分"),
    "score at 0": _("能力值 0（及格线附近）的预期得分"),
    "score at 1": _("能力值 1 的预期得分"),
    "information at 0": _("能力值 0 处的测验信息量"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, DrawState, STATES)
    add_navigation(state, NavigationEntry(300, _("组卷"), "papers.draws", Permission.PAPER_DRAW))


def _organisation() -> UUID:
    return current_actor().organisation_id  # type: ignore[union-attr]


@blueprint.get("/papers")
@allow(Permission.PAPER_READ, Permission.PAPER_DRAW)
def draws() -> str:
    sought = request.args.get("q", "").strip()
    page = paginate(session(), service.draws_query(_organisation(), sought), request.args.get("page", 1, int))
    releases = service.releases_of(session(), _organisation())
    return render_template("papers/draws.html", page=page, sought=sought, releases=releases)


@blueprint.get("/papers/draws/<uuid:draw_id>")
@allow(Permission.PAPER_READ, Permission.PAPER_DRAW)
def draw_detail(draw_id: UUID) -> str:
    draw = service.draw_view(session(), draw_id, _organisation())
    figures = service.statistics_of(session(), draw)
    entries = [draw.committed_entry, *(batch.entry for batch in draw.batches)]
    if draw.disclosed_entry:
        entries.append(draw.disclosed_entry)
    return render_template(
        "papers/draw.html",
        draw=draw,
        receipts={entry: ledger.receipt(session(), entry) for entry in entries},
        forms=[(printing.form_letter(paper), paper.paper_hash) for paper in printing.forms(session(), draw_id)],
        most_forms=len(LETTERS),
        may_print=current_actor().may(Permission.PAPER_DRAW),  # type: ignore[union-attr]
        may_disclose=draw.state is DrawState.DRAWN
        and disclosure.obstacle(session(), draw.sitting, draw.ends_at, now()) is None,
        **_blueprint(draw.rules),
        **_figures(draw.rules, figures),
    )


@blueprint.post("/papers/draws/<uuid:draw_id>/disclose")
@allow(Permission.PAPER_DRAW)
def disclose(draw_id: UUID) -> Response:
    draw = service.draw_view(session(), draw_id, _organisation())
    service.disclose(session(), draw.id, current_actor().id, now())  # type: ignore[union-attr]
    flash(gettext("种子和报名编号已写入公开账本，任何人都可以复算全部试卷"))
    return redirect(url_for(".draw_detail", draw_id=draw_id))  # type: ignore[return-value]


@blueprint.post("/papers/draws/<uuid:draw_id>/forms")
@allow(Permission.PAPER_DRAW)
def draw_forms(draw_id: UUID) -> Response:
    draw = service.draw_view(session(), draw_id, _organisation())
    wanted, actor = request.form.get("count", 0, int), current_actor().id  # type: ignore[union-attr]
    try:
        count = printing.draw_forms(session(), draw.id, wanted, actor, now(), runtime().cipher)
        flash(gettext("新抽固定卷 %(count)s 套，承诺已写入账本", count=count))
    except Invalid as refused:
        flash(say(refused.problems[0]), "danger")
    except CertengineError as refused:
        flash(say(refused), "danger")
    return redirect(url_for(".draw_detail", draw_id=draw_id, _anchor="forms"))  # type: ignore[return-value]


@blueprint.post("/papers/draws/<uuid:draw_id>/forms/<letter>/<part>")
@allow(Permission.PAPER_DRAW)
def print_form(draw_id: UUID, letter: str, part: str) -> Response:
    """A PDF of a form, its answer sheet or its key; the printing stands in the ledger."""
    if part not in {each.value for each in printing.Part}:
        raise NotFound("papers.not_drawn")
    made = printing.printed(
        session(),
        draw_id,
        letter,
        printing.Part(part),
        organisation_id=_organisation(),
        actor=current_actor().id,  # type: ignore[union-attr]
        now=now(),
        load=runtime().files.get,
    )
    name = f"{letter}-{part}.pdf"
    return send_file(BytesIO(made), mimetype="application/pdf", as_attachment=True, download_name=name)


@blueprint.get("/papers/draws/<uuid:draw_id>/commitments.xlsx")
@allow(Permission.PAPER_READ, Permission.PAPER_DRAW)
def commitments(draw_id: UUID) -> Response:
    draw = service.draw_view(session(), draw_id, _organisation())
    book = Workbook(write_only=True)
    sheet = book.create_sheet(gettext("试卷承诺"))
    sheet.append([gettext("批次"), gettext("报名编号"), gettext("试卷哈希")])
    for row in service.commitment_rows(session(), draw.id):
        sheet.append(list(row))
    name = f"commitments-{draw.committed_at.astimezone(CHINA):%Y%m%d-%H%M}.xlsx"
    return sent_spreadsheet(saved(book), name)


@blueprint.get("/papers/releases/<uuid:release_id>/preview")
@allow(Permission.PAPER_DRAW)
def preview(release_id: UUID) -> str | tuple[str, int]:
    release = service.release_of(session(), release_id, _organisation())
    directions = standards.standard(release.field).directions
    direction = request.args.get("direction") or None
    common = {"release": release, "directions": directions, "direction": direction}
    try:
        made = previews.preview(release, direction)
    except Invalid as refused:
        shortfalls = [say(problem) for problem in refused.problems]
        return render_template("papers/preview.html", shortfalls=shortfalls, rules=None, **common), 422
    return render_template(
        "papers/preview.html",
        shortfalls=[],
        sample=made.paper,
        stems=made.stems,
        **common,
        **_blueprint(made.rules),
        **_figures(made.rules, made.figures),
    )


def _blueprint(rules: PaperRules) -> dict[str, Any]:
    """What papers/parts.html shows of the rules."""
    standard = standards.standard(rules.field)
    titles = {node.node: standard.node(node.node) for node in rules.nodes}
    return {
        "rules": rules,
        "node_titles": {node: found for node, found in titles.items() if found},
        "types": TYPES,
        "cognition_names": COGNITION,
        "quantity_names": QUANTITIES,
    }


def _figures(rules: PaperRules, figures: statistics.Statistics | None) -> dict[str, Any]:
    """Charts of the expected scores, the exposure of items and the overlap of papers."""
    if figures is None:
        return {"figures": None}
    band = next(band for band in rules.bands if band.quantity == "score at 0")
    low, high = (band.target - band.band) / 1e6, (band.target + band.band) / 1e6
    margin = (high - low) / 4
    scores = histogram(
        figures.scores[:, 1], low - margin, high + margin, 40, 2, [(low, gettext("下限")), (high, gettext("上限"))]
    )
    exposure = histogram(figures.exposure, 0, 100, 20)
    return {
        "figures": figures,
        "score_chart": scores,
        "exposure_chart": exposure,
        "overlap_chart": _overlap(figures),
        "overlap_matrix": matrix(figures.matrix),
    }


def _overlap(figures: statistics.Statistics) -> Histogram | None:
    if not len(figures.overlap):
        return None
    low, high = int(figures.overlap.min()), int(figures.overlap.max()) + 1
    return histogram(
        figures.overlap,
        low,
        max(high, low + 5),
        int(max(high - low, 5)),
        0,
        [(float(np.mean(figures.overlap)), gettext("平均"))],
    )
