"""Before the day: what a sitting lacks, seats by hand, labels, and conflicts of interest of its staff."""

from io import BytesIO
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, Invalid, NotFound
from certengine.foundation.jobs import JobState
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.people.permissions import Permission, Role
from certengine.sittings import service, staffing, ticket_batches
from certengine.sittings.forms import ConflictForm, MoveForm
from certengine.sittings.labels import seat_labels
from certengine.sittings.models import ConflictKind
from certengine.sittings.pages import actor, blueprint, may, organisation
from certengine.sittings.service import Move
from certengine.sittings.staffing import Declared
from certengine.web.access import allow, current_actor
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

SERVE = (Role.PROCTOR, Role.EXAMINER)


@blueprint.get("/sittings/<uuid:sitting_id>/check")
@allow(Permission.SITTING_PLAN, Permission.SITTING_READ)
def check(sitting_id: UUID) -> str:
    view = service.sitting_of(session(), organisation(), sitting_id)
    return render_template("sittings/check.html", sitting=view, check=staffing.check(session(), view), say=say)


@blueprint.route("/sittings/<uuid:sitting_id>/move/<uuid:registration_id>", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def move(sitting_id: UUID, registration_id: UUID) -> str | Response | tuple[str, int]:
    """By hand: a free seat, or an exchange with whoever sits there."""
    view = service.sitting_of(session(), organisation(), sitting_id)
    place = service.placement_of(session(), sitting_id, registration_id)
    if place is None:
        raise Conflict("sittings.not_seated")
    form = MoveForm(room=str(place.exam_room_id))
    form.room.choices = [(str(each.id), each.name) for each in service.exam_rooms(session(), sitting_id)]
    problems: list[str] = []
    if form.validate_on_submit():
        wanted = Move(registration_id, UUID(form.room.data), form.seat.data or 0, form.reason.data or "")
        try:
            other = service.move_candidate(session(), view, wanted, actor(), now())
            flash(gettext("已换座，原座位的考生对调；请重印两人的准考证") if other else gettext("已换座，请重印准考证"))
            return redirect(url_for(".sitting", sitting_id=sitting_id))
        except Invalid as error:
            problems = form.show_problems(error)
        except CertengineError as error:
            problems = [say(error)]
    acts = [each for each in ledger.history(session(), f"sitting:{sitting_id}") if each.kind == "candidate.moved"]
    page = render_template("sittings/move.html", sitting=view, place=place, form=form, problems=problems, acts=acts)
    return (page, 422) if request.method == "POST" else page


@blueprint.get("/sittings/<uuid:sitting_id>/rooms/<uuid:room_id>/labels.pdf")
@allow(Permission.SITTING_PLAN)
def labels(sitting_id: UUID, room_id: UUID) -> Response:
    view = service.sitting_of(session(), organisation(), sitting_id)
    placed = service.placements(session(), view.id, room_id)
    if not placed:
        raise Conflict("sittings.not_seated")
    name = gettext("桌贴") + f"-{placed[0].room_name}.pdf"
    return send_file(BytesIO(seat_labels(view, placed)), mimetype="application/pdf", download_name=name)


@blueprint.route("/sittings/<uuid:sitting_id>/tickets", methods=["GET", "POST"])
@allow(Permission.SITTING_PLAN)
def ticket_batch(sitting_id: UUID) -> str | Response:
    """All tickets of the sitting, made by a job."""
    view = service.sitting_of(session(), organisation(), sitting_id)
    if request.method == "POST":
        try:
            ticket_batches.begin(session(), view.id, actor(), now())
        except Conflict as error:
            flash(say(error), "danger")
        return redirect(url_for(".ticket_batch", sitting_id=sitting_id))
    found = ticket_batches.latest(session(), view.id)
    return render_template(
        "sittings/tickets.html",
        sitting=view,
        batch=found[0] if found else None,
        job=found[1] if found else None,
        works=bool(found and found[1].state in (JobState.WAITING, JobState.RUNNING)),
        failed=bool(found and found[1].state is JobState.FAILED),
    )


@blueprint.get("/sittings/<uuid:sitting_id>/tickets/progress")
@allow(Permission.SITTING_PLAN)
def ticket_progress(sitting_id: UUID) -> dict[str, Any]:
    view = service.sitting_of(session(), organisation(), sitting_id)
    found = ticket_batches.latest(session(), view.id)
    if found is None:
        raise NotFound("not_found")
    _batch, work = found
    return {"state": work.state.value, "done": work.done, "total": work.total}


@blueprint.get("/sittings/<uuid:sitting_id>/tickets/<digest>")
@allow(Permission.SITTING_PLAN)
def ticket_file(sitting_id: UUID, digest: str) -> Response:
    """A part of the batch, or all of it as ZIP."""
    view = service.sitting_of(session(), organisation(), sitting_id)
    found = ticket_batches.latest(session(), view.id)
    names = {each["digest"]: each["name"] for each in found[0].parts} if found else {}
    if found and found[0].archive:
        names[found[0].archive] = gettext("准考证") + f"-{view.title}.zip"
    if digest not in names:
        raise NotFound("not_found")
    return send_file(runtime().files.path(digest), as_attachment=True, download_name=names[digest])


@blueprint.route("/conflicts", methods=["GET", "POST"])
@allow(Permission.ROOM_PROCTOR, Permission.MARK_ENTER, Permission.SITTING_PLAN)
def conflicts() -> str | Response | tuple[str, int]:
    """Staff declare their own; an officer sees and declares everybody's."""
    me, all_staff = current_actor(), people.staff_with(session(), organisation(), SERVE)
    offered = [each for each in all_staff if may(Permission.SITTING_PLAN) or f"account:{each.id}" == me.id]  # type: ignore[union-attr]
    form = ConflictForm()
    form.account.choices = [(str(each.id), each.name) for each in offered]
    problems: list[str] = []
    if form.validate_on_submit():
        account = next(each for each in offered if str(each.id) == form.account.data)
        facts = Declared(ConflictKind(form.kind.data), form.target.data or "", form.reason.data or "")
        try:
            staffing.declare(session(), organisation(), account, facts, actor(), now())
            flash(gettext("已登记"))
            return redirect(url_for(".conflicts"))
        except Invalid as error:
            problems = form.show_problems(error)
    page = render_template(
        "sittings/conflicts.html",
        form=form,
        problems=problems,
        names={each.id: each.name for each in offered},
        declared=staffing.declared(session(), [each.id for each in offered]),
    )
    return (page, 422) if request.method == "POST" else page


@blueprint.post("/conflicts/<uuid:conflict_id>/withdraw")
@allow(Permission.ROOM_PROCTOR, Permission.MARK_ENTER, Permission.SITTING_PLAN)
def withdraw_conflict(conflict_id: UUID) -> Response:
    me = current_actor()
    offered = people.staff_with(session(), organisation(), SERVE)
    mine = [each.id for each in offered if may(Permission.SITTING_PLAN) or f"account:{each.id}" == me.id]  # type: ignore[union-attr]
    staffing.withdraw(session(), mine, conflict_id, actor(), now())
    flash(gettext("已撤回登记"))
    return redirect(url_for(".conflicts"))
