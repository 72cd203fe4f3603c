"""Who asks, read from the headers of a request as the application itself would read them, and kept for the next one."""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData, URLSafeTimedSerializer
from werkzeug.http import parse_cookie

from certengine.delivery.actors import KIND
from certengine.delivery.gate import UNKNOWN, Visitor
from certengine.foundation.kept import Kept
from certengine.foundation.keys import FieldCipher
from certengine.web import devices
from certengine.web.language import language_of

KEPT = 100_000


@dataclass(frozen=True)
class Headers:
    """Those that matter here; token: of scripts, a form brings its own."""

    cookie: str = ""
    token: str = ""
    agent: str = ""
    forwarded: str = ""


@dataclass(frozen=True)
class Visit:
    """A candidate's cookies, read; secret: what the session's tokens are made of."""

    registration_id: UUID
    secret: str
    language: str
    device: str

    def visitor(self, headers: Headers, address: str) -> Visitor:
        return Visitor(self.device, address, headers.agent)


def headers_of(raw: Iterable[tuple[bytes, bytes]]) -> Headers:
    found = {name: value.decode("latin-1") for name, value in raw}
    return Headers(
        found.get(b"cookie", ""),
        found.get(b"x-csrftoken", ""),
        found.get(b"user-agent", "")[:200],
        found.get(b"x-forwarded-for", ""),
    )


class Visits:
    def __init__(self, app: Flask, cipher: FieldCipher) -> None:
        interface = app.session_interface
        assert isinstance(interface, SecureCookieSessionInterface)
        self._cookies = interface.get_signing_serializer(app)
        self._lifetime = int(app.permanent_session_lifetime.total_seconds())
        self._tokens = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
        self._name, self._secret, self._cipher = app.config["SESSION_COOKIE_NAME"], str(app.secret_key), cipher
        # What was checked before: the same cookie comes with every answer, and mostly the same token.
        self._visits: Kept[str, Visit] = Kept(KEPT)
        self._pairs: Kept[tuple[str, str], None] = Kept(KEPT)

    def of(self, headers: Headers) -> Visit | None:
        """None for whoever is not signed in as a candidate."""
        known = self._visits.get(headers.cookie)
        if known is None:
            known = self._read(headers.cookie)
            if known is not None:
                self._visits.put(headers.cookie, known)
        return known

    def may_post(self, visit: Visit, headers: Headers, token: str) -> bool:
        """Whether the token is one of the session's."""
        pair = headers.cookie, token
        if pair in self._pairs:
            return True
        try:
            good = bool(visit.secret) and self._tokens.loads(token) == visit.secret
        except BadData:
            return False
        if good:
            self._pairs.put(pair, None)
        return good

    def token(self, visit: Visit) -> str:
        """A new one, as a page carries it."""
        return str(self._tokens.dumps(visit.secret))

    def _read(self, header: str) -> Visit | None:
        cookies = parse_cookie(header)
        try:
            session = self._cookies.loads(cookies[self._name], max_age=self._lifetime) if self._cookies else {}
            kind, identity = session["actor"]
            registration, _, ticket = identity.partition("|")
            if kind != KIND:
                return None
            registration_id = UUID(registration)
        except (BadData, KeyError, TypeError, ValueError):
            return None
        kept = cookies.get(devices.COOKIE, "")
        device = devices.number(kept, self._secret, self._cipher, f"ticket:{ticket}") or UNKNOWN
        secret, language = session.get("csrf_token", ""), language_of(session.get("language"))
        return Visit(registration_id, secret, language, device)
