"""The candidate as an actor: known by the cookie alone, so that saving an answer needs no query for it."""

import enum
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy.orm import Session

from certengine.people.actors import register_actor_kind
from certengine.people.permissions import Permission
from certengine.web.access import Actor

KIND = "candidate"


@dataclass(frozen=True)
class Candidate:
    """Signed in with ticket and document. What they may still do is decided by their attempt, not by this."""

    registration_id: UUID
    ticket_number: str

    @property
    def id(self) -> str:
        return f"registration:{self.registration_id}"

    @property
    def name(self) -> str:
        return self.ticket_number

    @property
    def landing(self) -> str:
        return "delivery.desk"

    def may(self, permission: enum.Enum) -> bool:
        return permission is Permission.ATTEMPT_TAKE


def identity(registration_id: UUID, ticket_number: str) -> str:
    return f"{registration_id}|{ticket_number}"


def _load(_session: Session, text: str) -> Actor | None:
    registration_id, _, ticket_number = text.partition("|")
    return Candidate(UUID(registration_id), ticket_number)


register_actor_kind(KIND, _load)
