"""One sitting for a supervisor: its rooms live, its incidents, and its draws and marks done again."""

from typing import Any
from uuid import UUID

from flask import redirect, render_template, url_for
from flask_babel import gettext
from sqlalchemy import select

from certengine.foundation.errors import NotFound
from certengine.foundation.jobs import Job
from certengine.oversight import replaying
from certengine.oversight.pages import blueprint
from certengine.people import reach
from certengine.people.actors import region, staff
from certengine.people.models import Organisation
from certengine.people.permissions import Permission
from certengine.proctoring import service as proctoring
from certengine.proctoring.rules import Seat
from certengine.sittings import service as sittings
from certengine.sittings.service import SittingView
from certengine.web.access import allow
from certengine.web.request import now, session


def _sitting(sitting_id: UUID) -> SittingView:
    """Raises NotFound for another region's."""
    view = sittings.sitting(session(), sitting_id)
    if not reach.covers(session(), region(), view.organisation_id):
        raise NotFound("not_found")
    return view


@blueprint.get("/oversight/sittings/<uuid:sitting_id>")
@allow(Permission.OVERSIGHT_READ)
def watch_sitting(sitting_id: UUID) -> str:
    view = _sitting(sitting_id)
    rooms = sittings.exam_rooms(session(), sitting_id)
    boards = [(room, proctoring.board(session(), sitting_id, room.id, now())) for room in rooms]
    runs = replaying.runs(session(), sitting_id)
    jobs = {each.id: each for each in session().scalars(select(Job).where(Job.id.in_([run.job_id for run in runs])))}
    return render_template(
        "oversight/sitting.html",
        sitting=view,
        institution=session().get_one(Organisation, view.organisation_id).name,
        boards=boards,
        incidents=proctoring.incidents(session(), sitting_id),
        runs=runs,
        jobs=jobs,
        said=lambda finding: replaying.said(finding, gettext),
        Seat=Seat,
        now=now(),
    )


@blueprint.post("/oversight/sittings/<uuid:sitting_id>/replay")
@allow(Permission.OVERSIGHT_READ)
def replay_sitting(sitting_id: UUID) -> Any:
    _sitting(sitting_id)
    replaying.ask(session(), sitting_id, actor=staff().id, now=now())
    return redirect(url_for(".watch_sitting", sitting_id=sitting_id))
