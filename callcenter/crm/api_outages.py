"""When a PBX could not be heard, and what was found of those times in what it wrote itself."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from aiohttp import web
from pydantic import ConfigDict, Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Limit, Line, View, cursor, read_cursor
from callcenter.crm import audit, outages
from callcenter.crm.access import require
from callcenter.crm.models.outages import OutageRow
from callcenter.crm.outages import OutageState
from callcenter.crm.rights import Verb
from callcenter.errors import NotFound
from callcenter.events import GapCause
from callcenter.news import OutageWanted


class OutageAnswer(Answer):
    """``calls``: how many were found, or completed. ``code`` is stable and translated by the browser, ``remedy`` is for
    the administrator. ``next_at``: when it is read next, null: never again."""

    model_config = ConfigDict(serialize_by_alias=True, populate_by_name=True)
    id: UUID
    from_: datetime = Field(alias="from")
    to: datetime
    cause: GapCause
    state: OutageState
    calls: int
    code: str
    remedy: str
    tries: int
    read_at: datetime | None
    next_at: datetime | None


class OutageList(Answer):
    items: list[OutageAnswer]
    next_cursor: str | None


class OutagesView(View):
    async def get(self, name: str, /, limit: Limit = 20, cursor: Line = "") -> OutageList:
        """The times in which a PBX was not listened to, the newest first."""
        require(self.request, Verb.SEE_FLOOR)
        if name not in self.request.app[SETTINGS].pbx:
            raise NotFound("there is no such PBX")
        after = read_cursor(cursor)
        return await self.request.app[DB].read(lambda s: _page(s, name, limit, after))


class OutageReadingView(View):
    async def post(self, outage_id: UUID, /) -> web.Response:
        """Has what the PBX wrote of that time read now."""
        app, who = self.request.app, require(self.request, Verb.EDIT_PBX)
        now = app[CLOCK].now()

        def ask(session: Session) -> str:
            pbx = outages.again(session, outage_id, now)
            audit.record(session, who, "read_outage", ("outage", str(outage_id)), now, pbx=pbx)
            return pbx

        await app[BUS].publish(OutageWanted(pbx=await app[DB].write(ask)))
        return web.Response(status=202)


def _page(session: Session, pbx: str, limit: int, after: tuple[datetime | None, UUID] | None) -> OutageList:
    rows, calls = outages.page(session, pbx, limit, after)
    shown = rows[:limit]
    go_on = cursor(shown[-1].to_at, shown[-1].id) if len(rows) > limit else None
    return OutageList(items=[_told(row, calls[row.id]) for row in shown], next_cursor=go_on)


def _told(row: OutageRow, calls: int) -> OutageAnswer:
    names = ("id", "cause", "state", "code", "remedy", "tries", "read_at", "next_at")
    told = {name: getattr(row, name) for name in names}
    return OutageAnswer.model_validate(told | {"from": row.from_at, "to": row.to_at, "calls": calls})


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx/{{name}}/outages", OutagesView)
    app.router.add_view(f"{ROOT}/outages/{{outage_id}}/reading", OutageReadingView)
