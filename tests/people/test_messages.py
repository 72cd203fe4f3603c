"""What organisations are told: in a list, and by a real mail server where one is set."""

import socket
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from flask.testing import FlaskClient
from sqlalchemy import select

from certengine import doctor
from certengine.foundation import jobs, mail
from certengine.foundation.clock import SetClock
from certengine.foundation.mail import MailError
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import read_settings
from certengine.people import jobs as people_jobs
from certengine.people import messages
from certengine.people.message_models import MailState, Message
from certengine.people.messages import Told
from certengine.programme import reminder_problems
from tests.hosts import certificate_of_here
from tests.programme.factories import cast, enter, organisation_id

# Imported so that the job and the sentences are known.
__all__ = ["people_jobs", "reminder_problems"]


class Mailbox:
    """What a server took, and whom it refuses."""

    def __init__(self) -> None:
        self.taken: list[EmailMessage] = []
        self.refused: set[str] = set()

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Envelope, address: str, _o: Any) -> str:
        if address in self.refused:
            return "550 no such mailbox"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, _server: Any, _session: Any, envelope: Envelope) -> str:
        assert isinstance(envelope.content, bytes)
        self.taken.append(message_from_bytes(envelope.content, _class=EmailMessage, policy=policy.default))
        return "250 OK"


@pytest.fixture
def mailbox() -> Mailbox:
    return Mailbox()


@pytest.fixture
def port(mailbox: Mailbox) -> Iterator[int]:
    # Port 0 is not understood by the controller: it connects to what it was given.
    controller = Controller(mailbox, hostname="127.0.0.1", port=_free_port())
    controller.start()
    yield controller.port
    controller.stop()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def mailing(runtime: Runtime, port: int) -> Runtime:
    settings = replace(runtime.settings, smtp_url=f"smtp://127.0.0.1:{port}", mail_from="exam@example.org")
    return use(Runtime(settings, runtime.clock))


def tell(runtime: Runtime, owner: str, key: str = "k") -> bool:
    told = Told(UUID(owner), key, "base.report_due", {"year": 2026, "due": "2026-12-10"}, "/programme/base")
    with runtime.unit_of_work() as session:
        return messages.tell(session, runtime, told, runtime.clock.now())


def addressed(runtime: Runtime, address: str = "office@example.org") -> str:
    cast(runtime, "qilu")
    owner = organisation_id(runtime, "qilu")
    with runtime.unit_of_work() as session:
        messages.set_address(session, UUID(owner), address, actor="account:x", now=runtime.clock.now())
    return owner


def only(runtime: Runtime) -> Message:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(Message)).one()


def test_a_reminder_is_mailed_once_in_both_languages_and_says_nobodys_name(
    runtime: Runtime, mailbox: Mailbox, port: int
) -> None:
    owner, sends = addressed(runtime), mailing(runtime, port)
    assert tell(sends, owner) and not tell(sends, owner)
    assert only(runtime).mail is MailState.WAITING
    assert jobs.resume_jobs(sends) == 1 and jobs.resume_jobs(sends) == 0
    (letter,) = mailbox.taken
    text = letter.get_content()
    assert letter["To"] == "office@example.org" and letter["From"] == "exam@example.org"
    assert (
        letter["Subject"] == "请提交2026年度总结和下一年度计划 / Please hand in the report of 2026 and next year's plan"
    )
    assert "应于2026年12月10日前提交" in text and "by 2026-12-10" in text
    assert "https://exam.example.org/programme/base" in text and letter["Auto-Submitted"] == "auto-generated"
    assert only(runtime).mail is MailState.SENT and only(runtime).mailed_at == runtime.clock.now()


def test_a_server_that_is_away_is_asked_again_and_a_mailbox_that_is_none_is_not(
    runtime: Runtime, mailbox: Mailbox, port: int, clock: SetClock
) -> None:
    owner, away = addressed(runtime), mailing(runtime, _free_port())
    tell(away, owner)
    assert jobs.resume_jobs(away) == 1
    assert only(runtime).mail is MailState.WAITING and "does not answer" in only(runtime).mail_error
    assert jobs.resume_jobs(away) == 0
    back = mailing(runtime, port)
    clock.advance(minutes=11)
    assert jobs.resume_jobs(back) == 1 and only(runtime).mail is MailState.SENT
    mailbox.refused.add("office@example.org")
    tell(back, owner, "another")
    jobs.resume_jobs(back)
    with runtime.unit_of_work(read_only=True) as session:
        assert messages.failures(session) == 1
    assert any("1 messages could not be sent" in said for is_well, said in doctor.findings(back) if not is_well)


