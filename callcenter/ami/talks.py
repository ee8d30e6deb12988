"""Who hears whom: bridges, the halves of Local channels, hold; and how a talk is handed on. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.ami import messages as m
from callcenter.ami.scene import Event, Rules, Scene
from callcenter.events import Via


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
            m.ParkingOver: self._parking_over,
        }

    def _bridge_entered(self, msg: m.BridgeEntered) -> Iterable[Event]:
        scene = self._scene
        affected = scene.customers_near(msg.uniqueid) | scene.customers_near(msg.swap)
        if msg.swap:
            scene.channels.leave(msg.swap)
        scene.channels.enter(msg.uniqueid, "" if msg.mute else msg.bridge)
        yield from scene.heard_by(msg, affected | scene.customers_near(msg.uniqueid))

    def _bridge_left(self, msg: m.BridgeLeft) -> Iterable[Event]:
        scene = self._scene
        channel = scene.channels.get(msg.uniqueid)
        if channel is None or channel.bridge != msg.bridge:
            return
        affected = scene.customers_near(msg.uniqueid)
        scene.channels.leave(msg.uniqueid)
        yield from scene.heard_by(msg, affected)

    def _local_pair(self, msg: m.LocalPair) -> Iterable[Event]:
        scene = self._scene
        scene.channels.tie(msg.one, msg.two)
        yield from scene.heard_by(msg, scene.customers_near(msg.one))
        for leg in scene.channels.ringing():
            if leg.uniqueid not in scene.track_of_leg:
                yield from scene.rings(msg, leg)

    def _held(self, msg: m.HeldBy) -> Iterable[Event]:
        if track := self._scene.track_of(msg.uniqueid):
            yield from track.held(msg, msg.uniqueid, on=msg.held)

    def _transferred(self, msg: m.Transferred) -> Iterable[Event]:
        """Who was being consulted rings for the customer from now on, should the transferer not have waited."""
        scene = self._scene
        named = msg.customer if msg.customer in scene.tracks else scene.customer_of(msg.transferer)
        track = scene.tracks.get(named) or scene.track_of(msg.transferer) or scene.track_of(msg.second)
        if track is None:
            return
        track.via = Via.BLIND if msg.via == "blind" else Via.ATTENDED
        if msg.via == "blind":
            return
        for leg in scene.channels.ringing():
            if leg.dialled_by in (msg.transferer, msg.second):
                leg.dialled_by = track.key.uniqueid
                yield from scene.rings(msg, leg)

    def _picked_up(self, msg: m.PickedUp) -> Iterable[Event]:
        if track := self._scene.track_of(msg.target):
            self._scene.via(track, msg.uniqueid, Via.PICKUP)
        return ()

    def _parking_over(self, msg: m.ParkingOver) -> Iterable[Event]:
        if track := self._scene.tracks.get(msg.parked):
            if msg.retriever:
                self._scene.via(track, msg.retriever, Via.PARK)
            else:
                track.via = Via.RETURN
        return ()
