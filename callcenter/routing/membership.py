"""Who must be a member of which queue: signing in joins an agent's queues, leaving the desk leaves them. Pure.

Only in queues that are kept here (``Staff.kept``) is anybody added or taken out, and only at the extensions we know.
A member of queues.conf cannot be taken out: he is paused there instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Final

from callcenter.counting import QueueKey
from callcenter.roster import AgentId
from callcenter.routing.actions import AddMember, Membership, RemoveMember, SetPenalty
from callcenter.routing.desks import Station
from callcenter.routing.floor import Floor
from callcenter.routing.seat import Seat
from callcenter.routing.why import Key, Reason, ReasonKind, seat_ref

AWAY: Final = "callcenter-away"


def plan(floor: Floor, interfaces: Iterable[str], held: dict[str, str]) -> tuple[Membership, ...]:
    """Joins, leavings and penalties at the stations of these interfaces; nothing before the PBX told all members.

    ``held``: why a member must be paused from his first moment, by interface.
    """
    if not floor.told:
        return ()
    numbers = {floor.desks.station_of[name] for name in interfaces if name in floor.desks.station_of}
    stations = [floor.desks.stations[number] for number in sorted(numbers)]
    return tuple(action for station in stations for action in _of_station(floor, station, held))


def benched(floor: Floor, seat: Seat) -> bool:
    """Whether this member must be paused because his desk was left, or because its agent does not work here."""
    station = floor.desks.at(seat.interface)
    if station is None:
        return False
    owner, kept = floor.desks.owner_of(station), (floor.pbx, seat.queue) in floor.staff.kept
    if owner is not None:
        return kept and not seat.dynamic and _wanted(floor, owner, seat.queue) is None
    if not station.used or floor.staff.rules.static_desks != "pause":
        return False
    return not (kept and seat.dynamic)


def left(floor: Floor) -> dict[Key, Reason]:
    """Those reasons for staying out of a queue that still hold: he sits there, and is not in the queue again."""
    stands: dict[Key, Reason] = {}
    for key, reason in floor.reasons.items():
        if key[0] is ReasonKind.LEFT_QUEUE:
            _, interface, queue = key[1].split("|")
            there = any(seat.queue == queue for seat in floor.seats_of(interface))
            gone = floor.has(key[1]) and (there or floor.desks.owner.get(interface) != reason.agent)
            if not gone:
                stands[key] = reason
    return stands


def evicted(floor: Floor) -> Iterator[tuple[str, AgentId, Key]]:
    """Interface, agent and reason of whoever was taken out of a queue he works in by somebody else."""
    for interface, queue, owner in _taken_out(floor):
        if _works(floor, owner).get((floor.pbx, queue)) is not None:
            yield interface, owner, (ReasonKind.LEFT_QUEUE, seat_ref(floor.pbx, interface, queue))


def _taken_out(floor: Floor) -> Iterator[tuple[str, str, AgentId]]:
    """Interface, queue and agent."""
    for interface, queue in sorted(floor.evicted):
        station = floor.desks.at(interface)
        owner = floor.desks.owner_of(station) if station else None
        if owner is not None:
            yield interface, queue, owner


def _works(floor: Floor, agent: AgentId) -> dict[QueueKey, int]:
    wanted = floor.staff.works.get(agent, {})
    return {queue: penalty for queue, penalty in wanted.items() if queue[0] == floor.pbx and queue in floor.staff.kept}


def _wanted(floor: Floor, agent: AgentId, queue: str) -> int | None:
    """His penalty there; None: he is no member of it now."""
    penalty = _works(floor, agent).get((floor.pbx, queue))
    out = any(
        key[0] is ReasonKind.LEFT_QUEUE and floor.has(key[1]) and reason.agent == agent and reason.queue == queue
        for key, reason in floor.reasons.items()
    )
    return None if out or _let_go(floor, agent, queue) else penalty


def _let_go(floor: Floor, agent: AgentId, queue: str) -> bool:
    """Somebody took him out just now, which the rules let be: it is not written down yet."""
    adopts = floor.staff.rules.removals == "adopt"
    return adopts and any((gone, owner) == (queue, agent) for _, gone, owner in _taken_out(floor))


def _of_station(floor: Floor, station: Station, held: dict[str, str]) -> Iterator[Membership]:
    owner = floor.desks.owner_of(station)
    if owner is None and not station.used:
        return
    seats = [seat for name in sorted(station.names) for seat in floor.seats_of(name)]
    for pbx, queue in sorted(floor.staff.kept):
        if pbx == floor.pbx:
            here = [seat for seat in seats if seat.queue == queue]
            yield from _in_queue(floor, station, (queue, owner), here, held)


def _in_queue(
    floor: Floor, station: Station, who: tuple[str, AgentId | None], seats: list[Seat], held: dict[str, str]
) -> Iterator[Membership]:
    queue, owner = who
    penalty = _wanted(floor, owner, queue) if owner is not None else None
    if penalty is None or owner is None:
        yield from (RemoveMember(interface=s.interface, queue=queue) for s in seats if s.dynamic)
    elif not seats:
        name = choice(floor, station)
        yield AddMember(
            interface=name,
            queue=queue,
            penalty=penalty,
            name=_printable(floor.staff.names.get(owner, "")),
            state_interface=station.device if name.startswith("Local/") else name,
            paused=held.get(name, ""),
        )
    else:
        wrong = [s for s in seats if s.penalty != penalty]
        yield from (SetPenalty(interface=s.interface, queue=queue, penalty=penalty) for s in wrong)


def choice(floor: Floor, station: Station) -> str:
    """The interface to add: the one that queues call this station by already, else the phone itself."""
    known = sorted(name for name in station.names if floor.seats_of(name))
    listed = sorted(station.interfaces, key=lambda name: (name.startswith("Local/"), name))
    return (known or listed or [station.device])[0]


def _printable(name: str) -> str:
    """A name that cannot end a header, nor be taken for more than one field of queue_log."""
    return "".join(c for c in name if c.isprintable() and c not in "|,;")[:60].strip()
