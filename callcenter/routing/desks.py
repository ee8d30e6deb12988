"""Which member interfaces mean whom: extensions, roster and what the queues say, put together once. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from callcenter.roster import AgentId, Device, Roster


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """An extension: the devices it rings and the member interfaces queues call them by."""

    pbx: str
    number: str
    devices: frozenset[str]
    interfaces: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Desks:
    """One PBX at one moment. A member interface may stand for several devices, an agent for several interfaces."""

    devices: Mapping[str, frozenset[Device]] = field(default_factory=dict)
    owner: Mapping[str, AgentId] = field(default_factory=dict)
    of_agent: Mapping[AgentId, frozenset[str]] = field(default_factory=dict)
    of_device: Mapping[Device, frozenset[str]] = field(default_factory=dict)


def desks(pbx: str, extensions: Iterable[Desk], members: Mapping[str, str], roster: Roster, at: datetime) -> Desks:
    """``members`` are the interfaces that queues have now, each with its state interface.

    An interface means the devices of the extension that lists it, the device it is itself, and the device whose state
    it watches.
    """
    here = [d for d in extensions if d.pbx == pbx]
    names = {name for desk in here for name in desk.interfaces} | set(members)
    behind = {name: _behind(pbx, name, members.get(name, ""), here) for name in names}
    held = {b.agent for b in roster.bindings if b.holds(at)}
    seat_of = {device: agent for agent in held for device in roster.devices_of(agent, at)}
    owner: dict[str, AgentId] = {}
    of_agent: dict[AgentId, set[str]] = defaultdict(set)
    of_device: dict[Device, set[str]] = defaultdict(set)
    for name, devices in behind.items():
        for device in sorted(devices, key=lambda d: d.name):
            of_device[device].add(name)
            agent = roster.agent_at(device, at) if device in seat_of else None
            if agent is not None:
                owner.setdefault(name, agent)
    for name, agent in owner.items():
        of_agent[agent].add(name)
    return Desks(
        devices=behind,
        owner=owner,
        of_agent={agent: frozenset(found) for agent, found in of_agent.items()},
        of_device={device: frozenset(found) for device, found in of_device.items()},
    )


def _behind(pbx: str, name: str, state_interface: str, extensions: Iterable[Desk]) -> frozenset[Device]:
    found = {name, state_interface} - {""}
    for desk in extensions:
        if name in desk.interfaces or found & desk.devices:
            found |= desk.devices
    return frozenset(Device(pbx=pbx, name=device) for device in found)
