from datetime import datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import select

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.people import designations
from certengine.people.actors import staff
from certengine.people.designation_models import DesignationKind
from certengine.people.models import DocumentType, Organisation, OrganisationKind
from certengine.people.permissions import Permission
from certengine.people.service import PersonFacts
from certengine.standards.names import field_names, node_name
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import (
    account_views,
    attendance_views,
    catalogue_views,
    completing,
    course_views,
    employer_views,
    learning_views,
    plan_rules,
    service,
    teaching,
    teaching_views,
    timetable,
)
from certengine.training.forms import AssessmentForm, AttendanceForm, ClassForm, EnrolForm, LessonForm
from certengine.training.models import Attendance, Enrolment, Lesson, LessonMode, TrainingClass
from certengine.training.pages import blueprint
from certengine.training.rules import Presence
from certengine.training.teaching_models import Teacher
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.request import now, runtime, session

__all__ = [
    "account_views",
    "attendance_views",
    "blueprint",
    "catalogue_views",
    "course_views",
    "employer_views",
    "learning_views",
    "teaching_views",
]


def _class(class_id: UUID) -> TrainingClass:
    return service.training_class(session(), staff().organisation_id, class_id)


def _enrolment(class_id: UUID, enrolment_id: UUID) -> Enrolment:
    opened = _class(class_id)
    found = session().get(Enrolment, enrolment_id)
    if found is None or found.training_class_id != opened.id:
        raise NotFound("training.class_not_found")
    return found


@blueprint.get("/training")
@allow(Permission.TRAINING_MANAGE)
def classes() -> str:
    sought = request.args.get("q", "").strip()[:120]
    query = service.classes_query(staff().organisation_id, sought)
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template(
        "training/classes.html",
        page=page,
        sizes=service.sizes(session(), page.rows),
        fields=field_names(),
        sought=sought,
    )


@blueprint.route("/training/new", methods=["GET", "POST"])
@allow(Permission.TRAINING_MANAGE)
def new_class() -> Any:
    form = ClassForm(token=random_code(20))
    form.offer_fields()
    plans = teaching.plans(session(), staff().organisation_id)
    form.plan.choices = [("", gettext("不按计划，只计学时")), *((str(each.id), each.title) for each in plans)]
    assessors = session().scalars(
        select(Organisation)
        .where(Organisation.kind == OrganisationKind.EVALUATION_INSTITUTION)
        .order_by(Organisation.name)
    )
    form.assessor.choices = [("", gettext("本机构")), *((str(each.id), each.name) for each in assessors)]
    if not form.validate_on_submit():
        return render_template("training/new_class.html", form=form, others=[]), 422 if form.is_submitted() else 200
    designations.must_stand(
        session(),
        staff().organisation_id,
        DesignationKind.TRAINING,
        form.field.data,
        now().astimezone(CHINA).date(),
        required=runtime().settings.designation_required,
    )
    try:
        opened = service.open_class(
            session(),
            organisation_id=staff().organisation_id,
            title=form.title.data.strip(),
            field=form.field.data,
            level=Level(form.level.data),
            token=given_token(),
            actor=staff().id,
            now=now(),
            plan_id=_id(form.plan.data),
            assessor_id=_id(form.assessor.data),
        )
    except Invalid as error:
        return render_template("training/new_class.html", form=form, others=form.show_problems(error)), 422
    return redirect(url_for(".show_class", class_id=opened.id))


def _id(text: str | None) -> UUID | None:
    """Raises NotFound for what is no id."""
    try:
        return UUID(text) if text else None
    except ValueError:
        raise NotFound("not_found") from None


@blueprint.get("/training/<uuid:class_id>")
@allow(Permission.TRAINING_MANAGE)
def show_class(class_id: UUID) -> str:
    return _render_class(_class(class_id))


