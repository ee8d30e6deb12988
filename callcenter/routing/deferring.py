"""Outcomes that were put off are owed again: when their agent leaves his desk, or when they waited for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Final

from callcenter.contain import contained
from callcenter.crm import deferrals
from callcenter.events import OutcomeDue
from callcenter.roster import AgentId
from callcenter.routing.outside import Outside

_LOOK_SECONDS: Final = 30.0


class Deferring:
    """``run`` for ever. Subscribers only tell it who left: what is owed again is taken in its own time, as whoever
    publishes may be the one who takes."""

    def __init__(self, outside: Outside) -> None:
        self._out = outside
        self._gone: set[AgentId] = set()
        self._wake = asyncio.Event()

    async def start(self, seated: frozenset[AgentId]) -> None:
        """Whoever left while nobody looked."""
        self.left(set(await self._out.db.read(deferrals.agents)) - seated)

    def left(self, agents: Iterable[AgentId]) -> None:
        """Their shift is over."""
        self._gone |= set(agents)
        self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            with contained("deferrals", TimeoutError):
                await self.look()

    async def look(self) -> None:
        """One look."""
        now, gone = self._out.clock.now(), tuple(self._gone)
        due = await self._out.db.read(lambda s: deferrals.due_at(s, now) + deferrals.due_of(s, gone))
        for call, seq in dict.fromkeys(due):
            await self._out.take(OutcomeDue(call=call, at=now, mono=self._out.clock.monotonic(), segment=seq))
        self._gone -= set(gone)
