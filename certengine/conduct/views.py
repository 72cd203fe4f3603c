from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import get_locale, gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.conduct import service, suspicions
from certengine.conduct.models import Suspicion, SuspicionState
from certengine.conduct.regulation import regulation
from certengine.conduct.rules import Act, CaseState, Tier
from certengine.conduct.service import CaseFacts, Decision
from certengine.delivery.actors import Candidate
from certengine.foundation.errors import CertengineError, NotAllowed, NotFound
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people.actors import seen, staff
from certengine.people.permissions import Permission
from certengine.sittings import service as sittings
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, session

blueprint = Blueprint("conduct", __name__)

STATES = {
    CaseState.RECORDED: _("待第二人签字"),
    CaseState.SIGNED: _("待告知考生"),
    CaseState.NOTIFIED: _("已告知，待决定"),
    CaseState.UPHELD: _("认定违纪违规"),
    CaseState.DISMISSED: _("不予认定"),
}
SUSPICIONS = {
    SuspicionState.OPEN: _("待核查"),
    SuspicionState.HANDED_OVER: _("已立案"),
    SuspicionState.DISMISSED: _("不予立案"),
    SuspicionState.GONE: _("重新评分后不再列出"),
}
EITHER = (Permission.MISCONDUCT_RECORD, Permission.MISCONDUCT_DECIDE)


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, CaseState, STATES)
    add_labels(state, SuspicionState, SUSPICIONS)
    state.app.jinja_env.globals.update(tier_text=tier_text, act_text=act_text)
    for permission in EITHER:
        add_navigation(state, NavigationEntry(550, _("违纪违规"), "conduct.cases", permission))


def tier_text(code: str) -> str:
    """A tier that the regulation no longer has shows its code."""
    return _said(regulation().tiers.get(code), code)


def act_text(code: str) -> str:
    return _said(regulation().acts.get(code), code)


def _said(found: Tier | Act | None, code: str) -> str:
    if found is None:
        return code
    return found.en if str(get_locale()) == "en" else found.zh


@blueprint.get("/conduct")
@allow(*EITHER)
def cases() -> str:
    chosen = request.args.get("state", "")
    state = CaseState(chosen) if chosen in {each.value for each in CaseState} else None
    query = service.cases_query(staff().organisation_id, state)
    page = paginate(session(), query, request.args.get("page", 1, int))
    names = {row.registration_id: sittings.candidate(session(), row.registration_id) for row in page.rows}
    return render_template(
        "conduct/cases.html",
        page=page,
        names=names,
        chosen=chosen,
        State=CaseState,
        may_decide=staff().may(Permission.MISCONDUCT_DECIDE),
    )


@blueprint.get("/conduct/register")
@allow(Permission.MISCONDUCT_DECIDE, Permission.OVERSIGHT_READ)
def register() -> str:
    """Who stands in the register of integrity; a department sees the entries of its region's institutions."""
    page = paginate(session(), service.register_query(now(), seen()), request.args.get("page", 1, int))
    names = {row.registration_id: sittings.candidate(session(), row.registration_id) for row in page.rows}
    return render_template("conduct/register.html", page=page, names=names)


@blueprint.route("/conduct/new/<uuid:sitting_id>/<uuid:registration_id>", methods=["GET", "POST"])
@allow(*EITHER)
def new_case(sitting_id: UUID, registration_id: UUID) -> str | Response | tuple[str, int]:
    """A proctor of the sitting writes what they saw; whoever decides cases may hand over what an analysis found, and
    then is one of those who signed and cannot decide this one."""
    sittings.sitting_of(session(), staff().organisation_id, sitting_id)
    proctor = sittings.is_assigned(session(), staff().account_id, sitting_id)
    if not proctor and not staff().may(Permission.MISCONDUCT_DECIDE):
        raise NotAllowed("proctoring.not_assigned")
    sought = request.args.get("suspicion", type=UUID)
    suspicion = suspicions.suspicion_of(session(), staff().organisation_id, sought) if sought else None
    if suspicion is not None and registration_id not in (suspicion.first_id, suspicion.second_id):
        raise NotFound("conduct.no_suspicion")
    problems: list[str] = []
    if request.method == "POST":
        facts = CaseFacts(
            sitting_id,
            registration_id,
            request.form.get("act", ""),
            request.form.get("facts", ""),
            now(),
            request.form.get("tier", ""),
            request.form.get("tier_reason", "")[:1000],
        )
        token = given_token()
        try:
            made = service.record(session(), staff().organisation_id, facts, token=token, actor=staff().id, now=now())
            if suspicion is not None:
                suspicions.hand_over(session(), suspicion, made, staff().id, now())
            return redirect(url_for(".case", case_id=made.id))
        except CertengineError as error:
            problems = [say(each) for each in getattr(error, "problems", [error])]
    page = render_template(
        "conduct/new_case.html",
        candidate=sittings.candidate(session(), registration_id),
        regulation=regulation(),
        chosen=request.form if request.method == "POST" else request.args,
        facts=(request.form if request.method == "POST" else request.args).get("facts", "")[:4000],
        token=random_code(20),
        problems=problems,
    )
    return (page, 422) if problems else page


