"""Where floods are counted when several processes must know of them: a table, by the interface of `limits`."""

import time
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
        now = time.time()
        dialect = postgresql if self._engine.dialect.name == "postgresql" else sqlite
        fresh = {"count": amount, "ends_at": datetime.fromtimestamp(now + expiry, UTC)}
        over = RequestCount.ends_at <= datetime.fromtimestamp(now, UTC)
        insert = dialect.insert(RequestCount).values(key=key, **fresh)
        counted = insert.on_conflict_do_update(
            index_elements=[RequestCount.key],
            set_={
                "count": case((over, amount), else_=RequestCount.count + amount),
                "ends_at": case((over, insert.excluded.ends_at), else_=RequestCount.ends_at),
            },
        ).returning(RequestCount.count)
        with self._engine.begin() as connection:
            found = int(connection.execute(counted).scalar_one())
            if found % SWEEP == 1:
                connection.execute(delete(RequestCount).where(over, RequestCount.key != key))
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
