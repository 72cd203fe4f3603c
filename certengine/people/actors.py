"""Who acts: an account, or whatever other room puts into the cookie under its own kind (a candidate at an exam)."""

import enum
from collections.abc import Callable
from dataclasses import dataclass
from uuid import UUID

from flask import g, request
from flask import session as cookie
from sqlalchemy.orm import Session

from certengine.foundation.errors import NotFound
from certengine.people import reach, second_factor, service, sessions
from certengine.people.models import Account
from certengine.people.permissions import LANDING, Permission, Role, permissions_of
from certengine.web.access import Actor, current_actor
from certengine.web.request import now, runtime, session

ActorLoader = Callable[[Session, str], Actor | None]
_loaders: dict[str, ActorLoader] = {}


@dataclass(frozen=True)
class Staff:
    """A signed-in account."""

    account_id: UUID
    login: str
    name: str
    organisation_id: UUID
    organisation_name: str
    person_id: UUID | None
    roles: frozenset[Role]
    permissions: frozenset[Permission]
    session_id: UUID

    @property
    def id(self) -> str:
        return f"account:{self.account_id}"

    @property
    def landing(self) -> str | None:
        return next((endpoint for role, endpoint in LANDING if role in self.roles), None)

    def may(self, permission: enum.Enum) -> bool:
        return permission in self.permissions


def register_actor_kind(kind: str, loader: ActorLoader) -> None:
    """Another room's actors: the cookie holds (kind, id); loader gives the actor or None."""
    _loaders[kind] = loader


def sign_in(kind: str, identity: str) -> None:
    """Puts the actor into a fresh cookie, so that nothing of an earlier sign-in stays."""
    language = cookie.get("language")
    cookie.clear()
    # The form's token of this request went with the old cookie: a page that is shown at once needs one of the new.
    g.pop("csrf_token", None)
    cookie["actor"] = [kind, identity]
    if language:
        cookie["language"] = language


def sign_in_account(account: Account, with_factor: bool) -> None:
    """Begins a session of the account on this browser."""
    begun = sessions.begin(
        session(),
        account.id,
        address=request.remote_addr or "",
        agent=request.user_agent.string,
        second_factor=with_factor,
        now=now(),
    )
    sign_in("account", str(begun.id))


def sign_out() -> None:
    actor = load()
    if isinstance(actor, Staff):
        sessions.end(session(), actor.account_id, actor.session_id, now())
    cookie.pop("actor", None)


def load() -> Actor | None:
    kind, identity = cookie.get("actor", (None, None))
    loader = _loaders.get(kind or "")
    return loader(session(), identity) if loader and identity else None


def staff() -> Staff:
    """Who acts, where only accounts may. Raises NotFound for anybody else."""
    actor = current_actor()
    if not isinstance(actor, Staff):
        raise NotFound("not_found")
    return actor


def region() -> str:
    """The code (GB/T 2260) of the region of the acting account's organisation."""
    return reach.region_of(session(), staff().organisation_id)


def seen() -> UUID | str:
    """Whose rows the acting account looks at: a department's those of its region's institutions, others' their own."""
    return region() if staff().may(Permission.OVERSIGHT_READ) else staff().organisation_id


def _staff(database: Session, identity: str) -> Actor | None:
    row = sessions.live(database, UUID(identity), now())
    account = service.account(database, row.account_id) if row else None
    if row is None or account is None:
        return None
    # A session begun before the installation asked for a second factor does not outlive that.
    if not row.second_factor and second_factor.is_required(runtime().settings, account):
        return None
    if request.method not in ("GET", "HEAD"):
        row.acted_at = now()
    roles = frozenset(each.role for each in account.roles)
    return Staff(
        account.id,
        account.login,
        account.name,
        account.organisation_id,
        account.organisation.name,
        account.person_id,
        roles,
        permissions_of(roles),
        row.id,
    )


register_actor_kind("account", _staff)
