"""Sign-in by an OpenID Connect provider (Core 1.0, code flow with PKCE): the client, and whom it knows accounts as."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from authlib.common.errors import AuthlibBaseError
from authlib.integrations.flask_client import OAuth
from flask import current_app
from joserfc.errors import JoseError
from requests.exceptions import RequestException
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from certengine.foundation.errors import Conflict, Invalid, Problem
from certengine.foundation.settings import SignInProvider
from certengine.people import service
from certengine.people.models import Account, AccountIdentity

# What goes wrong on the way to a provider and back: it is away, it refuses, or what it says does not hold.
FAILURES = (AuthlibBaseError, JoseError, RequestException, RuntimeError, ValueError, KeyError)
SECONDS = 10
# RFC 8176: several factors were used.
SEVERAL = "mfa"


def client(provider: SignInProvider) -> Any:
    """Authlib's client of the provider; it reads the provider's own description at first use."""
    found = current_app.extensions.get("sign_in_provider")
    if found is None or found[0] != provider:
        made = OAuth(current_app).register(
            "sign_in_provider",
            client_id=provider.client_id,
            client_secret=provider.client_secret,
            server_metadata_url=f"{provider.issuer}/.well-known/openid-configuration",
            client_kwargs={
                "scope": "openid profile email",
                "code_challenge_method": "S256",
                "default_timeout": SECONDS,
            },
        )
        found = current_app.extensions["sign_in_provider"] = provider, made
    return found[1]


def has_several_factors(claims: Mapping[str, Any]) -> bool:
    return SEVERAL in (claims.get("amr") or ())


def of_account(session: Session, account_id: UUID) -> Sequence[AccountIdentity]:
    return session.scalars(select(AccountIdentity).where(AccountIdentity.account_id == account_id)).all()


def account_of(session: Session, provider: SignInProvider, claims: Mapping[str, Any], now: datetime) -> Account:
    """Whose identity it is; where the installation says which claim is the login, an account not linked yet is linked.

    Raises Invalid for an identity that belongs to nobody here.
    """
    known = session.get(AccountIdentity, (provider.issuer, str(claims["sub"])))
    if known is not None:
        account = service.account(session, known.account_id)
    else:
        login = str(claims.get(provider.claim) or "") if provider.claim else ""
        # An address that the provider has not proven may be anybody's.
        if provider.claim == "email" and claims.get("email_verified") is not True:
            login = ""
        account = service.account_by_login(session, login) if login else None
        # Linked once: another identity that takes over a login later does not take over the account.
        if account is not None and any(each.issuer == provider.issuer for each in of_account(session, account.id)):
            account = None
        if account is not None:
            link(session, provider, account, claims, f"account:{account.id}", now)
    if account is None:
        raise Invalid([Problem("", "account.identity_unknown")])
    return account


def link(
    session: Session, provider: SignInProvider, account: Account, claims: Mapping[str, Any], actor: str, now: datetime
) -> None:
    """Raises Conflict for an identity that is another account's."""
    subject = str(claims["sub"])[:255]
    known = session.get(AccountIdentity, (provider.issuer, subject))
    if known is not None and known.account_id != account.id:
        raise Conflict("account.identity_taken")
    if known is None:
        session.add(AccountIdentity(issuer=provider.issuer, subject=subject, account_id=account.id, created_at=now))
        session.flush()
        service.record(session, "account.identity_linked", account, actor, now, {"issuer": provider.issuer})


def unlink(session: Session, account: Account, actor: str, now: datetime) -> None:
    """Whatever identities it has. Raises Conflict without any."""
    if not of_account(session, account.id):
        raise Conflict("account.no_identity")
    session.execute(delete(AccountIdentity).where(AccountIdentity.account_id == account.id))
    service.record(session, "account.identity_unlinked", account, actor, now)
