"""Recordings over HTTP, for PBXs that share no folder: the door for files, and the tokens that open it."""

from __future__ import annotations

import asyncio
import re
from collections.abc import AsyncIterator
from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, SETTINGS, Answer, View, creates
from callcenter.crm import audit, once, upload_tokens
from callcenter.crm.access import require
from callcenter.crm.models.uploads import UploadToken
from callcenter.crm.rights import Verb
from callcenter.errors import Invalid, NotFound, Refused, SignedOut, Unavailable
from callcenter.recording import uploads
from callcenter.recording.files import LARGEST
from callcenter.recording.uploads import Parcel, TooLarge

PATH: Final = f"{ROOT}/recordings/files"
_SHA256: Final = re.compile(r"[0-9a-f]{64}")
_PIECE: Final = 256 * 1024
_WHOLE_SECONDS: Final = 3600.0
_LONGEST_PATH: Final = 1000


class UploadAnswer(Answer):
    """``known``: this very file came before."""

    path: str
    size: int
    sha256: str
    known: bool


class UploadTokenAnswer(Answer):
    """``token`` is told once, to who made it; afterwards nobody knows it here."""

    id: UUID
    made_at: datetime
    by: str
    used_at: datetime | None
    revoked_at: datetime | None
    token: str = ""


class UploadTokens(Answer):
    """``possible`` False: a folder is shared with this PBX, so that it need not send anything."""

    possible: bool
    items: list[UploadTokenAnswer]


async def receive(request: web.Request) -> web.StreamResponse:
    """``PUT /recordings/files``: a finished file of a PBX, by its bearer token; ``X-Recording-Path`` and
    ``X-Content-SHA256`` say which. Sent again it is answered the same; 409, 413 and 422 mean: never.
    """
    app, now = request.app, request.app[CLOCK].now()
    token = request.headers.get("Authorization", "").removeprefix("Bearer ").strip()
    pbx = await app[DB].read(lambda s: upload_tokens.pbx_of(s, token))
    if pbx not in app[SETTINGS].pbx:
        raise SignedOut("this token opens nothing", code="token_invalid")
    await app[DB].write(lambda s: upload_tokens.seen(s, token, now))
    parcel = _parcel(request, pbx)
    if (request.content_length or 0) > LARGEST:
        raise TooLarge(f"a recording has {LARGEST} bytes at most")
    known = await app[DB].read(lambda s: uploads.known(s, parcel))
    try:
        async with asyncio.timeout(_WHOLE_SECONDS):
            size = await _taken(request, parcel, known=known)
    except TimeoutError:
        raise Unavailable("it takes too long; send it again", code="upload_too_slow") from None
    answer = UploadAnswer(path=parcel.path, size=size, sha256=parcel.sha256, known=known)
    return web.json_response(text=answer.model_dump_json(), status=200 if known else 201)


async def _taken(request: web.Request, parcel: Parcel, *, known: bool) -> int:
    """The size of what came."""
    content: AsyncIterator[bytes] = request.content.iter_chunked(_PIECE)
    if known:
        # An answer before the end of a body would look like a lost connection.
        return sum([len(piece) async for piece in content])
    app, now = request.app, request.app[CLOCK].now()
    folder, spool = app[SETTINGS].uploads_of(parcel.pbx), app[SETTINGS].recordings_of(parcel.pbx).pbx_spool
    size = await uploads.take(parcel, content, folder, spool)
    if not await app[DB].write(lambda s: uploads.settle(s, parcel, size, now)):
        await asyncio.to_thread(uploads.discard, parcel, folder, spool)
    return size


def _parcel(request: web.Request, pbx: str) -> Parcel:
    path, sha256 = request.headers.get("X-Recording-Path", ""), request.headers.get("X-Content-SHA256", "").lower()
    if not 0 < len(path) <= _LONGEST_PATH:
        raise Invalid("say which file it is", fields={"X-Recording-Path": "required"})
    if not _SHA256.fullmatch(sha256):
        raise Invalid("say what its SHA-256 is", fields={"X-Content-SHA256": "invalid"})
    return Parcel(pbx=pbx, path=path, sha256=sha256)


class TokensView(View):
    async def get(self, name: str, /) -> UploadTokens:
        """Those of a PBX, also revoked ones."""
        require(self.request, Verb.EDIT_PBX)
        possible = _possible(self.request, name)
        rows = await self.request.app[DB].read(lambda s: upload_tokens.every(s, name))
        return UploadTokens(possible=possible, items=[_told(row, by) for row, by in rows])

    @creates
    async def post(self, name: str, /) -> UploadTokenAnswer:
        """Makes one. At most once for each Idempotency-Key; only the first answer tells the token."""
        app, who, now = self.request.app, require(self.request, Verb.EDIT_PBX), self.request.app[CLOCK].now()
        if not _possible(self.request, name):
            raise Refused("a folder is shared with this PBX; it need not send recordings", code="spool_is_shared")
        token = upload_tokens.new()

        def make(session: Session) -> UUID:
            made = upload_tokens.make(session, token, name, who.id, now)
            audit.record(session, who, "create", ("upload_token", str(made)), now, pbx=name)
            return made

        made, fresh = await once.create(self.request, f"upload token {name}", make)
        await asyncio.to_thread(app[SETTINGS].uploads_of(name).mkdir, parents=True, exist_ok=True)
        row, by = next(r for r in await app[DB].read(lambda s: upload_tokens.every(s, name)) if r[0].id == made)
        return _told(row, by).model_copy(update={"token": token if fresh else ""})


class TokenView(View):
    async def delete(self, name: str, token_id: UUID, /) -> None:
        """From now on it opens nothing."""
        who, now = require(self.request, Verb.EDIT_PBX), self.request.app[CLOCK].now()
        _possible(self.request, name)

        def write(session: Session) -> None:
            upload_tokens.revoke(session, name, token_id, now)
            audit.record(session, who, "revoke", ("upload_token", str(token_id)), now, pbx=name)

        await self.request.app[DB].write(write)


def _possible(request: web.Request, pbx: str) -> bool:
    """Whether a PBX may send files: not where a folder is shared with it. Raises NotFound."""
    settings = request.app[SETTINGS]
    if pbx not in settings.pbx:
        raise NotFound("there is no such PBX")
    return not (settings.pbx[pbx].spool or settings.recordings.spool)


def _told(row: UploadToken, by: str) -> UploadTokenAnswer:
    return UploadTokenAnswer(id=row.id, made_at=row.made_at, by=by, used_at=row.used_at, revoked_at=row.revoked_at)


def add_routes(app: web.Application) -> None:
    """Before those that take ``files`` for the id of a recording."""
    app.router.add_put(PATH, receive)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/upload-tokens", TokensView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/upload-tokens/{{token_id}}", TokenView)
