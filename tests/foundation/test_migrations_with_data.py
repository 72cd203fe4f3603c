"""Every migration up and down on a filled installation: what the older schema can hold is the same afterwards."""

import hashlib
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, inspect, select, text

from certengine.foundation import migrate
from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime, use
from tests.conftest import demonstration_runtime

VERSION = "alembic_version"


@pytest.fixture
def filled(runtime: Runtime, demonstration_folder: Path, tmp_path: Path) -> Iterator[Runtime]:
    """The demonstration on either database."""
    # Its secret opens what is read from it.
    source = use(demonstration_runtime(demonstration_folder, "http://localhost"))
    settings = replace(source.settings, database_url=runtime.settings.database_url)
    if runtime.engine.dialect.name == "sqlite":
        shutil.copy(demonstration_folder / "demo.db", tmp_path / "test.db")
    else:
        _poured(source.engine, runtime.engine)
    source.engine.dispose()
    made = use(Runtime(settings, runtime.clock))
    yield made
    made.engine.dispose()


def _poured(source: Engine, target: Engine) -> None:
    with source.execution_options(read_only=True).connect() as old, target.begin() as new:
        # Rows that point at one another come in any order.
        new.execute(text("SET LOCAL session_replication_role = replica"))
        for table in Base.metadata.sorted_tables:
            new.execute(table.delete())
            if rows := [dict(row) for row in old.execute(select(table)).mappings()]:
                new.execute(table.insert(), rows)


def content(engine: Engine) -> dict[str, tuple[int, str]]:
    """Table → number of rows and a digest of all that stands in them, whatever the order of rows and columns."""
    held = {}
    with engine.execution_options(read_only=True).connect() as connection:
        for (_schema, name), described in inspect(connection).get_multi_columns().items():
            if name == VERSION or name.startswith(migrate.BESIDE_MODELS):
                continue
            columns = sorted(column["name"] for column in described)
            listed = ", ".join(f'"{column}"' for column in columns)
            # As the database writes it: to take all JSON apart takes longer than all else.
            asked = f"CAST(ROW({listed}) AS text)" if engine.dialect.name == "postgresql" else listed
            rows = connection.execute(text(f'SELECT {asked} FROM "{name}"')).all()
            total = 0
            for row in rows:
                total ^= int.from_bytes(hashlib.sha256(repr(tuple(row)).encode()).digest()[:16])
            held[name] = (len(rows), f"{columns} {total:x}")
    return held


def named(engine: Engine) -> set[str]:
    """Tables, indexes and triggers, those of the words that are searched too."""
    ours = {
        "sqlite": "SELECT name FROM sqlite_master WHERE name NOT LIKE 'sqlite_%'",
        "postgresql": "SELECT tgname FROM pg_trigger WHERE NOT tgisinternal "
        "UNION SELECT indexname FROM pg_indexes WHERE schemaname = 'public' "
        "UNION SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
    }
    with engine.execution_options(read_only=True).connect() as connection:
        return set(connection.scalars(text(ours[engine.dialect.name])))


def revisions(runtime: Runtime) -> list[str]:
    """From the first to the newest."""
    scripts = ScriptDirectory.from_config(migrate.configuration(runtime))
    return [each.revision for each in scripts.walk_revisions()][::-1]


def test_each_migration_is_taken_back_and_made_again_with_data_in(filled: Runtime) -> None:
    steps, newest = revisions(filled), named(filled.engine)
    for before, after in reversed(list(zip(steps, steps[1:], strict=False))):
        migrate.downgrade(filled, before)
        older = content(filled.engine)
        migrate.upgrade(filled, after)
        migrate.downgrade(filled, before)
        assert content(filled.engine) == older, f"{after} loses something of what {before} holds"
    # An installation of the first day comes up to the newest with what it holds.
    first = content(filled.engine)
    assert first["account"][0] and first["ledger_entry"][0]
    migrate.upgrade(filled)
    assert migrate.is_current(filled) and named(filled.engine) == newest
    assert {name: count for name, (count, _rows) in content(filled.engine).items() if name in first} == {
        name: count for name, (count, _rows) in first.items()
    }
