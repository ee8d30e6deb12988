"""Outcomes that were put off are owed again: when their agent leaves his desk, or when they waited for too long."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from datetime import datetime
from typing import Final

from callcenter.call import Changed
from callcenter.contain import contained
from callcenter.crm import deferrals
from callcenter.decision_events import OutcomeDeferred, OutcomeDue
from callcenter.roster import AgentId
from callcenter.routing.outside import Outside

_LOOK_SECONDS: Final = 30.0
_AGAIN_SECONDS: Final = 1.0
"""After a look that the database or the PBX's consumer kept from its end."""


class Deferring:
    """``run`` for ever. Subscribers only tell it who left: what is owed again is taken in its own time, as whoever
    publishes may be the one who takes."""

    def __init__(self, outside: Outside) -> None:
        self._out = outside
        self._left: dict[AgentId, datetime] = {}
        """When each left his desk last."""
        self._gone: dict[AgentId, datetime] = {}
        """Those of whom it is still to be looked for what they had put off by then."""
        self._wake = asyncio.Event()

    async def start(self, seated: frozenset[AgentId]) -> None:
        """Whoever left while nobody looked."""
        self.left(set(await self._out.db.read(deferrals.agents)) - seated)

    def left(self, agents: Iterable[AgentId]) -> None:
        """Their shift is over."""
        now = self._out.clock.now()
        for agent in agents:
            self._left[agent] = self._gone[agent] = now
        self._wake.set()

    def changed(self, change: Changed) -> None:
        """What somebody put off as he left was committed after it was looked for."""
        event = change.event
        if not isinstance(event, OutcomeDeferred):
            return
        agent = change.after.segments[event.segment].agent
        if agent is not None and (left := self._left.get(agent)) and event.at <= left:
            self._gone[agent] = left
            self._wake.set()

    async def run(self) -> None:
        while True:
            try:
                async with asyncio.timeout(_AGAIN_SECONDS if self._gone else _LOOK_SECONDS):
                    await self._wake.wait()
            except TimeoutError:
                pass
            self._wake.clear()
            with contained("deferrals", TimeoutError):
                await self.look()

    async def look(self) -> None:
        """One look."""
        now, gone = self._out.clock.now(), dict(self._gone)
        due = await self._out.db.read(lambda s: deferrals.due_at(s, now) + deferrals.due_of(s, gone))
        for call, seq in dict.fromkeys(due):
            await self._out.take(OutcomeDue(call=call, at=now, mono=self._out.clock.monotonic(), segment=seq))
        self._gone = {agent: left for agent, left in self._gone.items() if gone.get(agent) != left}
