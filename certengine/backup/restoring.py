"""certengine restore: the whole of an archive into an empty place, checked before it is let in, or nothing of it."""

import os
import shutil
import sqlite3
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any

import click
import psycopg
from psycopg import sql
from sqlalchemy import Connection
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from certengine import rooms
from certengine.backup import archive, checking, keys, making, snapshots
from certengine.backup.archive import Damaged, Manifest
from certengine.backup.checking import Found
from certengine.foundation.database import make_engine
from certengine.foundation.files import FileStore
from certengine.foundation.settings import driver_url

# Filled by a migration: what the backup holds takes the place of those rows.
SEEDED = ("calendar_day",)
FOREIGN_KEYS = """SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint
WHERE contype = 'f' AND connamespace = current_schema()::regnamespace ORDER BY 1, 2"""


class Refused(Exception):
    """Nothing was written; the text says why."""


class Unsound(Exception):
    """The check found faults, and so nothing was kept."""


def restore(
    path: Path,
    to: Path,
    *,
    database_url: str | None = None,
    held: keys.Keys | None = None,
    despite_faults: bool = False,
    say: Callable[[Found], None] = lambda found: None,
) -> bool:
    """Whether all was sound. Raises Damaged or Refused with nothing written, Unsound with nothing kept."""
    rooms.load_models()
    to = to.resolve()
    archive.check_seal(path)
    if to.exists() and (not to.is_dir() or any(to.iterdir())):
        raise Refused(f"{to} is not empty; a restore goes into a folder that is empty or not there yet")
    to.parent.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        staging = Path(tempfile.mkdtemp(dir=to.parent, prefix=f".{to.name}.restoring-"))
        stack.callback(shutil.rmtree, staging, ignore_errors=True)
        manifest = archive.extract(path, staging)
        data = staging / "data"
        data.mkdir(exist_ok=True)
        if held is not None:
            keys.lay_down(held, data)
        faults = 0
        with _taken_back(to), _database(manifest, staging, database_url) as (session, counts):
            for found in checking.check(session, FileStore(data / "files"), manifest, counts, held):
                say(found)
                faults += found.is_fault
            if faults and not despite_faults:
                raise Unsound
            if manifest.database == snapshots.POSTGRESQL:
                _publish(data, to, unfinished=True)
        if manifest.database == snapshots.SQLITE:
            _publish(data, to, unfinished=False)
        else:
            (to / making.UNFINISHED).unlink()
    return not faults


@contextmanager
def _taken_back(to: Path) -> Iterator[None]:
    """Removes the folder again where the database did not follow it."""
    try:
        yield
    except BaseException:
        if (to / making.UNFINISHED).exists():
            shutil.rmtree(to)
        raise


def _publish(data: Path, to: Path, unfinished: bool) -> None:
    """One rename. With PostgreSQL the commit follows, and only then the mark goes: doctor tells of one that stays."""
    if unfinished:
        (data / making.UNFINISHED).touch()
    for folder, _folders, _names in os.walk(data):
        archive.sync_folder(Path(folder))
    data.chmod(0o700)
    os.replace(data, to)
    archive.sync_folder(to.parent)


@contextmanager
def _database(manifest: Manifest, staging: Path, url: str | None) -> Iterator[tuple[Session, dict[str, int]]]:
    """The restored database, to be checked; it is let in when the block ends, and gone when it fails."""
    if manifest.database == snapshots.SQLITE:
        with _sqlite(staging) as opened:
            yield opened
    elif manifest.database == snapshots.POSTGRESQL:
        if not url or not driver_url(url).startswith("postgresql+psycopg://"):
            raise Refused("it is a backup of PostgreSQL; name the database with --database postgresql://…")
        with _postgresql(manifest, staging / "database", driver_url(url)) as opened:
            yield opened
    else:
        raise Refused(f"it is a backup of another database: {manifest.database[:40]}")


@contextmanager
def _sqlite(staging: Path) -> Iterator[tuple[Session, dict[str, int]]]:
    path = staging / "data" / snapshots.SQLITE_FILE
    if path.exists():
        raise Damaged("it holds two databases")
    os.replace(staging / "database" / snapshots.SQLITE_FILE, path)
    with closing(sqlite3.connect(path)) as connection:
        counts = snapshots.sqlite_counts(connection)
        if connection.execute("PRAGMA foreign_key_check").fetchone():
            raise Refused("rows of the database point to rows that are not there")
    engine = make_engine(f"sqlite:///{path}")
    try:
        with Session(engine.execution_options(read_only=True)) as session:
            yield session, counts
    finally:
        engine.dispose()
    path.chmod(0o600)


@contextmanager
def _postgresql(manifest: Manifest, folder: Path, url: str) -> Iterator[tuple[Session, dict[str, int]]]:
    """One transaction: emptiness, rows, keys and check; committed at the end of the block."""
    engine = make_engine(url)
    try:
        with engine.begin() as connection:
            counts = _copy_in(connection, manifest, folder)
            with Session(connection, join_transaction_mode="rollback_only") as session:
                yield session, counts
    except (psycopg.Error, SQLAlchemyError) as error:
        raise Refused(f"the database refuses it: {str(error).splitlines()[0]}") from None
    finally:
        engine.dispose()


