"""Alembic's entry: one transaction, with a lock timeout so that a migration never queues before an exam."""

from typing import Literal

from alembic import context
from sqlalchemy import Connection, Engine, text
from sqlalchemy.types import TypeDecorator

from certengine import rooms
from certengine.foundation.database import Base, UtcDateTime
from certengine.foundation.migrate import in_models


def plain_type(kind: str, item: object, _context: object) -> str | Literal[False]:
    """Our column types as the types they are stored in, so that a migration outlives a change of our classes."""
    if kind == "type" and isinstance(item, UtcDateTime):
        return "sa.DateTime(timezone=True)"
    if kind == "type" and isinstance(item, TypeDecorator):
        return f"sa.{item.impl_instance!r}"
    return False


def foreign_keys(connection: Connection, state: str) -> None:
    """SQLite changes a table by making another and dropping it, which rows that point at it must not hinder.

    To the driver, since within a transaction SQLite does not listen to it.
    """
    held = connection.connection.driver_connection
    assert held is not None
    held.execute(f"PRAGMA foreign_keys={state}")


def refuse_rows_that_point_nowhere(connection: Connection) -> None:
    found = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
    if found:
        tables = sorted({f"{row[0]} → {row[2]}" for row in found})
        raise RuntimeError(
            f"after the migration {len(found)} rows point nowhere ({', '.join(tables)}); nothing was changed"
        )


rooms.load_models()
engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
    on_sqlite = connection.dialect.name == "sqlite"
    if on_sqlite:
        foreign_keys(connection, "OFF")
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=on_sqlite,
        compare_type=True,
        include_name=in_models,
        render_item=plain_type,
    )
    try:
        with context.begin_transaction():
            context.run_migrations()
            if on_sqlite:
                refuse_rows_that_point_nowhere(connection)
        connection.commit()
    finally:
        if on_sqlite:
            connection.rollback()
            foreign_keys(connection, "ON")
