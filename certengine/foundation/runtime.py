"""What a process works with: settings, database, clock, keys, files. One is current for the process."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property

from sqlalchemy import Engine
from sqlalchemy.orm import Session

from certengine.foundation.clock import Clock, SystemClock
from certengine.foundation.database import make_engine
from certengine.foundation.files import FileStore
from certengine.foundation.keys import FieldCipher, KeyStore, PemKeyStore
from certengine.foundation.settings import Settings, read_settings

AFTER_COMMIT = "after_commit"


def after_commit(session: Session, act: Callable[[], object]) -> None:
    """Has something done once the session's work is durable, and not at all if it is rolled back."""
    session.info.setdefault(AFTER_COMMIT, []).append(act)


class Runtime:
    def __init__(self, settings: Settings, clock: Clock | None = None) -> None:
        self.settings = settings
        self.clock: Clock = clock or SystemClock()

    @cached_property
    def engine(self) -> Engine:
        if self.settings.is_sqlite:
            self.settings.data.mkdir(parents=True, exist_ok=True)
        return make_engine(self.settings.database_url, self.settings.pool_size)

    @cached_property
    def replica(self) -> Engine:
        """Where pages are read that may lag by a moment; the database itself where there is no replica."""
        url = self.settings.read_database_url
        return make_engine(url, self.settings.pool_size) if url else self.engine

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

    @contextmanager
    def unit_of_work(self, read_only: bool = False, may_lag: bool = False) -> Iterator[Session]:
        """A session whose work is committed at the end, or rolled back on any exception. Nothing else commits."""
        engine = self.replica if read_only and may_lag else self.engine
        if read_only:
            engine = engine.execution_options(read_only=True)
        with Session(engine, expire_on_commit=False) as session:
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
