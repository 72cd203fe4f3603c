"""Pages of those who develop courses and of the department that reviews and publishes them."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.datastructures import FileStorage
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound, Problem
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people.actors import staff
from certengine.people.models import OrganisationKind
from certengine.people.permissions import Permission
from certengine.training import course_statistics, courses, quiz_sources, quizzes
from certengine.training.course_forms import CourseForm, QuestionForm, ReasonForm, ReviewForm, UnitForm
from certengine.training.course_models import Course, CourseState, Subject
from certengine.training.courses import Sought, UnitFacts
from certengine.training.pages import STATES, SUBJECTS, blueprint
from certengine.web.access import allow
from certengine.web.downloads import sent_rows
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.request import now, runtime, session

# The first bytes by which a file is known, where they begin, what it is.
MEDIA = ((b"ftyp", 4, "video/mp4"), (b"\x1aE\xdf\xa3", 0, "video/webm"), (b"%PDF-", 0, "application/pdf"))


def _reviews() -> bool:
    return staff().may(Permission.COURSE_REVIEW)


def _course(course_id: UUID) -> Course:
    """Its developer's or, for the department, anybody's that was ever submitted."""
    return courses.course(session(), course_id, None if _reviews() else staff().organisation_id)


def chosen(kind: Any, name: str) -> Any:
    """The enum member that the address asks for, if it is one."""
    given = request.args.get(name, "")
    return kind(given) if given in {each.value for each in kind} else None


@blueprint.get("/courses/manage", endpoint="courses")
@allow(Permission.COURSE_MANAGE, Permission.COURSE_REVIEW)
def list_courses() -> str:
    sought = Sought(
        words=request.args.get("q", "").strip(),
        subject=chosen(Subject, "subject"),
        state=chosen(CourseState, "state"),
        organisation_id=None if _reviews() else staff().organisation_id,
    )
    page = paginate(session(), courses.courses_query(sought), request.args.get("page", 1, int))
    return render_template(
        "training/courses.html",
        page=page,
        sought=sought,
        subjects=SUBJECTS,
        states=STATES,
        may_draft=staff().may(Permission.COURSE_MANAGE),
        Kind=OrganisationKind,
    )


@blueprint.route("/courses/manage/new", methods=["GET", "POST"])
@allow(Permission.COURSE_MANAGE)
def new_course() -> Any:
    form, others = CourseForm(token=random_code(20)), []
    form.offer(quiz_sources.offers(session(), staff().organisation_id))
    if form.validate_on_submit():
        token = given_token()
        try:
            drafted = courses.draft(
                session(), staff().organisation_id, form.facts(), token=token, actor=staff().id, now=now()
            )
            return redirect(url_for(".course", course_id=drafted.id))
        except Invalid as error:
            others = form.show_problems(error)
    status = 422 if request.method == "POST" else 200
    return render_template("training/course_form.html", form=form, others=others, drafted=None), status


@blueprint.route("/courses/manage/<uuid:course_id>/facts", methods=["GET", "POST"])
@allow(Permission.COURSE_MANAGE)
def change_course(course_id: UUID) -> Any:
    drafted, form, others = courses.course(session(), course_id, staff().organisation_id), CourseForm(), []
    form.offer(quiz_sources.offers(session(), drafted.organisation_id))
    if request.method == "GET":
        form.fill(drafted)
    elif form.validate_on_submit():
        try:
            courses.change(session(), drafted, form.facts())
            return redirect(url_for(".course", course_id=course_id))
        except Invalid as error:
            others = form.show_problems(error)
    status = 422 if request.method == "POST" else 200
    return render_template("training/course_form.html", form=form, others=others, drafted=drafted), status


@blueprint.get("/courses/manage/<uuid:course_id>")
@allow(Permission.COURSE_MANAGE, Permission.COURSE_REVIEW)
def course(course_id: UUID) -> str:
    return _page(_course(course_id))


def _page(found: Course, others: list[str] | None = None, **forms: Any) -> str:
    fresh: dict[str, Any] = {
        "unit_form": UnitForm(formdata=None),
        "question_form": QuestionForm(formdata=None),
        "review_form": ReviewForm(formdata=None),
        "reason_form": ReasonForm(formdata=None),
    }
    own = found.organisation_id == staff().organisation_id and staff().may(Permission.COURSE_MANAGE)
    draft = found.state is CourseState.DRAFT
    return render_template(
        "training/course.html",
        course=found,
        own=own,
        reviews=_reviews(),
        lacks=[say(Problem("", code)) for code in courses.lacks(session(), found)] if draft else [],
        history=ledger.history(session(), f"course:{found.id}"),
        others=others or [],
        State=CourseState,
        Kind=OrganisationKind,
        **{**fresh, **forms},
    )


def _back(course_id: UUID) -> Any:
    return redirect(url_for(".course", course_id=course_id))


@blueprint.post("/courses/manage/<uuid:course_id>/units")
@allow(Permission.COURSE_MANAGE)
def add_unit(course_id: UUID) -> Any:
    drafted, form = courses.course(session(), course_id, staff().organisation_id), UnitForm()
    if not form.validate_on_submit():
        return _page(drafted, unit_form=form), 422
    try:
        file, media_type = _kept(form.file.data)
        facts = UnitFacts(
            title=form.title.data.strip(),
            kind=form.unit_kind(),
            seconds=int(form.minutes.data * 60),
            file=file,
            media_type=media_type,
            address=form.address.data or "",
            text=(form.text.data or "").strip(),
        )
        courses.add_unit(session(), drafted, facts)
    except Invalid as error:
        return _page(drafted, form.show_problems(error), unit_form=form), 422
    return _back(course_id)


def _kept(upload: FileStorage | None) -> tuple[str, str]:
    """The uploaded file's hash and media type, known by its bytes and not by its name. Raises Invalid."""
    content = upload.read() if upload else b""
    if not content:
        return "", ""
    for mark, place, media_type in MEDIA:
        if content[place : place + len(mark)] == mark:
            return runtime().files.put(content), media_type
    raise Invalid([Problem("file", "course.file_kind")])


