"""Files that a PBX sends: taken whole or not at all, twice is once, and nothing outside their own folder."""

from __future__ import annotations

import asyncio
import errno
import hashlib
import os
import tempfile
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import jobs
from callcenter.config import Received
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.uploads import UploadRow
from callcenter.crm.upsert import upsert
from callcenter.errors import CallcenterError, Invalid, Refused, Unavailable
from callcenter.recording.captured import KIND
from callcenter.recording.files import LARGEST, NotARecording, locate, remove

_BLOCK: Final = 1024 * 1024
_OPEN: Final = ("recording", "waiting", "missing")


class TooLarge(CallcenterError):
    status = 413
    code = "upload_too_large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """What a PBX says of the file it sends. ``path`` is its own name of it, ``sha256`` in lower-case hexadecimals."""

    pbx: str
    path: str
    sha256: str


async def take(parcel: Parcel, content: AsyncIterator[bytes], folder: Path, pbx_spool: str) -> int:
    """Lays the file where the PBX's folder is mirrored; its size.

    Raises Invalid for a name that leads elsewhere, TooLarge, Refused when what came is not what was sent, and
    Unavailable when there is no room.
    """
    place = await asyncio.to_thread(_place, parcel.path, folder, pbx_spool)
    handle, name = await asyncio.to_thread(tempfile.mkstemp, ".part", ".", place.parent)
    part = Path(name)
    try:
        with os.fdopen(handle, "wb") as file:
            size, digest = await _write(file, content)
            await asyncio.to_thread(_to_disk, file)
        if digest != parcel.sha256:
            raise Refused("what came is not what was sent; send it again", code="checksum_mismatch", status=400)
        await asyncio.to_thread(os.replace, part, place)
    except OSError as wrong:
        if wrong.errno in (errno.ENOSPC, errno.EDQUOT):
            raise Unavailable("there is no room for recordings", code="upload_no_space") from wrong
        raise
    finally:
        await asyncio.to_thread(part.unlink, missing_ok=True)
    return size


def known(session: Session, parcel: Parcel) -> bool:
    """Whether this very file came before. Raises Refused where another of this name is stored already: what was kept
    is never rewritten."""
    row = session.scalars(select(UploadRow).where(UploadRow.pbx == parcel.pbx, UploadRow.path == parcel.path)).first()
    if row is None or row.sha256 == parcel.sha256:
        return row is not None
    recording = _recording(session, parcel)
    if recording and recording.state == "stored":
        raise Refused("another file of this name was stored already", code="already_stored")
    return False


def settle(session: Session, parcel: Parcel, size: int, now: datetime) -> bool:
    """Notes the file and wakes whoever waits for it; False where it is not wanted: its recording was not to be kept."""
    values: dict[str, Any] = {"sha256": parcel.sha256, "size": size, "at": now}
    upsert(session, UploadRow, {"pbx": parcel.pbx, "path": parcel.path}, values)
    row = _recording(session, parcel)
    if row is None:
        return True
    if row.state in ("refused", "erased"):
        return False
    if row.state in _OPEN and session.get_one(CallRow, row.call_id).ended_at is not None:
        row.state, row.error = "waiting", ""
        jobs.enqueue(session, KIND, {"recording": str(row.id)}, at=now)
    return True


def discard(parcel: Parcel, folder: Path, pbx_spool: str) -> None:
    """With the two sides beside it, which came before."""
    remove([parcel.path], Received(spool=folder, pbx_spool=pbx_spool))


def _recording(session: Session, parcel: Parcel) -> RecordingRow | None:
    found = select(RecordingRow).where(RecordingRow.pbx == parcel.pbx, RecordingRow.path == parcel.path)
    return session.scalars(found).first()


def _place(path: str, folder: Path, pbx_spool: str) -> Path:
    try:
        place = locate(path, Received(spool=folder, pbx_spool=pbx_spool))
    except (NotARecording, ValueError) as wrong:
        raise Invalid(
            "the name is not one of a recording of this PBX", fields={"X-Recording-Path": "invalid"}
        ) from wrong
    place.parent.mkdir(parents=True, exist_ok=True)
    return place


async def _write(file: Any, content: AsyncIterator[bytes]) -> tuple[int, str]:
    size, digest, block = 0, hashlib.sha256(), bytearray()
    async for piece in content:
        size += len(piece)
        if size > LARGEST:
            raise TooLarge(f"a recording has {LARGEST} bytes at most")
        block += piece
        if len(block) >= _BLOCK:
            await asyncio.to_thread(_append, file, digest, bytes(block))
            block.clear()
    await asyncio.to_thread(_append, file, digest, bytes(block))
    return size, digest.hexdigest()


def _append(file: Any, digest: Any, block: bytes) -> None:
    file.write(block)
    digest.update(block)


def _to_disk(file: Any) -> None:
    file.flush()
    os.fsync(file.fileno())
