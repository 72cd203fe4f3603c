"""Samples of a practical task: an examiner marks them first, an officer adds them, sets quotas and lets people go on."""

from decimal import Decimal, InvalidOperation
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.bank.rules import PracticalTask
from certengine.delivery import file_rules
from certengine.delivery.task_views import sent
from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotAllowed, NotFound, Problem
from certengine.marking import practical, samples
from certengine.marking.answer_officer_views import OFFICERS
from certengine.marking.views import blueprint
from certengine.people import service as people
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

LARGEST_FILE = 20 * 1024 * 1024


def typed_criteria(task: PracticalTask) -> dict[str, str]:
    return {each.id: request.form.get(f"points-{each.id}", "").strip() for each in task.rubric}


def criteria_points(task: PracticalTask, typed: dict[str, str]) -> dict[str, Decimal | None]:
    """What was typed for each criterion. Raises Invalid for what is no number."""
    points: dict[str, Decimal | None] = {}
    wrong = []
    for criterion in task.rubric:
        text = typed[criterion.id]
        try:
            points[criterion.id] = Decimal(text) if text else None
            if text and not Decimal(text).is_finite():
                raise InvalidOperation
        except InvalidOperation:
            wrong.append(Problem(criterion.id, "marking.points_number", {"criterion": criterion.criterion}))
    if wrong:
        raise Invalid(wrong)
    return points


def _assigned(sitting_id: UUID) -> tuple[SittingView, PracticalTask]:
    """Raises NotAllowed for who is not assigned."""
    if not sittings.is_assigned(session(), staff().account_id, sitting_id):
        raise NotAllowed("marking.not_assigned")
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    return sitting, practical.task_of(session(), sitting)


@blueprint.route("/marking/practical/<uuid:sitting_id>/samples/<code>", methods=["GET", "POST"])
@allow(Permission.MARK_ENTER)
def sample(sitting_id: UUID, code: str) -> str | Response | tuple[str, int]:
    """A sample to be marked; once it is, with the agreed points beside."""
    sitting, task = _assigned(sitting_id)
    found = samples.sample_of(session(), sitting_id, code)
    given, problems = typed_criteria(task) if request.method == "POST" else {}, {}
    if request.method == "POST":
        try:
            samples.mark(session(), found, task, criteria_points(task, given), staff().id, now())
            return redirect(url_for(".sample", sitting_id=sitting_id, code=code))
        except Invalid as error:
            problems = {each.place: say(each) for each in error.problems}
        except Conflict as error:
            problems = {"": say(error)}
    page = render_template(
        "marking/sample.html",
        sitting=sitting,
        task=task,
        sample=found,
        own=samples.mark_of(session(), found.id, staff().id),
        scenario=render_markdown(task.scenario),
        solution=render_markdown(task.reference_solution),
        text=render_markdown(found.text),
        note=render_markdown(found.note),
        tolerance=practical.layout_of(sitting).tolerance,
        given=given,
        problems=problems,
    )
    return (page, 422) if problems else page


@blueprint.get("/marking/practical/<uuid:sitting_id>/samples/<code>/file")
@allow(Permission.MARK_ENTER)
def sample_file(sitting_id: UUID, code: str) -> Response:
    _assigned(sitting_id)
    return _file(sitting_id, code)


@blueprint.get("/results/practical/<uuid:sitting_id>/samples/<code>/file")
@allow(*OFFICERS)
def officers_sample_file(sitting_id: UUID, code: str) -> Response:
    sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    return _file(sitting_id, code)


def _file(sitting_id: UUID, code: str) -> Response:
    found = samples.sample_of(session(), sitting_id, code)
    if not found.file:
        raise NotFound("marking.no_sample")
    return sent(found.file, found.file_name)


@blueprint.route("/results/practical/<uuid:sitting_id>/samples", methods=["GET", "POST"])
@allow(*OFFICERS)
def practical_samples(sitting_id: UUID) -> str | Response | tuple[str, int]:
    """The samples with their agreed points, and how each examiner of the sitting stands before them."""
    sitting = sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    task = practical.task_of(session(), sitting)
    given, problems = typed_criteria(task) if request.method == "POST" else {}, []
    if request.method == "POST":
        try:
            _add(sitting_id, task, given)
            flash(gettext("样例已加入，考评员先评样例，再评考生"))
            return redirect(url_for(".practical_samples", sitting_id=sitting_id))
        except Invalid as error:
            problems = [say(each) for each in error.problems]
    examiners = {each.id: each for room in sittings.staff_of(session(), sitting_id).values() for each in room}
    names = [f"account:{each}" for each in examiners]
    layout = practical.layout_of(sitting)
    page = render_template(
        "marking/practical_samples.html",
        sitting=sitting,
        task=task,
        samples=samples.samples_of(session(), sitting_id),
        examiners=list(examiners.values()),
        standings=samples.standings(session(), sitting_id, layout.tolerance, names),
        marked={name: len(practical.marks_by(session(), sitting_id, name)) for name in names},
        tolerance=layout.tolerance,
        given=given,
        problems=problems,
    )
    return (page, 422) if problems else page


def _add(sitting_id: UUID, task: PracticalTask, given: dict[str, str]) -> None:
    upload, file = request.files.get("file"), ("", "")
    if upload and upload.filename:
        content = upload.read(LARGEST_FILE + 1)
        if len(content) > LARGEST_FILE:
            raise Invalid([Problem("file", "marking.sample_large")])
        file = (file_rules.clean_name(upload.filename), runtime().files.put(content))
    samples.add_sample(
        session(),
        sitting_id,
        task,
        text=request.form.get("text", "")[:20_000],
        file=file,
        points=criteria_points(task, given),
        note=request.form.get("note", "")[:5_000],
        actor=staff().id,
        now=now(),
    )


def _examiner(sitting_id: UUID, account_id: UUID) -> str:
    """Raises NotFound for whoever is not of the officer's institution, or not assigned."""
    sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    account = people.account(session(), account_id)
    if account is None or not sittings.is_assigned(session(), account_id, sitting_id):
        raise NotFound("not_found")
    return f"account:{account_id}"


@blueprint.post("/results/practical/<uuid:sitting_id>/examiners/<uuid:account_id>/<any(quota, release):act>")
@allow(*OFFICERS)
def change_examiner(sitting_id: UUID, account_id: UUID, act: str) -> Response:
    examiner = _examiner(sitting_id, account_id)
    try:
        if act == "release":
            samples.release(session(), sitting_id, examiner, request.form.get("reason", ""), staff().id, now())
        else:
            text = request.form.get("quota", "").strip()
            quota = int(text) if text.isascii() and text.isdecimal() else None if not text else 0
            samples.set_quota(session(), sitting_id, examiner, quota, staff().id, now())
        flash(gettext("已保存"))
    except CertengineError as error:
        flash(say(next(iter(getattr(error, "problems", [error])))), "danger")
    return redirect(url_for(".practical_samples", sitting_id=sitting_id))
