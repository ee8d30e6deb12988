"""Work to be done later: a row written in the same transaction as what it follows from, so neither exists alone."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import JSON, Index, Integer, Select, Table, Text, bindparam, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from callcenter import metrics
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.log import logger
from callcenter.statement import Statement
from callcenter.tables import Base, UtcDateTime

log = logger(__name__)
AT_ONCE: Final = 48
"""So many short jobs keep the disk and the database busy; what they read and commit is shared."""
_LEASE: Final = timedelta(seconds=20)
"""After which what a killed process had begun is begun anew, so that a recording still is there within its minute."""
_LONGEST_WAIT: Final = 300.0
_IDLE_SECONDS: Final = 1.0
_UNDONE: Final = text("done_at IS NULL")


class Job(Base):
    """``done_at`` None: still to do. ``leased_until`` keeps other workers away."""

    __tablename__ = "jobs"
    __table_args__ = (Index("ix_jobs_due", "kind", "run_at", sqlite_where=_UNDONE, postgresql_where=_UNDONE),)
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")


_jobs: Final = cast(Table, Job.__table__)
_add: Final = insert(_jobs)
_mark: Final = update(_jobs).where(_jobs.c.id == bindparam("job"))
_now: Final = bindparam("now", type_=UtcDateTime())
_DUE: Final = (
    *(_jobs.c.kind == bindparam("kind"), _jobs.c.done_at.is_(None), _jobs.c.run_at <= _now),
    or_(_jobs.c.leased_until.is_(None), _jobs.c.leased_until < _now),
)
_any_due: Final = Statement(lambda _: select(_jobs.c.id).where(*_DUE).limit(1))
"""Asked every second, and the answer nearly always is no."""
_due: Final = (
    select(_jobs.c.id, _jobs.c.args, _jobs.c.attempts)
    .where(*_DUE)
    .limit(bindparam("most", type_=Integer()))
    .with_for_update(skip_locked=True)
)
_oldest: Final = _due.order_by(_jobs.c.run_at)
_newest: Final = _due.order_by(_jobs.c.run_at.desc())


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """A job to be added, to run not before ``at``."""

    kind: str
    args: Mapping[str, Any]
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a job went, as the values its row takes."""

    id: UUID
    values: Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """A job this worker may do now."""

    id: UUID
    kind: str
    args: Mapping[str, Any]
    attempts: int


Work = Callable[[Mapping[str, Any]], Awaitable[None]]


def enqueue(session: Session, kind: str, args: dict[str, Any], *, at: datetime) -> None:
    """Adds a job to the caller's transaction, to run not before ``at``."""
    session.execute(_add, {"kind": kind, "args": args, "run_at": at})


def enqueue_all(session: Session, orders: Sequence[Order]) -> None:
    """The same, for many at once."""
    if orders:
        session.execute(_add, [{"kind": one.kind, "args": one.args, "run_at": one.at} for one in orders])


@dataclass(slots=True, kw_only=True)
class _Line:
    """A kind, and how many of it may be begun; ``newest``: whose turn it was where only one may."""

    work: Work
    free: int
    newest: bool = True


