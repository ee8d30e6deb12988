"""The PBX's recordings as this machine sees them: where a file is, and whether it is whole."""

from __future__ import annotations

import os
import stat
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Final

from callcenter.config import Recordings
from callcenter.crm.privacy.files import Removed
from callcenter.errors import CallcenterError, Unavailable

HEADER: Final = 44
LARGEST: Final = 1024**3
"""Bytes: eighteen hours of a talk; what is larger is no recording of one."""
HEAD: Final = 4096
"""In so many bytes the description of the sound ends."""
_SUFFIXES: Final = {".wav": "audio/wav"}
_UNKNOWN: Final = 0xFFFFF000
"""From here on a length means that whoever wrote the file could not know it."""
_SIDES: Final = ("", "-in", "-out")


class FileFault(StrEnum):
    """All that can be wrong with a file; what is stored with one of the last two was put right as far as it goes.
    ``GROWING``: its call is over and somebody still writes to it; ``VANISHED``: it was there, and is no more;
    ``DUPLICATE``: the same sound was stored under another name of the same call."""

    BAD_NAME = "bad_name"
    OUTSIDE = "outside"
    LINKED_OUT = "linked_out"
    NOT_A_FILE = "not_a_file"
    ENORMOUS = "enormous"
    NOT_WAV = "not_wav"
    UNREADABLE_CODEC = "unreadable_codec"
    DAMAGED = "damaged"
    EMPTY = "empty"
    NOT_FOUND = "not_found"
    NOT_SENT = "not_sent"
    GROWING = "growing"
    VANISHED = "vanished"
    DUPLICATE = "duplicate"
    REPAIRED = "repaired"
    TRUNCATED = "truncated"


class NotARecording(CallcenterError):
    """A file that will never be stored, and why. ``code`` becomes the recording's state: ``refused`` or ``empty``."""

    code = "refused"

    def __init__(self, fault: FileFault) -> None:
        super().__init__(f"the file is no recording: {fault}", code="empty" if fault is FileFault.EMPTY else None)
        self.fault = fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """What a PCM WAV file holds. ``repaired``: its header did not know the length, as after a crash of the PBX;
    ``truncated``: it knew of more than there is."""

    channels: int
    rate: int
    sample_bytes: int
    data_at: int
    data_bytes: int
    repaired: bool
    truncated: bool = False

    @property
    def fault(self) -> FileFault | None:
        """What had to be put right."""
        if self.truncated:
            return FileFault.TRUNCATED
        return FileFault.REPAIRED if self.repaired else None

    @property
    def duration_s(self) -> float:
        return self.data_bytes / (self.channels * self.rate * self.sample_bytes)


def locate(path: str, settings: Recordings) -> Path:
    """Where the PBX's file ``path`` is on this machine, or would be.

    Raises NotARecording for names outside the spool, also by way of links; Unavailable without a readable spool.
    """
    found = within(_set(settings).resolve(), path, settings.pbx_spool)
    if not os.path.exists(found):
        spool_of(settings)
    return found


def spool_of(settings: Recordings) -> Path:
    """Where the PBX's files are on this machine. Raises Unavailable when it cannot be read."""
    spool = _set(settings).resolve()
    try:
        with os.scandir(spool) as listed:
            next(listed, None)
    except OSError as wrong:
        raise Unavailable(
            f"the recordings folder {spool} cannot be read: {wrong.strerror}; mount it and let this user read it",
            code="spool_unreadable",
        ) from wrong
    return spool


def _set(settings: Recordings) -> Path:
    if settings.spool is None:
        raise Unavailable(
            "no spool is set; set CALLCENTER_RECORDINGS__SPOOL (of several PBXs each CALLCENTER_PBX__<NAME>__SPOOL) to "
            "where this machine sees the PBX's monitor folder",
            code="spool_not_set",
        )
    return settings.spool


def within(spool: Path, path: str, pbx_spool: str) -> Path:
    """Where the file is, or would be, in a spool that was looked at. Raises NotARecording as ``locate`` does."""
    name = PurePosixPath(path)
    prefix = PurePosixPath(pbx_spool)
    if mailbox := _mailbox(path, pbx_spool):
        spool, prefix, name = (spool.parent / mailbox.name).resolve(), mailbox, PurePosixPath(path.rpartition("#")[0])
    if "\0" in path or ".." in name.parts or name.suffix.lower() not in _SUFFIXES:
        raise NotARecording(FileFault.BAD_NAME)
    try:
        relative = name.relative_to(prefix) if name.is_absolute() else name
    except ValueError:
        raise NotARecording(FileFault.OUTSIDE) from None
    found = (spool / relative).resolve()
    if not found.is_relative_to(spool):
        raise NotARecording(FileFault.LINKED_OUT)
    return found


