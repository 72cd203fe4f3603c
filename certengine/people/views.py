from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from flask.blueprints import BlueprintSetupState
from flask_babel import lazy_gettext as _
from sqlalchemy import select
from werkzeug.wrappers import Response

from certengine.foundation.errors import Problem
from certengine.foundation.paging import paginate
from certengine.people import actors, service
from certengine.people.forms import SignInForm
from certengine.people.models import Account, OrganisationKind
from certengine.people.permissions import Permission, Role
from certengine.web.access import allow, public
from certengine.web.errors import say
from certengine.web.layout import NavigationEntry, add_labels, add_navigation
from certengine.web.request import session
from certengine.web.security import limiter

blueprint = Blueprint("people", __name__)

ROLE_NAMES = {
    Role.ADMINISTRATOR: _("系统管理员"),
    Role.ITEM_AUTHOR: _("命题员"),
    Role.ITEM_REVIEWER: _("审题员"),
    Role.PAPER_MAKER: _("组卷员"),
    Role.EXAM_OFFICER: _("考务员"),
    Role.PROCTOR: _("监考员"),
    Role.EXAMINER: _("考评员"),
    Role.ISSUER: _("证书管理员"),
    Role.TRAINING_OFFICER: _("培训管理员"),
    Role.SUPERVISOR: _("监督员"),
    Role.TRAINEE: _("学员"),
}
ORGANISATION_KINDS = {
    OrganisationKind.DEPARTMENT: _("人力资源社会保障部门"),
    OrganisationKind.EVALUATION_INSTITUTION: _("评价机构"),
    OrganisationKind.TRAINING_INSTITUTION: _("培训机构"),
    OrganisationKind.BASE: _("继续教育基地"),
    OrganisationKind.EMPLOYER: _("用人单位"),
}


@blueprint.record_once
def set_up(state: BlueprintSetupState) -> None:
    state.app.extensions["actor_loader"] = actors.load
    add_labels(state, Role, ROLE_NAMES)
    add_labels(state, OrganisationKind, ORGANISATION_KINDS)
    add_navigation(state, NavigationEntry(900, _("账号"), "people.accounts", Permission.ACCOUNTS_MANAGE))


def _local(target: str) -> str:
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else url_for("home")


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public("signing in")
@limiter.limit("30 per minute", methods=["POST"])
def sign_in() -> str | Response | tuple[str, int]:
    form = SignInForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return render_template("people/sign_in.html", form=form, problem=None)
    account = service.account_by_login(session(), (form.login.data or "").strip())
    if account is None or not service.check_password(account, form.password.data or ""):
        problem = say(Problem("", "account.wrong"))
        return render_template("people/sign_in.html", form=form, problem=problem), 422
    actors.sign_in("account", str(account.id))
    return redirect(_local(form.next.data or "/"))  # type: ignore[return-value]


@blueprint.post("/sign-out")
@public("anyone may leave")
def sign_out() -> Any:
    actors.sign_out()
    return redirect(url_for("home"))


@blueprint.get("/accounts")
@allow(Permission.ACCOUNTS_MANAGE)
def accounts() -> str:
    page = paginate(session(), select(Account).order_by(Account.login), request.args.get("page", 1, int))
    return render_template("people/accounts.html", page=page)
