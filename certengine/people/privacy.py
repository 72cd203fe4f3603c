"""A person's rights over what is held of them: every package says what it must keep, and how it forgets."""

import secrets
from collections.abc import Callable
from datetime import date
from typing import TypeVar
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.runtime import Runtime
from certengine.people.models import Account, Person

# (session, person) → the last day on which records must be kept, or None.
Keeper = Callable[[Session, Person], date | None]
# (session, runtime, person): takes away what names the person in the package's own tables.
Forgetter = Callable[[Session, Runtime, Person], None]
_keepers: dict[str, Keeper] = {}
_forgetters: list[Forgetter] = []
ERASED = "（已删除）"
K = TypeVar("K", bound=Keeper)
F = TypeVar("F", bound=Forgetter)


def keeps(what: str) -> Callable[[K], K]:
    """Declares a duty to keep; what names the records."""

    def declare(keeper: K) -> K:
        _keepers[what] = keeper
        return keeper

    return declare


def forgets(forgetter: F) -> F:
    if forgetter not in _forgetters:
        _forgetters.append(forgetter)
    return forgetter


def kept_until(session: Session, person: Person) -> dict[str, date]:
    """what → until when it must be kept, of all that must."""
    found = {what: keeper(session, person) for what, keeper in _keepers.items()}
    return {what: until for what, until in found.items() if until is not None}


def forget(session: Session, runtime: Runtime, person: Person) -> None:
    """Takes away everything that names a person; the rows that others count stay, without a name."""
    for forgetter in _forgetters:
        forgetter(session, runtime, person)
    person.name = person.name_original = ERASED
    person.sex, person.photo = None, None
    person.document_sealed = runtime.cipher.encrypt("")
    # Random, so that the same document may come again as somebody new.
    person.document_index, person.document_masked = secrets.token_hex(32), ""
    for account in session.scalars(select(Account).where(Account.person_id == person.id)):
        account.active, account.name, account.login = False, ERASED, f"erased-{account.id}"
        account.password_hash = ""
    session.flush()


def is_erased(person: Person) -> bool:
    return person.name == ERASED


def years_after(day: date, years: int) -> date:
    try:
        return day.replace(year=day.year + years)
    except ValueError:
        return date(day.year + years, 2, 28)


def person_subject(person_id: UUID) -> str:
    """How the ledger calls a person."""
    return f"person:{person_id}"
