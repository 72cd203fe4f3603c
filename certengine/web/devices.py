"""Browsers on which somebody was signed in before: a signed cookie says so, and nothing is kept with us."""

import secrets
from typing import Any

from flask import Response, after_this_request, current_app, request
from itsdangerous import BadSignature, URLSafeTimedSerializer

from certengine.foundation.keys import FieldCipher
from certengine.web.request import runtime

COOKIE = "certengine_device"
DAYS = 180
# As many people at most share a browser that remembers them all.
MOST = 12


def known(subject: str, fingerprint: str = "") -> str | None:
    """The device's number for the subject; None where it is not known, or was under another fingerprint."""
    return number(request.cookies.get(COOKIE, ""), _secret(), runtime().cipher, subject, fingerprint)


def number(cookie: str, secret: str, cipher: FieldCipher, subject: str, fingerprint: str = "") -> str | None:
    """The same of a cookie that is at hand, with what it was made with."""
    found = _read(cookie, secret).get(_name(cipher, subject))
    return found[0] if found and found[1] == fingerprint else None


def remember(subject: str, fingerprint: str = "") -> None:
    """Makes the browser known to the subject. A new fingerprint (of another password) makes it unknown again."""
    kept = {name: each for name, each in _read(request.cookies.get(COOKIE, ""), _secret()).items()}
    name = _name(runtime().cipher, subject)
    kept.pop(name, None)
    kept = dict(list(kept.items())[-(MOST - 1) :])
    kept[name] = [known(subject, fingerprint) or secrets.token_hex(8), fingerprint]
    value = _serializer(_secret()).dumps(kept)

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(
            COOKIE,
            value,
            max_age=DAYS * 86400,
            httponly=True,
            samesite="Lax",
            secure=bool(current_app.config["SESSION_COOKIE_SECURE"]),
        )
        return response


def _name(cipher: FieldCipher, subject: str) -> str:
    """What a cookie may show of the subject: nothing."""
    return cipher.blind_index(f"device:{subject}")[:16]


def _secret() -> str:
    return str(current_app.config["SECRET_KEY"])


def _serializer(secret: str) -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(secret, salt="known devices")


def _read(cookie: str, secret: str) -> dict[str, Any]:
    try:
        found = _serializer(secret).loads(cookie, max_age=DAYS * 86400)
    except BadSignature:
        return {}
    return found if isinstance(found, dict) else {}
