"""Who sat at which device when: timed agent-extension bindings as a pure value, good for history too."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from copy import copy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from callcenter import rehearsal

AgentId = UUID
OUTSIDE: Final = "outside/"
_SAME_CLOCK: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True, kw_only=True)
class Device:
    """A SIP endpoint of one PBX, by its peer (``PJSIP/101``); or a telephone elsewhere that calls are forwarded to, by
    its number (``outside/+79161234567``)."""

    pbx: str
    name: str

    @property
    def outside(self) -> bool:
        """The PBX reaches it through a trunk only."""
        return self.name.startswith(OUTSIDE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Binding:
    """An agent at an extension, and thereby at its devices, from ``since`` until ``until`` (None: still)."""

    agent: AgentId
    extension: str
    devices: frozenset[Device]
    since: datetime
    until: datetime | None = None

    @property
    def pbx(self) -> str:
        """That of the extension, and thereby of all its devices. Another PBX may have the same number."""
        return next((device.pbx for device in self.devices), "")

    def holds(self, at: datetime) -> bool:
        return self.since <= at and (self.until is None or at < self.until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Roster:
    """All bindings that matter now. One agent a device at a time; of overlapping ones the latest wins.

    ``ahead``: how far before ours the clock is by which it is asked.
    """

    bindings: tuple[Binding, ...] = ()
    ahead: timedelta = timedelta()
    _of: Mapping[Hashable, list[Binding]] = field(init=False, repr=False, compare=False)
    """By device, by PBX and extension, and by agent: asked several times for each phone that rings."""

    def __post_init__(self) -> None:
        found: dict[Hashable, list[Binding]] = {}
        for binding in self.bindings:
            for key in (binding.agent, (binding.pbx, binding.extension), *binding.devices):
                found.setdefault(key, []).append(binding)
        object.__setattr__(self, "_of", found)

    def by_clock(self, at: datetime, heard: datetime) -> Roster:
        """To be asked by the clock that says ``at`` of what was ``heard`` then by ours."""
        ahead = at - heard
        if abs(ahead) <= _SAME_CLOCK:
            return self
        there = copy(self)
        object.__setattr__(there, "ahead", ahead)
        return there

    def agent_at(self, device: Device, at: datetime) -> AgentId | None:
        """The agent who answered for the device at that moment, or None: an unowned device."""
        found = self._at(device, at)
        return found.agent if found else rehearsal.answers_for(device.name)

    def sits_at(self, *places: Hashable) -> AgentId | None:
        """Who sits now at the first of these at which somebody does: PBX and extension, or devices."""
        return next((b.agent for place in places for b in self._of.get(place, ()) if b.until is None), None)

    def extension_at(self, device: Device, at: datetime) -> str:
        """The extension the device rang for, or ``""``."""
        found = self._at(device, at)
        return found.extension if found else ""

    def devices_of(self, agent: AgentId, at: datetime) -> frozenset[Device]:
        """Every device the agent sits at."""
        now = at - self.ahead
        return frozenset(d for b in self._of.get(agent, ()) if b.holds(now) for d in b.devices)

    def _at(self, device: Device, at: datetime) -> Binding | None:
        now = at - self.ahead
        holding = [b for b in self._of.get(device, ()) if b.holds(now)]
        return max(holding, key=lambda b: b.since, default=None)
