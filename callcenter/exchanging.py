"""Importing and exporting from the command line: the same parts as the web app's, beside a running service.

Batches are short transactions under the database's own lock. What is broken off here, the service takes up.
"""

from __future__ import annotations

import asyncio
import sys
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal
from uuid import UUID

from callcenter.clock import SystemClock
from callcenter.commands import database
from callcenter.config import Settings
from callcenter.crm import audit, call_list
from callcenter.crm.exchange import api_exports, book, columns, export, words
from callcenter.crm.exchange.decide import Namesakes
from callcenter.crm.exchange.decide import Rule as Known
from callcenter.crm.exchange.export import CallSource, CustomerSource, Source, Workbook
from callcenter.crm.exchange.importer import Importer
from callcenter.crm.exchange.lines import Shelf
from callcenter.crm.models.imports import Import
from callcenter.crm.rights import Actor, UserRole
from callcenter.db import Database
from callcenter.errors import Invalid, Refused
from callcenter.ids import new_id

_NOBODY: Final = Actor(
    id=UUID(int=0), role=UserRole.ADMIN, username="", display_name="", language="en", session=UUID(int=0)
)
_LOOK_SECONDS: Final = 0.5
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """``known``: the rule for customers who are known already, ``namesakes`` for those by name alone; ``columns`` are
    ``HEADING=FIELD``; empty ``region``: that of the settings; ``check``: write nothing."""

    known: str
    namesakes: str = "create"
    region: str = ""
    columns: Sequence[str] = ()
    check: bool = False


async def import_customers(settings: Settings, file: Path, wish: Wish, tell: Tell) -> int:
    """Imports the file; how many rows were refused. Raises Invalid, Refused."""
    async with _importer(settings) as (db, importer):
        id, clock = await _taken(db, importer, file, settings), SystemClock()
        row = await _read(db, id)
        mapping = _mapping(row, wish.columns)
        plan = book.Plan(mapping=mapping, rule=Known(wish.known), region=wish.region or settings.region)
        await db.write(lambda s: book.plan(s, id, None, plan))
        named = [f"{heading} = {field}" for heading, field in zip(row.columns, mapping, strict=True) if field]
        tell(f"{row.rows} rows; {'; '.join(named)}")
        row = await _finished(db, importer, id, tell)
        counts = row.findings.get("counts", {})
        tell("checked: " + ", ".join(f"{count} {name}" for name, count in sorted(counts.items())))
        for code, count in sorted(row.findings.get("doubts", {}).items()):
            tell(f"  {count} × {words.reason(code, 'en')}")
        if wish.check:
            await db.write(lambda s: book.discard(s, id, None, clock.now()))
            importer.shelf.drop(id)
            return int(counts.get("refused", 0))
        await db.write(lambda s: book.run(s, id, None, clock.now(), Namesakes(wish.namesakes)))
        row = await _finished(db, importer, id, tell)
        tell("done: " + ", ".join(f"{count} {fate}" for fate, count in sorted(row.counts.items())))
        tell(f"to take it back: callcenter import undo {id}")
        return row.counts.get("refused", 0)


async def undo_import(settings: Settings, id: UUID, tell: Tell) -> None:
    """Takes an import back. Raises NotFound, Refused."""
    async with _importer(settings) as (db, importer):
        await db.write(lambda s: book.undo(s, id, None, SystemClock().now()))
        row = await _finished(db, importer, id, tell)
        tell("undone: " + ", ".join(f"{count} {how}" for how, count in sorted(row.undo_counts.items())))


async def export_to(settings: Settings, kind: Literal["customers", "calls"], file: Path, text: str) -> int:
    """Writes a CSV or XLSX file, by its ending; how many rows. Raises Invalid."""
    if file.suffix not in (".csv", ".xlsx"):
        raise Invalid("the file must end in .csv or .xlsx", fields={"file": "not_allowed"})
    async with database(settings) as db:
        source: Source = CustomerSource(actor=_NOBODY, text=text, region=settings.region)
        if kind == "calls":
            wanted = call_list.conditions(call_list.Filter(number=text), _NOBODY, settings.region)
            source = CallSource(actor=_NOBODY, wanted=wanted)
        now = SystemClock().now()
        told: dict[str, Any] = {"format": file.suffix[1:], "filters": ["q"] if text else []}
        await db.write(lambda s: audit.record(s, None, "export", (kind, ""), now, **told))
        return await (_to_workbook if file.suffix == ".xlsx" else _to_csv)(db, source, file)


async def _to_csv(db: Database, source: Source, file: Path) -> int:
    rows = 0
    with file.open("wb") as out:
        out.write(b"\xef\xbb\xbf" + export.csv_lines([source.headings("en")]))
        async for page in api_exports.pages(db, source):
            rows += len(page)
            out.write(export.csv_lines(page))
    return rows


async def _to_workbook(db: Database, source: Source, file: Path) -> int:
    rows, book = 0, Workbook(file, source.headings("en"))
    async for page in api_exports.pages(db, source):
        rows += len(page)
        book.add(page)
    book.close()
    return rows


@asynccontextmanager
async def _importer(settings: Settings) -> AsyncIterator[tuple[Database, Importer]]:
    async with database(settings) as db:
        yield db, Importer(db, SystemClock(), Shelf(folder=settings.state / "imports"))


async def _taken(db: Database, importer: Importer, file: Path, settings: Settings) -> UUID:
    shelf, clock = importer.shelf, SystemClock()
    id = new_id()
    await shelf.receive(id, _pieces(file))
    found = await shelf.convert(id) | {"region": settings.region}
    return await db.write(lambda s: book.begin(s, id, file.name, found, (None, clock.now())))


async def _pieces(file: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(file.open, "rb") as opened:
        while piece := await asyncio.to_thread(opened.read, 256 * 1024):
            yield piece


async def _read(db: Database, id: UUID) -> Import:
    return await db.read(lambda s: book.get(s, id, None))


async def _finished(db: Database, importer: Importer, id: UUID, tell: Tell) -> Import:
    """Works at it, or watches the running service do so, until it rests. Raises Refused when it failed."""
    async with asyncio.TaskGroup() as group:
        work = group.create_task(_work(db, importer, id))
        while not work.done():
            await asyncio.wait([work], timeout=_LOOK_SECONDS * 4)
            row = await _read(db, id)
            if sys.stderr.isatty():
                tell(f"  {row.state} {row.row} of {row.rows}")
    row = await _read(db, id)
    if row.state == "failed":
        raise Refused(f"the import stopped: {row.error}", code=row.error)
    return row


async def _work(db: Database, importer: Importer, id: UUID) -> None:
    while (await _read(db, id)).state in book.WORKING:
        if not await importer.work(id):
            await asyncio.sleep(_LOOK_SECONDS)


def _mapping(row: Import, given: Sequence[str]) -> list[str]:
    mapping = list(row.mapping)
    for one in given:
        heading, equals, field = one.rpartition("=")
        if not equals or heading not in row.columns or field not in ("", *columns.FIELDS):
            known = ", ".join(columns.FIELDS)
            raise Invalid(f"--column is HEADING=FIELD with a heading of the file and one of {known}", fields={})
        mapping[row.columns.index(heading)] = field
    return mapping
