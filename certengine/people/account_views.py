"""Accounts and organisations: a department's administrator keeps all, an institution's its own."""

from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext
from sqlalchemy import or_, select
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, NotAllowed, NotFound
from certengine.foundation.paging import paginate
from certengine.ledger import service as ledger
from certengine.people import passkeys, regions, second_factor, service
from certengine.people.actors import staff
from certengine.people.forms import (
    AccountChangeForm,
    AccountForm,
    OrganisationForm,
    PasswordForm,
)
from certengine.people.models import Account, Organisation, OrganisationKind
from certengine.people.pages import ORGANISATION_KINDS, ROLE_NAMES, blueprint
from certengine.people.permissions import Permission, Role
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, session


def _keeps_all() -> bool:
    kind = service.organisation(session(), staff().organisation_id).kind
    return kind is OrganisationKind.DEPARTMENT


def _organisations() -> list[Organisation]:
    query = select(Organisation).order_by(Organisation.name)
    if not _keeps_all():
        query = query.where(Organisation.id == staff().organisation_id)
    return list(session().scalars(query))


def _account(account_id: UUID) -> Account:
    found = session().get(Account, account_id)
    if found is None or not (_keeps_all() or found.organisation_id == staff().organisation_id):
        raise NotFound("account.not_found")
    return found


@blueprint.get("/accounts")
@allow(Permission.ACCOUNTS_MANAGE)
def accounts() -> str:
    sought = request.args.get("q", "").strip()
    query = select(Account).order_by(Account.login)
    if not _keeps_all():
        query = query.where(Account.organisation_id == staff().organisation_id)
    if sought:
        parts = (Account.login, Account.name, Organisation.name)
        query = query.join(Organisation, Organisation.id == Account.organisation_id)
        query = query.where(or_(*(part.icontains(sought, autoescape=True) for part in parts)))
    page = paginate(session(), query, request.args.get("page", 1, int))
    return render_template("people/accounts.html", page=page, sought=sought, keeps_all=_keeps_all())


def _offered(form: AccountForm | AccountChangeForm) -> None:
    form.roles.choices = [(role.value, text) for role, text in ROLE_NAMES.items()]
    if isinstance(form, AccountForm):
        form.organisation.choices = [(str(each.id), each.name) for each in _organisations()]


@blueprint.route("/accounts/new", methods=["GET", "POST"])
@allow(Permission.ACCOUNTS_MANAGE)
def new_account() -> str | Response:
    form = AccountForm()
    _offered(form)
    if form.validate_on_submit():
        owner = next(each for each in _organisations() if str(each.id) == form.organisation.data)
        try:
            made = service.create_account(
                session(),
                login=(form.login.data or "").strip(),
                password=form.password.data or "",
                name=form.name.data or "",
                organisation=owner,
                roles=frozenset(Role(role) for role in form.roles.data or []),
                now=now(),
                actor=staff().id,
            )
            flash(gettext("账号已建立"))
            return redirect(url_for(".account", account_id=made.id))
        except CertengineError as error:
            form.show_problems(error)  # type: ignore[arg-type]
    return render_template("people/new_account.html", form=form)


@blueprint.route("/accounts/<uuid:account_id>", methods=["GET", "POST"])
@allow(Permission.ACCOUNTS_MANAGE)
def account(account_id: UUID) -> str | Response:
    found = _account(account_id)
    form = AccountChangeForm(name=found.name, active=found.active, roles=[each.role.value for each in found.roles])
    _offered(form)
    if form.validate_on_submit():
        try:
            service.change_account(
                session(),
                found,
                name=form.name.data or "",
                roles=frozenset(Role(role) for role in form.roles.data or []),
                active=bool(form.active.data),
                actor=staff().id,
                now=now(),
            )
            flash(gettext("已保存"))
            return redirect(url_for(".account", account_id=account_id))
        except CertengineError as error:
            for each in getattr(error, "problems", [error]):
                flash(say(each), "danger")
            return redirect(url_for(".account", account_id=account_id))
    acts = ledger.history(session(), f"account:{account_id}", limit=50)
    return render_template(
        "people/account.html",
        account=found,
        form=form,
        password_form=PasswordForm(),
        acts=acts,
        factor=second_factor.factor_of(session(), account_id),
        passkeys=passkeys.of_account(session(), account_id),
    )


@blueprint.post("/accounts/<uuid:account_id>/password")
@allow(Permission.ACCOUNTS_MANAGE)
def set_password(account_id: UUID) -> Response:
    found, form = _account(account_id), PasswordForm()
    if form.validate_on_submit():
        service.set_password(session(), found, form.password.data or "", staff().id, now())
        flash(gettext("密码已重设"))
    else:
        for text in form.password.errors:
            flash(text, "danger")
    return redirect(url_for(".account", account_id=account_id))


@blueprint.route("/organisations", methods=["GET", "POST"])
@allow(Permission.ACCOUNTS_MANAGE)
def organisations() -> str | Response:
    form = OrganisationForm()
    form.kind.choices = [(kind.value, text) for kind, text in ORGANISATION_KINDS.items()]
    form.region.choices = list(regions.names().items())
    if request.method == "POST" and not _keeps_all():
        raise NotAllowed("not_allowed")
    if form.validate_on_submit():
        try:
            kind = OrganisationKind(form.kind.data)
            code = (form.code.data or "").strip().upper()
            name = (form.name.data or "").strip()
            service.create_organisation(
                session(), kind, name, code, now(), form.name_en.data or "", form.region.data or ""
            )
            flash(gettext("机构已建立"))
            return redirect(url_for(".organisations"))
        except CertengineError as error:
            form.show_problems(error)  # type: ignore[arg-type]
    return render_template(
        "people/organisations.html",
        organisations=_organisations(),
        form=form,
        keeps_all=_keeps_all(),
        regions=regions.names(),
    )


@blueprint.post("/accounts/<uuid:account_id>/second-factor/reset")
@allow(Permission.ACCOUNTS_MANAGE)
def reset_second_factor(account_id: UUID) -> Response:
    if account_id == staff().account_id:
        # Whoever sits at a browser that was left open must not get rid of it.
        raise Conflict("account.own_factor")
    second_factor.reset(session(), _account(account_id), staff().id, now())
    flash(gettext("双重验证已重置，该账号的登录均已退出"))
    return redirect(url_for(".account", account_id=account_id))
