"""Importing customers: the sheet, how it is read, what it would make, making it, and taking it back."""

from __future__ import annotations

import asyncio
import csv
import io
from dataclasses import replace
from typing import Annotated, Final, Literal
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, Body, Limit, Line, View, creates
from callcenter.crm.access import actor, require
from callcenter.crm.exchange import answers, book, words
from callcenter.crm.exchange.answers import ImportAnswer, ImportedRows, SheetPreview
from callcenter.crm.exchange.cells import safe
from callcenter.crm.exchange.decide import Namesakes, Rule
from callcenter.crm.exchange.importer import Importer
from callcenter.crm.models.imports import Import
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import Invalid
from callcenter.ids import new_id

IMPORTER: web.AppKey[Importer] = web.AppKey("importer", Importer)
_SHOWN: Final = 50
_NAMED: Final = 500
_LISTED: Final = 100
Region = Annotated[str, Field(pattern="^[A-Z]{2}$")]
Fate = Literal["", "created", "updated", "skipped", "refused", "kept"]


class PlanBody(Body):
    """A field for each column, ``""`` for none."""

    mapping: list[Line] = Field(max_length=200)
    rule: Rule
    region: Region


class Imports(Answer):
    items: list[ImportAnswer]


class ImportsView(View):
    async def _readable(self) -> None:
        """The body is the file itself."""

    async def get(self) -> Imports:
        """The last hundred: one's own, for administrators everybody's."""
        who, app = require(self.request, Verb.IMPORT), self.request.app
        wanted = select(Import).where(book.whose(who)).order_by(Import.id.desc()).limit(_LISTED)
        now = app[CLOCK].now()
        return await app[DB].read(lambda s: Imports(items=[answers.answer(s, r, now) for r in s.scalars(wanted)]))

    @creates
    async def post(self, filename: Line = "") -> ImportAnswer:
        """Takes a CSV, XLSX, XLS or ODS file as the body, and proposes what its columns mean."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        shelf, id = app[IMPORTER].shelf, new_id()
        await shelf.receive(id, self.request.content.iter_chunked(256 * 1024))
        found = await shelf.convert(id) | {"region": app[SETTINGS].region}
        now = app[CLOCK].now()
        await app[DB].write(lambda s: book.begin(s, id, filename, found, (who, now)))
        return await _read(self.request, id)


class ImportView(View):
    async def get(self, import_id: UUID, /) -> ImportAnswer:
        """How far it is."""
        require(self.request, Verb.IMPORT)
        return await _read(self.request, import_id)

    async def delete(self, import_id: UUID, /) -> None:
        """Forgets a file that was not imported."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        now = app[CLOCK].now()
        await app[DB].write(lambda s: book.discard(s, import_id, who, now))
        app[IMPORTER].shelf.drop(import_id)


class PlanView(View):
    async def put(self, import_id: UUID, /, body: PlanBody) -> ImportAnswer:
        """Sets how the columns are read and what is done with known customers; the file is checked again."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        wanted = book.Plan(mapping=body.mapping, rule=body.rule, region=body.region)
        await app[DB].write(lambda s: book.plan(s, import_id, who, wanted))
        app[IMPORTER].wake()
        return await _read(self.request, import_id)


class PreviewView(View):
    async def get(self, import_id: UUID, /, region: Region | None = None, mapping: Line = "") -> SheetPreview:
        """The first rows as they would be taken, every doubtful cell of the file, up to 500, and rows whose name a
        customer bears already, up to 100. With ``mapping``
        (fields joined by commas) and ``region``: as they would be under another plan."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        row, kept = await app[DB].read(lambda s: book.with_reading(s, import_id, who))
        given = mapping.split(",") if mapping else row.mapping
        if len(given) != len(row.columns):
            raise Invalid("a field for each column", fields={"mapping": "wrong_length"})
        reading = replace(kept, mapping=tuple(given), region=region or row.region)
        shelf = app[IMPORTER].shelf
        rows, _ = await asyncio.to_thread(shelf.rows, row.id, 0, row.about["first"], _SHOWN, reading)
        doubtful = await asyncio.to_thread(answers.doubts, shelf.path(row.id, "doubts"), _NAMED)
        alike = await asyncio.to_thread(answers.namesakes, shelf.path(row.id, "namesakes"), _LISTED)
        return SheetPreview(rows=[answers.row_read(r) for r in rows], doubtful=doubtful, namesakes=alike)


