"""What lives in a PBX now, channels and customers' calls, and the questions all rules ask of it. Pure.

The rules hold for channels, not for scenarios: a customer is a channel of a trunk; a device rings for the customer on
whose behalf it was dialled; they talk while bridges and Local pairs connect them. Events within a moment come in any
order, so no rule waits for one particular order.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias

from callcenter import rehearsal
from callcenter.ami import messages as m
from callcenter.ami.channels import Channel, Channels
from callcenter.ami.tracks import USER_BUSY, Track
from callcenter.events import CallEvent, Via
from callcenter.pbx_events import PbxEvent
from callcenter.pbxmap import Kind, PbxMap, Rule, peer
from callcenter.phone import parse
from callcenter.roster import OUTSIDE, Device

Event = CallEvent | PbxEvent
Rules: TypeAlias = Mapping[type[m.Message], Callable[[Any], Iterable[Event]]]
"""What to conclude from each kind of message."""


class Scene:
    """``unsettled``: customers whose talk ended only just now, and may go on in a moment."""

    def __init__(self, map: PbxMap) -> None:
        self.map = map
        self.channels = Channels()
        self.tracks: dict[str, Track] = {}
        self.track_of_leg: dict[str, str] = {}
        self.unsettled: set[str] = set()

    def rule(self, channel: str, uniqueid: str) -> Rule:
        """What a channel is: as the map says, but for the two ends of a test call, which no map can know."""
        if rehearsal.is_customer(uniqueid):
            return Rule(pattern=peer(channel), kind=Kind.TRUNK)
        if rehearsal.is_device(channel):
            return Rule(pattern=peer(channel), kind=Kind.DEVICE)
        return self.map.rule(channel)

    def device(self, channel: Channel) -> Device:
        return Device(pbx=self.map.pbx, name=f"{OUTSIDE}{channel.outside}" if channel.outside else peer(channel.name))

    def leg(self, track: Track, channel: Channel) -> None:
        """The device's channel is part of the call from now on."""
        track.leg(channel.uniqueid, self.device(channel))
        self.track_of_leg[channel.uniqueid] = track.key.uniqueid

    def via(self, track: Track, uniqueid: str, via: Via) -> None:
        """How this very leg came to the call. Asterisk may tell it some 30 ms before it tells of the channel."""
        channel = self.channels.get(uniqueid)
        if channel is None:
            track.coming[uniqueid] = via
        elif channel.kind is Kind.DEVICE:
            self.leg(track, channel)
            track.legs[uniqueid].via = via

    def track_of(self, leg: str) -> Track | None:
        """The call the leg is part of."""
        track = self.tracks.get(self.track_of_leg.get(leg, ""))
        return track if track and leg in track.legs else None

    def customer_of(self, uniqueid: str) -> str:
        """The customer on whose behalf the channel was dialled; the channel itself where it is one; else ``""``.

        He may hear the near half of a Local channel already while its far half rings a phone: a colleague whom the
        transferring agent did not wait for.
        """
        return self._dialled_for(uniqueid) or self._unawaited_by(uniqueid)

    def _dialled_for(self, uniqueid: str) -> str:
        return next((c.uniqueid for c in self.channels.origins(uniqueid) if c.uniqueid in self.tracks), "")

    def _unawaited_by(self, uniqueid: str) -> str:
        halves = [c.uniqueid for c in self.channels.origins(uniqueid) if c.pair]
        return next((customer for half in halves for customer in sorted(self.customers_near(half))), "")

    def customers_near(self, uniqueid: str) -> set[str]:
        """Who hears the channel."""
        return self.channels.connected(uniqueid) & self.tracks.keys()

    def rings(self, msg: m.Message, channel: Channel) -> Iterable[Event]:
        """The device rings for the customer it was dialled for, if any."""
        track = self.tracks.get(self.customer_of(channel.uniqueid)) or self._recalled(msg, channel)
        if track and not track.ended:
            self.leg(track, channel)
            if not self._dialled_for(channel.uniqueid) and self._unawaited_by(channel.uniqueid):
                track.legs[channel.uniqueid].via = Via.ATTENDED
            yield from track.offered(msg, channel.uniqueid)

    def stands_in(self, msg: m.Message, trunk: Channel, dialled: str) -> Iterable[Event]:
        """A trunk's leg that was dialled for a customer with whom nobody talked yet: his call goes on to a telephone
        elsewhere, be it an agent's own. Providers do not always say that it rings, so it does from now on."""
        track = self.tracks.get(self._dialled_for(trunk.uniqueid))
        if track and not track.talked and not trunk.outside and trunk.uniqueid not in self.tracks:
            meant = parse(self.map.dialled(trunk.name, dialled), self.map.region_of(trunk.name))
            trunk.outside = meant.e164 or dialled
            yield from self.rings(msg, trunk)

    def never_rang(self, msg: m.Hangup, gone: Channel) -> Iterable[Event]:
        """Phones that are unplugged, out of reach or refuse all calls: they are told of when they are given up, or with
        the end of the customer they were dialled for."""
        track = self.tracks.get(self._dialled_for(gone.uniqueid))
        if track is None or gone.kind not in (Kind.DEVICE, Kind.TRUNK):
            return
        silent = (gone,) if gone.kind is Kind.DEVICE else self.channels.silent()
        for phone in silent:
            unheard = phone.silent and not phone.dismissed and phone.uniqueid not in self.track_of_leg
            if unheard and self._dialled_for(phone.uniqueid) == track.key.uniqueid:
                cause = USER_BUSY if phone.busy else msg.cause if phone is gone else 0
                phone.dismissed = True
                if any(self._beside(phone, other, track) for other in self.channels.silent()):
                    continue
                yield from track.never_rang(msg, self.device(phone), phone.uniqueid, cause, phone.dialled_at)

    def _beside(self, phone: Channel, other: Channel, track: Track) -> bool:
        """Another address of the same phone, which may still ring for him and tells of both."""
        same = peer(other.name) == peer(phone.name) and other is not phone and not other.dismissed
        return same and self._dialled_for(other.uniqueid) == track.key.uniqueid

    def _recalled(self, msg: m.Message, channel: Channel) -> Track | None:
        """A customer on whose behalf the PBX itself rings the one who transferred him, as the colleague did not answer.
        A click of ours rings by itself too; its id is ours and has no dot. A leg born of another's call is dialled for
        that one, even where it rings before the dialling is told."""
        if isinstance(msg, m.ChannelState) and msg.linkedid not in ("", channel.uniqueid):
            return None
        if channel.dialled_by or "." not in channel.uniqueid or channel.uniqueid in self.track_of_leg:
            return None
        name = peer(channel.name)
        waiting = [track for track in self.tracks.values() if track.parted == name and track.alone and not track.ended]
        if len(waiting) != 1:
            return None
        waiting[0].via, waiting[0].parted = Via.RETURN, ""
        return waiting[0]

    def heard_by(self, msg: m.Message, customers: set[str]) -> Iterable[Event]:
        """Tells the difference between who hears each customer now and who did."""
        for customer in sorted(customers):
            track = self.tracks.get(customer)
            if track is None or track.ended:
                continue
            heard = [c for u in sorted(self.channels.connected(customer)) if (c := self.channels.get(u))]
            devices = [c for c in heard if c.kind is Kind.DEVICE or self._stands_in(track, c)]
            for channel in devices:
                self.leg(track, channel)
                if channel.click and track.talked:
                    track.legs[channel.uniqueid].via = track.legs[channel.uniqueid].via or Via.ORIGINATE
            yield from track.hears(msg, {c.uniqueid: self.device(c) for c in devices})
            for channel in devices:
                if channel.recorded:
                    yield from track.recorded(msg, channel.recorded)
            if track.unsettled:
                self.unsettled.add(customer)

    def apart(self, msg: m.Message, uniqueid: str) -> None:
        """Whoever passed the customer on and is in no bridge does not come back: his channel's end, which may be told
        only when the colleague has answered, is not waited for."""
        track, channel = self.track_of(uniqueid), self.channels.get(uniqueid)
        if track and channel and track.legs[uniqueid].parting:
            track.legs[uniqueid].parted = None if channel.bridge else msg
            self.unsettled.add(track.key.uniqueid)

    def rings_now(self, msg: m.Message, local: Channel) -> Iterable[Event]:
        """Devices that have rung behind a Local channel for a colleague's question, and now ring for the customer."""
        if local.pair:
            for leg in self.channels.ringing():
                if leg.uniqueid not in self.track_of_leg:
                    yield from self.rings(msg, leg)

    def _stands_in(self, track: Track, channel: Channel) -> bool:
        """A trunk's leg dialled for a customer with whom no phone of ours has talked: a follow-me, whose owner took the
        call. One dialled after a talk is the customer being sent away."""
        outside = channel.kind is Kind.TRUNK and channel.uniqueid not in self.tracks
        took = channel.uniqueid in track.legs or not track.talked
        return outside and took and self.customer_of(channel.uniqueid) == track.key.uniqueid

    def forget(self, track: Track) -> None:
        """Memory is bounded by what lives: an ended call goes with its last leg."""
        if track.over:
            self.tracks.pop(track.key.uniqueid, None)
