"""What a restored installation is checked for, before it is let into its place."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import serialization
from sqlalchemy import String, Table, func, select
from sqlalchemy.orm import Session

from certengine.backup.archive import Manifest
from certengine.backup.keys import Keys
from certengine.bank.models import BankPicture
from certengine.certificates import authority, verify
from certengine.certificates.models import Certificate
from certengine.foundation.database import Base
from certengine.foundation.errors import describe
from certengine.foundation.files import FileStore
from certengine.foundation.jobs import Job
from certengine.foundation.keys import FieldCipher, key_file_password
from certengine.ledger import archive, handover, notes, rules
from certengine.ledger.models import LedgerEntry, LedgerHead
from certengine.ledger.service import NodeReader
from certengine.people.models import Person

SAMPLE = 24
# Columns that hold the name of a file of the store are called so, in whatever table.
FILE_COLUMNS = ("photo", "pdf", "sealed", "file", "background", "seal")
# Of these tables the digest is the name of a file; of others it is the hash of something else.
FILES_BY_DIGEST = frozenset(
    [
        "class_material",
        "course",
        "eligibility_proof",
        "handed_file",
        "programme_application_document",
        "seminar_account_line",
        "seminar_material",
        "task_material",
    ]
)
BROUGHT_IN, HANDED_OVER = LedgerEntry.private["file"].as_string(), Job.payload["sha256"].as_string()


def named_files() -> Iterator[tuple[str, Any]]:
    """What names a file of the store: the words for it, and the query for owners and names."""
    for table in Base.metadata.sorted_tables:
        owner = next(iter(table.primary_key.columns))
        for column in table.columns:
            if column.name in FILE_COLUMNS and isinstance(column.type, String):
                yield f"the {column.name} of {table.name} {{id}}", select(owner, column).where(column != "")
        if table.name in FILES_BY_DIGEST:
            yield f"the file of {table.name} {{id}}", _by_digest(table, owner)
    yield "the picture {id} of the bank", select(BankPicture.name, BankPicture.name)
    yield "the list that ledger act {id} brought in", select(LedgerEntry.id, BROUGHT_IN).where(BROUGHT_IN.is_not(None))
    yield "the file of job {id}", select(Job.id, HANDED_OVER).where(HANDED_OVER.is_not(None))


def _by_digest(table: Table, owner: Any) -> Any:
    query = select(owner, table.c.digest).where(table.c.digest.is_not(None), table.c.digest != "")
    # What was not sent to its end is kept nowhere yet.
    return query.where(table.c.completed_at.is_not(None)) if "completed_at" in table.c else query


@dataclass(frozen=True)
class Found:
    """One thing that is not as it should be, or (is_fault False) what was checked and found sound."""

    is_fault: bool
    text: str


def check(
    session: Session, files: FileStore, manifest: Manifest, counts: dict[str, int], held: Keys | None = None
) -> Iterator[Found]:
    """counts: the rows that each table holds now; held: the keys that are restored with it."""
    yield from _counts(manifest, counts)
    yield from _ledger(session, manifest)
    yield from _certificates(session, files)
    yield from _files(session, files)
    if held is not None:
        yield from _keys(session, manifest, held)


def _counts(manifest: Manifest, counts: dict[str, int]) -> Iterator[Found]:
    differing = sorted(
        name for name in manifest.tables.keys() | counts if manifest.tables.get(name) != counts.get(name)
    )
    for name in differing:
        yield Found(True, f"table {name}: {counts.get(name)} rows, the manifest says {manifest.tables.get(name)}")
    if not differing:
        yield Found(False, f"{sum(counts.values())} rows of {len(counts)} tables, as in the manifest")


def _ledger(session: Session, manifest: Manifest) -> Iterator[Found]:
    head = session.scalar(select(LedgerHead))
    for entry_id in _changed_pending(session):
        yield Found(True, f"ledger: the pending entry {entry_id} is not what was hashed")
    if head is None or head.note is None:
        numbered = session.scalar(select(func.count()).select_from(LedgerEntry).where(LedgerEntry.index.is_not(None)))
        yield Found(bool(numbered), "ledger: no checkpoint yet")
        return
    verdict = archive.verify(_export(session, head.note, str(manifest.ledger.get("key"))))
    for fault in verdict.faults[:20]:
        where = "" if fault.entry is None else f"entry {fault.entry}: "
        yield Found(True, f"ledger: {where}{describe(fault.code, {})}")
    if not verdict.consistent:
        return
    if rules.tree_root(head.size, NodeReader(session)) != verdict.root:
        yield Found(True, "ledger: the kept tree has another root than its checkpoint")
        return
    yield Found(False, f"ledger: {verdict.size} entries, root {verdict.root.hex()}, as in its signed checkpoint")


def _changed_pending(session: Session) -> Iterator[Any]:
    query = select(LedgerEntry.id, LedgerEntry.leaf, LedgerEntry.leaf_hash).where(LedgerEntry.index.is_(None))
    for entry_id, leaf, leaf_hash in session.execute(query):
        if rules.leaf_hash(leaf) != leaf_hash:
            yield entry_id


def _export(session: Session, note: str, key: str) -> Iterator[bytes]:
    """The whole log as an export with its private parts, so that these are checked too."""
    columns = (LedgerEntry.leaf, LedgerEntry.actor, LedgerEntry.subject, LedgerEntry.private, LedgerEntry.salt)
    query = select(*columns).where(LedgerEntry.index.is_not(None)).order_by(LedgerEntry.index)
    rows = session.execute(query.execution_options(yield_per=2000))
    entries = (
        (row.leaf, {"actor": row.actor, "private": row.private, "salt": row.salt.hex(), "subject": row.subject})
        for row in rows
    )
    return (line + b"\n" for line in archive.lines_of(entries, note, key))


def _certificates(session: Session, files: FileStore) -> Iterator[Found]:
    """A sample spread evenly from the first to the last."""
    total = session.scalar(select(func.count()).select_from(Certificate)) or 0
    roots = authority.roots(session)
    faults = 0
    places = sorted({place * (total - 1) // max(1, SAMPLE - 1) for place in range(SAMPLE)}) if total else []
    for place in places:
        query = select(Certificate.number, Certificate.pdf).order_by(Certificate.issued_at, Certificate.id)
        number, pdf = session.execute(query.offset(place).limit(1)).one()
        try:
            verdict = verify.verify(files.get(pdf), roots)
            problem = "" if verdict.valid else describe(verdict.problems[0], {})
        except (FileNotFoundError, verify.Unreadable):
            problem = "its PDF is missing or cannot be read"
        if problem:
            faults += 1
            yield Found(True, f"certificate {number}: {problem}")
    if not faults:
        yield Found(False, f"{len(places)} of {total} certificates verify")


def _files(session: Session, files: FileStore) -> Iterator[Found]:
    checked = faults = 0
    for what, query in named_files():
        for owner, name in session.execute(query.execution_options(yield_per=2000)):
            checked += 1
            if not _is_whole(files, name):
                faults += 1
                if faults <= 20:
                    yield Found(True, f"{what.format(id=owner)} is missing or not what it was ({name})")
    if not faults:
        yield Found(False, f"{checked} files that tables name are there, each with its hash")


def _is_whole(files: FileStore, name: str) -> bool:
    try:
        return files.is_whole(name.partition(".")[0])
    except ValueError:
        return False


def _keys(session: Session, manifest: Manifest, held: Keys) -> Iterator[Found]:
    """Whether the keys belong to the database: they open its fields and signed its ledger."""
    sealed = session.scalar(select(Person.document_sealed).order_by(Person.id).limit(1))
    try:
        if sealed is not None:
            FieldCipher(held.secret).decrypt(sealed)
        opened = True
    except InvalidTag:
        opened = False
    signed = True
    if manifest.ledger.get("key"):
        public = _public_key(session, held)
        signed = public is not None and public == notes.parse_verifier(str(manifest.ledger["key"])).key
    if not opened:
        yield Found(True, "keys: the secret does not open the encrypted fields")
    if not signed:
        yield Found(True, "keys: the ledger's key is missing or another one")
    if opened and signed:
        yield Found(False, f"{len(held.files)} keys: they open the encrypted fields and signed the ledger")


def _public_key(session: Session, held: Keys) -> bytes | None:
    pem = held.files.get(f"{handover.name(session)}.pem")
    if pem is None:
        return None
    try:
        key = serialization.load_pem_private_key(pem, key_file_password(held.secret))
    except ValueError:
        return None
    return key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)


def notes_key_is_right(note: str, key: notes.Verifier) -> bool:
    """Whether the key signed the checkpoint."""
    try:
        notes.open_checkpoint(note, key)
    except notes.BadNote:
        return False
    return True
