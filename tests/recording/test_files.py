"""Names from the PBX are hostile, headers may be untrue, and silence is no recording."""

from __future__ import annotations

import json
import os
import struct
import wave
from pathlib import Path

import pytest

from callcenter.config import Recordings, SettingError, load
from callcenter.errors import Unavailable
from callcenter.recording.files import LARGEST, FileFault, NotARecording, inspect, locate, remove, whole
from tests.house.source import ROOT

PBX = "/var/spool/asterisk/monitor"


def speech(path: Path, seconds: float = 1.0, channels: int = 1) -> Path:
    with wave.open(str(path), "wb") as out:
        out.setnchannels(channels)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\x10\x20" * int(8000 * seconds) * channels)
    return path


def crashed(path: Path) -> Path:
    """What a killed Asterisk leaves: sound, and lengths of 0."""
    speech(path)
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, 4, 0)
    struct.pack_into("<I", data, 40, 0)
    path.write_bytes(bytes(data) + b"\x01")
    return path


@pytest.fixture
def spool(tmp_path: Path) -> Recordings:
    folder = tmp_path / "monitor"
    folder.mkdir()
    (tmp_path / "secret.wav").write_bytes(b"not yours")
    (folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    return Recordings(spool=folder)


def test_a_file_is_found_where_this_machine_sees_it(spool: Recordings) -> None:
    assert spool.spool is not None
    assert locate(f"{PBX}/2026/11/1.wav", spool) == spool.spool.resolve() / "2026/11/1.wav"


@pytest.mark.parametrize(
    "name",
    [
        f"{PBX}/../../etc/shadow.wav",
        "/etc/passwd.wav",
        f"{PBX}/link.wav",
        f"{PBX}/1.sh",
        f"{PBX}/1.wav\0.txt",
        "../secret.wav",
    ],
)
def test_names_that_lead_out_of_the_spool_are_refused(spool: Recordings, name: str) -> None:
    with pytest.raises(NotARecording) as refused:
        locate(name, spool)
    assert refused.value.code == "refused"


def test_a_message_is_found_in_the_mailbox_beside_the_spool(spool: Recordings) -> None:
    assert spool.spool is not None
    mailbox = spool.spool.resolve().parent / "voicemail/default/support/INBOX"
    named = "/var/spool/asterisk/voicemail/default/support/INBOX/msg0000.wav"
    assert locate(f"{named}#1795762635.7", spool) == mailbox / "msg0000.wav"
    with pytest.raises(NotARecording):
        locate(named, spool)


@pytest.mark.parametrize("name", ["../../etc/passwd.wav#1", "support/INBOX/msg0000.txt#1", "x.wav\0#1"])
def test_no_name_leads_out_of_the_mailboxes(spool: Recordings, name: str) -> None:
    with pytest.raises(NotARecording):
        locate(f"/var/spool/asterisk/voicemail/{name}", spool)


def test_a_message_stays_in_its_mailbox_whose_names_are_used_again(spool: Recordings) -> None:
    removed = remove(["/var/spool/asterisk/voicemail/default/support/INBOX/msg0000.wav#1795762635.7"], spool)
    assert (removed.gone, removed.left, removed.code) == (0, 1, "not_permitted")


def test_no_spool_says_which_setting_is_missing() -> None:
    with pytest.raises(Unavailable, match="CALLCENTER_RECORDINGS__SPOOL"):
        locate(f"{PBX}/1.wav", Recordings())


def test_of_several_pbxs_each_has_a_folder_of_its_own() -> None:
    named = {"CALLCENTER_RECORDINGS__SPOOL": "/mnt/main"}
    for name in ("MAIN", "BRANCH"):
        told = {"HOST": "127.0.0.1", "USERNAME": "callcenter", "SECRET": "x"}
        named |= {f"CALLCENTER_PBX__{name}__{field}": value for field, value in told.items()}
    with pytest.raises(SettingError, match="CALLCENTER_PBX__BRANCH__SPOOL"):
        load(named)
    settings = load({**named, "CALLCENTER_PBX__BRANCH__SPOOL": "/mnt/branch"})
    assert [settings.recordings_of(pbx).spool for pbx in ("main", "branch", "gone")] == [
        Path("/mnt/main"),
        Path("/mnt/branch"),
        None,
    ]


def test_a_vanished_spool_is_unavailable_not_a_missing_file(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as unreadable:
        locate(f"{PBX}/1.wav", Recordings(spool=tmp_path / "unmounted"))
    assert unreadable.value.code == "spool_unreadable"


def test_a_whole_file_is_taken_as_it_is(tmp_path: Path) -> None:
    file = speech(tmp_path / "1.wav", seconds=2.5, channels=2)
    found = inspect(file)
    assert (found.channels, found.duration_s, found.repaired) == (2, 2.5, False)
    assert whole(file) == file.read_bytes()


def test_a_header_left_behind_by_a_crash_is_mended(tmp_path: Path) -> None:
    file = crashed(tmp_path / "1.wav")
    assert inspect(file).repaired
    mended = tmp_path / "mended.wav"
    mended.write_bytes(whole(file))
    with wave.open(str(mended)) as read:
        assert (read.getnframes(), read.getframerate()) == (8000, 8000)


def test_a_call_nobody_talked_in_leaves_an_empty_recording(tmp_path: Path) -> None:
    file = speech(tmp_path / "1.wav", seconds=0)
    assert file.stat().st_size == 44
    with pytest.raises(NotARecording) as empty:
        inspect(file)
    assert empty.value.code == "empty"


def test_what_is_no_wav_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "1.wav"
    file.write_bytes(b"#!/bin/sh\nrm -rf /\n")
    with pytest.raises(NotARecording) as refused:
        inspect(file)
    assert refused.value.code == "refused"


def riff(coding: int = 1, body: bytes = b"data\x04\0\0\0abcd") -> bytes:
    form = struct.pack("<HHIIHH", coding, 1, 8000, 16000, 2, 16)
    return b"RIFF\0\0\0\0WAVEfmt \x10\0\0\0" + form + body


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", FileFault.NOT_WAV),
        (b"ID3 and so on, an MP3", FileFault.NOT_WAV),
        (riff(coding=7), FileFault.UNREADABLE_CODEC),
        (riff(body=b""), FileFault.DAMAGED),
        (b"RIFF\0\0\0\0WAVEdata\x04\0\0\0abcd", FileFault.DAMAGED),
        (riff(body=b"data\0\0\0\0"), FileFault.EMPTY),
    ],
)
def test_what_is_wrong_with_a_file_is_said_by_a_code(tmp_path: Path, data: bytes, fault: FileFault) -> None:
    file = tmp_path / "1.wav"
    file.write_bytes(data)
    with pytest.raises(NotARecording) as wrong:
        inspect(file)
    assert wrong.value.fault is fault


def test_a_file_that_was_cut_short_and_one_that_is_enormous(tmp_path: Path) -> None:
    file = speech(tmp_path / "1.wav", seconds=2)
    os.truncate(file, file.stat().st_size // 2)
    assert inspect(file).fault is FileFault.TRUNCATED
    assert inspect(crashed(tmp_path / "2.wav")).fault is FileFault.REPAIRED
    os.truncate(file, LARGEST + 1)
    with pytest.raises(NotARecording) as wrong:
        inspect(file)
    assert wrong.value.fault is FileFault.ENORMOUS


def test_every_fault_has_its_words() -> None:
    words = json.loads((ROOT / "web/src/locales/en.json").read_text())["file_fault"]
    assert set(words) == {str(fault) for fault in FileFault}
