"""Why a call did or did not pop, and what came of callers who became no call. Every look is on the audit trail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Literal, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.ami.slices import Found
from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Line, View
from callcenter.crm import audit, call_list, maps, visible
from callcenter.crm.access import require
from callcenter.crm.models.calls import CallRow
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import Invalid, NotFound, Unavailable
from callcenter.events import CallKey
from callcenter.explaining import reading, search
from callcenter.explaining.answers import EventsAnswer, OnRecord, SearchAnswer, events, masked, searched
from callcenter.explaining.masking import Mask
from callcenter.explaining.reading import Kept
from callcenter.explaining.search import Asked, Group
from callcenter.explaining.story import Delivery, Story
from callcenter.pbxmap import PbxMap
from callcenter.roster import Roster

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Journals:
    """Where what the PBXs told is kept; ``flush`` writes what is still in memory."""

    folder: Path
    flush: Callable[[], None]


JOURNALS: web.AppKey[Journals] = web.AppKey("journals", Journals)


class CallEventsView(View):
    async def get(self, call_id: UUID, /) -> EventsAnswer:
        """What the PBX told of the call, message by message, what was concluded and by which rule, and who saw it."""
        of, found, story = await _story(self.request, call_id, "read_events")
        people = await _names(self.request, [story], of.deliveries)
        return events(call_id, of, found, (story, people))


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
        answer = masked(events(call_id, of, found, (story, {})), story, mask)
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
        return searched(result, calls, people)


def _prepare(session: Session, request: web.Request, asked: Asked, who: Actor) -> tuple[PbxMap, Roster]:
    kinds = [word for word in ("number", "channel") if getattr(asked, word)]
    audit.record(session, who, "search_events", ("pbx", asked.pbx), request.app[CLOCK].now(), by=kinds)
    map = PbxMap(pbx=asked.pbx, region=request.app[SETTINGS].region, rules=maps.rules(session, asked.pbx))
    return map, reading.roster(session, asked.span)


def _calls(session: Session, groups: Sequence[Group], who: Actor) -> dict[CallKey, OnRecord]:
    keys = {key for group in groups for key in group.calls}
    found: dict[CallKey, OnRecord] = {}
    for key in keys:
        there = select(CallRow).where(CallRow.pbx == key.pbx, CallRow.uniqueid == key.uniqueid)
        if (row := session.scalar(there)) is not None:
            mine = session.scalar(visible.narrow(there, who, CallRow)) is not None
            found[key] = OnRecord(id=row.id, mine=mine, deliveries=reading.deliveries(session, row.id))
    return found


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


def provide(app: web.Application, journals: Journals) -> None:
    """Hands the routes what they read."""
    app[JOURNALS] = journals


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/events", CallEventsView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/events/export", CallEventsExportView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/events", PbxEventsView)
