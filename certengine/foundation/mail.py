"""Mail by SMTP: smtp://USER:PASSWORD@HOST:PORT goes over to TLS where the server offers it, smtps:// begins with it."""

import smtplib
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import formatdate, make_msgid
from urllib.parse import unquote, urlsplit

from certengine.foundation.settings import Settings

SECONDS = 20
PORTS = {"smtp": 587, "smtps": 465}


class MailError(Exception):
    """What could not be sent. lasting: trying again would not help."""

    def __init__(self, text: str, lasting: bool = False) -> None:
        super().__init__(text)
        self.lasting = lasting


@dataclass(frozen=True)
class MailServer:
    host: str
    port: int
    user: str
    password: str
    tls_first: bool
    sender: str


def server_of(settings: Settings) -> MailServer | None:
    """None where no mail is sent. Raises ValueError for an address that is none."""
    if not settings.smtp_url:
        return None
    parts = urlsplit(settings.smtp_url)
    if parts.scheme not in PORTS or not parts.hostname or "@" not in settings.mail_from:
        raise ValueError("CERTENGINE_SMTP=smtp://HOST or smtps://HOST and CERTENGINE_MAIL_FROM=NAME@HOST are needed")
    return MailServer(
        parts.hostname,
        parts.port or PORTS[parts.scheme],
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        parts.scheme == "smtps",
        settings.mail_from,
    )


def send(server: MailServer, to: str, subject: str, text: str) -> None:
    """Raises MailError."""
    message = EmailMessage(policy=SMTP)
    message["From"], message["To"], message["Subject"] = server.sender, to, subject
    message["Date"], message["Message-ID"] = formatdate(), make_msgid(domain=server.sender.rpartition("@")[2])
    # No answering machine answers what a machine sent (RFC 3834).
    message["Auto-Submitted"] = "auto-generated"
    message.set_content(text)
    with _connected(server) as connection:
        connection.send_message(message)


def check(server: MailServer) -> None:
    """Signs in and says nothing more. Raises MailError."""
    with _connected(server) as connection:
        connection.noop()


@contextmanager
def _connected(server: MailServer) -> Iterator[smtplib.SMTP]:
    try:
        with _opened(server) as connection:
            if server.user:
                connection.login(server.user, server.password)
            yield connection
    except smtplib.SMTPRecipientsRefused as error:
        codes = [code for code, _text in error.recipients.values()]
        raise MailError(f"refused with {codes}", lasting=all(code >= 500 for code in codes)) from None
    except smtplib.SMTPException as error:
        raise MailError(f"{type(error).__name__}: {error}") from None
    except OSError as error:
        raise MailError(f"{server.host}:{server.port} does not answer: {error}") from None


def _opened(server: MailServer) -> smtplib.SMTP:
    context = ssl.create_default_context()
    if server.tls_first:
        return smtplib.SMTP_SSL(server.host, server.port, timeout=SECONDS, context=context)
    connection = smtplib.SMTP(server.host, server.port, timeout=SECONDS)
    try:
        connection.ehlo()
        if connection.has_extn("starttls"):
            connection.starttls(context=context)
        elif server.user:
            raise smtplib.SMTPNotSupportedError("a password is not sent without TLS")
    except BaseException:
        connection.close()
        raise
    return connection