def _copy_in(connection: Connection, manifest: Manifest, folder: Path) -> dict[str, int]:
    driver: psycopg.Connection[Any] = connection.connection.driver_connection  # type: ignore[assignment]
    with driver.cursor() as cursor:
        cursor.execute("SET LOCAL lock_timeout = '10s'")
        _refuse_unfit(cursor, manifest)
        # Without order among tables: keys between them are taken away and made again, which checks every row.
        constraints = cursor.execute(FOREIGN_KEYS).fetchall()
        for table, name, _definition in constraints:
            cursor.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
        counts = {}
        for table, columns in manifest.columns.items():
            quoted = sql.Identifier(table)
            cursor.execute(sql.SQL("ALTER TABLE {} DISABLE TRIGGER USER").format(quoted))
            statement = snapshots.copy_in(table, columns)
            with (folder / f"{table}.copy").open("rb") as file, cursor.copy(statement) as copy:
                while block := file.read(archive.BLOCK):
                    copy.write(block)
            cursor.execute(sql.SQL("ALTER TABLE {} ENABLE TRIGGER USER").format(quoted))
            row = cursor.execute(sql.SQL("SELECT count(*) FROM {}").format(quoted)).fetchone()
            counts[table] = int(row[0]) if row else 0
        for table, name, definition in constraints:
            cursor.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
        for name, last in manifest.sequences.items():
            cursor.execute("SELECT setval(quote_ident(%s)::regclass, %s)", (name, last))
    return counts


def _refuse_unfit(cursor: psycopg.Cursor[Any], manifest: Manifest) -> None:
    """The database is migrated to the archive's revision and empty, and stays so until we are done."""
    names = [name for (name,) in cursor.execute(snapshots.TABLES).fetchall()]
    row = (
        cursor.execute(f"SELECT version_num FROM {snapshots.REVISION}").fetchone()  # nosec B608: the names are our own tables'
        if snapshots.REVISION in names
        else None
    )
    if row is None or row[0] != manifest.revision:
        here = f"at revision {row[0]}" if row else "without a schema"
        raise Refused(
            f"the database is {here}, the backup at {manifest.revision}; run: certengine db upgrade {manifest.revision}"
        )
    tables = set(names) - {snapshots.REVISION}
    if tables != set(manifest.tables):
        raise Refused(f"the database has other tables: {', '.join(sorted(tables ^ set(manifest.tables)))}")
    for name in sorted(tables):
        quoted = sql.Identifier(name)
        cursor.execute(sql.SQL("LOCK TABLE {} IN ACCESS EXCLUSIVE MODE").format(quoted))
        if name in SEEDED:
            cursor.execute(sql.SQL("DELETE FROM {}").format(quoted))
        elif cursor.execute(sql.SQL("SELECT 1 FROM {} LIMIT 1").format(quoted)).fetchone():
            raise Refused(f"the database is not empty: table {name} has rows")
        if snapshots.columns_of(cursor, name) != manifest.columns[name]:
            raise Refused(f"table {name} has other columns than the backup")


@click.command("restore")
@click.argument("path", metavar="FILE", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--to", required=True, type=click.Path(path_type=Path), help="The new data folder: empty or not there yet."
)
@click.option(
    "--database",
    envvar="CERTENGINE_DATABASE_URL",
    help="Of a backup of PostgreSQL: an empty database, migrated to the same revision. SQLite goes into the folder.",
)
@click.option(
    "--keys", "keys_path", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="The file of keys."
)
@click.option("--despite-faults", is_flag=True, help="Keeps what is restored although the check finds faults.")
def command(path: Path, to: Path, database: str | None, keys_path: Path | None, despite_faults: bool) -> None:
    """Restores a backup and checks it. Exit 0: all is sound. 1: it is not, and how. 2: refused, nothing written."""
    try:
        held = keys.unseal(keys_path.read_bytes(), making.passphrase(confirm=False)) if keys_path else None
        sound = restore(path, to, database_url=database, held=held, despite_faults=despite_faults, say=_say)
    except Damaged as error:
        click.echo(f"{path} is refused: {error}. Nothing was written.", err=True)
        sys.exit(2)
    except Refused as error:
        click.echo(f"Nothing was restored: {error}.", err=True)
        sys.exit(2)
    except Unsound:
        click.echo("Nothing was restored, for the backup is not sound; --despite-faults would keep it.", err=True)
        sys.exit(1)
    click.echo(f"restored into {to}; serve it with CERTENGINE_DATA={to.resolve()}")
    if held is None:
        click.echo(
            f"The keys were not restored. Put {keys.KEYS_FOLDER}/ and {keys.SECRET_FILE} into the folder before serving: "
            "without them encrypted fields cannot be read and the ledger would go on under another key.",
            err=True,
        )
    sys.exit(0 if sound else 1)


def _say(found: Found) -> None:
    click.echo(f"{'BAD ' if found.is_fault else 'ok  '} {found.text}")
