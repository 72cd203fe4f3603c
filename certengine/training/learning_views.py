"""Learning: a course's units with what was seen of them, the word that a page sends, quizzes."""

import secrets
from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, send_file, url_for
from werkzeug.wrappers import Response

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.training import learning, quizzes
from certengine.training.course_models import CourseEnrolment, UnitKind
from certengine.training.learning import UnitView
from certengine.training.pages import blueprint, learner
from certengine.training.watching import Claim
from certengine.web.access import allow
from certengine.web.request import now, runtime, session

# Milliseconds: more than a year.
LATEST = 2**40


def _enrolment(enrolment_id: UUID, lock: bool = False) -> CourseEnrolment:
    return learning.enrolment(session(), enrolment_id, learner(), lock)


@blueprint.get("/learning/<uuid:enrolment_id>")
@allow(Permission.TRAINEE_SELF)
def learn(enrolment_id: UUID) -> str:
    found = _enrolment(enrolment_id)
    made = quizzes.attempts(session(), found)
    return render_template(
        "training/learn.html",
        enrolment=found,
        units=learning.units(session(), found),
        attempts=made,
        left=quizzes.left(found, made),
    )


def _unit(found: CourseEnrolment, unit_id: UUID) -> UnitView:
    """Raises NotFound, and Conflict where an earlier unit is not done."""
    view = next((each for each in learning.units(session(), found) if each.unit.id == unit_id), None)
    if view is None:
        raise NotFound("course.unit_not_found")
    if not view.open:
        raise Conflict("course.unit_locked")
    return view


@blueprint.get("/learning/<uuid:enrolment_id>/units/<uuid:unit_id>")
@allow(Permission.TRAINEE_SELF)
def learn_unit(enrolment_id: UUID, unit_id: UUID) -> str:
    found = _enrolment(enrolment_id)
    view = _unit(found, unit_id)
    following = [each.id for each in found.course.units if each.place > view.unit.place]
    return render_template(
        "training/unit.html",
        enrolment=found,
        view=view,
        following=following[0] if following else None,
        Kind=UnitKind,
    )


@blueprint.get("/learning/<uuid:enrolment_id>/units/<uuid:unit_id>/file")
@allow(Permission.TRAINEE_SELF)
def unit_file(enrolment_id: UUID, unit_id: UUID) -> Response:
    """The file with byte ranges, so that a player can go where it may."""
    unit = _unit(_enrolment(enrolment_id), unit_id).unit
    if not unit.file:
        raise NotFound("course.unit_not_found")
    return send_file(runtime().files.path(unit.file), mimetype=unit.media_type, conditional=True)


@blueprint.post("/learning/<uuid:enrolment_id>/units/<uuid:unit_id>/heard")
@allow(Permission.TRAINEE_SELF)
def unit_heard(enrolment_id: UUID, unit_id: UUID) -> dict[str, Any]:
    """A page says which milliseconds it showed since it last spoke; all it may conclude comes back."""
    told = learning.hear(session(), _enrolment(enrolment_id, lock=True), unit_id, _claim(), actor=staff().id, now=now())
    return vars(told)


def _claim() -> Claim:
    given = request.get_json(silent=True)
    start, end = (given.get("start"), given.get("end")) if isinstance(given, dict) else (None, None)
    if type(start) is not int or type(end) is not int or not (0 <= start < LATEST and 0 <= end < LATEST):
        raise Invalid([Problem("", "bad_request")])
    return Claim(start, end)


@blueprint.post("/learning/<uuid:enrolment_id>/quiz")
@allow(Permission.TRAINEE_SELF)
def start_quiz(enrolment_id: UUID) -> Any:
    made = quizzes.start(session(), _enrolment(enrolment_id, lock=True), secrets.token_hex(32), now())
    return redirect(url_for(".quiz", enrolment_id=enrolment_id, number=made.number))


@blueprint.get("/learning/<uuid:enrolment_id>/quiz/<int:number>")
@allow(Permission.TRAINEE_SELF)
def quiz(enrolment_id: UUID, number: int) -> str:
    found = _enrolment(enrolment_id)
    made = quizzes.attempt(session(), found, number)
    return render_template(
        "training/quiz.html",
        enrolment=found,
        attempt=made,
        questions=quizzes.shown(made),
        left=quizzes.left(found, quizzes.attempts(session(), found)),
    )


@blueprint.post("/learning/<uuid:enrolment_id>/quiz/<int:number>")
@allow(Permission.TRAINEE_SELF)
def submit_quiz(enrolment_id: UUID, number: int) -> Any:
    found = _enrolment(enrolment_id, lock=True)
    made = quizzes.attempt(session(), found, number)
    answers = {name.removeprefix("q-"): value for name, value in request.form.items() if name.startswith("q-")}
    quizzes.submit(session(), found, made, answers, actor=staff().id, now=now())
    return redirect(url_for(".quiz", enrolment_id=enrolment_id, number=number))
