"""Banks, their items, versions and review, inside the caller's transaction."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.bank.folding import question_hash, stem_of
from certengine.bank.models import Bank, BankImport, BankItem, ItemStatus, ItemVersion, Release, VersionState
from certengine.bank.rendering import plain
from certengine.bank.rules import (
    Entry,
    Family,
    Item,
    Kind,
    PracticalTask,
    content_of,
    entry_of,
)
from certengine.bank.similar import nearest
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import NotFound
from certengine.foundation.ids import new_id
from certengine.ledger import service as ledger
from certengine.standards import service as standards
from certengine.standards.rules import Level


@dataclass(frozen=True)
class BankView:
    """A bank with what is in it."""

    id: UUID
    field: str
    level: str
    title: str
    live: int
    pilots: int
    waiting: int
    drafts: int
    retired: int
    edition: str | None


def open_bank(session: Session, *, organisation_id: UUID, field: str, level: Level, now: datetime) -> Bank:
    """The organisation's bank of this field and level, made at first use. Raises NotFound for a field without standard."""
    standard = standards.standard(field)
    bank = session.scalar(
        select(Bank).where(Bank.organisation_id == organisation_id, Bank.field == field, Bank.level == level.value)
    )
    if bank is None:
        bank = Bank(
            organisation_id=organisation_id, field=field, level=level.value, title=standard.title_zh, created_at=now
        )
        session.add(bank)
        session.flush()
    return bank


def bank(session: Session, bank_id: UUID, organisation_id: UUID | None = None) -> Bank:
    """Raises NotFound, for another organisation's too."""
    found = session.get(Bank, bank_id)
    if found is None or (organisation_id is not None and found.organisation_id != organisation_id):
        raise NotFound("bank.not_found")
    return found


def banks(session: Session, organisation_id: UUID) -> list[BankView]:
    rows = session.scalars(select(Bank).where(Bank.organisation_id == organisation_id)).all()
    counts: dict[UUID, Counter[ItemStatus]] = {row.id: Counter() for row in rows}
    grouped = select(BankItem.bank_id, BankItem.status, func.count()).group_by(BankItem.bank_id, BankItem.status)
    for bank_id, status, number in session.execute(grouped.where(BankItem.bank_id.in_(counts))):
        counts[bank_id][status] = number
    waiting_rows = session.execute(
        select(BankItem.bank_id, func.count())
        .join(ItemVersion, ItemVersion.item_id == BankItem.id)
        .where(BankItem.bank_id.in_(counts), ItemVersion.state == VersionState.PROPOSED)
        .group_by(BankItem.bank_id)
    )
    waiting = {bank_id: number for bank_id, number in waiting_rows}
    newest: dict[UUID, str] = {}
    for each in session.scalars(select(Release).where(Release.bank_id.in_(counts)).order_by(Release.at, Release.id)):
        newest[each.bank_id] = each.edition
    order = [level.value for level in Level]
    rows = sorted(rows, key=lambda row: (row.title, order.index(row.level)))
    return [
        BankView(
            row.id,
            row.field,
            row.level,
            row.title,
            counts[row.id][ItemStatus.LIVE],
            counts[row.id][ItemStatus.PILOT],
            waiting.get(row.id, 0),
            counts[row.id][ItemStatus.DRAFT],
            counts[row.id][ItemStatus.RETIRED],
            newest.get(row.id),
        )
        for row in rows
    ]


def status_counts(session: Session, bank_id: UUID) -> Counter[ItemStatus]:
    grouped = select(BankItem.status, func.count()).where(BankItem.bank_id == bank_id).group_by(BankItem.status)
    return Counter({status: number for status, number in session.execute(grouped)})


def item(session: Session, bank_id: UUID, code: str) -> BankItem:
    """Raises NotFound."""
    found = session.scalar(select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code == code))
    if found is None:
        raise NotFound("bank.no_item", item=code)
    return found


def version(session: Session, item_id: UUID, number: int) -> ItemVersion:
    """Raises NotFound."""
    wanted = select(ItemVersion).where(ItemVersion.item_id == item_id, ItemVersion.number == number)
    # A database counts no further.
    found = session.scalar(wanted) if 0 < number < 2**31 else None
    if found is None:
        raise NotFound("bank.no_version", number=number)
    return found


