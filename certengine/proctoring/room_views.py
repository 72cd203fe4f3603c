"""Pages of the room as a whole: acts on everybody, handing over, and the record that two sign."""

from collections.abc import Callable
from io import BytesIO
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, send_file, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, NotFound
from certengine.ledger import service as ledger
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.proctoring import records, service
from certengine.proctoring.forms import INCIDENT_KINDS
from certengine.proctoring.record_sheet import record_pdf
from certengine.proctoring.room_acts import RoomAct, act_on_room
from certengine.proctoring.views import _may_watch, _proctors, blueprint
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session


def _done(sitting_id: UUID, room_id: UUID, act: Callable[[], Any], back: str = ".board") -> Response:
    _proctors(sitting_id)
    try:
        flash(act(), "success")
    except CertengineError as error:
        for each in getattr(error, "problems", [error]):
            flash(say(each), "danger")
    return redirect(url_for(back, sitting_id=sitting_id, room_id=room_id))  # type: ignore[return-value]


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/all/<act>")
@allow(Permission.ROOM_PROCTOR)
def act_on_all(sitting_id: UUID, room_id: UUID, act: str) -> Response:
    """Suspends, resumes or extends everybody in the room who still writes."""
    if act not in {each.value for each in RoomAct}:
        raise NotFound("not_found")

    def do() -> Any:
        service.room(session(), sitting_id, room_id)
        count = act_on_room(
            session(),
            sitting_id,
            room_id,
            RoomAct(act),
            minutes=request.form.get("minutes", 0, int),
            reason=request.form.get("reason", "")[:200],
            actor=staff().id,
            now=now(),
        )
        return gettext("已对%(count)s名考生执行", count=count)

    return _done(sitting_id, room_id, do)


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/handover")
@allow(Permission.ROOM_PROCTOR)
def hand_over(sitting_id: UUID, room_id: UUID) -> Response:
    def do() -> Any:
        note = request.form.get("note", "")
        records.hand_over(session(), sitting_id, room_id, note, actor=staff().id, actor_name=staff().name, now=now())
        return gettext("已提出交接，等待另一名监考员接手")

    return _done(sitting_id, room_id, do)


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/handover/<uuid:handover_id>/take")
@allow(Permission.ROOM_PROCTOR)
def take_over(sitting_id: UUID, room_id: UUID, handover_id: UUID) -> Response:
    def do() -> Any:
        records.take_over(session(), room_id, handover_id, actor=staff().id, actor_name=staff().name, now=now())
        return gettext("已接手")

    return _done(sitting_id, room_id, do)


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>/record")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def record(sitting_id: UUID, room_id: UUID) -> str:
    """As it would be signed now, or as it was signed."""
    may_act = _may_watch(sitting_id)
    sitting, room = service.room(session(), sitting_id, room_id)
    signed = records.record_of(session(), room_id)
    content = signed.content if signed else records.draft(session(), sitting_id, room_id, "", now())
    return render_template(
        "proctoring/record.html",
        sitting=sitting,
        room=room,
        record=signed,
        content=content,
        receipt=ledger.receipt(session(), signed.entry_id) if signed and signed.entry_id else None,
        kinds={kind.value: text for kind, text in INCIDENT_KINDS.items()},
        may_act=may_act,
        me=staff().id,
    )


@blueprint.post("/proctoring/<uuid:sitting_id>/<uuid:room_id>/record")
@allow(Permission.ROOM_PROCTOR)
def sign_record(sitting_id: UUID, room_id: UUID) -> Response:
    def do() -> Any:
        remarks = request.form.get("remarks", "")
        made = records.sign(
            session(), sitting_id, room_id, remarks, actor=staff().id, actor_name=staff().name, now=now()
        )
        return gettext("已由两人签署") if made.second_by else gettext("已签署，等待另一名监考员签署")

    return _done(sitting_id, room_id, do, ".record")


@blueprint.get("/proctoring/<uuid:sitting_id>/<uuid:room_id>/record.pdf")
@allow(Permission.ROOM_PROCTOR, Permission.OVERSIGHT_READ)
def record_sheet(sitting_id: UUID, room_id: UUID) -> Response:
    _may_watch(sitting_id)
    service.room(session(), sitting_id, room_id)
    signed = records.record_of(session(), room_id)
    if signed is None:
        raise NotFound("proctoring.no_record")
    pdf = record_pdf(signed, {kind.value: str(text) for kind, text in INCIDENT_KINDS.items()})
    name = f"record-{signed.content['room']}.pdf"
    return send_file(BytesIO(pdf), mimetype="application/pdf", download_name=name)
