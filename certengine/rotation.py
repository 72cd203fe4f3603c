"""certengine keys rotate: another master secret for everything that the present one encrypts or indexes.

The service is stopped meanwhile. Each batch is a transaction of its own and what opens with the new secret is left
alone, so a run that was cut off is simply started again.
"""

import base64
import json
import os
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import click
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from sqlalchemy import JSON, LargeBinary, String, Text, Uuid, column, delete, func, select, table, update
from sqlalchemy.orm import Session

from certengine.foundation import migrate, sealing
from certengine.foundation.errors import Conflict, Invalid, Problem, register_messages
from certengine.foundation.keys import FieldCipher, derive, key_file_password
from certengine.foundation.runtime import Runtime, current
from certengine.people.models import RecoveryCode
from certengine.web.models import Throttle

NEW_SECRET = "CERTENGINE_NEW_SECRET_KEY"
KEPT, COMING = "secret_key", "secret_key.new"
# There while a rotation is not over: which secret it goes to.
MARKER = "rotation_not_finished"
BATCH = 500
# Tables that carry a person's document index as their own.
CARRYING = ("certificate", "certificate_share")
LEAST = 32

register_messages(
    {
        "rotation.short": "the new secret needs at least %(least)s characters",
        "rotation.same": "the new secret is the present one",
        "rotation.other": "a rotation to another secret was cut off; go on with that one",
        "rotation.closed": "%(table)s %(id)s opens neither with the present secret nor with the new one",
        "rotation.key_closed": "%(path)s opens neither with the present secret nor with the new one",
        "rotation.pending": "migrations are pending; run: certengine db upgrade",
    }
)


@dataclass(frozen=True)
class Column:
    """A column of encrypted values; indexes: what else changes with a value, given its plain text and both ciphers."""

    table: str
    name: str
    shape: Callable[[Any], bytes | None]
    sealed: Callable[[bytes], Any]
    type: Any
    indexes: Callable[[Session, Any, str, FieldCipher, FieldCipher], None] | None = None


def _person_index(session: Session, id: Any, plain: str, old: FieldCipher, new: FieldCipher) -> None:
    """Certificates and what is shown of them carry the index of their holder's document: all go on at once."""
    if not plain:
        # Erased: its index leads back to no document and stays what it is.
        return
    person = table(
        "person", column("id", Uuid()), column("document_type", String()), column("document_index", String())
    )
    kind = session.scalar(select(person.c.document_type).where(person.c.id == id))
    before, after = (cipher.blind_index(f"{kind}:{plain}") for cipher in (old, new))
    session.execute(update(person).where(person.c.id == id).values(document_index=after))
    for name in CARRYING:
        carrying = table(name, column("document_index", String()))
        session.execute(update(carrying).where(carrying.c.document_index == before).values(document_index=after))


def _application_index(session: Session, id: Any, plain: str, old: FieldCipher, new: FieldCipher) -> None:
    known = json.loads(plain)
    rows = table("exam_application", column("id", Uuid()), column("document_index", String()))
    after = new.blind_index(f"{known['type']}:{known['number']}")
    session.execute(update(rows).where(rows.c.id == id).values(document_index=after))


def _in_json(value: Any) -> bytes | None:
    sealed = value.get(sealing.SEALED) if isinstance(value, dict) and set(value) == {sealing.SEALED} else None
    return base64.b64decode(sealed) if sealed else None


def _in_text(value: Any) -> bytes | None:
    is_sealed = isinstance(value, str) and value.startswith(sealing.PREFIX)
    return base64.b64decode(value[len(sealing.PREFIX) :]) if is_sealed else None


def _to_json(sealed: bytes) -> Any:
    return {sealing.SEALED: base64.b64encode(sealed).decode()}


def _to_text(sealed: bytes) -> Any:
    return sealing.PREFIX + base64.b64encode(sealed).decode()


BYTES: tuple[Any, Any, Any] = (lambda value: bytes(value) if value else None, lambda sealed: sealed, LargeBinary())
JSONS: tuple[Any, Any, Any] = (_in_json, _to_json, JSON())
TEXTS: tuple[Any, Any, Any] = (_in_text, _to_text, Text())
COLUMNS = (
    Column("person", "document_sealed", *BYTES, _person_index),
    Column("exam_application", "sealed", *BYTES, _application_index),
    Column("account", "password_hash", *TEXTS),
    Column("account_factor", "secret_sealed", *BYTES),
    Column("paper_draw", "seed_sealed", *BYTES),
    Column("objection", "sealed", *BYTES),
    Column("complaint", "sealed", *BYTES),
    Column("certificate_share", "token_sealed", *BYTES),
    Column("web_hook", "secret_sealed", *BYTES),
    Column("bank_item", "text", *TEXTS),
    Column("bank_item_version", "content", *JSONS),
    Column("bank_item_comment", "text", *TEXTS),
)
# Whose key is another than `id`.
KEYS = {"account_factor": "account_id"}