def test_a_server_that_stays_away_is_given_up_at_last(runtime: Runtime, clock: SetClock) -> None:
    owner, away = addressed(runtime), mailing(runtime, _free_port())
    tell(away, owner)
    for _try in range(messages.TRIES):
        assert jobs.resume_jobs(away) == 1
        clock.advance(hours=12)
    assert only(runtime).mail is MailState.FAILED and jobs.resume_jobs(away) == 0


def test_without_a_server_or_an_address_reminders_stand_in_the_list(runtime: Runtime, client: FlaskClient) -> None:
    cast(runtime, "qilu", "college")
    tell(runtime, organisation_id(runtime, "qilu"))
    enter(runtime, client, "college")
    assert "没有提醒" in client.get("/messages").text
    message = str(only(runtime).id)
    assert client.post("/messages/seen", data={"message": message}).status_code == 404
    enter(runtime, client, "qilu")
    shown = client.get("/messages").text
    assert "请提交2026年度总结和下一年度计划" in shown and "未开启邮件" in shown
    assert client.post("/messages/seen", data={"message": message}).status_code == 302
    assert ">标为已读<" not in client.get("/messages").text
    client.get("/language/en")
    assert "Please hand in the report of 2026" in client.get("/messages").text
    for wrong in ("office", "a@b", "a@b.cn\nBcc: x@y.cn", "张@例.cn", "a b@c.cn", "x@" + "a" * 300 + ".cn"):
        assert client.post("/messages/address", data={"email": wrong}).status_code == 422, wrong
    assert client.post("/messages/address", data={"email": "office@example.org"}).status_code == 302
    assert 'value="office@example.org"' in client.get("/messages").text
    assert client.post("/messages/address", data={"email": ""}).status_code == 302


@pytest.mark.parametrize(
    ("smtp", "sender"),
    [("imap://host", "a@b.cn"), ("smtp://", "a@b.cn"), ("host:25", "a@b.cn"), ("smtp://host", "nobody")],
)
def test_a_mail_server_that_is_none_is_said_by_the_doctor(runtime: Runtime, smtp: str, sender: str) -> None:
    settings = replace(runtime.settings, smtp_url=smtp, mail_from=sender)
    with pytest.raises(ValueError, match="CERTENGINE_SMTP"):
        mail.server_of(settings)
    said = [text for is_well, text in doctor.findings(Runtime(settings, runtime.clock)) if not is_well]
    assert any("CERTENGINE_SMTP" in text for text in said)


def test_the_doctor_says_whether_mail_works(runtime: Runtime, port: int) -> None:
    assert any("takes mail" in text for is_well, text in doctor.findings(mailing(runtime, port)) if is_well)
    away = mailing(runtime, _free_port())
    assert any("does not answer" in text for is_well, text in doctor.findings(away) if not is_well)
    assert any("none is sent" in text for is_well, text in doctor.findings(use(runtime)) if is_well)


def test_a_password_goes_only_through_a_connection_whose_host_is_proven(
    mailbox: Mailbox, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known, context = certificate_of_here(tmp_path)

    def judge(_server: Any, _session: Any, _envelope: Any, _mechanism: str, given: Any) -> AuthResult:
        return AuthResult(success=given.login == b"exam" and given.password == b"p@ss", handled=False)

    def started(**more: Any) -> Controller:
        controller = Controller(mailbox, hostname="localhost", port=_free_port(), authenticator=judge, **more)
        controller.start()
        return controller

    def server(port: int, password: str) -> mail.MailServer:
        environment = {
            "CERTENGINE_DATA": str(tmp_path),
            "CERTENGINE_SMTP": f"smtp://exam:{password}@localhost:{port}",
            "CERTENGINE_MAIL_FROM": "exam@example.org",
        }
        found = mail.server_of(read_settings(environment))
        assert found is not None
        return found

    bare = started(auth_require_tls=False)
    with pytest.raises(MailError, match="without TLS"):
        mail.check(server(bare.port, "p%40ss"))
    bare.stop()
    guarded = started(tls_context=context, require_starttls=True)
    try:
        with pytest.raises(MailError, match="CERTIFICATE_VERIFY_FAILED"):
            mail.check(server(guarded.port, "p%40ss"))
        monkeypatch.setenv("SSL_CERT_FILE", str(known))
        mail.send(server(guarded.port, "p%40ss"), "office@example.org", "题目", "正文")
        assert mailbox.taken[0].get_content().strip() == "正文" and mailbox.taken[0]["Subject"] == "题目"
        with pytest.raises(MailError, match="535"):
            mail.check(server(guarded.port, "wrong"))
    finally:
        guarded.stop()
