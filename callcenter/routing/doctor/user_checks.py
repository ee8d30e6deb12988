"""What the AMI user may do and hear, and how it is written to. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from callcenter.ami.parsing import VARIABLES, WANTED
from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.filters import Filter, filters, passes
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
_HANDED_DOWN: Final = frozenset({"FROM_DID", "CC_QUEUE"})
"""Variables that are set with underscores, so that dialled channels have them too, and are told of with them."""
_UNHEARD: Final = "what is not heard did not happen: calls stay open, pops do not come, talks end without an outcome"
_SHORTEST_MS: Final = 500
_LONGEST_MS: Final = 10_000
_BY_NAME: Final = ((20, 11), (22, 1))
"""The first versions of 20 and of 22 that choose events by name; 21 never got it."""


def rights(facts: Facts) -> Iterator[Finding | Unseen]:
    """The user has every class of permission that is needed."""
    if isinstance(facts.actions, Unseen):
        yield facts.actions
    else:
        actions = facts.actions
        lacking = {name: without for name, (action, without) in WRITE.items() if action not in actions}
        yield from _missing(facts, "write", lacking)
    user = _user(facts)
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


def events(facts: Facts) -> Iterator[Finding | Unseen]:
    """The filter lets through what is needed and little else."""
    user = _user(facts)
    if isinstance(user, Unseen):
        yield user
        return
    yield from _disabled(facts, user)
    found = filters(user.of.get(facts.door.username, ()))
    if not found:
        yield _unfiltered(facts)
        return
    unread = [one.line for one in found if one.broken or (one.by_name and not by_name(facts.version))]
    if unread:
        yield _unread(facts, unread)
    lost = lost_events(found)
    if lost:
        yield _lost(facts, found, lost)


def lost_events(found: tuple[Filter, ...]) -> tuple[str, ...]:
    """The events we need that these filters hold back; ``VarSet X`` is that of the variable X."""
    lost = [name for name in sorted(WANTED - {"VarSet"}) if not passes(found, name)]
    for variable in sorted(VARIABLES):
        forms = (variable, f"__{variable}") if variable in _HANDED_DOWN else (variable,)
        if not all(passes(found, "VarSet", form) for form in forms):
            lost.append(f"VarSet {variable}")
    return tuple(lost)


def _disabled(facts: Facts, manager: Sections) -> Iterator[Finding]:
    """Events that the PBX tells nobody at all."""
    disabled = [name.strip() for name in manager.last("general", "disabledevents").split(",") if name.strip()]
    if lost := [name for name in disabled if name in WANTED]:
        rest = ",".join(name for name in disabled if name not in WANTED)
        yield Finding(
            code="events_disabled",
            severity=Severity.FAULT,
            thing="the AMI",
            values={"events": ", ".join(lost)},
            what=f"disabledevents takes {', '.join(lost)} from everybody",
            why=_UNHEARD,
            remedy=addition(facts, "manager.conf", "general", f"disabledevents={rest or 'None'}"),
        )


def by_name(version: str | Unseen) -> bool:
    """Whether this Asterisk chooses events by name; one that does not say its version is taken for an old one."""
    if isinstance(version, Unseen):
        return False
    numbers = tuple(int(part) for part in version.split("+")[0].split("~")[0].split(".")[:2] if part.isdigit())
    return numbers >= (22, 1) or (20, 11) <= numbers < (21,)


def wanted_lines(facts: Facts, lost: tuple[str, ...]) -> tuple[str, ...]:
    """Filters that let these through, in the form this Asterisk understands."""
    names = [name for name in lost if not name.startswith("VarSet ")]
    variables = "|".join(name.removeprefix("VarSet ") for name in lost if name.startswith("VarSet "))
    if by_name(facts.version):
        lines = [f"eventfilter(action(include),name({name}))=" for name in names]
        chosen = "eventfilter(action(include),name(VarSet),header(Variable),method(regex))="
        return (*lines, *((f"{chosen}^_*({variables})$",) if variables else ()))
    lines = [f"eventfilter=^Event: ({'|'.join(names[at : at + 8])})[[:cntrl:]]" for at in range(0, len(names), 8)]
    by_text = f"eventfilter=^Event: VarSet[[:cntrl:]].*Variable: _*({variables})[[:cntrl:]]"
    return (*lines, *((by_text,) if variables else ()))


def _unfiltered(facts: Facts) -> Finding:
    everything = lost_events((Filter(line="", include=True, pattern=None, name="none of ours"),))
    return Finding(
        code="filter_missing",
        severity=Severity.WARNING,
        thing=f"user {facts.door.username}",
        values={"username": facts.door.username},
        what="no event filter is set",
        why="two thirds of all events say nothing to us; under load the PBX waits for us to read them",
        remedy=addition(facts, "manager.conf", facts.door.username, *wanted_lines(facts, everything)),
    )


def _unread(facts: Facts, lines: list[str]) -> Finding:
    return Finding(
        code="filter_not_understood",
        severity=Severity.FAULT,
        thing=f"user {facts.door.username}",
        values={"username": facts.door.username, "lines": "\n".join(lines)},
        what=f"this Asterisk does not understand {len(lines)} of its filters: {lines[0]}",
        why="a filter that is not understood is passed over, and the others decide alone",
        remedy=Remedy(advice="Take these out of manager.conf; what they were for is told as filter_hides_events."),
    )


def _lost(facts: Facts, found: tuple[Filter, ...], lost: tuple[str, ...]) -> Finding:
    barring = [one.line for one in found if not one.include]
    including = [one for one in found if one.include]
    still = lost_events(tuple(one for one in found if not one.include)) if barring else ()
    advice = f"Take out what holds them back: {'; '.join(barring)}" if still else ""
    lines = wanted_lines(facts, lost) if including else ()
    remedy = addition(facts, "manager.conf", facts.door.username, *lines, advice=advice) if lines else None
    return Finding(
        code="filter_hides_events",
        severity=Severity.FAULT,
        thing=f"user {facts.door.username}",
        values={"username": facts.door.username, "events": ", ".join(lost)},
        what=f"its event filter holds back {', '.join(lost)}",
        why=_UNHEARD,
        remedy=remedy or Remedy(advice=advice),
    )


def write_timeout(facts: Facts) -> Iterator[Finding | Unseen]:
    """A short breath of ours costs no connection, a long one not the PBX."""
    user = _user(facts)
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


def _user(facts: Facts) -> Sections | Unseen:
    """manager.conf, where our user stands in it."""
    if isinstance(facts.manager, Unseen) or facts.door.username in facts.manager:
        return facts.manager
    return Unseen(
        code="not_found",
        thing=f"[{facts.door.username}] in manager.conf",
        why="the user let us in but does not stand in manager.conf: it comes from a database or was not loaded anew",
        remedy=Remedy(advice="Compare the user with asterisk-conf/manager.conf by hand."),
    )
