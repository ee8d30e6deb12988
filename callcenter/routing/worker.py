"""One PBX's worker: looks, compares what is with what must be, acts; for ever.

What must be is always computed anew, so a repetition does no harm and a loss is made good by the next look.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping
from typing import Final

from prometheus_client import Counter

from callcenter.contain import contained
from callcenter.errors import Unavailable
from callcenter.log import logger
from callcenter.routing import holds
from callcenter.routing.actions import Action, AddMember, Free, Pause, RemoveMember, SetPenalty, ends, messages, vain
from callcenter.routing.agents import Agents
from callcenter.routing.book import Book
from callcenter.routing.desks import desks
from callcenter.routing.floor import Moment
from callcenter.routing.outside import MembershipUndone, Outside, UnpauseUndone
from callcenter.routing.post import Post
from callcenter.routing.seating import Seating
from callcenter.routing.unseen import explain
from callcenter.routing.why import Key, Reason
from callcenter.values import replace

log = logger(__name__)
_SEND_SECONDS: Final = 5.0
_STANDSTILL_SECONDS: Final = 2.0
"""Later than this for a look, the whole service stood still; and how long it takes to hear what came meanwhile."""
asked = Counter("callcenter_gate_actions", "What the gate asked of a PBX", ["pbx", "action", "result"])
undone = Counter("callcenter_gate_unpauses_undone", "Unpauses of owing agents from elsewhere", ["pbx"])
rejoined = Counter("callcenter_gate_removals_undone", "Members taken out elsewhere and put back", ["pbx"])


class Hands:
    """What the workers of all PBXs share: the book of reasons, the agents' presence, who sits where."""

    def __init__(self, outside: Outside, book: Book, agents: Agents, seating: Seating) -> None:
        self.out = outside
        self.book = book
        self.agents = agents
        self.seating = seating
        self.looks = 0
        """How often members were compared with what must be."""

    def now(self) -> Moment:
        return Moment(at=self.out.clock.now(), mono=self.out.clock.monotonic())

    async def stand(self, wanted: Mapping[Key, Reason]) -> None:
        """These reasons stand from now on."""
        await self.agents.look(self.book.replace(wanted))


