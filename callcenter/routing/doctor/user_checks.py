"""What the AMI user may do and hear, and how it is written to; ``event_checks`` has what is kept from it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import addition
from callcenter.routing.doctor.sections import Sections, is_true

READ: Final[Mapping[str, str]] = {
    "system": "the word that the PBX has started is not heard, and the link never opens",
    "call": "calls are not heard",
    "agent": "queues and their members are not heard",
    "user": "what the dialplan tells of debts and notices is not heard",
    "dialplan": "recordings have no names, and queues no reason why they ended",
}
WRITE: Final[Mapping[str, tuple[str, str]]] = {
    "system": ("dbput", "debts cannot be settled on the PBX, nor recordings switched"),
    "agent": ("queuepause", "agents cannot be paused, freed, or taken into queues"),
    "originate": ("originate", "nobody can call with a click"),
    "reporting": ("coreshowchannels", "calls that go on when we come cannot be seen"),
}
"""Each class with an action that shows it, and what is missing without it."""
_TOO_MUCH: Final[Mapping[str, str]] = {"command": "command", "config": "updateconfig"}
READ_LINE: Final = "read=system,call,agent,user,dialplan"
WRITE_LINE: Final = "write=system,call,agent,user,originate,reporting"
_SHORTEST_MS: Final = 500
_LONGEST_MS: Final = 10_000


def rights(facts: Facts) -> Iterator[Finding | Unseen]:
    """The user has every class of permission that is needed."""
    if isinstance(facts.actions, Unseen):
        yield facts.actions
    else:
        actions = facts.actions
        lacking = {name: without for name, (action, without) in WRITE.items() if action not in actions}
        yield from _missing(facts, "write", lacking)
    user = ami_user(facts)
    if isinstance(user, Unseen):
        yield user
        return
    granted = classes(user.last(facts.door.username, "read"))
    lacking = {name: without for name, without in READ.items() if not granted & {name, "all"}}
    yield from _missing(facts, "read", lacking)


def _missing(facts: Facts, kind: str, lacking: Mapping[str, str]) -> Iterator[Finding]:
    if lacking:
        line = READ_LINE if kind == "read" else WRITE_LINE
        yield Finding(
            code="permission_missing",
            severity=Severity.FAULT,
            thing=f"user {facts.door.username}",
            values={"username": facts.door.username, "kind": kind, "classes": ",".join(lacking)},
            what=f"{kind} does not have {', '.join(lacking)}",
            why="; ".join(f"{name}: {without}" for name, without in lacking.items()),
            remedy=addition(facts, "manager.conf", facts.door.username, line, advice=_AGAIN),
        )


_AGAIN: Final = "Who is logged in keeps what he had: restart Callcenter afterwards."


def classes(text: str) -> frozenset[str]:
    """The classes of a ``read=`` or ``write=`` line."""
    return frozenset(word.strip().lower() for word in text.split(",") if word.strip())


def least(facts: Facts) -> Iterator[Finding | Unseen]:
    """The user has no more than that."""
    if isinstance(facts.actions, Unseen):
        yield facts.actions
        return
    found = [name for name, action in _TOO_MUCH.items() if action in facts.actions]
    if found:
        listed = " and ".join(found)
        yield Finding(
            code="permission_too_much",
            severity=Severity.WARNING,
            thing=f"user {facts.door.username}",
            values={"username": facts.door.username, "classes": ",".join(found)},
            what=f"write has {listed}, which nothing here needs",
            why="whoever gets hold of the secret rewrites the PBX's configuration or types into its console",
            remedy=addition(facts, "manager.conf", facts.door.username, WRITE_LINE),
        )


def write_timeout(facts: Facts) -> Iterator[Finding | Unseen]:
    """A short breath of ours costs no connection, a long one not the PBX."""
    user = ami_user(facts)
    if isinstance(user, Unseen):
        yield user
        return
    text = user.last(facts.door.username, "writetimeout", "100")
    ms = int(text) if text.isdecimal() else 100
    if ms < _SHORTEST_MS:
        yield _timeout(facts, "writetimeout_short", ms, "the PBX cuts the line whenever our reading pauses as long")
    elif ms > _LONGEST_MS:
        yield _timeout(facts, "writetimeout_long", ms, "a reader that hangs makes the PBX wait, and calls with it")


def _timeout(facts: Facts, code: str, ms: int, why: str) -> Finding:
    return Finding(
        code=code,
        severity=Severity.WARNING,
        thing=f"user {facts.door.username}",
        values={"username": facts.door.username, "ms": str(ms)},
        what=f"writetimeout is {ms} ms",
        why=why,
        remedy=addition(facts, "manager.conf", facts.door.username, "writetimeout=1000"),
    )


def timestamps(facts: Facts) -> Iterator[Finding | Unseen]:
    """Every event says when it happened."""
    if isinstance(facts.manager, Unseen):
        yield facts.manager
    elif not is_true(facts.manager.last("general", "timestampevents", "no")):
        yield Finding(
            code="timestamps_off",
            severity=Severity.WARNING,
            thing="the AMI",
            what="timestampevents is off",
            why="events that come late get the time at which we read them: talks and waits are measured wrong",
            remedy=addition(facts, "manager.conf", "general", "timestampevents=yes"),
        )


def ami_user(facts: Facts) -> Sections | Unseen:
    """manager.conf, where our user stands in it."""
    if isinstance(facts.manager, Unseen) or facts.door.username in facts.manager:
        return facts.manager
    return Unseen(
        code="not_found",
        thing=f"[{facts.door.username}] in manager.conf",
        why="the user let us in but does not stand in manager.conf: it comes from a database or was not loaded anew",
        remedy=Remedy(advice="Compare the user with asterisk-conf/manager.conf by hand."),
    )
