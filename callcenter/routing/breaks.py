"""How people keep an agent from queue calls and let him back: breaks of his own, a supervisor's order, missed rings."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from callcenter.contain import contained
from callcenter.errors import Refused
from callcenter.roster import AgentId
from callcenter.routing.post import Post
from callcenter.routing.why import Key, Reason, ReasonKind, liftable
from callcenter.routing.worker import Hands

BREAK: Final = "break"
_LOOK_SECONDS: Final = 1.0
_HIS_OWN: Final = frozenset({ReasonKind.MANUAL, ReasonKind.MISSED, ReasonKind.LEFT_QUEUE, ReasonKind.LAPSED})


class Breaks:
    """``run`` for ever. Changes take effect on the PBX with the workers' next look, which is woken at once."""

    def __init__(self, hands: Hands, posts: Mapping[str, Post]) -> None:
        self._hands = hands
        self._posts = posts

    async def rest(self, agent: AgentId, code: str = BREAK) -> None:
        """The agent takes a break, or another one; the same one goes on."""
        old = self._hands.book.reasons.get((ReasonKind.MANUAL, str(agent)))
        if old is None or old.code != code:
            await self._add(self._reason(agent, ReasonKind.MANUAL, code=code))
            await self._hands.book.keep()

    async def force(self, agent: AgentId, by: UUID, note: str) -> None:
        """A supervisor pauses the agent, who cannot end it himself."""
        await self._add(self._reason(agent, ReasonKind.FORCED, note=note, by=by))
        await self._hands.book.keep()

    async def missed(self, agent: AgentId, row: int) -> None:
        """So many rings in a row were let pass that he is taken to be away."""
        await self._add(self._reason(agent, ReasonKind.MISSED, note=str(row)))

    async def lapsed(self, agent: AgentId) -> None:
        """He let the time for an outcome pass, so he is taken to be away until he says otherwise."""
        await self._add(self._reason(agent, ReasonKind.LAPSED))

    async def wrap(self, agent: AgentId, until: datetime) -> None:
        """His outcome is logged, and he is not free before."""
        old = self._hands.book.reasons.get((ReasonKind.WRAPUP, str(agent)))
        ends = max(until, old.until) if old and old.until else until
        await self._add(replace(self._reason(agent, ReasonKind.WRAPUP), until=ends))

    async def run(self) -> None:
        """By itself: nobody stays paused because something else waits or fails."""
        while True:
            await asyncio.sleep(_LOOK_SECONDS)
            with contained("breaks"):
                await self.expire(self._hands.out.clock.now())

    async def expire(self, now: datetime) -> None:
        """Ends what ends by itself."""
        for reason in tuple(self._hands.book.reasons.values()):
            if reason.until is not None and reason.until <= now:
                await self._drop(reason.agent, {reason.key})

    async def resume(self, agent: AgentId) -> None:
        """The break is over; what else keeps the agent stays."""
        await self._drop(agent, {(ReasonKind.MANUAL, str(agent))})
        await self._hands.book.keep()

    async def lift(self, agent: AgentId, key: Key | None, *, supervisor: bool) -> tuple[Reason, ...]:
        """Ends one reason, or with None all that may be ended; which ones. Raises Refused."""
        standing = [r for r in self._hands.book.of(agent) if key in (None, r.key)]
        ended = tuple(r for r in standing if liftable(r, supervisor=supervisor))
        if key is not None and not ended:
            raise Refused("it is no longer so, or only a supervisor may end it", code="not_liftable")
        for reason in ended:
            if reason.kind is ReasonKind.FOREIGN:
                self._claim(reason)
        await self._drop(agent, {r.key for r in ended})
        await self._hands.book.keep()
        return ended

    async def left_desk(self, agents: Iterable[AgentId]) -> None:
        """Whoever leaves takes no break of his along to his next desk; what a supervisor ordered he does."""
        for agent in sorted(set(agents), key=str):
            await self._drop(agent, {r.key for r in self._hands.book.of(agent) if r.kind in _HIS_OWN})

    def _claim(self, reason: Reason) -> None:
        pbx, interface, queue = reason.ref.split("|")
        if post := self._posts.get(pbx):
            post.floor.claimed.add((interface, queue))
            post.touch([interface])

    def _reason(
        self, agent: AgentId, kind: ReasonKind, *, code: str = "", note: str = "", by: UUID | None = None
    ) -> Reason:
        at = self._hands.out.clock.now()
        return Reason(agent=agent, kind=kind, ref=str(agent), since=at, code=code, note=note, by=by)

    async def _add(self, reason: Reason) -> None:
        await self._hands.stand({**self._hands.book.reasons, reason.key: reason})
        self._touch(reason.agent)

    async def _drop(self, agent: AgentId, keys: set[Key]) -> None:
        if keys:
            await self._hands.stand({k: r for k, r in self._hands.book.reasons.items() if k not in keys})
            self._touch(agent)

    def _touch(self, agent: AgentId) -> None:
        for post in self._posts.values():
            post.touch(post.floor.desks.interfaces_of([agent], ()))
