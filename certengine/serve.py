"""certengine serve: web workers, and beside them one process for the sequencer, the clock and the jobs."""

import multiprocessing
import os
from multiprocessing.context import SpawnProcess
from typing import Any

import click
from a2wsgi import WSGIMiddleware
from granian import Granian
from granian.constants import Interfaces

from certengine.certificates.lookup import LookUps
from certengine.delivery.door import Door
from certengine.foundation import logs
from certengine.foundation.runtime import current
from certengine.web.turns import Turns
from certengine.work import keep_going, ready

# Pages wait for the database and not for one another.
THREADS = 16
# What takes a processor for long: others of its kind wait in front, and all other pages go on.
TURNS = {"/sign-in": 2}
# Seconds.
GRACE = 10


def application() -> Any:
    """What a web worker runs: the doors for look-ups and for answers and starts, and the application behind on threads."""
    from certengine.app import create_app

    logs.set_up()
    app = create_app()
    behind = Turns(WSGIMiddleware(app, workers=THREADS), TURNS)
    return LookUps(app, Door(app, behind, current()), current())


@click.command("serve")
@click.option("--host", default="0.0.0.0", show_default=True)  # nosec B104: the proxy's host may be another; deploy/ binds to 127.0.0.1
@click.option("--port", type=int, default=lambda: int(os.environ.get("CERTENGINE_PORT", "8000")), help="Default 8000.")
@click.option("--workers", type=click.IntRange(1), default=1, show_default=True, help="Web processes.")
@click.option("--quiet", is_flag=True, help="Says nothing but errors.")
def command(host: str, port: int, workers: int, quiet: bool) -> None:
    """Serves the application; keeps the ledger, the exam clock and the jobs going, unless CERTENGINE_WORK=elsewhere."""
    runtime = ready()
    beside = _beside() if not runtime.settings.work_elsewhere else None
    if not quiet:
        click.echo(f"certengine serves {runtime.settings.base_url} (listening on {host}:{port})")
    try:
        Granian(
            "certengine.serve:application",
            factory=True,
            address=host,
            port=port,
            interface=Interfaces.ASGINL,
            workers=workers,
            websockets=False,
            backlog=4096,
            log_enabled=not quiet,
            respawn_failed_workers=True,
            # A worker that hangs on its way out must not keep the service from ending.
            workers_kill_timeout=GRACE,
        ).serve()
    finally:
        if beside is not None:
            beside.terminate()
            beside.join(10)
            beside.kill()


def _beside() -> SpawnProcess:
    beside = multiprocessing.get_context("spawn").Process(target=keep_going, name="certengine-beside")
    beside.start()
    return beside
