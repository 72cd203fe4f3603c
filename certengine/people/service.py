"""Persons and accounts: one function a use case, inside the caller's transaction."""

import os
import re
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from argon2 import PasswordHasher
from argon2.exceptions import VerificationError
from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.foundation.clock import CHINA
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.keys import FieldCipher
from certengine.ledger import service as ledger
from certengine.people import problems, regions, rules, sessions
from certengine.people.models import (
    Account,
    AccountRole,
    DocumentType,
    Organisation,
    OrganisationKind,
    Person,
    Sex,
)
from certengine.people.permissions import Role

__all__ = ["problems"]
LEAST_PASSWORD = 10


@dataclass(frozen=True)
class PersonFacts:
    """What is known of somebody before they are stored; number is as typed."""

    name: str
    document_type: DocumentType
    number: str
    sex: Sex | None = None


# The niceness of a thread (on Linux 0 counts for the calling thread alone, and for those that it begins).
LAST = 15


@cache
def hasher() -> PasswordHasher:
    """argon2id at 19 MiB and two passes (OWASP, Password Storage Cheat Sheet); ADR 0009 says why not more."""
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


def register_person(session: Session, cipher: FieldCipher, facts: PersonFacts, now: datetime) -> Person:
    """The person with this document, stored if new. Raises Invalid; a known number under another name is refused."""
    name = rules.fold_name(facts.name)
    found: list[Problem] = []
    if problem := rules.name_problem(name):
        found.append(Problem("name", problem))
    parsed = rules.parse_document(facts.document_type, facts.number, now.astimezone(CHINA).date())
    if isinstance(parsed, str):
        raise Invalid([*found, Problem("number", parsed)])
    if found:
        raise Invalid(found)
    number, sex = parsed
    index = document_index(cipher, facts.document_type, number)
    person = session.scalar(
        select(Person).where(Person.document_type == facts.document_type, Person.document_index == index)
    )
    if person is None:
        person = Person(
            name=name,
            name_original=facts.name,
            sex=sex or facts.sex,
            document_type=facts.document_type,
            document_sealed=cipher.encrypt(number),
            document_index=index,
            document_masked=rules.mask_document(number),
            created_at=now,
        )
        session.add(person)
        session.flush()
    elif person.name != name:
        raise Invalid([Problem("name", "person.name_differs", {"masked": person.name[:1] + "*"})])
    return person


def set_photo(session: Session, person_id: UUID, digest: str) -> None:
    """digest: the picture in the file store."""
    person = session.get(Person, person_id)
    if person is None:
        raise NotFound("person.not_found")
    person.photo = digest


def staff_with(session: Session, organisation_id: UUID, roles: Iterable[Role]) -> list[Account]:
    """The organisation's active accounts that hold any of the roles, by name."""
    query = (
        select(Account)
        .join(AccountRole)
        .where(Account.organisation_id == organisation_id, Account.active, AccountRole.role.in_(list(roles)))
    )
    return list(session.scalars(query.distinct().order_by(Account.name)))


def document_index(cipher: FieldCipher, kind: DocumentType, number: str) -> str:
    return cipher.blind_index(f"{kind.value}:{number}")


def create_organisation(
    session: Session,
    kind: OrganisationKind,
    name: str,
    code: str,
    now: datetime,
    name_en: str = "",
    region: str = "",
) -> Organisation:
    """region: its code (GB/T 2260), by default the province.

    Raises Invalid for a name or code that is taken, or a code that is not two to eight capitals or digits.
    """
    found = []
    if not name.strip():
        found.append(Problem("name", "organisation.name_missing"))
    elif session.scalar(select(Organisation.id).where(Organisation.name == name)):
        found.append(Problem("name", "organisation.name_taken", {"name": name}))
    if not re.fullmatch(r"[A-Z0-9]{2,8}", code):
        found.append(Problem("code", "organisation.code_form"))
    elif session.scalar(select(Organisation.id).where(Organisation.code == code)):
        found.append(Problem("code", "organisation.code_taken", {"code": code}))
    if region and not re.fullmatch(r"[0-9]{6}", region):
        found.append(Problem("region", "organisation.region_form"))
    if found:
        raise Invalid(found)
    region = region or regions.regions()[0].code
    organisation = Organisation(kind=kind, name=name, name_en=name_en, code=code, region=region, created_at=now)
    session.add(organisation)
    session.flush()
    return organisation


