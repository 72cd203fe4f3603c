"""An institution's systems are told what becomes of its certificates: signed, tried again, and never a machine of ours."""

import base64
import json
import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from certengine.certificates import hooks, lifecycle
from certengine.certificates.models import WebHook, WebHookMessage
from certengine.certificates.rules import ReasonClass
from certengine.foundation.clock import SetClock
from certengine.foundation.errors import Invalid
from certengine.foundation.runtime import Runtime
from tests.certificates.factories import ISSUER, issued
from tests.factories import PASSWORD, account, organisation
from tests.hosts import certificate_of_here


class Receiver:
    """A system that listens over TLS at this machine."""

    def __init__(self, folder: Path) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 204
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(receiver.status)
                self.send_header("Location", "https://example.org/")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        known, tls = certificate_of_here(folder)
        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.server.socket = tls.wrap_socket(self.server.socket, server_side=True)
        self.trusting = ssl.create_default_context(cafile=known)
        self.address = f"https://127.0.0.1:{self.server.server_port}/told?by=us"


@pytest.fixture
def receiver(tmp_path: Path) -> Iterator[Receiver]:
    made = Receiver(tmp_path)
    thread = threading.Thread(target=made.server.serve_forever)
    thread.start()
    yield made
    made.server.shutdown()
    thread.join()
    made.server.server_close()


def listening(runtime: Runtime, address: str) -> bytes:
    """Adds an address past the check that this machine's own would not pass; returns the secret."""
    with runtime.unit_of_work() as session:
        mine = organisation(session, runtime)
        shown = hooks.add(session, runtime, mine.id, "https://told.example.org/x", ISSUER, runtime.clock.now())
        session.query(WebHook).one().address = address
    return base64.b64decode(shown.removeprefix("whsec_"))


def deliver(runtime: Runtime, receiver: Receiver) -> int:
    return hooks.deliver_due(runtime, lambda place: place == "127.0.0.1", receiver.trusting)


def message(runtime: Runtime) -> WebHookMessage:
    with runtime.unit_of_work(read_only=True) as session:
        return session.query(WebHookMessage).order_by(WebHookMessage.made_at.desc()).first()  # type: ignore[return-value]


def test_what_was_done_is_told_once_and_signed_without_anything_personal(runtime: Runtime, receiver: Receiver) -> None:
    secret = listening(runtime, receiver.address)
    row = issued(runtime)
    assert deliver(runtime, receiver) == 1 and deliver(runtime, receiver) == 0
    headers, body = receiver.got[0]
    told = json.loads(body)
    assert told["type"] == "certificate.issued"
    assert told["data"] == {"number": row.number, "code": row.code, "state": "valid", "event": "issued"}
    assert row.holder_name not in body.decode()
    expected = hooks.signature(secret, headers["webhook-id"], int(headers["webhook-timestamp"]), body)
    assert headers["webhook-signature"] == expected
    with runtime.unit_of_work() as session:
        lifecycle.suspend(session, row.id, ReasonClass.ERROR, "查", ISSUER, runtime.clock.now())
    deliver(runtime, receiver)
    assert json.loads(receiver.got[1][1])["data"]["state"] == "suspended"


def test_what_is_rolled_back_is_not_told(runtime: Runtime, receiver: Receiver) -> None:
    listening(runtime, receiver.address)
    row = issued(runtime)
    deliver(runtime, receiver)
    with pytest.raises(RuntimeError), runtime.unit_of_work() as session:
        lifecycle.suspend(session, row.id, ReasonClass.ERROR, "查", ISSUER, runtime.clock.now())
        raise RuntimeError
    assert deliver(runtime, receiver) == 0


def test_it_is_tried_again_with_growing_pauses_and_given_up_at_last(
    runtime: Runtime, receiver: Receiver, clock: SetClock
) -> None:
    listening(runtime, receiver.address)
    receiver.status = 302
    issued(runtime)
    for pause in hooks.PAUSES:
        assert deliver(runtime, receiver) == 1
        found = message(runtime)
        # No redirect is followed.
        assert found.problem == "HTTP 302" and found.next_at == clock.now() + pause
        clock.at += pause
    assert deliver(runtime, receiver) == 1
    assert message(runtime).next_at is None and message(runtime).tries == len(hooks.PAUSES) + 1
    assert deliver(runtime, receiver) == 0


def test_no_machine_of_ours_is_spoken_to(runtime: Runtime, receiver: Receiver) -> None:
    for inside in (
        "127.0.0.1",
        "10.0.0.1",
        "169.254.169.254",
        "192.168.1.1",
        "::1",
        "fd00::1",
        "::ffff:10.0.0.1",
        "0.0.0.0",
    ):
        assert not hooks.is_public(inside), inside
    assert hooks.is_public("1.1.1.1") and hooks.is_public("2606:4700::1111")
    listening(runtime, receiver.address)
    issued(runtime)
    assert hooks.deliver_due(runtime, context=receiver.trusting) == 1
    assert receiver.got == [] and message(runtime).problem == "not a public address"
    with runtime.unit_of_work() as session:
        mine = organisation(session, runtime)
        for address in (
            "http://told.example.org", "https://localhost/x", "https://127.0.0.1/x", "https://[::1]/", "https://intranet/",
            "https://user@told.example.org/", "https://told.example.org:22/", "https://told.example.org:x/", "",
        ):  # fmt: skip
            with pytest.raises(Invalid):
                hooks.add(session, runtime, mine.id, address, ISSUER, runtime.clock.now())


def test_an_administrator_adds_an_address_sees_the_secret_once_and_ends_it(
    runtime: Runtime, client: FlaskClient
) -> None:
    account(runtime, "admin", ["administrator"])
    client.post("/sign-in", data={"login": "admin", "password": PASSWORD})
    assert client.post("/certificates/hooks", data={"address": "http://x.example.org"}).status_code == 422
    page = client.post("/certificates/hooks", data={"address": "https://told.example.org/x"}).text
    assert "whsec_" in page and "whsec_" not in client.get("/certificates/hooks").text
    issued(runtime)
    assert "等待发送" in client.get("/certificates/hooks").text
    with runtime.unit_of_work(read_only=True) as session:
        row = session.query(WebHook).one()
    assert "停止" in client.post(f"/certificates/hooks/{row.id}/end", follow_redirects=True).text
    assert "told.example.org" not in client.get("/certificates/hooks").text
    assert client.post(f"/certificates/hooks/{row.id}/end").status_code == 404
