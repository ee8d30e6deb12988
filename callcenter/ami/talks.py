"""Who hears whom: bridges, the halves of Local channels, hold; and how a talk is handed on. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.ami import messages as m
from callcenter.ami.scene import Event, Rules, Scene
from callcenter.events import Via
from callcenter.pbxmap import Kind, peer


class Talks:
    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self.rules: Rules = {
            m.BridgeEntered: self._bridge_entered,
            m.BridgeLeft: self._bridge_left,
            m.LocalPair: self._local_pair,
            m.HeldBy: self._held,
            m.Transferred: self._transferred,
            m.PickedUp: self._picked_up,
            m.ParkedAt: self._parked_at,
            m.ParkingOver: self._parking_over,
        }

    def _bridge_entered(self, msg: m.BridgeEntered) -> Iterable[Event]:
        scene = self._scene
        affected = scene.customers_near(msg.uniqueid) | scene.customers_near(msg.swap)
        if msg.swap:
            scene.channels.leave(msg.swap)
            scene.apart(msg, msg.swap)
        scene.channels.enter(msg.uniqueid, "" if msg.mute else msg.bridge)
        scene.apart(msg, msg.uniqueid)
        near = scene.customers_near(msg.uniqueid)
        yield from scene.heard_by(msg, affected | near)
        if near and (channel := scene.channels.get(msg.uniqueid)):
            yield from scene.rings_now(msg, channel)

    def _bridge_left(self, msg: m.BridgeLeft) -> Iterable[Event]:
        scene = self._scene
        channel = scene.channels.get(msg.uniqueid)
        if channel is None or channel.bridge != msg.bridge:
            return
        affected = scene.customers_near(msg.uniqueid)
        scene.channels.leave(msg.uniqueid)
        scene.apart(msg, msg.uniqueid)
        yield from scene.heard_by(msg, affected)

    def _local_pair(self, msg: m.LocalPair) -> Iterable[Event]:
        scene = self._scene
        scene.channels.tie(msg.one, msg.two)
        yield from scene.heard_by(msg, scene.customers_near(msg.one))
        if local := scene.channels.get(msg.one):
            yield from scene.rings_now(msg, local)

    def _held(self, msg: m.HeldBy) -> Iterable[Event]:
        if track := self._scene.track_of(msg.uniqueid):
            yield from track.held(msg, msg.uniqueid, on=msg.held)

    def _transferred(self, msg: m.Transferred) -> Iterable[Event]:
        """Who was being consulted rings for the customer from now on, should the transferer not have waited."""
        scene = self._scene
        named = msg.customer if msg.customer in scene.tracks else scene.customer_of(msg.transferer)
        track = scene.tracks.get(named) or scene.track_of(msg.transferer) or scene.track_of(msg.second)
        if track is None or track.shelved:
            return
        track.via = Via.BLIND if msg.via == "blind" else Via.ATTENDED
        if msg.via == "three_way":
            return
        leg = next((u for u in (msg.transferer, msg.second) if u in track.legs), "")
        yield from track.handed_over(msg, leg, msg.exten or self._reached(msg, track.key.uniqueid))
        if msg.via == "blind":
            track.sender = track.legs[leg].device.name if leg else ""
            return
        track.parted = track.legs[leg].device.name if leg else ""
        for uniqueid in {msg.transferer, msg.second} & track.legs.keys():
            track.legs[uniqueid].parting = track.legs[uniqueid].talked
            scene.apart(msg, uniqueid)
        for ringing in scene.channels.ringing():
            if ringing.dialled_by in (msg.transferer, msg.second):
                ringing.dialled_by = track.key.uniqueid
                yield from scene.rings(msg, ringing)

    def _reached(self, msg: m.Transferred, customer: str) -> str:
        """The device a transfer ends at: behind the channel that the PBX names, or whose phone rings for the customer
        where it names none."""
        channels = self._scene.channels
        heard = [c for u in sorted(channels.connected(msg.target)) if (c := channels.get(u))]
        rings = [c for c in channels.ringing() if self._scene.customer_of(c.uniqueid) == customer]
        return next((peer(c.name) for c in (*heard, *rings) if c.kind is Kind.DEVICE), "")

    def _picked_up(self, msg: m.PickedUp) -> Iterable[Event]:
        if track := self._scene.track_of(msg.target):
            self._scene.via(track, msg.uniqueid, Via.PICKUP)
        return ()

    def _parked_at(self, msg: m.ParkedAt) -> Iterable[Event]:
        scene = self._scene
        named = scene.customer_of(msg.parked) or next(iter(sorted(scene.customers_near(msg.parked))), "")
        if track := scene.tracks.get(named):
            yield from track.parked(msg, msg.space, msg.parker)

    def _parking_over(self, msg: m.ParkingOver) -> Iterable[Event]:
        if track := self._scene.tracks.get(msg.parked):
            track.shelved = False
            if msg.retriever:
                self._scene.via(track, msg.retriever, Via.PARK)
            else:
                track.via = Via.RETURN
        return ()
