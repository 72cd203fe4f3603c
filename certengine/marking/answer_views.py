"""A marker's pages: the questions that are theirs, and one answer after the other, by keyboard."""

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.bank.rules import AnswerPoint
from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.marking import annotation_views, answer_entry, answer_rules, answers
from certengine.marking.answer_entry import Entry, Opened
from certengine.marking.views import blueprint
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session

Page = str | Response | tuple[str, int]
STALE = "marking.changed_meanwhile"


def points_of(texts: Sequence[str]) -> list[Decimal | None]:
    """What was typed for each answer point; an empty field is None. Raises Invalid for what is no number."""
    found: list[Decimal | None] = []
    wrong = []
    for number, text in enumerate(texts, 1):
        try:
            value = Decimal(text) if text else None
            if value is not None and not value.is_finite():
                raise InvalidOperation
            found.append(value)
        except InvalidOperation:
            wrong.append(Problem(str(number), "marking.answer_point_number", {"number": number}))
    if wrong:
        raise Invalid(wrong)
    return found


def typed_points(rubric: Sequence[AnswerPoint]) -> list[str]:
    return [request.form.get(f"points-{number}", "").strip() for number in range(1, len(rubric) + 1)]


@blueprint.get("/marking/answers")
@allow(Permission.MARK_ENTER)
def my_answers() -> str:
    return render_template("marking/my_answers.html", rows=answer_entry.progress(session(), staff().account_id))


@blueprint.get("/marking/answers/<uuid:question_id>/next")
@allow(Permission.MARK_ENTER)
def next_answer(question_id: UUID) -> Response:
    code = answer_entry.next_code(session(), staff().account_id, question_id, request.args.get("skip", ""))
    if code is None:
        flash(gettext("这道题没有等您评的答案了"))
        return redirect(url_for(".my_answers"))
    return redirect(url_for(".answer", question_id=question_id, code=code))


@blueprint.route("/marking/answers/<uuid:question_id>/<code>", methods=["GET", "POST"])
@allow(Permission.MARK_ENTER)
def answer(question_id: UUID, code: str) -> Page:
    if request.method == "POST":
        return _entered(question_id, code)
    try:
        opened = answer_entry.opened(session(), staff().account_id, question_id, code)
    except Conflict as error:
        # Somebody else was faster, or the page was left open: there is more to mark.
        flash(say(error), "warning")
        return redirect(url_for(".next_answer", question_id=question_id))
    given = dict(opened.own.points) if opened.own else {}
    return _shown(opened, given, opened.own.comment if opened.own else "", {})


def _entered(question_id: UUID, code: str) -> Page:
    rubric = answers.question(session(), question_id).rubric
    typed, comment = typed_points(rubric), request.form.get("comment", "")[:2000]
    try:
        entry = Entry(
            points_of(typed),
            comment,
            request.form.get("version", 0, int),
            request.form.get("number", 0, int),
        )
        beside = answer_entry.enter(session(), staff().account_id, question_id, code, entry, now())
    except Invalid as error:
        problems = {each.place: say(each) for each in error.problems}
    except Conflict as error:
        if error.code != STALE:
            flash(say(error), "danger")
            return redirect(url_for(".my_answers"))
        problems = {"": say(error)}
    else:
        if answer_entry.is_practice(session(), question_id, code):
            return redirect(url_for(".practised", question_id=question_id, code=code))
        if beside:
            flash(gettext("您打开之后，另一位评卷人已评了答案%(code)s；两份评分都已保留", code=code), "warning")
        return redirect(url_for(".next_answer", question_id=question_id))
    opened = answer_entry.opened(session(), staff().account_id, question_id, code)
    given = {str(number): text for number, text in enumerate(typed, 1)}
    return _shown(opened, given, comment, problems), 422


@blueprint.get("/marking/answers/<uuid:question_id>/<code>/agreed")
@allow(Permission.MARK_ENTER)
def practised(question_id: UUID, code: str) -> str:
    """An answer to practise on, once it is marked: what was given beside what was agreed, and why."""
    own, found = answer_entry.practice_result(session(), staff().account_id, question_id, code)
    view = answers.question(session(), question_id)
    agreed = answer_rules.agreed_share(found.agreed or {})
    return render_template(
        "marking/practised.html",
        question=view,
        own=own,
        answer=found,
        agreed=answer_rules.in_points(agreed, view.whole),
        near=abs(answers.share_of(own) - agreed) <= view.tolerance_share,
        paused=answer_entry.assigned(session(), staff().account_id, question_id).paused_at is not None,
    )


def _shown(opened: Opened, given: dict[str, str], comment: str, problems: dict[str, str]) -> str:
    question = opened.question
    return render_template(
        "marking/answer.html",
        opened=opened,
        view=annotation_views.answer_notes(opened),
        question=question,
        case=render_markdown(question.case.stem) if question.case else "",
        stem=render_markdown(question.item.stem),
        model_answer=render_markdown(question.item.model_answer),
        given=given,
        comment=comment,
        problems=problems,
    )
