"""A second factor on offer: the secret waits, sealed, in the browser's cookie until its first code is typed."""

import base64
from dataclasses import dataclass

from flask import session as cookie
from qrcode import QRCode
from qrcode.constants import ERROR_CORRECT_M

from certengine.foundation.errors import Conflict
from certengine.people import second_factor, totp
from certengine.people.models import Account
from certengine.web.request import now, runtime, session

OFFER = "offered_factor"
ISSUER = "certengine"


@dataclass(frozen=True)
class Offer:
    """What the page shows: the address as a QR code (side in modules and an SVG path) and the secret to be typed."""

    side: int
    path: str
    secret: str
    address: str


def offered(account: Account, anew: bool) -> Offer:
    """The offer of this browser to the account; anew: a fresh one."""
    secret = None if anew else _kept(account)
    if secret is None:
        secret = second_factor.new_secret()
        sealed = runtime().cipher.encrypt(f"{account.id}:{secret.hex()}")
        cookie[OFFER] = base64.b64encode(sealed).decode()
    address = totp.address(secret, ISSUER, account.login)
    side, path = qr_path(address)
    typed = totp.base32(secret)
    return Offer(side, path, " ".join(typed[place : place + 4] for place in range(0, len(typed), 4)), address)


def confirm(account: Account, typed: str, actor: str) -> list[str]:
    """Recovery codes. Raises Invalid for a wrong code, Conflict without an offer."""
    secret = _kept(account)
    if secret is None:
        raise Conflict("account.sign_in_expired")
    codes = second_factor.enrol(session(), runtime().cipher, account, secret, typed, actor, now())
    cookie.pop(OFFER, None)
    return codes


def _kept(account: Account) -> bytes | None:
    sealed = cookie.get(OFFER)
    if not sealed:
        return None
    owner, _, secret = runtime().cipher.decrypt(base64.b64decode(sealed)).partition(":")
    return bytes.fromhex(secret) if owner == str(account.id) else None


def qr_path(text: str) -> tuple[int, str]:
    """The side in modules, quiet zone included, and the dark modules as an SVG path."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=4)
    code.add_data(text)
    matrix = code.get_matrix()
    dark = (f"M{x} {y}h1v1h-1z" for y, row in enumerate(matrix) for x, is_dark in enumerate(row) if is_dark)
    return len(matrix), "".join(dark)
