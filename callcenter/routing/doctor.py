"""What is wrong with a PBX's queues, why it matters, and the lines that mend it. Pure: facts in, findings out.

The meaning of the empty options is read off app_queue's ``parse_empty_options`` (Asterisk 16-22).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from callcenter.events import MemberState

_TRUE: Final = frozenset({"yes", "true", "y", "t", "1", "on"})
_FALSE: Final = frozenset({"no", "false", "n", "f", "0", "off"})
_COUNT_BUSY_AS_ABSENT: Final = frozenset({"strict", "paused", "inuse", "ringing", "wrapup"})
GATE: Final = "callcenter-member"
SAFE_EMPTY: Final = "unavailable,invalid,unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """``what`` is wrong with ``thing``, ``why`` it matters, ``remedy``: the exact lines to paste and where."""

    code: str
    thing: str
    what: str
    why: str
    remedy: str

    def __str__(self) -> str:
        return f"{self.thing}: {self.what}\n  why:    {self.why}\n  remedy: {self.remedy}"


def examine(queues: Mapping[str, Mapping[str, str]], members: Iterable[MemberState]) -> list[Finding]:
    """Findings over the sections of queues.conf (``general`` among them) and the members as the PBX reports them."""
    general = queues.get("general", {})
    found = []
    for name, options in queues.items():
        if name != "general":
            found += _queue(name, {**_DEFAULTS, **options})
    if general.get("autofill", "no").lower() not in _TRUE:
        found.append(_AUTOFILL)
    present = [member for member in members if not member.gone]
    return found + [_no_state(m) for m in present if _stateless(m)] + _twice(present)


_DEFAULTS: Final = {"joinempty": "yes", "leavewhenempty": "no", "ringinuse": "yes", "setinterfacevar": "no"}

_AUTOFILL: Final = Finding(
    code="autofill_off",
    thing="queues.conf [general]",
    what="autofill is off",
    why="waiting callers are offered to agents one at a time although several agents are free",
    remedy="in [general] of queues.conf: autofill=yes; then: asterisk -rx 'queue reload parameters'",
)


def _queue(name: str, options: Mapping[str, str]) -> list[Finding]:
    found = [
        _empty(name, option, options[option])
        for option in ("joinempty", "leavewhenempty")
        if counts_busy_as_absent(option, options[option])
    ]
    if options["ringinuse"].lower() not in _FALSE:
        found.append(_ringinuse(name))
    if GATE not in options.get("membergosub", "") or options["setinterfacevar"].lower() not in _TRUE:
        found.append(_no_gate(name))
    return found


def counts_busy_as_absent(option: str, value: str) -> bool:
    """Whether ``joinempty`` or ``leavewhenempty`` takes a paused or talking member for no member at all."""
    words = {word.strip().lower() for word in value.split(",")}
    switched = _FALSE if option == "joinempty" else _TRUE
    return bool(words & (_COUNT_BUSY_AS_ABSENT | switched))


def _empty(name: str, option: str, value: str) -> Finding:
    thrown = "refused" if option == "joinempty" else "thrown out of the queue"
    return Finding(
        code=f"{option}_counts_paused",
        thing=f"queue {name}",
        what=f"{option}={value} takes members who are paused or in a call for absent",
        why=f"while all agents talk or owe an outcome, waiting customers are {thrown}",
        remedy=f"in [{name}] of queues.conf: {option}={SAFE_EMPTY}; then: asterisk -rx 'queue reload parameters'",
    )


def _ringinuse(name: str) -> Finding:
    return Finding(
        code="ringinuse_on",
        thing=f"queue {name}",
        what="ringinuse is on (it is by default)",
        why="a second call may ring at an agent who is answering one, and the gate comes too late for it",
        remedy=f"in [{name}] of queues.conf: ringinuse=no; then: asterisk -rx 'queue reload parameters'",
    )


def _no_gate(name: str) -> Finding:
    return Finding(
        code="gate_missing",
        thing=f"queue {name}",
        what="the gate's subroutine is not called when a member answers",
        why="an agent could get his next call before the outcome of the last one is logged, whenever the CRM is down",
        remedy=(
            f"in [{name}] of queues.conf: membergosub={GATE} and setinterfacevar=yes, with callcenter.conf included "
            "in extensions.conf; then: asterisk -rx 'queue reload parameters' and 'dialplan reload'"
        ),
    )


def _stateless(member: MemberState) -> bool:
    local = member.interface.startswith("Local/")
    return local and member.state_interface in ("", member.interface)


def _no_state(member: MemberState) -> Finding:
    return Finding(
        code="member_without_state",
        thing=f"queue {member.queue}, member {member.interface}",
        what="the member has no state interface",
        why="the queue takes a talking agent for free and rings him despite ringinuse=no",
        remedy=f"in [{member.queue}]: member => {member.interface},0,{member.name},hint:EXTENSION@CONTEXT",
    )


def _twice(members: Iterable[MemberState]) -> list[Finding]:
    """One phone under two interfaces of a queue: only an equal state interface is certain, names may be shared."""
    first: dict[tuple[str, str], MemberState] = {}
    found = []
    for member in members:
        kept = first.setdefault((member.queue, member.state_interface or member.interface), member)
        if kept.interface != member.interface:
            found.append(_duplicate(kept, member))
    return found


def _duplicate(kept: MemberState, member: MemberState) -> Finding:
    return Finding(
        code="member_twice",
        thing=f"queue {member.queue}, member {member.interface}",
        what=f"the same phone is also a member as {kept.interface}",
        why="a call can ring it twice at once, and a pause of the one leaves the other open",
        remedy=(
            f"asterisk -rx 'queue remove member {member.interface} from {member.queue}', and take its line "
            f"out of [{member.queue}] of queues.conf if it stands there; then: asterisk -rx 'queue reload members'"
        ),
    )
