"""One's own account: password, second factor, signed-in sessions."""

from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Conflict, Invalid, Problem
from certengine.people import actors, attempts, enrolment, identities, passkeys, second_factor, service, sessions
from certengine.people.actors import staff
from certengine.people.forms import CodeForm, OwnPasswordForm, ProvenForm
from certengine.people.models import Account
from certengine.people.pages import blueprint
from certengine.people.permissions import Permission
from certengine.web.access import allow
from certengine.web.errors import say
from certengine.web.request import now, runtime, session

STAFF = tuple(permission for permission in Permission if permission is not Permission.ATTEMPT_TAKE)


def own_account() -> Account:
    return session().get_one(Account, staff().account_id)


def back() -> Response:
    return redirect(url_for(".my_account"))  # type: ignore[return-value]


@blueprint.route("/my-account", methods=["GET", "POST"])
@allow(*STAFF)
def my_account() -> str | Response:
    form, mine = OwnPasswordForm(), own_account()
    if form.validate_on_submit():
        problem = _wrong(form.old.data or "")
        mine = own_account()
        if problem is None:
            _change_password(mine, form.password.data or "")
            return back()
        form.old.errors = [say(problem)]
    factor = second_factor.factor_of(session(), mine.id)
    return render_template(
        "people/my_account.html",
        account=mine,
        form=form,
        factor=factor,
        passkeys=passkeys.of_account(session(), mine.id),
        provider=runtime().settings.provider,
        identities=identities.of_account(session(), mine.id),
        takes_passkeys=passkeys.site(runtime().settings.base_url) is not None,
        codes_left=second_factor.codes_left(session(), mine.id),
        required=second_factor.is_required(runtime().settings, mine),
        proven=ProvenForm(formdata=None),
        sessions=sessions.of_account(session(), mine.id, now()),
        this_session=staff().session_id,
    )


def _wrong(password: str) -> Problem | None:
    """What was read before belongs to a transaction that is over then."""
    found = attempts.by_password(staff().login, password)
    if not isinstance(found, Problem):
        return None
    return found if found.code == attempts.WAIT else Problem("old", "account.old_wrong")


def _change_password(mine: Account, password: str) -> None:
    """All sessions end; this browser goes on in a new one."""
    service.set_password(session(), mine, password, staff().id, now())
    actors.sign_in_account(mine, second_factor.has_any(session(), mine.id))
    attempts.remember_device(mine)
    flash(gettext("密码已修改，其他登录均已退出"))


@blueprint.post("/my-account/sessions/<uuid:session_id>/end")
@allow(*STAFF)
def end_session(session_id: UUID) -> Response:
    sessions.end(session(), staff().account_id, session_id, now())
    flash(gettext("已退出该登录"))
    return back()


@blueprint.post("/my-account/sessions/end-others")
@allow(*STAFF)
def end_other_sessions() -> Response:
    sessions.end_all(session(), staff().account_id, now(), but=staff().session_id)
    flash(gettext("其他登录均已退出"))
    return back()


@blueprint.route("/my-account/second-factor", methods=["GET", "POST"])
@allow(*STAFF)
def enrol() -> str | Response | tuple[str, int]:
    mine, form = own_account(), CodeForm()
    if second_factor.factor_of(session(), mine.id) is not None:
        raise Conflict("account.factor_there")
    offer, problem = enrolment.offered(mine, anew=not form.is_submitted()), None
    if form.validate_on_submit():
        try:
            codes = enrolment.confirm(mine, form.code.data or "", staff().id)
            # Whoever is signed in elsewhere with the password alone is not any more.
            sessions.end_all(session(), mine.id, now())
            actors.sign_in_account(mine, with_factor=True)
            return render_template("people/recovery_codes.html", codes=codes, target=url_for(".my_account"))
        except Invalid as error:
            problem = say(error.problems[0])
    page = render_template("people/enrol.html", form=form, offer=offer, problem=problem, signing_in=False)
    return page, 422 if problem else 200


def is_proven() -> bool:
    """Whether the password stands in the form; says so where it does not."""
    problem = _wrong(ProvenForm().password.data or "")
    if problem is not None:
        flash(say(problem), "danger")
    return problem is None


@blueprint.post("/my-account/second-factor/codes")
@allow(*STAFF)
def renew_codes() -> str | Response:
    if not second_factor.has_any(session(), staff().account_id):
        raise Conflict("account.no_factor")
    if not is_proven():
        return back()
    codes = second_factor.renew_codes(session(), runtime().cipher, own_account(), staff().id, now())
    return render_template("people/recovery_codes.html", codes=codes, target=url_for(".my_account"))


@blueprint.post("/my-account/second-factor/remove")
@allow(*STAFF)
def remove_factor() -> Response:
    if is_proven():
        try:
            second_factor.give_up(session(), runtime().settings, own_account(), staff().id, now())
            flash(gettext("验证码已停用"))
        except CertengineError as error:
            flash(say(error), "danger")
    return back()
