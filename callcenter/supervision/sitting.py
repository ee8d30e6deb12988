"""Sitting in on a talk: rings the supervisor's own phone, then lets Asterisk's ChanSpy hear the agent's channel.

A sit-in is a row before the PBX is asked, and its id is the Uniqueid of the supervisor's leg. Which channel is heard is
the Uniqueid that the tracker knows for the agent's leg: nothing that anybody typed comes near it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from prometheus_client import Counter
from sqlalchemy.orm import Session

from callcenter.call import Changed
from callcenter.contain import contained
from callcenter.crm import sit_ins as rows
from callcenter.crm.sit_ins import Kept
from callcenter.errors import Invalid, Refused, Unavailable
from callcenter.log import logger
from callcenter.news import RightsChanged, SignedOff
from callcenter.pbx_events import LegState, LinkUp, OriginatedLeg, OriginateFailed
from callcenter.roster import AgentId
from callcenter.routing.originate import LOOK_SECONDS, SEND_SECONDS, Own, own_phone
from callcenter.routing.outside import Outside
from callcenter.routing.presence import Mood, Presence
from callcenter.routing.underway import Underway, Way
from callcenter.supervision import sit_ins
from callcenter.supervision.sit_ins import CONTEXT, Manner, SitIn, SitInReason, SitInState

log = logger(__name__)
sat_in = Counter("callcenter_sit_ins", "Supervisors who sat in on a talk, by how it ended", ["pbx", "reason"])


@dataclass(frozen=True, slots=True, kw_only=True)
class SitInChanged:
    """A supervisor sits in on a talk, otherwise than before, or no longer."""

    sit_in: SitIn


class Sitting:
    """``start`` once, subscribe, ``run`` for ever."""

    def __init__(self, outside: Outside, presence: Callable[[AgentId], Presence]) -> None:
        self._out = outside
        self._presence = presence
        way = Way(part="sitting in", news=lambda sit: SitInChanged(sit_in=sit), stands=_counted, row=_row)
        self._going: Underway[SitIn] = Underway(outside, way)
        self._doubt = asyncio.Event()
        """Somebody's rights or sessions are others now."""
        self._left: dict[str, set[UUID]] = {}
        """Legs of before the last start, by PBX: nobody would write down what they hear."""
        self._hang_ups: dict[tuple[str, str], None] = {}
        """Channels by PBX, in order. Who is told of a talk does not wait for a PBX: others are told after him."""
        self._wake = asyncio.Event()

    async def start(self) -> None:
        """Whoever sat in when the service last ended is let go as soon as the PBX is there."""
        now = self._out.clock.now()
        for row in await self._out.db.read(rows.unfinished):
            self._left.setdefault(row.pbx, set()).add(row.id)
        await self._out.db.write(lambda s: rows.give_up(s, SitInReason.NO_NEWS, now))

    def of(self, supervisor: AgentId) -> SitIn | None:
        """What he sits in on now."""
        return next((sit for sit in self._going if sit.by == supervisor), None)

    def company(self, agent: AgentId) -> tuple[SitIn, ...]:
        """Who sits in on the agent's talk, as far as he is to see it."""
        return tuple(sit for sit in self._going if sit.agent == agent and sit.shown)

    def may(self, supervisor: AgentId) -> None:
        """Raises Refused while he is on the phone or sits in already."""
        if self.of(supervisor):
            raise Refused("you sit in on a talk already", code="sitting_in_already")
        if self._presence(supervisor).state in (Mood.TALKING, Mood.RINGING):
            raise Refused("you are on the phone", code="on_a_call")

    async def begin(self, sit: SitIn, ring_s: int, shown: str) -> None:
        """Asks the PBX, once. ``shown``: the agent's extension, for the display of the phone. Raises Unavailable,
        Invalid, and Refused where he began another meanwhile; where no answer came, it may still ring, and what is
        heard of it counts."""
        try:
            self.may(sit.by)
        except Refused:
            self._going.write(sit_ins.failed(sit, SitInReason.PBX_REFUSED))
            raise
        self._going.begin(sit)
        await self._out.bus.publish(SitInChanged(sit_in=sit))
        action = own_phone(_own(sit, ring_s), {"CC_SPIED": sit.leg})
        caller = {"CallerID": shown} if shown.isascii() and shown.isalnum() else {}
        try:
            await self._send(sit, {**action, **caller})
        except (Invalid, Unavailable) as wrong:
            if isinstance(wrong, Unavailable) and wrong.code == "pbx_no_answer":
                log.warning("sit_in_unanswered", pbx=sit.device.pbx, sit_in=str(sit.id))
                return
            await self._going.take(sit_ins.failed(sit, SitInReason.PBX_REFUSED))
            raise

    async def turn(self, supervisor: AgentId, mode: Manner) -> SitIn:
        """He listens, whispers or barges in from now on. Raises Refused, Unavailable."""
        sit = self._his(supervisor)
        if sit.state is not SitInState.ON:
            raise Refused("pick up your phone first", code="not_picked_up")
        if sit.mode is not mode:
            way = {"Context": CONTEXT, "Exten": mode.value, "Priority": "1"}
            await self._send(sit, {"Action": "Redirect", "Channel": sit.phone, **way})
            await self._going.take(sit_ins.turned(self._going.get(sit.id) or sit, mode, self._out.clock.now()))
        return self._going.get(sit.id) or sit

    async def end(self, supervisor: AgentId) -> None:
        """He wants no more. Raises Refused."""
        await self._let_go(self._his(supervisor))

    async def run(self) -> None:
        """Gives up on those nobody hears of any more, and lets go whose talk, or whose right to it, is over."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._going.run(), name="sitting in: rows")
            tasks.create_task(self._look_after(), name="sitting in: look")
            tasks.create_task(self._let_them_go(), name="sitting in: hang up")

    async def _look_after(self) -> None:
        while True:
            try:
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._doubt.wait()
            except TimeoutError:
                pass
            self._doubt.clear()
            with contained("sitting in"):
                await self.look()
            with contained("sitting in"):
                await self.look_who_may()

    async def _let_them_go(self) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            while self._hang_ups:
                pbx, channel = next(iter(self._hang_ups))
                del self._hang_ups[pbx, channel]
                with contained("sitting in", pbx=pbx):
                    await self._hang_up(pbx, channel)

    async def look(self) -> None:
        """Gives up on those nobody hears of any more."""
        for sit in self._going.silent():
            await self._let_go(sit)
            await self._going.take(sit_ins.failed(sit, sit.refused or SitInReason.NO_NEWS))

    async def look_who_may(self) -> None:
        """Whoever is signed in nowhere, or may hear this agent no more, hears him no more."""
        pairs, now = [(sit.by, sit.agent) for sit in self._going], self._out.clock.now()
        allowed = await self._out.db.read(lambda s: rows.allowed(s, pairs, now)) if pairs else set()
        for sit in [sit for sit in self._going if (sit.by, sit.agent) in set(pairs) - allowed]:
            self._let_go_soon(sit)
            await self._going.take(sit_ins.failed(sit, SitInReason.NOT_ALLOWED))

    # subscribers

    async def link_up(self, event: LinkUp) -> None:
        """What was not heard of for a while is ended: nobody listens unseen."""
        pbx = event.pbx
        for sit_in in self._left.pop(pbx, set()):
            self._hang_up_soon(pbx, str(sit_in))
        for sit in [sit for sit in self._going if sit.device.pbx == pbx]:
            self._let_go_soon(sit)
            await self._going.take(sit_ins.failed(sit, SitInReason.NO_NEWS))

    async def rights_changed(self, _event: RightsChanged | SignedOff) -> None:
        self._doubt.set()

    async def leg(self, event: OriginatedLeg) -> None:
        if sit := self._going.named(event.uniqueid):
            goes_on = self._talk_goes_on(sit)
            await self._going.take(sit_ins.leg(sit, event, self._out.clock.now(), talk_goes_on=goes_on))
            if event.state is LegState.ANSWERED and not goes_on:
                self._let_go_soon(sit)

    async def refused(self, event: OriginateFailed) -> None:
        if sit := self._going.named(event.action):
            await self._going.take(sit_ins.refused(sit, event))

    async def changed(self, change: Changed) -> None:
        """The talk is over: so is whoever sat in, whatever else the agent's phone does then."""
        for sit in [sit for sit in self._going if sit.call == change.after.key]:
            if sit_ins.part(change.after, sit.segment) is None:
                self._hang_up_soon(sit.device.pbx, sit.phone or str(sit.id))
                await self._going.take(sit_ins.failed(sit, SitInReason.TALK_OVER))

    def _talk_goes_on(self, sit: SitIn) -> bool:
        call = self._out.live().get(sit.call)
        return call is not None and sit_ins.part(call, sit.segment) is not None

    def _his(self, supervisor: AgentId) -> SitIn:
        sit = self.of(supervisor)
        if sit is None:
            raise Refused("it is over", code="sit_in_over")
        return sit

    async def _let_go(self, sit: SitIn) -> None:
        self._leaves(sit)
        await self._hang_up(sit.device.pbx, sit.phone or str(sit.id))

    def _let_go_soon(self, sit: SitIn) -> None:
        self._leaves(sit)
        self._hang_up_soon(sit.device.pbx, sit.phone or str(sit.id))

    def _leaves(self, sit: SitIn) -> None:
        self._going.note(replace(self._going.get(sit.id) or sit, leaving=True))

    def _hang_up_soon(self, pbx: str, channel: str) -> None:
        self._hang_ups[pbx, channel] = None
        self._wake.set()

    async def _hang_up(self, pbx: str, channel: str) -> None:
        """A channel that is gone already is as good."""
        send = self._out.send.get(pbx)
        try:
            if send:
                await send({"Action": "Hangup", "Channel": channel}, SEND_SECONDS)
        except Unavailable as wrong:
            log.info("sit_in_not_hung_up", pbx=pbx, code=wrong.code)

    async def _send(self, sit: SitIn, action: dict[str, str]) -> None:
        send = self._out.send.get(sit.device.pbx)
        if send is None:
            raise Unavailable("no such PBX", code="pbx_unavailable")
        await send(action, SEND_SECONDS)


def _counted(sit: SitIn) -> None:
    if sit.over:
        sat_in.labels(pbx=sit.device.pbx, reason=sit.reason or "").inc()


def _row(sit: SitIn, ended: datetime | None) -> Callable[[Session], None]:
    kept = Kept(
        phone=sit.phone,
        modes=[(turn.mode, turn.at) for turn in sit.turns],
        reason=sit.reason or "",
        began_at=sit.began_at,
        ended_at=ended,
    )
    return lambda session: rows.keep(session, sit.id, kept)


def _own(sit: SitIn, ring_s: int) -> Own:
    return Own(
        id=sit.id,
        device=sit.device.name,
        phones=sit.phones,
        ring_s=ring_s,
        context=CONTEXT,
        exten=sit.mode.value,
    )
