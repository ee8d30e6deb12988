"""The channels of a PBX as a graph: who dialled whom, which two are one wire, who shares a bridge. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callcenter.pbxmap import Kind


@dataclass(slots=True)
class Channel:
    """A living channel. ``dialled_by`` and ``pair`` are uniqueids; ``hung_up``: its own party has gone.

    ``click``: the leg of a click-to-call it belongs to, rung by nobody but the PBX itself. ``recorded``: the file of a
    recording that began on it. ``outside``: the number that was dialled, of a trunk's leg that stands in for a phone of
    ours. ``dialled_at``: monotonic seconds. ``busy``: its phone refused the call. ``dismissed``: its phone sent the
    call on, or was told of already.
    """

    uniqueid: str
    name: str
    kind: Kind
    exten: str = ""
    state: str = ""
    dialled_by: str = ""
    pair: str = ""
    bridge: str = ""
    hung_up: bool = False
    click: str = ""
    recorded: str = ""
    outside: str = ""
    dialled_at: float = 0.0
    busy: bool = False
    dismissed: bool = False

    @property
    def silent(self) -> bool:
        """A device that was dialled and does not ring."""
        return self.kind is Kind.DEVICE and self.state == "Down" and bool(self.dialled_by)


class Channels:
    """Every living channel by uniqueid. Who is connected with whom is worked out, never remembered."""

    def __init__(self) -> None:
        self._all: dict[str, Channel] = {}
        self._bridges: dict[str, dict[str, None]] = {}

    def __len__(self) -> int:
        return len(self._all)

    def get(self, uniqueid: str) -> Channel | None:
        return self._all.get(uniqueid)

    def add(self, channel: Channel) -> None:
        self._all[channel.uniqueid] = channel

    def drop(self, uniqueid: str) -> None:
        self.leave(uniqueid)
        gone = self._all.pop(uniqueid, None)
        if gone and (pair := self._all.get(gone.pair)):
            pair.pair = ""

    def tie(self, one: str, two: str) -> None:
        """Makes the two halves of a Local channel one wire."""
        first, second = self._all.get(one), self._all.get(two)
        if first and second:
            first.pair, second.pair = two, one

    def enter(self, uniqueid: str, bridge: str) -> None:
        """Into ``bridge``; into none where it is empty."""
        channel = self._all.get(uniqueid)
        if channel is None:
            return
        self.leave(uniqueid)
        if bridge:
            channel.bridge = bridge
            self._bridges.setdefault(bridge, {})[uniqueid] = None

    def leave(self, uniqueid: str) -> None:
        channel = self._all.get(uniqueid)
        if channel is None or not channel.bridge:
            return
        members = self._bridges.get(channel.bridge, {})
        members.pop(uniqueid, None)
        if not members:
            self._bridges.pop(channel.bridge, None)
        channel.bridge = ""

    def members(self, bridge: str) -> tuple[str, ...]:
        return tuple(self._bridges.get(bridge, ()))

    def connected(self, uniqueid: str) -> set[str]:
        """All channels that hear this one, through bridges and Local pairs, itself included."""
        found: set[str] = set()
        waiting = [uniqueid]
        while waiting:
            current = self._all.get(waiting.pop())
            if current is None or current.uniqueid in found:
                continue
            found.add(current.uniqueid)
            waiting += [*self.members(current.bridge), current.pair]
        return found

    def ringing(self) -> list[Channel]:
        """Devices that ring."""
        return [c for c in self._all.values() if c.kind is Kind.DEVICE and c.state == "Ringing"]

    def silent(self) -> list[Channel]:
        """Devices that were dialled and do not ring."""
        return [c for c in self._all.values() if c.silent]

    def uniqueids(self) -> frozenset[str]:
        return frozenset(self._all)

    def origins(self, uniqueid: str, *, past_devices: bool = False) -> Iterator[Channel]:
        """The channel and those on whose behalf it was dialled, nearest first.

        What a device dials it dials for itself: a colleague who is consulted does not ring for the customer.
        """
        seen: set[str] = set()
        waiting = [uniqueid]
        while waiting:
            current = self._all.get(waiting.pop(0))
            if current is None or current.uniqueid in seen:
                continue
            seen.add(current.uniqueid)
            yield current
            if past_devices or current.kind is not Kind.DEVICE or current.uniqueid == uniqueid:
                waiting += [current.dialled_by, current.pair]
