"""To the sign-in provider and back; linking one's account with it. Passwords and passkeys go on beside it."""

from typing import Any

from flask import current_app, flash, redirect, request, url_for
from flask import session as cookie
from flask_babel import gettext
from werkzeug.wrappers import Response

from certengine.foundation.errors import CertengineError, Invalid, NotFound, Problem
from certengine.foundation.settings import SignInProvider
from certengine.people import identities, signing_in
from certengine.people.actors import Staff, staff
from certengine.people.own_views import STAFF, back, is_proven, own_account
from certengine.people.pages import blueprint
from certengine.web.access import allow, current_actor, public
from certengine.web.errors import say
from certengine.web.request import now, runtime, session, write_on_get
from certengine.web.security import limiter

TARGET, LINKING = "provider_target", "provider_links"


def _provider() -> SignInProvider:
    found = runtime().settings.provider
    if found is None:
        raise NotFound("not_found")
    return found


def _away(failed_at: str) -> Response:
    try:
        address = f"{runtime().settings.base_url}{url_for('people.back_from_provider')}"
        leave: Response = identities.client(_provider()).authorize_redirect(address)
        return leave
    except identities.FAILURES:
        current_app.logger.exception("the sign-in provider cannot be reached")
        flash(say(Problem("", "account.provider_away")), "danger")
        return redirect(url_for(failed_at))  # type: ignore[return-value]


@blueprint.get("/sign-in/provider")
@public("signing in with the installation's provider")
@limiter.limit(signing_in.FLOOD)
def to_provider() -> Response:
    _provider()
    cookie[TARGET] = request.args.get("next", "/")
    cookie.pop(LINKING, None)
    return _away(".sign_in")


@blueprint.post("/my-account/identity")
@allow(*STAFF)
def link_identity() -> Response:
    _provider()
    if not is_proven():
        return back()
    cookie[LINKING] = str(staff().session_id)
    return _away(".my_account")


@blueprint.post("/my-account/identity/remove")
@allow(*STAFF)
def unlink_identity() -> Response:
    if is_proven():
        try:
            identities.unlink(session(), own_account(), staff().id, now())
            flash(gettext("已解除与统一身份认证的绑定"))
        except CertengineError as error:
            flash(say(error), "danger")
    return back()


@blueprint.get("/sign-in/provider/return")
@public("coming back from the installation's provider")
@limiter.limit(signing_in.FLOOD)
def back_from_provider() -> Response:
    write_on_get()
    provider, linking, target = _provider(), cookie.pop(LINKING, None), cookie.pop(TARGET, "/")
    try:
        claims: dict[str, Any] = identities.client(provider).authorize_access_token()["userinfo"]
        if linking:
            return _linked(provider, claims, linking)
        account = identities.account_of(session(), provider, claims, now())
    except CertengineError as error:
        return _refused(error)
    except identities.FAILURES:
        current_app.logger.exception("signing in with the provider failed")
        return _refused(Invalid([Problem("", "account.provider_failed")]))
    return signing_in.after_first_factor(account, target, identities.has_several_factors(claims))


def _linked(provider: SignInProvider, claims: dict[str, Any], linking: str) -> Response:
    actor = current_actor()
    # Only the session that asked for it, not whoever is signed in on this browser by now.
    if not isinstance(actor, Staff) or str(actor.session_id) != linking:
        raise Invalid([Problem("", "account.sign_in_expired")])
    identities.link(session(), provider, own_account(), claims, actor.id, now())
    flash(gettext("已绑定统一身份认证"))
    return back()


def _refused(error: CertengineError) -> Response:
    flash(say(error.problems[0] if isinstance(error, Invalid) and error.problems else error), "danger")
    return redirect(url_for(".my_account" if isinstance(current_actor(), Staff) else ".sign_in"))  # type: ignore[return-value]