def create_account(
    session: Session,
    *,
    login: str,
    password: str,
    name: str,
    organisation: Organisation,
    roles: frozenset[Role],
    now: datetime,
    person: Person | None = None,
    actor: str = "setup",
) -> Account:
    """Raises Invalid when the login is taken or the password short."""
    found = []
    if not re.fullmatch(r"[\w.@-]{2,80}", login):
        found.append(Problem("login", "account.login_form"))
    if len(password) < LEAST_PASSWORD:
        found.append(Problem("password", "account.password_short"))
    if session.scalar(select(Account.id).where(Account.login == login)):
        found.append(Problem("login", "account.login_taken", {"login": login}))
    if found:
        raise Invalid(found)
    account = Account(
        login=login,
        password_hash=hasher().hash(password),
        name=name,
        organisation_id=organisation.id,
        person_id=person.id if person else None,
        created_at=now,
        roles=[AccountRole(role=role) for role in sorted(roles, key=lambda role: role.value)],
    )
    session.add(account)
    session.flush()
    record(session, "account.created", account, actor, now, {"roles": sorted(role.value for role in roles)})
    return account


def change_account(
    session: Session, account: Account, *, name: str, roles: frozenset[Role], active: bool, actor: str, now: datetime
) -> None:
    """Raises Invalid without a role, Conflict when somebody would shut themselves out."""
    if not roles:
        raise Invalid([Problem("roles", "account.no_role")])
    if actor == f"account:{account.id}" and not (active and Role.ADMINISTRATOR in roles):
        raise Conflict("account.own")
    before = sorted(each.role.value for each in account.roles)
    account.name, account.active = name, active
    account.roles = [each for each in account.roles if each.role in roles]
    held = {each.role for each in account.roles}
    account.roles += [AccountRole(role=role) for role in sorted(roles - held, key=lambda role: role.value)]
    session.flush()
    if not active:
        sessions.end_all(session, account.id, now)
    after = sorted(role.value for role in roles)
    record(session, "account.changed", account, actor, now, {"before": before, "after": after, "active": active})


def set_password(session: Session, account: Account, password: str, actor: str, now: datetime) -> None:
    """All sessions of the account end. Raises Invalid for a short one."""
    if len(password) < LEAST_PASSWORD:
        raise Invalid([Problem("password", "account.password_short")])
    account.password_hash = hasher().hash(password)
    sessions.end_all(session, account.id, now)
    record(session, "account.password_set", account, actor, now)


def record(
    session: Session, kind: str, account: Account, actor: str, now: datetime, private: dict[str, Any] | None = None
) -> None:
    """Puts into the ledger what was done to an account."""
    ledger.record(
        session,
        kind=kind,
        actor=actor,
        subject=f"account:{account.id}",
        now=now,
        private={"login": account.login, **(private or {})},
    )


def check_password(account: Account | None, password: str) -> bool:
    """True when the password is the account's; an unknown login costs the same time as a wrong password."""
    try:
        kept = account.password_hash if account else _nobody()
        return _aside().submit(hasher().verify, kept, password).result() and account is not None
    except VerificationError:
        return False


def renewed_hash(account: Account, password: str) -> str | None:
    """The hash of a password that was checked, where the kept one was made at another cost."""
    return hasher().hash(password) if hasher().check_needs_rehash(account.password_hash) else None


@cache
def _aside() -> ThreadPoolExecutor:
    """Where passwords are checked: one after another, and after whatever else this process has to do."""
    return ThreadPoolExecutor(1, "passwords", initializer=lambda: os.setpriority(os.PRIO_PROCESS, 0, LAST))


@cache
def _nobody() -> str:
    return hasher().hash("nobody has this password")


def account_by_login(session: Session, login: str) -> Account | None:
    return session.scalar(select(Account).where(Account.login == login, Account.active))


def account(session: Session, account_id: UUID) -> Account | None:
    return session.scalar(select(Account).where(Account.id == account_id, Account.active))


def organisation(session: Session, organisation_id: UUID) -> Organisation:
    found = session.get(Organisation, organisation_id)
    if found is None:
        raise NotFound("organisation.not_found")
    return found


def names_of(session: Session, actors: Iterable[str | None]) -> dict[str, str]:
    """actor → name, of accounts; whoever is none (a candidate, the clock) is left out."""
    texts = {actor.removeprefix("account:") for actor in actors if actor and actor.startswith("account:")}
    ids = [UUID(text) for text in texts if len(text) == 36]
    found = session.execute(select(Account.id, Account.name).where(Account.id.in_(ids))).all() if ids else []
    return {f"account:{row.id}": row.name for row in found}


def shown_names(session: Session, actors: Iterable[str | None]) -> dict[str, str]:
    """actor → name of the account; whoever is none is shown as they are."""
    wanted = {actor for actor in actors if actor}
    known = names_of(session, wanted)
    return {actor: known.get(actor, actor) for actor in wanted}
