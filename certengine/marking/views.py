from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.foundation.errors import Conflict
from certengine.foundation.paging import paginate
from certengine.marking import releases, service
from certengine.marking.models import ChangeState, MarkState, ProposalState, ReviewState, RulingKind, Verdict
from certengine.people import service as people
from certengine.people.actors import seen, staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, session

blueprint = Blueprint("marking", __name__)

VERDICTS = {
    Verdict.PASSED: _("合格"),
    Verdict.FAILED: _("不合格"),
    Verdict.ABSENT: _("缺考"),
    Verdict.VOID: _("成绩无效"),
}


STATES = {
    MarkState.ABSENT: _("缺考"),
    MarkState.BLANK: _("空白卷"),
    MarkState.UNMARKED: _("未评分"),
    MarkState.MARKED: _("已评分"),
    MarkState.KEPT: _("保留成绩"),
    MarkState.VOID: _("成绩无效"),
}
RULINGS = {
    RulingKind.VOID: _("作废，余下试题折算为百分制"),
    RulingKind.SECOND_KEY: _("另一答案也算正确"),
    RulingKind.FULL_MARKS: _("全体给满分"),
}
PROPOSALS = {
    ProposalState.PROPOSED: _("待另一人签署"),
    ProposalState.CARRIED_OUT: _("已签署"),
    ProposalState.REJECTED: _("已否决"),
}
CHANGES = {
    ChangeState.APPLIED: _("已变更"),
    ChangeState.WAITING: _("待决定"),
    ChangeState.KEPT: _("保持原成绩"),
}
REVIEWS = {
    ReviewState.ASKED: _("待核查"),
    ReviewState.CHECKED: _("已核查，待决定"),
    ReviewState.UNCHANGED: _("成绩不变"),
    ReviewState.CHANGED: _("成绩更正"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    for kind, texts in (
        (Verdict, VERDICTS),
        (MarkState, STATES),
        (RulingKind, RULINGS),
        (ProposalState, PROPOSALS),
        (ChangeState, CHANGES),
        (ReviewState, REVIEWS),
    ):
        add_labels(state, kind, texts)
    add_navigation(state, NavigationEntry(450, _("考评"), "marking.practical", Permission.MARK_ENTER))
    add_navigation(state, NavigationEntry(451, _("阅卷"), "marking.my_answers", Permission.MARK_ENTER))
    add_navigation(state, NavigationEntry(500, _("成绩"), "marking.results", Permission.RESULT_READ))
    add_navigation(state, NavigationEntry(510, _("成绩复核"), "marking.reviews", Permission.SCORE_REVIEW))


@blueprint.get("/results")
@allow(Permission.RESULT_READ)
def results() -> str:
    sought = request.args.get("q", "").strip()
    # What stands behind a result is the institution's.
    across = staff().may(Permission.OVERSIGHT_READ)
    page = paginate(session(), sittings.plans_query(seen(), sought), request.args.get("page", 1, int))
    counts = releases.counts(session(), [plan.id for plan in page.rows])
    names = {plan.id: people.organisation(session(), plan.organisation_id).name for plan in page.rows if across}
    return render_template("marking/results.html", page=page, counts=counts, sought=sought, names=names, across=across)


@blueprint.post("/results/<uuid:plan_id>/mark/<uuid:sitting_id>")
@allow(Permission.RESULT_RELEASE)
def mark(plan_id: UUID, sitting_id: UUID) -> Response:
    sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    try:
        count = service.mark_sitting(session(), sitting_id, staff().id, now())
        flash(gettext("已评分%(count)s份答卷", count=count))
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".plan", plan_id=plan_id))


# Last, for they add their pages to the blueprint above.
from certengine.marking import (  # noqa: E402
    analysis_views,
    annotation_views,
    answer_officer_views,
    answer_views,
    correcting_views,
    practical_views,
    release_views,
    review_views,
    sample_views,
    statistics_views,
    study_views,
)

__all__ = [
    "analysis_views",
    "annotation_views",
    "answer_officer_views",
    "answer_views",
    "blueprint",
    "correcting_views",
    "practical_views",
    "release_views",
    "review_views",
    "sample_views",
    "statistics_views",
    "study_views",
]
