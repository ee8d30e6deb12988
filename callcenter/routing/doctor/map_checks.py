"""The PBX map: that everything the PBX has is known, and who sits where. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callcenter.pbxmap import Kind
from callcenter.routing import effect
from callcenter.routing.desks import numbers
from callcenter.routing.doctor.facts import Books, Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.effect import Difference
from callcenter.routing.proposal import propose

_PAGE: Final = Remedy(advice="In Callcenter: PBX map, Look again, accept or correct what it proposes, Save.")
_WORDS: Final = {
    "new_channel": "the map does not know it",
    "other_kind": "the map takes it for something else",
    "gone_channel": "the map names it, and the PBX no longer has it",
    "new_extension": "the map has no such extension",
    "new_device": "the map has it at no extension",
    "other_number": "the PBX has it at another extension",
    "new_interface": "queues call this extension by a name the map does not have",
    "new_did": "the map does not have this number of yours",
}
_SEVERE: Final = {
    "gone_channel": Severity.NOTE,
    "new_did": Severity.NOTE,
    "new_interface": Severity.WARNING,
    "other_kind": Severity.WARNING,
    "other_number": Severity.WARNING,
}
_WHY: Final[dict[Kind | None, str]] = {
    Kind.TRUNK: "customers' calls on it are no calls: no pop, no card, no outcome",
    Kind.DEVICE: "calls that this phone answers pop at nobody",
}


def confirmed(facts: Facts) -> Iterator[Finding | Unseen]:
    """An administrator has looked at the map."""
    if isinstance(facts.books, Unseen):
        yield facts.books
        return
    if not facts.books.map.map.rules:
        yield Finding(
            code="map_empty",
            severity=Severity.FAULT,
            thing="the PBX map",
            what="nothing is in it",
            why="no channel is known for a trunk or a phone: there are no calls at all",
            remedy=_PAGE,
        )
    elif not facts.books.confirmed:
        yield Finding(
            code="map_unconfirmed",
            severity=Severity.WARNING,
            thing="the PBX map",
            what="it is a proposal that nobody has confirmed",
            why="what the PBX does not tell was guessed: a wrong trunk or phone means wrong calls",
            remedy=_PAGE,
        )


def complete(facts: Facts) -> Iterator[Finding | Unseen]:
    """The map knows every trunk, phone, extension and queue member."""
    if isinstance(facts.books, Unseen) or isinstance(facts.reported, Unseen):
        yield from (fact for fact in (facts.books, facts.reported) if isinstance(fact, Unseen))
        return
    if not facts.books.map.map.rules:
        return
    proposal = propose(facts.reported)
    for difference in effect.differences(facts.books.map, facts.reported, proposal):
        yield _differs(difference)
    for doubt in effect.doubts(facts.books.map, proposal):
        if doubt.why != "member_without_phone":
            yield _unclassified(doubt.peer, "the PBX does not tell what it is, and the map does not either")
    for peer in facts.books.strangers:
        yield _unclassified(peer, "it had calls lately, and the map does not know it")


def _differs(one: Difference) -> Finding:
    kind = one.kind or (Kind.DEVICE if one.what in ("new_extension", "new_device") else None)
    return Finding(
        code=f"map_{one.what}",
        severity=_SEVERE.get(one.what, Severity.FAULT),
        thing=one.subject,
        values={"subject": one.subject, "kind": one.kind or "", "number": one.number},
        what=_WORDS.get(one.what, one.what),
        why=_WHY.get(kind, "calls may be read wrong: who called, who answered, which number"),
        remedy=_PAGE,
    )


def _unclassified(peer: str, what: str) -> Finding:
    return Finding(
        code="map_unclassified",
        severity=Severity.WARNING,
        thing=peer,
        values={"subject": peer},
        what=what,
        why="if it is a trunk or a phone, its calls are lost",
        remedy=_PAGE,
    )


def members(facts: Facts) -> Iterator[Finding | Unseen]:
    """Every queue member is an extension's."""
    if isinstance(facts.members, Unseen) or isinstance(facts.books, Unseen):
        yield from (fact for fact in (facts.members, facts.books) if isinstance(fact, Unseen))
        return
    if not facts.books.map.map.rules:
        return
    for interface, state in {member.interface: member.state_interface for member in facts.members}.items():
        if not _somebodys(facts.books, interface, state):
            queues = sorted({member.queue for member in facts.members if member.interface == interface})
            yield Finding(
                code="member_unknown",
                severity=Severity.FAULT,
                thing=f"member {interface}",
                values={"member": interface, "queues": ", ".join(queues)},
                what=f"it is a member of {', '.join(queues)} and belongs to no extension",
                why="its calls pop at nobody, and nobody is held until the outcome is logged",
                remedy=_PAGE,
            )


def _somebodys(books: Books, interface: str, state: str) -> bool:
    names = {interface, state} - {""}
    dialled = set(numbers(interface, state))
    return any(names & (desk.interfaces | desk.devices) or desk.number in dialled for desk in books.map.extensions)