class ImportRunView(View):
    async def post(self, import_id: UUID, /, namesakes: Namesakes = Namesakes.CREATE) -> ImportAnswer:
        """Starts it, or goes on where it was stopped. ``namesakes``: what to do with rows whose name a customer bears
        who shares no number with them; decided at the start."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        now = app[CLOCK].now()
        await app[DB].write(lambda s: book.run(s, import_id, who, now, namesakes))
        app[IMPORTER].wake()
        return await _read(self.request, import_id)


class StopView(View):
    async def post(self, import_id: UUID, /) -> ImportAnswer:
        """Stops it; what is written stays and can be undone."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        now = app[CLOCK].now()
        await app[DB].write(lambda s: book.stop(s, import_id, who, now))
        return await _read(self.request, import_id)


class ImportUndoView(View):
    async def post(self, import_id: UUID, /) -> ImportAnswer:
        """Takes it back: changed cards as they were, new cards away, less what somebody touched since."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        now = app[CLOCK].now()
        await app[DB].write(lambda s: book.undo(s, import_id, who, now))
        app[IMPORTER].wake()
        return await _read(self.request, import_id)


class RowsView(View):
    async def get(self, import_id: UUID, /, fate: Fate = "", limit: Limit = 50, cursor: Line = "") -> ImportedRows:
        """What became of each row."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        if cursor and not (cursor.isascii() and cursor.isdigit() and len(cursor) < 10):
            raise Invalid("this cursor is not one of ours", fields={"cursor": "invalid"})
        after = int(cursor or 0)

        def read(session: Session) -> ImportedRows:
            return answers.rows(session, book.get(session, import_id, who).id, fate, after, limit)

        return await app[DB].read(read)


class LogView(View):
    async def get(self, import_id: UUID, /) -> web.StreamResponse:
        """The refused rows as a sheet: why, what to do, and the row as it stood, to be corrected and imported again."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        row = await app[DB].read(lambda s: book.get(s, import_id, who))
        response = _sheet(f"refused-{row.id}.csv")
        await response.prepare(self.request)
        headings = [words.heading(name, who.language) for name in ("row", "remedy")]
        await response.write(b"\xef\xbb\xbf" + _line([*headings, *row.columns]))
        after: str | None = "0"
        while after is not None:
            start = int(after)
            page = await app[DB].read(lambda s, start=start: answers.rows(s, row.id, "refused", start, 200))  # type: ignore[misc]
            lines = [
                _line([str(one.n), words.reason(one.reason, who.language), *(one.cells or [])]) for one in page.items
            ]
            await response.write(b"".join(lines))
            after = page.next_cursor
        return response


class DoubtsView(View):
    async def get(self, import_id: UUID, /) -> web.StreamResponse:
        """Every doubtful cell as a sheet."""
        app, who = self.request.app, require(self.request, Verb.IMPORT)
        row = await app[DB].read(lambda s: book.get(s, import_id, who))
        found = await asyncio.to_thread(answers.doubts, app[IMPORTER].shelf.path(row.id, "doubts"))
        response = _sheet(f"doubtful-{row.id}.csv")
        await response.prepare(self.request)
        named = [words.heading(name, who.language) for name in ("row", "column", "cell", "read", "remedy")]
        await response.write(b"\xef\xbb\xbf" + _line(named))
        for one in found:
            column = row.columns[one.column] if 0 <= one.column < len(row.columns) else ""
            await response.write(
                _line([str(one.n), column, one.cell, one.read, words.reason(one.reason, who.language)])
            )
        return response


def provide(app: web.Application, importer: Importer) -> None:
    """Hands the routes what they need."""
    app[IMPORTER] = importer


def add_routes(app: web.Application) -> None:
    one = f"{ROOT}/imports/{{import_id}}"
    app.router.add_view(f"{ROOT}/imports", ImportsView)
    app.router.add_view(one, ImportView)
    app.router.add_view(f"{one}/plan", PlanView)
    app.router.add_view(f"{one}/preview", PreviewView)
    app.router.add_view(f"{one}/run", ImportRunView)
    app.router.add_view(f"{one}/stop", StopView)
    app.router.add_view(f"{one}/undo", ImportUndoView)
    app.router.add_view(f"{one}/rows", RowsView)
    app.router.add_view(f"{one}/refused.csv", LogView)
    app.router.add_view(f"{one}/doubtful.csv", DoubtsView)


async def _read(request: web.Request, id: UUID) -> ImportAnswer:
    who: Actor = actor(request)
    now = request.app[CLOCK].now()
    return await request.app[DB].read(lambda s: answers.answer(s, book.get(s, id, who), now))


def _sheet(filename: str) -> web.StreamResponse:
    named = {"Content-Disposition": f'attachment; filename="{filename}"'}
    response = web.StreamResponse(headers=named)
    response.content_type, response.charset = "text/csv", "utf-8"
    return response


def _line(values: list[str]) -> bytes:
    """Semicolons: what a double click opens in the languages that write a comma in numbers."""
    out = io.StringIO()
    csv.writer(out, delimiter=";").writerow([safe(value) for value in values])
    return out.getvalue().encode()
