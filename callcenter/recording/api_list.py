"""The list of recordings."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import DB, ROOT, Answer, Limit, Line, View, cursor, read_cursor
from callcenter.crm import queues, recording_list
from callcenter.crm.access import require
from callcenter.crm.api_calls import Before, Began
from callcenter.crm.card_views import CustomerBrief, briefs_of, display
from callcenter.crm.models.customers import PhoneNumber
from callcenter.crm.recording_list import Filter, Found
from callcenter.crm.rights import Actor, Verb
from callcenter.events import Direction


class ListedRecording(Answer):
    """A recording with what tells its call apart. ``state`` and ``error`` as for one alone; ``transcript_state``: none,
    waiting, done, failed or off."""

    id: UUID
    call_id: UUID
    pbx: str
    started_at: datetime
    duration_s: float
    channels: int
    state: str
    error: str
    transcript_state: str
    direction: Direction
    number_display: str
    withheld: bool
    customer: CustomerBrief | None
    agents: list[str]
    queue: str
    queue_label: str


class RecordingPage(Answer):
    items: list[ListedRecording]
    next_cursor: str | None


class RecordingsView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        from_: Began = None,
        to_: Before = None,
        agent: UUID | None = None,
        queue: Line = "",
        pbx: Line = "",
        direction: Direction | None = None,
        transcript: bool | None = None,
        fault: Line = "",
        min_s: Annotated[float, Field(ge=0, le=86_400)] = 0.0,
        limit: Limit = 50,
        cursor: Line = "",
    ) -> RecordingPage:
        """Recordings that one may hear, the newest first. ``fault``: a code, or ``any``."""
        who, after = require(self.request, Verb.LISTEN), read_cursor(cursor)
        wanted = Filter(
            began=from_,
            before=to_,
            agent=agent,
            queue=queue,
            pbx=pbx,
            direction=direction or "",
            transcript=transcript,
            fault=fault,
            least_s=min_s,
        )
        return await self.request.app[DB].read(lambda s: _page(s, wanted, who, limit, after))


def _page(
    session: Session, wanted: Filter, who: Actor, limit: int, after: recording_list.PageKey | None
) -> RecordingPage:
    found = recording_list.page(session, wanted, who, limit, after)
    shown = found[:limit]
    cards = briefs_of(session, [one.call.customer_id for one in shown if one.call.customer_id], who)
    ids = {one.call.number_id for one in shown if one.call.number_id}
    numbers = session.execute(select(PhoneNumber.id, PhoneNumber.e164).where(PhoneNumber.id.in_(ids)))
    read = {number: e164 for number, e164 in numbers if e164}
    labels = queues.labels(session)
    last = shown[-1].recording if len(found) > limit else None
    return RecordingPage(
        items=[_listed(one, cards, read, labels) for one in shown],
        next_cursor=cursor(last.started_at, last.id) if last else None,
    )


def _listed(
    one: Found, cards: dict[UUID, CustomerBrief], read: dict[UUID, str], labels: dict[tuple[str, str], str]
) -> ListedRecording:
    row, call = one.recording, one.call
    names = ("id", "call_id", "pbx", "started_at", "duration_s", "channels", "state", "error")
    raw = "" if call.withheld else call.number_read or call.number_raw
    return ListedRecording(
        **{name: getattr(row, name) for name in names},
        transcript_state=one.transcript,
        direction=Direction(call.direction),
        number_display=display(raw, read.get(call.number_id) if call.number_id else None) if raw else "",
        withheld=call.withheld,
        customer=cards.get(call.customer_id) if call.customer_id else None,
        agents=list(one.agents),
        queue=one.queue,
        queue_label=labels.get((call.pbx, one.queue), ""),
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/recordings", RecordingsView)
