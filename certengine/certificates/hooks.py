"""What became of certificates, told to an institution's own systems: written in the transaction that did it, sent after
it, signed, and tried again (Standard Webhooks 1.0)."""

import base64
import hashlib
import hmac
import http.client
import ipaddress
import json
import secrets
import socket
import ssl
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.certificates.models import Certificate, WebHook, WebHookMessage
from certengine.foundation.errors import Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger

# How long after each failure it is tried again; after the last one it is given up.
PAUSES = tuple(timedelta(minutes=each) for each in (1, 5, 30, 120, 480, 1440, 2880))
SECONDS, BATCH, MOST = 10, 20, 5
EVENTS = {
    "certificate.issued": "issued",
    "certificate.suspended": "suspended",
    "certificate.reinstated": "reinstated",
    "certificate.revoked": "revoked",
    "certificate.superseded": "superseded",
}
Allowed = Callable[[str], bool]


class Refused(OSError):
    """An address that nothing is sent to."""


def is_public(address: str) -> bool:
    """Whether an IP address is anybody's on the open net, and no machine or service of ours."""
    found = ipaddress.ip_address(address)
    mapped = getattr(found, "ipv4_mapped", None)
    return (mapped or found).is_global and not found.is_multicast


def add(session: Session, runtime: Runtime, organisation_id: UUID, address: str, actor: str, now: datetime) -> str:
    """Returns the secret by which messages are signed, shown this once. Raises Invalid for what is no https address."""
    address = address.strip()
    parts = urlsplit(address)
    try:
        plain = (
            parts.scheme == "https" and bool(parts.hostname) and parts.username is None and parts.port in (None, 443)
        )
    except ValueError:
        plain = False
    if not plain or len(address) > 300 or _is_private(parts.hostname or ""):
        raise Invalid([Problem("address", "certificate.hook_address")])
    if len(standing(session, organisation_id)) >= MOST:
        raise Invalid([Problem("address", "certificate.hook_many", {"most": MOST})])
    secret = secrets.token_bytes(32)
    row = WebHook(
        organisation_id=organisation_id,
        address=address,
        secret_sealed=runtime.cipher.encrypt(secret.hex()),
        created_at=now,
        created_by=actor,
    )
    session.add(row)
    session.flush()
    _record(session, "certificate.hook_added", row, actor, now)
    return "whsec_" + base64.b64encode(secret).decode()


def _is_private(host: str) -> bool:
    """Of a literal address at once; names are looked at each time that something is sent."""
    try:
        return not is_public(host)
    except ValueError:
        return host == "localhost" or "." not in host


def end(session: Session, organisation_id: UUID, hook_id: UUID, actor: str, now: datetime) -> None:
    """Raises NotFound, for another institution's too."""
    row = session.get(WebHook, hook_id, with_for_update=True)
    if row is None or row.organisation_id != organisation_id or row.ended_at is not None:
        raise NotFound("certificate.no_hook")
    row.ended_at = now
    _record(session, "certificate.hook_ended", row, actor, now)


def standing(session: Session, organisation_id: UUID) -> Sequence[WebHook]:
    query = select(WebHook).where(WebHook.organisation_id == organisation_id, WebHook.ended_at.is_(None))
    return session.scalars(query.order_by(WebHook.created_at, WebHook.id)).all()


def messages(session: Session, hook_id: UUID, limit: int = 10) -> Sequence[WebHookMessage]:
    """The newest to one address."""
    query = select(WebHookMessage).where(WebHookMessage.hook_id == hook_id)
    return session.scalars(query.order_by(WebHookMessage.made_at.desc(), WebHookMessage.id.desc()).limit(limit)).all()


def announce(session: Session, kind: str, row: Certificate, now: datetime) -> None:
    """In the transaction of what was done: neither is without the other. Nothing personal is told."""
    if kind not in EVENTS:
        return
    body = {
        "type": kind,
        "timestamp": now.isoformat(),
        "data": {"number": row.number, "code": row.code, "state": row.state.value, "event": EVENTS[kind]},
    }
    for hook in standing(session, row.organisation_id):
        session.add(WebHookMessage(hook_id=hook.id, body=body, made_at=now, next_at=now))