# While somebody types; the check of the whole bank has no bound.
MOST_COMPARED = 20_000
UNUSED = (VersionState.REJECTED, VersionState.WITHDRAWN)


def working_version(found: BankItem) -> ItemVersion:
    """What an author goes on from: the newest version that was not taken back."""
    kept = [each for each in found.versions if each.state is not VersionState.WITHDRAWN]
    return (kept or found.versions)[-1]


def redescribe(session: Session, found: BankItem) -> None:
    """After a version was rejected or taken back, lists tell of the newest one that still counts."""
    session.flush()
    session.refresh(found, ["versions"])
    counting = [each for each in found.versions if each.state not in UNUSED] or found.versions
    _describe(found, entry_of(counting[-1].content, counting[-1].number))
    session.flush()


def propose(
    session: Session,
    *,
    bank_id: UUID,
    entry: Entry,
    actor: str,
    now: datetime,
    origin: str = "",
    import_id: UUID | None = None,
) -> ItemVersion:
    """A new item, or a new version of the item with this code, that waits for a second person's approval."""
    found = session.scalar(
        select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code == entry.id).with_for_update()
    )
    if found is None:
        found = BankItem(bank_id=bank_id, code=entry.id, status=ItemStatus.DRAFT, latest=0, created_at=now)
    _describe(found, entry)
    found.latest += 1
    session.add(found)
    content = content_of(entry)
    made = ItemVersion(
        item=found,
        number=found.latest,
        content=content,
        digest=canonical_hash(content),
        state=VersionState.PROPOSED,
        author=actor,
        created_at=now,
        origin=origin[:300],
        import_id=import_id,
    )
    session.add(made)
    session.flush()
    return made


def propose_many(
    session: Session, *, bank_id: UUID, entries: Sequence[tuple[Entry, str]], import_id: UUID, actor: str, now: datetime
) -> None:
    """The same for the (entry, origin) of a whole file, in a few statements however many there are."""
    codes = [entry.id for entry, _origin in entries]
    there: dict[str, BankItem] = {}
    for start in range(0, len(codes), 500):
        some = select(BankItem).where(BankItem.bank_id == bank_id, BankItem.code.in_(codes[start : start + 500]))
        there |= {row.code: row for row in session.scalars(some.with_for_update())}
    for entry, origin in entries:
        row = there.get(entry.id)
        if row is None:
            row = BankItem(
                id=new_id(), bank_id=bank_id, code=entry.id, status=ItemStatus.DRAFT, latest=0, created_at=now
            )
            session.add(row)
        _describe(row, entry)
        row.latest += 1
        content = content_of(entry)
        session.add(
            ItemVersion(
                item_id=row.id,
                number=row.latest,
                content=content,
                digest=canonical_hash(content),
                state=VersionState.PROPOSED,
                author=actor,
                created_at=now,
                origin=origin[:300],
                import_id=import_id,
            )
        )
    session.flush()


def _describe(row: BankItem, entry: Entry) -> None:
    """What lists and searches need to know of the newest version."""
    row.text = plain(stem_of(entry))
    row.stem_hash = question_hash(entry)
    if isinstance(entry, PracticalTask):
        row.kind, row.type, row.cognition = Kind.PRACTICAL, Kind.PRACTICAL.value, "applies"
        row.outline, row.difficulty = entry.outline[0] if entry.outline else "", 0.0
        return
    row.kind = Kind.FAMILY if isinstance(entry, Family) else Kind.ITEM
    first: Item = entry.variants[0] if isinstance(entry, Family) else entry
    row.type, row.outline = first.type.value, first.outline
    row.cognition, row.difficulty = first.cognition.value, first.difficulty


def read_key(session: Session, found: ItemVersion, actor: str, now: datetime) -> Entry:
    """The item with its key; that somebody read it goes into the ledger."""
    ledger.record(
        session,
        kind="bank.key_read",
        actor=actor,
        subject=f"item:{found.item_id}",
        now=now,
        private={"code": found.item.code, "version": found.number},
    )
    return entry_of(found.content, found.number)


