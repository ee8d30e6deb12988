"""How SQLite is spoken to: its settings, who reads, its transactions, and its write-ahead log as a file."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Final, Literal, TypeAlias, TypeVar, cast

from sqlalchemy import create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.orm import Session

from callcenter.log import logger

log = logger(__name__)
T = TypeVar("T")
_BUSY_MS: Final = 5000
_CACHE_KIB: Final = 4 * 1024
_READERS_CACHE_KIB: Final = 1024
_WITHIN_SECONDS: Final = 0.1


def _reads(connection: Any, record: Any) -> None:
    """A reader's cache is worth nothing after the next commit (https://www.sqlite.org/wal.html); the system keeps the
    pages anyway."""
    pragmas(connection, record)
    connection.execute(f"PRAGMA cache_size=-{_READERS_CACHE_KIB}")


def pragmas(connection: Any, _record: Any) -> None:
    cursor = connection.cursor()
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.close()


def checkpoints_elsewhere(connection: Any, _record: Any) -> None:
    connection.execute("PRAGMA wal_autocheckpoint=0")


class Readers:
    """Threads that read, each with a connection of its own. What nobody waits for any more is read to its end: a
    connection is always given back."""

    def __init__(self, url: URL, threads: int, name: str) -> None:
        self._threads = ThreadPoolExecutor(threads, name)
        self._engine = create_engine(
            url, pool_size=threads, max_overflow=0, hide_parameters=True, isolation_level="AUTOCOMMIT"
        )
        event.listen(self._engine, "connect", _reads)

    def run(self, fn: Callable[[Session], T]) -> asyncio.Future[T]:
        """Raises what SQLAlchemy and ``fn`` raise."""
        return asyncio.get_running_loop().run_in_executor(self._threads, self._read, fn)

    def stop(self) -> None:
        self._threads.shutdown()
        self._engine.dispose()

    def _read(self, fn: Callable[[Session], T]) -> T:
        with Session(self._engine, expire_on_commit=False) as session:
            return fn(session)


_Mode: TypeAlias = Literal["create_savepoint", "rollback_only"]


class Begun(Session):
    """Of commands in transactions that are already begun: the hot path's statements need no other, and go to the
    ``driver`` itself. What the session does by itself it joins to it, in a savepoint of its own where the command has
    neighbours."""

    def __init__(self, connection: Connection, *, alone: bool) -> None:
        mode: _Mode = "rollback_only" if alone else "create_savepoint"
        super().__init__(connection, join_transaction_mode=mode, expire_on_commit=False)
        self._begun, self.alone = connection, alone
        self.driver = cast(sqlite3.Connection, connection.connection.dbapi_connection)

    def connection(self, *_: Any, **__: Any) -> Connection:
        return self._begun

    def forget(self) -> None:
        """Nothing of this command is left for the next."""
        if self.in_transaction() or self.identity_map or self._new:
            self.close()


class Log:
    """Synced after the answers are out, where SQLite would sync it before: within a tenth of a second after a commit,
    once for all that came meanwhile."""

    def __init__(self, database: str) -> None:
        self._path = f"{database}-wal"
        self._file: int | None = None
        self._due: float | None = None

    def grew(self, *, synced: bool) -> None:
        """After a commit; ``synced``: SQLite has synced it, and with it all before."""
        if synced:
            self._due = None
        elif self._due is None:
            self._due = time.monotonic() + _WITHIN_SECONDS

    @property
    def left(self) -> float | None:
        """Seconds until it has to be synced; None while nothing waits for it."""
        return None if self._due is None else max(0.0, self._due - time.monotonic())

    def harden(self) -> None:
        self._due = None
        try:
            if self._file is None:
                self._file = os.open(self._path, os.O_RDWR)
            os.fsync(self._file)
        except OSError as wrong:
            log.warning("log_not_synced", reason=str(wrong))

    def close(self) -> None:
        """Before SQLite makes a new one. Closing gives up no lock of SQLite's: those are on its other files."""
        if self._due is not None:
            self.harden()
        file, self._file, self._due = self._file, None, None
        if file is not None:
            os.close(file)
