"""Stories as the API tells them, with names or with everything masked that says who somebody is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Final
from uuid import UUID

from pydantic import Field

from callcenter.ami.framing import decode
from callcenter.ami.slices import Found
from callcenter.api import Answer
from callcenter.events import CallKey
from callcenter.explaining import reading
from callcenter.explaining.masking import Mask
from callcenter.explaining.reading import Kept
from callcenter.explaining.search import Group, Result
from callcenter.explaining.story import Delivery, Story, Verdict, verdicts
from callcenter.explaining.story import Line as StoryLine

_LONGEST_RAW: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class OnRecord:
    """A call that was found. ``mine``: the asker may see it; else nothing of it is told."""

    id: UUID
    mine: bool
    deliveries: tuple[Delivery, ...]


class SaidAnswer(Answer):
    code: str
    facts: dict[str, str]


class ShownAnswer(Answer):
    step: str
    agent: str
    device: str
    reason: str


class LineAnswer(Answer):
    """One message of the PBX; ``event`` empty: time went by. ``why``: the rule by which nothing was concluded."""

    at: datetime
    event: str
    said: list[SaidAnswer]
    why: str
    shown: list[ShownAnswer]
    nobody_at: list[str]
    raw: str


class VerdictAnswer(Answer):
    code: str
    device: str
    agent: str
    queue: str
    at: datetime | None
    ms: float | None


class DeliveryAnswer(Answer):
    agent: str
    at: datetime
    tabs: int
    sent_ms: float
    paint_ms: float | None


class EventsAnswer(Answer):
    """``kept``: kept, cut (only the beginning is told), partly, or gone with what is older than ``kept_since``."""

    call_id: UUID
    pbx: str
    kept: str
    kept_since: datetime | None
    masked: bool = False
    verdicts: list[VerdictAnswer]
    deliveries: list[DeliveryAnswer]
    lines: list[LineAnswer]


class GroupAnswer(Answer):
    """Channels that belong together. ``call_id``: the call they became; ``lines`` only where they became none."""

    at: datetime
    channel: str
    call_id: UUID | None
    verdicts: list[VerdictAnswer]
    lines: list[LineAnswer]


class DeafAnswer(Answer):
    from_: Annotated[datetime, Field(serialization_alias="from")]
    to: datetime


class SearchAnswer(Answer):
    """``withheld``: nothing came with that number; these are those who hid theirs. ``gaps``: when the PBX could not be
    heard."""

    groups: list[GroupAnswer]
    withheld: bool
    cut: bool
    kept_since: datetime | None
    gaps: list[DeafAnswer]


def searched(result: Result, calls: dict[CallKey, OnRecord], people: dict[UUID, str]) -> SearchAnswer:
    groups = []
    for group in result.groups:
        known = [calls[key] for key in group.calls if key in calls]
        if all(call.mine for call in known):
            groups.append(_group(group, known[0] if known else None, people))
    return SearchAnswer(
        groups=groups,
        withheld=result.withheld,
        cut=result.cut,
        kept_since=result.since,
        gaps=[DeafAnswer(from_=since, to=until) for since, until in result.gaps],
    )


def _group(group: Group, call: OnRecord | None, people: dict[UUID, str]) -> GroupAnswer:
    story = group.story
    answers = verdicts(story.call, story.lines, call.deliveries) if call else story.verdicts
    return GroupAnswer(
        at=group.at,
        channel=group.channel,
        call_id=call.id if call else None,
        verdicts=[_verdict(v, people) for v in answers],
        lines=[] if call else [_line(line, people) for line in story.lines],
    )


def events(call_id: UUID, of: Kept, found: Found, told: tuple[Story, dict[UUID, str]]) -> EventsAnswer:
    story, people = told
    return EventsAnswer(
        call_id=call_id,
        pbx=of.key.pbx,
        kept=reading.state(found, of.span[0] + reading.BEFORE),
        kept_since=found.since,
        verdicts=[_verdict(v, people) for v in story.verdicts],
        deliveries=[_delivery(d, people) for d in of.deliveries],
        lines=[_line(line, people) for line in story.lines],
    )


def _delivery(one: Delivery, people: dict[UUID, str]) -> DeliveryAnswer:
    name = people.get(one.agent, "")
    return DeliveryAnswer(agent=name, at=one.at, tabs=one.tabs, sent_ms=one.sent_ms, paint_ms=one.paint_ms)


def _verdict(one: Verdict, people: dict[UUID, str]) -> VerdictAnswer:
    return VerdictAnswer(
        code=one.code.value,
        device=one.device,
        agent=people.get(one.agent, "") if one.agent else "",
        queue=one.queue,
        at=one.at,
        ms=one.ms,
    )


def _line(line: StoryLine, people: dict[UUID, str]) -> LineAnswer:
    shown = [
        ShownAnswer(step=s.step, agent=people.get(s.agent, ""), device=s.device, reason=s.reason) for s in line.shown
    ]
    return LineAnswer(
        at=line.at,
        event=line.name,
        said=[SaidAnswer(code=s.code, facts=dict(s.facts)) for s in line.said],
        why=line.why,
        shown=shown,
        nobody_at=list(line.nobody_at),
        raw=decode(line.raw[:_LONGEST_RAW]),
    )


def masked(answer: EventsAnswer, story: Story, mask: Mask) -> EventsAnswer:
    """Agents are left out, devices and numbers are masked alike in the raw messages and in what was concluded."""
    lines = []
    for line, told in zip(answer.lines, story.lines, strict=True):
        raw, _left_out = mask.messages([told.raw] if told.raw else [])
        said = [SaidAnswer(code=s.code, facts={k: _fact(mask, k, v) for k, v in s.facts.items()}) for s in line.said]
        shown = [s.model_copy(update={"device": mask.channel(s.device)}) for s in line.shown]
        nobody = [mask.channel(device) for device in line.nobody_at]
        changes = {"raw": decode(raw).strip(), "said": said, "shown": shown, "nobody_at": nobody}
        lines.append(line.model_copy(update=changes))
    answers = [v.model_copy(update={"device": mask.channel(v.device)}) for v in answer.verdicts]
    return answer.model_copy(update={"masked": True, "lines": lines, "verdicts": answers})


def _fact(mask: Mask, name: str, value: str) -> str:
    if name in ("device", "peer"):
        return mask.channel(value)
    if name == "to":
        return mask.channel(value) if "/" in value else mask.number(value)
    return value
