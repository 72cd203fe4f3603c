from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from certengine import rooms
from certengine.foundation import migrate
from certengine.foundation.database import Base
from certengine.foundation.runtime import Runtime


def differences(runtime: Runtime) -> list[object]:
    rooms.load_models()
    with runtime.engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "include_name": migrate.in_models})
        return list(compare_metadata(context, Base.metadata))


def test_the_migrations_build_what_the_models_say(runtime: Runtime) -> None:
    assert migrate.is_current(runtime)
    assert differences(runtime) == []


def test_migrations_go_down_to_nothing_and_up_again(runtime: Runtime) -> None:
    migrate.downgrade(runtime, "base")
    assert set(inspect(runtime.engine).get_table_names()) <= {"alembic_version"}
    assert not migrate.is_current(runtime)
    migrate.upgrade(runtime)
    assert differences(runtime) == []
