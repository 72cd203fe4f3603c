"""One-time codes by time (RFC 6238 over RFC 4226), pure: what every authenticator app does."""

import base64
import hashlib
import hmac
import struct
from datetime import datetime
from urllib.parse import quote, urlencode

STEP_SECONDS = 30
DIGITS = 6
# A clock may be one step off, either way.
WINDOW = 1


def code_at(secret: bytes, step: int, digits: int = DIGITS) -> str:
    digest = hmac.new(secret, struct.pack(">Q", step), hashlib.sha1).digest()
    start = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return str(number % 10**digits).zfill(digits)


def step_at(now: datetime) -> int:
    return int(now.timestamp()) // STEP_SECONDS


def matching_step(secret: bytes, typed: str, now: datetime, after: int = 0) -> int | None:
    """The time step whose code was typed, of those near now and later than the last one used; None where none is."""
    code = "".join(typed.split())
    present = step_at(now)
    for step in range(present - WINDOW, present + WINDOW + 1):
        if step > after and hmac.compare_digest(code_at(secret, step).encode(), code.encode()):
            return step
    return None


def base32(secret: bytes) -> str:
    """As it is typed into an app that cannot scan."""
    return base64.b32encode(secret).decode().rstrip("=")


def address(secret: bytes, issuer: str, login: str) -> str:
    """The otpauth:// address in the QR code."""
    parts = {"secret": base32(secret), "issuer": issuer, "algorithm": "SHA1", "digits": DIGITS, "period": STEP_SECONDS}
    return f"otpauth://totp/{quote(issuer)}:{quote(login)}?{urlencode(parts, quote_via=quote)}"
