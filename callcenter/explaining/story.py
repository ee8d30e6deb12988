"""Why a call did or did not pop: each message with what came of it, and the short answer. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from enum import StrEnum
from typing import Final
from uuid import UUID

from callcenter.ami import framing
from callcenter.ami.reasons import Silence
from callcenter.ami.retelling import Step
from callcenter.call import Call
from callcenter.events import CallEvent, CallKey, Direction, OfferResult
from callcenter.lifecycle import apply
from callcenter.pbx_events import ChannelSeen, DebtTold
from callcenter.pbxmap import Kind, peer
from callcenter.phone import ANONYMOUS
from callcenter.roster import AgentId, Device, Roster
from callcenter.screenpop.decide import Decision, decide

_TAIL: Final = 9
_TOLD_OF: Final = ("queue", "result", "via", "to", "space", "direction", "peer", "kind", "note")
_OFFLINE: Final = frozenset({"CHANUNAVAIL"})


class Answer(StrEnum):
    """The short answer to "why did it (not) pop". The first are no faults of anybody's."""

    PAINTED = "painted"
    SENT = "sent"
    NO_TAB = "no_tab"
    NOT_RECORDED = "not_recorded"
    NOBODY_SIGNED_IN = "nobody_signed_in"
    PHONE_OFFLINE = "phone_offline"
    PHONE_NOT_IN_MAP = "phone_not_in_map"
    NOBODY_RANG_IN_QUEUE = "nobody_rang_in_queue"
    NEVER_RANG = "never_rang"
    OUTGOING = "outgoing"
    WITHHELD = "withheld"
    INTERNAL = "internal"
    TRUNK_NOT_IN_MAP = "trunk_not_in_map"
    SERVICE = "service"
    INTER_OFFICE = "inter_office"
    LINK_OPENED_LATER = "link_opened_later"


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """``ms``: from the PBX's bytes to the screen, and from there to the paint."""

    code: Answer
    device: str = ""
    agent: AgentId | None = None
    queue: str = ""
    at: datetime | None = None
    ms: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Something that was concluded. ``facts`` are words of the vocabulary and technical names, nobody's number."""

    code: str
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What became of an agent's pop."""

    step: str
    agent: AgentId
    device: str
    reason: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """``why``: the rule by which nothing was concluded; ``""`` where something was."""

    at: datetime
    name: str
    raw: bytes
    said: tuple[Said, ...]
    why: str
    shown: tuple[Shown, ...]
    nobody_at: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What a pop's screens were told at the time. ``segment`` counts from 0 in the call."""

    segment: int
    agent: AgentId
    at: datetime
    tabs: int
    sent_ms: float
    paint_ms: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """``call``: what the replay made of it, None where its beginning is not kept."""

    lines: tuple[Line, ...]
    call: Call | None
    verdicts: tuple[Verdict, ...]

    def without_number(self) -> Story:
        """The same of a caller who hides a number that the trunk tells all the same."""
        digits = "".join(c for c in self.call.number_raw if c.isdigit()) if self.call else ""
        if self.call is None or not digits:
            return self
        number = re.compile(rb"\+?\d*" + digits[-_TAIL:].encode())
        lines = tuple(replace(line, raw=number.sub(ANONYMOUS.encode(), line.raw)) for line in self.lines)
        answers = (Verdict(code=Answer.WITHHELD), *self.verdicts)
        return replace(self, lines=lines, call=replace(self.call, number_raw=ANONYMOUS), verdicts=answers)


def tell(steps: Iterable[Step], key: CallKey, roster: Roster, deliveries: Sequence[Delivery]) -> Story:
    """The call's story, by the rules and the map of today and the desks of then."""
    call: Call | None = None
    lines = []
    for step in steps:
        first, pops = call, list[Decision]()
        for event in step.told:
            if isinstance(event, CallEvent) and event.call == key:
                before, call = call, _numbered(apply(call, event, roster))
                pops += _pops(before, call)
        lines.append(_line(step, pops, _nobody(first, call)))
    return Story(lines=tuple(lines), call=call, verdicts=tuple(verdicts(call, lines, deliveries)))


def _numbered(call: Call | None) -> Call | None:
    """Segments need ids to be shown; here their place is their id."""
    if call is None:
        return None
    return replace(call, segments=tuple(replace(s, id=UUID(int=s.seq + 1)) for s in call.segments))


def _pops(before: Call | None, after: Call | None) -> Iterator[Decision]:
    if after is not None and after != before:
        yield from (d for d in decide(before, after) if d.step != "updated" or _more(before, d))


def _nobody(before: Call | None, after: Call | None) -> tuple[str, ...]:
    """The phones that came to the call and at which nobody sat."""
    known = len(before.segments) if before else 0
    return tuple(s.device.name for s in after.segments[known:] if s.agent is None) if after else ()


def _line(step: Step, pops: Sequence[Decision], nobody: tuple[str, ...]) -> Line:
    return Line(
        at=step.at,
        name=step.name,
        raw=step.message,
        said=tuple(said(event) for event in step.told),
        why=step.why or "",
        shown=tuple(_shown(d) for d in pops),
        nobody_at=nobody,
    )


def _more(before: Call | None, decision: Decision) -> bool:
    """Whether another phone of the same agent rings: one pop for all of them."""
    old = next((s for s in before.segments if s.seq == decision.segment.seq), None) if before else None
    return old is not None and len(old.offers) < len(decision.segment.offers)


