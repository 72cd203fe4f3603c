"""certengine ledger: key, export, verify, sequence. Verifying needs neither database nor operator."""

import sys
from pathlib import Path

import click

from certengine.foundation.errors import describe
from certengine.ledger import archive, problems

__all__ = ["problems"]


@click.group("ledger")
def command() -> None:
    """The public ledger: its key, its export, and the check of an export."""


@command.command("key")
def key_command() -> None:
    """Prints the verifier key, to be printed in the handbook and given to whoever checks."""
    from certengine.foundation.runtime import current
    from certengine.ledger import service

    with current().unit_of_work(read_only=True) as session:
        click.echo(service.verifier(session, current()))


@command.command("sequence")
def sequence_command() -> None:
    """Numbers and signs what is pending; `certengine serve` does so by itself."""
    from certengine.foundation.runtime import current
    from certengine.ledger import service

    added = 0
    while more := service.sequence(current()):
        added += more
    click.echo(f"{added} entries added")


@command.command("export")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--disclose", is_flag=True, help="With the private parts, for a supervisor's eyes alone.")
def export_command(out: Path, disclose: bool) -> None:
    """Writes the log up to its newest checkpoint to a file that anyone can verify."""
    from certengine.foundation.runtime import current
    from certengine.ledger import service

    runtime = current()
    while service.sequence(runtime):
        pass
    draft = out.with_name(out.name + ".part")
    with runtime.unit_of_work(read_only=True) as session, draft.open("wb") as file:
        file.writelines(line + b"\n" for line in service.export_lines(session, runtime, disclose))
        size = service.tree_size(session)
    draft.replace(out)
    click.echo(f"{out}: {size} entries")


@command.command("verify")
@click.argument("path", metavar="FILE", type=click.Path(path_type=Path))
@click.option("--key", help="The verifier key from the handbook; without it the key in the file is taken.")
def verify_command(path: Path, key: str | None) -> None:
    """Exit 0: consistent. 1: tampered with, and where. 2: unreadable."""
    try:
        with path.open("rb") as lines:
            verdict = archive.verify(lines, key)
    except OSError as error:
        click.echo(f"{path}: {error.strerror}", err=True)
        sys.exit(2)
    except archive.Unreadable:
        click.echo(f"{path}: {describe('ledger.export_unreadable', {})}", err=True)
        sys.exit(2)
    for fault in verdict.faults[:20]:
        entry = "" if fault.entry is None else f" ({describe('ledger.export_at', {'entry': fault.entry})})"
        click.echo(f"{path}:{fault.line}: {describe(fault.code, {})}{entry}")
    if not verdict.consistent:
        sys.exit(1)
    click.echo(f"{path}: {verdict.origin}, {verdict.size} entries, root {verdict.root.hex()}")
    click.echo(f"key: {verdict.key}" + ("" if key else f"  ({describe('ledger.export_key_untrusted', {})})"))
