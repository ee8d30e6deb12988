"""Why which agent is paused, in memory and as rows. The rows outlive us and what overwrites a pause in the PBX."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Final

from callcenter import metrics
from callcenter.clock import Clock
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.roster import AgentId
from callcenter.routing import reasons
from callcenter.routing.parts import Parts
from callcenter.routing.reasons import Over
from callcenter.routing.why import Key, Reason, ReasonKind

log = logger(__name__)
_RETRY_SECONDS: Final = 1.0


class Book:
    """``reasons`` holds breaks and pauses from elsewhere; debts are read off the parts when they are written down."""

    def __init__(self, db: Database, parts: Parts, clock: Clock) -> None:
        self._db = db
        self._clock = clock
        self._parts = parts
        self._written: dict[Key, Reason] = {}
        self._over: list[Over] = []
        self._changed = asyncio.Event()
        self._order = asyncio.Lock()
        self.reasons: dict[Key, Reason] = {}

    async def start(self) -> None:
        """Reads back what stood when the service last ended."""
        for reason in await self._db.read(reasons.read):
            self._written[reason.kind, reason.ref] = reason
            if reason.kind is not ReasonKind.DEBT:
                self.reasons[reason.kind, reason.ref] = reason
        self.debts_changed()

    def debts_changed(self) -> None:
        self._changed.set()

    def replace(self, wanted: Mapping[Key, Reason]) -> set[AgentId]:
        """These reasons stand from now on; whose have changed."""
        keys = [k for k in {*self.reasons, *wanted} if self.reasons.get(k) != wanted.get(k)]
        agents = {r.agent for k in keys for r in (self.reasons.get(k), wanted.get(k)) if r}
        now = self._clock.now()
        self._over += [(old, now) for k in keys if (old := self.reasons.get(k)) and not _same(wanted.get(k), old)]
        for key in keys:
            if reason := wanted.get(key):
                self.reasons[key] = reason
            else:
                del self.reasons[key]
        if keys:
            self._changed.set()
        return agents

    def of(self, agent: AgentId) -> tuple[Reason, ...]:
        return tuple(r for r in self.reasons.values() if r.agent == agent)

    async def keep(self) -> None:
        """What a person ordered stands on the disk before he is told so; where the database is away, as soon as it is
        back."""
        try:
            await self._write()
        except Unavailable as wrong:
            log.warning("reasons_wait", code=wrong.code)

    async def run(self) -> None:
        """Writes changes down, for ever."""
        while True:
            await self._changed.wait()
            self._changed.clear()
            try:
                await self._write()
            except Unavailable as wrong:
                log.warning("reasons_wait", code=wrong.code)
                self._changed.set()
                await asyncio.sleep(_RETRY_SECONDS)
            except Exception:
                metrics.contained.labels(part="gate").inc()
                log.exception("reasons_not_written")

    async def _write(self) -> None:
        """One at a time: an older picture may not overwrite a newer one."""
        async with self._order:
            await self._write_down()

    async def _write_down(self) -> None:
        wanted = {**self.reasons, **self._parts.debts()}
        added = [r for k, r in wanted.items() if (old := self._written.get(k)) is not r and old != r]
        lifted = [r for k, r in self._written.items() if k not in wanted or wanted[k].agent != r.agent]
        over = tuple(self._over)
        if added or lifted or over:
            await self._db.write(lambda session: reasons.write(session, added, lifted, over))
            self._written = wanted
            del self._over[: len(over)]


def _same(one: Reason | None, other: Reason) -> bool:
    """The same stretch of the same pause: from lunch to training is two."""
    return one is not None and (one.agent, one.code, one.since) == (other.agent, other.code, other.since)
