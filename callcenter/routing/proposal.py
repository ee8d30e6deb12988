"""What the channels of a PBX seem to be, from what the PBX itself reports. Pure.

Only a proposal: an administrator confirms it. Nothing here knows how long an extension is or what anything is called.
Every rule says why it is proposed; what cannot be told stays out and is named among the doubts.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.pbxmap import Kind, Rule, literal
from callcenter.routing.desks import Desk, numbers
from callcenter.routing.reported import Endpoint, Member, Reported, is_phone

STRANGERS: Final = "PJSIP/anonymous"
"""The endpoint whose name makes PJSIP give it every call nobody else claims."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a peer seems to be, and why: ``registers``, ``known_by_address``, ``strangers``, ``same_door``,
    ``calls_inside``, ``queue_member``, ``hint`` or ``device_list``."""

    peer: str
    kind: Kind
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Doubt:
    """What the administrator has to say himself. ``like`` is what it may be, None where there is no clue.

    ``why``: ``static_peer`` (a link whose purpose is not reported), ``shares_context`` (known by its address, but its
    calls land among the phones'), ``signs_in`` (like a phone, but neither queue nor hint knows it), ``no_clue``,
    ``several_numbers`` (a phone without a number of its own), ``member_without_phone`` (a queue calls it).
    """

    peer: str
    why: str
    like: Kind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    found: tuple[Found, ...]
    extensions: tuple[Desk, ...]
    doubts: tuple[Doubt, ...]
    queues: tuple[str, ...]
    dids: tuple[str, ...]

    @property
    def rules(self) -> tuple[Rule, ...]:
        return tuple(Rule(pattern=literal(one.peer), kind=one.kind) for one in self.found)


def propose(reported: Reported) -> Proposal:
    """Queue members and what has a hint are devices; what talks to the outside is a trunk."""
    phones = _phones(reported)
    behind = {member: _behind(member, reported) & phones.keys() for member in reported.members}
    outside, doubts = _outside(reported, phones.keys())
    extensions, numberless = _extensions(reported, phones.keys(), behind)
    known = phones.keys() | {one.peer for one in outside} | {one.peer for one in doubts}
    doubts += [_stranger(e, reported, phones.keys()) for e in reported.endpoints if e.peer not in known]
    doubts += [Doubt(peer=phone, why="several_numbers", like=Kind.DEVICE) for phone in numberless]
    lost = sorted({m.interface for m, found in behind.items() if not found})
    doubts += [Doubt(peer=interface, why="member_without_phone") for interface in lost]
    devices = [Found(peer=phone, kind=Kind.DEVICE, why=phones[phone]) for phone in sorted(phones)]
    return Proposal(
        found=(*sorted(outside, key=lambda one: one.peer), *devices),
        extensions=extensions,
        doubts=tuple(doubts),
        queues=reported.queues,
        dids=_dids(reported, outside, extensions),
    )


def _phones(reported: Reported) -> dict[str, str]:
    """Every phone, and how it is known to be one."""
    found: dict[str, str] = {}
    for devices in reported.users.values():
        found |= dict.fromkeys(filter(is_phone, devices), "device_list")
    for devices in reported.hints.values():
        found |= dict.fromkeys(filter(is_phone, devices), "hint")
    for member in reported.members:
        found |= dict.fromkeys(_behind(member, reported), "queue_member")
    outsiders = {e.peer for e in reported.endpoints if e.outside or e.peer == STRANGERS}
    called = {name for m in reported.members for name in (m.interface, m.state_interface)}
    return {phone: why for phone, why in found.items() if phone not in outsiders - called}


def _behind(member: Member, reported: Reported) -> frozenset[str]:
    """The phones a queue calls by this member. Who sits at a number is known better by hints and the PBX's own list of
    users than by a phone that happens to have the number for a name."""
    found = {name for name in (member.interface, member.state_interface) if is_phone(name)}
    for number in numbers(member.interface, member.state_interface):
        told = {*reported.hints.get(number, ()), *reported.users.get(number, ())}
        found |= {d for d in told if is_phone(d)} or {e.peer for e in reported.endpoints if e.name == number}
    return frozenset(found)


def _outside(reported: Reported, phones: Iterable[str]) -> tuple[list[Found], list[Doubt]]:
    """Known outsiders, and whoever lands where their calls land without having to sign in."""
    phones = frozenset(phones)
    inside = _inside(reported, phones)
    sure = [e for e in reported.endpoints if (e.outside or e.peer == STRANGERS) and e.peer not in phones]
    elsewhere = {e.context for e in sure if e.context and e.context not in inside}
    found: list[Found] = []
    doubts: list[Doubt] = []
    for one in sure:
        judged = _outsider(one, inside, elsewhere)
        found += [judged] if isinstance(judged, Found) else []
        doubts += [judged] if isinstance(judged, Doubt) else []
    taken = {e.peer for e in sure} | phones
    alike = [e for e in reported.endpoints if e.context in elsewhere and not e.signs_in and e.peer not in taken]
    found += [Found(peer=e.peer, kind=Kind.TRUNK, why="same_door") for e in alike]
    return found, doubts


def _outsider(one: Endpoint, inside: frozenset[str], elsewhere: set[str]) -> Found | Doubt:
    """A link whose calls may dial like the phones', where others may not, leads to colleagues."""
    if one.peer == STRANGERS:
        return Found(peer=one.peer, kind=Kind.TRUNK, why="strangers")
    if not one.context:
        return Doubt(peer=one.peer, why="static_peer")
    if one.context not in inside:
        return Found(peer=one.peer, kind=Kind.TRUNK, why="registers" if one.registers else "known_by_address")
    if elsewhere:
        return Found(peer=one.peer, kind=Kind.INTER_OFFICE, why="calls_inside")
    if one.registers:
        return Found(peer=one.peer, kind=Kind.TRUNK, why="registers")
    return Doubt(peer=one.peer, why="shares_context", like=Kind.TRUNK)


def _inside(reported: Reported, phones: frozenset[str]) -> frozenset[str]:
    """The contexts in which phones dial."""
    return frozenset(e.context for e in reported.endpoints if e.peer in phones and e.context)


def _stranger(one: Endpoint, reported: Reported, phones: Iterable[str]) -> Doubt:
    if one.signs_in and one.context in _inside(reported, frozenset(phones)):
        return Doubt(peer=one.peer, why="signs_in", like=Kind.DEVICE)
    return Doubt(peer=one.peer, why="no_clue")


def _extensions(
    reported: Reported, phones: Iterable[str], behind: Mapping[Member, frozenset[str]]
) -> tuple[tuple[Desk, ...], list[str]]:
    """Each phone at one number; and the phones whose number cannot be told."""
    devices: dict[str, set[str]] = defaultdict(set)
    number_of: dict[str, str] = {}
    numberless: list[str] = []
    for phone in sorted(phones):
        if number := _number(phone, reported, behind):
            number_of[phone] = number
            devices[number].add(phone)
        else:
            numberless.append(phone)
    interfaces: dict[str, set[str]] = defaultdict(set)
    for member, found in behind.items():
        dialled = {n for n in numbers(member.interface, member.state_interface) if n in devices}
        for number in dialled or {number_of[phone] for phone in found if phone in number_of}:
            interfaces[number].add(member.interface)
    desks = tuple(
        Desk(pbx=reported.pbx, number=n, devices=frozenset(devices[n]), interfaces=frozenset(interfaces[n]))
        for n in sorted(devices)
    )
    return desks, numberless


def _number(phone: str, reported: Reported, behind: Mapping[Member, frozenset[str]]) -> str:
    """The first of these that names one number: the PBX's list of users, the members that dial it, the hints for it.
    "" where the best of them names several and none is the phone's own name."""
    name = phone.partition("/")[2]
    users = {number for number, devices in reported.users.items() if phone in devices}
    dialled = {
        number
        for member, found in behind.items()
        if phone in found
        for number in numbers(member.interface, member.state_interface)
    }
    watched = {number for number, devices in reported.hints.items() if phone in devices}
    for choices in (users, dialled, watched):
        if name in choices:
            return name
        if choices:
            return next(iter(choices)) if len(choices) == 1 else ""
    return name


def _dids(reported: Reported, outside: Iterable[Found], extensions: Iterable[Desk]) -> tuple[str, ...]:
    """Numbers that a trunk's calls reach and that are nobody's own."""
    trunks = {one.peer for one in outside if one.kind is Kind.TRUNK}
    doors = {endpoint.context for endpoint in reported.endpoints if endpoint.peer in trunks}
    found = frozenset[str]().union(*(reported.numbers.get(door, frozenset()) for door in doors))
    inside = {desk.number for desk in extensions} | reported.hints.keys() | reported.users.keys()
    return tuple(sorted(found - inside))
