"""Rows that two may write at once."""

from typing import Any

from sqlalchemy import inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session


def insert_new(session: Session, model: Any, values: dict[str, Any]) -> bool:
    """Inserts a row unless a unique one stands there already, also one that another request just wrote."""
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    made = dialect.insert(model).values(values).on_conflict_do_nothing().returning(*inspect(model).primary_key)
    return session.execute(made).first() is not None
