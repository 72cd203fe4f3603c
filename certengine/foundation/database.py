"""Engine, declarative base and column types, the same on SQLite and PostgreSQL."""

import enum
import threading
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import JSON, DateTime, Engine, Enum, Integer, MetaData, create_engine, event
from sqlalchemy.engine import URL, Dialect, make_url
from sqlalchemy.orm import DeclarativeBase
from sqlalchemy.types import TypeDecorator, Uuid

BUSY_SECONDS = 30
IMPATIENT_SECONDS = 3
PREPARE = "prepare_threshold"


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time, stored in UTC to the microsecond; a naive one is refused."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive time")
        return value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Score(TypeDecorator[Decimal]):
    """A score with two decimals, stored in hundredths so that both databases compare and add it exactly."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: Decimal | None, dialect: Dialect) -> int | None:
        # A third decimal would be rounded here without anybody's rule: the caller rounds by the stated one.
        if value is None:
            return None
        hundredths = value.scaleb(2)
        if hundredths != hundredths.to_integral_value():
            raise ValueError(f"more than two decimals: {value}")
        return int(hundredths)

    def process_result_value(self, value: int | None, dialect: Dialect) -> Decimal | None:
        return None if value is None else Decimal(value).scaleb(-2)


class Base(DeclarativeBase):
    """Every table stands on this. Column types follow from the annotation."""

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        UUID: Uuid(),
        datetime: UtcDateTime(),
        Decimal: Score(),
        dict[str, Any]: JSON(),
        list[Any]: JSON(),
        list[str]: JSON(),
        enum.Enum: Enum(
            enum.Enum,
            values_callable=lambda members: [member.value for member in members],
            native_enum=False,
            length=40,
        ),
    }


def make_engine(database_url: str, pool_size: int = 10, impatient: bool = False) -> Engine:
    """An engine whose transactions begin when we say so, and whose SQLite commits are durable.

    impatient: does not wait long for a server that is away, since another can be asked.
    """
    url = make_url(database_url)
    if url.get_backend_name() == "sqlite":
        return _sqlite_engine(url)
    # A pooler that changes connections between transactions knows nothing of what was prepared on another.
    arguments: dict[str, Any] = {"connect_timeout": IMPATIENT_SECONDS} if impatient else {}
    unprepared = url.query.get(PREPARE) == "none"
    if unprepared:
        url, arguments[PREPARE] = url.difference_update_query([PREPARE]), None
    return create_engine(
        url,
        connect_args=arguments,
        pool_size=pool_size,
        max_overflow=pool_size,
        pool_pre_ping=True,
        # Errors tell no values: they may be somebody's.
        hide_parameters=True,
    )


def _sqlite_engine(url: URL) -> Engine:
    engine = create_engine(
        url,
        connect_args={"timeout": BUSY_SECONDS, "check_same_thread": False},
        pool_size=10,
        max_overflow=20,
        hide_parameters=True,
    )

    @event.listens_for(engine, "connect")
    def set_up(connection: Any, _record: Any) -> None:
        # The driver must not begin by itself: a reader that becomes a writer half way cannot be retried.
        connection.isolation_level = None
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode=WAL")
        cursor.execute("PRAGMA synchronous=FULL")
        cursor.execute("PRAGMA foreign_keys=ON")
        cursor.execute(f"PRAGMA busy_timeout={BUSY_SECONDS * 1000}")
        cursor.close()

    # SQLite has one writer, and whoever finds it busy sleeps for longer and longer. Threads of one process queue here
    # instead and are woken when it is their turn.
    writer = threading.Lock()

    @event.listens_for(engine, "begin")
    def begin(connection: Any) -> None:
        if connection.get_execution_options().get("read_only", False):
            connection.exec_driver_sql("BEGIN")
            return
        if not connection.info.get("writes"):
            connection.info["writes"] = writer.acquire(timeout=BUSY_SECONDS)
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    @event.listens_for(engine, "checkin")
    def done(_connection: Any, record: Any) -> None:
        if record.info.pop("writes", False):
            writer.release()

    return engine
