from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Invalid, NotFound
from certengine.foundation.ids import random_code
from certengine.people.actors import Staff
from certengine.people.permissions import Permission
from certengine.programme import rules, service
from certengine.programme.forms import DecisionForm, ReportForm, SeminarForm, StandingForm, SummaryForm
from certengine.programme.models import BaseState, SeminarState, Tier, TrainingBase
from certengine.web.access import allow, current_actor
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, session

blueprint = Blueprint("programme", __name__)

SEMINAR_STATES = {
    SeminarState.APPLIED: _("已申请"),
    SeminarState.APPROVED: _("已批准"),
    SeminarState.RECOMMENDED: _("已推荐至部委"),
    SeminarState.REFUSED: _("未批准"),
    SeminarState.SUMMARISED: _("已总结"),
}
BASE_STATES = {
    BaseState.IN_GOOD_STANDING: _("正常"),
    BaseState.PUT_RIGHT: _("限期整改"),
    BaseState.REMOVED: _("撤销"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_navigation(state, NavigationEntry(700, _("高级研修班"), "programme.seminars", Permission.SEMINAR_MANAGE))
    add_navigation(state, NavigationEntry(701, _("高级研修班"), "programme.own_seminars", Permission.COURSE_MANAGE))
    add_navigation(state, NavigationEntry(710, _("继续教育基地"), "programme.bases", Permission.BASE_MANAGE))
    add_navigation(state, NavigationEntry(711, _("基地年度总结"), "programme.own_base", Permission.BASE_REPORT))
    add_labels(state, SeminarState, SEMINAR_STATES)
    add_labels(state, BaseState, BASE_STATES)
    add_labels(state, Tier, {Tier.NATIONAL: _("国家级"), Tier.PROVINCIAL: _("省级")})


def _staff() -> Staff:
    actor = current_actor()
    if not isinstance(actor, Staff):
        raise NotFound("not_found")
    return actor


def _scope() -> UUID | None:
    """None for those who manage all seminars; otherwise the own organisation."""
    return None if _staff().may(Permission.SEMINAR_MANAGE) else _staff().organisation_id


@blueprint.get("/programme/seminars")
@allow(Permission.SEMINAR_MANAGE)
def seminars() -> str:
    year = request.args.get("year", now().astimezone(CHINA).year, int)
    totals = service.seminar_totals(session(), year)
    rows = service.seminars(session(), None)
    return render_template("programme/seminars.html", rows=rows, year=year, totals=totals, rules=rules)


@blueprint.get("/programme/own-seminars")
@allow(Permission.COURSE_MANAGE)
def own_seminars() -> str:
    rows = service.seminars(session(), _staff().organisation_id)
    return render_template("programme/seminars.html", rows=rows, year=None, totals=None, rules=rules)


@blueprint.route("/programme/seminars/new", methods=["GET", "POST"])
@allow(Permission.COURSE_MANAGE)
def new_seminar() -> Any:
    form = SeminarForm(token=random_code(20))
    if not form.validate_on_submit():
        return render_template("programme/new_seminar.html", form=form, others=[])
    facts = service.SeminarFacts(
        form.title.data, Tier(form.tier.data), form.starts_on.data, form.ends_on.data, form.places.data, form.fund.data
    )
    try:
        made = service.apply_for_seminar(
            session(),
            _staff().organisation_id,
            facts,
            token=request.form.get("token") or random_code(20),
            actor=_staff().id,
            now=now(),
        )
    except Invalid as error:
        return render_template("programme/new_seminar.html", form=form, others=form.show_problems(error)), 422
    return redirect(url_for(".show_seminar", seminar_id=made.id))


@blueprint.get("/programme/seminars/<uuid:seminar_id>")
@allow(Permission.SEMINAR_MANAGE, Permission.COURSE_MANAGE)
def show_seminar(seminar_id: UUID) -> str:
    return _render_seminar(seminar_id)


def _render_seminar(seminar_id: UUID, **forms: Any) -> str:
    found = service.seminar(session(), seminar_id, _scope())
    fresh = {"decision": DecisionForm(formdata=None), "summary": SummaryForm(formdata=None)}
    return render_template(
        "programme/seminar.html",
        seminar=found,
        due=rules.summary_due(found.ends_on),
        may_decide=_scope() is None,
        SeminarState=SeminarState,
        **{**fresh, **forms},
    )


@blueprint.post("/programme/seminars/<uuid:seminar_id>/decision")
@allow(Permission.SEMINAR_MANAGE)
def decide(seminar_id: UUID) -> Any:
    form = DecisionForm()
    if not form.validate_on_submit():
        return _render_seminar(seminar_id, decision=form), 422
    service.decide_seminar(
        session(),
        service.seminar(session(), seminar_id, None),
        accept=request.form.get("accept") == "yes",
        opinion=form.opinion.data,
        actor=_staff().id,
        actor_organisation=_staff().organisation_id,
        now=now(),
    )
    return redirect(url_for(".show_seminar", seminar_id=seminar_id))


@blueprint.post("/programme/seminars/<uuid:seminar_id>/summary")
@allow(Permission.COURSE_MANAGE)
def summarise(seminar_id: UUID) -> Any:
    form = SummaryForm()
    if not form.validate_on_submit():
        return _render_seminar(seminar_id, summary=form), 422
    service.summarise_seminar(
        session(),
        service.seminar(session(), seminar_id, _staff().organisation_id),
        trained=form.trained.data,
        satisfaction=form.satisfaction.data,
        summary=form.summary.data,
        actor=_staff().id,
        now=now(),
    )
    return redirect(url_for(".show_seminar", seminar_id=seminar_id))


@blueprint.get("/programme/bases")
@allow(Permission.BASE_MANAGE)
def bases() -> str:
    today = now().astimezone(CHINA).date()
    year = rules.reporting_year(today)
    return render_template(
        "programme/bases.html",
        bases=service.bases(session()),
        missing=service.without_report(session(), year),
        due=rules.report_due(year, today),
        target=rules.BASE_YEARLY_TARGET,
        late=service.report_is_late,
    )


def _base(base_id: UUID) -> TrainingBase:
    found = session().get(TrainingBase, base_id)
    if found is None:
        raise NotFound("base.not_found")
    return found


@blueprint.route("/programme/bases/<uuid:base_id>", methods=["GET", "POST"])
@allow(Permission.BASE_MANAGE)
def show_base(base_id: UUID) -> Any:
    base, form = _base(base_id), StandingForm()
    if form.validate_on_submit():
        state = BaseState(form.state.data)
        service.change_standing(session(), base, state, form.reason.data, actor=_staff().id, now=now())
        return redirect(url_for(".show_base", base_id=base_id))
    return render_template(
        "programme/base.html", base=base, form=form, late=service.report_is_late, report_form=None, due=None
    )


@blueprint.route("/programme/base", methods=["GET", "POST"])
@allow(Permission.BASE_REPORT)
def own_base() -> Any:
    today = now().astimezone(CHINA).date()
    year = rules.reporting_year(today)
    try:
        base, form = service.base_of(session(), _staff().organisation_id), ReportForm()
    except NotFound:
        # Every training institution has this entry; most of them are no base.
        return render_template("programme/no_base.html")
    if form.validate_on_submit():
        service.submit_report(
            session(),
            base,
            year=year,
            trained=form.trained.data,
            seminars_hosted=form.seminars.data,
            courses=form.courses.data,
            summary=form.summary.data,
            plan=form.plan.data,
            actor=_staff().id,
            now=now(),
        )
        flash(gettext("已提交%(year)s年度总结", year=year))
        return redirect(url_for(".own_base"))
    reported = any(report.year == year for report in base.reports)
    return render_template(
        "programme/base.html",
        base=base,
        form=None,
        late=service.report_is_late,
        report_form=None if reported or base.state is BaseState.REMOVED else form,
        due=rules.report_due(year, today),
    )
