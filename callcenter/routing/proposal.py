"""What the channels of a PBX seem to be, from what the PBX itself reports. Pure.

Only a proposal: an administrator confirms it. Nothing here knows how long an extension is or what anything is called;
what cannot be told stays out of it, and is shown as unclassified when it comes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.pbxmap import Kind, Rule
from callcenter.routing.desks import Desk, numbers

_STRANGERS: Final = "anonymous"
"""The endpoint whose name makes PJSIP give it every call nobody else claims."""
_PHONES: Final = ("PJSIP/", "SIP/", "IAX2/", "DAHDI/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """A PJSIP endpoint. ``outside``: it registers with somebody, or is known by its address; ``signs_in``: it has to
    prove who it is."""

    name: str
    context: str
    outside: bool
    signs_in: bool

    @property
    def peer(self) -> str:
        return f"PJSIP/{self.name}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """A queue member as the queue knows it."""

    interface: str
    state_interface: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reported:
    """``hints`` are the numbers whose state somebody may watch, with the devices behind each."""

    pbx: str
    endpoints: tuple[Endpoint, ...]
    members: tuple[Member, ...]
    hints: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    rules: tuple[Rule, ...]
    extensions: tuple[Desk, ...]


def propose(reported: Reported) -> Proposal:
    """Queue members and what has a hint are devices; what talks to the outside is a trunk."""
    trunks = _trunks(reported)
    behind = {m: _phones_of(m, reported) - trunks for m in reported.members}
    phones = {phone for found in behind.values() for phone in found}
    phones |= {d for devices in reported.hints.values() for d in devices if _is_phone(d)} - trunks
    rules = [Rule(pattern=_literal(peer), kind=Kind.TRUNK) for peer in sorted(trunks)]
    rules += [Rule(pattern=_literal(peer), kind=Kind.DEVICE) for peer in sorted(phones)]
    return Proposal(rules=tuple(rules), extensions=_extensions(reported, phones, behind))


def hinted(hint: str) -> tuple[str, ...]:
    """The devices of a hint: ``PJSIP/101&PJSIP/99101,CustomPresence:101``."""
    return tuple(device for device in hint.partition(",")[0].split("&") if _is_phone(device))


def _trunks(reported: Reported) -> frozenset[str]:
    """Known outsiders, and whoever lands where their calls land without having to sign in."""
    sure = [e for e in reported.endpoints if e.outside or e.name == _STRANGERS]
    doors = {e.context for e in sure if e.context}
    alike = [e for e in reported.endpoints if e.context in doors and not e.signs_in]
    members = {name for m in reported.members for name in (m.interface, m.state_interface)}
    return frozenset(e.peer for e in (*sure, *alike)) - members


def _is_phone(device: str) -> bool:
    return device.startswith(_PHONES)


def _phones_of(member: Member, reported: Reported) -> frozenset[str]:
    found = {name for name in (member.interface, member.state_interface) if _is_phone(name)}
    for number in numbers(member.interface, member.state_interface):
        found |= {d for d in reported.hints.get(number, ()) if _is_phone(d)}
        found |= {e.peer for e in reported.endpoints if e.name == number}
    return frozenset(found)


def _extensions(reported: Reported, phones: Iterable[str], behind: Mapping[Member, frozenset[str]]) -> tuple[Desk, ...]:
    """Each phone at one number: the one its member dials, else the one its hint is for, else its own name."""
    devices: dict[str, set[str]] = defaultdict(set)
    number_of: dict[str, str] = {}
    for phone in sorted(phones):
        number_of[phone] = _number(phone, reported, behind)
        devices[number_of[phone]].add(phone)
    interfaces: dict[str, set[str]] = defaultdict(set)
    for member, found in behind.items():
        for number in {number_of[phone] for phone in found}:
            interfaces[number].add(member.interface)
    return tuple(
        Desk(pbx=reported.pbx, number=n, devices=frozenset(devices[n]), interfaces=frozenset(interfaces[n]))
        for n in sorted(devices)
    )


def _number(phone: str, reported: Reported, behind: Mapping[Member, frozenset[str]]) -> str:
    name = phone.partition("/")[2]
    dialled = [
        n
        for member, found in behind.items()
        if phone in found
        for n in numbers(member.interface, member.state_interface)
    ]
    watched = sorted(number for number, devices in reported.hints.items() if phone in devices)
    choices = dialled or ([name] if name in watched else watched)
    return choices[0] if choices else name


def _literal(peer: str) -> str:
    """A pattern that fits this peer only."""
    return "".join(f"[{c}]" if c in "*?[" else c for c in peer)
