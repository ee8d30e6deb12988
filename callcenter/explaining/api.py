"""Why a call did or did not pop, and what came of callers who became no call. Every look is on the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Annotated, Final, Literal, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.ami.framing import decode
from callcenter.ami.slices import Found
from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, Line, View
from callcenter.crm import audit, call_list, maps, visible
from callcenter.crm.access import require
from callcenter.crm.models.calls import CallRow
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import Invalid, NotFound, Unavailable
from callcenter.events import CallKey
from callcenter.explaining import reading, search
from callcenter.explaining.masking import Mask
from callcenter.explaining.reading import Kept
from callcenter.explaining.search import Asked, Group, Result
from callcenter.explaining.story import Delivery, Story, Verdict, verdicts
from callcenter.explaining.story import Line as StoryLine
from callcenter.pbxmap import PbxMap
from callcenter.roster import Roster

T = TypeVar("T")
_LONGEST_RAW: Final = 16_384


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """Where what the PBXs told is kept; ``flush`` writes what is still in memory."""

    folder: Path
    flush: Callable[[], None]


JOURNALS: web.AppKey[Journals] = web.AppKey("journals", Journals)


@dataclass(frozen=True, slots=True, kw_only=True)
class _OnRecord:
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


class CallEventsView(View):
    async def get(self, call_id: UUID, /) -> EventsAnswer:
        """What the PBX told of the call, message by message, what was concluded and by which rule, and who saw it."""
        of, found, story = await _story(self.request, call_id, "read_events")
        people = await _names(self.request, [story], of.deliveries)
        return _events(call_id, of, found, (story, people))


class CallEventsExportView(View):
    async def get(self, call_id: UUID, /, format: Literal["ami", "json"] = "ami") -> web.StreamResponse:
        """The same without numbers, names and SIP identities: as a stream that ``callcenter replay`` reads, or JSON."""
        of, found, story = await _story(self.request, call_id, "export_events")
        mask = Mask(of.map)
        name = f"call-{call_id}.{format}"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        if format == "ami":
            stream, _left_out = mask.messages(place.message for place in found.places)
            headers["X-Callcenter-Map"] = " ".join(mask.rules)
            return web.Response(body=stream, content_type="application/octet-stream", headers=headers)
        answer = _masked(_events(call_id, of, found, (story, {})), story, mask)
        return web.Response(text=answer.model_dump_json(), content_type="application/json", headers=headers)


class PbxEventsView(View):
    async def get(
        self,
        name: str,
        /,
        at: AwareDatetime | None = None,
        minutes: Annotated[int, Field(ge=1, le=60)] = 10,
        number: Line = "",
        channel: Line = "",
    ) -> SearchAnswer:
        """What came around a moment (now) with a number or on a channel, and why it became no pop or no call."""
        who = require(self.request, Verb.READ_EVENTS)
        app = self.request.app
        if name not in app[SETTINGS].pbx:
            raise NotFound("there is no such PBX")
        if number and not any(c.isalnum() for c in number):
            raise Invalid("a number has digits", fields={"number": "not_allowed"})
        about, half = at or app[CLOCK].now(), timedelta(minutes=minutes)
        asked = Asked(pbx=name, span=(about - half, about + half), number=number.strip(), channel=channel.strip())
        map, roster = await app[DB].write(lambda session: _prepare(session, self.request, asked, who))
        result = await _off_loop(self.request, lambda folder: search.search(folder, asked, map, roster))
        calls = await app[DB].read(lambda session: _calls(session, result.groups, who))
        people = await _names(self.request, [group.story for group in result.groups], ())
        return _result(result, calls, people)


def _prepare(session: Session, request: web.Request, asked: Asked, who: Actor) -> tuple[PbxMap, Roster]:
    kinds = [word for word in ("number", "channel") if getattr(asked, word)]
    audit.record(session, who, "search_events", ("pbx", asked.pbx), request.app[CLOCK].now(), by=kinds)
    map = PbxMap(pbx=asked.pbx, region=request.app[SETTINGS].region, rules=maps.rules(session, asked.pbx))
    return map, reading.roster(session, asked.span)


def _calls(session: Session, groups: Sequence[Group], who: Actor) -> dict[CallKey, _OnRecord]:
    keys = {key for group in groups for key in group.calls}
    found: dict[CallKey, _OnRecord] = {}
    for key in keys:
        there = select(CallRow).where(CallRow.pbx == key.pbx, CallRow.uniqueid == key.uniqueid)
        if (row := session.scalar(there)) is not None:
            mine = session.scalar(visible.narrow(there, who, CallRow)) is not None
            found[key] = _OnRecord(id=row.id, mine=mine, deliveries=reading.deliveries(session, row.id))
    return found


def _result(result: Result, calls: dict[CallKey, _OnRecord], people: dict[UUID, str]) -> SearchAnswer:
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


def _group(group: Group, call: _OnRecord | None, people: dict[UUID, str]) -> GroupAnswer:
    story = group.story
    answers = verdicts(story.call, story.lines, call.deliveries) if call else story.verdicts
    return GroupAnswer(
        at=group.at,
        channel=group.channel,
        call_id=call.id if call else None,
        verdicts=[_verdict(v, people) for v in answers],
        lines=[] if call else [_line(line, people) for line in story.lines],
    )


async def _story(request: web.Request, call_id: UUID, verb: str) -> tuple[Kept, Found, Story]:
    who = require(request, Verb.READ_EVENTS)
    app = request.app
    now = app[CLOCK].now()

    def read(session: Session) -> Kept:
        row = call_list.get(session, call_id, who)
        audit.record(session, who, verb, ("call", str(call_id)), now)
        return reading.kept(session, row, app[SETTINGS].region, now)

    of = await app[DB].write(read)
    found, story = await _off_loop(request, lambda folder: reading.story(folder, of))
    return of, found, story


async def _off_loop(request: web.Request, read: Callable[[Path], T]) -> T:
    journals = request.app[JOURNALS]
    journals.flush()
    try:
        return await asyncio.to_thread(read, journals.folder)
    except OSError as wrong:
        raise Unavailable("what the PBX told cannot be read", code="journal_unreadable") from wrong


async def _names(request: web.Request, stories: Sequence[Story], deliveries: Sequence[Delivery]) -> dict[UUID, str]:
    wanted = reading.agents(stories) | {d.agent for d in deliveries}
    return await request.app[DB].read(lambda session: reading.names(session, wanted))


def _events(call_id: UUID, of: Kept, found: Found, told: tuple[Story, dict[UUID, str]]) -> EventsAnswer:
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


def _masked(answer: EventsAnswer, story: Story, mask: Mask) -> EventsAnswer:
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


def provide(app: web.Application, journals: Journals) -> None:
    """Hands the routes what they read."""
    app[JOURNALS] = journals


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/events", CallEventsView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/events/export", CallEventsExportView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/events", PbxEventsView)