class Jobs:
    """Runs jobs for ever, of each kind ``at_once`` at the same time, so that none waits for another: a recording is
    not kept from its call by a system that is told of outcomes and does not answer. A failing one is repeated with
    growing pauses, up to five minutes.

    The longest due and the last due take turns: what has waited a night goes on, and what comes now does not wait for
    it. However many have ended, one transaction marks them and claims as many others.
    """

    def __init__(self, db: Database, clock: Clock, at_once: int = 1) -> None:
        self._db = db
        self._clock = clock
        self._at_once = at_once
        self._lines: dict[str, _Line] = {}
        self._held: set[UUID] = set()
        self._ended: list[Ended] = []
        self._wake = asyncio.Event()

    def on(self, kind: str, work: Work) -> None:
        self._lines[kind] = _Line(work=work, free=self._at_once)

    def wake(self) -> None:
        """Called after a commit that added a job due now."""
        self._wake.set()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._wake.clear()
                for claim in await self._next():
                    self._lines[claim.kind].free -= 1
                    self._held.add(claim.id)
                    group.create_task(self._do(claim), name=f"job-{claim.kind}")
                with suppress(TimeoutError):
                    await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)

    async def _next(self) -> list[Claim]:
        """Marks what has ended and claims others in one transaction; without a database neither, to be tried again."""
        ended = tuple(self._ended)
        if not ended and not any(line.free for line in self._lines.values()):
            return []
        claims: list[Claim] = []
        with contained("jobs"):
            claims = await self._db.write(lambda s: self._mark_and_claim(s, ended))
            del self._ended[: len(ended)]
            self._held.difference_update(one.id for one in ended)
        return claims

    def _mark_and_claim(self, session: Session, ended: Sequence[Ended]) -> list[Claim]:
        _mark_all(session, [{"job": one.id, **one.values} for one in ended])
        due = {"now": self._clock.now()}
        return [
            claim
            for kind, line in self._lines.items()
            if line.free and _any_due(session, {"kind": kind, **due})
            for claim in self._claim_some(session, kind, line)
        ]

    def _claim_some(self, session: Session, kind: str, line: _Line) -> list[Claim]:
        if line.free == 1:
            line.newest = not line.newest
            return self._claim(session, _newest if line.newest else _oldest, kind, 1)
        first = self._claim(session, _newest, kind, line.free // 2)
        return first + self._claim(session, _oldest, kind, line.free - len(first))

    def _claim(self, session: Session, order: Select[Any], kind: str, most: int) -> list[Claim]:
        """What this process does already, and could not say so in time, stays its own."""
        now = self._clock.now()
        found = session.execute(order, {"kind": kind, "now": now, "most": most}).all()
        until = now + _LEASE
        leases = [(job, job.attempts + (job.id not in self._held)) for job in found]
        _mark_all(session, [{"job": job.id, "leased_until": until, "attempts": times} for job, times in leases])
        return [
            Claim(id=job.id, kind=kind, args=job.args, attempts=times)
            for job, times in leases
            if job.id not in self._held
        ]

    async def _hold(self, claim: Claim) -> None:
        """Keeps a long job ours while it is being done."""
        while True:
            await asyncio.sleep(_LEASE.total_seconds() / 3)
            with contained("jobs"):
                held = {"job": claim.id, "leased_until": self._clock.now() + _LEASE}
                await self._db.write(partial(_mark_held, held))

    async def _do(self, claim: Claim) -> None:
        holding = asyncio.create_task(self._hold(claim), name="job-lease")
        try:
            await self._lines[claim.kind].work(claim.args)
        except Exception as wrong:
            values = self._again(claim, wrong)
        else:
            values = {"done_at": self._clock.now(), "error": ""}
        finally:
            holding.cancel()
        self._ended.append(Ended(id=claim.id, values=values))
        self._lines[claim.kind].free += 1
        self._wake.set()

    def _again(self, claim: Claim, wrong: Exception) -> dict[str, Any]:
        said = f"{type(wrong).__name__}: {wrong}"
        metrics.jobs_failed.labels(kind=claim.kind).inc()
        log.warning("job_failed", kind=claim.kind, job=str(claim.id), error=said)
        pause = min(_LONGEST_WAIT, 2.0 ** min(claim.attempts, 10))
        return {"run_at": self._clock.now() + timedelta(seconds=pause), "leased_until": None, "error": said[:500]}


def _mark_all(session: Session, marks: Iterable[Mapping[str, Any]]) -> None:
    """Those that set the same at one go."""
    alike: dict[frozenset[str], list[Mapping[str, Any]]] = defaultdict(list)
    for mark in marks:
        alike[frozenset(mark)].append(mark)
    for some in alike.values():
        session.execute(_mark, some)


def _mark_held(held: Mapping[str, Any], session: Session) -> None:
    session.execute(_mark, held)
