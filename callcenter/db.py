"""The database: one place that commits.

SQLite has one writer thread: each command runs in a SAVEPOINT, commands that wait together share one COMMIT (and one
fsync). Through a pool instead, SQLAlchemy loses updates or fails with "database is locked" under load. PostgreSQL
gives each command its own transaction. Results are released after the commit.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import NullPool, create_engine, event, text
from sqlalchemy.engine import URL, Connection, make_url
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError
from sqlalchemy.ext.asyncio import AsyncEngine, AsyncSession, create_async_engine
from sqlalchemy.orm import Session

from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.sqlite import Begun, Log, Readers, begin, checkpoints_elsewhere, pragmas, say

log = logger(__name__)
T = TypeVar("T")
_BATCH: Final = 256
_READERS: Final = 6
_GLANCES: Final = 2
_STUDIES: Final = 2
_LOG_COMMITS: Final = 32
_LOG_COMMITS_AT_MOST: Final = 256
_RETRIED_STATES: Final = frozenset({"40001", "40P01"})
_AWAY_STATES: Final = ("08", "53", "57", "58")  # no connection, no room, stopped by somebody, its machine


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
        self._writer: _Writer | None = None

    async def start(self) -> None:
        """Opens the engines. Raises Unavailable when the database cannot be reached."""
        if self.sqlite:
            plain = self.url.set(drivername="sqlite")
            self._readers = Readers(plain, _READERS, "database-reader")
            self._glances = Readers(plain, _GLANCES, "database-glance")
            self._writer = _Writer(plain)
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
            if _away(wrong):
                raise _unavailable(wrong) from wrong
            if left == 0 or _state(wrong) not in _RETRIED_STATES:
                raise
    raise AssertionError("unreachable")


def _away(wrong: BaseException) -> bool:
    return isinstance(wrong, OperationalError | InterfaceError | OSError | PoolTimeoutError) or _state(
        wrong
    ).startswith(_AWAY_STATES)


def _state(wrong: BaseException) -> str:
    return getattr(getattr(wrong, "orig", None), "sqlstate", None) or ""


def _unavailable(wrong: BaseException) -> Unavailable:
    """The error without its statement: parameters are personal data."""
    cause = getattr(wrong, "orig", None) or wrong
    words = str(cause).lower()
    code = "database_locked" if "locked" in words else "database_unavailable"
    code = "database_full" if "full" in words or _state(wrong) == "53100" else code
    return Unavailable(f"the database does not take it now: {type(cause).__name__}: {cause}", code=code)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """``answer`` belongs to the loop: here it is only asked whether anybody still waits."""

    fn: Callable[[Session], Any]
    answer: asyncio.Future[Any]
    hardened: bool


_Answered: TypeAlias = tuple[asyncio.Future[Any], Any, BaseException | None]


class _Writer(threading.Thread):
    """The only thread that writes to SQLite. Ends after ``stop``, when all that was submitted is answered."""

    def __init__(self, url: URL) -> None:
        super().__init__(name="database-writer", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._engine = create_engine(
            url, poolclass=NullPool, connect_args={"isolation_level": None}, hide_parameters=True
        )
        event.listen(self._engine, "connect", pragmas)
        event.listen(self._engine, "connect", checkpoints_elsewhere)
        event.listen(self._engine, "begin", begin)
        self._sessions: dict[bool, Begun] = {}
        self._log_commits = 0
        self._log = Log(url.database or "")
        self._inbox: queue.SimpleQueue[_Command | None] = queue.SimpleQueue()

    def submit(self, fn: Callable[[Session], T], *, hardened: bool) -> asyncio.Future[T]:
        answer: asyncio.Future[T] = self._loop.create_future()
        self._inbox.put(_Command(fn=fn, answer=answer, hardened=hardened))
        return answer

    def stop(self) -> None:
        self._inbox.put(None)
        self.join(timeout=30)

    def run(self) -> None:
        going = True
        while going:
            batch, going = self._next()
            if batch:
                hardened = any(command.hardened for command in batch)
                self._answer(self._commit(batch, "FULL" if hardened else "NORMAL"))
                self._log.grew(synced=hardened)
                self._checkpoint()
            if self._log.left == 0:
                self._log.harden()
        self._log.close()
        self._engine.dispose()

    def _next(self) -> tuple[list[_Command], bool]:
        try:
            first = self._inbox.get(timeout=self._log.left)
        except queue.Empty:
            return [], True
        if first is None:
            return [], False
        batch = [first]
        while len(batch) < _BATCH and not self._inbox.empty():
            item = self._inbox.get()
            if item is None:
                return batch, False
            batch.append(item)
        return batch, True

    def _commit(self, batch: list[_Command], synchronous: str) -> list[_Answered]:
        done: list[_Answered] = []
        try:
            connection = self._connection(synchronous)
            with connection.begin():
                for command in batch:
                    if not command.answer.cancelled():
                        done.append((command.answer, *_run(self._session(alone=len(batch) == 1), command.fn)))
        except Exception as wrong:
            failed = _unavailable(wrong) if isinstance(wrong, (OperationalError, sqlite3.OperationalError)) else wrong
            self._drop()
            return [(command.answer, None, failed) for command in batch]
        return done

    def _answer(self, answered: Sequence[_Answered]) -> None:
        """All of a batch at once: each waking of the loop costs as much as a statement."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(_answer, answered)

    def _checkpoint(self) -> None:
        """Moves the write-ahead log into the file between commands: within a ringing call's commit, where SQLite would
        do it, it costs milliseconds (https://www.sqlite.org/wal.html#ckpt)."""
        self._log_commits += 1
        due = self._log_commits >= (_LOG_COMMITS if self._inbox.empty() else _LOG_COMMITS_AT_MOST)
        if due and self._open is not None:
            self._log_commits = 0
            try:
                say(self._open, "PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.Error as wrong:
                log.warning("checkpoint_failed", reason=str(wrong))

    _open: Connection | None = None
    _synchronous = ""

    def _connection(self, synchronous: str) -> Connection:
        if self._open is None:
            self._open, self._synchronous = self._engine.connect(), ""
        if synchronous != self._synchronous:
            say(self._open, f"PRAGMA synchronous={synchronous}")
            self._synchronous = synchronous
        return self._open

    def _session(self, *, alone: bool) -> Begun:
        """The open connection's, for a command that has its transaction to itself or shares it."""
        if alone not in self._sessions:
            self._sessions[alone] = Begun(self._connection(self._synchronous), alone=alone)
        return self._sessions[alone]

    def _drop(self) -> None:
        """After a failure the connection may be poisoned (full disk, removed file): the next batch opens another."""
        self._sessions.clear()
        self._log.close()
        kept, self._open = self._open, None
        if kept is not None:
            try:
                kept.close()
            except Exception:
                kept.invalidate()


def _answer(answered: Sequence[_Answered]) -> None:
    for answer, result, error in answered:
        if answer.done():
            continue
        if error is None:
            answer.set_result(result)
        else:
            answer.set_exception(error)


def _run(session: Begun, fn: Callable[[Session], T]) -> tuple[T | None, BaseException | None]:
    """What ``fn`` did is kept until the transaction ends, or undone. A command alone needs no savepoint for that."""
    connection, alone = session.connection(), session.alone
    try:
        if not alone:
            say(connection, "SAVEPOINT command")
        result = fn(session)
        if session.in_transaction():
            session.commit()
        if not alone:
            say(connection, "RELEASE command")
    except OperationalError:
        with suppress(DBAPIError):  # a full disk may have rolled back, savepoints and all: what was said first counts
            session.rollback()
        raise
    except Exception as wrong:
        session.rollback()
        if not alone:
            say(connection, "ROLLBACK TO command", "RELEASE command")
        elif connection.in_transaction():
            connection.rollback()
        return None, wrong
    else:
        return result, None
    finally:
        session.forget()
