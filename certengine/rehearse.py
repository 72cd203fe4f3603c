"""certengine rehearse: a whole sitting with simulated candidates on its own data, with a server that is killed."""

import json
import os
import signal
import socket
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import click

from certengine import rooms
from certengine.delivery import service as delivery
from certengine.delivery.simulation import Browser, answer_for, lost_answers, prepare, sign_in_all
from certengine.foundation import migrate
from certengine.foundation.runtime import Runtime
from certengine.foundation.settings import Settings, driver_url

HOST = "127.0.0.1"


@dataclass
class Server:
    """A real `certengine serve` in a process group of its own."""

    environment: dict[str, str]
    port: int
    workers: int = 1
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        arguments = ["serve", "--host", HOST, "--port", str(self.port), "--workers", str(self.workers), "--quiet"]
        self.process = subprocess.Popen(
            [sys.executable, "-m", "certengine.cli", *arguments], env=self.environment, start_new_session=True
        )
        deadline = time.monotonic() + 60
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError("the server does not start")
            time.sleep(0.05)

    def kill(self) -> None:
        """SIGKILL to everything that it has started: no time to tidy up."""
        assert self.process is not None
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()

    def stop(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.kill()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@contextmanager
def stage(
    folder: Path, candidates: int, database_url: str | None = None
) -> Iterator[tuple[Runtime, Server, UUID, Any]]:
    """Own data in a folder, a sitting that has begun, and a server over it: (runtime, server, sitting, tickets)."""
    url = driver_url(database_url) if database_url else f"sqlite:///{folder / 'rehearsal.db'}"
    runtime = Runtime(Settings(url, "a secret of the rehearsal", folder, "http://localhost", demonstration=True))
    rooms.load_models()
    migrate.upgrade(runtime)
    sitting_id, tickets = prepare(runtime, candidates)
    environment = {
        **os.environ,
        "CERTENGINE_DATA": str(folder),
        "CERTENGINE_DATABASE_URL": url,
        "CERTENGINE_SECRET_KEY": runtime.settings.secret_key,
        "CERTENGINE_BASE_URL": runtime.settings.base_url,
        "CERTENGINE_DEMONSTRATION": "1",
    }
    server = Server(environment, free_port())
    server.start()
    try:
        yield runtime, server, sitting_id, tickets
    finally:
        server.stop()
        runtime.engine.dispose()


def rehearse(
    folder: Path, candidates: int, seconds: float, kills: int, database_url: str | None = None
) -> dict[str, Any]:
    """The figures of house.md; acknowledged and stored count final answers (attempt, item)."""
    with stage(folder, candidates, database_url) as (runtime, server, sitting_id, tickets):
        started = time.perf_counter()
        signed_in = sign_in_all(HOST, server.port, sitting_id, tickets)
        start_s = time.perf_counter() - started
        moments = [seconds * (number + 1) / (kills + 1) for number in range(kills)]

        def tick(gone: float) -> None:
            if moments and gone >= moments[0]:
                moments.pop(0)
                server.kill()
                server.start()

        load = answer_for(HOST, server.port, signed_in, seconds, tick=tick)
        server.kill()
        lost = lost_answers(lambda attempt: _stored(runtime, attempt), signed_in)
        acknowledged = sum(len(each.acknowledged) for each in signed_in)
        stored = sum(len(_stored(runtime, each.attempt)) for each in signed_in)
    return {
        "candidates": candidates,
        "start_s": round(start_s, 2),
        "saves_per_s": round(load.saves / load.seconds, 1),
        "p50_ms": round(load.percentile(0.5), 2),
        "p99_ms": round(load.percentile(0.99), 2),
        "acknowledged": acknowledged,
        "stored": stored,
        "lost": lost,
    }


def _stored(runtime: Runtime, attempt: str) -> dict[str, tuple[int, Any]]:
    with runtime.unit_of_work(read_only=True) as session:
        saved = delivery.saved_state(session, UUID(attempt))
    return {item: (sequence, content.get("a")) for item, (sequence, content) in saved.items()}


def bench_answers(candidates: int = 100, seconds: float = 4, rounds: int = 3) -> dict[str, Any]:
    """Answers acknowledged as durable over HTTP by signed-in candidates, beside bare durable commits of one row."""
    ours, limit, latencies = [], [], []
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with stage(folder, candidates) as (_runtime, server, sitting_id, tickets):
            signed_in = sign_in_all(HOST, server.port, sitting_id, tickets)
            for _round in range(rounds):
                load = answer_for(HOST, server.port, signed_in, seconds)
                ours.append(load.saves / load.seconds)
                latencies.append((load.percentile(0.5), load.percentile(0.99)))
                limit.append(_bare_commits(folder / "bare.db", seconds / 2))
    return {
        "name": "answers",
        "unit": "answers/s",
        "ours": median(ours),
        "limit": median(limit),
        "ratio": median(ours) / median(limit),
        "conditions": {
            "ours": "one answer a request over 64 kept connections, cookie and CSRF token checked, SQLite, one worker",
            "limit": "one row a transaction from one connection, SQLite, WAL, synchronous=FULL, no HTTP",
            "candidates": candidates,
            "p50 ms": round(median(each[0] for each in latencies), 1),
            "p99 ms": round(median(each[1] for each in latencies), 1),
            "processors": os.cpu_count(),
        },
    }


def _bare_commits(path: Path, seconds: float) -> float:
    connection = sqlite3.connect(path, isolation_level=None)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")
    connection.execute("CREATE TABLE IF NOT EXISTS bare (number INTEGER PRIMARY KEY, attempt TEXT, content TEXT)")
    count, started = 0, time.perf_counter()
    while time.perf_counter() - started < seconds:
        connection.execute("BEGIN IMMEDIATE")
        connection.execute("INSERT INTO bare (attempt, content) VALUES (?, ?)", ("0" * 32, '{"a":"b","f":false}'))
        connection.execute("COMMIT")
        count += 1
    rate = count / (time.perf_counter() - started)
    connection.close()
    return rate


def bench_starts(candidates: int = 200) -> dict[str, Any]:
    """Candidates from the front door to the open screen, each over eight requests, beside bare pages."""
    with (
        tempfile.TemporaryDirectory() as name,
        stage(Path(name), candidates) as (_runtime, server, sitting_id, tickets),
    ):
        started = time.perf_counter()
        sign_in_all(HOST, server.port, sitting_id, tickets)
        ours = candidates / (time.perf_counter() - started)
        started = time.perf_counter()
        with ThreadPoolExecutor(16) as pool:
            list(pool.map(lambda _number: _bare_pages(server.port), range(candidates)))
        limit = candidates / (time.perf_counter() - started)
    return {
        "name": "starts",
        "unit": "candidates/s",
        "ours": ours,
        "limit": limit,
        "ratio": ours / limit,
        "conditions": {
            "ours": "front door, sign-in, identity, start, whole paper, screen opened: eight requests, one worker",
            "limit": "eight requests to /healthz from the same clients",
            "candidates": candidates,
            "processors": os.cpu_count(),
        },
    }


def _bare_pages(port: int) -> None:
    browser = Browser(HOST, port)
    for _number in range(8):
        browser.get("/healthz")
    browser.close()


@click.command("rehearse")
@click.option("--candidates", type=click.IntRange(1), default=100, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=10, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=1, show_default=True, help="How often the server is killed.")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(candidates: int, seconds: float, kills: int, as_json: bool) -> None:
    """Rehearses a sitting on data of its own; exit code 1 when an acknowledged answer is lost."""
    with tempfile.TemporaryDirectory() as folder:
        figures = rehearse(Path(folder), candidates, seconds, kills)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        for name, value in figures.items():
            click.echo(f"{name:<14} {value}")
    if figures["lost"]:
        raise SystemExit(1)
