"""A door of its own, in front of the application, for what comes thousands of times a second on exam day: answers, and
the steps of a start (to begin, the paper, the open screen).

It knows the candidate by the application's own signed cookie and token, and lets what comes together be done together,
without a thread for each. Whatever is unusual (an unknown cookie, a sitting or an attempt not seen yet, a body that is
not as expected) goes on to the application, whose views do the same at leisure.
"""

import json
import logging
import re
from collections.abc import MutableMapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from urllib.parse import parse_qs
from uuid import UUID

from flask import Flask

from certengine.delivery import receiving
from certengine.delivery.journal import Arrived, Journal, Saved
from certengine.delivery.receiving import Refused
from certengine.delivery.screen import Screens
from certengine.delivery.scripts import Scripts
from certengine.delivery.starting import MOST, Begin, OpenScreen, ShowPaper, Starting
from certengine.delivery.visits import Visits, headers_of
from certengine.foundation.runtime import Runtime
from certengine.standards.rules import Part
from certengine.web.asgi import Application, Headers, Receive, Scope, Send, address_of, again, read_body, respond
from certengine.web.security import always_in_front
from certengine.web.together import Together

log = logging.getLogger(__name__)
ANSWERS = "/exam/answers/"
STEP = re.compile(r"/exam/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})/(start|paper|open)")
METHODS = {"start": "POST", "paper": "GET", "open": "POST"}
MOST_ANSWERS = 2000

# Status, kind, body, and where to go on.
Reply = tuple[int, str, str, str]


class Door:
    def __init__(self, app: Flask, behind: Application, runtime: Runtime) -> None:
        self._behind = behind
        self._always = always_in_front(runtime.settings.base_url)
        self._scripts: Scripts = app.extensions["scripts"]
        self._screens: Screens = app.extensions["screens"]
        self._visits = Visits(app, runtime.cipher)
        starting = Starting(runtime, self._scripts)
        # One thread writes: what comes meanwhile is in the next transaction.
        writer, reader = ThreadPoolExecutor(1, "journal"), ThreadPoolExecutor(1, "papers")
        self._answers: Together[Arrived] = Together(Journal(runtime).commit, writer, MOST_ANSWERS)
        self._steps: Together[Begin | OpenScreen] = Together(starting.write, writer, MOST)
        self._papers: Together[ShowPaper] = Together(starting.show, reader, MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        read: list[MutableMapping[str, Any]] = []
        reply = None
        if scope["type"] == "http":
            if scope["method"] == "POST" and scope["path"].startswith(ANSWERS):
                read, body = await read_body(receive)
                reply = await self._answer(scope, body)
            elif (step := STEP.fullmatch(scope["path"])) and scope["method"] == METHODS[step[2]]:
                read, body = await read_body(receive) if scope["method"] == "POST" else ([], b"")
                reply = await self._step(scope, UUID(step[1]), step[2], body)
        if reply is not None:
            await _respond(send, self._always, *reply)
            return
        # As a coroutine: the server's own awaitable is none, and the adapter behind asks for one.
        await self._behind(scope, again(read, receive), send)

    async def _answer(self, scope: Scope, body: bytes | None) -> Reply | None:
        headers = headers_of(scope["headers"])
        visit = self._visits.of(headers)
        if visit is None or body is None or not self._visits.may_post(visit, headers, headers.token):
            return None
        try:
            attempt_id, parsed = UUID(scope["path"][len(ANSWERS) :]), json.loads(body)
        except (ValueError, RecursionError):
            return None
        if self._scripts.known_owner(attempt_id) != visit.registration_id:
            return None
        arrival = receiving.arrived(self._scripts, attempt_id, parsed)
        if isinstance(arrival, Refused):
            return None
        await self._answers.done(arrival)
        if not isinstance(arrival.outcome, Saved):
            return _json(503, {"problem": "unexpected"})
        return _json(*receiving.answer(arrival, arrival.outcome))

    async def _step(self, scope: Scope, sitting_id: UUID, step: str, body: bytes | None) -> Reply | None:
        headers = headers_of(scope["headers"])
        visit, sitting = self._visits.of(headers), self._scripts.known_sitting(sitting_id)
        # Where a key of the browser is asked for, the address counts that only the application knows.
        if visit is None or body is None or sitting is None or sitting.part is not Part.THEORY or sitting.browser_keys:
            return None
        screen = self._screens.known(sitting, visit.language)
        if screen is None:
            return None
        visitor = visit.visitor(headers, address_of(headers.forwarded, scope))
        if step == "paper":
            showing = ShowPaper(screen, visit.registration_id, visitor, self._visits.token(visit))
            return await self._show(showing) if visit.secret else None
        token = headers.token if step == "open" else _field(body, "csrf_token")
        if not self._visits.may_post(visit, headers, token):
            return None
        if step == "start":
            return await self._begin(Begin(sitting, visit.registration_id), screen.addresses["paper"])
        return await self._open(OpenScreen(sitting, visit.registration_id, visitor))

    async def _begin(self, begin: Begin, then: str) -> Reply | None:
        await self._tried(self._steps, begin)
        return (302, "text/html; charset=utf-8", "", then) if begin.outcome else None

    async def _show(self, showing: ShowPaper) -> Reply | None:
        await self._tried(self._papers, showing)
        return (200, "text/html; charset=utf-8", showing.outcome, "") if showing.outcome else None

    async def _open(self, opening: OpenScreen) -> Reply | None:
        await self._tried(self._steps, opening)
        return _json(200, opening.outcome) if opening.outcome else None

    async def _tried(self, together: Together[Any], asked: Any) -> None:
        try:
            await together.done(asked)
        except Exception:
            # Nothing of it was done: the application tries again for each alone, and says what is wrong.
            log.warning("requests of a start are tried one by one", exc_info=True)
            asked.outcome = None


def _field(body: bytes, name: str) -> str:
    return parse_qs(body.decode("latin-1")).get(name, [""])[0]


def _json(status: int, body: dict[str, Any]) -> Reply:
    return status, "application/json", json.dumps(body), ""


async def _respond(send: Send, always: Headers, status: int, kind: str, body: str, then: str) -> None:
    headers = [(b"content-type", kind.encode()), (b"vary", b"Cookie"), *always]
    if then:
        headers.append((b"location", then.encode()))
    await respond(send, status, headers, body.encode())
