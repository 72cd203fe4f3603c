"""certengine backup: one moment of database and files in one archive, while the service goes on."""

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterator
from importlib.metadata import version
from pathlib import Path

import click

from certengine.backup import archive, keys, snapshots
from certengine.backup.archive import Manifest
from certengine.backup.snapshots import Snapshot
from certengine.foundation.errors import Conflict, Invalid, Problem, register_messages
from certengine.foundation.runtime import Runtime, current
from certengine.ledger import service as ledger

# Kept in the data folder: when the last backup was made, and that a restore is not over.
LAST = "last_backup.json"
UNFINISHED = "restore_not_finished"
NOT_COPIED = re.compile(r".*\.(?:pem|key|part|tar\.gz|tar\.zst)|queue\.db.*|secret_key|last_backup\.json|\..*")
STORED = re.compile(r"[0-9a-f]{64}")

register_messages(
    {
        "backup.no_schema": "the database has no schema of certengine; is CERTENGINE_DATABASE_URL right?",
        "backup.database_damaged": "the database is damaged (%(said)s); restore the last good backup",
        "backup.name": "the name must end in .tar.zst or .tar.gz",
        "backup.there": "%(path)s is there already; a backup is never written over another",
        "backup.short_passphrase": "the passphrase needs at least %(least)s characters",
    }
)


def data_files(runtime: Runtime) -> Iterator[tuple[str, Path]]:
    """Files of the data folder by their names in the archive: all but database, queue, keys and unfinished drafts."""
    data = runtime.settings.data
    database = Path(runtime.engine.url.database or "").resolve() if runtime.settings.is_sqlite else None
    for folder, folders, names in os.walk(data):
        here = Path(folder)
        folders[:] = sorted(
            each for each in folders if not NOT_COPIED.fullmatch(each) and (here / each) != data / "keys"
        )
        for name in sorted(names):
            path = here / name
            is_database = database is not None and str(path.resolve()).startswith(str(database))
            is_draft = here.is_relative_to(data / "files") and not STORED.fullmatch(name)
            if path.is_symlink() or is_database or is_draft or NOT_COPIED.fullmatch(name):
                continue
            yield f"data/{path.relative_to(data)}", path


def make(runtime: Runtime, out: Path) -> Manifest:
    """Writes the archive. Raises Conflict where there is no sound database, or a file at its place."""
    if out.exists():
        raise Conflict("backup.there", path=str(out))
    with tempfile.TemporaryDirectory(dir=out.resolve().parent, prefix=".certengine-backup-") as folder:
        # First the database: a file is durable before a row names it, and none is ever changed or removed.
        taken = snapshots.take(runtime.engine, Path(folder))
        for digest in runtime.files.digests() if runtime.settings.files else ():
            # What another machine put into the object storage is brought into the folder first.
            runtime.files.path(digest)
        with archive.writing(out) as writer:
            for name, path in [*taken.files.items(), *data_files(runtime)]:
                writer.add(name, path)
            manifest = _manifest(runtime, taken, writer.parts)
            writer.finish(manifest)
    note = {"at": manifest.made_at, "name": out.name, "bytes": out.stat().st_size}
    (runtime.settings.data / LAST).write_text(json.dumps(note))
    return manifest


def _manifest(runtime: Runtime, taken: Snapshot, parts: dict[str, archive.Part]) -> Manifest:
    with runtime.unit_of_work(read_only=True) as session:
        # Of the log no more than its name and key: what it held at that moment stands in the database.
        signed = ledger.latest_checkpoint(session) is not None
        key = str(ledger.verifier(session, runtime)) if signed else ""
    return Manifest(
        made_at=runtime.clock.now().isoformat(),
        program=version("certengine"),
        database=taken.kind,
        revision=taken.revision,
        base_url=runtime.settings.base_url,
        tables=taken.tables,
        columns=taken.columns,
        sequences=taken.sequences,
        ledger={"key": key},
        parts=dict(parts),
    )


def passphrase(confirm: bool) -> str:
    """From CERTENGINE_BACKUP_PASSPHRASE, or asked for. Raises Invalid for a short one."""
    found = os.environ.get(keys.ENVIRONMENT)
    if found is None:
        found = str(click.prompt("Passphrase of the keys", hide_input=True, confirmation_prompt=confirm, err=True))
    if len(found) < keys.LEAST_PASSPHRASE:
        raise Invalid([Problem(keys.ENVIRONMENT, "backup.short_passphrase", {"least": keys.LEAST_PASSPHRASE})])
    return found


@click.command("backup")
@click.argument("out", type=click.Path(dir_okay=False, path_type=Path))
@click.option(
    "--keys",
    "keys_out",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Writes the keys, encrypted, to this second file; keep it elsewhere than the archive.",
)
def command(out: Path, keys_out: Path | None) -> None:
    """Writes database and files to OUT (.tar.zst or .tar.gz) while the service runs. Keys are not in it."""
    if archive.kind_of_name(out) is None:
        raise Invalid([Problem(str(out), "backup.name")])
    if keys_out is not None and keys_out.exists():
        raise Conflict("backup.there", path=str(keys_out))
    runtime = current()
    secret = passphrase(confirm=True) if keys_out else ""
    manifest = make(runtime, out)
    if keys_out:
        held = keys.of_installation(runtime.settings.secret_key, runtime.settings.data)
        keys.write(keys_out, keys.seal(held, secret))
        click.echo(f"{keys_out}: {len(held.files)} keys and the secret, encrypted")
    files = sum(name.startswith("data/") for name in manifest.parts)
    rows = sum(manifest.tables.values())
    click.echo(f"{out}: {rows} rows of {len(manifest.tables)} tables, {files} files, {out.stat().st_size} bytes")
    if not keys_out:
        click.echo("The keys are not in it; keep a copy of them too: certengine backup … --keys FILE", err=True)
    sys.exit(0)
