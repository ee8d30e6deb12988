"""What every simulated call is made of: one function for each thing a PBX does to a channel and tells.

The order of events and their headers are those of Asterisk 22 with this project's configuration and its least
privileged AMI user; ``tests/demo`` compares them with captures of the real one.
"""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from callcenter.demo.channels import Board, Bridge, Channel, Seat, State
from callcenter.demo.floor import BUSY, NOT_IN_USE, Floor, Member
from callcenter.demo.pace import Pace
from callcenter.demo.recorders import Recorders
from callcenter.demo.spool import Dialogue, Spool
from callcenter.demo.stream import Header, Stream

DEBTS: Final = "callcenter-owes"
LIST: Final = "callcenter-debts"
_RINGS_KEPT: Final = 10_000
_CAUSES: Final = {
    0: "Unknown",
    16: "Normal Clearing",
    17: "User busy",
    26: "Answered elsewhere",
    127: "Interworking, unspecified",
}

Phones = Callable[[str], float | None]
"""After how many seconds a phone is picked up this time; None: nobody comes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Ring:
    """What a phone saw: a queue call, and whether its agent owed an outcome at that moment."""

    interface: str
    customer: str
    owing: bool


@dataclass(slots=True, kw_only=True)
class Customer:
    """The customer's channel and what the dialplan knows of the call."""

    channel: Channel
    number: str
    did: str
    queue: str = ""


