"""Attempts to prove who one is, slowed down by failures: passwords and second factors, on every page that asks."""

import hashlib
import math
from collections.abc import Callable
from datetime import timedelta

from flask import request

from certengine.foundation.errors import Problem
from certengine.people import second_factor, service
from certengine.people.models import Account
from certengine.web import devices, throttle
from certengine.web.request import let_go, now, runtime, session
from certengine.web.throttle import Attempt, Pace, Paces

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
PACES = Paces(
    device=Pace(free=10, first=SECOND, longest=MINUTE, fades=timedelta(hours=1)),
    pair=Pace(free=5, first=2 * SECOND, longest=15 * MINUTE, fades=DAY),
    subject=Pace(free=20, first=SECOND, longest=MINUTE, fades=DAY),
    network=Pace(free=100, first=SECOND, longest=MINUTE, fades=timedelta(hours=1)),
    spared=2,
    spared_until=1000,
)
WAIT = "account.wait"


def fingerprint(account: Account) -> str:
    """Changes with the password, so that a device known under the old one is no longer."""
    return hashlib.sha256(account.password_hash.encode()).hexdigest()[:16]


def remember_device(account: Account) -> None:
    devices.remember(f"account:{account.id}", fingerprint(account))


def by_password(login: str, password: str) -> Account | Problem:
    """Whose login and password they are; or that something was wrong, or that it is too early for another attempt.

    A password takes its time to be hashed, and SQLite has one writer: it is hashed between two transactions,
    so that a crowd that signs in, or somebody who guesses, does not hold up the answers of an exam.
    """
    let_go()
    with runtime().unit_of_work(read_only=True) as looking:
        account = service.account_by_login(looking, login)
        tried = _attempts("password", login, account)
        left = throttle.left(looking, runtime().cipher, tried, now())
    if left:
        return _too_early(left)
    is_right = service.check_password(account, password)
    known = account.password_hash if account else ""
    renewed = service.renewed_hash(account, password) if account and is_right else None
    account = service.account_by_login(session(), login)
    unchanged = account is not None and account.password_hash == known
    if problem := judged(tried, lambda: is_right and unchanged, "account.wrong"):
        return problem
    if account and renewed:
        account.password_hash = renewed
    return account or Problem("", "account.wrong")


def code_problem(account: Account, code: str) -> Problem | None:
    """The same for a code of the second factor."""
    right = lambda: second_factor.check(session(), runtime().cipher, account, code, now())  # noqa: E731
    return judged(_attempts("second", account.login, account), right, "account.code_wrong")


def _attempts(what: str, login: str, account: Account | None) -> list[Attempt]:
    device = devices.known(f"account:{account.id}", fingerprint(account)) if account else None
    return [Attempt(what, login.casefold()[:80], throttle.network_of(request.remote_addr), PACES, device)]


def _too_early(left: timedelta) -> Problem:
    return Problem("", WAIT, {"seconds": math.ceil(left.total_seconds())})


def judged(tried: list[Attempt], is_right: Callable[[], bool], wrong: str) -> Problem | None:
    """Waits are told without looking at what was typed, so that waiting out is no way to guess."""
    left = throttle.wait(session(), runtime().cipher, tried, now())
    if left:
        return _too_early(left)
    if not is_right():
        throttle.failed(session(), runtime().cipher, tried, now())
        return Problem("", wrong)
    throttle.passed(session(), runtime().cipher, tried)
    return None