def _shown(decision: Decision) -> Shown:
    reason = decision.reason.value if decision.step == "withdrawn" else ""
    device = decision.segment.device.name
    return Shown(step=decision.step.value, agent=decision.agent, device=device, reason=reason)


def said(event: object) -> Said:
    """An event of the tracker, without numbers and names of customers."""
    facts = {name: str(value) for name in _TOLD_OF if (value := getattr(event, name, ""))}
    device = getattr(event, "device", None)
    if isinstance(device, Device):
        facts["device"] = device.name
    if isinstance(event, DebtTold):
        facts["device"] = event.interface
    return Said(code=said_code(type(event)), facts=facts)


def said_code(kind: type[object]) -> str:
    """The code that events of this kind are told under."""
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in kind.__name__).lstrip("_")


def verdicts(call: Call | None, lines: Sequence[Line], deliveries: Sequence[Delivery]) -> Iterator[Verdict]:
    """The short answers, one for each of the call's pops and each reason why there was none."""
    offline = _dialled(lines, "DialEnd", _OFFLINE)
    yield from (Verdict(code=Answer.PHONE_OFFLINE, device=device) for device in offline)
    if call is None:
        yield from _not_a_call(lines)
        return
    if call.withheld:
        yield Verdict(code=Answer.WITHHELD)
    answers = [*_of_segments(call, deliveries)]
    yield from answers
    if not call.segments or (call.direction is Direction.OUTBOUND and not answers):
        yield from _nobody_rang(call, lines)


def _of_segments(call: Call, deliveries: Sequence[Delivery]) -> Iterator[Verdict]:
    for segment in call.segments:
        told = [d for d in deliveries if d.segment == segment.seq]
        if segment.agent is None:
            yield Verdict(code=Answer.NOBODY_SIGNED_IN, device=segment.device.name, at=_first(segment.offers))
        elif segment.offers and not told and all(o.result is OfferResult.UNREACHABLE for o in segment.offers):
            yield Verdict(code=Answer.PHONE_OFFLINE, agent=segment.agent, device=segment.device.name)
        elif segment.offers or told:
            yield _delivered(segment.agent, segment.device.name, told)


def _first(offers: Sequence[object]) -> datetime | None:
    return getattr(offers[0], "offered_at", None) if offers else None


def _delivered(agent: AgentId, device: str, deliveries: Sequence[Delivery]) -> Verdict:
    if not deliveries:
        return Verdict(code=Answer.NOT_RECORDED, agent=agent, device=device)
    best = max(deliveries, key=lambda d: (d.paint_ms is not None, d.tabs > 0))
    if best.paint_ms is not None:
        return Verdict(code=Answer.PAINTED, agent=agent, device=device, at=best.at, ms=best.sent_ms + best.paint_ms)
    code = Answer.SENT if best.tabs else Answer.NO_TAB
    return Verdict(code=code, agent=agent, device=device, at=best.at, ms=best.sent_ms if best.tabs else None)


def _nobody_rang(call: Call, lines: Sequence[Line]) -> Iterator[Verdict]:
    unknown = {peer for line in lines for peer, kind in _kinds(line).items() if kind == Kind.UNCLASSIFIED}
    strange = [device for device in _dialled(lines, "DialBegin") if device in unknown]
    yield from (Verdict(code=Answer.PHONE_NOT_IN_MAP, device=device) for device in strange)
    if call.direction is Direction.OUTBOUND:
        yield Verdict(code=Answer.OUTGOING)
    elif call.queues:
        yield Verdict(code=Answer.NOBODY_RANG_IN_QUEUE, queue=call.queues[-1].queue, at=call.queues[-1].joined_at)
    elif not strange:
        yield Verdict(code=Answer.NEVER_RANG)


def _not_a_call(lines: Sequence[Line]) -> Iterator[Verdict]:
    """Channels came, but no customer's: the reason is that of the first, which began it all."""
    whys = {line.why for line in lines}
    if Silence.ADOPTED in whys:
        yield Verdict(code=Answer.LINK_OPENED_LATER)
        return
    first = next((line for line in lines if line.name == "Newchannel"), None)
    if first is None:
        return
    device = peer(_fields(first.raw).get("channel", ""))
    kind = next(iter(_kinds(first).values()), "")
    if kind == Kind.UNCLASSIFIED:
        yield Verdict(code=Answer.TRUNK_NOT_IN_MAP, device=device, at=first.at)
    elif kind == Kind.INTER_OFFICE:
        yield Verdict(code=Answer.INTER_OFFICE, device=device, at=first.at)
    elif kind == Kind.SERVICE or first.why == Silence.SERVICE:
        yield Verdict(code=Answer.SERVICE, device=device, at=first.at)
    else:
        yield Verdict(code=Answer.INTERNAL, device=device, at=first.at)


def _dialled(lines: Sequence[Line], event: str, statuses: frozenset[str] = frozenset()) -> list[str]:
    """The peers that were dialled, in order; those whose dialling ended so, where that is asked for."""
    found: dict[str, None] = {}
    for fields in (_fields(line.raw) for line in lines if line.name == event):
        device = peer(fields.get("destchannel", ""))
        if device and (not statuses or fields.get("dialstatus") in statuses):
            found[device] = None
    return list(found)


def _kinds(line: Line) -> dict[str, str]:
    """What strange channels it told of, and what the map says they are."""
    seen = said_code(ChannelSeen)
    return {s.facts.get("peer", ""): s.facts.get("kind", "") for s in line.said if s.code == seen}


def _fields(raw: bytes) -> dict[str, str]:
    return {name.lower(): value for name, value in framing.headers(raw).items() if isinstance(value, str)}
