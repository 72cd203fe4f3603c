"""Real objects for tests, each in one line."""

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Account, Organisation, OrganisationKind
from certengine.people.permissions import Role
from certengine.people.rules import resident_id_check

PASSWORD = "correct horse battery"


def organisation(
    session: Session, runtime: Runtime, name: str = "山东数字技术评价中心", code: str = "SDPJ"
) -> Organisation:
    """The organisation of this name, made at first use."""
    found = session.scalar(select(Organisation).where(Organisation.name == name))
    return found or people.create_organisation(
        session, OrganisationKind.EVALUATION_INSTITUTION, name, code, runtime.clock.now()
    )


def account(
    runtime: Runtime,
    login: str,
    roles: Iterable[str],
    *,
    name: str = "王工",
    institution: str = "山东数字技术评价中心",
    code: str = "SDPJ",
) -> Account:
    """A committed account with the password PASSWORD."""
    with runtime.unit_of_work() as session:
        return people.create_account(
            session,
            login=login,
            password=PASSWORD,
            name=name,
            organisation=organisation(session, runtime, institution, code),
            roles=frozenset(Role(role) for role in roles),
            now=runtime.clock.now(),
        )


def resident_id(serial: int, born: str = "19900101", region: str = "370102") -> str:
    """A valid identity number; serial 0–999, odd for men."""
    first17 = f"{region}{born}{serial:03}"
    return first17 + resident_id_check(first17)
