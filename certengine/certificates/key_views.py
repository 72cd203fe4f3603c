"""The signing keys: a public page of what is in force and what was compromised, and where it is declared."""

from collections.abc import Callable
from datetime import datetime
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext
from flask_babel import lazy_gettext as _
from werkzeug.wrappers import Response

from certengine.certificates import compromise
from certengine.certificates.models import SigningCertificate
from certengine.certificates.pages import blueprint
from certengine.certificates.profiles import Role
from certengine.certificates.signed_code import key_id
from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, NotAllowed
from certengine.people import reach, regions
from certengine.people import service as people
from certengine.people.actors import Staff, staff
from certengine.people.models import OrganisationKind
from certengine.people.permissions import Permission
from certengine.web.access import allow, current_actor, public
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter

ROLES = {
    Role.ROOT: _("根证书"),
    Role.ISSUING: _("签发中心"),
    Role.SIGNER: _("机构签名"),
    Role.DEPARTMENT: _("主管部门联署"),
    Role.STAMPER: _("时间戳"),
}


@blueprint.record_once
def set_up_keys(state: BlueprintSetupState) -> None:
    add_labels(state, Role, ROLES)
    add_navigation(state, NavigationEntry(930, _("签名密钥"), "certificates.keys", Permission.ACCOUNTS_MANAGE))


def _declarer() -> Callable[[SigningCertificate], bool]:
    """Whose keys the reader may declare compromised: a department's administrator those of its region, and, of the
    province, the time-stamp authority's."""
    actor = current_actor()
    if not isinstance(actor, Staff) or not actor.may(Permission.ACCOUNTS_MANAGE):
        return lambda _row: False
    own = people.organisation(session(), actor.organisation_id)
    if own.kind is not OrganisationKind.DEPARTMENT:
        return lambda _row: False
    seen = set(session().scalars(reach.within(own.region)))
    ours = regions.is_provincial(own.region)
    return lambda row: (
        (row.role in compromise.DECLARED and row.organisation_id in seen) or (ours and row.role is Role.STAMPER)
    )


@blueprint.get("/keys")
@public("whoever checks a certificate may see by which keys, and which of them were compromised since when")
@limiter.limit("60 per minute")
def keys() -> str:
    rows = compromise.keys(session())
    return render_template(
        "certificates/keys.html",
        rows=rows,
        key_id=lambda row: key_id(row.der).hex(),
        now=now(),
        may_declare=_declarer(),
    )


@blueprint.post("/keys/<uuid:certificate_id>/compromised")
@allow(Permission.ACCOUNTS_MANAGE)
def declare(certificate_id: UUID) -> Response:
    """Since when somebody else may have the key, in China time. A department does it, for it stops an institution's work."""
    row = compromise.key(session(), certificate_id)
    if not _declarer()(row):
        raise NotAllowed("certificate.keys_department")
    try:
        since = datetime.fromisoformat(request.form.get("since", "")).replace(tzinfo=CHINA)
        compromise.declare(session(), runtime(), certificate_id, since, staff().id, now())
    except ValueError:
        flash(gettext("请填写泄露的日期和时间"), "danger")
    except Conflict as error:
        session().rollback()
        flash(say(error), "danger")
    else:
        if row.role is Role.STAMPER:
            flash(
                gettext("已宣布泄露。此前加盖的时间戳须由账本或别的时间戳佐证；正在用新密钥为证书文件重新加盖时间戳。")
            )
        elif row.role is Role.DEPARTMENT:
            flash(gettext("已宣布泄露。此后的联署不作数，证书仍然有效，须重新联署。"))
        else:
            count = len(compromise.signed_since(session(), row, since))
            flash(gettext("已宣布泄露。此后签发的%(count)s张证书已暂停，须重新签发。", count=count))
    return redirect(url_for(".keys"))
