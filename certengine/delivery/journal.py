"""The hot path: answers that arrive together share one transaction and are acknowledged when it is durable.

Whoever comes first commits for all that wait; there is no thread of its own and nothing to shut down. Each request
adds what it brings to the waiting list and asks for the commit lock. The one that gets it takes the whole list into
one transaction; the others find their outcome there when the lock comes to them.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Connection, Row, bindparam, select, update
from sqlalchemy.dialects import postgresql, sqlite

from certengine.delivery import rules
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState
from certengine.foundation.runtime import Runtime


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
        dialect = sqlite if runtime.settings.is_sqlite else postgresql
        self._insert = dialect.insert(AnswerEntry).on_conflict_do_nothing()

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
        clocks = self._clocks(connection, {arrived.attempt_id for arrived in batch})
        rows: list[dict[str, Any]] = []
        seen: set[UUID] = set()
        outcomes: list[Saved | BaseException] = []
        for arrived in batch:
            clock = clocks.get(arrived.attempt_id)
            if clock is None:
                outcomes.append(KeyError(arrived.attempt_id))
                continue
            problem = rules.saving_problem(
                rules.Clock(clock.state, clock.deadline_at, clock.generation), arrived.generation, now
            )
            outcomes.append(Saved(problem, clock.state, clock.deadline_at, clock.extra_seconds, clock.generation, now))
            if problem is None:
                rows.extend(
                    {
                        "attempt_id": arrived.attempt_id,
                        "item": item,
                        "sequence": sequence,
                        "content": content,
                        "received_at": now,
                    }
                    for item, sequence, content in arrived.answers
                )
                if not arrived.answers:
                    seen.add(arrived.attempt_id)
        if rows:
            connection.execute(self._insert, rows)
        if seen:
            # Bound by another name, for `id` would be taken for a value to set.
            sign = update(Attempt.__table__).where(Attempt.id == bindparam("of"))  # type: ignore[arg-type]
            connection.execute(sign.values(seen_at=now), [{"of": attempt_id} for attempt_id in sorted(seen)])
        return outcomes

    def _clocks(self, connection: Connection, attempts: set[UUID]) -> dict[UUID, Row[Any]]:
        # The share lock makes a hand-in wait for answers that are being saved, so that none is acknowledged too late.
        query = (
            select(Attempt.id, Attempt.state, Attempt.deadline_at, Attempt.extra_seconds, Attempt.generation)
            .where(Attempt.id.in_(attempts))
            .with_for_update(read=True)
        )
        return {row.id: cast("Row[Any]", row) for row in connection.execute(query)}
