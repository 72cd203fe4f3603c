"""Signing in: password, then the second factor where the account has or needs one; signing out."""

from typing import Any

from flask import flash, make_response, redirect, render_template, request, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from certengine.foundation.errors import Invalid, Problem
from certengine.people import (
    account_views,
    actors,
    attempts,
    challenges,
    enrolment,
    message_views,
    own_views,
    passkey_views,
    passkeys,
    provider_views,
    second_factor,
    signing_in,
)
from certengine.people.forms import CodeForm, PasskeyForm, SignInForm
from certengine.people.pages import blueprint
from certengine.web.access import public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session
from certengine.web.security import limiter

Page = str | Response | tuple[str, int]


def _again(problem: Problem, template: str, **context: Any) -> Response:
    """The form again with what was wrong; where it is too early for another attempt, when it is not."""
    page = render_template(template, problem=say(problem), **context)
    response = make_response(page, 429 if problem.code == attempts.WAIT else 422)
    if problem.code == attempts.WAIT:
        response.headers["Retry-After"] = str(problem.values["seconds"])
    return response


@blueprint.route("/sign-in", methods=["GET", "POST"])
@public("signing in")
@limiter.limit(signing_in.FLOOD, methods=["POST"])
def sign_in() -> Page:
    form = SignInForm(next=request.args.get("next", ""))
    if not form.validate_on_submit():
        return _sign_in_page(form)
    login = (form.login.data or "").strip()
    found = attempts.by_password(login, form.password.data or "")
    if isinstance(found, Problem):
        return _again(found, "people/sign_in.html", form=form, passkeys=challenges.to_sign_in(), **_provider())
    return signing_in.after_first_factor(found, form.next.data or "/", False)


def _sign_in_page(form: SignInForm) -> str:
    return render_template(
        "people/sign_in.html", form=form, problem=None, passkeys=challenges.to_sign_in(), **_provider()
    )


def _provider() -> dict[str, Any]:
    return {"provider": runtime().settings.provider}


@blueprint.post("/sign-in/passkey")
@public("signing in with a passkey, alone or after the password")
@limiter.limit(signing_in.FLOOD, methods=["POST"])
def sign_in_with_passkey() -> Page:
    form, place, challenge = PasskeyForm(), challenges.here(), challenges.taken()
    half = signing_in.half_signed_in()
    try:
        account = passkeys.proven(session(), place, form.credential.data or "", challenge, now())
    except Invalid as error:
        again = SignInForm(formdata=None, next=form.next.data)
        return _again(
            error.problems[0], "people/sign_in.html", form=again, passkeys=challenges.to_sign_in(), **_provider()
        )
    return signing_in.signed_in(account, half[1] if half else form.next.data or "/", with_factor=True)


def _from_the_start() -> Response:
    cookie.pop(signing_in.HALF, None)
    flash(say(Problem("", "account.sign_in_expired")), "warning")
    return redirect(url_for(".sign_in"))  # type: ignore[return-value]


@blueprint.route("/sign-in/second", methods=["GET", "POST"])
@public("the second step of signing in, for whoever gave the password before")
@limiter.limit(signing_in.FLOOD, methods=["POST"])
def second_step() -> Page:
    half, form = signing_in.half_signed_in(), CodeForm()
    if half is None:
        return _from_the_start()
    account, target = half
    if not form.validate_on_submit():
        offer = challenges.to_sign_in(account)
        return render_template("people/second_step.html", form=form, problem=None, passkeys=offer)
    if problem := attempts.code_problem(account, form.code.data or ""):
        return _again(problem, "people/second_step.html", form=form, passkeys=challenges.to_sign_in(account))
    return signing_in.signed_in(account, target, with_factor=True)


@blueprint.route("/sign-in/enrol", methods=["GET", "POST"])
@public("enrolment of a second factor by whoever gave the password before and has none yet, but needs one")
@limiter.limit(signing_in.FLOOD, methods=["POST"])
def first_enrolment() -> Page:
    half, form = signing_in.half_signed_in(), CodeForm()
    if half is None or second_factor.has_any(session(), half[0].id):
        return _from_the_start()
    account, target = half
    offer = enrolment.offered(account, anew=not form.is_submitted())
    shown: dict[str, Any] = {
        "form": form,
        "offer": offer,
        "signing_in": True,
        "passkeys": challenges.to_add(account),
        "named": PasskeyForm(formdata=None),
    }
    if not form.validate_on_submit():
        return render_template("people/enrol.html", problem=None, **shown)
    try:
        codes = enrolment.confirm(account, form.code.data or "", f"account:{account.id}")
    except Invalid as error:
        return _again(error.problems[0], "people/enrol.html", **shown)
    signing_in.signed_in(account, target, with_factor=True)
    return render_template("people/recovery_codes.html", codes=codes, target=signing_in.local(target))


@blueprint.post("/sign-in/enrol/passkey")
@public("a passkey as the first second factor of whoever gave the password before and needs one")
@limiter.limit(signing_in.FLOOD, methods=["POST"])
def first_passkey() -> Page:
    half, form, place, challenge = signing_in.half_signed_in(), PasskeyForm(), challenges.here(), challenges.taken()
    if half is None or second_factor.has_any(session(), half[0].id):
        return _from_the_start()
    account, target = half
    try:
        passkeys.add(session(), place, account, form.credential.data or "", challenge, form.name.data or "", now())
    except Invalid as error:
        flash(say(error.problems[0]), "danger")
        return redirect(url_for(".first_enrolment"))  # type: ignore[return-value]
    codes = second_factor.codes_for_passkey(session(), runtime().cipher, account)
    signing_in.signed_in(account, target, with_factor=True)
    return render_template("people/recovery_codes.html", codes=codes, target=signing_in.local(target))


@blueprint.post("/sign-out")
@public("anyone may leave")
def sign_out() -> Any:
    actors.sign_out()
    return redirect(url_for("home"))


__all__ = ["account_views", "blueprint", "message_views", "own_views", "passkey_views", "provider_views"]
