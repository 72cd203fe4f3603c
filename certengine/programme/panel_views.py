"""An expert's own pages: what waits, what is to be scored, the scores."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from certengine.foundation.errors import Invalid, NotFound
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.programme import applications, panels, selection_rules, seminars
from certengine.programme.application_models import ExpertReview
from certengine.programme.pages import CRITERIA_NAMES, blueprint
from certengine.standards.names import field_names
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session


@blueprint.get("/programme/reviews")
@allow(Permission.EXPERT_REVIEW)
def my_reviews() -> str:
    return render_template("programme/reviews.html", reviews=panels.reviews_for(session(), staff().account_id))


@blueprint.route("/programme/reviews/<uuid:review_id>", methods=["GET", "POST"])
@allow(Permission.EXPERT_REVIEW)
def review(review_id: UUID) -> Any:
    given = panels.review(session(), review_id, staff().account_id)
    about, criteria = _about(given)
    problems: dict[str, str] = {}
    if request.method == "POST":
        scores = {name: _whole(request.form.get(name, "")) for name in criteria}
        opinion = request.form.get("opinion", "")
        try:
            panels.score(session(), given, scores, opinion, criteria=criteria, actor=staff().id, now=now())
            flash(gettext("评分已提交"))
            return redirect(url_for(".my_reviews"))
        except Invalid as error:
            problems = {each.place: say(each) for each in error.problems}
    page = render_template(
        "programme/review.html",
        review=given,
        criteria=criteria,
        names=CRITERIA_NAMES,
        typed=request.form,
        problems=problems,
        fields=field_names(),
        **about,
    )
    return page, 422 if problems else 200


def _whole(text: str) -> int | None:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 4 else None


def _about(given: ExpertReview) -> tuple[dict[str, Any], Any]:
    """What the expert reads, and by which criteria."""
    kind, _, identity = given.subject.partition(":")
    if kind == "application":
        found = applications.application(session(), UUID(identity), None)
        criteria = selection_rules.CRITERIA[selection_rules.criteria_of(found.kind)]
        return {"application": found, "seminar": None}, criteria
    if kind == "seminar":
        seminar = seminars.seminar(session(), UUID(identity), None)
        return {"application": None, "seminar": seminar}, selection_rules.CRITERIA["seminar"]
    raise NotFound("panel.not_found")
