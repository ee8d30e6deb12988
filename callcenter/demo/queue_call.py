"""A customer's call through a queue, from the trunk's first event to its last."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from callcenter.demo.channels import UNKNOWN, Bridge, Channel, Seat, State
from callcenter.demo.floor import RETRY_SECONDS, RING_SECONDS, Member, Queue, Waiting
from callcenter.demo.spool import Dialogue
from callcenter.demo.stream import Header
from callcenter.demo.switch import DEBTS, Customer, Ring, Switch

QUEUES: Final = {"7001": "support", "7002": "sales"}
TRUNK: Final = "trunk"
_TECH: Final = ("TechCause", "487")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What the customer will do: whom he rings, how long he waits, how long he talks and who hangs up."""

    number: str
    name: str = ""
    did: str = "7001"
    patience: float = 60.0
    talk: float = 20.0
    agent_ends: bool = False
    dialogue: Dialogue | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Leg:
    """A phone that rings. ``answer``: in so many seconds, or never."""

    channel: Channel
    member: Member
    answer: float | None


async def queue_call(switch: Switch, plan: Plan) -> None:
    """Plays one call to its end."""
    queue = switch.floor.queues[QUEUES[plan.did]]
    seat = Seat(
        endpoint=TRUNK, number=plan.number, caller=plan.name, context="from-trunk", exten=plan.did, state=State.RING
    )
    customer = switch.arrive(seat, queue.name)
    channel = customer.channel.at("from-trunk", plan.did, 3)
    channel.application, channel.data = "Queue", f"{queue.name},r,,,600"
    place = Waiting(channel=channel, joined=switch.pace.now(), position=len(queue.waiting) + 1)
    await _Stay(switch=switch, plan=plan, queue=queue, customer=customer, place=place).play()


