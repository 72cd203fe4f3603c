"""Bases: the department's list with late reports, one base with figures and standing, the base's own page."""

from datetime import timedelta
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme import bases as service
from certengine.programme import documents, notices, rules, selection_rules
from certengine.programme.base_models import AssessmentVerdict, BaseState, TrainingBase
from certengine.programme.bases import ReportFacts
from certengine.programme.forms import AssessmentForm, ReportForm, StandingForm
from certengine.programme.pages import BASE_STATES, TIERS, blueprint
from certengine.web.access import allow
from certengine.web.downloads import sent_rows
from certengine.web.errors import say
from certengine.web.request import asked_year, now, runtime, session

# What may be done with a base, by how it stands.
ACTS = {
    BaseState.IN_GOOD_STANDING: (("put_right", _("限期整改")), ("propose_removal", _("拟撤销并公示"))),
    BaseState.PUT_RIGHT: (("restore", _("恢复正常")), ("propose_removal", _("拟撤销并公示"))),
    BaseState.REMOVAL_PROPOSED: (("remove", _("撤销")), ("restore", _("恢复正常"))),
    BaseState.REMOVED: (),
}


@blueprint.get("/programme/bases", endpoint="bases")
@allow(Permission.BASE_MANAGE)
def list_bases() -> str:
    today = now().astimezone(CHINA).date()
    year, reach = rules.reporting_year(today), regions.reach(region())
    found = service.bases(session(), reach)
    return render_template(
        "programme/bases.html",
        bases=found,
        counted={each.id: service.indicators(session(), each.organisation_id, year) for each in found},
        year=year,
        missing=service.without_report(session(), year, reach),
        due=rules.report_due(year, today),
        target=rules.BASE_YEARLY_TARGET,
        names=regions.names(str(get_locale())),
    )


@blueprint.get("/programme/bases.xlsx")
@allow(Permission.BASE_MANAGE)
def bases_xlsx() -> Response:
    year, names = rules.reporting_year(now().astimezone(CHINA).date()), regions.names()
    rows = []
    for base in service.bases(session(), regions.reach(region())):
        counted, owner = service.indicators(session(), base.organisation_id, year), base.organisation
        report = "已提交" if any(each.year == year for each in base.reports) else "未提交"
        place, figures = names.get(owner.region, owner.region), (counted.trained, counted.seminars, counted.courses)
        rows.append(
            (base.plaque, owner.name, place, str(TIERS[base.tier]), str(BASE_STATES[base.state]), *figures, report)
        )
    heads = ("铭牌编号", "单位", "地区", "级别", "状态", "培训人数", "承办研修班数", "开发课程数", "年度总结")
    return sent_rows(heads, rows, f"继续教育基地-{year}")


@blueprint.post("/programme/bases/remind")
@allow(Permission.BASE_MANAGE)
def remind_bases() -> Any:
    service.must_decide(region())
    count = service.remind(session(), runtime(), actor=staff().id, now=now())
    flash(gettext("已提醒%(count)s个基地", count=count))
    return redirect(url_for(".bases"))


def _base(base_id: UUID) -> TrainingBase:
    return service.base(session(), base_id, regions.reach(region()))


@blueprint.get("/programme/bases/<uuid:base_id>")
@allow(Permission.BASE_MANAGE)
def show_base(base_id: UUID) -> str:
    return _page(_base(base_id))


def _page(found: TrainingBase, others: list[str] | None = None, **forms: Any) -> str:
    today = now().astimezone(CHINA).date()
    year = asked_year(rules.reporting_year(today))
    counted = service.indicators(session(), found.organisation_id, year)
    report = next((each for each in found.reports if each.year == year), None)
    in_time = report is not None and not service.report_is_late(report)
    standing, assessment = StandingForm(formdata=None), AssessmentForm(formdata=None)
    standing.act.choices = list(ACTS[found.state])
    return render_template(
        "programme/base.html",
        base=found,
        year=year,
        counted=counted,
        score=rules.base_score(counted, in_time),
        rules=rules,
        late=service.report_is_late,
        notice=notices.notice_of(session(), found.subject),
        documents=documents.documents_of(session(), found.subject),
        history=ledger.history(session(), found.subject),
        decides=staff().may(Permission.BASE_MANAGE) and regions.is_provincial(region()),
        report_form=None,
        due=rules.report_due(rules.reporting_year(today), today),
        reminders=[],
        own=False,
        others=others or [],
        **{"standing": standing, "assessment": assessment, **forms},
    )


