"""An officer's pages of people's marking: questions of a sitting, markers with their figures, seeds, differences."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.marking import answer_figures, answer_markers, answer_rules, answers
from certengine.marking.answer_models import AnswerState, MarkingMode
from certengine.marking.answer_views import points_of, typed_points
from certengine.marking.answers import QuestionView
from certengine.marking.views import blueprint
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission, Role
from certengine.sittings import service as sittings
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.request import now, session

MODES = {
    MarkingMode.SINGLE: _("单评"),
    MarkingMode.DOUBLE: _("双评（第二评可见第一评）"),
    MarkingMode.BLIND_DOUBLE: _("双盲评"),
}
ANSWER_STATES = {
    AnswerState.OPEN: _("待评"),
    AnswerState.DISPUTED: _("有争议"),
    AnswerState.SETTLED: _("已评定"),
}
OFFICERS = (Permission.SITTING_PLAN, Permission.RESULT_RELEASE)


@blueprint.context_processor
def access() -> dict[str, Any]:
    """For the pages of the room that lead here."""
    actor = current_actor()
    return {"may_open_answers": actor is not None and any(actor.may(each) for each in OFFICERS)}


def _question(question_id: UUID) -> QuestionView:
    """Of the officer's own organisation."""
    view = answers.question(session(), question_id)
    sittings.sitting_of(session(), staff().organisation_id, view.sitting_id)
    return view


def _refused(error: CertengineError) -> None:
    for each in error.problems if isinstance(error, Invalid) else [error]:
        flash(say(each), "danger")


@blueprint.get("/results/answers/<uuid:sitting_id>")
@allow(*OFFICERS)
def answer_questions(sitting_id: UUID) -> str:
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    return render_template(
        "marking/answer_questions.html",
        sitting=sitting,
        lines=answer_figures.lines(session(), sitting_id),
        over=sitting.ends_at <= now(),
        modes=MODES,
    )


@blueprint.post("/results/answers/<uuid:sitting_id>/open")
@allow(*OFFICERS)
def open_answers(sitting_id: UUID) -> Response:
    sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    try:
        count = answers.open_marking(session(), sitting_id, staff().id, now())
        flash(gettext("已整理%(count)s份答案，空白答案已按0分评定", count=count))
    except CertengineError as error:
        _refused(error)
    return redirect(url_for(".answer_questions", sitting_id=sitting_id))


@blueprint.get("/results/answers/question/<uuid:question_id>")
@allow(*OFFICERS)
def answer_question(question_id: UUID) -> str:
    return _page(_question(question_id), {})


def _page(view: QuestionView, seed: dict[str, Any]) -> str:
    line = next(each for each in answer_figures.lines(session(), view.sitting_id) if each.question.id == view.id)
    lines = answer_figures.marker_lines(session(), view)
    names = {f"account:{each.account_id}": each.name for each in lines}
    return render_template(
        "marking/answer_question.html",
        sitting=sittings.sitting(session(), view.sitting_id),
        line=line,
        question=view,
        stem=render_markdown(view.item.stem),
        markers=lines,
        has_third=any(each.third and each.active and not each.paused_at for each in lines),
        fastest=max((each.hourly or 0 for each in lines), default=0) or 1,
        differences=answer_figures.differences(session(), view, names),
        blanks=answer_figures.blank_codes(session(), view.id),
        seeds=answer_figures.seeds_of(session(), view),
        examiners=people.staff_with(session(), staff().organisation_id, [Role.EXAMINER]),
        begun=answer_markers.has_marks(session(), view.id),
        modes=MODES,
        states=ANSWER_STATES,
        seed=seed,
        rules=answer_rules,
    )


def _back(question_id: UUID) -> Response:
    return redirect(url_for(".answer_question", question_id=question_id))


@blueprint.post("/results/answers/question/<uuid:question_id>/mode")
@allow(*OFFICERS)
def answer_mode(question_id: UUID) -> Response:
    _question(question_id)
    try:
        mode = MarkingMode(request.form.get("mode", ""))
        tolerance = request.form.get("tolerance", -1, int)
        answer_markers.set_mode(session(), question_id, mode, tolerance, staff().id, now())
        flash(gettext("已保存"))
    except ValueError:
        flash(gettext("请选择评卷方式"), "danger")
    except CertengineError as error:
        _refused(error)
    return _back(question_id)


@blueprint.post("/results/answers/question/<uuid:question_id>/markers")
@allow(*OFFICERS)
def assign_marker(question_id: UUID) -> Response:
    _question(question_id)
    chosen = request.form.get("account", type=UUID)
    account = people.account(session(), chosen) if chosen else None
    if account is None or account.organisation_id != staff().organisation_id:
        raise NotFound("not_found")
    try:
        answer_markers.assign(
            session(),
            question_id,
            account,
            third=bool(request.form.get("third")),
            quota=request.form.get("quota", 0, int),
            actor=staff().id,
            now=now(),
        )
        flash(gettext("已安排%(name)s评这道题", name=account.name))
    except CertengineError as error:
        _refused(error)
    return _back(question_id)


@blueprint.post("/results/answers/question/<uuid:question_id>/markers/<uuid:account_id>/<act>")
@allow(*OFFICERS)
def change_marker(question_id: UUID, account_id: UUID, act: str) -> Response:
    _question(question_id)
    answer_markers.change(session(), question_id, account_id, act, staff().id, now())
    flash(gettext("已保存"))
    return _back(question_id)


@blueprint.post("/results/answers/question/<uuid:question_id>/seeds")
@allow(*OFFICERS)
def add_seed(question_id: UUID) -> str | Response | tuple[str, int]:
    view = _question(question_id)
    typed, text = typed_points(view.rubric), request.form.get("text", "")[:20_000]
    try:
        code = answer_markers.add_seed(
            session(),
            question_id,
            text,
            points_of(typed),
            staff().id,
            now(),
            practice="practice" in request.form,
            note=request.form.get("note", "")[:5_000],
        )
    except Invalid as error:
        given = {str(number): each for number, each in enumerate(typed, 1)}
        return _page(view, {"text": text, "points": given, "problems": [say(each) for each in error.problems]}), 422
    if "practice" in request.form:
        flash(gettext("试评答案%(code)s已加入，评卷人先评它", code=code))
    else:
        flash(gettext("标准答卷%(code)s已混入各评卷人的待评答案", code=code))
    return _back(question_id)


@blueprint.post("/results/answers/question/<uuid:question_id>/send-back")
@allow(*OFFICERS)
def send_back(question_id: UUID) -> Response:
    _question(question_id)
    try:
        count = answer_markers.send_back(session(), question_id, staff().id, now())
        flash(gettext("已退回%(count)s份评分，有关答案将重新评", count=count))
    except CertengineError as error:
        _refused(error)
    return _back(question_id)
