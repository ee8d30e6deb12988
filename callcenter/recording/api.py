"""Listening to recordings: byte ranges out of the store, every listening on the audit trail.

What is sent is what ``crm/sounds.py`` says is played, for players, downloads and parts alike: no route reaches the
stored file past it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import obstore
from aiohttp import web
from obstore.exceptions import BaseError as StoreError
from obstore.store import ObjectStore
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, View, problem
from callcenter.crm import audit, sounds
from callcenter.crm.access import actor, require
from callcenter.crm.models.calls import CallRow, RecordingRow
from callcenter.crm.models.office import Audit
from callcenter.crm.rights import Verb
from callcenter.crm.sounds import Sound
from callcenter.crm.visible import narrow
from callcenter.errors import Forbidden, NotFound, Refused, Unavailable
from callcenter.log import logger
from callcenter.recording import courses

STORE: web.AppKey[ObjectStore] = web.AppKey("store")
_RANGE: Final = re.compile(r"bytes=(\d{0,18})-(\d{0,18})")
_CHUNK: Final = 256 * 1024
_SAME_START: Final = timedelta(minutes=1)
_SAME_LISTENING: Final = timedelta(hours=1)
log = logger(__name__)


class RecordingFileAnswer(Answer):
    """``state``: recording, waiting, stored, missing, empty or refused; ``error`` says why there is no sound. ``size``,
    ``sha256`` and ``media_type`` are the stored file's; ``silent``: seconds from and to which nothing is heard;
    ``paused``: those that were never recorded, because the agent paused it."""

    id: UUID
    call_id: UUID
    state: str
    started_at: datetime
    duration_s: float
    channels: int
    size: int
    sha256: str
    media_type: str
    error: str
    silent: list[tuple[float, float]]
    paused: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """Bytes from ``start`` up to but not including ``end``; ``whole`` when nothing less was asked for."""

    start: int
    end: int
    whole: bool


def part(header: str, size: int) -> Part | None:
    """The bytes a Range header means (RFC 9110 §14.2); None when they lie behind the end.

    What is no single range is answered with everything.
    """
    everything = Part(start=0, end=size, whole=True)
    found = _RANGE.fullmatch(header.strip())
    if found is None or not any(found.groups()):
        return everything
    first, last = found.groups()
    if first and last and int(last) < int(first):
        return everything
    if not first:
        start, end = max(0, size - int(last)), size
    else:
        start, end = int(first), min(size, int(last) + 1) if last else size
    return Part(start=start, end=end, whole=False) if start < end else None


class RecordingView(View):
    async def get(self, recording_id: UUID, /) -> RecordingFileAnswer:
        """What is known of a recording."""
        row = await readable(self.request, recording_id)
        paused = await self.request.app[DB].read(lambda s: courses.paused(s, row))
        return RecordingFileAnswer.model_validate(row).model_copy(update={"paused": paused})


async def audio(request: web.Request) -> web.StreamResponse:
    """``GET /recordings/{id}/audio``: the sound, or a part of it; ``?download=1`` to take it away.

    With ``?v=`` (a version, as the outline tells it) the bytes never change, so neither does their tag; without it a
    browser asks again whether they did.
    """
    try:
        recording_id = UUID(request.match_info["recording_id"])
    except ValueError:
        raise NotFound("there is no such recording") from None
    row, sound = await audible(request, recording_id)
    if _to_take_away(request):
        require(request, Verb.EXPORT)
    if request.query.get("v", sound.version) != sound.version:
        raise Refused("something was taken out of the recording; ask for it anew", code="recording_changed")
    tag = f'"{sound.sha256}"'
    if request.headers.get("If-None-Match") == tag:
        return web.Response(status=304, headers={"ETag": tag, "Cache-Control": _kept(request)})
    asked = request.headers.get("Range", "") if request.headers.get("If-Range", tag) == tag else ""
    wanted = part(asked, sound.size)
    if wanted is None:
        response = problem(416, "range_not_satisfiable", f"the recording has {sound.size} bytes")
        response.headers["Content-Range"] = f"bytes */{sound.size}"
        return response
    if request.method == "GET":
        await _note(request, row, wanted)
    return await _send(request, sound, wanted, f"{row.id}.{sound.suffix}")


async def _send(request: web.Request, sound: Sound, wanted: Part, name: str) -> web.StreamResponse:
    headers = {
        "ETag": f'"{sound.sha256}"',
        "Accept-Ranges": "bytes",
        "Cache-Control": _kept(request),
        "Content-Type": sound.media_type,
        "Content-Length": str(wanted.end - wanted.start),
        "Content-Disposition": f'{"attachment" if _to_take_away(request) else "inline"}; filename="{name}"',
        "X-Content-Type-Options": "nosniff",
    }
    if not wanted.whole:
        headers["Content-Range"] = f"bytes {wanted.start}-{wanted.end - 1}/{sound.size}"
    response = web.StreamResponse(status=200 if wanted.whole else 206, headers=headers)
    first = await _bytes(request, sound, wanted.start, min(wanted.end, wanted.start + _CHUNK))
    await response.prepare(request)
    if request.method != "HEAD":
        await _stream(request, sound, response, first, wanted)
    return response


async def _stream(request: web.Request, sound: Sound, response: web.StreamResponse, first: bytes, wanted: Part) -> None:
    """The body, piece by piece. The status is out: a failure now can only be told by hanging up early."""
    try:
        await response.write(first)
        for at in range(wanted.start + _CHUNK, wanted.end, _CHUNK):
            await response.write(await _bytes(request, sound, at, min(wanted.end, at + _CHUNK)))
    except ConnectionError:
        return
    except Unavailable as wrong:
        log.warning("playing_broke_off", sound=sound.key, code=wrong.code)
        if request.transport:
            request.transport.abort()


async def _bytes(request: web.Request, sound: Sound, start: int, end: int) -> bytes:
    try:
        return bytes(await obstore.get_range_async(request.app[STORE], sound.key, start=start, end=end))
    except (StoreError, OSError) as wrong:
        raise Unavailable("the recording store does not answer", code="store_unavailable") from wrong


def _kept(request: web.Request) -> str:
    return "private, max-age=3600" if "v" in request.query else "private, no-cache"


async def audible(request: web.Request, recording: UUID) -> tuple[RecordingRow, Sound]:
    """The row and what is played of it. Raises as ``readable``, and Refused, whose code says why there is no sound."""
    row = await readable(request, recording)
    return row, await request.app[DB].read(lambda s: sounds.played(s, row))


def _to_take_away(request: web.Request) -> bool:
    """Whether the file is to leave the house: ``?download=1``."""
    return request.query.get("download", "") == "1"


async def readable(request: web.Request, recording: UUID) -> RecordingRow:
    """The row, if the actor may listen. Raises NotFound, and Forbidden where he may see that there is one."""
    who = require(request, Verb.LISTEN)

    def read(session: Session) -> RecordingRow:
        found = select(RecordingRow).where(RecordingRow.id == recording)
        if row := session.scalar(narrow(found, who, RecordingRow)):
            return row
        of_call = found.join(CallRow, CallRow.id == RecordingRow.call_id)
        if session.scalar(narrow(of_call, who, CallRow)):
            raise Forbidden("you may not listen to this talk")
        raise NotFound("there is no such recording")

    return await request.app[DB].read(read)


async def _note(request: web.Request, row: RecordingRow, wanted: Part) -> None:
    """One line a listening: players ask for the beginning and then for many parts. Who asks for a part from the middle
    without having begun listens too."""
    who, now = actor(request), request.app[CLOCK].now()
    verb = "download" if _to_take_away(request) else "listen"
    since = now - (_SAME_START if wanted.start == 0 else _SAME_LISTENING)
    noted = select(Audit.id).where(
        Audit.at > since, Audit.actor_id == who.id, Audit.verb == verb, Audit.thing_id == str(row.id)
    )

    def write(session: Session) -> None:
        audit.record(session, who, verb, ("recording", str(row.id)), now)

    if await request.app[DB].read(lambda s: s.scalar(noted.limit(1))) is None:
        await request.app[DB].write(write)


def provide(app: web.Application, store: ObjectStore) -> None:
    """Hands the store to the routes."""
    app[STORE] = store


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/recordings/{{recording_id}}", RecordingView)
    app.router.add_get(f"{ROOT}/recordings/{{recording_id}}/audio", audio)
