"""Signs of health on exam day: what is measured, how well it stands, and what to do where it does not."""

import enum
import json
import shutil
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.delivery.models import Attempt, AttemptState
from certengine.foundation.jobs import Job, JobState
from certengine.foundation.runtime import Runtime
from certengine.ledger.models import LedgerEntry

# A sequencer, a clock or a worker that is alive needs seconds.
LATE = timedelta(minutes=1)
STUCK = timedelta(minutes=5)
SILENT = timedelta(minutes=2)
OLDEST_BACKUP = timedelta(days=2)
GIB = 1 << 30
LEAST_FREE, LITTLE_FREE = GIB, 5 * GIB
# Written by `certengine backup`.
LAST_BACKUP = "last_backup.json"


class Health(enum.Enum):
    GOOD = "good"
    WATCH = "watch"
    BAD = "bad"


class Sign(enum.Enum):
    LEDGER = "ledger"
    RUNNING = "running"
    SILENT = "silent"
    OVERDUE = "overdue"
    JOBS_WAITING = "jobs_waiting"
    JOBS_FAILED = "jobs_failed"
    DISK = "disk"
    BACKUP = "backup"


@dataclass(frozen=True)
class Reading:
    """value: a number of things, MiB for the disk, hours for the backup; None where there is none yet."""

    sign: Sign
    health: Health
    value: int | None


def readings(session: Session, runtime: Runtime, now: datetime) -> list[Reading]:
    def count(*conditions: object) -> int:
        return session.scalar(select(func.count()).where(*conditions)) or 0  # type: ignore[arg-type]

    running = Attempt.state == AttemptState.RUNNING
    pending = LedgerEntry.index.is_(None)
    waiting = Job.state == JobState.WAITING
    late, stuck = count(pending, LedgerEntry.at < now - LATE), count(waiting, Job.heard_at < now - STUCK)
    silent, overdue = count(running, Attempt.seen_at < now - SILENT), count(running, Attempt.deadline_at < now - SILENT)
    failed = count(Job.state == JobState.FAILED)
    return [
        Reading(Sign.RUNNING, Health.GOOD, count(running)),
        Reading(Sign.SILENT, Health.WATCH if silent else Health.GOOD, silent),
        Reading(Sign.OVERDUE, Health.BAD if overdue else Health.GOOD, overdue),
        Reading(Sign.LEDGER, Health.BAD if late else Health.GOOD, count(pending)),
        Reading(Sign.JOBS_WAITING, Health.BAD if stuck else Health.GOOD, count(waiting)),
        Reading(Sign.JOBS_FAILED, Health.WATCH if failed else Health.GOOD, failed),
        _disk(runtime),
        _backup(runtime, now),
    ]


def _disk(runtime: Runtime) -> Reading:
    free = shutil.disk_usage(runtime.settings.data).free
    health = Health.BAD if free < LEAST_FREE else Health.WATCH if free < LITTLE_FREE else Health.GOOD
    return Reading(Sign.DISK, health, free >> 20)


def _backup(runtime: Runtime, now: datetime) -> Reading:
    path = runtime.settings.data / LAST_BACKUP
    if not path.exists():
        return Reading(Sign.BACKUP, Health.WATCH, None)
    age = now - datetime.fromisoformat(json.loads(path.read_text())["at"])
    return Reading(Sign.BACKUP, Health.WATCH if age > OLDEST_BACKUP else Health.GOOD, int(age.total_seconds() // 3600))
