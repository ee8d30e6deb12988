"""Works at imports, one after another: small batches, so that a ringing phone never waits behind a list.

Where an import stands is a row that moves in the transaction of each batch: killed at any moment, it goes on at the
next start with the row after the last one that was committed.
"""

from __future__ import annotations

import asyncio
import time
import traceback
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, TypeAlias
from uuid import UUID

from sqlalchemy.orm import Session

from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm import audit, customers, retro
from callcenter.crm.exchange import book, check, reach, undo, writing
from callcenter.crm.exchange.check import Findings, Paper, There
from callcenter.crm.exchange.decide import Namesakes, Rule
from callcenter.crm.exchange.draft import Reading
from callcenter.crm.exchange.lines import Shelf
from callcenter.crm.exchange.writing import Row, Task
from callcenter.crm.models.imports import Import
from callcenter.db import Database
from callcenter.decision_events import CustomerChosen
from callcenter.errors import CallcenterError, NotFound, Unavailable
from callcenter.events import CallEvent, CallKey
from callcenter.log import logger

log = logger(__name__)
_HELD_SECONDS: Final = 0.03
"""How long a batch may hold the writer: it takes as many rows as fit."""
_FEWEST: Final = 20
_MOST: Final = 500
_CHECKED_AT_ONCE: Final = 500
_LOOK_SECONDS: Final = 2.0
_BREATH: Final = 0.003
_FORGET_EVERY: Final = timedelta(hours=1)
Live: TypeAlias = tuple[tuple[UUID, CallKey], ...]
Take: TypeAlias = Callable[[CallEvent], Awaitable[object]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """Rows of the file, where they end in it, and which lines are not wanted."""

    rows: list[Row]
    end: int
    left_out: frozenset[int]


async def _nobody(_event: CallEvent) -> None:
    """From a shell no call is followed."""


class Importer:
    """``run`` for ever, or ``work`` at one. ``shelf`` keeps the files; ``take`` is the ledger's, who follows calls."""

    def __init__(self, db: Database, clock: Clock, shelf: Shelf, take: Take = _nobody) -> None:
        self._db = db
        self._clock = clock
        self.shelf = shelf
        self._take = take
        self._wake = asyncio.Event()
        self._size = 20
        self._namesakes: tuple[UUID | None, frozenset[int]] = (None, frozenset())
        self._forgotten = clock.now() - _FORGET_EVERY

    def wake(self) -> None:
        """Called after a commit that gave it work."""
        self._wake.set()

    async def run(self) -> None:
        while True:
            again = False
            with contained("imports"):
                worked = await self.work()
                await self._forget()
                again = worked
            if not again:
                self._wake.clear()
                try:
                    await asyncio.wait_for(self._wake.wait(), _LOOK_SECONDS)
                except TimeoutError:
                    pass

    async def work(self, only: UUID | None = None) -> bool:
        """Brings one import to its next rest; whether there was one."""
        found = await self._db.write(lambda s: book.claim(s, self._clock.now(), only))
        if found is None:
            return False
        try:
            await self._finish(found)
        except NotFound:
            self.shelf.drop(found)
        except Unavailable as wrong:
            if wrong.code != "import_file_gone":
                await self._db.write(lambda s: _set(s, found, leased_until=None))
                raise
            await self._fail(found, wrong.code)
        except CallcenterError as wrong:
            await self._fail(found, wrong.code)
        except Exception as wrong:
            _tell("import_failed", wrong)
            await self._fail(found, "internal")
        return True

    async def _finish(self, id: UUID) -> None:
        """Batch after batch, with a breath between: others write too."""
        more = True
        while more:
            more = await self._step(id)
            await asyncio.sleep(_BREATH)

    async def _step(self, id: UUID) -> bool:
        """One batch; whether there is more to do."""
        row, reading = await self._db.read(lambda s: book.with_reading(s, id, None))
        match row.state:
            case "checking":
                await self._check(row, reading)
                return True
            case "running":
                return await self._batch(row, reading)
            case "undoing":
                return await self._undo(id)
            case _:
                return False

    async def _fail(self, id: UUID, code: str) -> None:
        log.warning("import_stopped", id=str(id), code=code)
        now = self._clock.now()
        await self._db.write(lambda s: _set(s, id, state="failed", error=code, leased_until=None, finished_at=now))

    async def _check(self, row: Import, reading: Reading) -> None:
        findings, position, done, first = Findings(), 0, 0, row.about["first"]
        write = self.shelf.write
        with write(row.id, "doubts") as doubts, write(row.id, "namesakes") as namesakes:
            paper = Paper(doubts=doubts, namesakes=namesakes)
            while True:
                rows, position = await self._rows(row.id, position, first + done, _CHECKED_AT_ONCE, reading)
                if not rows:
                    break
                there = await self._db.read(lambda s, rows=rows: _there(s, row, rows))  # type: ignore[misc]
                await asyncio.to_thread(check.look, findings, rows, there, paper)
                done += len(rows)
                if not await self._db.write(lambda s, done=done: self._checked(s, row, done)):  # type: ignore[misc]
                    return
        told = findings.told()
        await self._db.write(lambda s: _ready(s, row, told))

    def _checked(self, session: Session, seen: Import, done: int) -> bool:
        """Whether it is still to be checked, and with the same mapping."""
        row = book.get(session, seen.id, None, lock=True)
        same = (row.mapping, row.region) == (seen.mapping, seen.region)
        if row.state == "checking" and same:
            row.row, row.leased_until = done, self._clock.now() + book.LEASE
            return True
        return False

    async def _batch(self, row: Import, reading: Reading) -> bool:
        first = row.about["first"] + row.row
        left_out = await self._left_out(row)
        rows, position = await self._rows(row.id, row.position, first, self._size, reading)
        taken = Rows(rows=rows, end=position, left_out=left_out)
        more, live = await self._db.write(lambda s: self._written(s, row, taken))
        if row.created_by_id:
            await self._calls_follow(live, row.created_by_id)
        return more

    def _written(self, session: Session, seen: Import, taken: Rows) -> tuple[bool, Live]:
        began, now, rows = time.perf_counter(), self._clock.now(), taken.rows
        row = book.get(session, seen.id, None, lock=True)
        if row.state != "running" or row.position != seen.position:
            return row.state in book.WORKING, ()
        if not rows:
            row.state, row.finished_at, row.leased_until = "done", now, None
            audit.record(session, None, "import_done", ("import", str(row.id)), now, **row.counts)
            return False, ()
        by = reach.of(session, row.created_by_id)
        task = Task(id=row.id, rule=Rule(row.rule), reach=by, at=now, left_out=taken.left_out)
        written = writing.write(session, rows, task)
        row.counts = dict(Counter(row.counts) + Counter(written.counts))
        row.row, row.position, row.leased_until = row.row + len(rows), taken.end, now + book.LEASE
        session.flush()
        self._fit(len(rows), time.perf_counter() - began)
        return True, written.live

    async def _calls_follow(self, live: Live, by: UUID) -> None:
        """Calls that are still followed become the customers' in their own order."""
        for card, call in live:
            at, mono = self._clock.now(), self._clock.monotonic()
            await self._take(CustomerChosen(call=call, at=at, mono=mono, customer=card, by=by))
            await self._db.write(lambda s, card=card: retro.recount(s, customers.whoever(s, card)))  # type: ignore[misc]

    def _fit(self, rows: int, seconds: float) -> None:
        """As many rows next time as fit, growing by half at most."""
        fitting = int(rows * _HELD_SECONDS / max(seconds, 1e-4))
        self._size = max(_FEWEST, min(_MOST, fitting, self._size + self._size // 2 + 1))

    async def _left_out(self, row: Import) -> frozenset[int]:
        """Rows whose name a customer bears, where whoever started it wants none of them."""
        if row.about.get("namesakes") != Namesakes.SKIP:
            return frozenset()
        if self._namesakes[0] != row.id:
            self._namesakes = (row.id, await asyncio.to_thread(self.shelf.namesakes, row.id))
        return self._namesakes[1]

    async def _undo(self, id: UUID) -> bool:
        return await self._db.write(lambda s: self._undone(s, id))

    def _undone(self, session: Session, id: UUID) -> bool:
        began, now = time.perf_counter(), self._clock.now()
        row = book.get(session, id, None, lock=True)
        if row.state != "undoing":
            return row.state in book.WORKING
        counts = undo.batch(session, id, self._size, reach.of(session, row.created_by_id), now)
        row.undo_counts = dict(Counter(row.undo_counts) + Counter(counts))
        row.leased_until = now + book.LEASE
        if not counts:
            row.state, row.undone_at, row.leased_until = "undone", now, None
            audit.record(session, None, "import_undone", ("import", str(id)), now, **_codes(row.undo_counts))
            return False
        session.flush()
        self._fit(sum(counts.values()), time.perf_counter() - began)
        return True

    async def _rows(self, id: UUID, position: int, first: int, most: int, reading: Reading) -> tuple[list[Row], int]:
        return await asyncio.to_thread(self.shelf.rows, id, position, first, most, reading)

    async def _forget(self) -> None:
        """What is too old to be undone, and the files of imports that are through."""
        now = self._clock.now()
        if now - self._forgotten < _FORGET_EVERY:
            return
        self._forgotten = now
        gone = 1
        while gone:
            gone = await self._db.write(lambda s: book.forget(s, now))
            await asyncio.sleep(_BREATH)
        held = await asyncio.to_thread(self.shelf.held)
        needed = await self._db.read(book.with_files)
        for id in held - needed:
            self.shelf.drop(id)


def _tell(what: str, wrong: Exception) -> None:
    """Where it broke, but not what it said: messages quote rows."""
    log.error(what, error=type(wrong).__name__, at="".join(traceback.format_tb(wrong.__traceback__)))


def _there(session: Session, row: Import, rows: list[Row]) -> There:
    return check.there(session, rows, reach.of(session, row.created_by_id))


def _ready(session: Session, seen: Import, findings: dict[str, Any]) -> None:
    row = book.get(session, seen.id, None, lock=True)
    if row.state == "checking" and (row.mapping, row.region) == (seen.mapping, seen.region):
        row.state, row.findings, row.row, row.leased_until = "ready", findings, 0, None


def _set(session: Session, id: UUID, **values: Any) -> None:
    row = book.get(session, id, None, lock=True)
    for name, value in values.items():
        setattr(row, name, value)


def _codes(counts: dict[str, int]) -> dict[str, int]:
    """As names of audit details."""
    return {code.replace(":", "_"): count for code, count in counts.items()}
