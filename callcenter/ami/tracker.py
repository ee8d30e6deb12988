"""AMI messages in, call events out. No I/O, no clock; total: no message, whatever came before, raises.

The rules hold for channels, not for scenarios: a customer is a channel of a trunk; a device rings for the customer on
whose behalf it was dialled; they talk while bridges and Local pairs connect them. Events within a moment come in any
order, so nothing here waits for one particular order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Final, TypedDict

from callcenter.ami import messages as m
from callcenter.ami.channels import Channel, Channels
from callcenter.events import (
    Arrived,
    CallEvent,
    CallKey,
    Direction,
    Ended,
    Held,
    Joined,
    Left,
    LegEnded,
    MemberState,
    Offered,
    OfferEnded,
    OfferResult,
    PbxEvent,
    QueueJoined,
    QueueLeft,
    QueueResult,
    RecordingStarted,
    Resumed,
    UnclassifiedChannel,
    Via,
)
from callcenter.pbxmap import Kind, PbxMap, peer
from callcenter.roster import Device

Event = CallEvent | PbxEvent
_BUSY: Final = frozenset({17, 21})
_ELSEWHERE: Final = 26
_NOWHERE: Final = frozenset({1, 3, 20, 27, 38})


class _Stamp(TypedDict):
    call: CallKey
    at: datetime
    mono: float


@dataclass(slots=True)
class Leg:
    """A device's channel in a call. ``offered``: Offered was told; ``closed``: so was OfferEnded."""

    device: Device
    offered: bool = False
    closed: bool = False
    joined: bool = False


@dataclass(slots=True)
class Track:
    """A customer's channel and the legs that ring for it or talk with it. ``queue``: the visit that is open."""

    key: CallKey
    legs: dict[str, Leg] = field(default_factory=dict)
    queue: str = ""
    talked: bool = False
    ended: bool = False
    via: Via = Via.DIRECT


