"""An installation with an exam in progress, and a place to restore it to."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from certengine.delivery.models import Attempt
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime
from certengine.foundation.settings import Settings
from certengine.ledger import service as ledger
from certengine.people import service as people
from certengine.sittings.models import Registration
from tests.certificates.factories import issued
from tests.conftest import with_database
from tests.delivery.test_service import begun
from tests.sittings.factories import Exam, exam


@dataclass(frozen=True)
class Target:
    """Where to: a folder that is not there yet, and with PostgreSQL an empty migrated database."""

    folder: Path
    database_url: str | None

    def runtime(self) -> Runtime:
        url = self.database_url or f"sqlite:///{self.folder / 'certengine.db'}"
        return Runtime(Settings(url, "a secret of the tests", self.folder, "https://exam.example.org"))


@pytest.fixture
def out(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder for archives, apart from the data folder."""
    return tmp_path_factory.mktemp("backups")


@pytest.fixture
def target(request: pytest.FixtureRequest, database_url: str, out: Path) -> Iterator[Target]:
    if database_url.startswith("sqlite"):
        yield Target(out / "restored", None)
        return
    server: str = request.getfixturevalue("postgresql_url")
    template = request.getfixturevalue("postgresql_template")
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield Target(out / "restored", with_database(server, name))
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@dataclass(frozen=True)
class Installation:
    exam: Exam
    attempts: list[Attempt]
    photo: str


@pytest.fixture
def installation(runtime: Runtime, clock: SetClock) -> Installation:
    """Two candidates at their papers, a photograph, three certificates, a ledger with a checkpoint and a pending act."""
    made = exam(runtime)
    photo = runtime.files.put(b"a portrait")
    with runtime.unit_of_work() as session:
        people.set_photo(session, session.get_one(Registration, made.registrations[0]).person_id, photo)
    for number in range(3):
        issued(runtime, subject=f"registration:{number}")
    while ledger.sequence(runtime):
        pass
    attempts = [begun(runtime, clock, made, number) for number in range(2)]
    return Installation(made, attempts, photo)
