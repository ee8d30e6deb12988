"""Exporting what the lists show, streamed: the same filters, the same rights, and a line on the trail."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, Field

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Line, View
from callcenter.call import OutcomeState, Result, State
from callcenter.crm import audit, call_list
from callcenter.crm.access import actor, require
from callcenter.crm.call_list import Filter
from callcenter.crm.counted_calls import Figure, ShortAsked, shorts
from callcenter.crm.customers import Only
from callcenter.crm.exchange import export
from callcenter.crm.exchange.export import CallSource, CustomerSource, Source, Workbook
from callcenter.crm.rights import Verb
from callcenter.db import Database
from callcenter.events import Direction

Format = Literal["csv", "xlsx"]
TYPES: Final = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}
Began = Annotated[AwareDatetime | None, Field(alias="from")]
Before = Annotated[AwareDatetime | None, Field(alias="to")]


class CustomersExportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        format: Format = "csv",
        q: Line = "",
        status: Line = "",
        tag: Line = "",
        kind: Line = "",
        owner: UUID | None = None,
        team: UUID | None = None,
        field: Line = "",
        value: Line = "",
    ) -> web.StreamResponse:
        """The cards that the list shows under the same search."""
        who = require(self.request, Verb.EXPORT)
        only = Only(status=status, tag=tag, kind=kind, owner=owner, team=team, field=field, value=value)
        own = await self.request.app[DB].read(export.own_columns)
        source = CustomerSource(actor=who, text=q, region=self.request.app[SETTINGS].region, only=only, own=own)
        return await _send(self.request, "customers", format, source)


class CallsExportView(View):
    async def get(  # noqa: PLR0913 - the query's names are the parameters' names
        self,
        format: Format = "csv",
        state: State | None = None,
        result: Result | None = None,
        agent: UUID | None = None,
        queue: Line = "",
        number: Line = "",
        pbx: Line = "",
        from_: Began = None,
        to_: Before = None,
        direction: Direction | None = None,
        figure: Figure | None = None,
        short_s: ShortAsked = None,
        outcome: Line = "",
        settled: OutcomeState | None = None,
    ) -> web.StreamResponse:
        """The calls that the list shows under the same filters."""
        who = require(self.request, Verb.EXPORT)
        wanted = Filter(
            state=state,
            result=result,
            agent=agent,
            queue=queue,
            number=number,
            pbx=pbx,
            began=from_,
            before=to_,
            direction=direction,
            figure=figure,
            outcome=outcome,
            settled=settled,
            shorts=await shorts(self.request.app[DB], figure, short_s),
        )
        conditions = call_list.conditions(wanted, who, self.request.app[SETTINGS].region)
        return await _send(self.request, "calls", format, CallSource(actor=who, wanted=conditions))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/exports/customers", CustomersExportView)
    app.router.add_view(f"{ROOT}/exports/calls", CallsExportView)


async def _send(request: web.Request, kind: str, format: Format, source: Source) -> web.StreamResponse:
    """The trail is written before the first row leaves: an export that is broken off is one too."""
    app, who = request.app, actor(request)
    now = app[CLOCK].now()
    filters = sorted(name for name, value in request.query.items() if value and name != "format")
    told: dict[str, Any] = {"format": format, "filters": filters}
    await app[DB].write(lambda s: audit.record(s, who, "export", (kind, ""), now, **told))
    response = web.StreamResponse()
    response.content_type = TYPES[format]
    response.headers["Content-Disposition"] = f'attachment; filename="{kind}-{now:%Y-%m-%d}.{format}"'
    if format == "xlsx":
        sent = await _workbook(request, response, source)
    else:
        response.charset = "utf-8"
        await response.prepare(request)
        await response.write(b"\xef\xbb\xbf" + export.csv_lines([source.headings(who.language)]))
        sent = 0
        async for rows in pages(app[DB], source):
            sent += len(rows)
            await response.write(await asyncio.to_thread(export.csv_lines, rows))
    await app[DB].write(lambda s: audit.record(s, who, "exported", (kind, ""), app[CLOCK].now(), rows=sent))
    return response


async def pages(db: Database, source: Source) -> AsyncIterator[list[list[str]]]:
    """Page after page; in between others read too."""
    cursor: str | None = ""
    sent = 0
    while cursor is not None and sent < export.MOST:
        at = cursor
        page = await db.study(lambda s, at=at: source.page(s, at))  # type: ignore[misc]
        sent += len(page.rows)
        yield page.rows
        cursor = page.next


async def _workbook(request: web.Request, response: web.StreamResponse, source: Source) -> int:
    """A workbook is a packed archive: it can only be sent when it is whole."""
    sent = 0
    with tempfile.TemporaryDirectory(prefix="callcenter-export-") as folder:
        file = Path(folder) / "export.xlsx"
        book = await asyncio.to_thread(Workbook, file, source.headings(actor(request).language))
        async for rows in pages(request.app[DB], source):
            sent += len(rows)
            await asyncio.to_thread(book.add, rows)
        await asyncio.to_thread(book.close)
        await response.prepare(request)
        with file.open("rb") as opened:
            while piece := await asyncio.to_thread(opened.read, 256 * 1024):
                await response.write(piece)
    return sent
