"""Where an administrator says which of the institution's systems are told what becomes of certificates."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.certificates import hooks
from certengine.certificates.pages import blueprint
from certengine.foundation.errors import Invalid
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_navigation
from certengine.web.request import now, runtime, session


@blueprint.record_once
def set_up_hooks(state: BlueprintSetupState) -> None:
    add_navigation(state, NavigationEntry(935, _("消息推送"), "certificates.web_hooks", Permission.ACCOUNTS_MANAGE))


@blueprint.route("/certificates/hooks", methods=["GET", "POST"])
@allow(Permission.ACCOUNTS_MANAGE)
def web_hooks() -> str | tuple[str, int]:
    mine = staff().organisation_id
    secret, problem = "", None
    if request.method == "POST":
        try:
            secret = hooks.add(session(), runtime(), mine, request.form.get("address", ""), staff().id, now())
        except Invalid as error:
            problem = say(error.problems[0])
    rows = [(row, hooks.messages(session(), row.id)) for row in hooks.standing(session(), mine)]
    page = render_template("certificates/hooks.html", rows=rows, secret=secret, problem=problem)
    return (page, 422) if problem else page


@blueprint.post("/certificates/hooks/<uuid:hook_id>/end")
@allow(Permission.ACCOUNTS_MANAGE)
def end_web_hook(hook_id: UUID) -> Response:
    hooks.end(session(), staff().organisation_id, hook_id, staff().id, now())
    flash(gettext("已停止推送"))
    return redirect(url_for(".web_hooks"))
