"""What a process works with: settings, database, clock, keys, files. One is current for the process."""

import logging
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import cached_property

from sqlalchemy import Connection, Engine
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from certengine.foundation.clock import Clock, SystemClock
from certengine.foundation.database import make_engine
from certengine.foundation.files import FileStore
from certengine.foundation.keys import FieldCipher, KeyStore, PemKeyStore
from certengine.foundation.settings import Settings, read_settings

log = logging.getLogger(__name__)
AFTER_COMMIT = "after_commit"
# Seconds for which a replica that was away is not asked.
WITHOUT_REPLICA = 10.0


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Has something done once the session's work is durable, and not at all if it is rolled back."""
    session.info.setdefault(AFTER_COMMIT, []).append(act)


class Runtime:
    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()
        self._without_replica_until = 0.0

    @cached_property
    def engine(self) -> Engine:
        if self.settings.is_sqlite:
            self.settings.data.mkdir(parents=True, exist_ok=True)
        return make_engine(self.settings.database_url, self.settings.pool_size)

    @cached_property
    def replica(self) -> Engine:
        """Where pages are read that may lag by a moment; the database itself where there is no replica."""
        url = self.settings.read_database_url
        return make_engine(url, self.settings.pool_size, impatient=True) if url else self.engine

    @cached_property
    def keys(self) -> KeyStore:
        settings = self.settings
        if settings.pkcs11_module:
            # Only where there is a module is its library needed.
            from certengine.foundation.hardware_keys import HardwareKeyStore

            return HardwareKeyStore(
                settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin, settings.data / "keys"
            )
        return PemKeyStore(settings.data / "keys", settings.secret_key)

    @cached_property
    def cipher(self) -> FieldCipher:
        return FieldCipher(self.settings.secret_key)

    @cached_property
    def files(self) -> FileStore:
        folder = self.settings.data / "files"
        if self.settings.files.startswith("s3://"):
            # Only who asks for it needs the library.
            from certengine.foundation.object_storage import ObjectStore

            return ObjectStore(folder, self.settings.files, self.settings.s3_endpoint)
        return FileStore(folder)

    def _replica_connection(self) -> Connection | None:
        """None where there is no replica, or it is away: then the database itself is read until it is tried again."""
        if self.replica is self.engine or time.monotonic() < self._without_replica_until:
            return None
        try:
            return self.replica.execution_options(read_only=True).connect()
        except OperationalError:
            self._without_replica_until = time.monotonic() + WITHOUT_REPLICA
            log.error("the replica is away; its pages are read from the database itself")
            return None

    @contextmanager
    def unit_of_work(self, read_only: bool = False, may_lag: bool = False) -> Iterator[Session]:
        """A session whose work is committed at the end, or rolled back on any exception. Nothing else commits."""
        with ExitStack() as held:
            bind: Engine | Connection = self.engine.execution_options(read_only=True) if read_only else self.engine
            if read_only and may_lag and (lagging := self._replica_connection()):
                bind = held.enter_context(lagging)
            session = held.enter_context(Session(bind, expire_on_commit=False))
            yield session
            # A read-only session is just closed: a rollback would empty the objects that the caller keeps.
            if not read_only:
                session.commit()
                for act in session.info.pop(AFTER_COMMIT, []):
                    act()


_current: Runtime | None = None


def use(runtime: Runtime) -> Runtime:
    """Makes a runtime the process's current one."""
    global _current
    _current = runtime
    return runtime


def current() -> Runtime:
    """The process's runtime, read from the environment at first use."""
    return _current or use(Runtime(read_settings()))
