"""A release as a file, for whoever recomputes draws and marks after a sitting: JSON Lines that prove their own digest."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank.models import BankItem, ItemVersion, Release, ReleaseMember
from certengine.bank.rules import Family, Item, PracticalTask, entry_of, release_digest
from certengine.foundation.canonical import canonical_hash, canonical_json
from certengine.foundation.errors import Invalid, NotFound, Problem

FORMAT = "certengine-release/1"


@dataclass(frozen=True)
class ReleaseFile:
    field: str
    level: str
    digest: str
    items: tuple[Item, ...]


def write(session: Session, digest: str) -> Iterator[bytes]:
    """The lines of the release with this digest. Raises NotFound."""
    release = session.scalar(select(Release).where(Release.digest == digest).order_by(Release.at).limit(1))
    if release is None:
        raise NotFound("bank.no_release")
    head = {"field": release.field, "level": release.level, "edition": release.edition, "digest": digest}
    yield canonical_json({"format": FORMAT, **head}) + b"\n"
    yield from _contents(session, release.id)


def _contents(session: Session, release_id: UUID) -> Iterator[bytes]:
    rows = session.execute(
        select(BankItem.code, ItemVersion.number, ItemVersion.content)
        .join(ReleaseMember, ReleaseMember.version_id == ItemVersion.id)
        .join(BankItem, BankItem.id == ItemVersion.item_id)
        .where(ReleaseMember.release_id == release_id)
        .order_by(ReleaseMember.place)
    )
    for row in rows:
        yield canonical_json({"id": row.code, "version": row.number, "content": row.content}) + b"\n"


def read(lines: Iterable[bytes], name: str) -> ReleaseFile:
    """Raises Invalid where the file is none or its contents do not have its digest."""
    try:
        head, *rows = [json.loads(line) for line in lines]
        if head["format"] != FORMAT:
            raise ValueError
        hashes = [(row["id"], row["version"], canonical_hash(row["content"])) for row in rows]
        found = release_digest(head["field"], head["level"], head["edition"], hashes)
        entries = [entry_of(row["content"], row["version"]) for row in rows]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise Invalid([Problem(name, "bank.release_file")]) from None
    if found != head["digest"]:
        raise Invalid([Problem(name, "bank.release_file_digest")])
    items: list[Item] = []
    for entry in entries:
        if isinstance(entry, Family):
            items.extend(entry.variants)
        elif not isinstance(entry, PracticalTask):
            items.append(entry)
    return ReleaseFile(head["field"], head["level"], found, tuple(items))
