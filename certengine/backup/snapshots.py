"""A consistent moment of a database, written to a folder while the service goes on."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
from psycopg import IsolationLevel, sql
from sqlalchemy import Engine
from sqlalchemy.engine import URL

from certengine.foundation.database import PREPARE
from certengine.foundation.errors import Conflict

SQLITE, POSTGRESQL = "sqlite", "postgresql"
SQLITE_FILE = "certengine.db"
REVISION = "alembic_version"
TABLES = """SELECT c.relname FROM pg_class c WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition
AND c.relnamespace = current_schema()::regnamespace
ORDER BY 1"""
# What is computed by the database is left out: it is computed again.
COLUMNS = """SELECT attname FROM pg_attribute WHERE attrelid = %s::regclass AND attnum > 0 AND NOT attisdropped
AND attgenerated = '' ORDER BY attnum"""
SEQUENCES = """SELECT sequencename, last_value FROM pg_sequences
WHERE schemaname = current_schema() AND last_value IS NOT NULL"""


@dataclass
class Snapshot:
    """What was written: files by their names in the archive, and the rows of each table."""

    kind: str
    revision: str
    files: dict[str, Path] = field(default_factory=dict)
    tables: dict[str, int] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)
    sequences: dict[str, int] = field(default_factory=dict)


def take(engine: Engine, folder: Path) -> Snapshot:
    """Raises Conflict where the database has no schema, or is damaged."""
    if engine.dialect.name == SQLITE:
        return _of_sqlite(engine.url, folder)
    return _of_postgresql(engine.url, folder)


def driver_connection(url: URL) -> psycopg.Connection[Any]:
    plain = url.set(drivername="postgresql").difference_update_query([PREPARE])
    return psycopg.connect(plain.render_as_string(hide_password=False))


def _of_sqlite(url: URL, folder: Path) -> Snapshot:
    """By the online backup API, all pages in one step: readers and writers go on beside it."""
    copy = folder / SQLITE_FILE
    source_path = Path(url.database or "").resolve()
    if not source_path.exists():
        raise Conflict("backup.no_schema")
    with closing(sqlite3.connect(source_path, timeout=30)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
        # One file, without a log beside it.
        target.execute("PRAGMA journal_mode=DELETE")
        if (said := target.execute("PRAGMA quick_check").fetchone()[0]) != "ok":
            raise Conflict("backup.database_damaged", said=said)
        tables = sqlite_counts(target)
        if REVISION not in tables:
            raise Conflict("backup.no_schema")
        revision = target.execute(f"SELECT version_num FROM {REVISION}").fetchone()  # nosec B608: the names are our own tables'
    made = Snapshot(SQLITE, revision[0] if revision else "", tables=tables)
    made.files[f"database/{SQLITE_FILE}"] = copy
    return made


def sqlite_counts(connection: sqlite3.Connection) -> dict[str, int]:
    names = connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' AND sql NOT LIKE 'CREATE VIRTUAL%' "
        "AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY 1"
    ).fetchall()
    return {name: connection.execute(f'SELECT count(*) FROM "{name}"').fetchone()[0] for (name,) in names}  # nosec B608: the names are our own tables'


def _of_postgresql(url: URL, folder: Path) -> Snapshot:
    """COPY of every table in one transaction that sees one moment; nobody waits for it."""
    with driver_connection(url) as connection:
        connection.isolation_level = IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with connection.cursor() as cursor:
            names = [name for (name,) in cursor.execute(TABLES).fetchall()]
            if REVISION not in names:
                raise Conflict("backup.no_schema")
            revision = cursor.execute(f"SELECT version_num FROM {REVISION}").fetchone()  # nosec B608: the names are our own tables'
            made = Snapshot(POSTGRESQL, revision[0] if revision else "")
            for name in names:
                if name != REVISION:
                    _copy_out(cursor, name, folder / f"{name}.copy", made)
            made.sequences = {str(name): int(last) for name, last in cursor.execute(SEQUENCES).fetchall()}
    return made


def columns_of(cursor: psycopg.Cursor[Any], table: str) -> list[str]:
    quoted = sql.Identifier(table).as_string(cursor)
    return [name for (name,) in cursor.execute(COLUMNS, (quoted,)).fetchall()]


def copy_in(table: str, columns: list[str]) -> sql.Composed:
    return sql.SQL("COPY {} ({}) FROM STDIN").format(sql.Identifier(table), _listed(columns))


def _copy_from(table: str, columns: list[str]) -> sql.Composed:
    """Of a query, since a partitioned table cannot be copied by its name."""
    return sql.SQL("COPY (SELECT {} FROM {}) TO STDOUT").format(_listed(columns), sql.Identifier(table))


def _listed(columns: list[str]) -> sql.Composed:
    return sql.SQL(", ").join(map(sql.Identifier, columns))


def _copy_out(cursor: psycopg.Cursor[Any], table: str, path: Path, made: Snapshot) -> None:
    columns = columns_of(cursor, table)
    rows = 0
    with path.open("wb") as file, cursor.copy(_copy_from(table, columns)) as copy:
        for block in copy:
            # Text format: a row is a line, and a newline inside a value is written otherwise.
            rows += bytes(block).count(b"\n")
            file.write(block)
    made.files[f"database/{table}.copy"] = path
    made.tables[table], made.columns[table] = rows, columns
