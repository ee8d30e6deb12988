"""Channels come, ring, dial and go. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from callcenter import rehearsal
from callcenter.ami import messages as m
from callcenter.ami.channels import Channel
from callcenter.ami.clicks import Clicks
from callcenter.ami.parsing import number_in
from callcenter.ami.scene import Event, Rules, Scene
from callcenter.ami.tracks import SETTLE_SECONDS, Track
from callcenter.events import Arrived, CallKey, Direction, OfferResult, Via
from callcenter.pbx_events import ChannelSeen, OriginateFailed
from callcenter.pbxmap import Kind, Rule, built_in, known_as, peer
from callcenter.roster import Device
from callcenter.values import replace

_OWN_NEWS: Final = frozenset({Kind.TRUNK, Kind.DEVICE})
_NO_DID: Final = frozenset({"", "s"})


class Arrivals:
    """``untold``: calls that wait a moment for what the dialplan knows better: the number that was dialled, and whether
    the caller's may be known."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._untold: dict[str, Arrived] = {}
        self._clicks = Clicks(scene)
        self.rules: Rules = {
            m.NewChannel: self.new_channel,
            m.ChannelState: self._state,
            m.Renamed: self._renamed,
            m.HangupRequested: self._hangup_requested,
            m.Hangup: self._hangup,
            m.DialBegin: self._dial_begin,
            m.DialEnd: self._dial_end,
            m.DidKnown: self._did_known,
            m.NumberHidden: self._number_hidden,
            m.Unreachable: self._unreachable,
            m.OriginateRefused: self._originate_refused,
        }

    @property
    def waiting(self) -> bool:
        """Whether a call waits to be told."""
        return bool(self._untold)

    def announced(self, message: m.Message, told: list[Event]) -> list[Event]:
        """A call that came waits a moment, but never behind another event of its own."""
        due = [
            arrived
            for arrived in self._untold.values()
            if message.mono - arrived.mono >= SETTLE_SECONDS
            or any(getattr(e, "call", None) == arrived.call for e in told)
        ]
        for arrived in due:
            del self._untold[arrived.call.uniqueid]
        return [*due, *told]

    def unannounced(self, caller: m.NewChannel) -> Iterable[Event]:
        """A trunk's channel whose Newchannel was lost or spoilt is opened from whatever tells of it first."""
        scene = self._scene
        if not caller.uniqueid or scene.channels.get(caller.uniqueid):
            return
        if scene.rule(caller.channel, caller.uniqueid).kind is Kind.TRUNK:
            yield from self.new_channel(replace(caller, state="Ring"))

    def new_channel(self, msg: m.NewChannel) -> Iterable[Event]:
        scene = self._scene
        if not msg.uniqueid or scene.channels.get(msg.uniqueid):
            return
        rule = scene.rule(msg.channel, msg.uniqueid)
        channel = Channel(uniqueid=msg.uniqueid, name=msg.channel, kind=rule.kind, exten=msg.exten, state=msg.state)
        scene.channels.add(channel)
        yield from self._noticed(msg, rule)
        if rule.kind is Kind.TRUNK and msg.state == "Ring":
            number = rehearsal.NUMBER if rehearsal.is_customer(msg.uniqueid) else msg.number
            self._untold[msg.uniqueid] = self._arrived(msg, channel, Direction.INBOUND, number)

    def _noticed(self, msg: m.NewChannel, rule: Rule) -> Iterable[Event]:
        """Of trunks and devices their calls tell; whatever else there is, the map's owner wants to see."""
        if rule.kind in _OWN_NEWS or built_in(rule):
            return
        yield ChannelSeen(
            pbx=self._scene.map.pbx,
            at=msg.at,
            peer=known_as(peer(msg.channel)),
            kind=rule.kind,
            context=msg.context,
            linkedid=msg.linkedid or msg.uniqueid,
        )

    def _arrived(self, msg: m.NewChannel | m.DialBegin, trunk: Channel, direction: Direction, number: str) -> Arrived:
        inbound = direction is Direction.INBOUND
        map = self._scene.map
        key = CallKey(pbx=map.pbx, uniqueid=trunk.uniqueid)
        read = map.arrived(trunk.name, number) if inbound else map.dialled(trunk.name, number)
        self._scene.tracks[trunk.uniqueid] = Track(key=key, via=Via.DIRECT if inbound else Via.OUTBOUND)
        return Arrived(
            call=key,
            at=msg.at,
            mono=msg.mono,
            direction=direction,
            number_raw=number,
            name=_name(msg) if isinstance(msg, m.NewChannel) else "",
            did=trunk.exten if inbound else "",
            trunk=peer(trunk.name),
            region=map.region_of(trunk.name),
            number_read="" if read == number else read,
            born=True,
        )

    def _did_known(self, msg: m.DidKnown) -> Iterable[Event]:
        arrived = self._untold.get(msg.uniqueid)
        if arrived and arrived.did in _NO_DID:
            self._untold[msg.uniqueid] = replace(arrived, did=msg.did)
        return ()

    def _number_hidden(self, msg: m.NumberHidden) -> Iterable[Event]:
        if arrived := self._untold.get(msg.uniqueid):
            self._untold[msg.uniqueid] = replace(arrived, hidden=True)
        return ()

    def _unreachable(self, msg: m.Unreachable) -> Iterable[Event]:
        if track := self._scene.tracks.get(self._scene.customer_of(msg.uniqueid)):
            yield from track.unreachable(msg, Device(pbx=self._scene.map.pbx, name=msg.device))

    def _renamed(self, msg: m.Renamed) -> Iterable[Event]:
        if channel := self._scene.channels.get(msg.uniqueid):
            channel.name = msg.channel
        return ()

    def _state(self, msg: m.ChannelState) -> Iterable[Event]:
        channel = self._scene.channels.get(msg.uniqueid)
        if channel is None:
            return
        channel.state = msg.state
        if channel.kind is not Kind.DEVICE:
            return
        yield from self._clicks.state(msg, channel)
        if msg.state == "Ringing":
            yield from self._scene.rings(msg, channel)
        elif msg.state == "Up" and (track := self._scene.track_of(channel.uniqueid)):
            yield from track.offer_ended(msg, channel.uniqueid, OfferResult.ANSWERED)

    def _hangup_requested(self, msg: m.HangupRequested) -> Iterable[Event]:
        if channel := self._scene.channels.get(msg.uniqueid):
            channel.hung_up = True
            yield from self._clicks.hung_up(msg, channel)

    def _originate_refused(self, msg: m.OriginateRefused) -> Iterable[Event]:
        """A channel that we ask for has the id of the action."""
        if msg.action:
            yield OriginateFailed(
                pbx=self._scene.map.pbx,
                at=msg.at,
                action=msg.action,
                reason=msg.reason,
                leg_lives=self._clicks.lives(msg.action),
            )

    def _hangup(self, msg: m.Hangup) -> Iterable[Event]:
        scene = self._scene
        channel = scene.channels.get(msg.uniqueid)
        if channel is None:
            return
        affected = scene.customers_near(msg.uniqueid) - {msg.uniqueid}
        yield from scene.never_rang(msg, channel)
        scene.channels.drop(msg.uniqueid)
        yield from scene.heard_by(msg, affected)
        if scene.track_of_leg.pop(msg.uniqueid, None):
            for owner in [track for track in scene.tracks.values() if msg.uniqueid in track.legs]:
                yield from self._leg_gone(msg, owner)
        if track := scene.tracks.get(msg.uniqueid):
            yield from track.end(msg, msg.cause, by_customer=channel.hung_up)
            scene.forget(track)
        yield from self._clicks.gone(msg, channel)

    def _leg_gone(self, msg: m.Hangup, track: Track) -> Iterable[Event]:
        customer = self._scene.channels.get(track.key.uniqueid)
        result = track.why_unanswered(msg.uniqueid, msg.cause, customer_gone=customer is None or customer.hung_up)
        yield from track.leg_gone(msg, msg.uniqueid, result)
        self._scene.forget(track)

    def _dial_begin(self, msg: m.DialBegin) -> Iterable[Event]:
        scene = self._scene
        yield from self.unannounced(msg.source)
        dest, source = scene.channels.get(msg.dest), scene.channels.get(msg.uniqueid)
        if dest is None:
            return
        dest.dialled_by, dest.dialled_at = msg.uniqueid, msg.mono
        yield from self._clicks.dialled(msg, dest)
        if source and dest.kind is Kind.TRUNK and dest.uniqueid not in scene.tracks:
            yield from self._dials_out(msg, dest, source)
            yield from scene.stands_in(msg, dest, number_in(msg.dial_string) or peer(dest.name))
        if dest.kind is Kind.DEVICE and dest.state == "Ringing":
            yield from scene.rings(msg, dest)

    def _dial_end(self, msg: m.DialEnd) -> Iterable[Event]:
        if dest := self._scene.channels.get(msg.dest):
            dest.dismissed |= bool(msg.forward)
            dest.busy |= msg.status == "BUSY"
        return ()

    def _dials_out(self, msg: m.DialBegin, trunk: Channel, source: Channel) -> Iterable[Event]:
        """A trunk's leg that a device dialled is a call of its own; one dialled for a customer is his follow-me."""
        origins = list(self._scene.channels.origins(source.uniqueid, past_devices=True))
        device = next((channel for channel in origins if channel.kind is Kind.DEVICE), None)
        if device is None or any(channel.uniqueid in self._scene.tracks for channel in origins):
            return
        arrived = self._arrived(msg, trunk, Direction.OUTBOUND, number_in(msg.dial_string) or number_in(device.exten))
        yield replace(arrived, origin=device.click or device.uniqueid)
        track = self._scene.tracks[trunk.uniqueid]
        if device.click:
            track.via = Via.ORIGINATE
        if device.recorded:
            yield from track.recorded(msg, device.recorded)


def _name(msg: m.NewChannel) -> str:
    if rehearsal.is_customer(msg.uniqueid):
        return rehearsal.NAME
    return "" if msg.name == "<unknown>" else msg.name
