"""certengine db: the schema."""

import click

from certengine.foundation import migrate
from certengine.foundation.runtime import current


@click.group("db")
def command() -> None:
    """The database's schema."""


@command.command()
@click.argument("revision", default="head")
def upgrade(revision: str) -> None:
    """Brings the schema up to date; a second run changes nothing."""
    migrate.upgrade(current(), revision)
    click.echo("database: up to date")


@command.command()
@click.argument("revision")
def downgrade(revision: str) -> None:
    """Takes the schema back to a revision."""
    migrate.downgrade(current(), revision)
