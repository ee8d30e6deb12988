"""What is too old goes every night, in batches small enough to keep nobody waiting; a night cut short goes on."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from functools import partial
from typing import Final
from uuid import UUID

from prometheus_client import Counter, Gauge
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import metrics
from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.crm import audit, passages, sounds
from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.models.privacy import RetentionRun
from callcenter.crm.privacy import chain, erasure, keeping, sweeps
from callcenter.crm.privacy.erasure import Eraser, Order, Reason
from callcenter.crm.privacy.files import Files
from callcenter.crm.privacy.keeping import Keeping
from callcenter.crm.privacy.sweeps import Sweep
from callcenter.db import Database
from callcenter.errors import NotFound, Refused, Unavailable
from callcenter.log import logger
from callcenter.news import CustomerChanged

log = logger(__name__)
_LOOK_SECONDS: Final = 60.0
_SEAL_SECONDS: Final = 5.0
_CARDS: Final = 20
removed = Counter("callcenter_retention_removed", "What nights removed because its time was over", ["kind"])
finished = Gauge("callcenter_retention_finished_timestamp_seconds", "When the last night was finished")
broken = Counter("callcenter_retention_failures", "Nights that broke off and were taken up again")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a night would remove if it began now, by kind; ``held`` is what legal holds keep from it."""

    due: Mapping[str, int]
    held: int


class Nights:
    """``run`` for ever. ``look`` is one look at the clock, for whoever moves it himself."""

    def __init__(self, db: Database, clock: Clock, files: Files, eraser: Eraser, bus: Bus) -> None:
        self._db = db
        self._clock = clock
        self._files = files
        self._eraser = eraser
        self._bus = bus

    async def run(self) -> None:
        while True:
            try:
                await self.look()
            except (Unavailable, Refused) as wrong:
                broken.inc()
                log.warning("night_broke_off", code=wrong.code, reason=str(wrong))
            except Exception:
                metrics.contained.labels(part="retention").inc()
                log.exception("night_failed")
            await asyncio.sleep(_LOOK_SECONDS)

    async def seal(self) -> None:
        """Seals the audit trail a few seconds behind its lines, for ever."""
        everything = True
        while True:
            try:
                while await self._db.write(partial(chain.seal, everything=everything)):
                    pass
                everything = False
            except Unavailable:
                pass
            except Exception:
                metrics.contained.labels(part="audit").inc()
                log.exception("trail_not_sealed")
            await asyncio.sleep(_SEAL_SECONDS)

    async def look(self) -> bool:
        """Does the night that is due; whether there was one."""
        now = self._clock.now()
        policy = await self._db.read(keeping.load)
        run = await self._db.write(lambda s: _begin(s, policy.night(now), now))
        if run is None:
            return False
        await self._clear(run, policy, now)
        return True

    async def now(self) -> None:
        """Does it at once, whatever the hour; counted under the night that is due."""
        now = self._clock.now()
        policy = await self._db.read(keeping.load)
        run = await self._db.write(lambda s: _reopen(s, policy.night(now), now))
        await self._clear(run, policy, now)

    async def report(self) -> Report:
        """Counts what the next night would remove. Removes nothing."""
        now = self._clock.now()
        at = await self._db.read(lambda s: keeping.load(s).next_at(now))

        def count(session: Session) -> tuple[Keeping, dict[str, int], int]:
            policy = keeping.load(session)
            due = {"recordings": sweeps.due_recordings(session, at), "cards": sweeps.due_cards(session, policy, at)}
            due |= {sweep.name: sweep.due(session, policy, at) for sweep in sweeps.SWEEPS}
            due["audit"] = chain.to_cut(session, keeping.months_before(at, policy.audit_months))
            return policy, due, sweeps.due_recordings(session, at, held=True)

        policy, due, held = await self._db.read(count)
        due["journals"] = await self._files.old_journals(at - timedelta(days=policy.journal_days))
        return Report(due=due, held=held)

    async def _clear(self, run: UUID, policy: Keeping, now: datetime) -> None:
        await self._recordings(run, now)
        await self._cards(run, policy, now)
        for sweep in sweeps.SWEEPS:
            await self._sweep(run, sweep, policy, now)
        journals = await self._files.drop_journals(now - timedelta(days=policy.journal_days))
        await self._count(run, "journals", journals)
        before = keeping.months_before(now, policy.audit_months)
        await self._db.write(lambda s: chain.cut(s, before, now))
        while done := await self._db.write(chain.drop):
            await self._count(run, "audit", done)
        counts = await self._db.write(lambda s: _finish(s, run, self._clock.now()))
        finished.set(self._clock.now().timestamp())
        log.info("night_done", **counts)

    async def _sweep(self, run: UUID, sweep: Sweep, policy: Keeping, now: datetime) -> None:
        while done := await self._db.write(lambda s: sweep.remove(s, policy, now)):
            await self._count(run, sweep.name, done)

    async def _recordings(self, run: UUID, now: datetime) -> None:
        """The sound first: cut off in between, the row still says what is to be removed. What was said goes with it,
        also out of the index of words."""
        some = False
        while rows := await self._db.read(lambda s: sweeps.some_recordings(s, now)):
            await self._files.drop(await self._db.read(partial(sounds.keys, rows=rows)))
            if await self._db.read(erasure.pbx_too):
                await self._files.drop_on_pbx([(row.pbx, row.path) for row in rows])
            await self._db.write(partial(_bury, ids=[row.id for row in rows], now=now))
            await self._count(run, "recordings", len(rows))
            some = True
        if some:
            await self._db.write(passages.press)

    async def _cards(self, run: UUID, policy: Keeping, now: datetime) -> None:
        passed: set[UUID] = set()
        while cards := await self._db.read(lambda s: sweeps.some_cards(s, policy, now, _CARDS + len(passed))):
            if not (new := [card for card in cards if card not in passed]):
                return
            for card in new:
                passed.add(card)
                await self._erase(run, card, now)

    async def _erase(self, run: UUID, card: UUID, now: datetime) -> None:
        """One card. What is held or open by now is passed over."""
        order = Order(customer=card, reason=Reason.RETENTION)
        try:
            made = await self._db.write(lambda s: erasure.erase(s, order, now))
        except (Refused, NotFound):
            return
        await self._bus.publish(CustomerChanged(customer=card))
        await self._eraser.finish(made)
        await self._count(run, "cards", 1)

    async def _count(self, run: UUID, kind: str, done: int) -> None:
        if done:
            removed.labels(kind=kind).inc(done)
            await self._db.write(lambda s: _add(s, run, kind, done))


