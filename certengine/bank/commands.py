"""What the command line does with a database: which organisation's bank, and reading and writing it."""

from pathlib import Path

from sqlalchemy import inspect, select
from sqlalchemy.orm import Session

from certengine.bank import service
from certengine.bank.exporting import export
from certengine.bank.formats.writing import Written
from certengine.bank.importing import Plan, plan
from certengine.bank.models import Bank
from certengine.bank.reading import read_bank
from certengine.bank.rules import Entry
from certengine.foundation.errors import Conflict, Invalid, NotFound, Problem
from certengine.foundation.runtime import Runtime, current
from certengine.people import service as people
from certengine.people.models import Organisation, OrganisationKind
from certengine.standards import service as standards
from certengine.standards.marked_yaml import read
from certengine.standards.rules import Level

ACTOR = "system:command-line"
OWN = "本评价机构"


def import_file(
    file: Path, field: str, level: str, format_: str, dry_run: bool, keep_good: bool, organisation: str | None
) -> Plan:
    """Raises Invalid with all problems where a row is refused and the good rows are not wanted alone."""
    standards.standard(field)
    data = file.read_bytes()
    runtime = current()
    if dry_run:
        return _planned(runtime, file, data, field, Level(level), format_, organisation)
    if not _has_tables(runtime):
        raise Conflict("bank.no_database")
    with runtime.unit_of_work() as session:
        now = runtime.clock.now()
        owner = _organisation(session, organisation) or people.create_organisation(
            session, OrganisationKind.EVALUATION_INSTITUTION, OWN, "LOCAL", now
        )
        bank = service.open_bank(session, organisation_id=owner.id, field=field, level=Level(level), now=now)
        return service.import_bank(
            session,
            bank_id=bank.id,
            filename=str(file),
            data=data,
            format=format_,
            keep_good=keep_good,
            actor=ACTOR,
            now=now,
        ).plan


def _planned(
    runtime: Runtime, file: Path, data: bytes, field: str, level: Level, format_: str, organisation: str | None
) -> Plan:
    """Against the bank where there is one; a file is tried out without any database too."""
    if _has_tables(runtime):
        with runtime.unit_of_work(read_only=True) as session:
            bank = _bank(session, field, level.value, organisation)
            if bank is not None:
                return service.preview(session, bank_id=bank.id, filename=str(file), data=data, format=format_)
    return plan(field, level, str(file), data, format_)


def _has_tables(runtime: Runtime) -> bool:
    if runtime.settings.is_sqlite and not _sqlite_file(runtime).is_file():
        return False
    return inspect(runtime.engine).has_table("bank")


def _sqlite_file(runtime: Runtime) -> Path:
    return Path(runtime.engine.url.database or "")


def _organisation(session: Session, code: str | None) -> Organisation | None:
    """The one named, or the only one that holds exams; None where there is none at all."""
    query = select(Organisation).where(Organisation.kind == OrganisationKind.EVALUATION_INSTITUTION)
    if code:
        found = session.scalar(select(Organisation).where(Organisation.code == code))
        if found is None:
            raise NotFound("bank.no_organisation", organisation=code)
        return found
    rows = session.scalars(query.order_by(Organisation.code)).all()
    if len(rows) > 1:
        codes = "、".join(each.code for each in rows)
        raise Invalid([Problem("--organisation", "bank.several_organisations", {"codes": codes})])
    return rows[0] if rows else None


def _bank(session: Session, field: str, level: str, organisation: str | None) -> Bank | None:
    owner = _organisation(session, organisation)
    query = select(Bank).where(Bank.field == field, Bank.level == level)
    return session.scalar(query.where(Bank.organisation_id == owner.id)) if owner else None


def export_bank(field: str, level: str, format_: str, organisation: str | None) -> tuple[Written, str, int]:
    """The organisation's bank, or the model bank where it keeps none; with its name and the number of entries."""
    standards.standard(field)
    runtime = current()
    if _has_tables(runtime):
        with runtime.unit_of_work(read_only=True) as session:
            bank = _bank(session, field, level, organisation)
            if bank is not None:
                entries = service.latest_entries(session, bank.id)
                return export(field, level, entries, format_, load=runtime.files.get), bank.title, len(entries)
    path = standards.banks_folder() / field / f"{level}.yaml"
    source = read_bank(read(path), str(path))
    if source.all_problems():
        raise Invalid(source.all_problems())
    model: list[Entry] = [row.entry for row in source.rows]
    pictures = {name.partition(".")[0]: data for name, data in source.pictures.items()}
    return (
        export(field, level, model, format_, source.edition, pictures.__getitem__),
        f"{field}/{level}.yaml",
        len(model),
    )
