"""Routing: where a rule asks anything, the PBX asks, and somebody answers. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any, Final

from callcenter.routing.doctor.facts import Asked, Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import SETTINGS, console

ANY: Final = "*"
_QUESTION: Final = re.compile(r"callcenter-route,s,1\(([^,)]*)")
_DESTINATION: Final = re.compile(r"callcenter-to-queue,([^,]+),")
_OF_FREEPBX: Final = "callcenter-to-queue"
_LOOPBACK: Final = re.compile(r"127\.|localhost$|\[?::1\]?$")
_RESTART: Final = "systemctl restart callcenter"
_WHY: Final = "blocked numbers get through, nobody is told that you are closed, and no caller is rung at his own agent"


def asked_for(lines: Iterable[tuple[str, str]]) -> frozenset[str]:
    """Of a whole dialplan, contexts with the arguments of each application: the queues it asks about. The destination
    that is shipped for FreePBX asks for those that something leads to it."""
    found = set[str]()
    for context, arguments in lines:
        pattern = _DESTINATION if context == _OF_FREEPBX or f"{_OF_FREEPBX}," in arguments else _QUESTION
        if match := pattern.search(arguments):
            found.add(ANY if "$" in match.group(1) else match.group(1))
    return frozenset(found)


def heard(facts: Facts) -> Iterator[Finding | Unseen]:
    """Somebody listens where the PBX asks, and the PBX can get there."""
    asked = facts.asked
    if not isinstance(asked, Asked):
        yield from _unseen(asked)
    elif not facts.door.local and _LOOPBACK.match(asked.address.rpartition(":")[0]):
        yield _at_itself(facts, asked)
    elif not asked.heard:
        yield _unheard(asked)


def _at_itself(facts: Facts, asked: Asked) -> Finding:
    return Finding(
        code="routing_address_local",
        severity=Severity.FAULT,
        thing="routing",
        values={"address": asked.address},
        what=f"the PBX, another machine, is told to ask at {asked.address}, which is itself",
        why=f"it reaches nobody there: {_WHY}",
        remedy=Remedy(
            file=SETTINGS,
            lines=(f"CALLCENTER_FASTAGI__HOST={facts.door.ours or 'ADDRESS'}",),
            commands=(_RESTART,),
            advice="Let only the PBX reach the port.",
        ),
    )


def _unheard(asked: Asked) -> Finding:
    return Finding(
        code="routing_unheard",
        severity=Severity.FAULT,
        thing="routing",
        values={"address": asked.address},
        what=f"nobody listens at {asked.address}",
        why=f"calls go on without an answer: {_WHY}",
        remedy=Remedy(
            commands=(_RESTART,),
            advice="The page Status says when another program holds the port; CALLCENTER_FASTAGI__PORT is another.",
        ),
    )


def rows(facts: Facts) -> Iterator[Finding | Unseen]:
    """The PBX's own rows say for which queues it asks, and where."""
    asked, books = facts.asked, facts.books
    if not isinstance(asked, Asked):
        yield from _unseen(asked)
        return
    if isinstance(asked.rows, Unseen) or isinstance(books, Unseen):
        yield from _unseen(asked.rows, books)
        return
    for queue in sorted(books.asking):
        there = asked.rows.get(queue, "").partition("/")[0]
        if there != asked.address:
            yield _row(queue, there)


def _row(queue: str, there: str) -> Finding:
    return Finding(
        code="routing_row_elsewhere" if there else "routing_row_missing",
        severity=Severity.FAULT,
        thing=f"queue {queue}",
        values={"queue": queue, "there": there},
        what=f"the PBX asks about its calls at {there}, where we are not" if there else "the PBX is not told to ask",
        why=_WHY,
        remedy=Remedy(
            commands=(_RESTART,),
            advice="Callcenter writes the row callcenter-routing/<queue> itself, once port and link are open.",
        ),
    )


def called(facts: Facts) -> Iterator[Finding | Unseen]:
    """The dialplan asks before each queue that has a rule."""
    asked, books = facts.asked, facts.books
    if not isinstance(asked, Asked):
        yield from _unseen(asked)
        return
    if isinstance(asked.asks, Unseen) or isinstance(books, Unseen):
        yield from _unseen(asked.asks, books)
    elif ANY not in asked.asks:
        yield from (_not_called(facts, queue) for queue in sorted(books.asking - asked.asks))


def _not_called(facts: Facts, queue: str) -> Finding:
    line = f"Gosub(callcenter-route,s,1({queue}))"
    leading = (
        f"In the web interface make a Custom Destination {_OF_FREEPBX},{queue},1 and let the inbound route or the IVR "
        "go there instead of to the queue."
    )
    plain = Remedy(
        commands=(console("dialplan reload"),),
        advice=f"Before that, put into extensions.conf ahead of each Queue({queue},…):   same => n,{line}",
    )
    return Finding(
        code="routing_not_called",
        severity=Severity.FAULT,
        thing=f"queue {queue}",
        values={"queue": queue, "line": line},
        what="a rule says where its calls go, and the dialplan does not ask",
        why=_WHY,
        remedy=Remedy(advice=leading) if facts.freepbx else plain,
    )


def _unseen(*seen: Any) -> Iterator[Unseen]:
    yield from (one for one in seen if isinstance(one, Unseen))