def _mailbox(path: str, pbx_spool: str) -> PurePosixPath | None:
    """The folder of the PBX's mailboxes, beside its monitor folder, where ``path`` is a message in one: the name of the
    file, ``#`` and the call."""
    mailboxes = PurePosixPath(pbx_spool).parent / "voicemail"
    return mailboxes if "#" in path and PurePosixPath(path).is_relative_to(mailboxes) else None


def inspect(file: Path) -> Wave:
    """Reads the header; where it says nothing of the length, the file's own size does.

    Asterisk writes lengths of 0 until a call ends; after a crash they stay 0. Raises NotARecording, OSError.
    """
    found = file.stat()
    if not stat.S_ISREG(found.st_mode):
        raise NotARecording(FileFault.NOT_A_FILE)
    size = found.st_size
    if size > LARGEST:
        raise NotARecording(FileFault.ENORMOUS)
    with file.open("rb") as opened:
        return form(opened.read(HEAD), size)


def form(head: bytes, size: int) -> Wave:
    """What the beginning of a WAV file of ``size`` bytes says. Raises NotARecording."""
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise NotARecording(FileFault.NOT_WAV)
    channels = rate = bits = 0
    at = 12
    while at + 8 <= len(head):
        kind, length = struct.unpack_from("<4sI", head, at)
        at += 8
        if kind == b"fmt " and at + 16 <= len(head):
            coding, channels, rate, _, _, bits = struct.unpack_from("<HHIIHH", head, at)
            if coding not in (1, 0xFFFE):
                raise NotARecording(FileFault.UNREADABLE_CODEC)
        if kind == b"data":
            return _wave((channels, rate, bits), at, length, size)
        at += length + length % 2
    raise NotARecording(FileFault.DAMAGED)


def _wave(kind: tuple[int, int, int], at: int, length: int, size: int) -> Wave:
    channels, rate, bits = kind
    there = max(0, size - at)
    if there == 0:
        raise NotARecording(FileFault.EMPTY)
    if not (channels and rate and bits):
        raise NotARecording(FileFault.DAMAGED)
    frame = channels * (bits // 8)
    known = 0 < length <= there
    data = length if known else there - there % frame
    return Wave(
        channels=channels,
        rate=rate,
        sample_bytes=bits // 8,
        data_at=at,
        data_bytes=data,
        repaired=not known,
        truncated=there < length < _UNKNOWN,
    )


def still_for(file: Path, now: datetime) -> timedelta:
    """How long nobody has written to the file."""
    return now - datetime.fromtimestamp(file.stat().st_mtime, UTC)


def whole(file: Path) -> bytes:
    """The bytes of a file that was inspected, with a header that is true. Raises NotARecording, OSError."""
    data = file.read_bytes()
    wave = form(data[:HEAD], len(data))
    if len(data) > wave.data_at + wave.data_bytes:
        data = data[: wave.data_at + wave.data_bytes]
    if not wave.repaired:
        return data
    true = bytearray(data)
    struct.pack_into("<I", true, 4, len(true) - 8)
    struct.pack_into("<I", true, wave.data_at - 4, wave.data_bytes)
    return bytes(true)


def cut(data: bytes, wave: Wave, seconds: float) -> bytes:
    """A whole WAV file without what comes after so many of its seconds."""
    frame = wave.channels * wave.sample_bytes
    kept = min(wave.data_bytes, max(0, int(seconds * wave.rate)) * frame)
    short = bytearray(data[: wave.data_at + kept])
    struct.pack_into("<I", short, 4, len(short) - 8)
    struct.pack_into("<I", short, wave.data_at - 4, kept)
    return bytes(short)


def remove(paths: Iterable[str], settings: Recordings) -> Removed:
    """Deletes the PBX's own files of these names and the two sides beside each, as far as this machine may.

    Messages stay: a mailbox numbers its files anew, so that under the name there may be somebody else's by now.
    """
    gone, left, code = 0, 0, ""
    for path in paths:
        if _mailbox(path, settings.pbx_spool):
            left, code = left + 1, "not_permitted"
            continue
        name = PurePosixPath(path)
        for side in _SIDES:
            try:
                locate(str(name.with_name(f"{name.stem}{side}{name.suffix}")), settings).unlink()
                gone += 1
            except FileNotFoundError:
                continue
            except (CallcenterError, OSError, ValueError) as wrong:
                left, code = left + 1, getattr(wrong, "code", "") or "not_permitted"
    return Removed(gone=gone, left=left, code=code)
