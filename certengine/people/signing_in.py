"""The steps of signing in that every way in shares: after the first factor, and at its end."""

from datetime import datetime, timedelta
from uuid import UUID

from flask import redirect, url_for
from flask import session as cookie
from werkzeug.wrappers import Response

from certengine.people import actors, attempts, second_factor, service
from certengine.people.models import Account
from certengine.web.request import now, runtime, session

HALF = "half_signed_in"
HALF_LIFE = timedelta(minutes=10)
# Against floods alone: a hall of people signs in from one address at the same minute.
FLOOD = "600 per minute"


def local(target: str) -> str:
    """The address, if it is one of ours."""
    return target if target.startswith("/") and not target.startswith(("//", "/\\")) else url_for("home")


def after_first_factor(account: Account, target: str, has_both: bool) -> Response:
    """Signed in, or on to the second step. has_both: whoever vouches for the first factor vouches for a second."""
    has_factor = second_factor.has_any(session(), account.id)
    if not has_both and (has_factor or second_factor.is_required(runtime().settings, account)):
        cookie[HALF] = [str(account.id), attempts.fingerprint(account), now().isoformat(), target]
        return redirect(url_for("people.second_step" if has_factor else "people.first_enrolment"))  # type: ignore[return-value]
    return signed_in(account, target, with_factor=has_both)


def signed_in(account: Account, target: str, with_factor: bool) -> Response:
    actors.sign_in_account(account, with_factor)
    attempts.remember_device(account)
    return redirect(local(target))  # type: ignore[return-value]


def half_signed_in() -> tuple[Account, str] | None:
    """Whose password was given a moment ago on this browser, and where they want to go."""
    identity, fingerprint, at, target = cookie.get(HALF, ("", "", "", ""))
    if not identity or now() - datetime.fromisoformat(at) > HALF_LIFE:
        return None
    account = service.account(session(), UUID(identity))
    if account is None or attempts.fingerprint(account) != fingerprint:
        return None
    return account, target
