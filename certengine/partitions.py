"""certengine partition: on PostgreSQL the tables that grow with every exam, the journal and the ledger, by year.

Rows are named by time-ordered identifiers (UUID version 7), so a year is a range of keys and no column is added. What was
there before stays in one partition, without being copied. A year that nobody made a partition for is kept in the last one,
so that nothing is ever refused; the next run moves it to where it belongs.
"""

from collections.abc import Iterator
from datetime import datetime
from uuid import UUID

import click
from sqlalchemy import Connection, Table, UniqueConstraint, text
from sqlalchemy.exc import OperationalError
from sqlalchemy.schema import AddConstraint, CreateIndex

from certengine import rooms
from certengine.foundation.clock import CHINA
from certengine.foundation.database import Base
from certengine.foundation.errors import Conflict, register_messages
from certengine.foundation.runtime import Runtime, current

# Table → the identifier whose time says the year. Both lie in the primary key, which PostgreSQL asks for.
BY_YEAR = {"answer_entry": "attempt_id", "ledger_entry": "id"}
YEARS_AHEAD = 2
# From this month on somebody should know that the next year has no partition.
REMINDED_IN = 10
PATIENCE = "10s"

register_messages(
    {
        "partition.not_postgresql": "partitions are PostgreSQL's; this database is %(kind)s",
        "partition.busy": "%(table)s is in use; nothing was changed: try again outside of exams",
        "partition.later": "%(table)s holds rows of a time after %(year)s; check the machines' clocks. Nothing was changed",
    }
)


def first_id(year: int) -> UUID:
    """The least identifier that can be made in a year of China's calendar (RFC 9562, 5.7)."""
    milliseconds = int(datetime(year, 1, 1, tzinfo=CHINA).timestamp() * 1000)
    return UUID(int=milliseconds << 80)


def of_year(table: str, year: int) -> str:
    return f"{table}_{year}"


def last_of(table: str) -> str:
    return f"{table}_later"


def names(connection: Connection, table: str) -> frozenset[str]:
    """The partitions of a table; none: it is one table."""
    query = text("SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = CAST(:table AS regclass)")
    return frozenset(connection.scalars(query, {"table": table}))


def partition(runtime: Runtime) -> Iterator[str]:
    """Says what was done, table by table; each is one transaction. Raises Conflict, having changed nothing of a table."""
    if runtime.engine.dialect.name != "postgresql":
        raise Conflict("partition.not_postgresql", kind=runtime.engine.dialect.name)
    rooms.load_models()
    year = runtime.clock.now().astimezone(CHINA).year
    for name, key in BY_YEAR.items():
        with runtime.engine.begin() as connection:
            _alone(connection, name)
            done = list(_done(connection, Base.metadata.tables[name], key, year))
        yield from done


def _done(connection: Connection, table: Table, key: str, year: int) -> Iterator[str]:
    there = names(connection, table.name)
    if not there:
        _convert(connection, table, key, year)
        yield f"{table.name}: all until the end of {year} in one partition"
    for each in range(year + 1, year + 1 + YEARS_AHEAD):
        made = of_year(table.name, each)
        if made not in there:
            moved = _add(connection, table, key, each)
            yield f"{table.name}: {made} was made" + (f", {moved} rows moved there" if moved else "")


def findings(connection: Connection, now: datetime) -> Iterator[tuple[bool, str]]:
    """For doctor: pairs of (is well, what was found and what to do)."""
    today = now.astimezone(CHINA)
    for name in BY_YEAR:
        there = names(connection, name)
        if not there:
            continue
        # What came in a year that has no partition.
        strays = connection.scalar(text(f"SELECT count(*) FROM {last_of(name)}"))  # nosec B608: our own names
        coming = of_year(name, today.year + 1)
        lacks = today.month >= REMINDED_IN and coming not in there
        yield (
            not (lacks or strays),
            f"partitions: {name} has {len(there)}"
            + (f", {coming} is missing" if lacks else "")
            + (f", {strays} rows are of no year's" if strays else "")
            + ("; run outside of exams: certengine partition" if lacks or strays else ""),
        )


def _alone(connection: Connection, table: str) -> None:
    connection.execute(text(f"SET LOCAL lock_timeout = '{PATIENCE}'"))
    try:
        connection.execute(text(f"LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE"))
    except OperationalError as error:
        raise Conflict("partition.busy", table=table) from error


def _convert(connection: Connection, table: Table, key: str, year: int) -> None:
    """The table becomes the first partition of a new one of the same name; its indexes go on within it."""
    name, kept = table.name, of_year(table.name, year)
    bound = first_id(year + 1)
    if connection.scalar(text(f"SELECT 1 FROM {name} WHERE {key} >= :bound LIMIT 1"), {"bound": bound}):  # nosec B608: our own names
        raise Conflict("partition.later", table=name, year=year)
    connection.execute(text(f"ALTER TABLE {name} RENAME TO {kept}"))
    indexes = text("SELECT indexrelid::regclass::text FROM pg_index WHERE indrelid = CAST(:table AS regclass)")
    for index in connection.scalars(indexes, {"table": kept}).all():
        connection.execute(text(f"ALTER INDEX {index} RENAME TO {index}_{year}"))
    connection.execute(text(f"CREATE TABLE {name} ({_like(kept)}) PARTITION BY RANGE ({key})"))
    connection.execute(AddConstraint(table.primary_key))
    for constraint in sorted(table.foreign_key_constraints, key=lambda each: str(each.name)):
        connection.execute(AddConstraint(constraint))
    for made in sorted(table.indexes, key=lambda each: str(each.name)):
        connection.execute(CreateIndex(made))
    connection.execute(text(f"ALTER TABLE {name} ATTACH PARTITION {kept} FOR VALUES FROM (MINVALUE) TO ('{bound}')"))
    _make(connection, table, last_of(name))
    connection.execute(text(f"ALTER TABLE {name} ATTACH PARTITION {last_of(name)} DEFAULT"))


def _add(connection: Connection, table: Table, key: str, year: int) -> int:
    """Rows that came before their partition did move into it."""
    name, made, last = table.name, of_year(table.name, year), last_of(table.name)
    first, bound = first_id(year), first_id(year + 1)
    _make(connection, table, made)
    moved = connection.execute(
        text(
            f"WITH gone AS (DELETE FROM {last} WHERE {key} >= :first AND {key} < :bound RETURNING *) "  # nosec B608: our own names
            f"INSERT INTO {made} SELECT * FROM gone"
        ),
        {"first": first, "bound": bound},
    ).rowcount
    connection.execute(text(f"ALTER TABLE {name} ATTACH PARTITION {made} FOR VALUES FROM ('{first}') TO ('{bound}')"))
    return moved


def _make(connection: Connection, table: Table, name: str) -> None:
    """A table of the same columns. What else is unique holds within a year: who numbers the ledger holds its head."""
    connection.execute(text(f"CREATE TABLE {name} ({_like(table.name)})"))
    for number, constraint in enumerate(each for each in table.constraints if isinstance(each, UniqueConstraint)):
        columns = ", ".join(f'"{column.name}"' for column in constraint.columns)
        connection.execute(text(f"ALTER TABLE {name} ADD CONSTRAINT uq_{name}_{number} UNIQUE ({columns})"))


def _like(table: str) -> str:
    return f"LIKE {table} INCLUDING DEFAULTS INCLUDING CONSTRAINTS INCLUDING STORAGE"


@click.command("partition")
def command() -> None:
    """PostgreSQL: the journal and the ledger by year, for the years to come; a second run changes nothing."""
    for line in partition(current()):
        click.echo(line)
    click.echo("partitions: up to date")
