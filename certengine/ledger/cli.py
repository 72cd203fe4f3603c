"""certengine ledger: key, rekey, export, verify, sequence, witness. Verifying needs neither database nor operator."""

import os
import sys
import time
from pathlib import Path

import click
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from certengine.foundation.errors import describe
from certengine.ledger import archive, notes, problems, witness

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


@command.command("rekey")
@click.option("--stolen", is_flag=True, help="Somebody else may have the old key: nothing that it signs leads on.")
def rekey_command(stolen: bool) -> None:
    """Has another key sign the log from now on; prints its verifier key. The tree goes on as it is.

    Give the new key to the witnesses and whoever checks. Who trusts the old one is led on by the log's entry, unless that
    key was stolen: then by the handbook alone.
    """
    from certengine.foundation.runtime import current
    from certengine.ledger import rekeying

    click.echo(rekeying.replace_key(current(), "command line", stolen=stolen))


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


@command.command("witness")
@click.argument("address", metavar="URL")
@click.option("--key", "log_key", required=True, help="The log's verifier key, from the printed handbook.")
@click.option("--folder", required=True, type=click.Path(file_okay=False, path_type=Path), help="Key and memory.")
@click.option("--name", required=True, help="The witness's name, for instance witness.sdhrss.example.")
@click.option("--every", type=click.IntRange(1), help="Seconds between two looks; without it one look.")
@click.option("--give", is_flag=True, help="Hands the cosignature back to the log, which puts it into certificates.")
def witness_command(address: str, log_key: str, folder: Path, name: str, every: int | None, give: bool) -> None:
    """Watches a log for somebody else. Exit 0: it has only grown. 1: it shows another history. 2: not reachable."""
    try:
        log = notes.parse_verifier(log_key)
    except notes.BadNote as error:
        raise click.BadParameter(str(error), param_hint="--key") from None
    key = _witness_key(folder)
    click.echo(f"witness key: {notes.verifier_of(name, key, notes.COSIGNATURE_V1)}")
    while True:
        code = _look(address, log, folder, name, key, give)
        if every is None or code == 1:
            sys.exit(code)
        time.sleep(every)


def _look(address: str, log: notes.Verifier, folder: Path, name: str, key: Ed25519PrivateKey, give: bool) -> int:
    try:
        signed = witness.look(witness.over_http(address), log, witness.Memory(folder), name, key, int(time.time()))
    except witness.Forked as error:
        click.echo(f"BAD  {describe(error.code, error.values)}")
        return 1
    except witness.Unreachable as error:
        click.echo(f"     {address}: {error}", err=True)
        return 2
    click.echo(f"ok   {signed.origin}: {signed.size} entries, root {signed.root.hex()}")
    if give:
        try:
            witness.hand_back(address, (folder / "checkpoint").read_bytes())
        except witness.Unreachable as error:
            click.echo(f"     cosignature not taken: {error}", err=True)
    return 0


def _witness_key(folder: Path) -> Ed25519PrivateKey:
    """Made at first use, readable by its owner alone."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path = folder / "witness.key"
    if not path.exists():
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(Ed25519PrivateKey.generate().private_bytes_raw())
    return Ed25519PrivateKey.from_private_bytes(path.read_bytes())