class Switch:
    """One PBX: its channels, queues, database and everything it tells."""

    def __init__(self, floor: Floor, spool: Spool, pace: Pace, phones: Phones) -> None:
        self.floor = floor
        self.spool = spool
        self.pace = pace
        self.phones = phones
        self.stream = Stream()
        self.board = Board()
        self.database: dict[tuple[str, str], str] = {}
        self.recorders = Recorders(spool)
        self.rings: deque[Ring] = deque(maxlen=_RINGS_KEPT)
        self.spies: dict[str, asyncio.Event] = {}
        """Phones that sit in on a talk, by Uniqueid; set: hung up."""
        self.started = time.time()

    def tell(self, event: str, channel: Channel | None = None, *extra: Header) -> None:
        self.stream.tell(event, channel.headers() if channel else (), extra)

    def set(self, channel: Channel, variable: str, value: str) -> None:
        self.tell("VarSet", channel, ("Variable", variable), ("Value", value))

    def tell_pair(self, event: str, channel: Channel | None, dest: Channel, *extra: Header) -> None:
        self.stream.tell(event, channel.headers() if channel else (), dest.headers("Dest"), extra)

    def arrive(self, seat: Seat, queue: str) -> Customer:
        """A call from outside, as far as the dialplan's callcenter-queue takes it: known, recorded, harmless."""
        channel = self.board.channel(seat, self.pace.now())
        did = channel.exten
        self.tell("Newchannel", channel)
        customer = Customer(channel=channel, number=seat.number, did=did)
        self.set(channel.at("callcenter-call", "s", 2), "__CC_CUSTOMER", channel.uniqueid)
        self.set(channel.at("callcenter-call", "s", 3), "__CC_CHANNEL", channel.name)
        self.set(channel.at("callcenter-call", "s", 4), "__CC_QUEUE", "")
        self.set(channel.at("callcenter-call", "s", 5), "__CC_NUMBER", quote(seat.number, safe=""))
        self.set(channel.at("callcenter-call", "s", 6), "__CC_DID", quote(did, safe=""))
        self.set(channel.at("callcenter-queue", "s", 2), "__CC_QUEUE", queue)
        customer.queue = queue
        self.record(channel)
        return customer

    def record(self, channel: Channel) -> None:
        """MixMonitor: only a variable tells the file's name."""
        path = self.recorders.start(channel.uniqueid, channel.uniqueid)
        self.set(channel.at("callcenter-record", "s", 21), "CC_FILES", "1")
        self.set(channel.at("callcenter-record", "s", 26), "MIXMONITOR_FILENAME", path)
        self.set(channel, "CC_MIX", _mix(channel))
        self.tell("MixMonitorStart", channel)
        self.set(channel.at("callcenter-record", "s", 27), "__CC_MIX", _mix(channel))

    def mute(self, name: str, *, on: bool) -> bool:
        """MixMonitorMute; False where nothing records the channel."""
        channel = self._named(name)
        running = self.recorders.running(channel.uniqueid) if channel else []
        changed = [one.mute(self.pace.now(), on=on) for one in running]
        if channel and any(changed):
            self.tell("MixMonitorMute", channel, ("Direction", "both"), ("State", str(int(on))))
        return bool(running)

    def record_more(self, name: str, file: str) -> bool:
        """MixMonitor by the manager, within a talk; False where there is no such channel."""
        channel = self._named(name)
        if channel is None:
            return False
        path = self.recorders.start(channel.uniqueid, PurePosixPath(file).stem, self.pace.now())
        self.set(channel, "MIXMONITOR_FILENAME", path)
        self.tell("MixMonitorStart", channel)
        return True

    def stop_recording(self, name: str) -> bool:
        """StopMixMonitor; False where nothing records the channel."""
        channel = self._named(name)
        running = self.recorders.running(channel.uniqueid) if channel else []
        if channel is None or not running:
            return False
        running[-1].mute(self.pace.now(), on=True)
        running[-1].stopped = True
        self.tell("MixMonitorStop", channel)
        return True

    def _named(self, name: str) -> Channel | None:
        return next((c for c in self.board.channels.values() if c.name == name), None)

    def inherit(self, leg: Channel, customer: Customer) -> None:
        """The variables a dialled channel gets from the one that dials it."""
        self.set(leg, "__CC_MIX", _mix(customer.channel))
        self.set(leg, "__CC_QUEUE", customer.queue)
        self.set(leg, "__CC_DID", quote(customer.did, safe=""))
        self.set(leg, "__CC_NUMBER", quote(customer.number, safe=""))
        self.set(leg, "__CC_CHANNEL", customer.channel.name)
        self.set(leg, "__CC_CUSTOMER", customer.channel.uniqueid)

    def phone_state(self, interface: str, status: int) -> None:
        """A phone became busy or free: told once for every queue it is in."""
        for member in self.floor.phone(interface, status):
            self.stream.tell("QueueMemberStatus", member.headers())

    def busy(self, interface: str) -> None:
        self.phone_state(interface, BUSY)

    def idle(self, interface: str) -> None:
        self.phone_state(interface, NOT_IN_USE)

    def pause(self, interface: str, *, paused: bool, reason: str, queue: str = "") -> list[Member]:
        """Pauses or frees a member in all its queues or in one; the members concerned."""
        members = self.floor.members(interface, queue)
        self.floor.pause(members, paused=paused, reason=reason)
        for member in members:
            self.stream.tell("QueueMemberPause", member.headers())
        return members

    def owe(self, interface: str, customer: Customer, channel: Channel) -> None:
        """The gate of asterisk-conf/callcenter.conf: the debt, the pause in all queues, the news, in this order."""
        caller = customer.channel.uniqueid
        number, did = quote(customer.number, safe=""), quote(customer.did, safe="")
        debt = f"{caller}|{int(time.time())}|{customer.queue}|{number}|{did}"
        self.database[LIST, f"{interface}/{caller}"] = debt
        self.database[DEBTS, interface] = debt
        self.pause(interface, paused=True, reason=DEBTS)
        context, exten, priority = channel.context, channel.exten, channel.priority
        self.tell(
            "UserEvent",
            channel.at("callcenter-owe", "s", 10),
            ("UserEvent", "CallcenterOwes"),
            ("Interface", interface),
            ("Customer", caller),
            ("Queue", customer.queue),
        )
        channel.at(context, exten, priority)

    def look_at_the_end(self, leg: Channel) -> None:
        """The gate looks at the phone's end, to see who has the customer then."""
        self.set(leg, "CC_LEAVES", leg.uniqueid)

    def join(self, *channels: Channel) -> Bridge:
        """A new bridge and all who enter it, in this order."""
        bridge = Bridge()
        self.board.bridges[bridge.id] = bridge
        self.stream.tell("BridgeCreate", bridge.headers())
        for channel in channels:
            channel.bridge = bridge.id
            bridge.members += 1
            self.stream.tell("BridgeEnter", bridge.headers(), channel.headers())
        return bridge

    def leave(self, bridge: Bridge, channel: Channel) -> None:
        channel.bridge = ""
        bridge.members -= 1
        self.stream.tell("BridgeLeave", bridge.headers(), channel.headers())

    def dissolve(self, bridge: Bridge) -> None:
        del self.board.bridges[bridge.id]
        self.stream.tell("BridgeDestroy", bridge.headers())

    def state(self, channel: Channel, state: State) -> None:
        channel.state = state
        self.tell("Newstate", channel)

    def connected(self, channel: Channel, other: Channel) -> None:
        """The display of one phone shows the other side."""
        channel.connected, channel.connected_name = other.number, other.caller
        self.tell("NewConnectedLine", channel)

    def hang_up(self, channel: Channel, cause: int, *extra: Header) -> None:
        del self.board.channels[channel.uniqueid]
        self.recorders.drop(channel.uniqueid)
        text = _CAUSES.get(cause, "Unknown")
        self.tell("Hangup", channel, ("Cause", str(cause)), ("Cause-txt", text), *extra)

    def keep_recording(self, customer: Customer, dialogue: Dialogue, seconds: float) -> None:
        """The file is whole before the Hangup of its channel is told."""
        self.recorders.finish(customer.channel.uniqueid, dialogue, seconds, self.pace.now())


def _mix(channel: Channel) -> str:
    """The recording's own number, an address as Asterisk tells it."""
    return f"0x7f00{int(channel.uniqueid.rpartition('.')[2]):08x}"
