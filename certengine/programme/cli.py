"""certengine programme: what is done once a day. `certengine serve` does it by itself."""

import click

from certengine.foundation.runtime import current


@click.group("programme")
def command() -> None:
    """Seminars and bases."""


@command.command()
def remind() -> None:
    """Reminds whoever has not reported: bases of their yearly report, hosts of a seminar's summary.

    Each is told once 30, 14, 3 and 0 days (seminars: 3 working days) before it is due and once it is late, and then its
    department.
    """
    from certengine import rooms
    from certengine.programme import reminders

    rooms.load_models()
    done = reminders.remind_due(current())
    click.echo(
        f"reminded: bases {done.bases}, about seminars {done.seminars}, departments of late bases {done.departments}"
    )
