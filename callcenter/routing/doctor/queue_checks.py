"""Queues and their members. Pure.

The meaning of the empty options is read off app_queue's ``parse_empty_options`` (Asterisk 16-22).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from callcenter.pbx_events import MemberState
from callcenter.routing.desks import numbers
from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import addition, console
from callcenter.routing.doctor.sections import Sections, is_true

_FALSE: Final = frozenset({"no", "false", "n", "f", "0", "off"})
_TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_COUNT_BUSY_AS_ABSENT: Final = frozenset({"strict", "paused", "inuse", "ringing", "wrapup"})
SAFE_EMPTY: Final = "unavailable,invalid,unknown"
_IN_FREEPBX: Final = {
    "joinempty": "In FreePBX's web interface instead: Queues, Join Empty: Yes.",
    "leavewhenempty": "In FreePBX's web interface instead: Queues, Leave Empty: No.",
    "ringinuse": "In FreePBX's web interface instead: Queues, Skip Busy Agents: Yes.",
}


def names(facts: Facts) -> Iterator[tuple[str, Sections] | Unseen]:
    """Every queue with the configuration it stands in."""
    if isinstance(facts.queues, Unseen):
        yield facts.queues
        return
    for name in facts.queues.of:
        if name != "general":
            yield name, facts.queues
    known = () if isinstance(facts.reported, Unseen) else facts.reported.queues
    for name in known:
        if name not in facts.queues:
            yield Unseen(
                code="not_found",
                thing=f"queue {name}",
                why="the queue is not in queues.conf: it comes from a database (realtime)",
                remedy=Remedy(advice="Compare the queue's row with asterisk-conf/queues.conf by hand."),
            )


def autofill(facts: Facts) -> Iterator[Finding | Unseen]:
    """Waiting callers and free agents are brought together all at once."""
    silent = False
    for one in names(facts):
        if isinstance(one, Unseen):
            yield one
            continue
        name, found = one
        own = found.last(name, "autofill")
        silent = silent or not own
        if own and not is_true(own):
            yield _not_filled(facts, name)
    if silent and isinstance(facts.queues, Sections) and not facts.queues.on("general", "autofill", default=False):
        yield _not_filled(facts, "general")


def _not_filled(facts: Facts, section: str) -> Finding:
    return Finding(
        code="autofill_off",
        severity=Severity.FAULT,
        thing="all queues that do not say otherwise" if section == "general" else f"queue {section}",
        values={"section": section},
        what="autofill is off",
        why="waiting callers are offered to agents one at a time although several agents are free",
        remedy=addition(facts, "queues.conf", section, "autofill=yes"),
    )


def joinempty(facts: Facts) -> Iterator[Finding | Unseen]:
    """A floor of busy agents refuses nobody."""
    return _empty(facts, "joinempty", "yes", "refused")


def leavewhenempty(facts: Facts) -> Iterator[Finding | Unseen]:
    """A floor of busy agents throws nobody out."""
    return _empty(facts, "leavewhenempty", "no", "thrown out of the queue")


def _empty(facts: Facts, option: str, default: str, thrown: str) -> Iterator[Finding | Unseen]:
    for one in names(facts):
        if isinstance(one, Unseen):
            yield one
            continue
        name, found = one
        value = found.last(name, option, default)
        if counts_busy_as_absent(option, value):
            yield Finding(
                code=f"{option}_counts_paused",
                severity=Severity.FAULT,
                thing=f"queue {name}",
                values={"queue": name, "value": value},
                what=f"{option}={value} takes members who are paused or in a call for absent",
                why=f"while all agents talk or owe an outcome, waiting customers are {thrown}",
                remedy=addition(facts, "queues.conf", name, f"{option}={SAFE_EMPTY}", advice=_advice(facts, option)),
            )


def _advice(facts: Facts, option: str) -> str:
    return _IN_FREEPBX[option] if facts.freepbx else ""


def counts_busy_as_absent(option: str, value: str) -> bool:
    """Whether ``joinempty`` or ``leavewhenempty`` takes a paused or talking member for no member at all."""
    words = {word.strip().lower() for word in value.split(",")}
    switched = _FALSE if option == "joinempty" else _TRUE
    return bool(words & (_COUNT_BUSY_AS_ABSENT | switched))


def ringinuse(facts: Facts) -> Iterator[Finding | Unseen]:
    """Nobody who talks is rung."""
    for one in names(facts):
        if isinstance(one, Unseen):
            yield one
            continue
        name, found = one
        if found.last(name, "ringinuse", "yes").lower() not in _FALSE:
            yield Finding(
                code="ringinuse_on",
                severity=Severity.FAULT,
                thing=f"queue {name}",
                values={"queue": name},
                what="ringinuse is on (it is by default)",
                why="a second call may ring at an agent who is answering one, and the gate comes too late for it",
                remedy=addition(facts, "queues.conf", name, "ringinuse=no", advice=_advice(facts, "ringinuse")),
            )


def member_state(facts: Facts) -> Iterator[Finding | Unseen]:
    """Each member has a state by which the queue sees that he talks."""
    if isinstance(facts.members, Unseen):
        yield facts.members
        return
    for member in facts.members:
        if member.interface.startswith("Local/") and member.state_interface in ("", member.interface):
            yield Finding(
                code="member_without_state",
                severity=Severity.FAULT,
                thing=f"queue {member.queue}, member {member.interface}",
                values={"queue": member.queue, "member": member.interface},
                what="the member has no state interface",
                why="the queue takes a talking agent for free and rings him despite ringinuse=no",
                remedy=_with_state(facts, member),
            )


def _with_state(facts: Facts, member: MemberState) -> Remedy:
    hints = {} if isinstance(facts.hints, Unseen) else facts.hints
    number = next(iter(numbers(member.interface, "")), "")
    state = f"hint:{number}@{hints[number]}" if number in hints else "hint:EXTENSION@CONTEXT"
    line = f"member => {member.interface},{member.penalty},{member.name},{state}"
    advice = "In FreePBX's web interface instead: Queues, Queue Agents, Ignore CheckState off." if facts.freepbx else ""
    if number not in hints:
        advice = f"Put in the hint that watches the phone. {advice}".strip()
    return addition(facts, "queues.conf", member.queue, line, advice=advice)


def member_twice(facts: Facts) -> Iterator[Finding | Unseen]:
    """One phone under two interfaces of a queue: only an equal state interface is certain, names may be shared."""
    if isinstance(facts.members, Unseen):
        yield facts.members
        return
    first: dict[tuple[str, str], MemberState] = {}
    for member in facts.members:
        kept = first.setdefault((member.queue, member.state_interface or member.interface), member)
        if kept.interface != member.interface:
            yield _duplicate(*sorted((kept, member), key=lambda one: one.dynamic))


def _duplicate(kept: MemberState, member: MemberState) -> Finding:
    file = "" if member.dynamic else f"Take its line out of [{member.queue}] of queues.conf and reload the queues."
    command = console(f"queue remove member {member.interface} from {member.queue}")
    return Finding(
        code="member_twice",
        severity=Severity.FAULT,
        thing=f"queue {member.queue}, member {member.interface}",
        values={"queue": member.queue, "member": member.interface, "other": kept.interface},
        what=f"the same phone is also a member as {kept.interface}",
        why="a call can ring it twice at once, and a pause of the one leaves the other open",
        remedy=Remedy(commands=(command,), advice=file),
    )


def member_forms(facts: Facts) -> Iterator[Finding | Unseen]:
    """One phone has the same interface in all queues."""
    if isinstance(facts.members, Unseen):
        yield facts.members
        return
    forms: dict[str, dict[str, str]] = {}
    for member in facts.members:
        forms.setdefault(member.state_interface or member.interface, {}).setdefault(member.interface, member.queue)
    for state, found in forms.items():
        queues = set(found.values())
        if len(found) > 1 and len(queues) > 1:
            yield _two_forms(state, found)


def _two_forms(state: str, found: dict[str, str]) -> Finding:
    listed = ", ".join(f"{interface} in {queue}" for interface, queue in found.items())
    return Finding(
        code="member_two_forms",
        severity=Severity.WARNING,
        thing=f"phone {state}",
        values={"phone": state, "members": listed},
        what=f"queues know it under several names: {listed}",
        why="the pause that the PBX sets at the answer holds only one of them; the others follow when we hear of it",
        remedy=Remedy(advice="Write it the same way in all queues."),
    )
