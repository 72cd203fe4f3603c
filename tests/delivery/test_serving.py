"""The real server as a process: it answers, and it ends when it is told to."""

import signal
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from certengine.foundation import jobs
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from certengine.people import messages
from certengine.rehearse import HOST, stage


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_the_server_ends_when_it_is_told_to(tmp_path: Path, how: signal.Signals) -> None:
    with stage(tmp_path, 1) as made:
        (server,) = made.servers
        assert server.process is not None
        with urllib.request.urlopen(f"http://{HOST}:{server.port}/readyz", timeout=10) as answer:
            assert answer.status == 200
        server.process.send_signal(how)
        assert server.process.wait(timeout=30) is not None


def test_web_machines_leave_the_work_to_another(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CERTENGINE_WORK", "elsewhere")
    with stage(tmp_path, 1) as made:
        now = made.runtime.clock.now()
        with made.runtime.unit_of_work() as session:
            entry = ledger.record(session, kind="test", actor="x", subject="x", now=now)
            # A message that is not there any more: nothing is left to be done.
            wanted = jobs.submit(session, messages.KIND, "x", {"message": str(uuid4())}, now).id
        command = [sys.executable, "-m", "certengine.cli", "work"]
        with subprocess.Popen(command, env=made.servers[0].environment) as worker:
            deadline = time.monotonic() + 30
            while not is_done(made.runtime, entry, wanted):
                assert time.monotonic() < deadline and worker.poll() is None
                time.sleep(0.1)
            worker.terminate()
            assert worker.wait(30) == 0


def is_done(runtime: Runtime, entry: UUID, job: UUID) -> bool:
    with runtime.unit_of_work(read_only=True) as session:
        numbered = ledger.places(session, [entry])[entry].index is not None
        return numbered and session.get_one(jobs.Job, job).state is jobs.JobState.DONE


def test_the_server_refuses_a_database_that_is_not_up_to_date(tmp_path: Path) -> None:
    environment = {"CERTENGINE_DATA": str(tmp_path), "PATH": "/usr/bin:/bin"}
    answer = subprocess.run(
        [sys.executable, "-m", "certengine.cli", "serve", "--port", "1"],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
    )
    assert answer.returncode == 1 and "certengine db upgrade" in answer.stderr
