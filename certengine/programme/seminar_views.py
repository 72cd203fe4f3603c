"""Seminars: the list with the year's targets, application, experts, decision, the ministry's answer."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people import regions
from certengine.people.actors import region, staff
from certengine.people.permissions import Permission
from certengine.programme import (
    notices,
    panels,
    rules,
    selection_rules,
    seminar_accounts,
    seminar_closing,
    seminar_people,
    seminars,
    working_days,
)
from certengine.programme.base_models import Tier
from certengine.programme.forms import (
    AccountLineForm,
    DecisionForm,
    MinistryForm,
    NoticeForm,
    ParticipantForm,
    SeminarForm,
    SessionForm,
    SummaryForm,
)
from certengine.programme.pages import (
    CRITERIA_NAMES,
    SEMINAR_STATES,
    TIERS,
    blueprint,
    chosen,
    chosen_ids,
    say_assigned,
    seminar_viewer,
)
from certengine.programme.seminar_models import ParticipantState, Seminar, SeminarState
from certengine.programme.seminars import SeminarFacts
from certengine.web.access import allow
from certengine.web.downloads import sent_rows
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.request import asked_year, now, session

SEES = (Permission.SEMINAR_MANAGE, Permission.SEMINAR_RUN)


@blueprint.get("/programme/seminars", endpoint="seminars")
@allow(*SEES)
def list_seminars() -> str:
    looks, today = seminar_viewer(), notices.today(now())
    year = asked_year(now().astimezone(CHINA).year)
    query = seminars.seminars_query(looks, year, chosen(SeminarState, "state"))
    totals = seminars.seminar_totals(session(), year, regions.reach(region())) if looks.decides else None
    return render_template(
        "programme/seminars.html",
        page=paginate(session(), query, request.args.get("page", 1, int)),
        year=year,
        totals=totals,
        late=seminars.late_summaries(session(), looks, today) if looks.decides else [],
        rules=rules,
        states=SEMINAR_STATES,
        chosen=request.args,
        may_apply=staff().may(Permission.SEMINAR_APPLY),
    )


@blueprint.get("/programme/seminars.xlsx")
@allow(*SEES)
def seminars_xlsx() -> Response:
    year = asked_year(now().astimezone(CHINA).year)
    rows = [
        (
            each.title,
            str(TIERS[each.tier]),
            each.organisation.name,
            each.host.name,
            each.starts_on,
            each.ends_on,
            each.places,
            each.trained,
            str(SEMINAR_STATES[each.state]),
        )
        for each in session().scalars(seminars.seminars_query(seminar_viewer(), year, chosen(SeminarState, "state")))
    ]
    heads = ("研修班", "级别", "申请单位", "承办单位", "开班日期", "结束日期", "计划人数", "培训人数", "状态")
    return sent_rows(heads, rows, f"高级研修班-{year}")


@blueprint.route("/programme/seminars/new", methods=["GET", "POST"])
@allow(Permission.SEMINAR_APPLY)
def new_seminar() -> Any:
    form, others = SeminarForm(token=random_code(20)), []
    hosts = seminars.hosts(session(), region())
    form.host.choices = [(str(each.id), each.name) for each in hosts]
    if request.method == "GET":
        form.host.data = str(staff().organisation_id)
    if form.validate_on_submit():
        facts = SeminarFacts(
            form.title.data.strip(),
            Tier(form.tier.data),
            form.starts_on.data,
            form.ends_on.data,
            form.places.data,
            form.fund.data.strip(),
            form.content.data.strip(),
            round(form.budget.data, 2),
            UUID(form.host.data),
        )
        try:
            made = seminars.apply_for_seminar(
                session(),
                staff().organisation_id,
                facts,
                token=given_token(),
                actor=staff().id,
                now=now(),
            )
            return redirect(url_for(".show_seminar", seminar_id=made.id))
        except Invalid as error:
            others = form.show_problems(error)
        except CertengineError as error:
            others = [say(error)]
    status = 422 if request.method == "POST" else 200
    return render_template("programme/new_seminar.html", form=form, others=others, rules=rules), status


def seminar_of(seminar_id: UUID, lock: bool = False) -> Seminar:
    return seminars.seminar(session(), seminar_id, seminar_viewer(), lock)


@blueprint.get("/programme/seminars/<uuid:seminar_id>")
@allow(*SEES)
def show_seminar(seminar_id: UUID) -> str:
    return seminar_page(seminar_of(seminar_id))


def seminar_page(found: Seminar, others: list[str] | None = None, **forms: Any) -> str:
    looks = seminar_viewer()
    decides = looks.may_decide(found)
    runs = looks.may_run(found)
    calendar = working_days.calendar(session())
    due = rules.summary_due(found.ends_on, calendar)
    fresh: dict[str, Any] = {
        "decision": DecisionForm(formdata=None),
        "ministry": MinistryForm(formdata=None),
        "notice_form": NoticeForm(formdata=None),
        "session_form": SessionForm(formdata=None),
        "participant_form": ParticipantForm(formdata=None),
        "summary": SummaryForm(formdata=None),
        "account_form": AccountLineForm(formdata=None, token=random_code(20)),
    }
    return render_template(
        "programme/seminar.html",
        seminar=found,
        decides=decides,
        runs=runs,
        reviews=panels.reviews_of(session(), found.subject) if decides else [],
        panel=panels.panel_of(session(), found.subject),
        experts=panels.experts(session(), seminars.reviewed(found).interested) if decides else [],
        criteria=selection_rules.CRITERIA["seminar"],
        criteria_names=CRITERIA_NAMES,
        selection_rules=selection_rules,
        people=seminar_people.participants(session(), found.id),
        admitted=seminar_people.admitted(session(), found.id),
        notices=notices.notices_of(session(), found.subject),
        satisfaction=seminar_closing.satisfaction(session(), found.id),
        remarks=seminar_closing.remarks(session(), found.id),
        due=due,
        rules=rules,
        due_is_rough=not working_days.is_known(calendar, due.year),
        is_late=found.summarised_at is not None and notices.today(found.summarised_at) > due,
        accounts=seminar_accounts.accounts(session(), found.id),
        accounts_statement=seminar_accounts.statement(session(), found),
        over=notices.today(now()) >= found.ends_on,
        history=ledger.history(session(), found.subject),
        State=SeminarState,
        ParticipantState=ParticipantState,
        others=others or [],
        **{**fresh, **forms},
    )


def back(seminar_id: UUID) -> Any:
    return redirect(url_for(".show_seminar", seminar_id=seminar_id))


@blueprint.post("/programme/seminars/<uuid:seminar_id>/experts")
@allow(Permission.SEMINAR_MANAGE)
def assign_seminar_experts(seminar_id: UUID) -> Any:
    found = seminar_of(seminar_id, lock=True)
    added = seminars.assign_experts(
        session(), found, chosen_ids("expert"), viewer=seminar_viewer(), actor=staff().id, now=now()
    )
    say_assigned(added)
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/decision")
@allow(Permission.SEMINAR_MANAGE)
def decide(seminar_id: UUID) -> Any:
    found, form = seminar_of(seminar_id, lock=True), DecisionForm()
    if not form.validate_on_submit():
        return seminar_page(found, decision=form), 422
    seminars.decide_seminar(
        session(),
        found,
        accept=request.form.get("accept") == "yes",
        opinion=form.opinion.data,
        viewer=seminar_viewer(),
        actor=staff().id,
        now=now(),
    )
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/ministry")
@allow(Permission.SEMINAR_MANAGE)
def ministry(seminar_id: UUID) -> Any:
    found, form = seminar_of(seminar_id, lock=True), MinistryForm()
    if not form.validate_on_submit():
        return seminar_page(found, ministry=form), 422
    seminars.record_ministry(
        session(),
        found,
        approved=form.approved.data == "yes",
        reference=form.reference.data or "",
        viewer=seminar_viewer(),
        actor=staff().id,
        now=now(),
    )
    return back(seminar_id)


@blueprint.post("/programme/seminars/<uuid:seminar_id>/notices")
@allow(Permission.SEMINAR_RUN)
def publish_seminar_notice(seminar_id: UUID) -> Any:
    found, form = seminar_of(seminar_id), NoticeForm()
    if not form.validate_on_submit():
        return seminar_page(found, notice_form=form), 422
    seminars.publish_notice(
        session(),
        found,
        form.title.data.strip(),
        form.text.data.strip(),
        viewer=seminar_viewer(),
        actor=staff().id,
        now=now(),
    )
    return back(seminar_id)
