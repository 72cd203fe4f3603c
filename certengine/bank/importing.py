"""Bringing a file into a bank: what each row would do, and doing it. Nothing ever overwrites an item that is there."""

import enum
import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from certengine.bank import items
from certengine.bank.folding import question_hash
from certengine.bank.formats import read_file
from certengine.bank.models import Bank, BankImport, BankItem, ItemStatus, ItemVersion
from certengine.bank.readiness import outline_faults
from certengine.bank.reading import BankFile, Row
from certengine.bank.rules import Entry, Item, content_of
from certengine.foundation.canonical import canonical_hash
from certengine.foundation.errors import Invalid, Problem
from certengine.standards import service as standards
from certengine.standards.marked_yaml import read
from certengine.standards.rules import Level

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
class _Known:
    """What the bank holds already: digests by code, codes by question."""

    digests: dict[str, str]
    questions: dict[str, str]


def preview(session: Session, *, bank_id: UUID, filename: str, data: bytes, format: str = "auto") -> Plan:
    """Row by row what an import would do. Raises Invalid where the file cannot be read as its format at all."""
    bank = items.bank(session, bank_id)
    source, used = read_file(filename, data, format)
    known = _known(session, bank_id)
    rows = []
    taken: dict[str, str] = {}
    seen: dict[str, str] = {}
    for row in _with_ids(source, bank, known):
        planned = _planned(row, bank, known, taken, seen)
        rows.append(planned)
        if planned.action in (Action.ADD, Action.PROPOSE):
            taken.setdefault(planned.entry.id, planned.place)
            seen.setdefault(question_hash(planned.entry), planned.entry.id)
    return Plan(filename, used, hashlib.sha256(data).hexdigest(), tuple(rows), source.problems)


def _known(session: Session, bank_id: UUID) -> _Known:
    newest = session.execute(
        select(BankItem.code, BankItem.stem_hash, BankItem.status, ItemVersion.digest)
        .join(ItemVersion, ItemVersion.item_id == BankItem.id)
        .where(BankItem.bank_id == bank_id, ItemVersion.number == BankItem.latest)
    ).all()
    questions = {row.stem_hash: row.code for row in newest if row.status is not ItemStatus.RETIRED}
    return _Known({row.code: row.digest for row in newest}, questions)


def _with_ids(source: BankFile, bank: Bank, known: _Known) -> list[Row]:
    """Rows without an id get the next free ones of the bank."""
    prefix = f"{PREFIXES.get(bank.field, bank.field)}-{bank.level[0]}"
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


def _planned(row: Row, bank: Bank, known: _Known, taken: dict[str, str], seen: dict[str, str]) -> PlannedRow:
    entry = row.entry
    found = list(row.problems)
    standard = standards.standard(bank.field)
    for key, problem in outline_faults(entry, standard, Level(bank.level)):
        found.append(Problem(row.at(key), problem.code, problem.values))
    digest = canonical_hash(content_of(entry))
    if not found and known.digests.get(entry.id) == digest:
        return PlannedRow(row.place, entry, Action.UNCHANGED, (), row.notes)
    if entry.id in taken:
        values = {"item": entry.id, "place": taken[entry.id]}
        found.append(Problem(row.at("id"), "bank.id_twice", values))
    question = question_hash(entry)
    twin = known.questions.get(question) or seen.get(question)
    if twin is not None and twin != entry.id:
        found.append(Problem(row.at("stem"), "bank.stem_known", {"item": twin}))
    if found:
        return PlannedRow(row.place, entry, Action.REFUSE, tuple(found), row.notes)
    action = Action.PROPOSE if entry.id in known.digests else Action.ADD
    return PlannedRow(row.place, entry, action, (), row.notes)


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
    plan = preview(session, bank_id=bank_id, filename=filename, data=data, format=format)
    faults = plan.all_problems()
    good = [row for row in plan.rows if row.action in (Action.ADD, Action.PROPOSE)]
    if faults and not keep_good or not plan.rows:
        raise Invalid(faults or [Problem(filename, "bank.no_items")])
    if not good:
        return ImportOutcome(bank_id, None, plan)
    record = BankImport(
        bank_id=bank_id,
        filename=filename[-200:],
        format=plan.format,
        sha256=plan.sha256,
        actor=actor,
        at=now,
        added=plan.count(Action.ADD),
        proposed=plan.count(Action.PROPOSE),
        unchanged=plan.count(Action.UNCHANGED),
        refused=plan.count(Action.REFUSE),
    )
    session.add(record)
    session.flush()
    for row in good:
        items.propose(
            session,
            bank_id=bank_id,
            entry=row.entry,
            actor=actor,
            now=now,
            origin=row.place,
            import_id=record.id,
        )
    return ImportOutcome(bank_id, record.id, plan)


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