def last(session: Session) -> RetentionRun | None:
    """The newest night."""
    return session.scalars(select(RetentionRun).order_by(RetentionRun.night.desc()).limit(1)).first()


def _begin(session: Session, night: date, now: datetime) -> UUID | None:
    """The run of a night that is still to be done. The first night a service lives to see is only noted: what it finds
    then was put there on purpose."""
    newest = last(session)
    if newest and newest.night >= night:
        return None if newest.finished_at else newest.id
    run = RetentionRun(night=night, started_at=now, finished_at=None if newest else now, removed={})
    session.add(run)
    session.flush()
    return run.id if newest else None


def _reopen(session: Session, night: date, now: datetime) -> UUID:
    run = session.scalars(select(RetentionRun).where(RetentionRun.night == night)).first()
    if run is None:
        run = RetentionRun(night=night, started_at=now, removed={})
        session.add(run)
    run.finished_at = None
    session.flush()
    return run.id


def _finish(session: Session, run: UUID, now: datetime) -> dict[str, int]:
    row = session.get_one(RetentionRun, run)
    row.finished_at = now
    audit.record(session, None, "clear", ("retention", str(row.night)), now, removed=row.removed)
    return row.removed


def _add(session: Session, run: UUID, kind: str, done: int) -> None:
    row = session.get_one(RetentionRun, run)
    row.removed = {**row.removed, kind: row.removed.get(kind, 0) + done}


def _bury(session: Session, ids: list[UUID], now: datetime) -> None:
    rows = list(session.scalars(select(RecordingRow).where(RecordingRow.id.in_(ids))))
    erasure.bury(session, rows, "retention", now)
