"""Teachers, environments, plans against the outline, and the week's timetable of an institution."""

from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid
from certengine.foundation.ids import random_code
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.standards.names import field_name, field_names, node_name
from certengine.standards.rules import Level
from certengine.standards.service import standard
from certengine.training import plan_rules, teaching, timetable
from certengine.training.pages import LEVEL_NAMES, blueprint
from certengine.training.teaching import EnvironmentFacts, TeacherFacts
from certengine.training.teaching_forms import EnvironmentForm, PlanForm, TeacherForm
from certengine.training.teaching_models import Environment, EnvironmentKind, Teacher, TeachingPlan
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.request import now, session


@blueprint.route("/training/resources", methods=["GET"])
@allow(Permission.TRAINING_MANAGE)
def resources() -> str:
    return _resources()


def _resources(**forms: Any) -> str:
    own = staff().organisation_id
    teacher, environment = TeacherForm(formdata=None), EnvironmentForm(formdata=None)
    teacher.offer()
    return render_template(
        "training/resources.html",
        teachers=teaching.teachers(session(), own),
        environments=teaching.environments(session(), own),
        fields=field_names(),
        today=now().astimezone(CHINA).date(),
        **{"teacher": teacher, "environment": environment, **forms},
    )


@blueprint.post("/training/teachers")
@allow(Permission.TRAINING_MANAGE)
def add_teacher() -> Any:
    form = TeacherForm()
    form.offer()
    if not form.validate_on_submit():
        return _resources(teacher=form), 422
    facts = TeacherFacts(
        form.name.data.strip(),
        (form.title.data or "").strip(),
        form.qualification.data.strip(),
        tuple(form.fields.data or ()),
        form.qualified_until.data,
    )
    try:
        teaching.add_teacher(session(), staff().organisation_id, facts, actor=staff().id, now=now())
    except Invalid as error:
        form.show_problems(error)
        return _resources(teacher=form), 422
    return redirect(url_for(".resources"))


@blueprint.post("/training/environments")
@allow(Permission.TRAINING_MANAGE)
def add_environment() -> Any:
    form = EnvironmentForm()
    if not form.validate_on_submit():
        return _resources(environment=form), 422
    facts = EnvironmentFacts(
        form.name.data.strip(),
        EnvironmentKind(form.kind.data),
        form.seats.data or 0,
        (form.hardware.data or "").strip(),
        (form.software.data or "").strip(),
    )
    teaching.add_environment(session(), staff().organisation_id, facts, actor=staff().id, now=now())
    return redirect(url_for(".resources"))


@blueprint.post("/training/teachers/<uuid:teacher_id>/retire")
@allow(Permission.TRAINING_MANAGE)
def retire_teacher(teacher_id: UUID) -> Any:
    teaching.retire(session(), staff().organisation_id, Teacher, teacher_id)
    return redirect(url_for(".resources"))


@blueprint.post("/training/environments/<uuid:environment_id>/retire")
@allow(Permission.TRAINING_MANAGE)
def retire_environment(environment_id: UUID) -> Any:
    teaching.retire(session(), staff().organisation_id, Environment, environment_id)
    return redirect(url_for(".resources"))


@blueprint.get("/training/timetable")
@allow(Permission.TRAINING_MANAGE)
def week_timetable() -> str:
    """A week of all classes; the address may name a day of it."""
    try:
        day = datetime.fromisoformat(request.args.get("day", "")).replace(tzinfo=CHINA)
    except ValueError:
        day = now().astimezone(CHINA)
    monday = (day - timedelta(days=day.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    own = staff().organisation_id
    lessons = timetable.week(session(), own, monday, monday + timedelta(days=7))
    days = [
        (date, [each for each in lessons if each.starts_at.astimezone(CHINA).date() == date])
        for date in ((monday + timedelta(days=number)).date() for number in range(7))
    ]
    return render_template(
        "training/timetable.html",
        days=days,
        before=(monday - timedelta(days=7)).date().isoformat(),
        after=(monday + timedelta(days=7)).date().isoformat(),
        rooms={each.id: each.name for each in teaching.environments(session(), own)},
    )


@blueprint.route("/training/plans", methods=["GET", "POST"])
@allow(Permission.TRAINING_MANAGE)
def teaching_plans() -> Any:
    form = PlanForm(token=random_code(20))
    form.offer()
    if form.validate_on_submit():
        made = teaching.make_plan(
            session(),
            staff().organisation_id,
            form.title.data.strip(),
            form.field.data,
            Level(form.level.data),
            token=given_token(),
            now=now(),
        )
        return redirect(url_for(".teaching_plan", plan_id=made.id))
    plans = teaching.plans(session(), staff().organisation_id)
    page = render_template(
        "training/plans.html",
        rows=[(each, teaching.coverage_of(each)) for each in plans],
        form=form,
        fields=field_names(),
        levels=LEVEL_NAMES,
    )
    return page, 422 if request.method == "POST" else 200


@blueprint.route("/training/plans/<uuid:plan_id>", methods=["GET", "POST"])
@allow(Permission.TRAINING_MANAGE)
def teaching_plan(plan_id: UUID) -> Any:
    found = teaching.plan(session(), staff().organisation_id, plan_id)
    problems: dict[str, str] = {}
    if request.method == "POST":
        tasks = plan_rules.tasks_of(standard(found.field), found.level)
        try:
            hours = {task: _hours(request.form.get(task, "")) for task in tasks}
            teaching.set_hours(session(), found, hours, actor=staff().id, now=now())
            flash(gettext("计划已保存"))
            return redirect(url_for(".teaching_plan", plan_id=plan_id))
        except Invalid as error:
            problems = {each.place: say(each) for each in error.problems}
    return _plan_page(found, problems), 422 if problems else 200


def _plan_page(found: TeachingPlan, problems: dict[str, str]) -> str:
    return render_template(
        "training/plan.html",
        plan=found,
        coverage=teaching.coverage_of(found),
        title=field_name(found.field),
        name_of=node_name,
        typed=request.form,
        problems=problems,
    )


def _hours(text: str) -> Decimal | None:
    """None for what is no number of hours with one decimal at most."""
    try:
        given = Decimal(text.strip() or "0")
    except InvalidOperation:
        return None
    few = given.is_finite() and abs(given) < 10_000
    return given if few and given == given.quantize(Decimal("0.1")) else None
