import pytest
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError
from flask.testing import FlaskClient
from sqlalchemy import select, text

from certengine.foundation.runtime import Runtime
from certengine.people import service as people
from certengine.people.models import Account
from tests.conftest import HASHER_IN_SERVICE
from tests.factories import PASSWORD, account


def kept(runtime: Runtime) -> tuple[str, str]:
    """The one account's hash, and what stands in the database."""
    with runtime.unit_of_work(read_only=True) as session:
        stored = session.execute(text("SELECT password_hash FROM account")).scalar_one()
        return session.scalars(select(Account)).one().password_hash, stored


def test_in_service_passwords_cost_what_owasp_asks_at_least() -> None:
    hasher = HASHER_IN_SERVICE()
    assert hasher.type is Type.ID and hasher.memory_cost >= 19 * 1024 and hasher.time_cost >= 2
    made = hasher.hash("correct horse")
    assert made.startswith("$argon2id$") and hasher.verify(made, "correct horse")
    with pytest.raises(VerifyMismatchError):
        hasher.verify(made, "correct house")


def test_a_stolen_database_has_no_hash_to_try_passwords_on(runtime: Runtime) -> None:
    account(runtime, "proctor", roles=["proctor"])
    opened, stored = kept(runtime)
    assert opened.startswith("$argon2id$") and "argon2" not in stored
    assert len(stored) <= 200


def test_a_hash_of_another_cost_that_stands_in_plain_is_made_anew_at_the_next_sign_in(
    runtime: Runtime, client: FlaskClient
) -> None:
    account(runtime, "proctor", roles=["proctor"])
    before = PasswordHasher(time_cost=3, memory_cost=64, parallelism=1).hash(PASSWORD)
    with runtime.unit_of_work() as session:
        session.execute(text("UPDATE account SET password_hash = :hash"), {"hash": before})
    assert client.post("/sign-in", data={"login": "proctor", "password": "not this one"}).status_code == 422
    assert kept(runtime) == (before, before)
    assert client.post("/sign-in", data={"login": "proctor", "password": PASSWORD}).status_code == 302
    after, stored = kept(runtime)
    assert after != before and "argon2" not in stored
    assert people.hasher().verify(after, PASSWORD) and not people.hasher().check_needs_rehash(after)
