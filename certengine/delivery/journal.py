"""The hot path: answers that arrive together share one transaction and are acknowledged when it is durable.

Whoever comes first commits for all that wait; there is no thread of its own and nothing to shut down. Each request
adds what it brings to the waiting list and asks for the commit lock. The one that gets it takes the whole list into
one transaction; the others find their outcome there when the lock comes to them.
"""

import threading
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Connection, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Dialect
from sqlalchemy.sql.compiler import Compiled
from sqlalchemy.types import TypeEngine

from certengine.delivery import rules
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState
from certengine.foundation.runtime import Runtime

# So many attempts are read by one statement; one more takes another.
READ = 64


@dataclass(frozen=True)
class Saved:
    """What the screen is told: problem is None exactly when everything that came is durable."""

    problem: str | None
    state: AttemptState
    deadline_at: datetime
    extra_seconds: int
    generation: int
    at: datetime


@dataclass
class Arrived:
    """Answers of one request: (item, sequence, content); none is a sign of life."""

    attempt_id: UUID
    generation: int
    answers: Sequence[tuple[str, int, dict[str, Any]]]
    outcome: Saved | BaseException | None = field(default=None)


class Journal:
    def __init__(self, runtime: Runtime) -> None:
        self._runtime = runtime
        self._waiting: list[Arrived] = []
        self._list_lock = threading.Lock()
        self._commit_lock = threading.Lock()
        self._statements = _Statements(runtime.engine.dialect)

    def save(self, arrived: Arrived) -> Saved:
        """Returns when the answers are durable or refused; raises KeyError for an unknown attempt."""
        with self._list_lock:
            self._waiting.append(arrived)
        with self._commit_lock:
            if arrived.outcome is None:
                with self._list_lock:
                    batch, self._waiting = self._waiting, []
                self.commit(batch)
        if isinstance(arrived.outcome, BaseException):
            raise arrived.outcome
        assert arrived.outcome is not None
        return arrived.outcome

    def commit(self, batch: list[Arrived]) -> None:
        """One transaction for all of them; afterwards each has its outcome."""
        now = self._runtime.clock.now()
        try:
            with self._runtime.engine.begin() as connection:
                outcomes = self._write(connection, batch, now)
        except BaseException as error:
            # Nothing of the batch is durable: each request fails, and the screens send again.
            for arrived in batch:
                arrived.outcome = error
            if not isinstance(error, Exception):
                raise
            return
        for arrived, outcome in zip(batch, outcomes, strict=True):
            arrived.outcome = outcome

    def _write(self, connection: Connection, batch: list[Arrived], now: datetime) -> list[Saved | BaseException]:
        clocks = self._statements.clocks(connection, {arrived.attempt_id for arrived in batch})
        accepted: list[Arrived] = []
        seen: set[UUID] = set()
        outcomes: list[Saved | BaseException] = []
        for arrived in batch:
            found = clocks.get(arrived.attempt_id)
            if found is None:
                outcomes.append(KeyError(arrived.attempt_id))
                continue
            clock, extra_seconds = found
            problem = rules.saving_problem(clock, arrived.generation, now)
            outcomes.append(Saved(problem, clock.state, clock.deadline_at, extra_seconds, clock.generation, now))
            if problem is None:
                accepted.append(arrived)
                if not arrived.answers:
                    seen.add(arrived.attempt_id)
        self._statements.keep(connection, accepted, now)
        if seen:
            # Bound by another name, for `id` would be taken for a value to set.
            sign = update(Attempt.__table__).where(Attempt.id == bindparam("of"))  # type: ignore[arg-type]
            connection.execute(sign.values(seen_at=now), [{"of": attempt_id} for attempt_id in sorted(seen)])
        return outcomes


class _Statements:
    """The two statements of the hot path, compiled once and handed to the driver as they are.

    Values are converted by the columns' own types, but each only once a batch where it comes again: for tens of
    thousands of rows a second the conversions would cost more than the disk.
    """

    def __init__(self, dialect: Dialect) -> None:
        table = AnswerEntry.__table__
        insert = (sqlite if dialect.name == "sqlite" else postgresql).insert(AnswerEntry).on_conflict_do_nothing()
        self._insert = insert.compile(dialect=dialect)
        self._insert_sql = str(self._insert)
        self._bind = {column.name: _binder(column.type, dialect) for column in table.columns}
        columns = (Attempt.id, Attempt.state, Attempt.deadline_at, Attempt.extra_seconds, Attempt.generation)
        # The share lock makes a hand-in wait for answers that are being saved, so that none is acknowledged too late.
        query = select(*columns).where(
            Attempt.id.in_([bindparam(f"id{n}", type_=Attempt.id.type) for n in range(READ)])
        )
        self._select = query.with_for_update(read=True).compile(dialect=dialect)
        self._select_sql = str(self._select)
        self._state = _reader(Attempt.state.type, dialect)
        self._time = _reader(Attempt.deadline_at.type, dialect)

    def clocks(self, connection: Connection, attempts: Iterable[UUID]) -> dict[UUID, tuple[rules.Clock, int]]:
        """attempt → its clock and the seconds added."""
        ids = {self._bind["attempt_id"](attempt_id): attempt_id for attempt_id in attempts}
        raw = list(ids)
        found: dict[UUID, tuple[rules.Clock, int]] = {}
        states: dict[Any, AttemptState] = {}
        times: dict[Any, datetime] = {}
        for start in range(0, len(raw), READ):
            part = raw[start : start + READ]
            part += part[-1:] * (READ - len(part))
            values = {f"id{n}": value for n, value in enumerate(part)}
            for key, state, deadline_at, extra, generation in connection.exec_driver_sql(
                self._select_sql, _ordered(self._select, values)
            ):
                if state not in states:
                    states[state] = self._state(state)
                if deadline_at not in times:
                    times[deadline_at] = self._time(deadline_at)
                found[ids[key]] = rules.Clock(states[state], times[deadline_at], generation), extra
        return found

    def keep(self, connection: Connection, accepted: Iterable[Arrived], now: datetime) -> None:
        received_at, content_of = self._bind["received_at"](now), self._bind["content"]
        rows = []
        for arrived in accepted:
            attempt_id = self._bind["attempt_id"](arrived.attempt_id)
            for item, sequence, content in arrived.answers:
                row = {
                    "attempt_id": attempt_id,
                    "item": item,
                    "sequence": sequence,
                    "content": content_of(content),
                    "received_at": received_at,
                }
                rows.append(_ordered(self._insert, row))
        if rows:
            connection.exec_driver_sql(self._insert_sql, rows)


def _ordered(statement: Compiled, values: dict[str, Any]) -> Any:
    """As the driver wants its values: in order, or by name."""
    order = getattr(statement, "positiontup", None)
    return tuple([values[name] for name in order]) if order else values


def _plain(value: Any) -> Any:
    return value


def _binder(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any]:
    return kind.dialect_impl(dialect).bind_processor(dialect) or _plain


def _reader(kind: TypeEngine[Any], dialect: Dialect) -> Callable[[Any], Any]:
    return kind.dialect_impl(dialect).result_processor(dialect, None) or _plain
