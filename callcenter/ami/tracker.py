"""AMI messages in, call events out. No I/O, no clock; total: no message, whatever came before, raises.

The rules hold for channels, not for scenarios: a customer is a channel of a trunk; a device rings for the customer on
whose behalf it was dialled; they talk while bridges and Local pairs connect them. Events within a moment come in any
order, so nothing here waits for one particular order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import Final

from callcenter.ami import messages as m
from callcenter.ami.channels import Channel, Channels
from callcenter.ami.members import Members
from callcenter.ami.parsing import number_in
from callcenter.ami.tracks import SETTLE_SECONDS, Track, resumed
from callcenter.call import Call
from callcenter.events import (
    Arrived,
    CallEvent,
    CallKey,
    Direction,
    OfferResult,
    PbxEvent,
    QueueResult,
    UnclassifiedChannel,
    Via,
)
from callcenter.pbxmap import Kind, PbxMap, peer
from callcenter.roster import Device

Event = CallEvent | PbxEvent
_STRANGERS: Final = 1000
_NO_DID: Final = frozenset({"", "s"})


class Tracker:
    """Folds the messages of one PBX. ``map`` may be replaced at any time; it decides for channels yet to come."""

    def __init__(self, map: PbxMap) -> None:
        self.map = map
        self.channels = Channels()
        self.tracks: dict[str, Track] = {}
        self._track_of_leg: dict[str, str] = {}
        self._untold: dict[str, Arrived] = {}
        self._unsettled: set[str] = set()
        self._strangers: set[str] = set()
        self._members = Members()
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
            m.CallerLeft: self._caller_left,
            m.CallerAbandoned: self._caller_left,
            m.QueueEnded: self._queue_ended,
            m.AgentConnected: self._agent_connected,
            m.HeldBy: self._held,
            m.RecordedTo: self._recorded,
            m.DidKnown: self._did_known,
            m.Transferred: self._transferred,
            m.PickedUp: self._picked_up,
            m.ParkingOver: self._parking_over,
            m.Member: self._member,
        }

    @property
    def waiting(self) -> bool:
        """Whether the mere passing of time would tell something."""
        return bool(self._unsettled or self._untold)

    def feed(self, message: m.Message) -> list[Event]:
        """What the message means, in order."""
        told: list[Event] = list(self._settled(message.mono)) if self._unsettled else []
        rule = self._rules.get(type(message))
        told += rule(message) if rule else ()
        return self._announced(message, told) if self._untold else told

    def resume(self, call: Call) -> None:
        """Goes on with a call of our records whose channel lives: what they hold is not told again."""
        trunk = self.channels.get(call.key.uniqueid)
        if trunk is None or call.key.uniqueid in self.tracks:
            return
        track = self.tracks[call.key.uniqueid] = resumed(call)
        for uniqueid in tuple(track.legs):
            if self.channels.get(uniqueid):
                self._track_of_leg[uniqueid] = call.key.uniqueid
            else:
                del track.legs[uniqueid]

    def _settled(self, mono: float) -> Iterable[Event]:
        for uniqueid in sorted(self._unsettled):
            track = self.tracks.get(uniqueid)
            if track:
                yield from track.settle(mono)
            if track is None or not track.unsettled:
                self._unsettled.discard(uniqueid)

    def _announced(self, message: m.Message, told: list[Event]) -> list[Event]:
        """A call without a number dialled waits a moment for FROM_DID, but never behind another event of its own."""
        due = [
            arrived
            for arrived in self._untold.values()
            if message.mono - arrived.mono >= SETTLE_SECONDS
            or any(getattr(e, "call", None) == arrived.call for e in told)
        ]
        for arrived in due:
            del self._untold[arrived.call.uniqueid]
        return [*due, *told]

    # channels come and go

    def _new_channel(self, msg: m.NewChannel) -> Iterable[Event]:
        if not msg.uniqueid or self.channels.get(msg.uniqueid):
            return
        rule = self.map.rule(msg.channel)
        channel = Channel(uniqueid=msg.uniqueid, name=msg.channel, kind=rule.kind, exten=msg.exten, state=msg.state)
        self.channels.add(channel)
        if rule.kind is Kind.UNCLASSIFIED and rule.pattern not in self._strangers and len(self._strangers) < _STRANGERS:
            self._strangers.add(rule.pattern)
            yield UnclassifiedChannel(pbx=self.map.pbx, at=msg.at, channel=msg.channel)
        if rule.kind is Kind.TRUNK and msg.state == "Ring":
            arrived = self._arrived(msg, channel, Direction.INBOUND, msg.number)
            if arrived.did in _NO_DID:
                self._untold[msg.uniqueid] = arrived
            else:
                yield arrived

    def _arrived(self, msg: m.NewChannel | m.DialBegin, trunk: Channel, direction: Direction, number: str) -> Arrived:
        inbound = direction is Direction.INBOUND
        key = CallKey(pbx=self.map.pbx, uniqueid=trunk.uniqueid)
        self.tracks[trunk.uniqueid] = Track(key=key, via=Via.DIRECT if inbound else Via.OUTBOUND)
        return Arrived(
            call=key,
            at=msg.at,
            mono=msg.mono,
            direction=direction,
            number_raw=number,
            name=_shown(msg.name) if isinstance(msg, m.NewChannel) else "",
            did=trunk.exten if inbound else "",
            trunk=peer(trunk.name),
            region=self.map.region_of(trunk.name),
        )

    def _did_known(self, msg: m.DidKnown) -> Iterable[Event]:
        if arrived := self._untold.pop(msg.uniqueid, None):
            yield replace(arrived, did=msg.did)

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
            yield from track.offer_ended(msg, channel.uniqueid, OfferResult.ANSWERED)

    def _rings(self, msg: m.Message, channel: Channel) -> Iterable[Event]:
        track = self.tracks.get(self._customer_of(channel.uniqueid))
        if track and not track.ended:
            self._leg(track, channel)
            yield from track.offered(msg, channel.uniqueid)

    def _hangup_requested(self, msg: m.HangupRequested) -> Iterable[Event]:
        if channel := self.channels.get(msg.uniqueid):
            channel.hung_up = True
        return ()

    def _hangup(self, msg: m.Hangup) -> Iterable[Event]:
        channel = self.channels.get(msg.uniqueid)
        if channel is None:
            return
        affected = self._customers_near(msg.uniqueid) - {msg.uniqueid}
        self.channels.drop(msg.uniqueid)
        yield from self._heard_by(msg, affected)
        if self._track_of_leg.pop(msg.uniqueid, None):
            for owner in [track for track in self.tracks.values() if msg.uniqueid in track.legs]:
                yield from self._leg_gone(msg, owner)
        if track := self.tracks.get(msg.uniqueid):
            yield from track.end(msg, msg.cause, by_customer=channel.hung_up)
            self._forget(track)

    def _leg_gone(self, msg: m.Hangup, track: Track) -> Iterable[Event]:
        customer = self.channels.get(track.key.uniqueid)
        result = track.why_unanswered(msg.cause, customer_gone=customer is None or customer.hung_up)
        yield from track.leg_gone(msg, msg.uniqueid, result)
        self._forget(track)

    def _forget(self, track: Track) -> None:
        """Memory is bounded by what lives: an ended call goes with its last leg."""
        if track.over:
            self.tracks.pop(track.key.uniqueid, None)

    # ringing

    def _dial_begin(self, msg: m.DialBegin) -> Iterable[Event]:
        yield from self._unannounced(msg.source)
        dest, source = self.channels.get(msg.dest), self.channels.get(msg.uniqueid)
        if dest is None:
            return
        dest.dialled_by = msg.uniqueid
        dest.originated = not msg.uniqueid
        if source and dest.kind is Kind.TRUNK and dest.uniqueid not in self.tracks:
            yield from self._dials_out(msg, dest, source)
        if dest.kind is Kind.DEVICE and dest.state == "Ringing":
            yield from self._rings(msg, dest)

    def _dials_out(self, msg: m.DialBegin, trunk: Channel, source: Channel) -> Iterable[Event]:
        """A trunk's leg that a device dialled is a call of its own; one dialled for a customer is his follow-me."""
        origins = list(self.channels.origins(source.uniqueid, past_devices=True))
        device = next((channel for channel in origins if channel.kind is Kind.DEVICE), None)
        if device is None or any(channel.uniqueid in self.tracks for channel in origins):
            return
        yield self._arrived(msg, trunk, Direction.OUTBOUND, number_in(msg.dial_string) or device.exten)
        track = self.tracks[trunk.uniqueid]
        if device.originated:
            track.via = Via.ORIGINATE
        if device.recorded:
            yield from track.recorded(msg, device.recorded)

    # talking

    def _bridge_entered(self, msg: m.BridgeEntered) -> Iterable[Event]:
        affected = self._customers_near(msg.uniqueid) | self._customers_near(msg.swap)
        if msg.swap:
            self.channels.leave(msg.swap)
        self.channels.enter(msg.uniqueid, "" if msg.mute else msg.bridge)
        yield from self._heard_by(msg, affected | self._customers_near(msg.uniqueid))

    def _bridge_left(self, msg: m.BridgeLeft) -> Iterable[Event]:
        channel = self.channels.get(msg.uniqueid)
        if channel is None or channel.bridge != msg.bridge:
            return
        affected = self._customers_near(msg.uniqueid)
        self.channels.leave(msg.uniqueid)
        yield from self._heard_by(msg, affected)

    def _local_pair(self, msg: m.LocalPair) -> Iterable[Event]:
        self.channels.tie(msg.one, msg.two)
        yield from self._heard_by(msg, self._customers_near(msg.one))
        for leg in self.channels.ringing():
            if leg.uniqueid not in self._track_of_leg:
                yield from self._rings(msg, leg)

    def _heard_by(self, msg: m.Message, customers: set[str]) -> Iterable[Event]:
        """Tells the difference between who hears each customer now and who did."""
        for customer in sorted(customers):
            track = self.tracks.get(customer)
            if track is None or track.ended:
                continue
            heard = [c for u in sorted(self.channels.connected(customer)) if (c := self.channels.get(u))]
            devices = [c for c in heard if c.kind is Kind.DEVICE]
            for channel in devices:
                self._leg(track, channel)
            yield from track.hears(msg, {c.uniqueid: self._device(c) for c in devices})
            for channel in devices:
                if channel.recorded:
                    yield from track.recorded(msg, channel.recorded)
            if track.unsettled:
                self._unsettled.add(customer)

    def _held(self, msg: m.HeldBy) -> Iterable[Event]:
        if track := self._track_of(msg.uniqueid):
            yield from track.held(msg, msg.uniqueid, on=msg.held)

    def _transferred(self, msg: m.Transferred) -> Iterable[Event]:
        """Who was being consulted rings for the customer from now on, should the transferer not have waited."""
        named = msg.customer if msg.customer in self.tracks else self._customer_of(msg.transferer)
        track = self.tracks.get(named) or self._track_of(msg.transferer) or self._track_of(msg.second)
        if track is None:
            return
        track.via = Via.BLIND if msg.via == "blind" else Via.ATTENDED
        if msg.via == "blind":
            return
        for leg in self.channels.ringing():
            if leg.dialled_by in (msg.transferer, msg.second):
                leg.dialled_by = track.key.uniqueid
                yield from self._rings(msg, leg)

    def _picked_up(self, msg: m.PickedUp) -> Iterable[Event]:
        if track := self._track_of(msg.target):
            self._via_of(track, msg.uniqueid, Via.PICKUP)
        return ()

    def _parking_over(self, msg: m.ParkingOver) -> Iterable[Event]:
        if track := self.tracks.get(msg.parked):
            if msg.retriever:
                self._via_of(track, msg.retriever, Via.PARK)
            else:
                track.via = Via.RETURN
        return ()

    # queues

    def _unannounced(self, caller: m.NewChannel) -> Iterable[Event]:
        """A trunk's channel whose Newchannel was lost or spoilt is opened from whatever tells of it first."""
        if caller.uniqueid and not self.channels.get(caller.uniqueid) and self.map.kind(caller.channel) is Kind.TRUNK:
            yield from self._new_channel(replace(caller, state="Ring"))

    def _caller_joined(self, msg: m.CallerJoined) -> Iterable[Event]:
        yield from self._unannounced(msg.caller)
        if track := self.tracks.get(msg.uniqueid):
            yield from track.queue_joined(msg, msg.queue)

    def _caller_left(self, msg: m.CallerLeft | m.CallerAbandoned) -> Iterable[Event]:
        """Neither says why; what follows does."""
        if (track := self.tracks.get(msg.uniqueid)) and track.queue == msg.queue:
            track.left = True
            track.abandoned = track.abandoned or isinstance(msg, m.CallerAbandoned)
        return ()

    def _agent_connected(self, msg: m.AgentConnected) -> Iterable[Event]:
        if track := self.tracks.get(msg.uniqueid):
            yield from track.queue_left(msg, QueueResult.ANSWERED)

    def _queue_ended(self, msg: m.QueueEnded) -> Iterable[Event]:
        if track := self.tracks.get(msg.uniqueid):
            yield from track.queue_left(msg, msg.result)

    def _member(self, msg: m.Member) -> Iterable[Event]:
        return self._members.feed(self.map.pbx, msg)

    # recordings

    def _recorded(self, msg: m.RecordedTo) -> Iterable[Event]:
        if msg.source.state == "Ring":
            yield from self._unannounced(msg.source)
        channel = self.channels.get(msg.uniqueid)
        if track := self.tracks.get(self._customer_of(msg.uniqueid)) or self._track_of(msg.uniqueid):
            yield from track.recorded(msg, msg.path)
        elif channel and channel.kind is Kind.DEVICE:
            channel.recorded = msg.path

    # the graph

    def _device(self, channel: Channel) -> Device:
        return Device(pbx=self.map.pbx, name=peer(channel.name))

    def _leg(self, track: Track, channel: Channel) -> None:
        track.leg(channel.uniqueid, self._device(channel))
        self._track_of_leg[channel.uniqueid] = track.key.uniqueid

    def _via_of(self, track: Track, uniqueid: str, via: Via) -> None:
        channel = self.channels.get(uniqueid)
        if channel and channel.kind is Kind.DEVICE:
            self._leg(track, channel)
            track.legs[uniqueid].via = via

    def _track_of(self, leg: str) -> Track | None:
        track = self.tracks.get(self._track_of_leg.get(leg, ""))
        return track if track and leg in track.legs else None

    def _customer_of(self, uniqueid: str) -> str:
        origins = self.channels.origins(uniqueid)
        return next((c.uniqueid for c in origins if c.uniqueid in self.tracks), "")

    def _customers_near(self, uniqueid: str) -> set[str]:
        return self.channels.connected(uniqueid) & self.tracks.keys()


def _shown(name: str) -> str:
    return "" if name == "<unknown>" else name
