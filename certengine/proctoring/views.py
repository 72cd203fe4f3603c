from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, send_file, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.delivery import answer_file, events, gate
from certengine.delivery import service as delivery
from certengine.delivery.views import scripts
from certengine.foundation.errors import CertengineError, Invalid, NotAllowed, NotFound, Problem
from certengine.foundation.ids import random_code
from certengine.ledger import service as ledger
from certengine.people import reach
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.proctoring import records, rules, service
from certengine.proctoring.forms import INCIDENT_KINDS, ExtendForm, IncidentForm, ReasonForm
from certengine.proctoring.models import IncidentKind
from certengine.proctoring.rules import Seat
from certengine.proctoring.service import IncidentFacts
from certengine.sittings import service as sittings
from certengine.sittings.importing import photograph
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.forms import given_token
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, runtime, session
from certengine.web.security import WITH_CAMERA

blueprint = Blueprint("proctoring", __name__)

MOST_PHOTOS = 6

SEATS = {
    Seat.AWAITED: _("未到"),
    Seat.CHECKED_IN: _("已签到"),
    Seat.READY: _("已核对，待开考"),
    Seat.RUNNING: _("作答中"),
    Seat.SILENT: _("失去联系"),
    Seat.SUSPENDED: _("已暂停"),
    Seat.SUBMITTED: _("已交卷"),
    Seat.ABSENT: _("缺考"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    add_labels(state, Seat, SEATS)
    add_labels(state, IncidentKind, INCIDENT_KINDS)
    add_navigation(state, NavigationEntry(400, _("监考"), "proctoring.rooms", Permission.ROOM_PROCTOR))


def _may_watch(sitting_id: UUID) -> bool:
    """True for who proctors here, False for a supervisor who only looks. Raises NotAllowed for anybody else."""
    if staff().may(Permission.ROOM_PROCTOR) and sittings.is_assigned(session(), staff().account_id, sitting_id):
        return True
    if staff().may(Permission.OVERSIGHT_READ):
        own = reach.region_of(session(), staff().organisation_id)
        if reach.covers(session(), own, sittings.sitting(session(), sitting_id).organisation_id):
            return False
    raise NotAllowed("proctoring.not_assigned")


def _proctors(sitting_id: UUID) -> None:
    if not _may_watch(sitting_id):
        raise NotAllowed("proctoring.not_assigned")


@blueprint.get("/proctoring")
@allow(Permission.ROOM_PROCTOR)
def rooms() -> str:
    mine = sittings.rooms_of_proctor(session(), staff().account_id)
    return render_template("proctoring/rooms.html", rooms=mine, now=now())


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def board(sitting_id: UUID, room_id: UUID) -> tuple[str, dict[str, str]]:
    acts = _may_watch(sitting_id)
    view = service.board(session(), sitting_id, room_id, now())
    form = _incident_form(view)
    page = render_template(
        "proctoring/board.html",
        board=view,
        form=form,
        may_act=acts,
        incidents=service.incidents(session(), sitting_id, room_id),
        acts=service.acts(session(), view),
        handovers=records.handovers(session(), room_id),
        record=records.record_of(session(), room_id),
        who=service.by_key(view),
        me=staff().id,
        Seat=Seat,
        now=now(),
    )
    return page, {"Permissions-Policy": WITH_CAMERA}


def _incident_form(view: service.Board) -> IncidentForm:
    form = IncidentForm(token=random_code(20))
    candidates = [
        (str(each.candidate.registration_id), f"{each.candidate.seat_number} {each.candidate.name}")
        for each in view.places
    ]
    form.registration_id.choices = [("", gettext("全考场")), *candidates]
    return form


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>/live")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def live(sitting_id: UUID, room_id: UUID) -> str:
    """The seats alone, for the board to refresh itself."""
    _may_watch(sitting_id)
    view = service.board(session(), sitting_id, room_id, now())
    return render_template("proctoring/seats.html", board=view, Seat=Seat, now=now())


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def candidate(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    may_act = _may_watch(sitting_id)
    place = service.place(session(), sitting_id, room_id, registration_id, now())
    return _candidate_page(sitting_id, room_id, place, may_act, ExtendForm(), ReasonForm())


def _candidate_page(
    sitting_id: UUID, room_id: UUID, place: service.Place, may_act: bool, extend: ExtendForm, reason: ReasonForm
) -> str:
    sitting, room = service.room(session(), sitting_id, room_id)
    attempt_id = place.candidate.attempt_id
    return render_template(
        "proctoring/candidate.html",
        place=place,
        sitting=sitting,
        room=room,
        facts=sittings.candidate(session(), place.candidate.registration_id),
        acts=ledger.history(session(), f"attempt:{attempt_id}") if attempt_id else [],
        may_act=may_act,
        events=events.events_of(session(), attempt_id) if attempt_id else [],
        extend_form=extend,
        reason_form=reason,
        Seat=Seat,
        silence=int(rules.SILENCE.total_seconds()),
    )


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/photo")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def photo(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> Response:
    _may_watch(sitting_id)
    service.place(session(), sitting_id, room_id, registration_id, now())
    found = sittings.candidate(session(), registration_id).photo
    if not found:
        raise NotFound("not_found")
    return send_file(runtime().files.path(found), mimetype="image/jpeg")


def _act(view: Callable[..., str]) -> Callable[..., Any]:
    """A proctor's act on one candidate: done and told, or the reason why not; then back to the candidate."""

    @wraps(view)
    def done(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> Response:
        _proctors(sitting_id)
        try:
            flash(view(sitting_id, room_id, registration_id))
        except CertengineError as error:
            for each in getattr(error, "problems", [error]):
                flash(say(each), "danger")
        return redirect(url_for(".candidate", sitting_id=sitting_id, room_id=room_id, registration_id=registration_id))

    return done


def _attempt(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> UUID:
    return service.attempt_here(session(), sitting_id, room_id, registration_id, now())


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/check-in")
@allow(Permission.ROOM_PROCTOR)
@_act
def check_in(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    override = request.form.get("override", "")
    service.check_in(session(), sitting_id, room_id, registration_id, staff().id, now(), override)
    return gettext("已签到")


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/scan")
@allow(Permission.ROOM_PROCTOR)
def scan(sitting_id: UUID, room_id: UUID) -> Response:
    """A ticket at the door: on to its holder's page, or the room where they belong."""
    _proctors(sitting_id)
    here = redirect(url_for(".board", sitting_id=sitting_id, room_id=room_id))
    try:
        place = service.find_ticket(session(), sitting_id, request.form.get("ticket", "")[:300])
    except NotFound as error:
        flash(say(error), "danger")
        return here
    if place.exam_room_id != room_id:
        told = gettext(
            "%(name)s 的座位在 %(room)s %(seat)s号", name=place.name, room=place.room_name, seat=place.seat_number
        )
        flash(told, "warning")
        return here
    return redirect(
        url_for(".candidate", sitting_id=sitting_id, room_id=room_id, registration_id=place.registration_id)
    )


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/extend")
@allow(Permission.ROOM_PROCTOR)
@_act
def extend(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    form = ExtendForm()
    form.validate()
    attempt_id = _attempt(sitting_id, room_id, registration_id)
    minutes = form.minutes.data or 0
    delivery.extend(session(), attempt_id, minutes, form.reason.data or "", staff().id, now())
    return gettext("已延长%(minutes)s分钟", minutes=minutes)


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/suspend")
@allow(Permission.ROOM_PROCTOR)
@_act
def suspend(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    attempt_id = _attempt(sitting_id, room_id, registration_id)
    delivery.suspend(session(), attempt_id, ReasonForm().reason.data or "", staff().id, now())
    return gettext("已暂停，计时停止")


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/resume")
@allow(Permission.ROOM_PROCTOR)
@_act
def resume(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    delivery.resume(session(), _attempt(sitting_id, room_id, registration_id), staff().id, now())
    return gettext("已恢复，计时继续")


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/force-submit")
@allow(Permission.ROOM_PROCTOR)
@_act
def force_submit(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    attempt_id = _attempt(sitting_id, room_id, registration_id)
    delivery.force_submit(session(), attempt_id, ReasonForm().reason.data or "", staff().id, now())
    return gettext("已强制交卷")


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/let-in")
@allow(Permission.ROOM_PROCTOR)
@_act
def let_in(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    """Another machine, or a browser that does not show the sitting's key: for one opening."""
    standing = delivery.attempt(session(), _attempt(sitting_id, room_id, registration_id), lock=True)
    gate.let_in(session(), standing, ReasonForm().reason.data or "", staff().id, now())
    return gettext("已放行，考生可以在新的机器上继续")


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/<uuid:registration_id>/answer-file")
@allow(Permission.ROOM_PROCTOR)
@_act
def carry_answers(sitting_id: UUID, room_id: UUID, registration_id: UUID) -> str:
    """Answers that a machine without network could not send."""
    standing = delivery.attempt(session(), _attempt(sitting_id, room_id, registration_id), lock=True)
    given = request.files.get("file")
    content = given.read(answer_file.LONGEST + 1) if given else b""
    answers = answer_file.opened(runtime().settings.secret_key, standing.id, content)
    count = answer_file.take_in(session(), scripts(), standing, answers, content, staff().id, now())
    return gettext("已导入，新增%(count)s条答案", count=count)


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/incidents")
@allow(Permission.ROOM_PROCTOR)
def incident(sitting_id: UUID, room_id: UUID) -> Response:
    _proctors(sitting_id)
    form = IncidentForm()
    try:
        kind = IncidentKind(form.kind.data)
        registration = UUID(form.registration_id.data) if form.registration_id.data else None
    except ValueError:
        raise NotFound("not_found") from None
    try:
        facts = IncidentFacts(kind, form.text.data or "", registration, given_token(), _photographs())
        service.record_incident(
            session(), sitting_id, room_id, facts, actor=staff().id, actor_name=staff().name, now=now()
        )
        flash(gettext("已记录"))
    except CertengineError as error:
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(".board", sitting_id=sitting_id, room_id=room_id))


def _photographs() -> tuple[str, ...]:
    """Kept by their hashes. Raises Invalid for what is no picture, or too many."""
    given = [each for each in request.files.getlist("photos") if each.filename]
    if len(given) > MOST_PHOTOS:
        raise Invalid([Problem("photos", "proctoring.photos_many", {"most": MOST_PHOTOS})])
    pictures = [photograph(each.read()) for each in given]
    return tuple(runtime().files.put(each) for each in pictures)


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>/incidents/<uuid:incident_id>/<int:number>")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def incident_photo(sitting_id: UUID, room_id: UUID, incident_id: UUID, number: int) -> Response:
    _may_watch(sitting_id)
    for each in service.incidents(session(), sitting_id, room_id):
        if each.id == incident_id and number < len(each.photos):
            return send_file(runtime().files.path(each.photos[number]), mimetype="image/jpeg")
    raise NotFound("not_found")


# Last, for they add their pages to the blueprint above.
from certengine.proctoring import room_views  # noqa: E402

__all__ = ["blueprint", "room_views"]
