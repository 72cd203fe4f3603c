"""The code on a screen that proves somebody was in the room: a new one every few seconds, so that a photo is no use."""

import hashlib
import hmac

from certengine.foundation.keys import derive

SECONDS = 15
# How many codes back still count: whoever scanned the last moment of one needs a few seconds to open the page.
BACK = 2
# Who opened the page in time may take so long to type a document's number.
TICKET_SECONDS = 120


def code(secret: str, subject: str, moment: float) -> str:
    """The code of a subject at a moment (Unix seconds)."""
    return _code(secret, subject, int(moment) // SECONDS)


def holds(secret: str, subject: str, given: str, moment: float) -> bool:
    """Whether a code was shown just now."""
    step = int(moment) // SECONDS
    return any(_same(given, _code(secret, subject, step - back)) for back in range(BACK + 1))


def ticket(secret: str, subject: str, moment: float) -> str:
    """What a page carries that was opened with a good code."""
    begun = int(moment)
    return f"{begun}.{_code(secret, f'{subject}|ticket', begun)}"


def ticket_holds(secret: str, subject: str, given: str, moment: float) -> bool:
    begun, _, signed = given.partition(".")
    if not (begun.isascii() and begun.isdigit() and len(begun) < 12):
        return False
    fresh = 0 <= int(moment) - int(begun) <= TICKET_SECONDS
    return fresh and _same(signed, _code(secret, f"{subject}|ticket", int(begun)))


def _same(given: str, wanted: str) -> bool:
    return hmac.compare_digest(given.encode(), wanted.encode())


def _code(secret: str, subject: str, step: int) -> str:
    return hmac.new(derive(secret, "sign-in"), f"{subject}|{step}".encode(), hashlib.sha256).hexdigest()[:20]
