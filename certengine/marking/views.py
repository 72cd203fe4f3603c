from decimal import Decimal, InvalidOperation
from io import BytesIO
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from openpyxl import Workbook
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.bank.rules import PracticalTask
from certengine.certificates import service as certificates
from certengine.delivery.actors import Candidate
from certengine.foundation.errors import Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.foundation.paging import paginate
from certengine.marking import releasing, rules, service
from certengine.marking.models import Verdict
from certengine.marking.service import PracticalEntry
from certengine.people.actors import Staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.standards.rules import Part
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, runtime, session

blueprint = Blueprint("marking", __name__)

VERDICTS = {
    Verdict.PASSED: _("合格"),
    Verdict.FAILED: _("不合格"),
    Verdict.ABSENT: _("缺考"),
    Verdict.VOID: _("成绩无效"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, Verdict, VERDICTS)
    add_navigation(state, NavigationEntry(450, _("考评"), "marking.practical", Permission.MARK_ENTER))
    add_navigation(state, NavigationEntry(451, _("阅卷"), "marking.my_answers", Permission.MARK_ENTER))
    add_navigation(state, NavigationEntry(500, _("成绩"), "marking.results", Permission.RESULT_READ))


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
            rooms.append((sitting, room, placed, service.marks_by(session(), sitting.id, staff().id)))
    return render_template("marking/practical.html", rooms=rooms)


def _to_mark(sitting_id: UUID) -> tuple[SittingView, PracticalTask]:
    if not sittings.is_assigned(session(), staff().account_id, sitting_id):
        raise NotAllowed("marking.not_assigned")
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    return sitting, service.task_of(session(), sitting)


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
    page = render_template(
        "marking/script.html",
        sitting=sitting,
        candidate=sittings.candidate(session(), registration_id),
        place=sittings.placement_of(session(), sitting_id, registration_id),
        task=task,
        scenario=render_markdown(task.scenario),
        solution=render_markdown(task.reference_solution),
        given=given,
        mark=mark,
        problems=problems,
    )
    return (page, 422) if problems else page


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


@blueprint.get("/results")
@allow(Permission.RESULT_READ)
def results() -> str:
    sought = request.args.get("q", "").strip()
    page = paginate(session(), sittings.plans_query(staff().organisation_id, sought), request.args.get("page", 1, int))
    marks = {plan.id: service.plan_marks(session(), plan.id) for plan in page.rows}
    return render_template("marking/results.html", page=page, marks=marks, sought=sought, Verdict=Verdict)


@blueprint.get("/results/<uuid:plan_id>")
@allow(Permission.RESULT_READ)
def plan(plan_id: UUID) -> str:
    found = sittings.plan_of(session(), staff().organisation_id, plan_id)
    marks = service.plan_marks(session(), plan_id)
    problem = releasing.release_problem(marks)
    return render_template(
        "marking/plan.html",
        plan=found,
        marks=marks,
        problem=say(Conflict(problem[0], **problem[1])) if problem else None,
        bars=rules.distribution([each.theory for each in marks.standings if each.theory is not None]),
        may_release=staff().may(Permission.RESULT_RELEASE),
        may_see_certificates=staff().may(Permission.CERTIFICATE_READ),
        Verdict=Verdict,
        now=now(),
    )


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


@blueprint.post("/results/<uuid:plan_id>/release")
@allow(Permission.RESULT_RELEASE)
def release(plan_id: UUID) -> Response:
    sittings.plan_of(session(), staff().organisation_id, plan_id, lock=True)
    try:
        issued = releasing.release_results(session(), runtime(), plan_id, staff().id, now())
        flash(gettext("成绩已发布，签发证书%(count)s张", count=issued))
    except Conflict as error:
        flash(say(error), "danger")
    except Invalid as error:
        # Nobody's result is released when one certificate cannot be made.
        session().rollback()
        for problem in error.problems:
            flash(say(problem), "danger")
    return redirect(url_for(".plan", plan_id=plan_id))


@blueprint.get("/results/<uuid:plan_id>/results.xlsx")
@allow(Permission.RESULT_READ)
def results_xlsx(plan_id: UUID) -> Response:
    found = sittings.plan_of(session(), staff().organisation_id, plan_id)
    workbook = Workbook()
    sheet = workbook.active
    sheet.append(["准考证号", "姓名", "证件号码", "理论知识", "专业能力", "结果"])
    for each in service.plan_marks(session(), plan_id).standings:
        who = each.candidate
        scores = [None if score is None else float(score) for score in (each.theory, each.practical)]
        sheet.append([who.ticket_number, who.name, who.document_masked, *scores, str(VERDICTS[each.verdict])])
    for row in sheet.iter_rows(min_row=2, min_col=4, max_col=5):
        for cell in row:
            cell.number_format = "0.00"
    out = BytesIO()
    workbook.save(out)
    out.seek(0)
    return send_file(out, as_attachment=True, download_name=f"{found.title}-{gettext('成绩')}.xlsx")


@blueprint.get("/exam/result")
@allow(Permission.ATTEMPT_TAKE)
def my_result() -> str:
    """The candidate's own result, once released, with the certificate."""
    actor = current_actor()
    if not isinstance(actor, Candidate):
        raise NotFound("not_found")
    candidate = sittings.candidate(session(), actor.registration_id)
    result = service.result_of(session(), actor.registration_id)
    held = [
        each
        for each in certificates.certificates_of(session(), candidate.document_index)
        if each.subject == f"registration:{actor.registration_id}"
    ]
    return render_template(
        "marking/my_result.html",
        candidate=candidate,
        plan=sittings.plan_of(session(), candidate.organisation_id, candidate.exam_plan_id),
        result=result,
        held=held,
        Verdict=Verdict,
    )


# Last, for they add their pages to the blueprint above.
from certengine.marking import analysis_views, answer_officer_views, answer_views  # noqa: E402

__all__ = ["analysis_views", "answer_officer_views", "answer_views", "blueprint"]
