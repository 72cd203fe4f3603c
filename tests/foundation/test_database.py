from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import make_url, text
from sqlalchemy.dialects import sqlite

from certengine.backup import making
from certengine.foundation.database import PREPARE, Score, UtcDateTime, make_engine
from certengine.foundation.runtime import Runtime
from certengine.foundation.settings import Settings
from certengine.people.models import OrganisationKind
from certengine.people.service import create_organisation, organisation

DIALECT = sqlite.dialect()  # type: ignore[no-untyped-call]


@given(st.decimals(Decimal("0"), Decimal("99999"), places=2))
def test_a_score_comes_back_as_it_was(score: Decimal) -> None:
    stored = Score().process_bind_param(score, DIALECT)
    assert Score().process_result_value(stored, DIALECT) == score


def test_a_score_with_a_third_decimal_is_refused_and_not_rounded() -> None:
    with pytest.raises(ValueError):
        Score().process_bind_param(Decimal("59.995"), DIALECT)


def test_a_naive_time_is_refused() -> None:
    with pytest.raises(ValueError):
        UtcDateTime().process_bind_param(datetime(2026, 11, 25), DIALECT)


def test_times_keep_their_microseconds_on_both_databases(runtime: Runtime) -> None:
    moment = datetime(2026, 11, 25, 4, 0, 0, 123457, tzinfo=UTC)
    with runtime.unit_of_work() as session:
        made = create_organisation(session, OrganisationKind.BASE, "基地", "JD", moment)
    with runtime.unit_of_work(read_only=True) as session:
        assert organisation(session, made.id).created_at == moment


def test_an_error_in_a_unit_of_work_keeps_nothing_and_runs_nothing_afterwards(runtime: Runtime) -> None:
    from sqlalchemy import func, select

    from certengine.foundation.runtime import after_commit
    from certengine.people.models import Organisation

    done: list[str] = []
    with pytest.raises(RuntimeError), runtime.unit_of_work() as session:
        create_organisation(session, OrganisationKind.BASE, "基地", "JD", runtime.clock.now())
        after_commit(session, lambda: done.append("mail"))
        raise RuntimeError
    with runtime.unit_of_work(read_only=True) as session:
        assert session.scalar(select(func.count()).select_from(Organisation)) == 0
    assert done == []


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize(("query", "prepared"), [({}, 1), ({PREPARE: "none"}, 0)])
def test_nothing_is_prepared_where_a_pooler_changes_the_connections(
    database_url: str, tmp_path: Path, query: dict[str, str], prepared: int
) -> None:
    address = make_url(database_url).update_query_dict(query).render_as_string(hide_password=False)
    engine = make_engine(address)
    with engine.connect() as connection:
        for _number in range(8):
            connection.execute(text("SELECT CAST(:number AS int)"), {"number": 1})
        names = connection.scalars(text("SELECT statement FROM pg_prepared_statements")).all()
    assert sum("AS int" in each for each in names) == prepared
    making.make(Runtime(Settings(address, "secret", tmp_path, "http://localhost")), tmp_path / "b.tar.zst")
    engine.dispose()
