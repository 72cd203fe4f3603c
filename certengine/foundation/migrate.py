"""Migrations: the schema as Alembic builds it."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from certengine.foundation.runtime import Runtime

SCRIPTS = Path(__file__).parent.parent / "migrations"


# Built by migrations beside the models: indexes of words, which every database has of its own kind.
BESIDE_MODELS = ("bank_item_words", "bank_item_row", "ix_bank_item_text_words")


def in_models(name: str | None, _type: str, _parents: object) -> bool:
    """Whether a table or index of the database is one that the models know of; for comparisons."""
    return not str(name).startswith(BESIDE_MODELS)


def configuration(runtime: Runtime) -> Config:
    config = Config()
    config.set_main_option("script_location", str(SCRIPTS))
    config.attributes["engine"] = runtime.engine
    return config


def upgrade(runtime: Runtime, revision: str = "head") -> None:
    command.upgrade(configuration(runtime), revision)


def downgrade(runtime: Runtime, revision: str) -> None:
    command.downgrade(configuration(runtime), revision)


def is_current(runtime: Runtime) -> bool:
    heads = set(ScriptDirectory.from_config(configuration(runtime)).get_heads())
    with runtime.engine.execution_options(read_only=True).connect() as connection:
        return set(MigrationContext.configure(connection).get_current_heads()) == heads
