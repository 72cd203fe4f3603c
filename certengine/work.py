"""certengine work: the ledger's sequencer, the exam clock and the jobs, without web pages."""

import logging
import os
import signal
import threading
from datetime import timedelta
from typing import Any

import click

from certengine import rooms
from certengine.certificates.hooks import deliver_due
from certengine.certificates.sealing import seal_all
from certengine.delivery.service import close_expired
from certengine.foundation import logs, migrate
from certengine.foundation.jobs import prepare_queue, resume_jobs
from certengine.foundation.runtime import Runtime, current
from certengine.ledger import service as ledger
from certengine.ledger.service import run_sequencer
from certengine.programme.reminders import remind_due

log = logging.getLogger(__name__)
PAUSE = timedelta(seconds=2)
HOUR = timedelta(hours=1)
# As often as a screen gives a sign of life.
BEAT = timedelta(seconds=15)


@click.command("work")
@click.option("--jobs", type=click.IntRange(1), default=1, show_default=True, help="Jobs done at once.")
def command(jobs: int) -> None:
    """Keeps the ledger, the exam clock and the jobs going, without web pages; any number, on any machine."""
    ready()
    click.echo(f"certengine works ({jobs} at once)")
    keep_going(jobs=jobs)


def ready() -> Runtime:
    """What must be so before any process begins. Raises ClickException for a database that is not up to date."""
    runtime = current()
    if not migrate.is_current(runtime):
        raise click.ClickException("the database is not up to date; run: certengine db upgrade")
    # Made before any process needs it, so that all agree on it.
    with runtime.unit_of_work(read_only=True) as session:
        ledger.verifier(session, runtime)
    runtime.engine.dispose()
    return runtime


def keep_going(runtime: Runtime | None = None, jobs: int = 1) -> None:
    """The process beside the web workers, or by itself; ends when it is told to, or when its parent is gone."""
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
        *(threading.Thread(target=_again, args=(stop, lambda: resume_jobs(runtime)), daemon=True) for _ in range(jobs)),
        threading.Thread(target=_again, args=(stop, lambda: seal_all(runtime)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: deliver_due(runtime)), daemon=True),
        threading.Thread(target=_again, args=(stop, lambda: remind_due(runtime), HOUR), daemon=True),
    ]
    if runtime.settings.demonstration:
        # Nobody else's processes have to read the whole demonstration when they start.
        from certengine.demo.pulse import Pulse

        beat = Pulse(runtime).beat
        loops.append(threading.Thread(target=_again, args=(stop, beat, BEAT), daemon=True))
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
