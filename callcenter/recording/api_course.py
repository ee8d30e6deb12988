"""A call's recordings as one: which second of which file each moment of the call is, and all files in one archive."""

from __future__ import annotations

import zipfile
from collections.abc import AsyncIterator, Sequence
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import obstore
from aiohttp import web
from obstore.exceptions import BaseError as StoreError
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, View
from callcenter.crm import audit, call_list, sounds
from callcenter.crm.access import require
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.sounds import Sound
from callcenter.crm.visible import narrow
from callcenter.errors import Forbidden, NotFound, Refused, Unavailable
from callcenter.log import logger
from callcenter.recording import courses
from callcenter.recording.api import STORE
from callcenter.recording.course import Piece

log = logger(__name__)
_PIECE: Final = 1024 * 1024


class CoursePart(Answer):
    """A file. ``at_s``: where in the course it begins; ``error``: what is wrong with it; ``paused``: from and to which
    of its seconds nothing was kept, because the agent paused it."""

    id: UUID
    state: str
    error: str
    started_at: datetime
    at_s: float
    duration_s: float
    channels: int
    paused: tuple[tuple[float, float], ...] = ()


class CoursePiece(Answer):
    """``seconds`` of the course from ``at_s`` on are heard in a recording from its second ``start_s`` on."""

    recording_id: UUID
    at_s: float
    start_s: float
    seconds: float


class CourseAnswer(Answer):
    """Seconds count from ``began_at``. Between two pieces nothing was recorded."""

    call_id: UUID
    began_at: datetime
    duration_s: float
    pieces: list[CoursePiece]
    parts: list[CoursePart]


class CourseView(View):
    async def get(self, call_id: UUID, /) -> CourseAnswer:
        """How the files of a call follow each other."""
        who = require(self.request, Verb.LISTEN)

        def read(session: Session) -> CourseAnswer:
            call, rows = _audible(session, call_id, who)
            told = _course(call, rows, courses.of_call(session, rows))
            for part, row in zip(told.parts, rows, strict=True):
                part.paused = courses.paused(session, row)
            return told

        return await self.request.app[DB].read(read)


async def archive(request: web.Request) -> web.StreamResponse:
    """``GET /calls/{id}/recordings.zip``: what is played of every file of a call."""
    who, app = require(request, Verb.EXPORT), request.app
    try:
        call_id = UUID(request.match_info["call_id"])
    except ValueError:
        raise NotFound("no such call") from None
    now = app[CLOCK].now()

    def read(session: Session) -> list[tuple[RecordingRow, Sound]]:
        _, rows = _audible(session, call_id, who)
        return [(row, sounds.played(session, row)) for row in rows if row.state == "stored"]

    found = await app[DB].read(read)
    if not found:
        raise Refused("the call has no recording", code="recording_missing")

    def note(session: Session) -> None:
        for row, _ in found:
            audit.record(session, who, "download", ("recording", str(row.id)), now)

    await app[DB].write(note)
    return await _send(request, call_id, _zipped(request, found))


async def _send(request: web.Request, call: UUID, data: AsyncIterator[bytes]) -> web.StreamResponse:
    """Once the status is out, that something is missing can only be told by hanging up early."""
    response = web.StreamResponse(headers=_headers(call))
    first = await anext(data)
    await response.prepare(request)
    try:
        await response.write(first)
        async for piece in data:
            await response.write(piece)
    except ConnectionError:
        return response
    except Unavailable as wrong:
        log.warning("download_broke_off", call=str(call), code=wrong.code)
        if request.transport:
            request.transport.abort()
    return response


def _headers(call: UUID) -> dict[str, str]:
    return {
        "Content-Type": "application/zip",
        "Content-Disposition": f'attachment; filename="{call}.zip"',
        "Cache-Control": "private, no-store",
        "X-Content-Type-Options": "nosniff",
    }


class _Pipe:
    """Takes what the archive writes until it is sent on; nobody can go back in it."""

    def __init__(self) -> None:
        self._held = bytearray()

    def write(self, data: bytes, /) -> int:
        self._held += data
        return len(data)

    def flush(self) -> None:
        """Nothing is kept from ``taken``."""

    def close(self) -> None:
        """What was written can still be taken."""

    def taken(self) -> bytes:
        data = bytes(self._held)
        self._held.clear()
        return data


async def _zipped(request: web.Request, found: Sequence[tuple[RecordingRow, Sound]]) -> AsyncIterator[bytes]:
    """Piece by piece: an hour needs no more memory than a minute. Sound is not made smaller by packing it again."""
    pipe = _Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_STORED) as archive:
        for number, (row, sound) in enumerate(found, 1):
            named = zipfile.ZipInfo(f"{number}-{row.started_at:%Y-%m-%dT%H%M%SZ}.{sound.suffix}")
            with archive.open(named, "w") as file:
                for at in range(0, sound.size, _PIECE):
                    end = min(sound.size, at + _PIECE)
                    try:
                        data = await obstore.get_range_async(request.app[STORE], sound.key, start=at, end=end)
                    except (StoreError, OSError) as wrong:
                        raise Unavailable("the recording store does not answer", code="store_unavailable") from wrong
                    file.write(bytes(data))
                    yield pipe.taken()
    yield pipe.taken()


def _audible(session: Session, call_id: UUID, who: Actor) -> tuple[CallRow, list[RecordingRow]]:
    """The call and its recordings in order. Raises NotFound; Forbidden where he may only see that some are there."""
    call = call_list.get(session, call_id, who)
    found = select(RecordingRow).where(RecordingRow.call_id == call_id).order_by(RecordingRow.started_at)
    rows = list(session.scalars(narrow(found, who, RecordingRow)))
    if not rows and session.scalar(found.limit(1)):
        raise Forbidden("you may not listen to this talk")
    return call, rows


def _course(call: CallRow, rows: Sequence[RecordingRow], pieces: Sequence[Piece]) -> CourseAnswer:
    """From the first sound, or from when somebody answered where that is earlier, to the end of the last."""
    moments = [piece.at for piece in pieces] + ([call.answered_at] if call.answered_at else [])
    began = min(moments, default=call.started_at)
    ends = [piece.at + timedelta(seconds=piece.seconds) for piece in pieces]
    return CourseAnswer(
        call_id=call.id,
        began_at=began,
        duration_s=max(((end - began).total_seconds() for end in ends), default=0.0),
        pieces=[
            CoursePiece(
                recording_id=one.recording,
                at_s=(one.at - began).total_seconds(),
                start_s=one.start_s,
                seconds=one.seconds,
            )
            for one in pieces
        ],
        parts=[_part(row, began) for row in rows],
    )


def _part(row: RecordingRow, began: datetime) -> CoursePart:
    names = ("id", "state", "error", "started_at", "duration_s", "channels")
    told = {name: getattr(row, name) for name in names}
    return CoursePart(**told, at_s=(row.started_at - began).total_seconds())


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/course", CourseView)
    app.router.add_get(f"{ROOT}/calls/{{call_id}}/recordings.zip", archive)