def rotate(runtime: Runtime, new_secret: str) -> Iterator[str]:
    """Says what was done, column by column. Raises Conflict for a value that neither secret opens."""
    old, new = runtime.cipher, FieldCipher(new_secret)
    for each in COLUMNS:
        done = _column(runtime, each, old, new)
        yield f"{each.table}.{each.name}: {done} values"
    with runtime.unit_of_work() as session:
        # Kept as keyed hashes, from which nothing can be made anew.
        codes = session.scalar(select(func.count()).select_from(RecoveryCode)) or 0
        session.execute(delete(RecoveryCode))
        session.execute(delete(Throttle))
    yield f"recovery codes: {codes} are void; their holders make new ones under My account"
    files = sum(_key_file(path, runtime.settings.secret_key, new_secret) for path in _key_files(runtime))
    yield f"key files: {files}"


def _column(runtime: Runtime, each: Column, old: FieldCipher, new: FieldCipher) -> int:
    rows = table(each.table, column(KEYS.get(each.table, "id"), Uuid()), column(each.name, each.type))
    key, value = rows.c[KEYS.get(each.table, "id")], rows.c[each.name]
    after, done = None, 0
    while True:
        with runtime.unit_of_work() as session:
            query = select(key, value).order_by(key).limit(BATCH)
            batch = session.execute(query.where(key > after) if after is not None else query).all()
            for id, stored in batch:
                sealed = each.shape(stored)
                plain = _opened(sealed, old, new, each.table, id) if sealed is not None else None
                if plain is not None:
                    session.execute(update(rows).where(key == id).values({each.name: each.sealed(new.encrypt(plain))}))
                    if each.indexes is not None:
                        each.indexes(session, id, plain, old, new)
                    done += 1
        if len(batch) < BATCH:
            return done
        after = batch[-1][0]


def _opened(sealed: bytes, old: FieldCipher, new: FieldCipher, name: str, id: Any) -> str | None:
    """The plain text; None where it is under the new secret already."""
    try:
        return old.decrypt(sealed)
    except InvalidTag:
        pass
    try:
        new.decrypt(sealed)
        return None
    except InvalidTag:
        raise Conflict("rotation.closed", table=name, id=id) from None


def _key_files(runtime: Runtime) -> list[Path]:
    return sorted((runtime.settings.data / "keys").glob("*.pem"))


def _key_file(path: Path, old: str, new: str) -> int:
    pem = path.read_bytes()
    try:
        key = serialization.load_pem_private_key(pem, key_file_password(old))
    except ValueError:
        try:
            serialization.load_pem_private_key(pem, key_file_password(new))
            return 0
        except ValueError:
            raise Conflict("rotation.key_closed", path=str(path)) from None
    changed = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.BestAvailableEncryption(key_file_password(new)),
    )
    _write(path, changed)
    return 1


def _write(path: Path, content: bytes) -> None:
    """Wholly or not at all, readable by its owner alone."""
    draft = path.with_name(f".{path.name}.draft")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)


def coming_secret(data: Path, present: str, given: str | None) -> str:
    """The secret to go to: the given one, or one that is made once and kept until the rotation is over.

    Raises Invalid for a short one or the present one, Conflict where a rotation to another was cut off.
    """
    coming = data / COMING
    if given is None and not coming.exists():
        _write(coming, secrets.token_urlsafe(48).encode())
    found = given if given is not None else coming.read_text()
    if len(found) < LEAST:
        raise Invalid([Problem(NEW_SECRET, "rotation.short", {"least": LEAST})])
    if found == present:
        raise Invalid([Problem(NEW_SECRET, "rotation.same")])
    marker, mark = data / MARKER, derive(found, "rotation").hex()
    if marker.exists() and marker.read_text() != mark:
        raise Conflict("rotation.other")
    _write(marker, mark.encode())
    return found


@click.group("keys")
def command() -> None:
    """The installation's master secret."""


@command.command("rotate")
@click.option(
    "--yes", is_flag=True, help="The service is stopped on every machine, and a backup with its keys was made."
)
def rotate_command(yes: bool) -> None:
    """Encrypts everything anew under another secret: CERTENGINE_NEW_SECRET_KEY, or a fresh one kept in the data folder."""
    runtime = current()
    if not migrate.is_current(runtime):
        raise Conflict("rotation.pending")
    if not yes:
        click.confirm("Is the service stopped on every machine, and was a backup made with its keys?", abort=True)
    data = runtime.settings.data
    given, is_kept = os.environ.get(NEW_SECRET), (data / KEPT).exists()
    secret = coming_secret(data, runtime.settings.secret_key, given)
    for line in rotate(runtime, secret):
        click.echo(line)
    if is_kept and "CERTENGINE_SECRET_KEY" not in os.environ:
        _write(data / KEPT, secret.encode())
        (data / COMING).unlink(missing_ok=True)
        told = f"{data / KEPT} holds the new secret"
    else:
        told = f"now set CERTENGINE_SECRET_KEY to {'the new secret' if given else f'what {data / COMING} holds'}"
    (data / MARKER).unlink()
    click.echo(f"done: {told}, start the service, and make a backup with its keys")
