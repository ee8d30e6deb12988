"""An office with everything that is kept beside the database: a store, a spool, journals; and people to keep it of."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID

from aiohttp import web
from pydantic import SecretStr
from sqlalchemy import inspect, select, text
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.config import Pbx, Recordings
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.privacy import RecordingPolicy
from callcenter.crm.privacy import parts
from callcenter.crm.privacy.erasure import Eraser
from callcenter.crm.privacy.nights import Nights
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.recording.capture import open_store
from callcenter.recording.shelf import Shelf
from tests.crm.office import Caller, Office, open_office
from tests.privacy.allowed import allow_recording
from tests.spine.story import START

SOUND = b"RIFF and so on"
PBX = Pbx(host="127.0.0.1", username="callcenter", secret=SecretStr("x"))
SPOOL = "/var/spool/asterisk/monitor"


@dataclass
class Archive:
    """``spool`` and ``journals`` are folders; ``kept`` is the store's."""

    office: Office
    law: parts.Law
    kept: Path
    spool: Path
    journals: Path

    @property
    def db(self) -> Database:
        return self.office.db

    async def allow(self, *, since: datetime = START - timedelta(days=1000)) -> None:
        await self.db.write(lambda s: allow_recording(s, since))

    async def signed_in(self, username: str, role: str = "agent", extension: str = "") -> Caller:
        """A new person who has signed in, confirmed the notice where there is one, and taken a desk."""
        caller = await self.office.signed_in(username, role)
        notice = (await caller.get("/me/notice")).body
        read = {"version": notice["version"], "language": "en"}
        assert (await caller.post("/me/notice", read)).status == (200 if notice["version"] else 409)
        if extension:
            await self.office.extension(extension)
            assert (await caller.put("/me/extension", {"extension": extension})).status == 200
        return caller

    async def record(self, call: UUID, started_at: datetime, name: str = "") -> UUID:
        """A stored recording of the call, its sound in the store and in the spool."""
        made, name = new_id(), name or str(new_id())

        def write(session: Session) -> None:
            policy = session.scalars(select(RecordingPolicy.id).where(RecordingPolicy.scope == "direct")).one()
            row = RecordingRow(id=made, call_id=call, pbx="main", path=f"{SPOOL}/{name}.wav", state="stored")
            row.started_at, row.store_key, row.size, row.policy_id = started_at, f"{made}.wav", len(SOUND), policy
            session.add(row)

        await self.db.write(write)
        (self.kept / f"{made}.wav").write_bytes(SOUND)
        for side in ("", "-in", "-out"):
            (self.spool / f"{name}{side}.wav").write_bytes(SOUND)
        return made

    async def call(self, started_at: datetime, uniqueid: str = "") -> UUID:
        """A call that is over, of nobody known."""
        row = CallRow(id=new_id(), pbx="main", uniqueid=uniqueid or str(new_id()), direction="inbound", state="ended")
        row.number_raw, row.withheld, row.started_at, row.ended_at = "anonymous", True, started_at, started_at
        await self.db.write(lambda s: s.add(row))
        return row.id

    async def state(self, recording: UUID) -> tuple[str, str]:
        row = await self.db.read(lambda s: s.get_one(RecordingRow, recording))
        return row.state, row.erased_why

    async def where(self, word: str) -> set[str]:
        """The columns of the database, as the database itself lists them, in which the word stands."""
        return await self.db.read(lambda s: _where(s, word.casefold()))

    def files_with(self, word: str) -> set[str]:
        """The files of all folders in which it stands."""
        files = [file for folder in (self.kept, self.spool, self.journals) for file in folder.rglob("*")]
        return {file.name for file in files if word.encode() in file.read_bytes()}


def _where(session: Session, word: str) -> set[str]:
    found: set[str] = set()
    for table in inspect(session.connection()).get_table_names():
        for row in session.execute(text(f'SELECT * FROM "{table}"')).mappings():
            found |= {f"{table}.{column}" for column, value in row.items() if word in str(value).casefold()}
    return found


@asynccontextmanager
async def open_archive(db: Database, folder: Path) -> AsyncIterator[Archive]:
    kept, spool, journals = folder / "store", folder / "monitor", folder / "journal"
    for place in (spool, journals):
        place.mkdir()
    shelf = Shelf(open_store(kept.as_uri()), lambda _pbx: Recordings(spool=spool), journals)
    laws: list[parts.Law] = []

    def prepare(app: web.Application) -> None:
        clock = app[api.CLOCK]
        app[api.SETTINGS] = app[api.SETTINGS].model_copy(update={"state": folder, "pbx": {"main": PBX}})
        eraser = Eraser(db, clock, shelf)
        laws.append(parts.Law(files=shelf, eraser=eraser, nights=Nights(db, clock, shelf, eraser, app[api.BUS])))
        parts.provide(app, laws[0])

    async with open_office(db, prepare=prepare) as office:
        yield Archive(office=office, law=laws[0], kept=kept, spool=spool, journals=journals)
