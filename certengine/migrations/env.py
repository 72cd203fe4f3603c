"""Alembic's entry: one transaction, with a lock timeout so that a migration never queues before an exam."""

from typing import Literal

from alembic import context
from sqlalchemy import Engine, text
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


rooms.load_models()
engine: Engine = context.config.attributes["engine"]
with engine.connect() as connection:
    if connection.dialect.name == "postgresql":
        connection.execute(text("SET lock_timeout = '5s'"))
        connection.commit()
    context.configure(
        connection=connection,
        target_metadata=Base.metadata,
        render_as_batch=connection.dialect.name == "sqlite",
        compare_type=True,
        include_name=in_models,
        render_item=plain_type,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
