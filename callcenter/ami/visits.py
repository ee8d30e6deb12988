"""Stays in queues, and the files that recordings are written to. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from callcenter.ami import messages as m
from callcenter.ami.arrivals import Arrivals
from callcenter.ami.scene import Event, Rules, Scene
from callcenter.ami.tracks import Track
from callcenter.events import QueueResult
from callcenter.pbxmap import Kind


class Visits:
    """Both may tell of a channel for the first time: its own Newchannel may have been spoilt by its caller."""

    def __init__(self, scene: Scene, arrivals: Arrivals) -> None:
        self._scene = scene
        self._arrivals = arrivals
        self.rules: Rules = {
            m.CallerJoined: self._caller_joined,
            m.CallerLeft: self._caller_left,
            m.CallerAbandoned: self._caller_left,
            m.AgentConnected: self._agent_connected,
            m.QueueEnded: self._queue_ended,
            m.QueueNamed: self._queue_named,
            m.MessageLeft: self._message_left,
            m.RecordedTo: self._recorded,
            m.NoticeTold: self._notice_told,
            m.RecordingDeclined: self._declined,
        }

    def _caller_joined(self, msg: m.CallerJoined) -> Iterable[Event]:
        yield from self._arrivals.unannounced(msg.caller)
        if track := self._scene.tracks.get(msg.uniqueid) or self._sent_on(msg):
            yield from track.queue_joined(msg, msg.queue)

    def _sent_on(self, msg: m.CallerJoined) -> Track | None:
        """Who has a customer behind a Local channel and transfers him sends its half there in his place. A queue whose
        member is another queue is no such thing: he waits himself."""
        scene = self._scene
        channel = scene.channels.get(msg.uniqueid)
        track = scene.tracks.get(scene.customer_of(msg.uniqueid)) if channel and channel.kind is Kind.LOCAL else None
        if track is None or track.queue not in ("", msg.queue):
            return None
        track.stands_in = msg.uniqueid
        return track

    def _waiting(self, uniqueid: str) -> Track | None:
        tracks = self._scene.tracks
        return tracks.get(uniqueid) or next((t for t in tracks.values() if t.stands_in == uniqueid), None)

    def _caller_left(self, msg: m.CallerLeft | m.CallerAbandoned) -> Iterable[Event]:
        """Neither says why; what follows does."""
        if (track := self._waiting(msg.uniqueid)) and track.queue == msg.queue:
            track.left = msg.mono
            track.abandoned = track.abandoned or isinstance(msg, m.CallerAbandoned)
        return ()

    def _agent_connected(self, msg: m.AgentConnected) -> Iterable[Event]:
        if track := self._waiting(msg.uniqueid):
            yield from track.queue_left(msg, QueueResult.ANSWERED)

    def _queue_ended(self, msg: m.QueueEnded) -> Iterable[Event]:
        if track := self._waiting(msg.uniqueid):
            yield from track.queue_ended(msg, msg.result)

    def _queue_named(self, msg: m.QueueNamed) -> Iterable[Event]:
        if track := self._scene.tracks.get(msg.uniqueid):
            track.bound_for = msg.queue
        return ()

    def _message_left(self, msg: m.MessageLeft) -> Iterable[Event]:
        """In a mailbox, be it his own channel that got there or the far half of a Local one. Mailboxes use the names of
        their files again."""
        scene = self._scene
        if track := scene.tracks.get(scene.customer_of(msg.uniqueid)):
            track.message = True
            yield from track.recorded(msg, f"{msg.path}#{track.key.uniqueid}")

    def _notice_told(self, msg: m.NoticeTold) -> Iterable[Event]:
        if track := self._scene.tracks.get(msg.uniqueid):
            yield track.announced(msg, msg.notice, msg.result)

    def _declined(self, msg: m.RecordingDeclined) -> Iterable[Event]:
        scene = self._scene
        if track := scene.tracks.get(scene.customer_of(msg.uniqueid)):
            yield track.declined(msg)

    def _recorded(self, msg: m.RecordedTo) -> Iterable[Event]:
        scene = self._scene
        if msg.source.state == "Ring":
            yield from self._arrivals.unannounced(msg.source)
        channel = scene.channels.get(msg.uniqueid)
        if track := scene.tracks.get(scene.customer_of(msg.uniqueid)) or scene.track_of(msg.uniqueid):
            yield from track.recorded(msg, msg.path)
        elif channel and channel.kind is Kind.DEVICE:
            channel.recorded = msg.path
