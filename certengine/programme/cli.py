"""certengine programme: what a timer does once a day."""

import click

from certengine.foundation.runtime import current


@click.group("programme")
def command() -> None:
    """Seminars and bases."""


@command.command()
def remind() -> None:
    """Reminds every base whose yearly report is missing: 30, 14, 3 and 0 days before it is due, and once it is late."""
    from certengine.programme import bases

    runtime = current()
    with runtime.unit_of_work() as session:
        count = bases.remind(session, actor="clock", now=runtime.clock.now())
    click.echo(f"{count} reminded")
