"""The door for files: whose token it takes, what it refuses, and that nothing comes half or twice."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.clock import SetClock
from callcenter.config import Pbx, Settings
from callcenter.crm import access, upload_tokens, users
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.uploads import UploadRow
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.jobs import Job
from callcenter.recording import api_uploads
from tests.spine.story import START

MONITOR = "/var/spool/asterisk/monitor"
SOUND = b"RIFF" + bytes(3000)


class Door:
    """A product that two PBXs send files to; ``main`` has one recording that waits for its file."""

    def __init__(self, db: Database, folder: Path) -> None:
        self.db, self.clock, self.recording = db, SetClock(at=START), new_id()
        pbx = Pbx(host="pbx", username="u", secret="s")  # type: ignore[arg-type]
        self.settings = Settings(state=folder, pbx={"main": pbx, "branch": pbx})
        self.folder = self.settings.uploads_of("main")
        self.folder.mkdir(parents=True)
        app = web.Application(middlewares=[api.problems, api.own_pages_only, access.authenticate])
        app[api.SETTINGS], app[api.CLOCK], app[api.DB] = self.settings, self.clock, db
        api_uploads.add_routes(app)
        self.client: TestClient[web.Request, web.Application] = TestClient(TestServer(app))

    async def open(self) -> None:
        def write(session: Session) -> None:
            admin = users.create(session, {"username": "root", "role": "admin"}, "no password", START)
            call = CallRow(id=new_id(), pbx="main", uniqueid="1.1", direction="inbound", state="ended", number_raw="1")
            call.withheld, call.started_at, call.ended_at = False, START, START
            session.add(call)
            session.flush()
            row = RecordingRow(id=self.recording, call_id=call.id, pbx="main", path=f"{MONITOR}/1.wav", state="missing")
            row.started_at = START
            session.add(row)
            upload_tokens.make(session, "ccu_main", "main", admin.id, START)
            upload_tokens.revoke(
                session, "main", upload_tokens.make(session, "ccu_old", "main", admin.id, START), START
            )

        await self.db.write(write)
        await self.client.start_server()

    async def send(self, path: str, data: bytes = SOUND, token: str = "ccu_main", **headers: str) -> tuple[int, str]:
        told = {"Authorization": f"Bearer {token}", "X-Recording-Path": path}
        told["X-Content-SHA256"] = hashlib.sha256(data).hexdigest()
        told |= {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.client.put("/api/v1/recordings/files", data=data, headers=told) as answer:
            body: dict[str, Any] = await answer.json()
            return answer.status, str(body.get("code", ""))

    async def state(self) -> tuple[str, int]:
        """Of the recording; and how many jobs would store it."""

        def read(session: Session) -> tuple[str, int]:
            return session.get_one(RecordingRow, self.recording).state, session.query(Job).count()

        return await self.db.read(read)

    def files(self) -> list[str]:
        return sorted(str(path.relative_to(self.settings.state)) for path in self.settings.state.rglob("*.*"))


@pytest.fixture
async def door(sqlite_db: Database, tmp_path: Path) -> AsyncIterator[Door]:
    made = Door(sqlite_db, tmp_path / "state")
    await made.open()
    yield made
    await made.client.close()


async def test_a_file_comes_once_and_wakes_the_recording_that_missed_it(door: Door) -> None:
    assert await door.send(f"{MONITOR}/1.wav") == (201, "")
    assert await door.send(f"{MONITOR}/1.wav") == (200, "")
    assert (door.folder / "1.wav").read_bytes() == SOUND
    assert await door.state() == ("waiting", 1)
    assert len(await door.db.read(lambda s: s.scalars(select(UploadRow)).all())) == 1


@pytest.mark.parametrize("token", ["", "ccu_old", "ccu_nobodys", "main"])
async def test_no_token_no_file(door: Door, token: str) -> None:
    assert await door.send(f"{MONITOR}/1.wav", token=token) == (401, "token_invalid")
    assert door.files() == []


@pytest.mark.parametrize(
    "path",
    ["../../callcenter.sqlite3", f"{MONITOR}/../../1.wav", "/etc/passwd", "1.sh", f"{MONITOR}/a\\x00.wav/..", ""],
)
async def test_names_that_lead_elsewhere_are_refused(door: Door, path: str) -> None:
    status, _ = await door.send(path)
    assert status == 422
    assert door.files() == []


async def test_a_link_in_the_folder_leads_nowhere(door: Door, tmp_path: Path) -> None:
    (door.folder / "out").symlink_to(tmp_path)
    assert (await door.send(f"{MONITOR}/out/1.wav"))[0] == 422


async def test_what_is_broken_on_the_way_is_sent_again(door: Door) -> None:
    wrong = hashlib.sha256(b"another").hexdigest()
    assert await door.send(f"{MONITOR}/1.wav", X_Content_SHA256=wrong) == (400, "checksum_mismatch")
    assert door.files() == []
    assert await door.send(f"{MONITOR}/1.wav", X_Content_SHA256="no digest") == (422, "invalid")
    assert await door.state() == ("missing", 0)


async def test_what_is_stored_is_not_sent_anew_and_what_is_refused_is_not_kept(door: Door) -> None:
    async def becomes(state: str) -> None:
        def write(session: Session) -> None:
            session.get_one(RecordingRow, door.recording).state = state

        await door.db.write(write)

    await door.send(f"{MONITOR}/1.wav")
    await becomes("stored")
    assert await door.send(f"{MONITOR}/1.wav", data=b"another") == (409, "already_stored")
    await becomes("refused")
    assert await door.send(f"{MONITOR}/1-in.wav") == (201, "")
    assert await door.send(f"{MONITOR}/1.wav", data=b"another") == (201, "")
    assert door.files() == []


async def test_an_enormous_file_is_refused_before_it_is_sent(door: Door) -> None:
    told = {"X-Recording-Path": "1.wav", "X-Content-SHA256": "0" * 64, "Content-Length": str(2 * 1024**3)}
    head = "".join(f"{name}: {value}\r\n" for name, value in told.items())
    reader, writer = await asyncio.open_connection("127.0.0.1", door.client.port)
    begin = "PUT /api/v1/recordings/files HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ccu_main\r\n"
    writer.write(f"{begin}{head}\r\n".encode())
    assert b"413" in await reader.readline()
    writer.close()
