from datetime import timedelta

import pytest
from sqlalchemy import select

from certengine.foundation import jobs
from certengine.foundation.clock import SetClock
from certengine.foundation.jobs import Job, JobState, job, report, resume_jobs, run_job, submit
from certengine.foundation.runtime import Runtime

PARTS = ["a", "b", "c", "d"]


@pytest.fixture(autouse=True)
def queue_in_this_folder(runtime: Runtime) -> None:
    jobs.queue.cache_clear()
    jobs._task.cache_clear()


@pytest.fixture
def written(runtime: Runtime) -> list[str]:
    """What the job "write" has written; it dies before the part named in its payload."""
    written: list[str] = []

    @job("write")
    def write(runtime: Runtime, row: Job) -> None:
        start = int(row.cursor or 0)
        for place in range(start, len(PARTS)):
            if PARTS[place] == row.payload.get("dies_at") and start == 0:
                raise KeyboardInterrupt
            written.append(PARTS[place])
            report(runtime, row.id, done=place + 1, total=len(PARTS), cursor=str(place + 1))

    return written


def make(runtime: Runtime, **payload: str) -> Job:
    with runtime.unit_of_work() as session:
        return submit(session, "write", "file:1", payload, runtime.clock.now())


def state(runtime: Runtime, row: Job) -> Job:
    with runtime.unit_of_work(read_only=True) as session:
        return session.scalars(select(Job).where(Job.id == row.id)).one()


def test_a_job_is_done_once_however_often_it_is_asked_for(runtime: Runtime, written: list[str]) -> None:
    row = make(runtime)
    assert run_job(runtime, row.id)
    assert not run_job(runtime, row.id)
    assert written == PARTS
    assert state(runtime, row).percent == 100


def test_a_job_whose_process_died_goes_on_where_it_stopped(
    runtime: Runtime, written: list[str], clock: SetClock
) -> None:
    row = make(runtime, dies_at="c")
    with pytest.raises(KeyboardInterrupt):
        run_job(runtime, row.id)
    assert written == ["a", "b"] and state(runtime, row).percent == 50
    assert resume_jobs(runtime) == 0, "another process may still be at it"
    clock.at += jobs.SILENCE + timedelta(seconds=1)
    assert resume_jobs(runtime) == 1
    assert written == PARTS
    assert state(runtime, row).state is JobState.DONE


def test_a_job_that_fails_says_why(runtime: Runtime) -> None:
    @job("break")
    def break_down(runtime: Runtime, row: Job) -> None:
        raise ValueError("no paper")

    with runtime.unit_of_work() as session:
        row = submit(session, "break", "file:1", {}, runtime.clock.now())
    with pytest.raises(ValueError):
        run_job(runtime, row.id)
    assert state(runtime, row).error == "ValueError: no paper"


def test_a_job_of_a_transaction_that_fails_does_not_exist(runtime: Runtime, written: list[str]) -> None:
    with pytest.raises(RuntimeError), runtime.unit_of_work() as session:
        submit(session, "write", "file:1", {}, runtime.clock.now())
        raise RuntimeError
    assert resume_jobs(runtime) == 0


def test_a_job_for_later_waits_until_it_is_due(runtime: Runtime, clock: SetClock, written: list[str]) -> None:
    with runtime.unit_of_work() as session:
        now = clock.now()
        row = submit(session, "write", "file:1", {}, now, now + timedelta(hours=1))
    assert not run_job(runtime, row.id)
    assert resume_jobs(runtime) == 0
    clock.advance(hours=1)
    assert resume_jobs(runtime) == 1
