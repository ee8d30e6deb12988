"""What each agent is doing, concluded from his parts in calls, his reasons and his phone; told when it changes."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from callcenter.bus import Bus
from callcenter.clock import Clock
from callcenter.roster import AgentId, Roster
from callcenter.routing.parts import Parts
from callcenter.routing.presence import UNPAUSED_ELSEWHERE, Mood, Presence, PresenceChanged, debts, mood, whys
from callcenter.routing.why import Reason


def _yes(_agent: AgentId) -> bool:
    return True


def _none(_agent: AgentId) -> int:
    return 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """What is known of an agent elsewhere: why he is paused, whether his phone can be rung, what he missed today."""

    reasons: Callable[[AgentId], tuple[Reason, ...]]
    reachable: Callable[[AgentId], bool] = _yes
    missed: Callable[[AgentId], int] = _none


class Agents:
    """The presence of everybody who was seen; ``look`` again whenever something about an agent changed."""

    def __init__(self, parts: Parts, known: Known, bus: Bus, clock: Clock) -> None:
        self._parts = parts
        self._known = known
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
        parts, reasons = self._parts.of_agent(agent), self._known.reasons(agent)
        owed = debts(parts)
        if not owed:
            self._meddled.discard(agent)
        told = {str(r.kind) for r in reasons} | ({"debt"} if owed else set())
        told |= {UNPAUSED_ELSEWHERE} if agent in self._meddled else set()
        reachable = self._known.reachable(agent)
        state, since = mood(parts, reasons, seated=agent in self._seated, reachable=reachable)
        old = self._now.get(agent)
        return Presence(
            state=state,
            since=since or (old.since if old and old.state is state else self._clock.now()),
            reasons=tuple(sorted(told)),
            debts=owed,
            why=whys(reasons),
            missed=self._known.missed(agent),
            reachable=reachable,
        )
