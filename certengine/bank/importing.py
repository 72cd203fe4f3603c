"""Bringing a file into a bank: what each row would do, and doing it. Nothing ever overwrites an item that is there."""

import enum
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from certengine.bank import items
from certengine.bank.folding import question_hash, stem_key
from certengine.bank.formats import read_file
from certengine.bank.models import BankImport, BankItem, ItemStatus, ItemVersion
from certengine.bank.picture_store import keep_picture
from certengine.bank.pictures import names_in
from certengine.bank.readiness import outline_faults
from certengine.bank.reading import BankFile, Row
from certengine.bank.rules import Entry, Item, content_of, entry_of
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Invalid, Problem
from certengine.standards import service as standards
from certengine.standards.marked_yaml import read
from certengine.standards.rules import Level, Standard

PREFIXES = {
    "artificial_intelligence": "ai",
    "internet_of_things": "iot",
    "big_data": "bd",
    "cloud_computing": "cc",
    "digital_management": "dm",
    "intelligent_manufacturing": "im",
    "industrial_internet": "ii",
    "virtual_reality": "vr",
    "blockchain": "bc",
    "integrated_circuits": "ic",
}


class Action(enum.Enum):
    ADD = "add"
    PROPOSE = "propose"
    UNCHANGED = "unchanged"
    # The same question is there under another number: left out and reported, never written over.
    DUPLICATE = "duplicate"
    REFUSE = "refuse"


@dataclass(frozen=True)
class PlannedRow:
    """What a row of a file would do; problems only where it is refused."""

    place: str
    entry: Entry
    action: Action
    problems: tuple[Problem, ...] = ()
    notes: tuple[Problem, ...] = ()


@dataclass(frozen=True)
class Plan:
    filename: str
    format: str
    sha256: str
    rows: tuple[PlannedRow, ...]
    # Of the file as a whole.
    problems: tuple[Problem, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)
    # The state of the bank that it was made against.
    basis: str = ""

    def count(self, action: Action) -> int:
        return sum(row.action is action for row in self.rows)

    def all_problems(self) -> list[Problem]:
        return [*self.problems, *(problem for row in self.rows for problem in row.problems)]


@dataclass(frozen=True)
class ImportOutcome:
    """import_id is None where the file brought nothing new."""

    bank_id: UUID
    import_id: UUID | None
    plan: Plan


@dataclass(frozen=True)
class Known:
    """What the bank holds already: digests by code, codes by question and by stem."""

    digests: dict[str, str]
    questions: dict[str, str]
    stems: dict[str, str]
    pictures: frozenset[str] = frozenset()


# (rows done, rows in all)
Progress = Callable[[int, int], None]


def _silent(done: int, total: int) -> None:
    """Nobody waits."""


def preview(
    session: Session,
    *,
    bank_id: UUID,
    filename: str,
    data: bytes,
    format: str = "auto",
    progress: Progress = _silent,
) -> Plan:
    """Row by row what an import would do. Raises Invalid where the file cannot be read as its format at all."""
    bank = items.bank(session, bank_id)
    basis = _basis(session, bank_id)
    known = _known(session, bank_id)
    return replace(plan(bank.field, Level(bank.level), filename, data, format, known, progress), basis=basis)


def _basis(session: Session, bank_id: UUID) -> str:
    """Changes with every version and every retirement in the bank."""
    versions = select(func.count(), func.max(ItemVersion.created_at)).join(BankItem, BankItem.id == ItemVersion.item_id)
    count, newest = session.execute(versions.where(BankItem.bank_id == bank_id)).one()
    return f"{count} {newest} {items.status_counts(session, bank_id)[ItemStatus.RETIRED]}"


def plan(
    field: str,
    level: Level,
    filename: str,
    data: bytes,
    format: str = "auto",
    known: Known | None = None,
    progress: Progress = _silent,
) -> Plan:
    """The same against what is known; by default an empty bank, which needs no database."""
    source, used = read_file(filename, data, format)
    known = known or Known({}, {}, {})
    has = {*source.pictures, *known.pictures}
    rows = []
    taken: dict[str, str] = {}
    for number, row in enumerate(_with_ids(source, field, level, known)):
        progress(number, len(source.rows))
        planned = _planned(row, standards.standard(field), level, known, taken, has)
        rows.append(planned)
        if planned.action in (Action.ADD, Action.PROPOSE):
            taken.setdefault(planned.entry.id, planned.place)
            known.questions.setdefault(question_hash(planned.entry), planned.entry.id)
            known.stems.setdefault(stem_key(planned.entry), planned.entry.id)
    return Plan(filename, used, hashlib.sha256(data).hexdigest(), tuple(rows), source.problems, source.pictures)


def _known(session: Session, bank_id: UUID) -> Known:
    newest = session.execute(
        select(BankItem.code, BankItem.stem_hash, BankItem.status, ItemVersion)
        .join(ItemVersion, ItemVersion.item_id == BankItem.id)
        .where(BankItem.bank_id == bank_id, ItemVersion.number == BankItem.latest)
    ).all()
    kept = [row for row in newest if row.status is not ItemStatus.RETIRED]
    questions = {row.stem_hash: row.code for row in kept}
    entries = {row.code: entry_of(row.ItemVersion.content) for row in newest}
    stems = {stem_key(entries[row.code]): row.code for row in kept}
    pictures = frozenset(name for entry in entries.values() for name in names_in(entry))
    return Known({row.code: row.ItemVersion.digest for row in newest}, questions, stems, pictures)


