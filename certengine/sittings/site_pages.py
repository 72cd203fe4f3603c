"""Sites, their rooms and machines; the public plan of a year, announcements, and fees."""

from decimal import Decimal
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from markupsafe import Markup
from werkzeug.wrappers import Response

from certengine.bank.rendering import render_markdown
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import CertengineError, Invalid, NotFound, Problem
from certengine.foundation.ids import random_code
from certengine.foundation.paging import paginate
from certengine.people.permissions import Permission
from certengine.sittings import announcing, rules, service, sites
from certengine.sittings.forms import AnnouncementForm, FeeForm, PublicPlanForm, SiteForm, SiteRoomForm
from certengine.sittings.models import Machine
from certengine.sittings.pages import actor, blueprint, organisation
from certengine.sittings.sites import RoomPlan
from certengine.standards.names import field_names
from certengine.web.access import allow, public
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.request import now, session


@blueprint.route("/sites", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def site_list() -> str | Response | tuple[str, int]:
    form = SiteForm()
    if form.validate_on_submit():
        try:
            made = sites.add_site(
                session(), organisation(), form.name.data or "", form.address.data or "", actor(), now()
            )
            return redirect(url_for(".site", site_id=made.id))
        except Invalid as error:
            form.show_problems(error)
    page = render_template("sittings/sites.html", sites=sites.sites_of(session(), organisation()), form=form)
    return (page, 422) if request.method == "POST" else page


@blueprint.route("/sites/<uuid:site_id>", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def site(site_id: UUID) -> str | Response | tuple[str, int]:
    found = sites.site_of(session(), organisation(), site_id)
    form = SiteRoomForm()
    if form.validate_on_submit():
        try:
            plan = RoomPlan(form.name.data or "", form.rows.data or 0, form.columns.data or 0)
            sites.add_room(session(), found, plan, actor(), now())
            return redirect(url_for(".site", site_id=site_id))
        except Invalid as error:
            form.show_problems(error)
    page = render_template("sittings/site.html", site=found, form=form)
    return (page, 422) if request.method == "POST" else page


@blueprint.route("/sites/rooms/<uuid:site_room_id>", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def site_room(site_room_id: UUID) -> str | Response | tuple[str, int]:
    """The machines of a room, one a line."""
    room = sites.room_of(session(), organisation(), site_room_id)
    problems: list[str] = []
    text = "\n".join(_line(each) for each in room.machines)
    if request.method == "POST":
        text = request.form.get("machines", "")[:200_000]
        try:
            count = sites.set_machines(session(), room, text, actor(), now())
            flash(gettext("已保存%(count)s台机器", count=count))
            return redirect(url_for(".site_room", site_room_id=site_room_id))
        except Invalid as error:
            problems = [say(each) for each in error.problems]
    plan = rules.seat_plan(room.rows, room.columns)
    machines = {each.seat_number: each for each in room.machines}
    page = render_template(
        "sittings/site_room.html", room=room, plan=plan, machines=machines, text=text, problems=problems
    )
    return (page, 422) if problems else page


def _line(of: Machine) -> str:
    return " ".join(part for part in (str(of.seat_number), of.name, of.address, "" if of.works else "×") if part)


@blueprint.post("/sittings/<uuid:sitting_id>/site-rooms")
@allow(Permission.SITTING_PLAN)
def use_site_rooms(sitting_id: UUID) -> Response:
    """Rooms of a site for this sitting; all that were ticked, or none."""
    view = service.sitting_of(session(), organisation(), sitting_id)
    try:
        chosen = [UUID(each) for each in request.form.getlist("room")]
        with session().begin_nested():
            for each in chosen:
                sites.use_room(session(), view, sites.room_of(session(), organisation(), each))
        flash(gettext("已添加%(count)s个考场", count=len(chosen)))
    except ValueError:
        raise NotFound("not_found") from None
    except CertengineError as error:
        flash(say(error), "danger")
    return redirect(url_for(".sitting", sitting_id=sitting_id))


@blueprint.post("/sittings/plans/<uuid:plan_id>/publish")
@allow(Permission.SITTING_PLAN)
def publish_plan(plan_id: UUID) -> Response:
    plan = service.plan_of(session(), organisation(), plan_id)
    form = PublicPlanForm()
    try:
        if not form.validate():
            raise Invalid([Problem("fee", "sittings.fee_range")])
        announcing.publish_plan(session(), plan, _yuan(form.fee.data), bool(form.public.data), actor(), now())
        flash(gettext("已保存"))
    except Invalid as error:
        for each in error.problems:
            flash(say(each), "danger")
    return redirect(url_for(".plan", plan_id=plan_id))


def _yuan(amount: Decimal | None) -> Decimal | None:
    return amount.quantize(Decimal("0.01")) if amount is not None else None


@blueprint.post("/sittings/candidates/<uuid:registration_id>/fee")
@allow(Permission.REGISTRATION_MANAGE)
def record_fee(registration_id: UUID) -> Response:
    row = service.registration_of(session(), organisation(), registration_id)
    form = FeeForm()
    try:
        if not form.validate():
            raise Invalid([Problem("paid", "sittings.fee_range")])
        announcing.record_payment(session(), row, _yuan(form.paid.data), form.note.data or "", actor(), now())
        flash(gettext("已保存"))
    except Invalid as error:
        for each in error.problems:
            flash(say(each), "danger")
    return redirect(url_for(".candidate", registration_id=registration_id))


@blueprint.route("/announcements/new", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def new_announcement() -> str | Response | tuple[str, int]:
    form = AnnouncementForm(token=random_code(20))
    if form.validate_on_submit():
        made = announcing.announce(
            session(),
            organisation(),
            form.title.data or "",
            form.body.data or "",
            token=given_token(),
            actor=actor(),
            now=now(),
        )
        return redirect(url_for(".announcement", announcement_id=made.id))
    mine = session().scalars(announcing.announcements_query(organisation())).all()
    page = render_template("sittings/new_announcement.html", form=form, mine=mine)
    return (page, 422) if request.method == "POST" else page


@blueprint.post("/announcements/<uuid:announcement_id>/withdraw")
@allow(Permission.SITTING_PLAN)
def withdraw_announcement(announcement_id: UUID) -> Response:
    found, _institution = announcing.announcement(session(), announcement_id)
    if found.organisation_id != organisation():
        raise NotFound("not_found")
    announcing.withdraw(session(), found, actor(), now())
    flash(gettext("已撤下"))
    return redirect(url_for(".new_announcement"))


@blueprint.get("/announcements")
@public("what institutions announce is for everybody")
def announcements() -> str:
    page = paginate(session(), announcing.announcements_query(), request.args.get("page", 1, int))
    return render_template("sittings/announcements.html", page=page, year=now().astimezone(CHINA).year)


@blueprint.get("/announcements/<uuid:announcement_id>")
@public("what institutions announce is for everybody")
def announcement(announcement_id: UUID) -> str:
    found, institution = announcing.announcement(session(), announcement_id)
    # Markdown without any markup of its own: what it renders to is safe.
    body = Markup(render_markdown(found.body))  # nosec B704: sanitised by the renderer
    return render_template("sittings/announcement.html", found=found, institution=institution, body=body)


@blueprint.get("/exam-plan")
@blueprint.get("/exam-plan/<int:year>")
@public("the year's plan of exams is for everybody")
def exam_plan(year: int | None = None) -> str:
    this = now().astimezone(CHINA).year
    wanted = year or this
    if not 2000 <= wanted <= 2100:
        raise NotFound("not_found")
    return render_template(
        "sittings/exam_plan.html",
        year=wanted,
        plans=announcing.year_plan(session(), wanted),
        titles=field_names(),
        now=now(),
    )
