"""Writing the banks' contents again as the setting wants them: encrypted, or in the clear."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm.attributes import flag_modified

from certengine.bank.models import BankItem, ItemComment, ItemVersion
from certengine.foundation.runtime import Runtime

BATCH = 500
SEALED_COLUMNS: tuple[tuple[Any, str], ...] = ((ItemVersion, "content"), (BankItem, "text"), (ItemComment, "text"))


def reseal(runtime: Runtime, progress: Callable[[int, int], None] = lambda done, total: None) -> int:
    """Each batch is a transaction of its own; cut off half way, both spellings can be read and it is run again."""
    with runtime.unit_of_work(read_only=True) as session:
        total = sum(session.scalar(select(func.count()).select_from(model)) or 0 for model, _column in SEALED_COLUMNS)
    done = 0
    for model, column in SEALED_COLUMNS:
        last = None
        while True:
            with runtime.unit_of_work() as session:
                query = select(model).order_by(model.id).limit(BATCH)
                rows = session.scalars(query if last is None else query.where(model.id > last)).all()
                for row in rows:
                    flag_modified(row, column)
            if not rows:
                break
            last, done = rows[-1].id, done + len(rows)
            progress(done, total)
    return done