def _render_class(opened: TrainingClass, **forms: Any) -> str:
    fresh: dict[str, Any] = {
        "lesson_form": LessonForm(formdata=None),
        "enrol_form": EnrolForm(formdata=None),
        "others": [],
    }
    shown = {**fresh, **forms}
    _offer(opened, shown["lesson_form"])
    own = opened.organisation_id
    taught = [task for lesson in opened.lessons for task in lesson.tasks]
    return render_template(
        "training/class.html",
        opened=opened,
        rows=service.progress(session(), opened),
        attended=timetable.attended(session(), opened.id),
        name_of=node_name,
        coverage=teaching.coverage_of(opened.plan, taught) if opened.plan else None,
        materials=teaching.materials(session(), opened.id),
        rooms={each.id: each.name for each in teaching.environments(session(), own)},
        assessor=session().get(Organisation, opened.assessor_id) if opened.assessor_id else None,
        **shown,
    )


def _offer(opened: TrainingClass, form: LessonForm) -> None:
    """Teachers who are qualified for the class, rooms, and the tasks of its plan."""
    own = opened.organisation_id
    teachers = [each for each in teaching.teachers(session(), own) if each.active and opened.field in each.fields]
    rooms = [each for each in teaching.environments(session(), own) if each.active]
    form.teacher_id.choices = [("", ""), *((str(each.id), f"{each.name} {each.title}") for each in teachers)]
    form.environment_id.choices = [("", ""), *((str(each.id), each.name) for each in rooms)]
    tasks = plan_rules.tasks_of(standard(opened.field), opened.level) if opened.plan else {}
    form.tasks.choices = [
        (task, node_name(node)) for task, node in tasks.items() if opened.plan and task in opened.plan.entries
    ]


@blueprint.post("/training/<uuid:class_id>/lessons")
@allow(Permission.TRAINING_MANAGE)
def add_lesson(class_id: UUID) -> Any:
    opened, form = _class(class_id), LessonForm()
    _offer(opened, form)
    if not form.validate_on_submit():
        return _render_class(opened, lesson_form=form), 422
    starts_at, ends_at = form.starts_at.data, form.ends_at.data
    assert starts_at and ends_at
    teacher_id = _id(form.teacher_id.data)
    teacher = session().get(Teacher, teacher_id) if teacher_id else None
    name = teacher.name if teacher else (form.teacher.data or "").strip()
    if not name:
        form.teacher.errors = [gettext("请选择教师或填写姓名")]
        return _render_class(opened, lesson_form=form), 422
    facts = service.LessonFacts(
        form.topic.data,
        name,
        LessonMode(form.mode.data),
        starts_at,
        ends_at,
        teacher_id,
        _id(form.environment_id.data),
        (form.address.data or "").strip(),
        tuple(form.tasks.data or ()),
    )
    try:
        service.add_lesson(session(), opened, facts, now())
    except Invalid as error:
        return _render_class(opened, lesson_form=form, others=form.show_problems(error)), 422
    return redirect(url_for(".show_class", class_id=class_id))


@blueprint.post("/training/<uuid:class_id>/enrolments")
@allow(Permission.TRAINING_MANAGE)
def enrol(class_id: UUID) -> Any:
    opened, form = _class(class_id), EnrolForm()
    if not form.validate_on_submit():
        return _render_class(opened, enrol_form=form), 422
    facts = PersonFacts(form.name.data, DocumentType(form.document_type.data), form.number.data)
    try:
        made = service.enrol(session(), runtime().cipher, opened, facts, staff().id, now())
        new = made.created_at == now()
        name = made.person.name
        flash(gettext("已登记%(name)s", name=name) if new else gettext("%(name)s已在本班", name=name))
    except Invalid as error:
        return _render_class(opened, enrol_form=form, others=form.show_problems(error)), 422
    return redirect(url_for(".show_class", class_id=class_id))


@blueprint.get("/training/<uuid:class_id>/enrolments/<uuid:enrolment_id>")
@allow(Permission.TRAINING_MANAGE)
def show_enrolment(class_id: UUID, enrolment_id: UUID) -> str:
    return _render_enrolment(_enrolment(class_id, enrolment_id))


