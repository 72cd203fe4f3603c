"""A candidate's own result with the steps of its review, and the reviewers' pages."""

from decimal import Decimal, InvalidOperation
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import get_locale, gettext
from werkzeug.wrappers import Response

from certengine.certificates import service as certificates
from certengine.delivery.actors import Candidate
from certengine.foundation.errors import CertengineError, Invalid, NotFound, Problem
from certengine.foundation.paging import paginate
from certengine.marking import annotating, changing, evidence, result_report, result_sheet, reviewing, rules, service
from certengine.marking.models import MarkState, ReviewState
from certengine.marking.reviewing import Findings
from certengine.marking.views import STATES, VERDICTS, blueprint
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import kept_parts
from certengine.sittings import service as sittings
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.request import now, runtime, session


def _me() -> Candidate:
    actor = current_actor()
    if not isinstance(actor, Candidate):
        raise NotFound("not_found")
    return actor


@blueprint.get("/exam/result")
@allow(Permission.ATTEMPT_TAKE)
def my_result() -> str:
    """The candidate's own result, once released and out of embargo, with the certificate."""
    registration_id = _me().registration_id
    candidate = sittings.candidate(session(), registration_id)
    result = service.result_of(session(), registration_id)
    if result is not None and not rules.is_visible(result.visible_from, now()):
        result = None
    held = [
        each
        for each in certificates.certificates_of(session(), candidate.document_index)
        if result and each.subject == f"registration:{registration_id}"
    ]
    return render_template(
        "marking/my_result.html",
        candidate=candidate,
        plan=sittings.plan_of(session(), candidate.organisation_id, candidate.exam_plan_id),
        result=result,
        held=held,
        report=result_report.report_of(session(), registration_id, result, now()) if result else None,
        english=is_english(),
        too_few=result_sheet.too_few_words(),
        exempt={each.part.value: each for each in candidate.kept},
        kept=kept_parts.kept_of(session(), registration_id) if result else [],
        now=now(),
        changes=changing.changes_of(session(), registration_id) if result else [],
        review=reviewing.review_for(session(), registration_id) if result else None,
        may_ask=bool(result and reviewing.may_ask(session(), result, now())),
        until=reviewing.window_opens(result) + rules.REVIEW_WINDOW.span if result else None,
        days=rules.REVIEW_WINDOW.span.days,
        State=MarkState,
        Review=ReviewState,
    )


@blueprint.get("/exam/result.pdf")
@allow(Permission.ATTEMPT_TAKE)
def my_report() -> Response:
    """The same as a file to be printed."""
    registration_id = _me().registration_id
    result = service.result_of(session(), registration_id)
    if result is None or not rules.is_visible(result.visible_from, now()):
        raise NotFound("marking.not_released")
    report = result_report.report_of(session(), registration_id, result, now())
    content = result_sheet.report_pdf(
        report, lambda state: str(STATES[state]), str(VERDICTS[result.verdict]), is_english()
    )
    name = f"{gettext('成绩报告')}-{report.candidate.ticket_number}.pdf"
    return send_file(BytesIO(content), mimetype="application/pdf", as_attachment=True, download_name=name)


def is_english() -> bool:
    return str(get_locale()) == "en"


@blueprint.post("/exam/result/review")
@allow(Permission.ATTEMPT_TAKE)
def ask_review() -> Response:
    me = _me()
    try:
        reviewing.ask(session(), me.registration_id, request.form.get("reason", "")[:2000], me.id, now())
        flash(gettext("成绩复核申请已提交"))
    except CertengineError as error:
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(".my_result"))


@blueprint.get("/reviews")
@allow(Permission.SCORE_REVIEW)
def reviews() -> str:
    chosen = request.args.get("state", "")
    state = ReviewState(chosen) if chosen in {each.value for each in ReviewState} else None
    query = reviewing.reviews_query(staff().organisation_id, state)
    page = paginate(session(), query, request.args.get("page", 1, int))
    who = {row.id: sittings.candidate(session(), row.registration_id) for row in page.rows}
    return render_template("marking/reviews.html", page=page, who=who, chosen=chosen, Review=ReviewState)


@blueprint.get("/reviews/<uuid:review_id>")
@allow(Permission.SCORE_REVIEW)
def review(review_id: UUID) -> str:
    return _page(review_id, {}, {})


def _page(review_id: UUID, problems: dict[str, str], given: dict[str, str]) -> str:
    row = reviewing.review_of(session(), staff().organisation_id, review_id)
    result = service.result_of(session(), row.registration_id)
    theory = evidence.theory(session(), row.registration_id, now())
    candidate = sittings.candidate(session(), row.registration_id)
    return render_template(
        "marking/review.html",
        review=row,
        candidate=candidate,
        plan=sittings.plan_of(session(), candidate.organisation_id, candidate.exam_plan_id),
        result=result,
        theory=theory,
        notes=annotating.notes_on(session(), row.registration_id),
        practical=evidence.practical(session(), row.exam_plan_id, row.registration_id),
        may_check=row.state is ReviewState.ASKED and staff().id not in reviewing.involved(session(), row),
        may_decide=row.state is ReviewState.CHECKED and row.checked_by != staff().id,
        names=people.shown_names(session(), [row.checked_by, row.decided_by]),
        problems=problems,
        given=given,
        State=MarkState,
        Review=ReviewState,
    )


@blueprint.post("/reviews/<uuid:review_id>/check")
@allow(Permission.SCORE_REVIEW)
def check_review(review_id: UUID) -> Response | tuple[str, int]:
    def act() -> None:
        row = reviewing.review_of(session(), staff().organisation_id, review_id, lock=True)
        findings = Findings(_score("theory"), _score("practical"), request.form.get("text", "")[:4000])
        reviewing.check(session(), row, findings, staff().id, now())

    return _done(review_id, act)


def _score(name: str) -> Decimal | None:
    text = request.form.get(name, "").strip()
    try:
        score = Decimal(text) if text else None
    except InvalidOperation:
        raise Invalid([Problem(name, "marking.score_range")]) from None
    if score is not None and not score.is_finite():
        raise Invalid([Problem(name, "marking.score_range")])
    return score


@blueprint.post("/reviews/<uuid:review_id>/decide")
@allow(Permission.SCORE_REVIEW)
def decide_review(review_id: UUID) -> Response | tuple[str, int]:
    def act() -> None:
        row = reviewing.review_of(session(), staff().organisation_id, review_id, lock=True)
        agree = request.form.get("agree") == "yes"
        text = request.form.get("decision", "")[:4000]
        reviewing.decide(session(), runtime(), row, agree, text, staff().id, now())

    return _done(review_id, act)


def _done(review_id: UUID, act: Any) -> Response | tuple[str, int]:
    """Does what was asked, or shows the page again with what is wrong and what was typed."""
    try:
        act()
        flash(gettext("已保存"))
        return redirect(url_for(".review", review_id=review_id))  # type: ignore[return-value]
    except NotFound:
        raise
    except CertengineError as error:
        session().rollback()
        wrong = {getattr(each, "place", ""): say(each) for each in getattr(error, "problems", [error])}
        return _page(review_id, wrong, request.form.to_dict()), 422
