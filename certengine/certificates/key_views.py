"""The signing keys: a public page of what is in force and what was compromised, and where it is declared."""

from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.certificates import compromise
from certengine.certificates.pages import blueprint
from certengine.certificates.profiles import Role
from certengine.certificates.signed_code import key_id
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict
from certengine.people.actors import staff
from certengine.people.permissions import Permission
from certengine.web.access import allow, current_actor, public
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, session
from certengine.web.security import limiter

ROLES = {
    Role.ROOT: _("根证书"),
    Role.ISSUING: _("签发中心"),
    Role.SIGNER: _("机构签名"),
    Role.STAMPER: _("时间戳"),
}


@blueprint.record_once
def set_up_keys(state: BlueprintSetupState) -> None:
    add_labels(state, Role, ROLES)
    add_navigation(state, NavigationEntry(930, _("签名密钥"), "certificates.keys", Permission.ACCOUNTS_MANAGE))


@blueprint.get("/keys")
@public("whoever checks a certificate may see by which keys, and which of them were compromised since when")
@limiter.limit("60 per minute")
def keys() -> str:
    rows = compromise.keys(session())
    actor = current_actor()
    return render_template(
        "certificates/keys.html",
        rows=rows,
        Role=Role,
        key_id=lambda row: key_id(row.der).hex(),
        now=now(),
        may_declare=actor is not None and actor.may(Permission.ACCOUNTS_MANAGE),
    )


@blueprint.post("/keys/<uuid:certificate_id>/compromised")
@allow(Permission.ACCOUNTS_MANAGE)
def declare(certificate_id: UUID) -> Response:
    """Since when somebody else may have the key, in China time."""
    try:
        since = datetime.fromisoformat(request.form.get("since", "")).replace(tzinfo=CHINA)
        row = compromise.declare(session(), certificate_id, since, staff().id, now())
    except ValueError:
        flash(gettext("请填写泄露的日期和时间"), "danger")
    except Conflict as error:
        session().rollback()
        flash(say(error), "danger")
    else:
        count = len(compromise.signed_since(session(), row, since))
        flash(gettext("已宣布泄露。此后签发的%(count)s张证书已暂停，须重新签发。", count=count))
    return redirect(url_for(".keys"))
