from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.bank.rules import PracticalTask
from certengine.delivery import file_rules, tasks
from certengine.delivery.task_views import sent
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.foundation.paging import paginate
from certengine.marking import service
from certengine.marking.models import ChangeState, MarkState, ProposalState, ReviewState, RulingKind, Verdict
from certengine.marking.service import PracticalEntry
from certengine.people.actors import Staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.web.access import allow, current_actor
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


def staff() -> Staff:
    actor = current_actor()
    assert isinstance(actor, Staff)
    return actor


@blueprint.get("/marking/practical")
@allow(Permission.MARK_ENTER)
def practical() -> str:
    """The examiner's rooms with their candidates, and which of them they have marked."""
    rooms = []
    for sitting, room in sittings.rooms_of_proctor(session(), staff().account_id):
        if sitting.part is Part.PRACTICAL:
            placed = sittings.placements(session(), sitting.id, room.id)
            marks = service.marks_by(session(), sitting.id, staff().id)
            rooms.append((sitting, room, placed, marks, service.nothing_of(session(), sitting.id)))
    return render_template("marking/practical.html", rooms=rooms, State=MarkState)


def _to_mark(sitting_id: UUID) -> tuple[SittingView, PracticalTask]:
    if not sittings.is_assigned(session(), staff().account_id, sitting_id):
        raise NotAllowed("marking.not_assigned")
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    return sitting, tasks.task_of(session(), sitting)


@blueprint.route("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>", methods=["GET", "POST"])
@allow(Permission.MARK_ENTER)
def script(sitting_id: UUID, registration_id: UUID) -> str | Response | tuple[str, int]:
    sitting, task = _to_mark(sitting_id)
    mark = service.practical_mark(session(), sitting_id, registration_id, staff().id)
    given = dict(mark.points) if mark else {}
    problems: dict[str, str] = {}
    if request.method == "POST":
        given = {each.id: request.form.get(f"points-{each.id}", "").strip() for each in task.rubric}
        try:
            _enter(sitting_id, registration_id, task, given)
            flash(gettext("已保存"))
            return redirect(url_for(".practical"))
        except Invalid as error:
            problems = {each.place: say(each) for each in error.problems}
        except Conflict as error:
            problems = {"": say(error)}
    files = tasks.files_handed_in(session(), sitting_id, registration_id)
    page = render_template(
        "marking/script.html",
        sitting=sitting,
        candidate=sittings.candidate(session(), registration_id),
        place=sittings.placement_of(session(), sitting_id, registration_id),
        task=task,
        files=files,
        counting={each.id for each in file_rules.counting(files)},
        scenario=render_markdown(task.scenario),
        solution=render_markdown(task.reference_solution),
        given=given,
        mark=mark,
        problems=problems,
    )
    return (page, 422) if problems else page


@blueprint.get("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/files/<uuid:file_id>")
@allow(Permission.MARK_ENTER)
def handed_file(sitting_id: UUID, registration_id: UUID, file_id: UUID) -> Response:
    """A file as it was handed in, replaced ones too."""
    _to_mark(sitting_id)
    for each in tasks.files_handed_in(session(), sitting_id, registration_id):
        if each.id == file_id and each.completed_at is not None and each.digest:
            return sent(each.digest, each.name)
    raise NotFound("delivery.file_not_found")


def _enter(sitting_id: UUID, registration_id: UUID, task: PracticalTask, given: dict[str, str]) -> None:
    points: dict[str, Decimal | None] = {}
    wrong = []
    for criterion in task.rubric:
        text = given[criterion.id]
        try:
            points[criterion.id] = Decimal(text) if text else None
            if text and not Decimal(text).is_finite():
                raise InvalidOperation
        except InvalidOperation:
            wrong.append(Problem(criterion.id, "marking.points_number", {"criterion": criterion.criterion}))
    if wrong:
        raise Invalid(wrong)
    entry = PracticalEntry(points, request.form.get("comment", ""), request.form.get("version", 0, int))
    service.enter_practical(
        session(),
        sitting_id,
        registration_id,
        entry,
        examiner=staff().id,
        examiner_name=staff().name,
        now=now(),
    )


@blueprint.post("/marking/practical/<uuid:sitting_id>/<uuid:registration_id>/nothing")
@allow(Permission.MARK_ENTER)
def nothing(sitting_id: UUID, registration_id: UUID) -> Response:
    """The candidate did not come, or left nothing; an empty state takes it back."""
    _to_mark(sitting_id)
    wanted = request.form.get("state", "")
    state = MarkState(wanted) if wanted in {each.value for each in MarkState} else None
    try:
        service.record_nothing(session(), sitting_id, registration_id, state, staff().id, now())
        flash(gettext("已保存"))
    except Conflict as error:
        flash(say(error), "danger")
    return redirect(url_for(".practical"))


@blueprint.get("/results")
@allow(Permission.RESULT_READ)
def results() -> str:
    sought = request.args.get("q", "").strip()
    page = paginate(session(), sittings.plans_query(staff().organisation_id, sought), request.args.get("page", 1, int))
    marks = {plan.id: service.plan_marks(session(), plan.id) for plan in page.rows}
    return render_template("marking/results.html", page=page, marks=marks, sought=sought, Verdict=Verdict)


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
    answer_officer_views,
    answer_views,
    correcting_views,
    release_views,
    review_views,
    study_views,
)

__all__ = [
    "analysis_views",
    "answer_officer_views",
    "answer_views",
    "blueprint",
    "correcting_views",
    "release_views",
    "review_views",
    "study_views",
]
