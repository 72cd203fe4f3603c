"""A door of its own for answers, in front of the application: the one request that comes thousands of times a second.

It knows the candidate by the application's own signed cookie and token, checks the answer against the kept paper, and
waits with all the others for the next commit, without a thread for each. Whatever is unusual (an unknown cookie, an
attempt not seen yet, a body that is not as expected) goes on to the application, whose view does the same at leisure.
"""

import asyncio
import json
from collections import OrderedDict
from collections.abc import Awaitable, Callable, MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID

from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from itsdangerous import BadData, URLSafeTimedSerializer

from certengine.delivery import receiving
from certengine.delivery.actors import KIND
from certengine.delivery.journal import Arrived, Journal, Saved
from certengine.delivery.receiving import Refused
from certengine.delivery.scripts import Scripts

PREFIX = "/exam/answers/"
KEPT = 100_000
LONGEST_BODY = 256 * 1024

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
Application = Callable[[Scope, Receive, Send], Awaitable[None]]


class Door:
    def __init__(self, app: Flask, behind: Application, journal: Journal, scripts: Scripts) -> None:
        self._app, self._behind, self._journal, self._scripts = app, behind, journal, scripts
        interface = app.session_interface
        assert isinstance(interface, SecureCookieSessionInterface)
        self._cookies = interface.get_signing_serializer(app)
        self._tokens = URLSafeTimedSerializer(app.secret_key or "", salt="wtf-csrf-token")
        self._cookie_name = app.config["SESSION_COOKIE_NAME"] + "="
        # (cookie, token) → registration, for what was checked before: the same two come with every answer.
        self._known: OrderedDict[tuple[str, str], UUID] = OrderedDict()
        self._waiting: list[tuple[Arrived, asyncio.Future[None]]] = []
        self._committing = False
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="journal")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["method"] == "POST" and scope["path"].startswith(PREFIX):
            read, body = await _read(receive)
            arrival = self._arrival(scope, body)
            if arrival is not None:
                await self._answer(arrival, send)
                return
            await self._behind(scope, _again(read, receive), send)
            return
        # As a coroutine: the server's own awaitable is none, and the adapter behind asks for one.
        await self._behind(scope, _again([], receive), send)

    def _arrival(self, scope: Scope, body: bytes | None) -> Arrived | None:
        """What came, where all of it is as usual; None sends it on to the application."""
        cookie, token = "", ""
        for name, value in scope["headers"]:
            if name == b"cookie":
                cookie = value.decode("latin-1")
            elif name == b"x-csrftoken":
                token = value.decode("latin-1")
        registration_id = self._registration(cookie, token)
        if registration_id is None or body is None:
            return None
        try:
            attempt_id = UUID(scope["path"][len(PREFIX) :])
            parsed = json.loads(body)
        except (ValueError, RecursionError):
            return None
        if self._scripts.known_owner(attempt_id) != registration_id:
            return None
        arrival = receiving.arrived(self._scripts, attempt_id, parsed)
        return None if isinstance(arrival, Refused) else arrival

    def _registration(self, header: str, token: str) -> UUID | None:
        key = header, token
        found = self._known.get(key)
        if found is None:
            cookie = next((part for part in header.split("; ") if part.startswith(self._cookie_name)), "")
            found = self._checked(cookie[len(self._cookie_name) :], token)
            if found is not None:
                self._known[key] = found
                if len(self._known) > KEPT:
                    self._known.popitem(last=False)
        return found

    def _checked(self, cookie: str, token: str) -> UUID | None:
        try:
            session = self._cookies.loads(cookie) if self._cookies else {}
            kind, identity = session["actor"]
            if kind != KIND or self._tokens.loads(token) != session["csrf_token"]:
                return None
            return UUID(identity.partition("|")[0])
        except (BadData, KeyError, TypeError, ValueError):
            return None

    async def _answer(self, arrival: Arrived, send: Send) -> None:
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((arrival, done))
        if not self._committing:
            self._committing = True
            asyncio.get_running_loop().create_task(self._commit())
        await done
        outcome = arrival.outcome
        if not isinstance(outcome, Saved):
            await _respond(send, 503, {"problem": "unexpected"})
            return
        status, body = receiving.answer(arrival, outcome)
        await _respond(send, status, body)

    async def _commit(self) -> None:
        """Commits what waits, again while more has come meanwhile."""
        loop = asyncio.get_running_loop()
        try:
            while self._waiting:
                batch, self._waiting = self._waiting, []
                await loop.run_in_executor(self._pool, self._journal.commit, [arrival for arrival, _done in batch])
                for _arrival, done in batch:
                    if not done.done():
                        done.set_result(None)
        finally:
            self._committing = False


async def _read(receive: Receive) -> tuple[list[MutableMapping[str, Any]], bytes | None]:
    """The messages of a body and the body; None for one that is too long for an answer."""
    messages, parts, size = [], [], 0
    while True:
        message = await receive()
        messages.append(message)
        parts.append(message.get("body", b""))
        size += len(parts[-1])
        if size > LONGEST_BODY or message["type"] != "http.request":
            return messages, None
        if not message.get("more_body"):
            return messages, b"".join(parts)


def _again(messages: list[MutableMapping[str, Any]], receive: Receive) -> Receive:
    """What was read already, and then what comes."""

    async def again() -> MutableMapping[str, Any]:
        return messages.pop(0) if messages else await receive()

    return again


async def _respond(send: Send, status: int, body: dict[str, Any]) -> None:
    content = json.dumps(body).encode()
    headers = [
        (b"content-type", b"application/json"),
        (b"content-length", str(len(content)).encode()),
        (b"cache-control", b"no-store"),
        (b"x-content-type-options", b"nosniff"),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": content})