@blueprint.get("/conduct/suspicions")
@allow(Permission.MISCONDUCT_DECIDE)
def suspicion_list() -> str:
    """What the analyses found, with seats and figures, to be looked into and handed over or dismissed."""
    chosen = request.args.get("state", SuspicionState.OPEN.value)
    state = SuspicionState(chosen) if chosen in {each.value for each in SuspicionState} else None
    query = suspicions.suspicions_query(staff().organisation_id, state)
    page = paginate(session(), query, request.args.get("page", 1, int))
    people = {each for row in page.rows for each in (row.first_id, row.second_id)}
    return render_template(
        "conduct/suspicions.html",
        page=page,
        sittings={row.sitting_id: sittings.sitting(session(), row.sitting_id) for row in page.rows},
        names={each: sittings.candidate(session(), each) for each in people},
        facts={row.id: _facts(row) for row in page.rows},
        chosen=chosen,
        State=SuspicionState,
    )


def _facts(row: Suspicion) -> str:
    """What a case that is made of it begins with."""
    seats = gettext("、").join(gettext("%(room)s%(seat)s号", room=room, seat=seat) for room, seat in row.seats)
    return gettext(
        "%(seats)s 的答卷相似：相同的题%(shared)s道，答案相同%(matches)s道（预期%(expected)s），相同的错误%(same_wrong)s处"
        "（预期%(expected_same_wrong)s），GBT %(gbt)s，ω %(omega)s。统计结果仅供核查。",
        seats=seats,
        **row.figures,
    )


@blueprint.post("/conduct/suspicions/<uuid:suspicion_id>/dismiss")
@allow(Permission.MISCONDUCT_DECIDE)
def dismiss_suspicion(suspicion_id: UUID) -> Response:
    row = suspicions.suspicion_of(session(), staff().organisation_id, suspicion_id)
    try:
        suspicions.dismiss(session(), row, request.form.get("reason", "")[:2000], staff().id, now())
        flash(gettext("已保存"))
    except CertengineError as error:
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(".suspicion_list"))


@blueprint.get("/conduct/<uuid:case_id>")
@allow(*EITHER)
def case(case_id: UUID) -> str:
    found = service.case_of(session(), staff().organisation_id, case_id)
    return render_template(
        "conduct/case.html",
        case=found,
        candidate=sittings.candidate(session(), found.registration_id),
        sitting=sittings.sitting(session(), found.sitting_id),
        acts=ledger.history(session(), f"misconduct:{case_id}"),
        tiers=regulation().tiers,
        State=CaseState,
        days=regulation().objection_time.days,
        may_record=staff().may(Permission.MISCONDUCT_RECORD),
        may_decide=staff().may(Permission.MISCONDUCT_DECIDE),
        me=staff().id,
    )


def _done(case_id: UUID, act: Any, text: str) -> Response:
    try:
        act(service.case_of(session(), staff().organisation_id, case_id))
        flash(text)
    except CertengineError as error:
        if isinstance(error, NotFound):
            raise
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(".case", case_id=case_id))


@blueprint.post("/conduct/<uuid:case_id>/sign")
@allow(Permission.MISCONDUCT_RECORD)
def sign(case_id: UUID) -> Response:
    return _done(case_id, lambda case: service.sign(session(), case, staff().id, now()), gettext("已签字"))


@blueprint.post("/conduct/<uuid:case_id>/notify")
@allow(Permission.MISCONDUCT_DECIDE)
def notify(case_id: UUID) -> Response:
    return _done(case_id, lambda case: service.notify(session(), case, staff().id, now()), gettext("已告知考生"))


@blueprint.post("/conduct/<uuid:case_id>/decide")
@allow(Permission.MISCONDUCT_DECIDE)
def decide(case_id: UUID) -> Response:
    decision = Decision(
        request.form.get("upheld") == "yes", request.form.get("tier", ""), request.form.get("decision", "")
    )
    return _done(
        case_id, lambda case: service.decide(session(), case, decision, staff().id, now()), gettext("已作出决定")
    )


@blueprint.route("/exam/cases", methods=["GET", "POST"])
@allow(Permission.ATTEMPT_TAKE)
def my_cases() -> str | Response:
    """What a candidate was told of, and what they say to it."""
    actor = current_actor()
    if not isinstance(actor, Candidate):
        raise NotFound("not_found")
    mine = service.cases_against(session(), actor.registration_id)
    if request.method == "POST":
        found = next((each for each in mine if str(each.id) == request.form.get("case")), None)
        if found is None:
            raise NotFound("conduct.not_found")
        try:
            service.take_objection(session(), found, request.form.get("objection", ""), actor.id, now())
            flash(gettext("申辩已提交"))
        except CertengineError as error:
            for each in getattr(error, "problems", [error]):
                flash(say(each), "danger")
        return redirect(url_for(".my_cases"))
    return render_template("conduct/my_cases.html", cases=mine, State=CaseState, days=regulation().objection_time.days)
