"""Recordings in an object store that speaks S3: taken, played in parts, removed; and what a fault of it costs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from functools import partial
from pathlib import Path

import obstore
import pytest

from callcenter import jobs
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.jobs import AT_ONCE, Jobs
from callcenter.recording.capture import Capture, open_store
from callcenter.recording.captured import KIND
from callcenter.recording.shelf import Shelf
from tests.privacy.allowed import allow_recording
from tests.recording.s3 import S3
from tests.recording.test_capture import NOW, Desk
from tests.recording.test_files import speech
from tests.recording.test_transcribe import TALK, Room, sound


@pytest.fixture
async def s3(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AsyncIterator[S3]:
    async with S3(tmp_path) as server:
        for name, value in server.environment().items():
            monkeypatch.setenv(name, value)
        yield server


@pytest.fixture
async def desk(sqlite_db: Database, tmp_path: Path, s3: S3) -> Desk:
    await sqlite_db.write(lambda s: allow_recording(s, NOW))
    return opened(Desk(sqlite_db, tmp_path))


def opened(desk: Desk, url: str = "s3://calls/of/ours") -> Desk:
    """The desk with its store there."""
    desk.capture = Capture(desk.db, desk.clock, desk.health, desk.recordings_of, open_store(url))
    return desk


async def test_a_recording_is_put_read_in_parts_listed_and_removed(desk: Desk, s3: S3) -> None:
    file = speech(desk.spool / "1.wav", seconds=2)
    row = await desk.store(await desk.add("1.wav"))
    key = f"of/ours/{row.store_key}"
    sound = file.read_bytes()
    assert await s3.objects() == {key: sound}
    store = desk.capture.kept
    assert bytes(await obstore.get_range_async(store, row.store_key, start=100, end=300)) == sound[100:300]
    assert [one["path"] async for page in store.list() for one in page] == [row.store_key]
    shelf = Shelf(store, desk.recordings_of, desk.kept)
    assert b"".join([piece async for piece in shelf.read(row.store_key)]) == sound
    assert await shelf.drop([row.store_key, row.store_key]) == 2
    assert await s3.objects() == {}


@pytest.mark.parametrize(
    ("url", "wrong"),
    [("s3://calls/x", {"AWS_SECRET_ACCESS_KEY": "wrong"}), ("s3://no-such-bucket/x", {})],
    ids=["key", "bucket"],
)
async def test_a_wrong_key_or_bucket_loses_nothing_and_says_so(
    desk: Desk, s3: S3, monkeypatch: pytest.MonkeyPatch, url: str, wrong: dict[str, str]
) -> None:
    speech(desk.spool / "1.wav", seconds=1)
    recording = await desk.add("1.wav")
    for name, value in wrong.items():
        monkeypatch.setenv(name, value)
    desk.clock.move(3600)
    with pytest.raises(Unavailable):
        await opened(desk, url).store(recording)
    shelf = Shelf(desk.capture.kept, desk.recordings_of, desk.kept)
    with pytest.raises(Unavailable):
        await shelf.drop(["x.wav"])
    with pytest.raises(Unavailable) as said:
        await anext(shelf.read("x.wav"))
    assert "<" not in str(said.value)
    part = desk.health.parts["recordings"]
    assert (part.code, (await desk.row(recording)).state) == ("store_unavailable", "waiting")
    assert "CALLCENTER_RECORDINGS__STORE" in part.remedy
    assert s3.key not in part.remedy
    monkeypatch.undo()
    for name, value in s3.environment().items():
        monkeypatch.setenv(name, value)
    assert (await opened(desk).store(recording)).state == "stored"
    assert desk.health.parts["recordings"].ok


async def test_a_store_that_is_away_for_a_minute_costs_nothing_but_the_minute(desk: Desk, s3: S3) -> None:
    """Asked for again ever less often; what waited is kept once, at the next asking after it is back."""
    names = [f"{n}.wav" for n in range(3)]
    recordings = [await desk.add(name) for name in names]
    sounds = [speech(desk.spool / name, seconds=1 + n).read_bytes() for n, name in enumerate(names)]
    for one in recordings:
        await desk.db.write(partial(jobs.enqueue, kind=KIND, args={"recording": str(one)}, at=NOW))
    line = Jobs(desk.db, desk.clock, at_once=AT_ONCE)
    line.on(KIND, desk.capture.store)
    await s3.__aexit__(None, None, None)
    working = asyncio.create_task(line.run())
    for failed, pause in enumerate((2, 4, 8, 16), start=1):
        await desk.tried(failed, left=3)
        desk.clock.move(pause)
        line.wake()
    await desk.tried(5, left=3)
    assert desk.health.parts["recordings"].code == "store_unavailable"
    desk.clock.move(30)
    assert desk.clock.now() - NOW == timedelta(minutes=1)
    await s3.__aenter__()
    desk.clock.move(2)
    line.wake()
    await desk.tried(6, left=0)
    working.cancel()
    assert [(await desk.row(one)).state for one in recordings] == ["stored"] * 3
    assert sorted((await s3.objects()).values()) == sorted(sounds)
    assert desk.health.parts["recordings"].ok


async def test_words_wait_for_a_bucket_that_is_away_and_not_for_a_sound_that_is_gone(
    sqlite_db: Database, tmp_path: Path, s3: S3
) -> None:
    """Both are a 404; only the second is for good."""
    room = Room(sqlite_db, tmp_path)
    recording = await room.lay(sound(TALK), TALK.seconds)
    room.hear_from(open_store("s3://no-such-bucket/x"))
    with pytest.raises(Unavailable):
        await room.listen(recording)
    assert (await room.state(recording))[0] == "waiting"
    room.hear_from(open_store("s3://calls/x"))
    await room.listen(recording)
    assert (await room.state(recording))[0] == "failed"
    await room.ears.close()
