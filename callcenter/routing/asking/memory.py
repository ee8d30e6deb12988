"""Facts within a bound of time: read if that is quick enough, else those of the last time, else none."""

from __future__ import annotations

import asyncio
from collections import OrderedDict, defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import replace
from typing import Final
from uuid import UUID

from callcenter.contain import contained
from callcenter.routing.asking.route import Facts, Source

WITHIN_S: Final = 0.03
_KEPT: Final = 20_000
_AT_ONCE: Final = 32
NOTHING: Final = Facts(source=Source.NONE)


class Memory:
    """A read that comes too late is let go on, as its answer is the next time's: cancelled, it would keep its
    connection to the database for good. So they are owned here, and bounded."""

    def __init__(self, read: Callable[[str], Awaitable[Facts]], *, within_s: float = WITHIN_S) -> None:
        self._read = read
        self._within_s = within_s
        self._kept: OrderedDict[str, Facts] = OrderedDict()
        self._keys: defaultdict[UUID, set[str]] = defaultdict(set)
        self._forgotten = 0
        self._reading: dict[str, asyncio.Task[Facts | None]] = {}
        self._group: asyncio.TaskGroup | None = None

    async def run(self) -> None:
        """Until it is cancelled; before, there are no facts."""
        async with asyncio.TaskGroup() as self._group:
            await asyncio.get_running_loop().create_future()

    async def of(self, key: str) -> Facts:
        """Never raises, never later than asked for."""
        reading = self._reading.get(key) or self._begin(key)
        if reading is not None:
            await asyncio.wait({reading}, timeout=self._within_s)
            if reading.done() and not reading.cancelled() and (found := reading.result()):
                return found
        last = self._kept.get(key)
        return replace(last, source=Source.CACHED) if last else NOTHING

    def _begin(self, key: str) -> asyncio.Task[Facts | None] | None:
        if self._group is None or len(self._reading) >= _AT_ONCE:
            return None
        task = self._group.create_task(self._look(key), name="routing: facts")
        self._reading[key] = task
        return task

    @property
    def reading(self) -> int:
        """How many are being read now."""
        return len(self._reading)

    def forget_blocks(self) -> None:
        """Who is blocked no more is not turned away because the database is slow."""
        self._drop([key for key, facts in self._kept.items() if facts.block])

    def forget(self, customer: UUID) -> None:
        """His card was written on, or he was erased: what is known of him here goes at once, and what is being read now
        is not kept."""
        self._drop([*self._keys.get(customer, ())])

    def _drop(self, keys: Iterable[str]) -> None:
        self._forgotten += 1
        for key in keys:
            self._lost(key, self._kept.pop(key))

    async def _look(self, key: str) -> Facts | None:
        found, since = None, self._forgotten
        try:
            with contained("routing_facts"):
                found = await self._read(key)
                if since == self._forgotten:
                    self._keep(key, found)
        finally:
            del self._reading[key]
        return found

    def _keep(self, key: str, found: Facts) -> None:
        if before := self._kept.pop(key, None):
            self._lost(key, before)
        self._kept[key] = found
        for caller in found.callers:
            self._keys[caller.id].add(key)
        if len(self._kept) > _KEPT:
            self._lost(*self._kept.popitem(last=False))

    def _lost(self, key: str, facts: Facts) -> None:
        for caller in facts.callers:
            self._keys[caller.id].discard(key)
            if not self._keys[caller.id]:
                del self._keys[caller.id]
