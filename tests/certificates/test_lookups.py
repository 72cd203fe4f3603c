"""The door for look-ups answers as the application would, keeps nothing of a certificate, and leaves the rest to it."""

import asyncio
import json
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest
from a2wsgi import WSGIMiddleware
from flask import Flask

from certengine.app import create_app
from certengine.certificates import service
from certengine.certificates.lookups import Lookups
from certengine.certificates.models import Certificate
from certengine.certificates.rules import CertificateKind
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.web.security import limiter
from tests.certificates.factories import ISSUER, SECOND, issued

PAGE, INTERFACE = "/v/", "/api/v1/certificates/"


def run(work: Coroutine[Any, Any, Any]) -> Any:
    """In a thread of its own: a browser of another test may hold this one's event loop."""
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(asyncio.run, work).result(timeout=60)


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: str


class Gate:
    """The door over the real application; behind: the paths that the application was asked for."""

    def __init__(self, app: Flask, runtime: Runtime) -> None:
        real = WSGIMiddleware(app)
        self.behind: list[str] = []

        async def application(scope: Any, receive: Any, send: Any) -> None:
            self.behind.append(scope["path"])
            await real(scope, receive, send)

        self.door, self.app = Lookups(app, application, runtime), real

    def ask(self, *paths: str, headers: tuple[tuple[bytes, bytes], ...] = (), door: bool = True) -> list[Answer]:
        """All of them at once, at the door or of the application alone."""

        async def together() -> list[Answer]:
            return list(await asyncio.gather(*(self._one(path, headers, door) for path in paths)))

        self.behind.clear()
        found: list[Answer] = run(together())
        return found

    async def _one(self, path: str, headers: tuple[tuple[bytes, bytes], ...], door: bool) -> Answer:
        path, _, query = path.partition("?")
        scope = {
            "type": "http", "method": "GET", "path": path, "query_string": query.encode(), "headers": list(headers),
            "client": ("192.0.2.7", 1), "server": ("localhost", 80), "scheme": "http", "http_version": "1.1",
        }  # fmt: skip
        sent: list[Any] = []

        async def receive() -> Any:
            return {"type": "http.request", "body": b"", "more_body": False}

        async def send(message: Any) -> None:
            sent.append(message)

        await (self.door if door else self.app)(scope, receive, send)  # type: ignore[arg-type]
        told = {name.decode().lower(): value.decode() for name, value in sent[0]["headers"]}
        return Answer(
            sent[0]["status"], told, b"".join(each.get("body", b"") for each in sent[1:]).decode(errors="replace")
        )


@pytest.fixture
def gate(app: Flask, runtime: Runtime) -> Gate:
    return Gate(app, runtime)


@pytest.mark.parametrize("kind", list(CertificateKind))
def test_a_valid_certificate_is_told_as_the_application_tells_it(
    gate: Gate, runtime: Runtime, kind: CertificateKind
) -> None:
    row = issued(runtime, kind=kind, name="阿卜杜拉·<买买提>&“王”")
    for settled in (False, True):
        if settled:
            while ledger.sequence(runtime):
                pass
        for start in (PAGE, INTERFACE):
            [here] = gate.ask(start + row.code)
            assert gate.behind == []
            [there] = gate.ask(start + row.code, door=False)
            assert here == there
    assert "&lt;买买提&gt;" in gate.ask(PAGE + row.code)[0].body


def test_many_who_ask_at_once_get_each_their_own(gate: Gate, runtime: Runtime) -> None:
    rows = [issued(runtime, name=name, subject=name) for name in ("王小明", "李娜", "𠮷川明")]
    for row, answer in zip(rows * 3, gate.ask(*(PAGE + row.code for row in rows * 3)), strict=True):
        assert row.holder_name in answer.body and row.number in answer.body and row.pdf in answer.body
        assert not any(other.number in answer.body for other in rows if other is not row)
    assert gate.behind == []


def test_a_revocation_and_a_lost_file_show_at_the_next_look(gate: Gate, runtime: Runtime) -> None:
    one, two = issued(runtime, subject="a"), issued(runtime, subject="b")
    assert all("有效" in each.body for each in gate.ask(PAGE + one.code, PAGE + two.code))
    with runtime.unit_of_work() as session:
        service.revoke(session, one.id, "考后查实违纪", ISSUER, SECOND, runtime.clock.now())
    runtime.files.path(two.pdf).unlink()
    revoked, damaged = gate.ask(INTERFACE + one.code, INTERFACE + two.code)
    assert json.loads(revoked.body)["outcome"] == "revoked" and json.loads(damaged.body)["outcome"] == "damaged"
    assert len(gate.behind) == 2


def test_what_is_unusual_is_left_to_the_application(gate: Gate, runtime: Runtime) -> None:
    row = issued(runtime)
    for path in (f"{PAGE}{row.code}?x=1", f"{PAGE}{row.code.lower()}", f"{PAGE}{row.code}.pdf", f"{PAGE}{'0' * 16}"):
        gate.ask(path)
        assert gate.behind == [path.partition("?")[0]]
    gate.ask(PAGE + row.code, headers=((b"cookie", b"certengine=x"),))
    assert len(gate.behind) == 1


def test_who_asks_too_often_is_refused_wherever_they_were_counted(runtime: Runtime) -> None:
    row = issued(runtime)
    gate = Gate(create_app(runtime, TESTING=True, RATELIMIT_ENABLED=True), runtime)
    limiter.reset()
    address = ((b"x-forwarded-for", b"203.0.113.1, 203.0.113.9"),)
    try:
        for _number in range(30):
            assert {each.status for each in gate.ask(PAGE + row.code, PAGE + row.code, headers=address)} == {200}
            assert {
                each.status for each in gate.ask(PAGE + row.code, PAGE + row.code, headers=address, door=False)
            } == {200}
        [last] = gate.ask(PAGE + row.code, headers=address)
        assert last.status == 429 and gate.behind
        [other] = gate.ask(PAGE + row.code, headers=((b"x-forwarded-for", b"203.0.113.2"),))
        assert (other.status, other.headers["x-ratelimit-remaining"]) == (200, "119") and not gate.behind
        [told] = gate.ask(PAGE + row.code, headers=((b"x-forwarded-for", b"203.0.113.3"),), door=False)
        assert told.headers.keys() == other.headers.keys()
    finally:
        limiter.reset()


def test_the_departments_signature_is_told_too(gate: Gate, runtime: Runtime) -> None:
    row = issued(runtime)
    with runtime.unit_of_work() as session:
        mine = session.get_one(Certificate, row.id)
        mine.countersigned_by, mine.countersigned_at = mine.organisation_id, runtime.clock.now()
    for start in (PAGE, INTERFACE):
        assert gate.ask(start + row.code) == gate.ask(start + row.code, door=False)
    assert "主管部门联署" in gate.ask(PAGE + row.code)[0].body