def signature(secret: bytes, message_id: str, timestamp: int, body: bytes) -> str:
    signed = f"{message_id}.{timestamp}.".encode() + body
    return "v1," + base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()


def deliver_due(runtime: Runtime, allowed: Allowed = is_public, context: ssl.SSLContext | None = None) -> int:
    """Sends what is due, each in a transaction of its own; returns how many were taken."""
    now = runtime.clock.now()
    with runtime.unit_of_work(read_only=True) as session:
        query = select(WebHookMessage.id).where(WebHookMessage.next_at <= now).order_by(WebHookMessage.next_at)
        due = session.scalars(query.limit(BATCH)).all()
    return sum(_deliver(runtime, message_id, allowed, context) for message_id in due)


def _deliver(runtime: Runtime, message_id: UUID, allowed: Allowed, context: ssl.SSLContext | None) -> bool:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        row = session.get(WebHookMessage, message_id, with_for_update=True)
        if row is None or row.next_at is None or row.next_at > now:
            return False
        hook = session.get_one(WebHook, row.hook_id)
        # Taken at once for the time that sending may last, so that nobody else sends it meanwhile.
        row.tries, row.next_at = row.tries + 1, now + timedelta(minutes=2)
        address, ended = hook.address, hook.ended_at is not None
        secret = bytes.fromhex(runtime.cipher.decrypt(hook.secret_sealed))
        body, tries = json.dumps(row.body, ensure_ascii=False).encode(), row.tries
    problem = "ended" if ended else _sent(address, str(message_id), secret, body, now, allowed, context)
    with runtime.unit_of_work() as session:
        row = session.get_one(WebHookMessage, message_id)
        row.problem = problem
        if problem is None:
            row.done_at, row.next_at = now, None
        else:
            row.next_at = now + PAUSES[tries - 1] if tries <= len(PAUSES) and not ended else None
    return True


def _sent(
    address: str,
    message_id: str,
    secret: bytes,
    body: bytes,
    now: datetime,
    allowed: Allowed,
    context: ssl.SSLContext | None,
) -> str | None:
    """What went wrong, or None. No redirect is followed."""
    parts, timestamp = urlsplit(address), int(now.timestamp())
    headers = {
        "Content-Type": "application/json",
        "webhook-id": message_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signature(secret, message_id, timestamp, body),
    }
    target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    connection = _Pinned(parts.hostname or "", parts.port or 443, allowed, context or ssl.create_default_context())
    try:
        connection.request("POST", target, body, headers)
        status = connection.getresponse().status
    except Refused:
        return "not a public address"
    except (OSError, http.client.HTTPException) as error:
        return type(error).__name__
    finally:
        connection.close()
    return None if 200 <= status < 300 else f"HTTP {status}"


class _Pinned(http.client.HTTPSConnection):
    """Connects to the very address that was looked at, so that a name cannot point elsewhere a moment later."""

    def __init__(self, host: str, port: int, allowed: Allowed, context: ssl.SSLContext) -> None:
        super().__init__(host, port, timeout=SECONDS, context=context)
        self._allowed, self._tls = allowed, context

    def connect(self) -> None:
        found = socket.getaddrinfo(self.host, self.port, type=socket.SOCK_STREAM)
        places = [str(each[4][0]) for each in found]
        if not places or not all(self._allowed(place) for place in places):
            raise Refused(self.host)
        plain = socket.create_connection((places[0], self.port), timeout=SECONDS)
        self.sock = self._tls.wrap_socket(plain, server_hostname=self.host)


def _record(session: Session, kind: str, row: WebHook, actor: str, now: datetime) -> None:
    private = {"address": row.address}
    ledger.record(session, kind=kind, actor=actor, subject=f"web_hook:{row.id}", now=now, private=private)