class Worker:
    """``run`` for ever. ``moved`` is called when it has read that people sit or work elsewhere."""

    def __init__(self, post: Post, hands: Hands, look_again_s: float) -> None:
        self.post = post
        self._hands = hands
        self._out = hands.out
        self._look_again_s = look_again_s
        self._awake = hands.now().mono
        self._stood_still = (0.0, 0.0)
        """Since when, and until when nothing may be concluded from it."""

    def _now(self) -> Moment:
        """What came while we stood still is unread when we go on, whatever the clock says."""
        now, (since, until) = self._hands.now(), self._stood_still
        return replace(now, heard=min(self._out.heard(self.post.pbx), since if now.mono < until else now.mono))

    def _wakes(self) -> None:
        before, self._awake = self._awake, self._hands.now().mono
        if self._awake - before > self._look_again_s + _STANDSTILL_SECONDS:
            self._stood_still = (before, self._awake + _STANDSTILL_SECONDS)

    async def run(self) -> None:
        post, next_look = self.post, self._hands.now().mono + self._look_again_s
        while True:
            try:
                async with asyncio.timeout(max(0.0, next_look - self._hands.now().mono)):
                    await post.wake.wait()
            except TimeoutError:
                pass
            self._wakes()
            # By the clock, not by silence: on a busy floor something always happens, and nobody may be forgotten.
            if self._hands.now().mono >= next_look:
                next_look = self._hands.now().mono + self._look_again_s
                post.floor.settle(self._hands.now().mono)
                post.touch_all()
            post.wake.clear()
            with contained("gate", TimeoutError, pbx=post.pbx):
                await self._round()

    async def _round(self) -> None:
        self._hands.looks += 1
        post, floor = self.post, self.post.floor
        await self._look_who_sits_where()
        await self._adopt()
        if floor.up_since is None or not self._out.holds(post.pbx):
            return
        looked_at, post.touched = frozenset(post.touched), set()
        try:
            left = await self._act(looked_at)
            unknown = sorted(name for name in looked_at if floor.unknown(name))
            for interface in unknown:
                await explain(self._out, floor, interface, self._now())
            if unknown:
                left |= await self._act(looked_at)
        except Exception:
            post.touched |= looked_at
            raise
        now = self._now()
        post.intruded = {name for name in post.intruded if holds.wish(floor, name, now) is holds.Wish.HOLD}
        post.touched |= {name for name in left.union(unknown) if holds.plan(floor, [name], now)}

    async def _adopt(self) -> None:
        """Writes down what somebody else did, with what is told of meanwhile."""
        post, floor = self.post, self.post.floor
        while True:
            taken = set(floor.evicted)
            await self._hands.stand(holds.adopted(floor, post.touched, self._now()))
            if floor.staff.rules.removals != "adopt":
                return
            floor.evicted -= taken
            if not floor.evicted:
                return

    async def _act(self, interfaces: Iterable[str]) -> set[str]:
        """Where anything was to be done."""
        planned = holds.plan(self.post.floor, interfaces, self._now())
        for action in planned:
            if holds.due(self.post.floor, action, self._now()):
                await self._do(action)
        return {action.interface for action in planned}

    async def _look_who_sits_where(self) -> None:
        post, seating = self.post, self._hands.seating
        await seating.refresh()
        if seating.rows is not None and (post.desks_stale or post.rows is not seating.rows):
            post.desks_stale, post.rows = False, seating.rows
            post.floor.staff = seating.rows.staff
            owing = dict.fromkeys((*post.floor.debts, *post.floor.listed), "")
            members = {**owing, **post.floor.members()}
            now = self._out.clock.now()
            post.floor.desks = desks(post.pbx, seating.rows.extensions, members, seating.roster, now)
            post.touched |= post.floor.interfaces()
            await self._hands.agents.look(post.floor.desks.of_agent)

    async def _do(self, action: Action) -> None:
        post, name = self.post, type(action).__name__
        back = isinstance(action, AddMember) and (action.interface, action.queue) in post.floor.evicted
        post.floor.asks(action)
        try:
            for message in messages(action):
                await self._out.send[post.pbx](message, _SEND_SECONDS)
        except Unavailable as wrong:
            asked.labels(pbx=post.pbx, action=name, result=wrong.code).inc()
            if not vain(wrong):
                post.floor.failed(action, self._now().mono)
                await self._refused(wrong)
                return
            if isinstance(action, Pause | Free | RemoveMember | SetPenalty):
                post.floor.lost(action.interface, getattr(action, "queue", ""))
                return
        else:
            asked.labels(pbx=post.pbx, action=name, result="done").inc()
            await self._out.health.well(f"gate:{post.pbx}")
        await self._done(action)
        if isinstance(action, AddMember) and back:
            await self._rejoined(action)

    async def _done(self, action: Action) -> None:
        post = self.post
        post.floor.done(action, self._now().mono)
        if isinstance(action, Pause) and action.interface in post.intruded:
            await self._undone(action.interface)
        if isinstance(action, AddMember):
            post.desks_stale = post.desks_stale or action.interface not in post.floor.desks.devices

    async def _refused(self, wrong: Unavailable) -> None:
        """Raises when there is no link, or soon none: nothing else would get through either. A refusal concerns one
        action."""
        if wrong.code != "pbx_refused" or ends(wrong):
            raise wrong
        log.error("gate_refused", pbx=self.post.pbx, reason=str(wrong))
        remedy = "the AMI user needs write=system,agent in manager.conf; the gate tries again until it may"
        await self._out.health.ill(f"gate:{self.post.pbx}", "gate_refused", remedy)

    async def _undone(self, interface: str) -> None:
        post = self.post
        post.intruded.discard(interface)
        undone.labels(pbx=post.pbx).inc()
        agent = post.floor.desks.owner.get(interface)
        log.warning("unpause_undone", pbx=post.pbx, interface=interface, agent=str(agent))
        now = self._out.clock.now()
        await self._out.bus.publish(UnpauseUndone(pbx=post.pbx, at=now, interface=interface, agent=agent))
        if agent is not None:
            await self._hands.agents.meddled(agent)

    async def _rejoined(self, action: AddMember) -> None:
        post, now = self.post, self._out.clock.now()
        rejoined.labels(pbx=post.pbx).inc()
        log.warning("removal_undone", pbx=post.pbx, interface=action.interface, queue=action.queue)
        told = MembershipUndone(pbx=post.pbx, at=now, interface=action.interface, queue=action.queue)
        await self._out.bus.publish(told)
