"""The journal and the ledger by year: nothing is lost or found elsewhere by it, whatever the year of what comes."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select, text

from certengine import partitions
from certengine.backup import making
from certengine.delivery.models import AnswerEntry, Attempt, AttemptState
from certengine.foundation import migrate
from certengine.foundation.clock import CHINA, SetClock
from certengine.foundation.errors import Conflict
from certengine.foundation.runtime import Runtime
from certengine.ledger import service as ledger
from tests.backup.conftest import Installation, Target
from tests.backup.test_drill import faults
from tests.delivery.test_service import first_item, kept, send

on_postgresql = pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
# Rows are named by the machine's own clock, so what is said of years is said of its years.
YEAR = datetime.now(CHINA).year


def partitioned(runtime: Runtime, years: int = 0) -> list[str]:
    """Done in this year, or so many years later."""
    by_the_machine = Runtime(runtime.settings, SetClock(datetime(YEAR + years, 12, 31, tzinfo=CHINA)))
    try:
        return list(partitions.partition(by_the_machine))
    finally:
        by_the_machine.engine.dispose()


def are_well(runtime: Runtime, now: datetime) -> bool:
    with runtime.engine.connect() as connection:
        return all(is_well for is_well, _said in partitions.findings(connection, now))


def rows_of(runtime: Runtime, table: str) -> int:
    with runtime.engine.connect() as connection:
        return int(connection.execute(text(f"SELECT count(*) FROM {table}")).scalar_one())


def begins_in(runtime: Runtime, made: Installation, year: int) -> Attempt:
    """The second candidate, who began in the spring of a year and has answered one question."""
    second = made.attempts[1]
    coming = Attempt(
        id=UUID(int=partitions.first_id(year).int + (60 * 86_400_000 << 80)),
        sitting_id=second.sitting_id,
        registration_id=second.registration_id,
        state=AttemptState.RUNNING,
        confirmed_at=second.confirmed_at,
        deadline_at=second.deadline_at,
        generation=1,
    )
    with runtime.unit_of_work() as session:
        session.delete(session.get_one(Attempt, second.id))
        session.flush()
        session.add(coming)
    send(runtime, coming, (first_item(runtime, made.exam, 1), 1, "a"))
    return coming


@on_postgresql
def test_an_exam_in_progress_and_its_ledger_go_on_in_partitions(
    runtime: Runtime, installation: Installation, out: Path, target: Target
) -> None:
    first, item = installation.attempts[0], first_item(runtime, installation.exam)
    send(runtime, first, (item, 1, "a"))
    size = rows_of(runtime, "ledger_entry")
    assert len(partitioned(runtime)) == 2 * (1 + partitions.YEARS_AHEAD)
    assert partitioned(runtime) == []
    assert rows_of(runtime, f"answer_entry_{YEAR}") == 1 and rows_of(runtime, f"ledger_entry_{YEAR}") == size
    # A repeat, a change, and a candidate of next year.
    send(runtime, first, (item, 1, "a"), (item, 2, "b"))
    coming = begins_in(runtime, installation, YEAR + 1)
    assert rows_of(runtime, f"answer_entry_{YEAR + 1}") == 1
    assert kept(runtime, first) == {item: "b"}
    assert kept(runtime, coming) == {first_item(runtime, installation.exam, 1): "a"}
    while ledger.sequence(runtime):
        pass
    making.make(runtime, out / "all.tar.zst")
    assert faults(out / "all.tar.zst", target) == []
    assert rows_of(target.runtime(), "answer_entry") == 3


@on_postgresql
def test_what_comes_in_a_year_without_a_partition_is_kept_and_moves_when_it_has_one(
    runtime: Runtime, installation: Installation
) -> None:
    partitioned(runtime)
    late = YEAR + partitions.YEARS_AHEAD + 1
    coming = begins_in(runtime, installation, late)
    item = first_item(runtime, installation.exam, 1)
    assert rows_of(runtime, "answer_entry_later") == 1 and kept(runtime, coming) == {item: "a"}
    assert not are_well(runtime, datetime(YEAR, 3, 1, tzinfo=CHINA))
    assert any("1 rows moved" in line for line in partitioned(runtime, 1))
    assert rows_of(runtime, "answer_entry_later") == 0 and rows_of(runtime, f"answer_entry_{late}") == 1
    assert kept(runtime, coming) == {item: "a"}
    assert are_well(runtime, datetime(YEAR, 3, 1, tzinfo=CHINA))
    # Whoever forgets the next year is reminded in the autumn before.
    assert are_well(runtime, datetime(late, 9, 1, tzinfo=CHINA))
    assert not are_well(runtime, datetime(late, 10, 1, tzinfo=CHINA))


@on_postgresql
def test_one_number_of_the_ledger_is_given_once_in_each_partition(runtime: Runtime, installation: Installation) -> None:
    partitioned(runtime)
    for year in (YEAR, YEAR + 1):
        with runtime.engine.connect() as connection:
            unique = connection.scalars(
                text("SELECT indexdef FROM pg_indexes WHERE tablename = :table AND indexdef LIKE '%UNIQUE%'"),
                {"table": f"ledger_entry_{year}"},
            ).all()
        assert any('("index")' in each or "(index)" in each for each in unique)


@on_postgresql
def test_a_partitioned_database_is_migrated_down_and_up(runtime: Runtime) -> None:
    partitioned(runtime)
    migrate.downgrade(runtime, "base")
    migrate.upgrade(runtime)
    assert partitioned(runtime)


@on_postgresql
def test_nothing_is_changed_while_the_table_is_in_use_or_by_a_clock_that_is_behind(
    runtime: Runtime, installation: Installation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(partitions, "PATIENCE", "50ms")
    with runtime.unit_of_work(read_only=True) as session:
        session.execute(select(AnswerEntry)).all()
        with pytest.raises(Conflict, match="busy"):
            partitioned(runtime)
    send(runtime, installation.attempts[0], (first_item(runtime, installation.exam), 1, "a"))
    with pytest.raises(Conflict, match="later"):
        partitioned(runtime, -1)
    with runtime.engine.connect() as connection:
        assert not any(partitions.names(connection, table) for table in partitions.BY_YEAR)


def test_on_sqlite_the_command_says_that_it_has_nothing_to_do_there(tmp_path: Path, runtime: Runtime) -> None:
    if runtime.engine.dialect.name == "sqlite":
        with pytest.raises(Conflict, match="not_postgresql"):
            list(partitions.partition(runtime))


def test_the_years_of_identifiers_are_chinas_years() -> None:
    first = partitions.first_id(2027)
    moment = datetime.fromtimestamp((first.int >> 80) / 1000, UTC)
    assert moment == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert partitions.first_id(2028).int - first.int == int(timedelta(days=365).total_seconds() * 1000) << 80
