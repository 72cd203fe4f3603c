"""certengine serve: web workers, and beside them one process for the sequencer, the clock and the jobs."""

import logging
import multiprocessing
import os
import signal
import threading
from datetime import timedelta
from typing import Any

import click
from a2wsgi import WSGIMiddleware
from granian import Granian
from granian.constants import Interfaces

from certengine import rooms
from certengine.certificates.hooks import deliver_due
from certengine.certificates.lookup import LookUps
from certengine.certificates.sealing import seal_all
from certengine.delivery.door import Door
from certengine.delivery.service import close_expired
from certengine.foundation import logs, migrate
from certengine.foundation.jobs import prepare_queue, resume_jobs
from certengine.foundation.runtime import Runtime, current
from certengine.ledger.service import run_sequencer
from certengine.programme.reminders import remind_due
from certengine.web.turns import Turns

log = logging.getLogger(__name__)
# Pages wait for the database and not for one another.
THREADS = 16
# What takes a processor for long: others of its kind wait in front, and all other pages go on.
TURNS = {"/sign-in": 2}
PAUSE = timedelta(seconds=2)
HOUR = timedelta(hours=1)
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
    """Serves the application, and keeps the ledger, the exam clock and the jobs going."""
    runtime = current()
    if not migrate.is_current(runtime):
        raise click.ClickException("the database is not up to date; run: certengine db upgrade")
    # Made before any process needs them, so that all agree on them.
    runtime.keys.ed25519("ledger")
    runtime.engine.dispose()
    beside = multiprocessing.get_context("spawn").Process(target=keep_going, name="certengine-beside")
    beside.start()
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
        beside.terminate()
        beside.join(10)
        beside.kill()


def keep_going(runtime: Runtime | None = None) -> None:
    """The process beside the web workers; ends when it is told to, or when its parent is gone."""
    logs.set_up()
    runtime = runtime or current()
    rooms.load_models()
    rooms.load_jobs()
    stop = threading.Event()
    consumer = prepare_queue().create_consumer(workers=1, check_worker_health=False)
    consumer.start()
    # After the consumer's start, which sets handlers of its own.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    loops = [
        threading.Thread(target=_again, args=(stop, lambda: run_sequencer(runtime, stop)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: close_expired(runtime)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: resume_jobs(runtime)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: seal_all(runtime)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: deliver_due(runtime)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: remind_due(runtime), HOUR), daemon=True),
    ]
    for loop in loops:
        loop.start()
    parent = os.getppid()
    while not stop.wait(1) and os.getppid() == parent:
        pass
    stop.set()
    # What runs is cut off where it stands: the sequencer and every job begin again from what is committed, and the
    # queue's threads would keep the process for as long as they wait.
    os._exit(0)


def _again(stop: threading.Event, act: Any, pause: timedelta = PAUSE) -> None:
    """Does it every few seconds, or as seldom as it says; an error (a database that is away for a while) is told and tried again."""
    while not stop.is_set():
        try:
            act()
        except Exception:
            log.exception("a loop beside the web workers is tried again")
        stop.wait(pause.total_seconds())
