"""bench board: what five proctors ask of the live board of 300 candidates in three hours, on SQLite, in one process."""

import os
import resource
import tempfile
import time
from collections.abc import Callable, Sequence
from datetime import timedelta
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from certengine.delivery import service as delivery
from certengine.delivery.models import AnswerEntry, Attempt
from certengine.delivery.simulation import prepare
from certengine.foundation import migrate
from certengine.foundation.runtime import Runtime, use
from certengine.foundation.settings import Settings
from certengine.proctoring import service
from certengine.sittings import service as sittings

CANDIDATES, PROCTORS, HOURS, EVERY, ITEMS = 300, 5, 3, 5, 65
# An answer a minute, each changed once in three.
ANSWERS = round(CANDIDATES / 60 * EVERY)


def bench(polls: int = HOURS * 3600 // EVERY) -> dict[str, Any]:
    """All the polls of one proctor, the journal growing between them as it does in that time."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        settings = Settings(f"sqlite:///{folder / 'board.db'}", "a secret", folder, "http://localhost", True)
        runtime = use(Runtime(settings))
        migrate.upgrade(runtime)
        sitting_id, _tickets = prepare(runtime, CANDIDATES)
        attempts, room_id = _begun(runtime, sitting_id)
        spent: list[float] = []
        before = _memory()
        for number in range(polls):
            _answer(runtime, attempts, number)
            spent.append(_timed(lambda: _board(runtime, sitting_id, room_id)))
        grown = _memory() - before
        bare = [_timed(lambda: _seats(runtime, sitting_id, room_id)) for _round in range(50)]
        runtime.engine.dispose()
    ordered = sorted(spent)
    return {
        "name": "board",
        "unit": "boards/s",
        "ours": 1 / median(spent),
        "limit": 1 / median(bare),
        "ratio": median(bare) / median(spent),
        "conditions": {
            "ours": f"{CANDIDATES} seats with states, answers and events, {polls} polls while {len(spent) * ANSWERS} answers came",
            "limit": "the seats of the room read from the database, nothing else",
            "asked for by five proctors, boards/s": PROCTORS / EVERY,
            "p99 ms": round(ordered[int(len(ordered) * 0.99)] * 1000, 1),
            "last tenth, median ms": round(median(spent[-max(1, polls // 10) :]) * 1000, 1),
            "memory grown by MB": round(grown / 1024, 1),
            "processors": os.cpu_count(),
        },
    }


def _begun(runtime: Runtime, sitting_id: UUID) -> tuple[list[UUID], UUID]:
    now = runtime.clock.now()
    with runtime.unit_of_work() as session:
        view = sittings.sitting(session, sitting_id)
        placed = sittings.placements(session, sitting_id)
        for each in placed:
            delivery.confirm(session, sitting_id, each.registration_id, now)
        delivery.start_all(session, view, [each.registration_id for each in placed], now)
        ids = session.scalars(select(Attempt.id).where(Attempt.sitting_id == sitting_id)).all()
        return list(ids), placed[0].exam_room_id


def _answer(runtime: Runtime, attempts: Sequence[UUID], number: int) -> None:
    now = runtime.clock.now() + timedelta(seconds=number)
    rows = [
        {
            "attempt_id": attempts[turn % len(attempts)],
            "item": f"item {turn // len(attempts) % ITEMS}",
            "sequence": turn + 1,
            "content": {"a": "b", "f": False},
            "received_at": now,
        }
        for turn in range(number * ANSWERS, (number + 1) * ANSWERS)
    ]
    with runtime.unit_of_work() as session:
        session.execute(insert(AnswerEntry), rows)


def _board(runtime: Runtime, sitting_id: UUID, room_id: UUID) -> None:
    with runtime.unit_of_work(read_only=True) as session:
        found = service.board(session, sitting_id, room_id, runtime.clock.now())
    assert len(found.places) == CANDIDATES


def _seats(runtime: Runtime, sitting_id: UUID, room_id: UUID) -> None:
    with runtime.unit_of_work(read_only=True) as session:
        _read(session, sitting_id, room_id)


def _read(session: Session, sitting_id: UUID, room_id: UUID) -> None:
    assert len(sittings.placements(session, sitting_id, room_id)) == CANDIDATES


def _timed(act: Callable[[], object]) -> float:
    started = time.perf_counter()
    act()
    return time.perf_counter() - started


def _memory() -> int:
    """The most that the process has held so far, in KB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