def _render_enrolment(enrolment: Enrolment, problems: list[str] | None = None) -> str:
    presences = {
        each.lesson_id: each
        for each in session().scalars(select(Attendance).where(Attendance.enrolment_id == enrolment.id))
    }
    opened = enrolment.training_class
    earned = service.hours_by_enrolment(session(), opened.id).get(enrolment.id, 0)
    return render_template(
        "training/enrolment.html",
        enrolment=enrolment,
        opened=opened,
        presences=presences,
        earned=earned,
        now=now(),
        form=AssessmentForm(formdata=None),
        attendance=AttendanceForm(formdata=None),
        problems=problems or [],
        not_by_hand=(code := completing.by_hand_problem(opened)) and say(CertengineError(code)),
    )


@blueprint.post("/training/<uuid:class_id>/enrolments/<uuid:enrolment_id>/lessons/<uuid:lesson_id>")
@allow(Permission.TRAINING_MANAGE)
def record_attendance(class_id: UUID, enrolment_id: UUID, lesson_id: UUID) -> Any:
    enrolment, form = _enrolment(class_id, enrolment_id), AttendanceForm()
    lesson = session().get(Lesson, lesson_id)
    if lesson is None or lesson.training_class_id != class_id:
        raise NotFound("training.lesson_not_found")
    if not form.validate_on_submit():
        wrong = [str(text) for texts in form.errors.values() for text in texts]
        return _render_enrolment(enrolment, wrong), 422
    presence = Presence(_aware(form.came_at.data), _aware(form.left_at.data))
    try:
        service.record_attendance(
            session(), enrolment, lesson, presence, actor=staff().id, now=now(), reason=form.reason.data or ""
        )
    except Invalid as error:
        form.show_problems(error)
        return _render_enrolment(enrolment, [str(text) for texts in form.errors.values() for text in texts]), 422
    return redirect(url_for(".show_enrolment", class_id=class_id, enrolment_id=enrolment_id))


@blueprint.post("/training/<uuid:class_id>/enrolments/<uuid:enrolment_id>/remove")
@allow(Permission.TRAINING_MANAGE)
def take_out(class_id: UUID, enrolment_id: UUID) -> Any:
    enrolment = _enrolment(class_id, enrolment_id)
    try:
        service.take_out(session(), enrolment, request.form.get("reason", "")[:400], actor=staff().id, now=now())
    except Invalid as error:
        return _render_enrolment(enrolment, [say(each) for each in error.problems]), 422
    flash(gettext("学员已移除"))
    return redirect(url_for(".show_class", class_id=class_id))


def _aware(moment: datetime | None) -> datetime:
    assert moment is not None and moment.tzinfo is not None
    return moment


@blueprint.post("/training/<uuid:class_id>/enrolments/<uuid:enrolment_id>/assessment")
@allow(Permission.TRAINING_MANAGE)
def assess(class_id: UUID, enrolment_id: UUID) -> Any:
    enrolment, form = _enrolment(class_id, enrolment_id), AssessmentForm()
    if not form.validate_on_submit():
        return _render_enrolment(enrolment, [str(text) for texts in form.errors.values() for text in texts]), 422
    completing.enter_score(session(), enrolment, form.score.data, actor=staff().id, now=now())
    return redirect(url_for(".show_enrolment", class_id=class_id, enrolment_id=enrolment_id))


@blueprint.post("/training/<uuid:class_id>/certificates")
@allow(Permission.TRAINING_MANAGE)
def issue(class_id: UUID) -> Any:
    issued = completing.issue_certificates(session(), runtime(), _class(class_id), actor=staff().id, now=now())
    flash(gettext("已签发 %(count)s 份培训合格证书", count=len(issued)))
    return redirect(url_for(".show_class", class_id=class_id))
