"""The database: one place that commits.

SQLite has one writer thread: each command runs in a SAVEPOINT, commands that wait together share one COMMIT (and one
fsync). Through a pool instead, SQLAlchemy loses updates or fails with "database is locked" under load. PostgreSQL
gives each command its own transaction. Results are released after the commit.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final, TypeVar

from sqlalchemy import event, text
from sqlalchemy.engine import make_url
from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from callcenter.away import away, state, unavailable
from callcenter.errors import Unavailable
from callcenter.sqlite import Readers, pragmas
from callcenter.sqlite_writer import Writer

T = TypeVar("T")
_READERS: Final = 6
_GLANCES: Final = 2
_STUDIES: Final = 2
_RETRIED_STATES: Final = frozenset({"40001", "40P01"})


class Database:
    """``write`` and ``read`` with plain synchronous functions of a Session. ``url`` is ``sqlite:///file`` or
    ``postgresql://…``; drivers are ours to choose."""

    def __init__(self, url: str) -> None:
        self.url = make_url(url)
        self.sqlite = self.url.get_backend_name() == "sqlite"
        if self.sqlite and self.url.database:
            Path(self.url.database).absolute().parent.mkdir(parents=True, exist_ok=True)
        self._engine: AsyncEngine | None = None
        self._reading: AsyncEngine | None = None
        self._readers: Readers | None = None
        self._glances: Readers | None = None
        self._writer: Writer | None = None

    async def start(self) -> None:
        """Opens the engines. Raises Unavailable when the database cannot be reached."""
        if self.sqlite:
            plain = self.url.set(drivername="sqlite")
            self._readers = Readers(plain, _READERS, "database-reader")
            self._glances = Readers(plain, _GLANCES, "database-glance")
            self._writer = Writer(plain)
            self._writer.start()
            # Set once as a connection opens. Set for each read it is a hop to the driver's thread, and a read cancelled
            # there never gives its connection back.
            self._engine = self._reading = create_async_engine(
                self.url.set(drivername="sqlite+aiosqlite"),
                pool_size=_STUDIES,
                max_overflow=0,
                hide_parameters=True,
                isolation_level="AUTOCOMMIT",
            )
            event.listen(self._engine.sync_engine, "connect", pragmas)
        else:
            driver = self.url.set(drivername="postgresql+asyncpg")
            self._engine = create_async_engine(
                driver, pool_size=10, max_overflow=10, pool_pre_ping=True, hide_parameters=True
            )
            self._reading = self._engine.execution_options(isolation_level="AUTOCOMMIT")
        await self.read(lambda s: s.execute(text("SELECT 1")))

    async def close(self) -> None:
        if self._writer:
            await asyncio.to_thread(self._writer.stop)
        for readers in (self._readers, self._glances):
            if readers:
                await asyncio.to_thread(readers.stop)
        if self._engine:
            await self._engine.dispose()

    async def write(self, fn: Callable[[Session], T], *, hardened: bool = True) -> T:
        """Runs ``fn`` and commits. Raises what ``fn`` raises (nothing is kept then) or Unavailable.

        ``hardened=False`` returns a few milliseconds earlier: kept whatever becomes of the service, while a power cut
        within the next tenth of a second takes it back. Only for what can be learnt anew from elsewhere.
        """
        if self._writer:
            return await self._writer.submit(fn, hardened=hardened)
        return await _tried(lambda: self._write_postgres(fn))

    async def read(self, fn: Callable[[Session], T]) -> T:
        """Runs ``fn`` on a connection without a transaction: it sees what is committed and keeps nobody waiting. On
        SQLite in a thread, there and back in one step: by a driver for asyncio each statement takes several."""
        return await self._read(fn, self._readers)

    async def _read(self, fn: Callable[[Session], T], readers: Readers | None) -> T:
        if readers is None and self._reading is None:
            raise Unavailable("the database is not started", code="database_unavailable")
        return await _tried(lambda: readers.run(fn) if readers else self._read_by_driver(fn))

    async def _read_by_driver(self, fn: Callable[[Session], T]) -> T:
        async with AsyncSession(self._reading, expire_on_commit=False) as session:
            return await session.run_sync(fn)

    async def study(self, fn: Callable[[Session], T]) -> T:
        """``read`` for what may take seconds, reports and exports: on SQLite by connections of its own, two at a time;
        no screen waits behind it."""
        return await self._read(fn, None)

    async def glance(self, fn: Callable[[Session], T]) -> T:
        """``read`` for what somebody waits for on the telephone, one indexed statement: on SQLite in a thread that no
        other read keeps busy."""
        return await self._read(fn, self._glances)

    async def _write_postgres(self, fn: Callable[[Session], T]) -> T:
        async with AsyncSession(self._engine, expire_on_commit=False) as session, session.begin():
            return await session.run_sync(fn)


async def _tried(once: Callable[[], Awaitable[T]], tries: int = 5) -> T:
    """What PostgreSQL gave up for another's sake is done anew: a read too meets whoever locks tables in his order."""
    for left in reversed(range(tries)):
        try:
            return await once()
        except (DBAPIError, OSError, PoolTimeoutError) as wrong:
            if away(wrong):
                raise unavailable(wrong) from wrong
            if left == 0 or state(wrong) not in _RETRIED_STATES:
                raise
    raise AssertionError("unreachable")