@blueprint.get("/courses/manage/<uuid:course_id>/units/<uuid:unit_id>/file")
@allow(Permission.COURSE_MANAGE, Permission.COURSE_REVIEW)
def review_file(course_id: UUID, unit_id: UUID) -> Any:
    """A unit's file for who develops or reviews the course."""
    unit = next((each for each in _course(course_id).units if each.id == unit_id and each.file), None)
    if unit is None:
        raise NotFound("course.unit_not_found")
    return send_file(runtime().files.path(unit.file), mimetype=unit.media_type, conditional=True)


@blueprint.post("/courses/manage/<uuid:course_id>/units/<uuid:unit_id>/remove")
@allow(Permission.COURSE_MANAGE)
def remove_unit(course_id: UUID, unit_id: UUID) -> Any:
    courses.remove_unit(session(), courses.course(session(), course_id, staff().organisation_id), unit_id)
    return _back(course_id)


@blueprint.post("/courses/manage/<uuid:course_id>/questions")
@allow(Permission.COURSE_MANAGE)
def add_question(course_id: UUID) -> Any:
    drafted, form = courses.course(session(), course_id, staff().organisation_id), QuestionForm()
    if not form.validate_on_submit():
        return _page(drafted, question_form=form), 422
    try:
        courses.add_question(
            session(), drafted, form.stem.data, form.options.data.splitlines(), (form.key.data or 0) - 1
        )
    except Invalid as error:
        return _page(drafted, form.show_problems(error), question_form=form), 422
    return _back(course_id)


@blueprint.post("/courses/manage/<uuid:course_id>/questions/<uuid:question_id>/remove")
@allow(Permission.COURSE_MANAGE)
def remove_question(course_id: UUID, question_id: UUID) -> Any:
    courses.remove_question(session(), courses.course(session(), course_id, staff().organisation_id), question_id)
    return _back(course_id)


@blueprint.post("/courses/manage/<uuid:course_id>/submit")
@allow(Permission.COURSE_MANAGE)
def submit_course(course_id: UUID) -> Any:
    drafted = courses.course(session(), course_id, staff().organisation_id)
    try:
        courses.submit(session(), drafted, actor=staff().id, now=now())
    except Invalid as error:
        return _page(drafted, [say(each) for each in error.problems]), 422
    flash(gettext("已提交审核"))
    return _back(course_id)


@blueprint.post("/courses/manage/<uuid:course_id>/review")
@allow(Permission.COURSE_REVIEW)
def review_course(course_id: UUID) -> Any:
    found, form = _course(course_id), ReviewForm()
    if not form.validate_on_submit():
        return _page(found, review_form=form), 422
    try:
        courses.review(
            session(),
            found,
            form.decision.data == "good",
            form.note.data or "",
            organisation_id=staff().organisation_id,
            actor=staff().id,
            now=now(),
        )
    except Invalid as error:
        return _page(found, form.show_problems(error), review_form=form), 422
    return _back(course_id)


@blueprint.post("/courses/manage/<uuid:course_id>/publish")
@allow(Permission.COURSE_REVIEW)
def publish_course(course_id: UUID) -> Any:
    courses.publish(session(), _course(course_id), organisation_id=staff().organisation_id, actor=staff().id, now=now())
    flash(gettext("课程已发布"))
    return _back(course_id)


@blueprint.post("/courses/manage/<uuid:course_id>/withdraw")
@allow(Permission.COURSE_REVIEW)
def withdraw_course(course_id: UUID) -> Any:
    found, form = _course(course_id), ReasonForm()
    if not form.validate_on_submit():
        return _page(found, reason_form=form), 422
    courses.withdraw(
        session(),
        found,
        form.reason.data or "",
        organisation_id=staff().organisation_id,
        actor=staff().id,
        now=now(),
    )
    return _back(course_id)


@blueprint.get("/courses/manage/<uuid:course_id>/learners")
@allow(Permission.COURSE_MANAGE)
def course_learners(course_id: UUID) -> str:
    found = courses.course(session(), course_id, staff().organisation_id)
    query = course_statistics.learners_query(course_id)
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template("training/learners.html", course=found, page=page, form=ReasonForm(formdata=None))


@blueprint.get("/courses/manage/<uuid:course_id>/learners.xlsx")
@allow(Permission.COURSE_MANAGE)
def course_learners_xlsx(course_id: UUID) -> Response:
    found = courses.course(session(), course_id, staff().organisation_id)
    rows = [
        (
            each.person.name,
            each.person.document_masked,
            each.units_done,
            each.units,
            each.completed_at and each.completed_at.astimezone(CHINA).date(),
        )
        for each in session().scalars(course_statistics.learners_query(course_id))
    ]
    heads = ("姓名", "证件号码", "已完成单元", "单元数", "完成日期")
    return sent_rows(heads, rows, f"{found.title}-学员")


@blueprint.post("/courses/manage/<uuid:course_id>/learners/<uuid:enrolment_id>/attempts")
@allow(Permission.COURSE_MANAGE)
def grant_attempt(course_id: UUID, enrolment_id: UUID) -> Any:
    reason = request.form.get("reason", "")
    try:
        quizzes.grant(session(), staff().organisation_id, enrolment_id, reason, actor=staff().id, now=now())
        flash(gettext("已增加一次测验"))
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
    except CertengineError as error:
        flash(say(error), "danger")
    return redirect(url_for(".course_learners", course_id=course_id))