def live_entries(session: Session, bank_id: UUID) -> list[Entry]:
    """The approved entries that a release made now would hold, by code."""
    query = (
        select(ItemVersion)
        .join(BankItem, BankItem.live_version_id == ItemVersion.id)
        .where(BankItem.bank_id == bank_id, BankItem.status == ItemStatus.LIVE)
    )
    found = session.scalars(query).all()
    return sorted((entry_of(each.content, each.number) for each in found), key=lambda entry: entry.id)


def latest_entries(session: Session, bank_id: UUID) -> list[Entry]:
    """The newest version that counts of every item not retired, by code: what a check and an export look at."""
    newest = (
        select(ItemVersion.item_id, func.max(ItemVersion.number).label("number"))
        .join(BankItem, BankItem.id == ItemVersion.item_id)
        .where(
            BankItem.bank_id == bank_id,
            BankItem.status != ItemStatus.RETIRED,
            ItemVersion.state.not_in(UNUSED),
        )
        .group_by(ItemVersion.item_id)
        .subquery()
    )
    query = select(ItemVersion).join(
        newest, (newest.c.item_id == ItemVersion.item_id) & (newest.c.number == ItemVersion.number)
    )
    found = session.scalars(query).all()
    return sorted((entry_of(each.content, each.number) for each in found), key=lambda entry: entry.id)


def imports(session: Session, bank_id: UUID) -> Sequence[tuple[BankImport, int]]:
    """Newest first, each with how many of its versions still wait."""
    waiting: dict[Any, int] = {
        import_id: number
        for import_id, number in session.execute(
            select(ItemVersion.import_id, func.count())
            .where(ItemVersion.state == VersionState.PROPOSED, ItemVersion.import_id.is_not(None))
            .group_by(ItemVersion.import_id)
        )
    }
    rows = session.scalars(select(BankImport).where(BankImport.bank_id == bank_id).order_by(BankImport.at.desc()))
    return [(row, waiting.get(row.id, 0)) for row in rows]


def waiting(session: Session, item_ids: Sequence[UUID]) -> set[UUID]:
    """Those of the items that have a version waiting for review."""
    query = select(ItemVersion.item_id).where(
        ItemVersion.item_id.in_(item_ids), ItemVersion.state == VersionState.PROPOSED
    )
    return set(session.scalars(query)) if item_ids else set()


def twin(session: Session, bank_id: UUID, entry: Entry) -> str | None:
    """The code of another item, not retired, that asks the same."""
    query = select(BankItem.code).where(
        BankItem.bank_id == bank_id,
        BankItem.stem_hash == question_hash(entry),
        BankItem.code != entry.id,
        BankItem.status != ItemStatus.RETIRED,
    )
    return session.scalar(query.limit(1))


def next_code(session: Session, bank_id: UUID, prefix: str, width: int = 3) -> str:
    """The first free number under this prefix; the bank is locked until the caller has used it."""
    lock(session, bank_id)
    return free_code(session, bank_id, prefix, width)


def free_code(session: Session, bank_id: UUID, prefix: str, width: int = 3) -> str:
    """The first free number under this prefix, as things are; somebody else may take it."""
    taken = codes_taken(session, bank_id)
    number = 1
    while f"{prefix}{number:0{width}}" in taken:
        number += 1
    return f"{prefix}{number:0{width}}"


def lock(session: Session, bank_id: UUID) -> None:
    session.scalars(select(Bank.id).where(Bank.id == bank_id).with_for_update()).one()


def codes_taken(session: Session, bank_id: UUID) -> set[str]:
    return set(session.scalars(select(BankItem.code).where(BankItem.bank_id == bank_id)))


def look_alikes(session: Session, bank_id: UUID, entry: Entry, most: int = 3) -> list[tuple[str, float]]:
    """(code, similarity) of the bank's items whose stems are nearly this one's, the likest first."""
    query = select(BankItem.code, BankItem.text).where(
        BankItem.bank_id == bank_id, BankItem.code != entry.id, BankItem.status != ItemStatus.RETIRED
    )
    rows = session.execute(query.limit(MOST_COMPARED)).all()
    found = nearest(plain(stem_of(entry)), [row.text for row in rows])
    return [(rows[place].code, similarity) for place, similarity in found[:most]]