@blueprint.post("/programme/bases/<uuid:base_id>/standing")
@allow(Permission.BASE_MANAGE)
def change_standing(base_id: UUID) -> Any:
    service.must_decide(region())
    found, form = _base(base_id), StandingForm()
    form.act.choices = list(ACTS[found.state])
    if not form.validate_on_submit():
        return _page(found, standing=form), 422
    act, reason, today = form.act.data, form.reason.data or "", notices.today(now())
    try:
        if act == "put_right":
            until = form.until.data or today + timedelta(days=90)
            service.put_right(session(), found, until, reason, actor=staff().id, now=now())
        elif act == "restore":
            service.restore(session(), found, reason, actor=staff().id, now=now())
        elif act == "propose_removal":
            until = selection_rules.objections_until(today)
            service.propose_removal(session(), found, reason, until=until, actor=staff().id, now=now())
        else:
            service.remove(session(), found, reason, actor=staff().id, now=now())
    except Invalid as error:
        session().rollback()
        return _page(_base(base_id), form.show_problems(error), standing=form), 422
    except CertengineError as error:
        session().rollback()
        return _page(_base(base_id), [say(error)], standing=form), 409
    return redirect(url_for(".show_base", base_id=base_id))


@blueprint.post("/programme/bases/<uuid:base_id>/assessments")
@allow(Permission.BASE_MANAGE)
def assess_base(base_id: UUID) -> Any:
    service.must_decide(region())
    found, form = _base(base_id), AssessmentForm()
    if not form.validate_on_submit():
        return _page(found, assessment=form), 422
    year = asked_year(rules.reporting_year(notices.today(now())))
    verdict = AssessmentVerdict(form.verdict.data)
    service.assess(session(), found, year, verdict, form.opinion.data or "", actor=staff().id, now=now())
    return redirect(url_for(".show_base", base_id=base_id, year=year))


@blueprint.route("/programme/base", methods=["GET", "POST"])
@allow(Permission.BASE_REPORT)
def own_base() -> Any:
    today = now().astimezone(CHINA).date()
    year = rules.reporting_year(today)
    try:
        found = service.base_of(session(), staff().organisation_id)
    except NotFound:
        # Every training institution has this entry; most of them are no base.
        return render_template("programme/no_base.html")
    counted = service.indicators(session(), found.organisation_id, year)
    form = ReportForm(data=vars(counted)) if request.method == "GET" else ReportForm()
    if form.validate_on_submit():
        facts = ReportFacts(form.trained.data, form.seminars.data, form.courses.data, form.summary.data, form.plan.data)
        service.submit_report(session(), found, year, facts, actor=staff().id, now=now())
        flash(gettext("已提交%(year)s年度总结", year=year))
        return redirect(url_for(".own_base"))
    reported = any(report.year == year for report in found.reports)
    page = render_template(
        "programme/base.html",
        base=found,
        year=year,
        counted=counted,
        score=None,
        rules=rules,
        late=service.report_is_late,
        notice=notices.notice_of(session(), found.subject),
        documents=documents.documents_of(session(), found.subject),
        history=[],
        decides=False,
        standing=None,
        assessment=None,
        report_form=None if reported or found.state is BaseState.REMOVED else form,
        due=rules.report_due(year, today),
        reminders=[] if reported else service.reminders(session(), found.id, year),
        own=True,
        others=[],
    )
    return page, 422 if request.method == "POST" else 200
