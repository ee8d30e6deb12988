"""What a map would change, and how a PBX differs from its map. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from callcenter import phone
from callcenter.pbxmap import Kind, PbxMap, Rule, literal
from callcenter.routing.desks import Desk
from callcenter.routing.proposal import Doubt, Proposal
from callcenter.routing.reported import Reported


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """A number a trunk sent (``outbound``: was given), as a map reads it: E.164 where one can be had."""

    trunk: str
    number: str
    outbound: bool
    read: str


def kind_of(map: PbxMap, name: str) -> Kind:
    """What a peer is; unlike channels peers have no serial behind a dash."""
    return map.kind(f"{name}-")


def read_as(map: PbxMap, trunk: str, number: str, *, outbound: bool) -> Reading:
    """How the map reads a number of this trunk."""
    channel = f"{trunk}-"
    plain = map.dialled(channel, number) if outbound else map.arrived(channel, number)
    parsed = phone.parse(plain, map.region_of(channel))
    return Reading(trunk=trunk, number=number, outbound=outbound, read=parsed.e164 or plain)


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """``what`` is one of ``new_channel`` (``kind``, ``why``), ``other_kind`` (the PBX says ``kind``), ``gone_channel``,
    ``new_extension`` (``names``: its devices), ``new_device`` (``number``: whose), ``other_number`` (``number``: by the
    PBX), ``new_interface`` (``number``: whose, "" unknown), ``new_did``."""

    what: str
    subject: str
    kind: Kind | None = None
    why: str = ""
    number: str = ""
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Confirmed:
    """What stands: the map, the extensions, the numbers of ours."""

    map: PbxMap
    extensions: tuple[Desk, ...]
    dids: frozenset[str]


def differences(confirmed: Confirmed, reported: Reported, proposal: Proposal) -> tuple[Difference, ...]:
    """What the PBX has and the map does not, and the other way round."""
    return (
        *_channels(confirmed.map, proposal),
        *_extensions(confirmed, reported, proposal),
        *_gone(confirmed, reported),
        *(Difference(what="new_did", subject=did) for did in proposal.dids if did not in confirmed.dids),
    )


def doubts(confirmed: Confirmed, proposal: Proposal) -> tuple[Doubt, ...]:
    """Those that the administrator has not decided yet."""
    known = {name for desk in confirmed.extensions for name in (*desk.interfaces, *desk.devices)}
    return tuple(
        doubt
        for doubt in proposal.doubts
        if doubt.peer not in known
        and (doubt.why in ("several_numbers", "member_without_phone") or _unknown(confirmed.map, doubt.peer))
    )


def _unknown(map: PbxMap, name: str) -> bool:
    return kind_of(map, name) is Kind.UNCLASSIFIED


def _channels(map: PbxMap, proposal: Proposal) -> Iterable[Difference]:
    for found in proposal.found:
        now = kind_of(map, found.peer)
        if now is not found.kind:
            what = "new_channel" if now is Kind.UNCLASSIFIED else "other_kind"
            yield Difference(what=what, subject=found.peer, kind=found.kind, why=found.why)


def _extensions(confirmed: Confirmed, reported: Reported, proposal: Proposal) -> Iterable[Difference]:
    number_of = {device: desk.number for desk in confirmed.extensions for device in desk.devices}
    numbers = {desk.number for desk in confirmed.extensions}
    whose: dict[str, str] = {}
    for desk in proposal.extensions:
        whose |= dict.fromkeys(desk.interfaces, desk.number)
        strangers = tuple(sorted(device for device in desk.devices if device not in number_of))
        if desk.number not in numbers and len(strangers) == len(desk.devices):
            yield Difference(what="new_extension", subject=desk.number, names=strangers)
        else:
            for device in sorted(desk.devices):
                yield from _device(device, desk.number, number_of)
    listed = {interface for desk in confirmed.extensions for interface in desk.interfaces}
    fresh = {desk.number for desk in proposal.extensions} - numbers
    for interface in sorted({member.interface for member in reported.members} - listed):
        number = whose.get(interface, "")
        if number and number not in fresh:
            yield Difference(what="new_interface", subject=interface, number=number)


def _device(device: str, number: str, number_of: Mapping[str, str]) -> Iterable[Difference]:
    if device not in number_of:
        yield Difference(what="new_device", subject=device, number=number)
    elif number_of[device] != number:
        yield Difference(what="other_number", subject=device, number=number)


def _gone(confirmed: Confirmed, reported: Reported) -> Iterable[Difference]:
    """Only of a technology that told all its peers: a PBX that refused to answer has lost nothing."""
    there = {endpoint.peer for endpoint in reported.endpoints}
    named = {device for desk in confirmed.extensions for device in desk.devices}
    named |= {name for rule in confirmed.map.rules if (name := _named(rule))}
    for name in sorted(named - there):
        if name.partition("/")[0] in reported.techs:
            yield Difference(what="gone_channel", subject=name)


def _named(rule: Rule) -> str:
    """The one peer a rule is about, "" where it is about several."""
    return rule.pattern if literal(rule.pattern) == rule.pattern else ""


def seen_or_reported(seen: Collection[str], reported: Reported | None) -> tuple[str, ...]:
    """Every peer a preview speaks of: those that came, then those the PBX has besides."""
    there = {endpoint.peer for endpoint in reported.endpoints} if reported else set()
    return (*seen, *sorted(there - set(seen)))
