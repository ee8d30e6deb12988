"""Listening: ranges as browsers ask for them, who may, and the line on the audit trail."""

from __future__ import annotations

import io
import zipfile
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote
from uuid import UUID

import obstore
import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import update
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.crm import access, api_session, sessions, users
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.office import Audit
from callcenter.crm.sessions import Visitor
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.recording import api as recording_api
from callcenter.recording import api_course, api_list, api_listening
from callcenter.recording.api import part
from callcenter.recording.capture import open_store

NOW = datetime(2026, 11, 24, 9, tzinfo=UTC)
SOUND = bytes(range(256)) * 4096


class Archive:
    """One stored recording of Anna's call, and people who would like to hear it."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db = db
        self.store = open_store(folder.as_uri())
        self.folder, self.recording = folder, new_id()
        self.people: dict[str, UUID] = {}
        self.tokens: dict[str, str] = {}
        app = web.Application(middlewares=[api.problems, api.own_pages_only, access.authenticate])
        app[api.SETTINGS], app[api.CLOCK], app[api.DB] = Settings(), SystemClock(), db
        api_session.add_routes(app)
        recording_api.add_routes(app)
        api_listening.add_routes(app)
        api_course.add_routes(app)
        api_list.add_routes(app)
        recording_api.provide(app, self.store)
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))

    async def fill(self) -> None:
        await obstore.put_async(self.store, "2026/11/24/1.wav", SOUND)
        for name, role in (("anna", "agent"), ("boris", "agent"), ("olga", "supervisor")):
            await self._hire(name, role)
        await self.db.write(self._record)
        await self.client.start_server()

    async def _hire(self, name: str, role: str) -> None:
        def write(session: Session) -> tuple[UUID, str]:
            user = users.create(session, {"username": name, "role": role}, "no password", NOW)
            return user.id, sessions.begin(session, user, Visitor(address="", software=""), datetime.now(UTC))

        self.people[name], self.tokens[name] = await self.db.write(write)

    def _record(self, session: Session) -> None:
        call = CallRow(id=new_id(), pbx="main", uniqueid="1.1", direction="inbound", state="ended", number_raw="1")
        call.withheld, call.started_at = False, NOW
        session.add(call)
        session.flush()
        part = SegmentRow(call_id=call.id, seq=0, device="PJSIP/101", leg="1.2", role="owner", via="queue")
        part.agent_id, part.answered_at = self.people["anna"], NOW
        row = RecordingRow(id=self.recording, call_id=call.id, pbx="main", path="1.wav", state="stored")
        row.started_at, row.store_key, row.size, row.sha256 = NOW, "2026/11/24/1.wav", len(SOUND), "abc"
        session.add_all([part, row])

    async def ask(self, name: str = "anna", what: str = "/audio", **headers: str) -> ClientResponse:
        return await self.get(name, f"/recordings/{self.recording}{what}", **headers)

    async def get(self, name: str, path: str, **headers: str) -> ClientResponse:
        headers = {k.replace("_", "-"): v for k, v in headers.items()}
        cookie = {"Cookie": f"{access.COOKIE}={self.tokens[name]}"}
        return await self.client.get(f"/api/v1{path}", headers={**cookie, **headers})

    async def listened(self) -> list[str]:
        rows = await self.db.read(lambda s: s.query(Audit).filter(Audit.verb == "listen").all())
        return [row.actor_name for row in rows]


@pytest.fixture
async def archive(db: Database, tmp_path: Path) -> AsyncIterator[Archive]:
    archive = Archive(db, tmp_path / "store")
    await archive.fill()
    yield archive
    await archive.client.close()


async def test_the_whole_recording(archive: Archive) -> None:
    answer = await archive.ask()
    assert (answer.status, await answer.read()) == (200, SOUND)
    headers = answer.headers
    assert (headers["Content-Type"], headers["Accept-Ranges"], headers["ETag"]) == ("audio/wav", "bytes", '"abc"')
    assert headers["Cache-Control"].startswith("private")
    assert headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize(
    ("asked", "start", "end"),
    [
        ("bytes=0-1", 0, 2),
        ("bytes=1000-", 1000, len(SOUND)),
        ("bytes=-500", len(SOUND) - 500, len(SOUND)),
        ("bytes=0-99999999", 0, len(SOUND)),
        ("bytes=300000-900000", 300_000, 900_001),
    ],
)
async def test_parts_as_browsers_ask_for_them(archive: Archive, asked: str, start: int, end: int) -> None:
    answer = await archive.ask(Range=asked)
    assert (answer.status, await answer.read()) == (206, SOUND[start:end])
    assert answer.headers["Content-Range"] == f"bytes {start}-{end - 1}/{len(SOUND)}"


async def test_behind_the_end_there_is_nothing(archive: Archive) -> None:
    answer = await archive.ask(Range="bytes=99999999-")
    assert (answer.status, answer.headers["Content-Range"]) == (416, f"bytes */{len(SOUND)}")
    assert (await answer.json())["code"] == "range_not_satisfiable"


@pytest.mark.parametrize("asked", ["bytes=0-1,5-6", "bytes=5-2", "bytes=-", "lines=1-2", "bytes=" + "9" * 5000 + "-"])
def test_nonsense_is_answered_with_everything(asked: str) -> None:
    found = part(asked, 100)
    assert found is not None
    assert found.whole


async def test_a_part_of_another_version_is_not_mixed_in(archive: Archive) -> None:
    same = await archive.ask(Range="bytes=0-1", If_Range='"abc"')
    other = await archive.ask(Range="bytes=0-1", If_Range='"old"')
    assert (same.status, other.status) == (206, 200)
    assert (await archive.ask(If_None_Match='"abc"')).status == 304


async def test_agents_hear_their_own_calls_supervisors_all(archive: Archive) -> None:
    assert (await archive.ask("anna")).status == 200
    assert (await archive.ask("boris")).status == 404
    assert (await archive.ask("olga")).status == 200
    assert (await archive.ask("boris", what="")).status == 404
    await archive.db.write(lambda s: s.execute(update(SegmentRow).values(agent_id=archive.people["boris"])))
    assert (await archive.ask("anna")).status == 404


async def test_one_line_a_listening_whatever_the_player_asks_for(archive: Archive) -> None:
    for asked in ("bytes=0-1", "bytes=0-", "bytes=500000-", "bytes=700000-"):
        await (await archive.ask(Range=asked)).read()
    await (await archive.ask("olga", Range="bytes=1-")).read()
    assert sorted(await archive.listened()) == ["anna", "olga"]


@pytest.mark.parametrize("state", ["waiting", "missing", "empty", "refused"])
async def test_no_sound_says_why(archive: Archive, state: str) -> None:
    def change(session: Session) -> None:
        session.get_one(RecordingRow, archive.recording).state = state

    await archive.db.write(change)
    answer = await archive.ask()
    assert (answer.status, (await answer.json())["code"]) == (409, f"recording_{state}")
    known: dict[str, Any] = await (await archive.ask(what="")).json()
    assert known["state"] == state


async def test_a_store_that_is_away_is_unavailable(archive: Archive) -> None:
    await obstore.delete_async(archive.store, "2026/11/24/1.wav")
    assert (await archive.ask()).status == 503


async def test_unknown_recordings_are_not_found(archive: Archive) -> None:
    archive.recording = new_id()
    assert (await archive.ask()).status == 404


async def test_a_call_of_two_files_is_one_course_and_one_archive(archive: Archive) -> None:
    def talk_again(session: Session) -> None:
        first = session.get_one(RecordingRow, archive.recording)
        first.duration_s = 20.0
        more = RecordingRow(id=new_id(), call_id=first.call_id, pbx="main", path="2.wav", state="stored")
        more.started_at, more.duration_s = NOW + timedelta(seconds=30), 10.0
        more.store_key, more.size, more.sha256 = first.store_key, len(SOUND), "def"
        lost = RecordingRow(call_id=first.call_id, pbx="main", path="3.wav", state="missing", error="not_found")
        lost.started_at = NOW + timedelta(seconds=50)
        session.add_all([more, lost])

    await archive.db.write(talk_again)
    call = await archive.db.read(lambda s: s.get_one(RecordingRow, archive.recording).call_id)
    told = await (await archive.get("olga", f"/calls/{call}/course")).json()
    assert [(one["at_s"], one["start_s"], one["seconds"]) for one in told["pieces"]] == [(0, 0, 20), (30, 0, 10)]
    assert (told["duration_s"], [part["error"] for part in told["parts"]]) == (40, ["", "", "not_found"])
    whole = await archive.get("olga", f"/calls/{call}/recordings.zip")
    with zipfile.ZipFile(io.BytesIO(await whole.read())) as files:
        names = [name.filename for name in files.infolist()]
        assert names == ["1-2026-11-24T090000Z.wav", "2-2026-11-24T090030Z.wav"]
        assert [files.read(name) for name in names] == [SOUND, SOUND]
    assert (await archive.get("boris", f"/calls/{call}/course")).status == 404
    assert (await archive.get("anna", f"/calls/{call}/recordings.zip")).status == 403
    trail = await archive.db.read(lambda s: [row.verb for row in s.query(Audit).filter(Audit.verb == "download")])
    assert trail == ["download", "download"]


async def test_the_list_holds_what_one_may_hear_and_is_narrowed_page_by_page(archive: Archive) -> None:
    def more(session: Session) -> None:
        first = session.get_one(RecordingRow, archive.recording)
        for n, error in enumerate(("repaired", "not_found", "not_found"), 1):
            row = RecordingRow(id=new_id(), call_id=first.call_id, pbx="main", path=f"{n}0.wav", error=error)
            row.state, row.duration_s = "stored" if n == 1 else "missing", 10.0 * n
            row.started_at = NOW + timedelta(minutes=n)
            session.add(row)

    await archive.db.write(more)

    async def listed(who: str, query: str = "") -> list[dict[str, Any]]:
        answer: dict[str, Any] = await (await archive.get(who, f"/recordings?{query}")).json()
        items: list[dict[str, Any]] = answer["items"]
        if answer["next_cursor"]:
            items += await listed(who, f"{query.partition('&cursor=')[0]}&cursor={quote(answer['next_cursor'])}")
        return items

    everything = await listed("olga", "limit=1")
    assert [one["started_at"][11:16] for one in everything] == ["09:03", "09:02", "09:01", "09:00"]
    assert everything[-1]["id"] == str(archive.recording)
    assert (everything[-1]["agents"], everything[-1]["transcript_state"]) == (["anna"], "none")
    assert (len(await listed("anna")), await listed("boris")) == (4, [])
    assert [one["error"] for one in await listed("olga", "fault=any&min_s=15&limit=1")] == ["not_found", "not_found"]
    assert len(await listed("olga", "fault=repaired&direction=inbound&transcript=false")) == 1
    assert await listed("olga", "transcript=true") == await listed("olga", f"agent={archive.people['boris']}") == []
    assert len(await listed("olga", "from=2026-11-24T09:01:00Z&to=2026-11-24T09:03:00Z")) == 2
