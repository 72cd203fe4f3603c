"""The room's jobs."""

from certengine.foundation.jobs import Job, job
from certengine.foundation.runtime import Runtime
from certengine.oversight import replaying


@job(replaying.REPLAY)
def replay_sitting(runtime: Runtime, row: Job) -> None:
    replaying.run(runtime, row)
