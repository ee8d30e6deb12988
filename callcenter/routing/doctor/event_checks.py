"""What is kept from the AMI user of what it needs to hear: by its filter, or from everybody. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from callcenter.ami.parsing import VARIABLES, WANTED
from callcenter.routing.doctor.facts import Facts
from callcenter.routing.doctor.filters import Filter, filters, passes
from callcenter.routing.doctor.findings import Finding, Remedy, Severity, Unseen
from callcenter.routing.doctor.pasting import addition
from callcenter.routing.doctor.sections import Sections
from callcenter.routing.doctor.user_checks import ami_user

_BY_NAME: Final = ((20, 11), (22, 1))
"""The first versions of 20 and of 22 that choose events by name; 21 never got it."""
_HANDED_DOWN: Final = frozenset({"FROM_DID", "CC_QUEUE"})
"""Variables that are set with underscores, so that dialled channels have them too, and are told of with them."""
_UNHEARD: Final = "what is not heard did not happen: calls stay open, pops do not come, talks end without an outcome"
_CHANNEL: Final = ("snapshot", "dial", "varset", "hangup_request", "entered_bridge", "left_bridge", "hold", "unhold")
_QUEUE: Final = ("caller_join", "caller_leave", "caller_abandon", "agent_called", "agent_connect")
_MEMBER: Final = ("status", "added", "removed", "pause", "penalty", "ringinuse")
_NEEDED_TYPES: Final = frozenset(
    {
        *(f"ast_channel_{name}_type" for name in _CHANNEL),
        *(f"queue_{name}_type" for name in _QUEUE),
        *(f"queue_member_{name}_type" for name in _MEMBER),
        "ast_blind_transfer_type",
        "ast_attended_transfer_type",
        "ast_parked_call_type",
        "ast_local_bridge_type",
        "ast_call_pickup_type",
        "ast_multi_user_event_type",
        "ast_manager_get_generic_type",
        "ast_bridge_snapshot_type",
        "ast_device_state_message_type",
        "cel_generic_type",
    }
)
"""What the events we need, and the channel events, are made of inside Asterisk."""


def events(facts: Facts) -> Iterator[Finding | Unseen]:
    """The filter lets through what is needed and little else."""
    user = ami_user(facts)
    if isinstance(user, Unseen):
        yield user
        return
    yield from _disabled(facts, user)
    yield from _declined(facts)
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
        remedy = addition(facts, "manager.conf", "general", f"disabledevents={rest or 'None'}")
        yield _from_everybody("events_disabled", "disabledevents", lost, remedy)


def _declined(facts: Facts) -> Iterator[Finding | Unseen]:
    """Messages that the PBX does not even make; one without that file makes all."""
    if isinstance(facts.stasis, Unseen):
        yield from () if facts.stasis.code == "not_found" else (facts.stasis,)
        return
    options = facts.stasis.of.get("declined_message_types", ())
    if lost := sorted({value for name, value in options if name == "decline" and value in _NEEDED_TYPES}):
        lines = "; ".join(f"decline={name}" for name in lost)
        advice = f"Take these lines out of stasis.conf, and restart Asterisk when nobody talks: {lines}"
        yield _from_everybody("events_declined", "stasis.conf", lost, Remedy(advice=advice))


def _from_everybody(code: str, thing: str, lost: Sequence[str], remedy: Remedy) -> Finding:
    return Finding(
        code=code,
        severity=Severity.FAULT,
        thing=thing,
        values={"events": ", ".join(lost)},
        what=f"it keeps {', '.join(lost)} from everybody",
        why=_UNHEARD,
        remedy=remedy,
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
