"""certengine files: from the data folder into an object storage."""

import click

from certengine.foundation.runtime import current


@click.group("files")
def command() -> None:
    """Kept files: photographs, certificates, pictures, what was uploaded."""


@command.command()
def upload() -> None:
    """Brings the files of the data folder into the storage of CERTENGINE_FILES; a second run goes on where one ended."""
    from certengine.foundation.object_storage import ObjectStore

    store = current().files
    if not isinstance(store, ObjectStore):
        raise click.ClickException("CERTENGINE_FILES names no object storage (s3://bucket/prefix)")
    sent = [store.upload(digest) for digest in store.local_digests()]
    click.echo(f"{sum(sent)} files uploaded, {len(sent) - sum(sent)} were there")
