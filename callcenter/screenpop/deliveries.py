"""Writes down which screens were told of a ringing phone, and how soon: after the pop, in batches, never before it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from callcenter import metrics
from callcenter.ami.journal import DAYS
from callcenter.clock import Clock
from callcenter.contain import contained
from callcenter.crm.models.calls import SegmentRow
from callcenter.crm.models.pops import PopDelivery
from callcenter.crm.rights import Actor
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.ids import new_id
from callcenter.roster import AgentId

WRITE_SECONDS: Final = 2.0
_PENDING: Final = 5000
_KEPT: Final = timedelta(days=DAYS)
_PAINTED_WITHIN: Final = timedelta(minutes=2)
_SWEEP: Final = timedelta(hours=1)


@dataclass(slots=True)
class _Delivery:
    """As the row it becomes; ``written``: the row stands, and waits for nothing but the paint."""

    id: UUID
    pop: UUID
    agent: AgentId
    at: datetime
    tabs: int
    sent_ms: float
    painted_at: datetime | None = None
    paint_ms: float | None = None
    written: bool = False


class Deliveries:
    """Bounded: what comes faster than it can be written is counted and given up."""

    def __init__(self, db: Database, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._fresh: list[_Delivery] = []
        self._open: dict[tuple[UUID, AgentId], _Delivery] = {}
        self._painted: list[_Delivery] = []
        self._swept = clock.now()
        self._stirred = asyncio.Event()

    def offered(self, agent: AgentId, pop: UUID, tabs: int, mono: float | None) -> None:
        """A pop was handed to so many tabs of the agent; ``mono``: when the PBX's bytes came."""
        if len(self._fresh) >= _PENDING:
            metrics.contained.labels(part="deliveries").inc()
            return
        late = (self._clock.monotonic() - mono) * 1000 if mono is not None else 0.0
        one = _Delivery(new_id(), pop, agent, self._clock.now(), tabs, max(0.0, late))
        self._fresh.append(one)
        self._open[pop, agent] = one
        self._stirred.set()

    def painted(self, actor: Actor, pop: UUID, paint_ms: float) -> None:
        """A screen says that the pop is on it. Of several the first counts."""
        one = self._open.pop((pop, actor.id), None)
        if one is None:
            return
        one.painted_at, one.paint_ms = self._clock.now(), paint_ms
        if one.written:
            self._painted.append(one)
            self._stirred.set()

    async def run(self) -> None:
        """For ever."""
        while True:
            await self._stirred.wait()
            await asyncio.sleep(WRITE_SECONDS)
            with contained("deliveries"):
                await self.write()

    async def write(self) -> None:
        """What is pending becomes rows. Raises Unavailable: it is tried again."""
        self._stirred.clear()
        fresh, painted = self._fresh, self._painted
        self._fresh, self._painted = [], []
        now = self._clock.now()
        sweep = now - self._swept >= _SWEEP
        try:
            await self._db.write(lambda session: _write(session, fresh, painted, now - _KEPT if sweep else None))
        except Unavailable:
            self._fresh, self._painted = (fresh + self._fresh)[-_PENDING:], (painted + self._painted)[-_PENDING:]
            self._stirred.set()
            raise
        self._swept = now if sweep else self._swept
        for one in fresh:
            one.written = True
            if one.painted_at:
                self._open.pop((one.pop, one.agent), None)
        for key in [key for key, one in self._open.items() if now - one.at > _PAINTED_WITHIN]:
            del self._open[key]


def _write(session: Session, fresh: Sequence[_Delivery], painted: Sequence[_Delivery], before: datetime | None) -> None:
    there = set(session.scalars(select(SegmentRow.id).where(SegmentRow.id.in_({one.pop for one in fresh}))))
    rows = [_row(one) for one in fresh if one.pop in there]
    if rows:
        session.execute(insert(PopDelivery), rows)
    for one in painted:
        if row := session.get(PopDelivery, one.id):
            row.painted_at, row.paint_ms = one.painted_at, one.paint_ms
    if before:
        session.execute(delete(PopDelivery).where(PopDelivery.at < before))


def _row(one: _Delivery) -> dict[str, object]:
    return {
        "id": one.id,
        "segment_id": one.pop,
        "agent_id": one.agent,
        "at": one.at,
        "tabs": one.tabs,
        "sent_ms": one.sent_ms,
        "painted_at": one.painted_at,
        "paint_ms": one.paint_ms,
    }
