"""Presence: the code on a room's screen, the list of a lesson, materials; and a learner's own classes."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.people import roster
from certengine.people.actors import staff
from certengine.people.enrolment import qr_path
from certengine.people.models import DocumentType
from certengine.people.permissions import Permission
from certengine.training import rotating, service, teaching, timetable
from certengine.training.models import Enrolment, Lesson, TrainingClass
from certengine.training.pages import blueprint, learner
from certengine.training.rules import Presence
from certengine.training.teaching_forms import FileForm, ScanForm
from certengine.web.access import allow, current_actor, public
from certengine.web.downloads import sent_rows, sent_spreadsheet
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter


def _class(class_id: UUID) -> TrainingClass:
    return service.training_class(session(), staff().organisation_id, class_id)


@blueprint.get("/training/roster.xlsx")
@allow(Permission.TRAINING_MANAGE)
def roster_template() -> Response:
    return sent_spreadsheet(roster.template(), "学员名单.xlsx")


@blueprint.post("/training/<uuid:class_id>/roster")
@allow(Permission.TRAINING_MANAGE)
def enrol_list(class_id: UUID) -> Any:
    """Everybody of the list, or nobody where a row is wrong."""
    opened, upload = _class(class_id), request.files.get("file")
    try:
        if upload is None or not upload.filename:
            raise Invalid([], "roster.unreadable")
        read = roster.read_roster(upload.read(), upload.filename, now().astimezone(CHINA).date())
        if read.problems:
            raise Invalid(list(read.problems))
        for row in read.rows:
            service.enrol(session(), runtime().cipher, opened, row.facts, staff().id, now())
        flash(gettext("名单中共%(count)s人，均已登记", count=len(read.rows)))
    except Invalid as error:
        session().rollback()
        said = [f"{each.place}: {say(each)}" for each in error.problems] or [gettext("请选择文件")]
        return render_template("training/roster_problems.html", class_id=class_id, problems=said), 422
    return redirect(url_for(".show_class", class_id=class_id))


@blueprint.post("/training/<uuid:class_id>/materials")
@allow(Permission.TRAINING_MANAGE)
def add_class_material(class_id: UUID) -> Any:
    opened, form = _class(class_id), FileForm()
    problems = [str(text) for text in form.file.errors] if not form.validate_on_submit() else []
    if not problems and form.file.data:
        try:
            upload = form.file.data
            teaching.add_material(session(), runtime(), opened.id, upload.filename or "", upload.read())
            return redirect(url_for(".show_class", class_id=class_id))
        except Invalid as error:
            problems = [say(each) for each in error.problems]
    problems = problems or [gettext("请选择文件")]
    return render_template("training/roster_problems.html", class_id=class_id, problems=problems), 422


@blueprint.get("/training/<uuid:class_id>/lessons/<uuid:lesson_id>/code")
@allow(Permission.TRAINING_MANAGE)
def lesson_code(class_id: UUID, lesson_id: UUID) -> str:
    """The code on the screen of the room; the page renews itself before it ends."""
    opened = _class(class_id)
    lesson = timetable.lesson_of(session(), opened, lesson_id)
    code = rotating.code(runtime().settings.secret_key, f"lesson:{lesson.id}", now().timestamp())
    address = runtime().settings.base_url + url_for(".scan_lesson", lesson_id=lesson_id, code=code)
    side, path = qr_path(address)
    return render_template(
        "training/lesson_code.html",
        opened=opened,
        lesson=lesson,
        side=side,
        path=path,
        address=address,
        seconds=rotating.SECONDS,
        there=len(timetable.presences(session(), lesson.id)),
    )


@blueprint.route("/training/<uuid:class_id>/lessons/<uuid:lesson_id>/list", methods=["GET", "POST"])
@allow(Permission.TRAINING_MANAGE)
def lesson_list(class_id: UUID, lesson_id: UUID) -> Any:
    """Presence by the list on paper: whoever is ticked was there for the whole lesson; who was less is put right."""
    opened = _class(class_id)
    lesson = timetable.lesson_of(session(), opened, lesson_id)
    rows, there = service.progress(session(), opened), timetable.presences(session(), lesson.id)
    if request.method == "POST":
        chosen = set(request.form.getlist("enrolment"))
        new = [each for each in rows if str(each.enrolment.id) in chosen and each.enrolment.id not in there]
        _record_whole(lesson, [each.enrolment for each in new if not each.enrolment.completed_at])
        return redirect(url_for(".lesson_list", class_id=class_id, lesson_id=lesson_id))
    return render_template("training/lesson_list.html", opened=opened, lesson=lesson, rows=rows, there=there)


def _record_whole(lesson: Lesson, people: list[Enrolment]) -> None:
    """Everybody who can be recorded is; of the others it is said why not."""
    whole, count = Presence(lesson.starts_at, lesson.ends_at), 0
    for each in people:
        try:
            service.record_attendance(session(), each, lesson, whole, actor=staff().id, now=now())
            count += 1
        except Invalid as error:
            said = say(error.problems[0])
            flash(gettext("%(name)s：%(problem)s", name=each.person.name, problem=said), "danger")
    flash(
        gettext("已登记%(count)s人", count=count) if people else gettext("请先勾选学员"),
        "success" if count else "warning",
    )


@blueprint.post("/training/<uuid:class_id>/lessons/<uuid:lesson_id>/remove")
@allow(Permission.TRAINING_MANAGE)
def remove_lesson(class_id: UUID, lesson_id: UUID) -> Any:
    lesson = timetable.lesson_of(session(), _class(class_id), lesson_id)
    timetable.remove_lesson(session(), lesson, actor=staff().id, now=now())
    flash(gettext("课次已删除"))
    return redirect(url_for(".show_class", class_id=class_id))


@blueprint.get("/training/<uuid:class_id>/people.xlsx")
@allow(Permission.TRAINING_MANAGE)
def class_people_xlsx(class_id: UUID) -> Response:
    opened = _class(class_id)
    rows = [
        (
            row.enrolment.person.name,
            row.enrolment.person.document_masked,
            row.hours,
            opened.hours_required,
            row.enrolment.assessment,
            say(CertengineError(row.missing[0])) if row.missing else gettext("可发证"),
            row.enrolment.completed_at and row.enrolment.completed_at.astimezone(CHINA).date(),
        )
        for row in service.progress(session(), opened)
    ]
    heads = ("姓名", "证件号码", "已得学时", "规定学时", "结业考核", "状态", "结业日期")
    return sent_rows(heads, rows, f"{opened.title}-学员与学时")


@blueprint.route("/lessons/<uuid:lesson_id>/present/<code>", methods=["GET", "POST"])
@public("learners read the code on the screen with their phones; many have no account")
@limiter.limit("60 per minute", methods=["POST"])
def scan_lesson(lesson_id: UUID, code: str) -> Any:
    lesson = session().get(Lesson, lesson_id)
    if lesson is None:
        raise NotFound("training.lesson_not_found")
    secret, subject, moment = runtime().settings.secret_key, f"lesson:{lesson.id}", now().timestamp()
    form, others, done = ScanForm(), [], None
    ticket = request.form.get("ticket", "")
    if not rotating.holds(secret, subject, code, moment) and not rotating.ticket_holds(secret, subject, ticket, moment):
        return render_template("training/scan.html", lesson=lesson, form=None, others=[], done=None), 410
    person_id = getattr(current_actor(), "person_id", None)
    if request.method == "POST" and (person_id or form.validate_on_submit()):
        try:
            present = _present(lesson, form, person_id)
            done = timetable.scan(session(), present, lesson, now=now())
        except Invalid as error:
            others = form.show_problems(error)
        except CertengineError as error:
            others = [say(error)]
    page = render_template(
        "training/scan.html",
        lesson=lesson,
        form=form,
        known=person_id is not None,
        ticket=rotating.ticket(secret, subject, moment),
        others=others,
        done=done,
    )
    return page, 200 if request.method == "GET" or done else 422


def _present(lesson: Lesson, form: ScanForm, person_id: UUID | None) -> Enrolment:
    if person_id is not None:
        return timetable.enrolment_of(session(), lesson.training_class_id, person_id)
    opened = session().get_one(TrainingClass, lesson.training_class_id)
    kind = DocumentType(form.document_type.data)
    return timetable.enrolment_by_document(session(), runtime().cipher, opened, kind, form.number.data or "", now())


@blueprint.get("/my-classes")
@allow(Permission.TRAINEE_SELF)
def my_classes() -> str:
    return render_template("training/my_classes.html", enrolments=timetable.classes_of(session(), learner()))


@blueprint.get("/my-classes/<uuid:class_id>")
@allow(Permission.TRAINEE_SELF)
def my_class(class_id: UUID) -> str:
    """One's own timetable, presence, hours, what is still missing, and materials."""
    mine = timetable.enrolment_of(session(), class_id, learner())
    row = next(each for each in service.progress(session(), mine.training_class) if each.enrolment.id == mine.id)
    presences = {
        lesson.id: timetable.presences(session(), lesson.id).get(mine.id) for lesson in mine.training_class.lessons
    }
    return render_template(
        "training/my_class.html",
        opened=mine.training_class,
        row=row,
        presences=presences,
        materials=teaching.materials(session(), class_id),
        missing=[say(CertengineError(code)) for code in row.missing],
    )


@blueprint.get("/training/<uuid:class_id>/materials/<uuid:material_id>")
@allow(Permission.TRAINEE_SELF, Permission.TRAINING_MANAGE)
def class_material(class_id: UUID, material_id: UUID) -> Response:
    """For the class's learners and its institution."""
    if staff().may(Permission.TRAINING_MANAGE):
        _class(class_id)
    else:
        timetable.enrolment_of(session(), class_id, learner())
    kept = next((each for each in teaching.materials(session(), class_id) if each.id == material_id), None)
    if kept is None:
        raise NotFound("not_found")
    return send_file(
        runtime().files.path(kept.digest), mimetype=kept.media_type, as_attachment=True, download_name=kept.name
    )
