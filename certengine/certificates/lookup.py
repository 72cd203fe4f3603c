"""A door of its own for what the public asks most: whether one certificate is valid, by its code.

What arrives together is read by a few statements for all. Whatever is unusual (somebody who is signed in, a query, a code
with strange characters, an address that has asked too often) goes on to the application, which answers at leisure.
"""

import logging
import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from flask import Flask, Response
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData
from werkzeug.http import parse_cookie

from certengine.certificates import checking, service
from certengine.certificates.outcome_page import Pages
from certengine.certificates.pages import LOOK_UPS
from certengine.certificates.service import CertificateView
from certengine.foundation.kept import Kept
from certengine.foundation.runtime import Runtime
from certengine.web.allowance import Allowance
from certengine.web.asgi import Application, Headers, Receive, Scope, Send, address_of, respond
from certengine.web.language import language_of
from certengine.web.security import always_in_front
from certengine.web.together import Together

log = logging.getLogger(__name__)
# What a code is made of, however it is typed, passes unchanged through a page and its addresses.
ASKED = re.compile(r"/(v|api/v1/certificates)/([0-9A-Za-z-]{1,40})")
ENDPOINTS = {"v": "certificates.look_up", "api/v1/certificates": "certificates_api.certificate"}
ADDRESS = re.compile(r"[0-9A-Fa-f.:]+")
# In the session of somebody who is nobody in particular.
HARMLESS = {"language", "csrf_token"}
# So many wait for one another at most.
MOST = 64
KEPT = 10_000


@dataclass
class LookUp:
    """outcome: status, headers and body; None is left to the application."""

    code: str
    endpoint: str
    language: str
    address: str
    outcome: tuple[int, Headers, bytes] | None = None


class LookUps:
    def __init__(self, app: Flask, behind: Application, runtime: Runtime) -> None:
        self._app, self._behind, self._runtime = app, behind, runtime
        self._always = always_in_front(runtime.settings.base_url)
        self._pages, self._strangers, self._allowance = Pages(app), _Strangers(app), Allowance(LOOK_UPS)
        self._together: Together[LookUp] = Together(self._look, ThreadPoolExecutor(1, "look-ups"), MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = self._asked(scope)
        if asked is not None:
            try:
                await self._together.done(asked)
            except Exception:
                # The application tries for each alone, and says what is wrong.
                log.warning("look-ups are tried one by one", exc_info=True)
            else:
                if asked.outcome is not None:
                    await respond(send, *asked.outcome)
                    return
        await self._behind(scope, receive, send)

    def _asked(self, scope: Scope) -> LookUp | None:
        if scope["type"] != "http" or scope["method"] != "GET" or scope["query_string"]:
            return None
        match = ASKED.fullmatch(scope["path"])
        if match is None:
            return None
        headers = dict(scope["headers"])
        language = self._strangers.language(headers.get(b"cookie", b""))
        address = address_of(headers.get(b"x-forwarded-for", b"").decode("latin-1"), scope)
        if language is None or not ADDRESS.fullmatch(address):
            return None
        return LookUp(match[2], ENDPOINTS[match[1]], language, address)

    def _look(self, asked: list[LookUp]) -> None:
        allowed = self._allowance.take([(each.endpoint, each.address) for each in asked])
        sought = {each.code for each, left in zip(asked, allowed, strict=True) if left is not None}
        with self._runtime.unit_of_work(read_only=True, may_lag=True) as session:
            found = service.by_codes(session, self._runtime, sought)
        for each, left in zip(asked, allowed, strict=True):
            if left is not None:
                each.outcome = self._answer(each, found.get(each.code), left)

    def _answer(self, asked: LookUp, found: CertificateView | None, left: Headers) -> tuple[int, Headers, bytes]:
        status = 404 if found is None else 200
        if asked.endpoint == ENDPOINTS["v"]:
            kind = [(b"content-type", b"text/html; charset=utf-8"), (b"vary", b"Cookie")]
            page = self._pages.page(found, asked.code, asked.language, self._runtime.clock.now())
            return status, [*kind, *left, *self._always], page.encode()
        kind = [(b"content-type", b"application/json")]
        said = self._app.json.response(checking.said(found))
        assert isinstance(said, Response)
        return status, [*kind, *left, *self._always], said.get_data()


class _Strangers:
    """Who asks, as far as it must be known: in which language."""

    def __init__(self, app: Flask) -> None:
        interface = app.session_interface
        assert isinstance(interface, SecureCookieSessionInterface)
        self._sessions = interface.get_signing_serializer(app)
        self._lifetime = int(app.permanent_session_lifetime.total_seconds())
        self._name = app.config["SESSION_COOKIE_NAME"]
        self._kept: Kept[bytes, str] = Kept(KEPT)

    def language(self, cookie: bytes) -> str | None:
        """None for whoever is more than a stranger, or may be."""
        known = self._kept.get(cookie)
        if known is None:
            known = self._read(cookie.decode("latin-1"))
            if known is not None:
                self._kept.put(cookie, known)
        return known

    def _read(self, header: str) -> str | None:
        value = parse_cookie(header).get(self._name)
        if not value:
            return language_of(None)
        try:
            session = self._sessions.loads(value, max_age=self._lifetime) if self._sessions else None
        except BadData:
            return None
        return language_of(session.get("language")) if session is not None and set(session) <= HARMLESS else None