class Tracker:
    """Folds the messages of one PBX. ``map`` may be replaced at any time; it decides for channels yet to come."""

    def __init__(self, map: PbxMap) -> None:
        self.map = map
        self.channels = Channels()
        self.tracks: dict[str, Track] = {}
        self.track_of_leg: dict[str, str] = {}
        self._unclassified: set[str] = set()
        self._rules: dict[type, Callable[..., Iterable[Event]]] = {
            m.NewChannel: self._new_channel,
            m.ChannelState: self._state,
            m.Renamed: self._renamed,
            m.HangupRequested: self._hangup_requested,
            m.Hangup: self._hangup,
            m.DialBegin: self._dial_begin,
            m.BridgeEntered: self._bridge_entered,
            m.BridgeLeft: self._bridge_left,
            m.LocalPair: self._local_pair,
            m.CallerJoined: self._caller_joined,
            m.QueueEnded: self._queue_ended,
            m.AgentConnected: self._agent_connected,
            m.HeldBy: self._held,
            m.RecordedTo: self._recorded,
            m.Transferred: self._transferred,
            m.PickedUp: self._picked_up,
            m.Member: self._member,
        }

    def feed(self, message: m.Message) -> list[Event]:
        """What the message means, in order."""
        rule = self._rules.get(type(message))
        return list(rule(message)) if rule else []

    def stamp(self, track: Track, message: m.Message) -> _Stamp:
        return {"call": track.key, "at": message.at, "mono": message.mono}

    # channels come and go

    def _new_channel(self, msg: m.NewChannel) -> Iterable[Event]:
        if self.channels.get(msg.uniqueid):
            return
        rule = self.map.rule(msg.channel)
        channel = Channel(uniqueid=msg.uniqueid, name=msg.channel, kind=rule.kind, exten=msg.exten, state=msg.state)
        self.channels.add(channel)
        if rule.kind is Kind.UNCLASSIFIED and rule.pattern not in self._unclassified:
            self._unclassified.add(rule.pattern)
            yield UnclassifiedChannel(pbx=self.map.pbx, at=msg.at, channel=msg.channel)
        if rule.kind is Kind.TRUNK and msg.state == "Ring":
            yield from self._arrived(msg, channel, Direction.INBOUND, msg.number)

    def _arrived(
        self, msg: m.NewChannel | m.DialBegin, trunk: Channel, direction: Direction, number: str
    ) -> Iterable[Event]:
        track = Track(key=CallKey(pbx=self.map.pbx, uniqueid=trunk.uniqueid))
        if direction is Direction.OUTBOUND:
            track.via = Via.OUTBOUND
        self.tracks[trunk.uniqueid] = track
        yield Arrived(
            **self.stamp(track, msg),
            direction=direction,
            number_raw=number,
            name=_shown(msg.name) if isinstance(msg, m.NewChannel) else "",
            did=trunk.exten if direction is Direction.INBOUND else "",
            trunk=peer(trunk.name),
            region=self.map.region_of(trunk.name),
        )

    def _renamed(self, msg: m.Renamed) -> Iterable[Event]:
        if channel := self.channels.get(msg.uniqueid):
            channel.name = msg.channel
        return ()

    def _state(self, msg: m.ChannelState) -> Iterable[Event]:
        channel = self.channels.get(msg.uniqueid)
        if channel is None:
            return
        channel.state = msg.state
        if channel.kind is not Kind.DEVICE:
            return
        if msg.state == "Ringing":
            yield from self._rings(msg, channel)
        elif msg.state == "Up" and (track := self._track_of(channel.uniqueid)):
            yield from self._offer_ended(msg, track, channel.uniqueid, OfferResult.ANSWERED)

    def _rings(self, msg: m.Message, channel: Channel) -> Iterable[Event]:
        customer = self._customer_of(channel.uniqueid)
        track = self.tracks.get(customer)
        if track is None or track.ended or channel.uniqueid in track.legs:
            return
        leg = self._leg(track, channel)
        leg.offered = True
        via = Via.QUEUE if track.queue else track.via
        yield Offered(**self.stamp(track, msg), leg=channel.uniqueid, device=leg.device, via=via, queue=track.queue)

    def _hangup_requested(self, msg: m.HangupRequested) -> Iterable[Event]:
        if channel := self.channels.get(msg.uniqueid):
            channel.hung_up = True
        return ()

    def _hangup(self, msg: m.Hangup) -> Iterable[Event]:
        channel = self.channels.get(msg.uniqueid)
        if channel is None:
            return
        affected = self._customers_near(msg.uniqueid)
        track = self.tracks.get(msg.uniqueid)
        owner = self._track_of(msg.uniqueid)
        result = self._why_unanswered(owner, msg.cause) if owner else OfferResult.CANCELLED
        self.channels.drop(msg.uniqueid)
        for customer in affected:
            yield from self.reconnect(msg, customer)
        if owner:
            yield from self._leg_gone(msg, owner, result)
        if track:
            yield from self._customer_gone(msg, track, channel)

    def _leg_gone(self, msg: m.Hangup, track: Track, result: OfferResult) -> Iterable[Event]:
        yield from self._offer_ended(msg, track, msg.uniqueid, result)
        leg = track.legs.pop(msg.uniqueid)
        self.track_of_leg.pop(msg.uniqueid, None)
        if leg.joined:
            yield Left(**self.stamp(track, msg), leg=msg.uniqueid, device=leg.device)
        yield LegEnded(**self.stamp(track, msg), leg=msg.uniqueid, device=leg.device)
        self._forget(track)

    def _customer_gone(self, msg: m.Hangup, track: Track, channel: Channel) -> Iterable[Event]:
        for uniqueid, leg in track.legs.items():
            if leg.joined:
                leg.joined = False
                yield Left(**self.stamp(track, msg), leg=uniqueid, device=leg.device)
        yield from self._queue_left(msg, track, QueueResult.ANSWERED if track.talked else QueueResult.ABANDONED)
        track.ended = True
        yield Ended(**self.stamp(track, msg), cause=msg.cause, by_customer=channel.hung_up)
        self._forget(track)

    def _forget(self, track: Track) -> None:
        """Memory is bounded by what lives: an ended call goes with its last leg."""
        if track.ended and not track.legs:
            self.tracks.pop(track.key.uniqueid, None)

    # ringing

    def _dial_begin(self, msg: m.DialBegin) -> Iterable[Event]:
        yield from self._unannounced(msg.source)
        dest, source = self.channels.get(msg.dest), self.channels.get(msg.uniqueid)
        if dest is None or source is None:
            return
        dest.dialled_by = msg.uniqueid
        if dest.kind is Kind.TRUNK and dest.uniqueid not in self.tracks:
            yield from self._dials_out(msg, dest, source)
        if dest.kind is Kind.DEVICE and dest.state == "Ringing":
            yield from self._rings(msg, dest)

    def _dials_out(self, msg: m.DialBegin, trunk: Channel, source: Channel) -> Iterable[Event]:
        """A trunk's leg that a device dialled is a call of its own; one dialled for a customer is his follow-me."""
        origins = list(self.channels.origins(source.uniqueid))
        if any(channel.uniqueid in self.tracks for channel in origins):
            return
        device = next((channel for channel in origins if channel.kind is Kind.DEVICE), None)
        if device is None:
            return
        yield from self._arrived(msg, trunk, Direction.OUTBOUND, _dialled(msg.dial_string) or device.exten)
        self._leg(self.tracks[trunk.uniqueid], device)

    def _offer_ended(self, msg: m.Message, track: Track, uniqueid: str, result: OfferResult) -> Iterable[Event]:
        leg = track.legs.get(uniqueid)
        if leg and leg.offered and not leg.closed:
            leg.closed = True
            yield OfferEnded(**self.stamp(track, msg), leg=uniqueid, device=leg.device, result=result)

    def _why_unanswered(self, track: Track, cause: int) -> OfferResult:
        customer = self.channels.get(track.key.uniqueid)
        if cause == _ELSEWHERE or any(leg.closed for leg in track.legs.values()):
            return OfferResult.ANSWERED_ELSEWHERE
        if customer is None or customer.hung_up:
            return OfferResult.CANCELLED
        if cause in _BUSY:
            return OfferResult.REJECTED
        return OfferResult.UNREACHABLE if cause in _NOWHERE else OfferResult.NO_ANSWER

    # talking

    def _bridge_entered(self, msg: m.BridgeEntered) -> Iterable[Event]:
        affected = {*self._customers_near(msg.uniqueid), *self._customers_near(msg.swap)}
        if msg.swap:
            self.channels.leave(msg.swap)
        self.channels.enter(msg.uniqueid, msg.bridge)
        for customer in affected | self._customers_near(msg.uniqueid):
            yield from self.reconnect(msg, customer)

    def _bridge_left(self, msg: m.BridgeLeft) -> Iterable[Event]:
        channel = self.channels.get(msg.uniqueid)
        if channel is None or channel.bridge != msg.bridge:
            return
        affected = self._customers_near(msg.uniqueid)
        self.channels.leave(msg.uniqueid)
        for customer in affected:
            yield from self.reconnect(msg, customer)

    def _local_pair(self, msg: m.LocalPair) -> Iterable[Event]:
        self.channels.tie(msg.one, msg.two)
        for customer in self._customers_near(msg.one):
            yield from self.reconnect(msg, customer)

    def reconnect(self, msg: m.Message, customer: str) -> Iterable[Event]:
        """Compares who hears the customer now with who did, and tells the difference."""
        track = self.tracks.get(customer)
        if track is None or track.ended:
            return
        heard = self.channels.connected(customer)
        for uniqueid, leg in track.legs.items():
            if leg.joined and uniqueid not in heard:
                leg.joined = False
                yield Left(**self.stamp(track, msg), leg=uniqueid, device=leg.device)
        for uniqueid in sorted(heard):
            channel = self.channels.get(uniqueid)
            if channel and channel.kind is Kind.DEVICE:
                yield from self._talks(msg, track, channel)

    def _talks(self, msg: m.Message, track: Track, channel: Channel) -> Iterable[Event]:
        leg = self._leg(track, channel)
        if leg.joined:
            return
        leg.joined = track.talked = True
        yield from self._offer_ended(msg, track, channel.uniqueid, OfferResult.ANSWERED)
        via = Via.QUEUE if track.queue else track.via
        yield from self._queue_left(msg, track, QueueResult.ANSWERED)
        yield Joined(**self.stamp(track, msg), leg=channel.uniqueid, device=leg.device, via=via)

    def _held(self, msg: m.HeldBy) -> Iterable[Event]:
        track = self._track_of(msg.uniqueid)
        if track and track.legs[msg.uniqueid].joined:
            yield (Held if msg.held else Resumed)(**self.stamp(track, msg), leg=msg.uniqueid)

    def _transferred(self, msg: m.Transferred) -> Iterable[Event]:
        customer = msg.customer if msg.customer in self.tracks else self._customer_of(msg.transferer)
        if track := self.tracks.get(customer) or self._track_of(msg.transferer):
            track.via = Via.BLIND if msg.via == "blind" else Via.ATTENDED
        return ()

    def _picked_up(self, msg: m.PickedUp) -> Iterable[Event]:
        if track := self._track_of(msg.target):
            track.via = Via.PICKUP
        return ()

    # queues

    def _unannounced(self, caller: m.NewChannel) -> Iterable[Event]:
        """A trunk's channel whose Newchannel was lost or spoilt is opened from whatever tells of it first."""
        if caller.uniqueid and not self.channels.get(caller.uniqueid) and self.map.kind(caller.channel) is Kind.TRUNK:
            yield from self._new_channel(replace(caller, state="Ring"))

    def _caller_joined(self, msg: m.CallerJoined) -> Iterable[Event]:
        yield from self._unannounced(msg.caller)
        if track := self.tracks.get(msg.uniqueid):
            yield from self._queue_left(msg, track, QueueResult.EXIT)
            track.queue = msg.queue
            yield QueueJoined(**self.stamp(track, msg), queue=msg.queue)

    def _agent_connected(self, msg: m.AgentConnected) -> Iterable[Event]:
        if track := self.tracks.get(msg.uniqueid):
            yield from self._queue_left(msg, track, QueueResult.ANSWERED)

    def _queue_ended(self, msg: m.QueueEnded) -> Iterable[Event]:
        if track := self.tracks.get(msg.uniqueid):
            yield from self._queue_left(msg, track, msg.result)

    def _queue_left(self, msg: m.Message, track: Track, result: QueueResult) -> Iterable[Event]:
        """QueueCallerLeave and QueueCallerAbandon do not say why: this is told when the reason is known."""
        if track.queue:
            queue, track.queue = track.queue, ""
            yield QueueLeft(**self.stamp(track, msg), queue=queue, result=result)

    def _member(self, msg: m.Member) -> Iterable[Event]:
        yield MemberState(
            pbx=self.map.pbx,
            at=msg.at,
            queue=msg.queue,
            interface=msg.interface,
            name=msg.name,
            paused=msg.paused,
            reason=msg.reason,
            state_interface=msg.state_interface,
            status=msg.status,
            in_call=msg.in_call,
            gone=msg.gone,
        )

    # recordings

    def _recorded(self, msg: m.RecordedTo) -> Iterable[Event]:
        track = self.tracks.get(self._customer_of(msg.uniqueid)) or self._track_of(msg.uniqueid)
        if track:
            yield RecordingStarted(**self.stamp(track, msg), path=msg.path)

    # the graph

    def _leg(self, track: Track, channel: Channel) -> Leg:
        known = track.legs.get(channel.uniqueid)
        if known is None:
            known = track.legs[channel.uniqueid] = Leg(device=Device(pbx=self.map.pbx, name=peer(channel.name)))
            self.track_of_leg[channel.uniqueid] = track.key.uniqueid
        return known

    def _track_of(self, leg: str) -> Track | None:
        track = self.tracks.get(self.track_of_leg.get(leg, ""))
        return track if track and leg in track.legs else None

    def _customer_of(self, uniqueid: str) -> str:
        origins = self.channels.origins(uniqueid)
        return next((c.uniqueid for c in origins if c.uniqueid in self.tracks), "")

    def _customers_near(self, uniqueid: str) -> set[str]:
        return self.channels.connected(uniqueid) & self.tracks.keys()


def _shown(name: str) -> str:
    return "" if name == "<unknown>" else name


def _dialled(dial_string: str) -> str:
    """The number in ``89161234567@trunk``, ``trunk/89161234567`` or ``sip:8916…@host``; ``""`` where there is none."""
    part = dial_string.removeprefix("sip:").partition("@")[0].rpartition("/")[2]
    return part if any(c.isdigit() for c in part) and len(part) > 1 else ""
