"""THE GATE: keeps the PBX from giving queue calls to whoever owes an outcome, whatever becomes of us or of the link.

Subscribers only take in what they are told; one worker a PBX compares, acts, and looks again every few seconds. What
must be is always computed anew from the calls, so a repetition does no harm and a loss is made good by the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import Counter
from sqlalchemy.orm import Session

from callcenter import metrics
from callcenter.call import Call, Changed
from callcenter.crm import rosters
from callcenter.errors import Unavailable
from callcenter.events import CallKey, DebtFound, LinkDown, LinkUp, MemberState
from callcenter.log import logger
from callcenter.news import MapChanged, RosterChanged
from callcenter.roster import AgentId, Roster
from callcenter.routing import holds
from callcenter.routing.actions import message, vain
from callcenter.routing.agents import Agents, Presence
from callcenter.routing.book import Book
from callcenter.routing.desks import Desk, desks
from callcenter.routing.floor import Action, Free, Key, Moment, Pause, Reason, ReasonKind, Seat
from callcenter.routing.outside import Outside, UnpauseUndone
from callcenter.routing.parts import Parts
from callcenter.routing.post import Post
from callcenter.routing.unseen import explain

log = logger(__name__)
_SEND_SECONDS: Final = 5.0
_READ_SECONDS: Final = 10.0
asked = Counter("callcenter_gate_actions", "What the gate asked of a PBX", ["pbx", "action", "result"])
undone = Counter("callcenter_gate_unpauses_undone", "Unpauses of owing agents from elsewhere", ["pbx"])


class Gate:
    """``start`` once, subscribe, ``run`` for ever."""

    def __init__(self, outside: Outside, *, look_again_s: float = 5.0) -> None:
        self._out = outside
        self._look_again_s = look_again_s
        self._parts = Parts()
        self._book = Book(outside.db, self._parts)
        self._agents = Agents(self._parts, self._book.of, outside.bus, outside.clock)
        self._posts = {pbx: Post(pbx, self._parts, self._book) for pbx in outside.send}
        self._roster = Roster()
        self._extensions: tuple[Desk, ...] | None = None
        self._extensions_stale = True
        self.looks = 0
        """How often members were compared with what must be."""

    async def start(self, roster: Roster) -> None:
        """Takes up what stood when the service last ended."""
        self._roster = roster
        await self._book.start()
        for call in self._out.live().values():
            self._parts.put(call)
        await self._agents.sit(roster)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for post in self._posts.values():
                tasks.create_task(self._work(post), name=f"gate:{post.pbx}")
            tasks.create_task(self._book.run(), name="gate:book")

    def seats(self, pbx: str) -> tuple[Seat, ...]:
        """The queue members of a PBX as they are now."""
        return tuple(self._posts[pbx].floor.seats()) if pbx in self._posts else ()

    def seats_of(self, pbx: str, agent: AgentId) -> tuple[Seat, ...]:
        """Those that mean this agent."""
        post = self._posts.get(pbx)
        names = post.floor.desks.of_agent.get(agent, frozenset()) if post else frozenset()
        return tuple(seat for seat in self.seats(pbx) if seat.interface in names)

    def presence(self, agent: AgentId) -> Presence:
        """What the agent is doing."""
        return self._agents.of(agent)

    def live(self) -> Mapping[CallKey, Call]:
        """Calls that go on or are owed for."""
        return self._out.live()

    # subscribers: they only take in

    async def changed(self, event: Changed) -> None:
        call = self._out.live().get(event.after.key) or event.after
        if touched := self._parts.put(call):
            self._book.debts_changed()
            for post in self._posts.values():
                post.touch_about(touched)
            await self._agents.look(p.agent for p in touched if p.agent is not None)

    async def member_state(self, event: MemberState) -> None:
        if post := self._posts.get(event.pbx):
            before = post.floor.state_interface(event.interface)
            if post.floor.see(event, self._out.clock.monotonic()):
                post.intruded.add(event.interface)
            if before != post.floor.state_interface(event.interface):
                post.desks_stale = True
            post.touch([event.interface])

    async def debt_found(self, event: DebtFound) -> None:
        if post := self._posts.get(event.pbx):
            post.floor.find(event.interface, event.value, self._out.clock.monotonic())
            post.desks_stale = post.desks_stale or event.interface not in post.floor.desks.devices
            post.touch([event.interface])

    async def link_up(self, event: LinkUp) -> None:
        if post := self._posts.get(event.pbx):
            post.floor.linked(self._out.clock.monotonic())
            post.intruded.clear()
            post.desks_stale = True
            post.touch_all()

    async def link_down(self, event: LinkDown) -> None:
        if post := self._posts.get(event.pbx):
            post.floor.linked(None)

    async def roster_changed(self, event: RosterChanged) -> None:
        self._roster = event.roster
        self._people_moved()
        await self._agents.sit(event.roster)

    async def map_changed(self, _event: MapChanged) -> None:
        self._people_moved()

    def _people_moved(self) -> None:
        self._extensions_stale = True
        for post in self._posts.values():
            post.desks_stale = True
            post.touch_all()

    # breaks

    async def rest(self, agent: AgentId) -> None:
        """The agent takes a break: no queue calls until ``resume``."""
        key = (ReasonKind.MANUAL, str(agent))
        reason = Reason(agent=agent, kind=key[0], ref=key[1], since=self._out.clock.now())
        await self._stand({**self._book.reasons, key: self._book.reasons.get(key, reason)})
        self._touch_agent(agent)

    async def resume(self, agent: AgentId) -> None:
        """The break is over; what else keeps the agent stays."""
        await self._stand({k: r for k, r in self._book.reasons.items() if k != (ReasonKind.MANUAL, str(agent))})
        self._touch_agent(agent)

    def _touch_agent(self, agent: AgentId) -> None:
        for post in self._posts.values():
            post.touch(post.floor.desks.interfaces_of([agent], ()))

    # the worker of one PBX

    async def _work(self, post: Post) -> None:
        next_look = self._now().mono + self._look_again_s
        while True:
            try:
                async with asyncio.timeout(max(0.0, next_look - self._now().mono)):
                    await post.wake.wait()
            except TimeoutError:
                pass
            # By the clock, not by silence: on a busy floor something always happens, and nobody may be forgotten.
            if self._now().mono >= next_look:
                next_look = self._now().mono + self._look_again_s
                post.floor.settle(self._now().mono)
                post.touch_all()
            post.wake.clear()
            try:
                await self._round(post)
            except (Unavailable, TimeoutError) as wrong:
                log.warning("gate_waits", pbx=post.pbx, reason=str(wrong))
            except Exception:
                metrics.contained.labels(part="gate").inc()
                log.exception("gate_failed", pbx=post.pbx)

    async def _round(self, post: Post) -> None:
        self.looks += 1
        floor = post.floor
        await self._look_who_sits_where(post)
        await self._stand(holds.adopted(floor, post.touched, self._now()))
        if floor.up_since is None:
            return
        looked_at = frozenset(post.touched)
        await self._act(post, looked_at)
        unknown = sorted(name for name in looked_at if (debt := floor.debts.get(name)) and not debt.known)
        for interface in unknown:
            if interface in floor.debts:
                await explain(self._out, floor, interface, self._now())
        if unknown:
            await self._act(post, looked_at)
        now = self._now()
        post.intruded = {name for name in post.intruded if holds.wish(floor, name, now) is holds.Wish.HOLD}
        post.touched -= {name for name in looked_at if not holds.plan(floor, [name], now)}

    async def _act(self, post: Post, interfaces: Iterable[str]) -> None:
        for action in holds.plan(post.floor, interfaces, self._now()):
            if holds.due(post.floor, action, self._now()):
                await self._do(post, action)

    async def _look_who_sits_where(self, post: Post) -> None:
        if self._extensions_stale:
            await self._read_extensions()
        if post.desks_stale and self._extensions is not None:
            post.desks_stale = False
            members = {**dict.fromkeys(post.floor.debts, ""), **post.floor.members()}
            now = self._out.clock.now()
            post.floor.desks = desks(post.pbx, self._extensions, members, self._roster, now)
            post.touched |= post.floor.interfaces()

    async def _read_extensions(self) -> None:
        """While the database is away those read last are good enough; without any nobody can be told apart."""
        self._extensions_stale = False
        try:
            async with asyncio.timeout(_READ_SECONDS):
                self._extensions = await self._out.db.read(_read_extensions)
        except (Unavailable, TimeoutError):
            self._extensions_stale = True
            if self._extensions is None:
                raise
            return
        for post in self._posts.values():
            post.desks_stale = True
            post.wake.set()

    async def _do(self, post: Post, action: Action) -> None:
        name = type(action).__name__
        try:
            await self._out.send[post.pbx](message(action), _SEND_SECONDS)
        except Unavailable as wrong:
            asked.labels(pbx=post.pbx, action=name, result=wrong.code).inc()
            if not vain(wrong):
                await self._refused(post, wrong)
                return
            if isinstance(action, Pause | Free):
                post.floor.lost(action.interface)
                return
        else:
            asked.labels(pbx=post.pbx, action=name, result="done").inc()
            await self._out.health.well(f"gate:{post.pbx}")
        post.floor.done(action, self._now().mono)
        if isinstance(action, Pause) and action.interface in post.intruded:
            await self._undone(post, action.interface)

    async def _refused(self, post: Post, wrong: Unavailable) -> None:
        """Raises when there is no link: nothing else would get through either. A refusal concerns one action."""
        if wrong.code != "pbx_refused":
            raise wrong
        log.error("gate_refused", pbx=post.pbx, reason=str(wrong))
        remedy = "the AMI user needs write=system,agent in manager.conf; the gate tries again until it may"
        await self._out.health.ill(f"gate:{post.pbx}", "gate_refused", remedy)

    async def _undone(self, post: Post, interface: str) -> None:
        post.intruded.discard(interface)
        undone.labels(pbx=post.pbx).inc()
        agent = post.floor.desks.owner.get(interface)
        log.warning("unpause_undone", pbx=post.pbx, interface=interface, agent=str(agent))
        now = self._out.clock.now()
        await self._out.bus.publish(UnpauseUndone(pbx=post.pbx, at=now, interface=interface, agent=agent))
        if agent is not None:
            await self._agents.meddled(agent)

    async def _stand(self, wanted: dict[Key, Reason]) -> None:
        await self._agents.look(self._book.replace(wanted))

    def _now(self) -> Moment:
        return Moment(at=self._out.clock.now(), mono=self._out.clock.monotonic())


def _read_extensions(session: Session) -> tuple[Desk, ...]:
    return tuple(
        Desk(pbx=e.pbx, number=e.number, devices=frozenset(e.devices), interfaces=frozenset(e.interfaces))
        for e in rosters.interfaces(session)
    )
