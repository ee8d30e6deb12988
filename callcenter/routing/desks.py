"""Which member interfaces mean whom: extensions, roster and what the queues say, put together once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcenter import rehearsal
from callcenter.roster import AgentId, Device, Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An extension: the devices it rings and the member interfaces queues call them by. ``used``: somebody has sat
    there before, so that nobody sitting there now means that it was left."""

    pbx: str
    number: str
    devices: frozenset[str]
    interfaces: frozenset[str]
    used: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """An extension with ``names``, all member interfaces that mean its phones; ``device`` is the first of them."""

    number: str
    interfaces: frozenset[str]
    device: str
    names: frozenset[str]
    used: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """One PBX at one moment. A member interface may stand for several devices, an agent for several interfaces."""

    devices: Mapping[str, frozenset[Device]] = field(default_factory=dict)
    owner: Mapping[str, AgentId] = field(default_factory=dict)
    of_agent: Mapping[AgentId, frozenset[str]] = field(default_factory=dict)
    of_device: Mapping[Device, frozenset[str]] = field(default_factory=dict)
    stations: Mapping[str, Station] = field(default_factory=dict)
    station_of: Mapping[str, str] = field(default_factory=dict)

    def at(self, interface: str) -> Station | None:
        """The extension a member interface belongs to."""
        number = self.station_of.get(interface)
        return None if number is None else self.stations[number]

    def owner_of(self, station: Station) -> AgentId | None:
        """Who sits there."""
        found = (self.owner[name] for name in sorted(station.names) if name in self.owner)
        return next(found, None)

    def seat(self, pbx: str, interface: str) -> Device:
        """The device that answers for a member interface: itself, if it is a phone, else the first behind it."""
        itself = Device(pbx=pbx, name=interface)
        others = sorted(self.devices.get(interface, frozenset()) - {itself}, key=lambda d: d.name)
        return others[0] if others and interface.startswith("Local/") else itself

    def interfaces_of(self, agents: Iterable[AgentId], devices: Iterable[Device]) -> frozenset[str]:
        """Every member interface that means one of these people or phones."""
        empty: frozenset[str] = frozenset()
        by_agent = (self.of_agent.get(agent, empty) for agent in agents)
        return empty.union(*by_agent, *(self.of_device.get(device, empty) for device in devices))


def desks(pbx: str, extensions: Iterable[Desk], members: Mapping[str, str], roster: Roster, at: datetime) -> Desks:
    """``members`` are the interfaces that queues have now, each with its state interface.

    An interface means the devices of the extension that lists it or that it dials, the device it is itself, and the
    device whose state it watches.
    """
    extensions = tuple(d for d in extensions if d.pbx == pbx)
    here = _Index.of(extensions)
    bare = {min(d.devices) for d in extensions if d.devices and not d.interfaces}
    behind = {name: here.behind(pbx, name, members.get(name, "")) for name in {*here.by_interface, *bare, *members}}
    seat_of = _seats(roster, at)
    owner: dict[str, AgentId] = {}
    of_agent: dict[AgentId, set[str]] = defaultdict(set)
    of_device: dict[Device, set[str]] = defaultdict(set)
    for name, devices in behind.items():
        for device in sorted(devices, key=lambda d: d.name):
            of_device[device].add(name)
            if (agent := seat_of.get(device) or rehearsal.answers_for(device.name)) is not None:
                owner.setdefault(name, agent)
    for name, agent in owner.items():
        of_agent[agent].add(name)
    stations = _stations(pbx, extensions, behind)
    return Desks(
        devices=behind,
        stations=stations,
        station_of={name: number for number, station in reversed(stations.items()) for name in station.names},
        owner=owner,
        of_agent={agent: frozenset(found) for agent, found in of_agent.items()},
        of_device={device: frozenset(found) for device, found in of_device.items()},
    )


def _stations(pbx: str, extensions: Iterable[Desk], behind: Mapping[str, frozenset[Device]]) -> dict[str, Station]:
    found: dict[str, Station] = {}
    for desk in sorted(extensions, key=lambda d: d.number):
        phones = {Device(pbx=pbx, name=name) for name in desk.devices}
        names = frozenset(name for name, devices in behind.items() if devices & phones)
        if desk.devices or desk.interfaces:
            found[desk.number] = Station(
                number=desk.number,
                interfaces=desk.interfaces,
                device=min(desk.devices or desk.interfaces),
                names=names | desk.interfaces,
                used=desk.used,
            )
    return found


def _seats(roster: Roster, at: datetime) -> dict[Device, AgentId]:
    """The roster turned round; of overlapping bindings the latest wins."""
    holding = sorted((b for b in roster.bindings if b.holds(at)), key=lambda b: b.since)
    return {device: b.agent for b in holding for device in b.devices}


@dataclass(frozen=True, slots=True, kw_only=True)
class _Index:
    by_interface: Mapping[str, frozenset[str]]
    by_device: Mapping[str, frozenset[str]]
    by_number: Mapping[str, frozenset[str]]

    @classmethod
    def of(cls, extensions: Iterable[Desk]) -> _Index:
        by_interface: dict[str, frozenset[str]] = defaultdict(frozenset)
        by_device: dict[str, frozenset[str]] = defaultdict(frozenset)
        by_number: dict[str, frozenset[str]] = defaultdict(frozenset)
        for desk in extensions:
            by_number[desk.number] |= desk.devices
            for name in desk.interfaces:
                by_interface[name] |= desk.devices
            for name in desk.devices:
                by_device[name] |= desk.devices
        return cls(by_interface=by_interface, by_device=by_device, by_number=by_number)

    def behind(self, pbx: str, name: str, state_interface: str) -> frozenset[Device]:
        found = {name, state_interface} - {""}
        for one in tuple(found):
            found |= self.by_interface.get(one, frozenset()) | self.by_device.get(one, frozenset())
        for number in numbers(name, state_interface):
            found |= self.by_number.get(number, frozenset())
        return frozenset(Device(pbx=pbx, name=device) for device in found)


def numbers(interface: str, state_interface: str) -> tuple[str, ...]:
    """The number in ``Local/101@from-queue/n`` and in ``hint:101@ext-local``."""
    local = interface.removeprefix("Local/") if interface.startswith("Local/") else ""
    hint = state_interface.removeprefix("hint:") if state_interface.startswith("hint:") else ""
    return tuple(dict.fromkeys(text.partition("@")[0] for text in (local, hint) if "@" in text))