def _with_ids(source: BankFile, field: str, level: Level, known: Known) -> list[Row]:
    """Rows without an id get the next free ones of the bank."""
    prefix = f"{PREFIXES.get(field, field)}-{level.value[0]}"
    used = {row.entry.id for row in source.rows} | set(known.digests)
    number = 0
    rows = []
    for row in source.rows:
        if isinstance(row.entry, Item) and not row.entry.id:
            while f"{prefix}-{number + 1:03}" in used:
                number += 1
            number += 1
            row = replace(row, entry=replace(row.entry, id=f"{prefix}-{number:03}"))
        rows.append(row)
    return rows


def _planned(
    row: Row, standard: Standard, level: Level, known: Known, taken: dict[str, str], pictures: set[str]
) -> PlannedRow:
    entry = row.entry
    found = list(row.problems)
    for name in names_in(entry):
        if name not in pictures:
            found.append(Problem(row.at("stem"), "bank.picture_missing", {"name": name[:12]}))
    for key, problem in outline_faults(entry, standard, level):
        found.append(Problem(row.at(key), problem.code, problem.values))
    if entry.id in taken:
        found.append(Problem(row.at("id"), "bank.id_twice", {"item": entry.id, "place": taken[entry.id]}))
    if found:
        return PlannedRow(row.place, entry, Action.REFUSE, tuple(found), row.notes)
    if known.digests.get(entry.id) == canonical_hash(content_of(entry)):
        return PlannedRow(row.place, entry, Action.UNCHANGED, (), row.notes)
    twin = known.questions.get(question_hash(entry), entry.id)
    if twin != entry.id:
        note = Problem(row.at("stem"), "bank.question_known", {"item": twin})
        return PlannedRow(row.place, entry, Action.DUPLICATE, (), (*row.notes, note))
    notes = list(row.notes)
    like = known.stems.get(stem_key(entry), entry.id)
    if like != entry.id:
        notes.append(Problem(row.at("stem"), "bank.stem_known", {"item": like}))
    if isinstance(entry, Item) and not entry.outline:
        notes.append(Problem(row.place, "bank.outline_later"))
    action = Action.PROPOSE if entry.id in known.digests else Action.ADD
    return PlannedRow(row.place, entry, action, (), tuple(notes))


def import_bank(
    session: Session,
    *,
    bank_id: UUID,
    filename: str,
    data: bytes,
    format: str = "auto",
    keep_good: bool = False,
    actor: str,
    now: datetime,
) -> ImportOutcome:
    """Brings the file's rows in as proposals. Raises Invalid with every problem, unless the good rows are kept."""
    planned = preview(session, bank_id=bank_id, filename=filename, data=data, format=format)
    return bring_in(session, planned, bank_id=bank_id, keep_good=keep_good, actor=actor, now=now)


def is_current(session: Session, bank_id: UUID, planned: Plan) -> bool:
    """Whether the bank is as it was when the plan was made; from here on it is locked for the caller."""
    items.lock(session, bank_id)
    return planned.basis == _basis(session, bank_id)


def bring_in(
    session: Session, planned: Plan, *, bank_id: UUID, keep_good: bool, actor: str, now: datetime
) -> ImportOutcome:
    """Does what a plan against the bank as it is says. Raises as import_bank does."""
    faults = planned.all_problems()
    good = [row for row in planned.rows if row.action in (Action.ADD, Action.PROPOSE)]
    if (faults and not keep_good) or not planned.rows:
        raise Invalid(faults or [Problem(planned.filename, "bank.no_items")])
    if not good:
        return ImportOutcome(bank_id, None, planned)
    record = BankImport(
        bank_id=bank_id,
        filename=planned.filename[-200:],
        format=planned.format,
        sha256=planned.sha256,
        actor=actor,
        at=now,
        added=planned.count(Action.ADD),
        proposed=planned.count(Action.PROPOSE),
        unchanged=planned.count(Action.UNCHANGED),
        refused=planned.count(Action.REFUSE) + planned.count(Action.DUPLICATE),
    )
    session.add(record)
    session.flush()
    for name, picture in planned.pictures.items():
        keep_picture(session, name, picture, actor, now)
    entries = [(row.entry, row.place) for row in good]
    items.propose_many(session, bank_id=bank_id, entries=entries, import_id=record.id, actor=actor, now=now)
    return ImportOutcome(bank_id, record.id, planned)


def import_model_bank(
    session: Session, organisation_id: UUID, field: str, level: Level, actor: str, now: datetime
) -> ImportOutcome:
    """Loads question_banks/FIELD/LEVEL.yaml into the organisation's bank; a second time brings only what has changed."""
    path = standards.banks_folder() / field / f"{level.value}.yaml"
    bank = items.open_bank(session, organisation_id=organisation_id, field=field, level=level, now=now)
    return import_bank(
        session,
        bank_id=bank.id,
        filename=f"{field}/{level.value}.yaml",
        data=read(path).encode(),
        format="yaml",
        actor=actor,
        now=now,
    )
