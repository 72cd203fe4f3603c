"""The command line. A package's commands are loaded only when named, so that checking a file needs no database."""

import sys
from importlib import import_module
from importlib.util import find_spec

import click

from certengine.foundation.errors import CertengineError, Invalid, describe

# command → module that holds its click command named `command`
COMMANDS = {
    "serve": "certengine.serve",
    "account": "certengine.people.cli",
    "db": "certengine.foundation.cli",
    "work": "certengine.work",
    "demo": "certengine.demo",
    "bench": "certengine.bench",
    "rehearse": "certengine.rehearse",
    "doctor": "certengine.doctor",
    "backup": "certengine.backup.making",
    "restore": "certengine.backup.restoring",
    "partition": "certengine.partitions",
    "keys": "certengine.rotation",
    "files": "certengine.foundation.files_cli",
    "bank": "certengine.bank.cli",
    "paper": "certengine.papers.cli",
    "ledger": "certengine.ledger.cli",
    "certificate": "certengine.certificates.cli",
    "oversight": "certengine.oversight.cli",
    "programme": "certengine.programme.cli",
}


class Commands(click.Group):
    def list_commands(self, context: click.Context) -> list[str]:
        return [name for name, path in COMMANDS.items() if _exists(path)]

    def get_command(self, context: click.Context, name: str) -> click.Command | None:
        path = COMMANDS.get(name)
        return import_module(path).command if path and _exists(path) else None


def _exists(path: str) -> bool:
    try:
        return find_spec(path) is not None
    except ModuleNotFoundError:
        return False


@click.group(cls=Commands)
@click.version_option(package_name="certengine")
def group() -> None:
    """certengine: exams and certificates that anyone can check."""


def main() -> None:
    """Runs a command; an error of the family becomes one line a problem and exit code 2, never a stack trace."""
    try:
        group(prog_name="certengine")
    except Invalid as error:
        for problem in error.problems:
            click.echo(f"{problem.place}: {describe(problem.code, problem.values)}", err=True)
        sys.exit(2)
    except CertengineError as error:
        click.echo(describe(error.code, error.values), err=True)
        sys.exit(2)


if __name__ == "__main__":
    main()
