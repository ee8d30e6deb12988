"""What each agent is doing, concluded from his parts in calls and his pause reasons."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Final

from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.roster import AgentId, Roster
from callcenter.routing.floor import Reason
from callcenter.routing.parts import Part, Parts

UNPAUSED_ELSEWHERE: Final = "unpaused_elsewhere"


class Mood(StrEnum):
    OFFLINE = "offline"
    AVAILABLE = "available"
    RINGING = "ringing"
    TALKING = "talking"
    WRAPUP = "wrapup"
    PAUSED = "paused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Presence:
    """``since`` when; ``reasons`` (debt, foreign, manual, unpaused_elsewhere) keep him from queue calls."""

    state: Mood
    since: datetime
    reasons: tuple[str, ...] = ()
    debts: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged:
    agent: AgentId
    presence: Presence


def presence(parts: Iterable[Part], reasons: Iterable[Reason], *, seated: bool) -> tuple[Mood, datetime | None]:
    """The liveliest thing an agent does, and since when where that can be told."""
    parts, reasons = tuple(parts), tuple(reasons)
    if talks := [p.debt.at for p in parts if p.answered and not p.leg_ended]:
        return Mood.TALKING, min(talks)
    if rings := [p.since for p in parts if not p.answered]:
        return Mood.RINGING, min(rings)
    if not seated:
        return Mood.OFFLINE, None
    if owed := [p.since for p in parts if p.owes]:
        return Mood.WRAPUP, max(owed)
    if reasons:
        return Mood.PAUSED, min(r.since for r in reasons)
    return Mood.AVAILABLE, None


class Agents:
    """The presence of everybody who was seen; ``look`` again whenever something about an agent changed."""

    def __init__(self, parts: Parts, reasons: Callable[[AgentId], tuple[Reason, ...]], bus: Bus, clock: Clock) -> None:
        self._parts = parts
        self._reasons = reasons
        self._bus = bus
        self._clock = clock
        self._seated: frozenset[AgentId] = frozenset()
        self._meddled: set[AgentId] = set()
        self._now: dict[AgentId, Presence] = {}

    def of(self, agent: AgentId) -> Presence:
        """Now; offline since just now for somebody who was never seen."""
        return self._now.get(agent) or Presence(state=Mood.OFFLINE, since=self._clock.now())

    async def sit(self, roster: Roster) -> None:
        """Who has an extension now."""
        now = self._clock.now()
        before, self._seated = self._seated, frozenset(b.agent for b in roster.bindings if b.holds(now))
        await self.look(before | self._seated)

    async def meddled(self, agent: AgentId) -> None:
        """Somebody unpaused the agent past us: shown until he owes nothing."""
        self._meddled.add(agent)
        await self.look([agent])

    async def look(self, agents: Iterable[AgentId]) -> None:
        """Publishes what changed."""
        for agent in sorted(set(agents), key=str):
            old, new = self._now.get(agent), self._work_out(agent)
            if new != old:
                self._now[agent] = new
                await self._bus.publish(PresenceChanged(agent=agent, presence=new))

    def _work_out(self, agent: AgentId) -> Presence:
        parts, reasons = self._parts.of_agent(agent), self._reasons(agent)
        debts = sum(p.owes for p in parts)
        if not debts:
            self._meddled.discard(agent)
        told = {str(r.kind) for r in reasons} | ({"debt"} if debts else set())
        told |= {UNPAUSED_ELSEWHERE} if agent in self._meddled else set()
        state, since = presence(parts, reasons, seated=agent in self._seated)
        old = self._now.get(agent)
        since = since or (old.since if old and old.state is state else self._clock.now())
        return Presence(state=state, since=since, reasons=tuple(sorted(told)), debts=debts)
