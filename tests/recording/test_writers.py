"""Files with a life of their own: written to by processes that are killed, that never stop, that write again."""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import obstore
import pytest

from callcenter.crm.models.calls import RecordingRow
from callcenter.crm.privacy.erasure import bury
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.recording.captured import Fate, settle
from callcenter.recording.files import HEADER
from tests.privacy.allowed import allow_recording
from tests.recording.test_capture import NOW, Desk
from tests.recording.test_files import crashed, speech
from tests.until import until

_WRITER: Final = """
import sys, time
with open(sys.argv[1], "ab", buffering=0) as file:
    while True:
        file.write(b"\\x10\\x20" * 400)
        time.sleep(0.005)
"""
_REWRITER: Final = """
import sys, wave
voice = 0
while True:
    voice = voice % 100 + 1
    with open(sys.argv[1], "r+b", buffering=0) as file:
        file.seek(44)
        for _ in range(2000):
            file.write(bytes([voice]) * 8000)
"""


@contextmanager
def running(program: str, file: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A recorder of its own; it is killed at the end at the latest."""
    with subprocess.Popen([sys.executable, "-c", program, str(file)]) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.fixture
async def desk(sqlite_db: Database, tmp_path: Path) -> Desk:
    await sqlite_db.write(lambda s: allow_recording(s, NOW))
    return Desk(sqlite_db, tmp_path)


async def test_a_recorder_that_goes_on_is_told_and_one_that_is_killed_costs_no_sound(desk: Desk) -> None:
    """The header knows no length until a recorder ends, and never where it was killed."""
    recording, file = await desk.add("1.wav"), crashed(desk.spool / "1.wav")
    with running(_WRITER, file) as recorder:
        before = file.stat().st_size
        until(lambda: file.stat().st_size > before + 4000, 10, "a recorder that writes")
        desk.lay(file)
        assert (await desk.store(recording)).error == ""
        desk.clock.move(6)
        desk.lay(file)
        row = await desk.store(recording)
        assert (row.state, row.error) == ("waiting", "growing")
        recorder.send_signal(signal.SIGKILL)
        recorder.wait(10)
    desk.lay(file)
    desk.clock.move(6)
    row = await desk.store(recording)
    assert (row.state, row.error) == ("stored", "repaired")
    whole = file.read_bytes()[HEADER:]
    kept = (desk.kept / row.store_key).read_bytes()[HEADER:]
    assert kept == whole[: len(whole) - len(whole) % 2]


async def test_a_file_that_is_rewritten_while_it_is_read_is_kept_as_one_of_both(desk: Desk) -> None:
    recording, file = await desk.add("1.wav"), speech(desk.spool / "1.wav", seconds=1000.0)
    desk.clock.move(6)
    with running(_REWRITER, file):
        until(lambda: file.read_bytes()[HEADER:] != b"\x10\x20" * 8_000_000, 10, "a recorder that writes")
        row = await desk.store(recording)
        assert (row.state, row.error) == ("waiting", "growing")
    row = await desk.store(recording)
    assert (row.state, row.error) == ("stored", "")
    assert row.sha256 == hashlib.sha256(file.read_bytes()).hexdigest()
    assert len(list(desk.kept.rglob("*.wav"))) == 1


async def test_a_file_that_was_there_and_is_taken_away_vanished(desk: Desk) -> None:
    recording, file = await desk.add("1.wav"), crashed(desk.spool / "1.wav")
    desk.clock.move(6)
    desk.lay(file)
    assert (await desk.store(recording)).error == "growing"
    file.unlink()
    with pytest.raises(Unavailable):
        await desk.store(recording)
    desk.clock.move(600)
    row = await desk.store(recording)
    assert (row.state, row.error) == ("missing", "vanished")


async def test_one_sound_under_two_names_of_a_call_is_kept_once(desk: Desk) -> None:
    first, second = await desk.add("1.wav"), await desk.add("2.wav")
    other = await desk.add("3.wav")
    file = speech(desk.spool / "1.wav", seconds=2.0)
    for copy in ("2.wav", "3.wav"):
        shutil.copy(file, desk.spool / copy)
    await desk.same_call(first, second)
    assert (await desk.store(first)).state == "stored"
    row = await desk.store(second)
    assert (row.state, row.error) == ("refused", "duplicate")
    assert (await desk.store(other)).state == "stored"
    kept = [one["path"] for page in obstore.list(desk.capture.kept) for one in page]
    assert len(kept) == 2


async def test_one_sound_that_is_picked_up_twice_at_once_is_kept_once(desk: Desk) -> None:
    twins = [await desk.add("1.wav"), await desk.add("2.wav")]
    shutil.copy(speech(desk.spool / "1.wav", seconds=2.0), desk.spool / "2.wav")
    await desk.same_call(*twins)
    rows = await asyncio.gather(*(desk.store(one) for one in twins))
    assert sorted((row.state, row.error) for row in rows) == [("refused", "duplicate"), ("stored", "")]
    there = {one["path"] for page in obstore.list(desk.capture.kept) for one in page}
    assert there - set(await desk.to_be_dropped()) == {row.store_key for row in rows if row.store_key}


async def test_a_recording_that_is_picked_up_twice_at_once_is_stored_and_not_its_own_double(desk: Desk) -> None:
    speech(desk.spool / "1.wav", seconds=2.0)
    recording = await desk.add("1.wav")
    rows = await asyncio.gather(*(desk.store(recording) for _ in range(2)))
    assert [(row.state, row.error) for row in rows] == [("stored", "")] * 2


async def test_what_is_erased_while_it_is_picked_up_stays_erased(desk: Desk) -> None:
    recording = await desk.add("1.wav")
    picked_up = {"state": "stored", "store_key": "2026/1.wav", "stored_at": NOW, "sha256": ""}
    await desk.db.write(lambda s: bury(s, [s.get_one(RecordingRow, recording)], "request", NOW))
    fate = Fate(recording=recording, values=picked_up)
    assert await desk.db.write(lambda s: settle(s, [fate])) == ["erased"]
    assert await desk.to_be_dropped() == ["2026/1.wav"]
