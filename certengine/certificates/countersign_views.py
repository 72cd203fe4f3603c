"""The department's page: whose certificates it countersigns, what waits, and the act itself."""

from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.certificates import countersigning
from certengine.certificates.pages import blueprint
from certengine.foundation.errors import Conflict
from certengine.foundation.paging import paginate
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_navigation
from certengine.web.request import now, session


@blueprint.record_once
def set_up_countersigning(state: BlueprintSetupState) -> None:
    permission = Permission.CERTIFICATE_COUNTERSIGN
    add_navigation(state, NavigationEntry(605, _("联署证书"), "certificates.countersignatures", permission))


@blueprint.get("/countersigning")
@allow(Permission.CERTIFICATE_COUNTERSIGN)
def countersignatures() -> str:
    mine = staff().organisation_id
    lines = countersigning.lines(session(), mine)
    return render_template(
        "certificates/countersigning.html",
        lines=lines,
        mine=mine,
        names={each.id: each.name for each in lines},
        page=paginate(session(), countersigning.waiting_query(mine), request.args.get("page", 1, int)),
        jobs=countersigning.jobs(session(), mine, limit=5),
    )


@blueprint.post("/countersigning/institutions/<uuid:institution_id>/<any(on, off):wanted>")
@allow(Permission.CERTIFICATE_COUNTERSIGN)
def set_countersigning(institution_id: UUID, wanted: str) -> Response:
    try:
        countersigning.set_for(session(), staff().organisation_id, institution_id, wanted == "on", staff().id, now())
    except Conflict as error:
        session().rollback()
        flash(say(error), "danger")
    else:
        flash(
            gettext("已设定：该机构的证书由本部门联署。")
            if wanted == "on"
            else gettext("已停止：该机构的证书不再联署，已联署的不变。")
        )
    return redirect(url_for(".countersignatures"))


@blueprint.post("/countersigning")
@allow(Permission.CERTIFICATE_COUNTERSIGN)
def countersign() -> Response:
    """Of one institution, or of all."""
    chosen = request.form.get("institution", "")
    lines = {str(each.id): each.id for each in countersigning.lines(session(), staff().organisation_id)}
    try:
        if chosen and chosen not in lines:
            raise Conflict("certificate.nothing_to_countersign")
        job = countersigning.begin(session(), staff().organisation_id, lines.get(chosen), staff().id, now())
    except Conflict as error:
        session().rollback()
        flash(say(error), "danger")
        return redirect(url_for(".countersignatures"))
    return redirect(url_for(".countersigning_job", job_id=job.id))


@blueprint.get("/countersigning/<uuid:job_id>")
@allow(Permission.CERTIFICATE_COUNTERSIGN)
def countersigning_job(job_id: UUID) -> str:
    found = countersigning.job_of(session(), staff().organisation_id, job_id)
    return render_template("certificates/countersigning_job.html", job=found)


@blueprint.get("/countersigning/<uuid:job_id>/progress")
@allow(Permission.CERTIFICATE_COUNTERSIGN)
def countersigning_progress(job_id: UUID) -> dict[str, Any]:
    found = countersigning.job_of(session(), staff().organisation_id, job_id)
    return {"state": found.state.value, "done": found.done, "total": found.total}
