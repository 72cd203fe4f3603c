"""certengine doctor: what is wrong with an installation and how to mend it."""

import shutil
import sys
from collections.abc import Iterator
from urllib.parse import urlsplit

import click
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from certengine.foundation import migrate
from certengine.foundation.runtime import Runtime, current

LEAST_FREE = 1 << 30


def findings(runtime: Runtime) -> Iterator[tuple[bool, str]]:
    """Pairs of (is well, what was found and what to do), most basic first."""
    try:
        with runtime.engine.execution_options(read_only=True).connect() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError as error:
        yield False, f"database: cannot be reached ({error.__class__.__name__}); check CERTENGINE_DATABASE_URL"
        return
    yield True, f"database: {runtime.engine.dialect.name} answers"
    if migrate.is_current(runtime):
        yield True, "schema: up to date"
    else:
        yield False, "schema: migrations are pending; run: certengine db upgrade"
    host = urlsplit(runtime.settings.base_url).hostname or ""
    if host in ("localhost", "127.0.0.1", "::1") and not runtime.settings.demonstration:
        yield False, f"address: {runtime.settings.base_url} is not public; set CERTENGINE_BASE_URL before issuing"
    else:
        yield True, f"address: {runtime.settings.base_url}"
    free = shutil.disk_usage(runtime.settings.data).free
    yield free >= LEAST_FREE, f"disk: {free >> 20} MB free under {runtime.settings.data}"
    secret = runtime.settings.data / "secret_key"
    if secret.exists() and secret.stat().st_mode & 0o077:
        yield False, f"secret: {secret} can be read by others; run: chmod 600 {secret}"


@click.command("doctor")
def command() -> None:
    """Says what is wrong with this installation and how to mend it; exit 1 when anything is."""
    runtime = current()
    runtime.settings.data.mkdir(parents=True, exist_ok=True)
    well = True
    for is_well, sentence in findings(runtime):
        click.echo(f"{'ok  ' if is_well else 'BAD '} {sentence}")
        well = well and is_well
    sys.exit(0 if well else 1)
