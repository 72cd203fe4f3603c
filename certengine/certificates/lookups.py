"""A door in front of the application for what comes when many scan at once: looking valid certificates up.

Whoever asks in the same moment is read with one statement, and the page is the application's own, rendered once for each
shape that it can have and filled in. Facts are never kept: a revocation shows at the next look. Whatever is unusual (a
visitor with a cookie, a certificate that is not valid, one who asks too often) goes on to the application.
"""

import logging
import re
import secrets
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

from flask import Flask, render_template
from limits import RateLimitItem, parse
from markupsafe import escape

from certengine.certificates.checking import Outcome
from certengine.certificates.looked_up import Entry, LookedUp, valid_ones
from certengine.certificates.rules import CODE_LENGTH, LOOK_UPS, fields_of
from certengine.certificates.saying import said
from certengine.certificates.views import printed_label
from certengine.foundation.ids import CROCKFORD, fold_code
from certengine.foundation.kept import Kept
from certengine.foundation.runtime import Runtime
from certengine.web.asgi import Application, Receive, Scope, Send
from certengine.web.security import CONTENT_SECURITY_POLICY, HEADERS, limiter
from certengine.web.together import Together

log = logging.getLogger(__name__)
PATH = re.compile(r"/(?:v|api/v1/certificates)/([0-9A-Z]{16})")
PAGES = "/v/"
# At most so many are read with one statement.
MOST = 200
SHAPES = 500
ENDPOINTS = {True: "certificates.look_up", False: "certificates_api.certificate"}
COMMON = [
    (name.lower().encode(), value.encode())
    for name, value in {
        **HEADERS,
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "Cache-Control": "no-store",
    }.items()
]
# A page is in the language of the visitor's cookie.
VARIES = [(b"vary", b"Cookie")]


@dataclass
class Asked:
    """One who looks a certificate up; outcome: headers and body, or None where the application has to answer."""

    code: str
    is_page: bool
    address: str
    outcome: tuple[list[tuple[bytes, bytes]], bytes] | None = field(default=None)


class Lookups:
    def __init__(self, app: Flask, behind: Application, runtime: Runtime) -> None:
        self._app, self._behind, self._runtime = app, behind, runtime
        self._limit: RateLimitItem = parse(LOOK_UPS)
        self._shapes: Kept[Any, tuple[str, ...]] = Kept(SHAPES)
        self._together: Together[Asked] = Together(self._answer, ThreadPoolExecutor(1, "lookups"), MOST)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        asked = _asked(scope) if scope["type"] == "http" and scope["method"] == "GET" else None
        if asked is not None:
            try:
                await self._together.done(asked)
            except Exception:
                log.warning("look-ups are answered one by one", exc_info=True)
                asked.outcome = None
            if asked.outcome is not None:
                headers, body = asked.outcome
                await send({"type": "http.response.start", "status": 200, "headers": headers})
                await send({"type": "http.response.body", "body": body})
                return
        await self._behind(scope, receive, send)

    def _answer(self, asked: list[Asked]) -> None:
        with self._runtime.unit_of_work(read_only=True, may_lag=True) as session:
            found = valid_ones(session, self._runtime, list({each.code for each in asked}))
        for each in asked:
            certificate = found.get(each.code)
            counted = self._counted(each) if certificate else None
            if certificate and counted is not None:
                kind, body = self._page(certificate) if each.is_page else self._interface(certificate)
                content = body.encode()
                head = [(b"content-type", kind), (b"content-length", str(len(content)).encode())]
                varies = VARIES if each.is_page else []
                each.outcome = [*head, *COMMON, *varies, *counted], content

    def _counted(self, asked: Asked) -> list[tuple[bytes, bytes]] | None:
        """Counts with what the application counts; None for one who asks too often."""
        if not limiter.enabled:
            return []
        names = (asked.address, ENDPOINTS[asked.is_page])
        if not limiter.limiter.hit(self._limit, *names):
            return None
        window = limiter.limiter.get_window_stats(self._limit, *names)
        ends = int(window.reset_time + 1)
        left = max(0, ends - int(self._runtime.clock.now().timestamp()))
        told = (self._limit.amount, window.remaining, ends, left)
        names_of = (b"x-ratelimit-limit", b"x-ratelimit-remaining", b"x-ratelimit-reset", b"retry-after")
        return [(name, str(value).encode()) for name, value in zip(names_of, told, strict=True)]

    def _interface(self, certificate: LookedUp) -> tuple[bytes, str]:
        text = self._app.json.dumps(said(certificate), separators=(",", ":"))
        return b"application/json", f"{text}\n"

    def _page(self, certificate: LookedUp) -> tuple[bytes, str]:
        values = fields_of(certificate.facts)
        shape = (
            certificate.facts["kind"],
            tuple(label for label, _value in values),
            certificate.receipt.pending,
            certificate.countersigned,
        )
        pieces = self._shapes.get(shape)
        if pieces is None:
            pieces = self._rendered(certificate)
            self._shapes.put(shape, pieces)
        facts = {
            "code": certificate.code,
            "pdf": certificate.pdf,
            "leaf": certificate.receipt.leaf_hash,
            "index": str(certificate.receipt.index),
            **{f"value{place}": _escaped(value) for place, (_label, value) in enumerate(values)},
        }
        filled = list(pieces)
        filled[1::2] = [facts[name] for name in pieces[1::2]]
        return b"text/html; charset=utf-8", "".join(filled)

    def _rendered(self, certificate: LookedUp) -> tuple[str, ...]:
        """The application's page in pieces: text and the names of what comes between, in turn."""
        labels = [label for label, _value in fields_of(certificate.facts)]
        marks = {
            "code": "".join(secrets.choice(CROCKFORD) for _number in range(CODE_LENGTH)),
            "pdf": secrets.token_hex(32),
            "leaf": secrets.token_hex(32),
            "index": str(10**15 + secrets.randbelow(10**15)),
            **{f"value{place}": secrets.token_hex(16) for place in range(len(labels))},
        }
        index = None if certificate.receipt.pending else int(marks["index"])
        marked = replace(certificate, code=marks["code"], pdf=marks["pdf"], receipt=Entry(marks["leaf"], index, index))
        with self._app.test_request_context(PAGES + marks["code"]):
            page = render_template(
                "certificates/outcome.html",
                found=marked,
                outcome=Outcome.VALID,
                Outcome=Outcome,
                typed=marks["code"],
                printed_fields=lambda _facts: [
                    (printed_label(label), marks[f"value{place}"]) for place, label in enumerate(labels)
                ],
            )
        names = {mark: name for name, mark in marks.items()}
        pieces = re.split("(" + "|".join(names) + ")", page)
        pieces[1::2] = [names[mark] for mark in pieces[1::2]]
        return tuple(pieces)


def _escaped(text: str) -> str:
    return str(escape(text))


def _asked(scope: Scope) -> Asked | None:
    """What is usual: somebody without a cookie who asks for a code and nothing else."""
    match = PATH.fullmatch(scope["path"])
    if match is None or scope["query_string"]:
        return None
    forwarded = ""
    for name, value in scope["headers"]:
        if name == b"cookie":
            return None
        if name == b"x-forwarded-for":
            forwarded = value.decode("latin-1")
    # Typed otherwise, the page leads on to another address.
    if fold_code(match[1]) != match[1] or len(match[1]) != CODE_LENGTH:
        return None
    # One proxy in front is trusted, as by the application.
    address = forwarded.rpartition(",")[2].strip() or (scope.get("client") or ("",))[0]
    return Asked(match[1], scope["path"].startswith(PAGES), address)
