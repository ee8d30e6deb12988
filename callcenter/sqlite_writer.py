"""SQLite's one writer: a thread of its own, in which commands that wait together share one commit."""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

from sqlalchemy import NullPool, create_engine, event
from sqlalchemy.engine import URL, Connection
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import Session

from callcenter.away import unavailable
from callcenter.log import logger
from callcenter.sqlite import Begun, Log, checkpoints_elsewhere, pragmas

log = logger(__name__)
T = TypeVar("T")
_BATCH: Final = 256
_LOG_COMMITS: Final = 32
_LOG_COMMITS_AT_MOST: Final = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class _Command:
    """``answer`` belongs to the loop: here it is only asked whether anybody still waits."""

    fn: Callable[[Session], Any]
    answer: asyncio.Future[Any]
    hardened: bool


_Answered: TypeAlias = tuple[asyncio.Future[Any], Any, BaseException | None]


class Writer(threading.Thread):
    """The only thread that writes to SQLite. Ends after ``stop``, when all that was submitted is answered."""

    def __init__(self, url: URL) -> None:
        super().__init__(name="database-writer", daemon=True)
        self._loop = asyncio.get_running_loop()
        self._engine = create_engine(
            url, poolclass=NullPool, connect_args={"isolation_level": None}, hide_parameters=True
        )
        event.listen(self._engine, "connect", pragmas)
        event.listen(self._engine, "connect", checkpoints_elsewhere)
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
        self._drop()
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
            driver = self._driver(synchronous)
            driver.execute("BEGIN IMMEDIATE")
            for command in batch:
                if not command.answer.cancelled():
                    done.append((command.answer, *_run(self._session(alone=len(batch) == 1), command.fn)))
            if driver.in_transaction:
                driver.execute("COMMIT")
        except Exception as wrong:
            failed = unavailable(wrong) if isinstance(wrong, (OperationalError, sqlite3.OperationalError)) else wrong
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
                self._session(alone=True).driver.execute("PRAGMA wal_checkpoint(PASSIVE)")
            except sqlite3.Error as wrong:
                log.warning("checkpoint_failed", reason=str(wrong))

    _open: Connection | None = None
    _synchronous = ""

    def _driver(self, synchronous: str) -> sqlite3.Connection:
        """SQLite's own connection. To SQLAlchemy one transaction goes on for ever: what truly begins and ends is said
        past it, which takes a quarter of the time."""
        if self._open is None:
            self._open, self._synchronous = self._engine.connect(), ""
        if not self._open.in_transaction():
            self._open.begin()
        driver: sqlite3.Connection = self._session(alone=True).driver
        if synchronous != self._synchronous:
            driver.execute(f"PRAGMA synchronous={synchronous}")
            self._synchronous = synchronous
        return driver

    def _session(self, *, alone: bool) -> Begun:
        """The open connection's, for a command that has its transaction to itself or shares it."""
        if self._open is None:
            raise AssertionError("no connection is open")
        if alone not in self._sessions:
            self._sessions[alone] = Begun(self._open, alone=alone)
        return self._sessions[alone]

    def _drop(self) -> None:
        """At the end, and after a failure, as the connection may be poisoned (full disk, removed file): the next batch
        opens another. Whoever closes the last one has SQLite move the whole log into the file."""
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
    connection, driver, alone = session.connection(), session.driver, session.alone
    try:
        if not alone:
            driver.execute("SAVEPOINT command")
        result = fn(session)
        if session.in_transaction():
            session.commit()
        if not alone:
            driver.execute("RELEASE command")
    except (OperationalError, sqlite3.OperationalError):
        with suppress(DBAPIError):  # a full disk may have rolled back, savepoints and all: what was said first counts
            session.rollback()
        raise
    except Exception as wrong:
        session.rollback()
        if not alone:
            driver.execute("ROLLBACK TO command")
            driver.execute("RELEASE command")
        elif connection.in_transaction():
            connection.rollback()
        return None, wrong
    else:
        return result, None
    finally:
        session.forget()
