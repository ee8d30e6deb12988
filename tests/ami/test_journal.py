"""The journal: private, bounded, and never in the way."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import pytest

from callcenter.ami import journal
from callcenter.ami.journal import Journal


def kept(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.ami"))


def test_what_is_flushed_is_on_disk_for_its_owner_only(tmp_path: Path) -> None:
    writing = Journal(tmp_path / "journal", "main")
    writing.append(b"Event: Hangup\r\n\r\n")
    writing.close()
    (file,) = kept(tmp_path / "journal")
    assert file.read_bytes() == b"Event: Hangup\r\n\r\n"
    assert file.stat().st_mode & 0o777 == 0o600


_STOPS = """
import os, pathlib, sys
from callcenter.ami.journal import Journal

sync = os.fsync
os.fsync = lambda file: print(os.path.basename(os.readlink(f"/proc/self/fd/{file}"))) or sync(file)
writing = Journal(pathlib.Path(sys.argv[1]), "main")
writing.append(b"Event: Hangup")
writing.close()
"""


def test_a_power_cut_after_a_graceful_stop_takes_nothing_back(tmp_path: Path) -> None:
    command = [sys.executable, "-c", _STOPS, str(tmp_path)]
    synced = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    (file,) = kept(tmp_path)
    assert synced == [file.name, file.with_suffix(journal.TIMES).name]


def test_old_and_superfluous_files_are_thrown_away(tmp_path: Path) -> None:
    for number in range(21):
        (tmp_path / f"main-{number:04d}.ami").write_bytes(b"x")
    for name in ("other-1.ami", "main-2-0001.ami"):
        (tmp_path / name).write_bytes(b"x")
        os.utime(tmp_path / name, (0, time.time() - (journal.DAYS + 1) * 86400))
    old = tmp_path / "main-0020.ami"
    os.utime(old, (0, time.time() - (journal.DAYS + 1) * 86400))
    writing = Journal(tmp_path, "main", files=16)
    writing.append(b"y")
    writing.close()
    assert not old.exists()
    assert len(journal.of_pbx(tmp_path, "main")) <= 16
    assert (tmp_path / "other-1.ami").exists()
    assert (tmp_path / "main-2-0001.ami").exists()


def test_many_links_lost_cost_nothing_of_what_there_is_room_for(tmp_path: Path) -> None:
    for number in range(1000, 1030):
        (tmp_path / f"main-{number}.ami").write_bytes(b"xyz")
    writing = Journal(tmp_path, "main", older=60)
    writing.append(b"y")
    writing.close()
    kept = [path.name for path in journal.of_pbx(tmp_path, "main")[:-1]]
    assert kept == [f"main-{number}.ami" for number in range(1010, 1030)]


def test_when_a_pbx_was_heard_last_is_not_asked_of_one_whose_name_begins_alike(tmp_path: Path) -> None:
    long_ago = 1_700_000_000.0
    (tmp_path / "main-1700000000.ami").write_bytes(b"x")
    os.utime(tmp_path / "main-1700000000.ami", (long_ago, long_ago))
    (tmp_path / "main-2-1800000000.ami").write_bytes(b"x")
    assert Journal(tmp_path, "main").last() == datetime.fromtimestamp(long_ago, UTC)


def test_a_full_file_is_followed_by_another(tmp_path: Path) -> None:
    writing = Journal(tmp_path, "main")
    for _ in range(3):
        writing.append(b"x" * (journal.FILE_BYTES // 2 + 1))
    writing.close()
    assert len(kept(tmp_path)) == 2


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_is_counted_and_survived(tmp_path: Path) -> None:
    writing = Journal(tmp_path, "main")
    writing.append(b"x")
    writing.flush()
    for file in tmp_path.iterdir():
        file.unlink()
    tmp_path.rmdir()
    tmp_path.write_bytes(b"in the way")
    writing.close()
    writing.append(b"lost")
    writing.flush()
    tmp_path.unlink()
    writing.append(b"kept")
    writing.close()
    assert [path.read_bytes() for path in kept(tmp_path)] == [b"kept"]


def test_no_message_is_torn_between_two_files(tmp_path: Path) -> None:
    writing = Journal(tmp_path, "main")
    message = b"Event: Hangup\r\n" + b"x" * 5000 + b"\r\n\r\n"
    for _ in range(journal.FILE_BYTES // len(message) + 20):
        writing.append(message[:3000])
        writing.append(message[3000:])
    writing.close()
    first, second = kept(tmp_path)
    assert first.read_bytes().endswith(b"x\r\n\r\n")
    assert second.read_bytes().startswith(b"Event: Hangup")


def test_the_time_of_every_quarter_megabyte_stands_beside_it(tmp_path: Path) -> None:
    writing = Journal(tmp_path, "main")
    for second in range(1000):
        head = f"Event: Hangup\r\nPrivilege: call,all\r\nTimestamp: {1_700_000_000 + second}.000000\r\n"
        writing.append(head.encode() + b"x" * 1000 + b"\r\n\r\n")
    writing.close()
    (file,) = kept(tmp_path)
    marks = list(journal.MARK.iter_unpack(file.with_suffix(journal.TIMES).read_bytes()))
    assert [at // 262_144 for _, at in marks] == [0, 1, 2, 3, 4]
    assert marks[0] == (1_700_000_000.0, 0)
    assert file.stat().st_mode & 0o777 == file.with_suffix(journal.TIMES).stat().st_mode & 0o777 == 0o600


def test_what_is_thrown_away_goes_with_its_times(tmp_path: Path) -> None:
    writing = Journal(tmp_path, "main")
    writing.append(b"Event: Hangup\r\n\r\n")
    writing.close()
    assert journal.drop(tmp_path, datetime(2100, 1, 1, tzinfo=UTC)) == 1
    assert list(tmp_path.iterdir()) == []