@dataclass(frozen=True, slots=True, kw_only=True)
class _Stay:
    """One stay in one queue, and the talk it leads to."""

    switch: Switch
    plan: Plan
    queue: Queue
    customer: Customer
    place: Waiting

    @property
    def caller(self) -> Channel:
        return self.customer.channel

    async def play(self) -> None:
        self.queue.waiting.append(self.place)
        count = str(len(self.queue.waiting))
        self._tell("QueueCallerJoin", ("Position", count), ("Count", count))
        leg = await self._wait()
        if leg is None:
            self._abandon()
        else:
            await self._talk(leg)

    async def _wait(self) -> _Leg | None:
        """Rounds of ringing until somebody answers; None: the customer gave up."""
        pace = self.switch.pace
        gives_up = self.place.joined + self.plan.patience
        while (left := gives_up - pace.now()) > 0:
            members = self.queue.turn(self.place)
            if members:
                self.place.pending = True
                leg = await self._round(members, left)
                self.place.pending = False
                if leg:
                    return leg
                left = gives_up - pace.now()
            await pace.sleep(min(RETRY_SECONDS, max(0.0, left)))
        return None

    async def _round(self, members: list[Member], left: float) -> _Leg | None:
        """Rings the members until the first answers, the ring time is over, or the customer has enough."""
        legs = [self._ring(member) for member in members]
        self.queue.rang(members[-1])
        first = min(legs, key=lambda leg: RING_SECONDS if leg.answer is None else leg.answer)
        ringing = min(RING_SECONDS, RING_SECONDS if first.answer is None else first.answer)
        await self.switch.pace.sleep(min(ringing, left))
        if left <= ringing:
            self._cancel(legs)
            return None
        if ringing == RING_SECONDS:
            for leg in legs:
                self._no_answer(leg)
            return None
        self._answer(first, [leg for leg in legs if leg is not first])
        return first

    def _ring(self, member: Member) -> _Leg:
        switch, caller = self.switch, self.caller
        extension = member.interface.partition("/")[2]
        seat = Seat(
            endpoint=extension, number=extension, caller=member.name, context="agents", exten="s", state=State.DOWN
        )
        phone = switch.board.channel(seat, switch.pace.now(), linkedid=caller.linkedid)
        phone.application, phone.data = "AppQueue", "(Outgoing Line)"
        owing = (DEBTS, member.interface) in switch.database
        switch.rings.append(Ring(interface=member.interface, customer=caller.uniqueid, owing=owing))
        switch.tell("Newchannel", phone)
        switch.inherit(phone, self.customer)
        phone.exten, phone.connected, phone.connected_name = caller.exten, caller.number, caller.caller
        self._tell_member("AgentCalled", phone, member)
        # app_queue shows the display in AgentCalled before dialling, when the phone has none of it yet
        phone.exten, phone.connected, phone.connected_name = "s", UNKNOWN, UNKNOWN
        switch.tell_pair("DialBegin", caller, phone, ("DialString", member.interface))
        phone.exten = caller.exten
        if self.queue.strategy != "ringall":
            switch.connected(caller, phone)
        phone.connected, phone.connected_name = caller.number, caller.caller
        switch.state(phone, State.RINGING)
        switch.connected(phone, caller)
        switch.tell_pair("DialState", caller, phone, ("DialStatus", "RINGING"))
        switch.busy(member.interface)
        return _Leg(channel=phone, member=member, answer=switch.phones(member.interface))

    def _answer(self, leg: _Leg, losers: list[_Leg]) -> None:
        switch = self.switch
        switch.state(leg.channel, State.UP)
        self._dial_ends([leg], "ANSWER")
        self._dial_ends(losers, "CANCEL")
        if self.queue.strategy == "ringall":
            switch.connected(self.caller, leg.channel)
        self._dial_ends(losers, "CANCEL")
        self._leave_queue()
        for loser in losers:
            self._lost(loser, 26)
        switch.owe(leg.member.interface, self.customer, leg.channel)
        switch.look_at_the_end(leg.channel)

    async def _talk(self, leg: _Leg) -> None:
        switch, plan, phone = self.switch, self.plan, leg.channel
        hold = int(switch.pace.now() - self.place.joined)
        self.queue.answered(hold)
        times = (("HoldTime", str(hold)), ("RingTime", str(int(leg.answer or 0))))
        self._tell_member("AgentConnect", phone, leg.member, *times)
        leg.member.in_call = True
        switch.board.calls_processed += 1
        switch.state(self.caller, State.UP)
        bridge = switch.join(phone, self.caller)
        await switch.pace.sleep(plan.talk)
        switch.tell("HangupRequest", phone if plan.agent_ends else self.caller)
        if plan.dialogue:
            switch.keep_recording(self.customer, plan.dialogue, plan.talk)
        reason = ("Reason", "agent" if plan.agent_ends else "caller")
        times = (("HoldTime", str(hold)), ("TalkTime", str(int(plan.talk))))
        self._tell_member("AgentComplete", phone, leg.member, *times, reason)
        self._part(leg, bridge)

    def _part(self, leg: _Leg, bridge: Bridge) -> None:
        """Both leave the bridge, who hung up first; the agent's channel ends before the customer's."""
        switch, phone, caller = self.switch, leg.channel, self.caller
        self.queue.finished(leg.member, int(self.plan.talk))
        switch.floor.talked(leg.member.interface)
        if self.plan.agent_ends:
            switch.leave(bridge, phone)
            switch.leave(bridge, caller)
        else:
            switch.leave(bridge, caller)
            switch.leave(bridge, phone)
            switch.tell("SoftHangupRequest", caller, ("Cause", "16"))
        switch.dissolve(bridge)
        self._lost(leg, 16)
        if self.plan.agent_ends:
            switch.tell("SoftHangupRequest", caller, ("Cause", "16"))
        switch.hang_up(caller, 16)

    def _no_answer(self, leg: _Leg) -> None:
        milliseconds = str(int(RING_SECONDS * 1000))
        self._tell_member("AgentRingNoAnswer", leg.channel, leg.member, ("RingTime", milliseconds))
        self._dial_ends([leg], "NOANSWER")
        self._dial_ends([leg], "CANCEL")
        self._lost(leg, 0)

    def _cancel(self, legs: list[_Leg]) -> None:
        """The customer hangs up while phones ring."""
        self.switch.tell("HangupRequest", self.caller, ("Cause", "127"), _TECH)
        self._dial_ends(legs, "CANCEL")
        self._dial_ends(legs, "CANCEL")
        for leg in legs:
            self._lost(leg, 0)
        self._left_in_queue()

    def _abandon(self) -> None:
        """The customer is gone; he has said so already where phones were ringing."""
        if self.place in self.queue.waiting:
            self.switch.tell("HangupRequest", self.caller, ("Cause", "127"), _TECH)
            self._left_in_queue()

    def _left_in_queue(self) -> None:
        switch = self.switch
        position = str(self.queue.waiting.index(self.place) + 1)
        held = ("HoldTime", str(round(switch.pace.now() - self.place.joined)))
        original = ("OriginalPosition", str(self.place.position))
        self._tell("QueueCallerAbandon", ("Position", position), original, held)
        self._leave_queue()
        self.queue.abandoned += 1
        switch.tell("SoftHangupRequest", self.caller, ("Cause", "16"), _TECH)
        switch.hang_up(self.caller, 127, _TECH)

    def _leave_queue(self) -> None:
        position = str(self.queue.waiting.index(self.place) + 1)
        self.queue.waiting.remove(self.place)
        self._tell("QueueCallerLeave", ("Position", position), ("Count", str(len(self.queue.waiting))))

    def _lost(self, leg: _Leg, cause: int) -> None:
        self.switch.hang_up(leg.channel, cause)
        self.switch.idle(leg.member.interface)

    def _dial_ends(self, legs: list[_Leg], status: str) -> None:
        for leg in legs:
            self.switch.tell_pair("DialEnd", self.caller, leg.channel, ("DialStatus", status))

    def _tell(self, event: str, *extra: Header) -> None:
        self.switch.tell(event, self.caller, ("Queue", self.queue.name), *extra)

    def _tell_member(self, event: str, phone: Channel, member: Member, *extra: Header) -> None:
        named = (("Queue", self.queue.name), ("Interface", member.interface), ("MemberName", member.name))
        self.switch.tell_pair(event, self.caller, phone, *named, *extra)
