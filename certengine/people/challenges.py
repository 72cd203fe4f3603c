"""A challenge to passkeys: it waits in the browser's signed cookie until it is answered, ten minutes at most."""

import base64
import os
from datetime import datetime

from flask import session as cookie

from certengine.foundation.errors import NotFound
from certengine.people import passkeys
from certengine.people.models import Account
from certengine.people.passkeys import Site
from certengine.web.request import now, runtime, session

WAITING = "passkey_challenge"


def here() -> Site:
    """Raises NotFound where this installation's address takes no passkeys."""
    found = passkeys.site(runtime().settings.base_url)
    if found is None:
        raise NotFound("not_found")
    return found


def _fresh() -> bytes:
    challenge = os.urandom(32)
    cookie[WAITING] = [base64.b64encode(challenge).decode(), now().isoformat()]
    return challenge


def taken() -> bytes:
    """The waiting challenge; one that nobody knows where there is none, so that no answer fits it."""
    encoded, at = cookie.pop(WAITING, ("", ""))
    if not encoded or now() - datetime.fromisoformat(at) > passkeys.CHALLENGE_LIFE:
        return os.urandom(32)
    return base64.b64decode(encoded)


def to_sign_in(account: Account | None = None) -> str | None:
    """Options for the page, as JSON; None where no passkey can be used: the page leaves the button out."""
    place = passkeys.site(runtime().settings.base_url)
    if place is None or (account is not None and not passkeys.of_account(session(), account.id)):
        return None
    return passkeys.request_options(session(), place, _fresh(), account.id if account else None)


def to_add(account: Account) -> str | None:
    """Options for making one, as JSON; None where none can be made."""
    place = passkeys.site(runtime().settings.base_url)
    return passkeys.creation_options(session(), place, account, _fresh()) if place else None
