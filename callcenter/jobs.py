"""Work to be done later: a row written in the same transaction as what it follows from, so neither exists alone."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Final, cast
from uuid import UUID

from sqlalchemy import JSON, Index, Table, Text, bindparam, insert, or_, select, text, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from callcenter import metrics
from callcenter.clock import Clock
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.ids import new_id
from callcenter.log import logger
from callcenter.tables import Base, UtcDateTime

log = logger(__name__)
_LEASE: Final = timedelta(minutes=5)
_LONGEST_WAIT: Final = 300.0
_IDLE_SECONDS: Final = 1.0


class Job(Base):
    """``done_at`` None: still to do. ``leased_until`` keeps other workers away."""

    __tablename__ = "jobs"
    __table_args__ = (
        Index("ix_jobs_due", "run_at", sqlite_where=text("done_at IS NULL"), postgresql_where=text("done_at IS NULL")),
    )
    id: Mapped[UUID] = mapped_column(primary_key=True, default=new_id)
    kind: Mapped[str] = mapped_column(Text)
    args: Mapped[dict[str, Any]] = mapped_column(JSON)
    run_at: Mapped[datetime] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    leased_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    error: Mapped[str] = mapped_column(Text, default="")


_due: Final = (
    select(Job)
    .where(Job.done_at.is_(None), Job.run_at <= bindparam("now", type_=UtcDateTime()))
    .where(Job.kind.in_(bindparam("kinds", expanding=True)))
    .where(or_(Job.leased_until.is_(None), Job.leased_until < bindparam("now", type_=UtcDateTime())))
    .limit(1)
    .with_for_update(skip_locked=True)
)
_oldest: Final = _due.order_by(Job.run_at)
_newest: Final = _due.order_by(Job.run_at.desc())
_jobs: Final = cast(Table, Job.__table__)
_add: Final = insert(_jobs)
_mark: Final = update(_jobs).where(_jobs.c.id == bindparam("job"))


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


class Jobs:
    """Runs jobs one after another, for ever; a failing one is repeated with growing pauses, up to five minutes.

    The longest due and the last due take turns: what has waited a night goes on, and what comes now does not wait for
    it.
    """

    def __init__(self, db: Database, clock: Clock, lease: timedelta = _LEASE) -> None:
        self._db = db
        self._clock = clock
        self._lease = lease
        self._kinds: dict[str, Work] = {}
        self._wake = asyncio.Event()
        self._turn = False

    def on(self, kind: str, work: Work) -> None:
        self._kinds[kind] = work

    def wake(self) -> None:
        """Called after a commit that added a job due now."""
        self._wake.set()

    async def run(self) -> None:
        ended: Ended | None = None
        while True:
            claim, ended = await self._next(ended)
            if claim:
                ended = await self._do(claim)
                continue
            self._wake.clear()
            try:
                await asyncio.wait_for(self._wake.wait(), _IDLE_SECONDS)
            except TimeoutError:
                pass

    async def _next(self, ended: Ended | None) -> tuple[Claim | None, Ended | None]:
        """Marks the last job and claims another in one transaction; without a database neither, to be tried again."""
        try:
            return await self._db.write(lambda s: self._mark_and_claim(s, ended)), None
        except Unavailable:
            return None, ended

    def _mark_and_claim(self, session: Session, ended: Ended | None) -> Claim | None:
        if ended:
            session.execute(_mark, {"job": ended.id, **ended.values})
        now = self._clock.now()
        self._turn = not self._turn
        job = session.scalars(_oldest if self._turn else _newest, {"now": now, "kinds": list(self._kinds)}).first()
        if job is None:
            return None
        job.leased_until = now + self._lease
        job.attempts += 1
        return Claim(id=job.id, kind=job.kind, args=job.args, attempts=job.attempts)

    async def _hold(self, claim: Claim) -> None:
        """Keeps a long job ours while it is being done."""
        while True:
            await asyncio.sleep(self._lease.total_seconds() / 3)
            with suppress(Unavailable):
                held = {"job": claim.id, "leased_until": self._clock.now() + self._lease}
                await self._db.write(partial(_mark_held, held))

    async def _do(self, claim: Claim) -> Ended:
        holding = asyncio.create_task(self._hold(claim), name="job-lease")
        try:
            await self._kinds[claim.kind](claim.args)
        except Exception as wrong:
            metrics.jobs_failed.labels(kind=claim.kind).inc()
            log.warning("job_failed", kind=claim.kind, job=str(claim.id), error=f"{type(wrong).__name__}: {wrong}")
            pause = min(_LONGEST_WAIT, 2.0 ** min(claim.attempts, 10))
            again = {"run_at": self._clock.now() + timedelta(seconds=pause), "leased_until": None}
            return Ended(id=claim.id, values={**again, "error": f"{type(wrong).__name__}: {wrong}"[:500]})
        finally:
            holding.cancel()
        return Ended(id=claim.id, values={"done_at": self._clock.now(), "error": ""})


def _mark_held(held: Mapping[str, Any], session: Session) -> None:
    session.execute(_mark, held)
