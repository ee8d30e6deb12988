"""AMI messages in, call events out. No I/O, no clock; total: no message, whatever came before, raises.

What each kind of message means stands with its idea: ``arrivals`` (channels), ``talks`` (bridges, transfers),
``visits`` (queues, recordings), ``members``; ``scene`` is what they all see.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from callcenter.ami import messages as m
from callcenter.ami.arrivals import Arrivals
from callcenter.ami.channels import Channels
from callcenter.ami.members import Members, owes
from callcenter.ami.resumed import resumed
from callcenter.ami.scene import Event, Rules, Scene
from callcenter.ami.talks import Talks
from callcenter.ami.tracks import Track
from callcenter.ami.visits import Visits
from callcenter.call import Call
from callcenter.pbxmap import PbxMap

__all__: Final = ["Event", "Tracker"]


class Tracker:
    """Folds the messages of one PBX. ``map`` may be replaced at any time; it decides for channels yet to come."""

    def __init__(self, map: PbxMap) -> None:
        self._scene = Scene(map)
        self._arrivals = Arrivals(self._scene)
        self._members = Members()
        self._rules: Rules = {
            **self._arrivals.rules,
            **Talks(self._scene).rules,
            **Visits(self._scene, self._arrivals).rules,
            m.Member: self._member,
            m.Owes: self._owes,
        }

    @property
    def map(self) -> PbxMap:
        return self._scene.map

    @map.setter
    def map(self, map: PbxMap) -> None:
        self._scene.map = map

    @property
    def channels(self) -> Channels:
        """Every living channel."""
        return self._scene.channels

    @property
    def tracks(self) -> dict[str, Track]:
        """The customers' calls by the Uniqueid of the customer's channel."""
        return self._scene.tracks

    @property
    def waiting(self) -> bool:
        """Whether the mere passing of time would tell something."""
        return bool(self._scene.unsettled or self._arrivals.waiting)

    def call_of(self, uniqueid: str) -> str:
        """The customer's channel whose call this channel is or belongs to; ``""`` where it belongs to none."""
        scene = self._scene
        return scene.customer_of(uniqueid) or (scene.track_of_leg.get(uniqueid, "") if scene.track_of(uniqueid) else "")

    def feed(self, message: m.Message) -> list[Event]:
        """What the message means, in order."""
        told: list[Event] = list(self._settled(message.mono)) if self._scene.unsettled else []
        rule = self._rules.get(type(message))
        told += rule(message) if rule else ()
        return self._arrivals.announced(message, told) if self._arrivals.waiting else told

    def resume(self, call: Call) -> None:
        """Goes on with a call of our records whose channel lives: what they hold is not told again."""
        trunk = self.channels.get(call.key.uniqueid)
        if trunk is None or call.key.uniqueid in self.tracks:
            return
        track = self.tracks[call.key.uniqueid] = resumed(call)
        for uniqueid in tuple(track.legs):
            if self.channels.get(uniqueid):
                self._scene.track_of_leg[uniqueid] = call.key.uniqueid
            else:
                del track.legs[uniqueid]

    def _settled(self, mono: float) -> Iterable[Event]:
        for uniqueid in sorted(self._scene.unsettled):
            track = self.tracks.get(uniqueid)
            if track:
                yield from track.settle(mono)
                self._scene.forget(track)
            if track is None or not track.unsettled:
                self._scene.unsettled.discard(uniqueid)

    def _member(self, msg: m.Member) -> Iterable[Event]:
        return self._members.feed(self.map.pbx, msg)

    def _owes(self, msg: m.Owes) -> Iterable[Event]:
        return owes(self.map.pbx, msg)
