"""Where floods are counted when several processes must know of them: a table, by the interface of `limits`."""

import time
from collections.abc import Mapping
from datetime import UTC, datetime

from limits.storage import Storage
from sqlalchemy import Engine, case, delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import SQLAlchemyError

from certengine.web.models import RequestCount
from certengine.web.request import runtime

# One in so many counts sweeps away what is over.
SWEEP = 500


class DatabaseCounts(Storage):
    """One short transaction a counted request; the name of a count is its key and holds nothing but an address."""

    STORAGE_SCHEME = ["database"]

    @property
    def base_exceptions(self) -> type[Exception]:
        return SQLAlchemyError

    @property
    def _engine(self) -> Engine:
        return runtime().engine

    def incr(self, key: str, expiry: int, amount: int = 1) -> int:
        return self.incr_all({key: amount}, expiry)[key][0]

    def incr_all(self, amounts: Mapping[str, int], expiry: int) -> dict[str, tuple[int, float]]:
        """By key: how many there are now, and when that window ends; one transaction for all."""
        now = time.time()
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        ends_at = datetime.fromtimestamp(now + expiry, UTC)
        # In one order, for others count the same keys at the same time.
        rows = [{"key": key, "count": amounts[key], "ends_at": ends_at} for key in sorted(amounts)]
        over = RequestCount.ends_at <= datetime.fromtimestamp(now, UTC)
        insert = dialect.insert(RequestCount).values(rows)
        amount = insert.excluded.count
        counted = insert.on_conflict_do_update(
            index_elements=[RequestCount.key],
            set_={
                "count": case((over, amount), else_=RequestCount.count + amount),
                "ends_at": case((over, insert.excluded.ends_at), else_=RequestCount.ends_at),
            },
        ).returning(RequestCount.key, RequestCount.count, RequestCount.ends_at)
        with self._engine.begin() as connection:
            found = {key: (int(count), ends.timestamp()) for key, count, ends in connection.execute(counted)}
            if any(count % SWEEP == 1 for count, _ends in found.values()):
                connection.execute(delete(RequestCount).where(over, RequestCount.key.not_in(list(amounts))))
        return found

    def get(self, key: str) -> int:
        return int(self._read(key)[0])

    def get_expiry(self, key: str) -> float:
        return self._read(key)[1]

    def _read(self, key: str) -> tuple[int, float]:
        now = datetime.fromtimestamp(time.time(), UTC)
        query = select(RequestCount.count, RequestCount.ends_at).where(
            RequestCount.key == key, RequestCount.ends_at > now
        )
        with self._engine.execution_options(read_only=True).connect() as connection:
            row = connection.execute(query).first()
        # By place: a row has a method `count` of its own.
        return (int(row[0]), row[1].timestamp()) if row else (0, now.timestamp())

    def check(self) -> bool:
        self.get("")
        return True

    def reset(self) -> int:
        with self._engine.begin() as connection:
            return connection.execute(delete(RequestCount)).rowcount

    def clear(self, key: str) -> None:
        with self._engine.begin() as connection:
            connection.execute(delete(RequestCount).where(RequestCount.key == key))
