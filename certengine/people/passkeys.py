"""Passkeys (WebAuthn level 3) of accounts: added, asked for at sign-in, removed.

A passkey is taken only with the holder verified by the device (PIN, finger, face), so it stands for both factors.
"""

import hashlib
import ipaddress
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session
from webauthn import (
    generate_authentication_options,
    generate_registration_options,
    options_to_json,
    verify_authentication_response,
    verify_registration_response,
)
from webauthn.helpers import parse_authentication_credential_json, parse_registration_credential_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticationCredential,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.people import service
from certengine.people.models import Account, AccountPasskey, AnsweredChallenge

CHALLENGE_LIFE = timedelta(minutes=10)
# Longer than any challenge lives.
KEPT = timedelta(hours=1)
MOST = 10
LONGEST_CREDENTIAL = 20_000


@dataclass(frozen=True)
class Site:
    """Where passkeys belong: the relying party's id and the origin that browsers report."""

    id: str
    origin: str


def site(base_url: str) -> Site | None:
    """None where browsers take no passkeys: at a bare IP address, or without TLS away from localhost."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
        return None
    except ValueError:
        pass
    if not host or not (parts.scheme == "https" or host == "localhost"):
        return None
    return Site(host, f"{parts.scheme}://{parts.netloc}")


def of_account(session: Session, account_id: UUID) -> Sequence[AccountPasskey]:
    query = select(AccountPasskey).where(AccountPasskey.account_id == account_id)
    return session.scalars(query.order_by(AccountPasskey.id)).all()


def creation_options(session: Session, place: Site, account: Account, challenge: bytes) -> str:
    """What the browser makes a passkey of, as JSON."""
    options = generate_registration_options(
        rp_id=place.id,
        rp_name="certengine",
        user_name=account.login,
        user_id=account.id.bytes,
        user_display_name=account.name,
        challenge=challenge,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=_descriptors(session, account.id),
    )
    return options_to_json(options)


def request_options(session: Session, place: Site, challenge: bytes, account_id: UUID | None = None) -> str:
    """What the browser asks a passkey for, as JSON; of one account where it is known already."""
    options = generate_authentication_options(
        rp_id=place.id,
        challenge=challenge,
        allow_credentials=_descriptors(session, account_id) if account_id else None,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return options_to_json(options)


def _descriptors(session: Session, account_id: UUID) -> list[PublicKeyCredentialDescriptor]:
    return [PublicKeyCredentialDescriptor(id=each.credential) for each in of_account(session, account_id)]


def add(
    session: Session, place: Site, account: Account, credential: str, challenge: bytes, name: str, now: datetime
) -> AccountPasskey:
    """Keeps what the browser made. Raises Invalid for what is no answer to the challenge, Conflict beyond ten."""
    if len(of_account(session, account.id)) >= MOST:
        raise Conflict("account.passkeys_full", most=MOST)
    _answer(session, challenge, now)
    try:
        answer = parse_registration_credential_json(credential[:LONGEST_CREDENTIAL])
        made = verify_registration_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.id,
            expected_origin=place.origin,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError) as error:
        raise Invalid([Problem("", "account.passkey_wrong")]) from error
    if session.scalar(select(AccountPasskey.id).where(AccountPasskey.credential == made.credential_id)):
        raise Conflict("account.passkey_known")
    row = AccountPasskey(
        account_id=account.id,
        name=name.strip()[:80],
        credential=made.credential_id,
        public_key=made.credential_public_key,
        uses=made.sign_count,
        transports=[each.value for each in answer.response.transports or []],
        created_at=now,
    )
    session.add(row)
    session.flush()
    service.record(session, "account.passkey_added", account, f"account:{account.id}", now, {"name": row.name})
    return row


def proven(session: Session, place: Site, credential: str, challenge: bytes, now: datetime) -> Account:
    """Whose passkey answered the challenge. Raises Invalid without saying what was wrong."""
    wrong = Invalid([Problem("", "account.passkey_wrong")])
    _answer(session, challenge, now)
    try:
        answer = parse_authentication_credential_json(credential[:LONGEST_CREDENTIAL])
    except (WebAuthnException, ValueError) as error:
        raise wrong from error
    row = session.scalar(select(AccountPasskey).where(AccountPasskey.credential == answer.raw_id).with_for_update())
    account = service.account(session, row.account_id) if row else None
    if row is None or account is None or not _is_answered(answer, place, challenge, row):
        raise wrong
    row.used_at = now
    return account


def _is_answered(answer: AuthenticationCredential, place: Site, challenge: bytes, row: AccountPasskey) -> bool:
    if answer.response.user_handle not in (None, b"", row.account_id.bytes):
        return False
    try:
        verified = verify_authentication_response(
            credential=answer,
            expected_challenge=challenge,
            expected_rp_id=place.id,
            expected_origin=place.origin,
            credential_public_key=row.public_key,
            credential_current_sign_count=row.uses,
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError):
        return False
    row.uses = verified.new_sign_count
    return True


def _answer(session: Session, challenge: bytes, now: datetime) -> None:
    """Each challenge is answered once; raises Invalid the second time."""
    digest = hashlib.sha256(challenge).digest()
    if session.get(AnsweredChallenge, digest) is not None:
        raise Invalid([Problem("", "account.passkey_wrong")])
    session.execute(delete(AnsweredChallenge).where(AnsweredChallenge.at < now - KEPT))
    session.add(AnsweredChallenge(digest=digest, at=now))
    session.flush()


def own(session: Session, account_id: UUID, passkey_id: UUID) -> AccountPasskey:
    """Raises NotFound, also for another account's."""
    row = session.get(AccountPasskey, passkey_id)
    if row is None or row.account_id != account_id:
        raise NotFound("account.no_passkey")
    return row
