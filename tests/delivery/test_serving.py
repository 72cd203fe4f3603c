"""The real server as a process: it answers, and it ends when it is told to."""

import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

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
