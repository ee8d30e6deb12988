"""A person's own rights: everything about him as a file, and nothing about him any more."""

from __future__ import annotations

import asyncio
import tempfile
from datetime import datetime
from typing import IO, Any, Final, Literal
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, SETTINGS, Answer, Body, Line, View
from callcenter.crm import audit
from callcenter.crm.access import require
from callcenter.crm.models.privacy import ErasureRow
from callcenter.crm.privacy import erasure, portrait
from callcenter.crm.privacy.erasure import Order, Reason
from callcenter.crm.privacy.parts import LAW
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import NotFound, Refused, Unavailable
from callcenter.log import logger
from callcenter.news import CustomerChanged

log = logger(__name__)
_CHUNK: Final = 256 * 1024


class ErasurePreview(Answer):
    """What an erasure would touch: rows by table. ``preview`` must come back with the order."""

    rows: dict[str, int]
    recordings: int
    recorded_s: float
    held: bool
    open: bool
    preview: str


class ErasureBody(Body):
    """``reference`` names the file in which the request is kept, not the person."""

    reason: Literal["request", "no_longer_needed", "unlawful"]
    reference: Line = ""
    preview: Line


class ErasureAnswer(Answer):
    """``done`` False: the rows are gone, files still go by and by. ``report`` counts what went where; ``remains`` in it
    names columns in which the number still stands, on other people's cards."""

    id: UUID
    customer_id: UUID
    reason: str
    reference: str
    at: datetime
    done: bool
    report: dict[str, Any]


class Erasures(Answer):
    items: list[ErasureAnswer]


class ErasureView(View):
    async def get(self, customer_id: UUID, /) -> ErasurePreview:
        """What would go. Nothing does."""
        require(self.request, Verb.ERASE_PERSON)
        found = await self.request.app[DB].read(lambda s: erasure.preview(s, customer_id))
        return ErasurePreview(
            rows=dict(found.rows),
            recordings=found.recordings,
            recorded_s=found.recorded_s,
            held=found.held,
            open=found.open,
            preview=found.digest,
        )

    async def post(self, customer_id: UUID, /, body: ErasureBody) -> ErasureAnswer:
        """Erases. Refused when it would touch something else than the preview said."""
        who, app = require(self.request, Verb.ERASE_PERSON), self.request.app
        order = Order(customer=customer_id, reason=Reason(body.reason), reference=body.reference, by=who.id)
        now = app[CLOCK].now()
        made = await app[DB].write(lambda s: _erase(s, order, body.preview, (who, now)))
        await app[BUS].publish(CustomerChanged(customer=customer_id))
        try:
            await app[LAW].eraser.finish(made)
        except Unavailable as wrong:
            log.warning("files_not_erased_yet", erasure=str(made), code=wrong.code)
        return await app[DB].read(lambda s: _answer(s.get_one(ErasureRow, made)))


class ErasuresView(View):
    async def get(self) -> Erasures:
        """Who was erased, by id, and what went where; the newest first."""
        require(self.request, Verb.ERASE_PERSON)
        newest = select(ErasureRow).order_by(ErasureRow.at.desc(), ErasureRow.id.desc()).limit(200)
        return await self.request.app[DB].read(lambda s: Erasures(items=[_answer(row) for row in s.scalars(newest)]))


async def export(request: web.Request) -> web.StreamResponse:
    """``GET /customers/{id}/export``: a ZIP of everything that is kept about the person."""
    who, app = require(request, Verb.EXPORT_PERSON), request.app
    try:
        customer = UUID(request.match_info["customer_id"])
    except ValueError:
        raise NotFound("no such customer") from None
    now = app[CLOCK].now()
    told, heard = await app[DB].read(lambda s: portrait.rows(s, customer))
    await app[DB].write(lambda s: audit.record(s, who, "export", ("customer", str(customer)), now))
    folder = app[SETTINGS].state
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryFile(dir=folder) as file:
        await portrait.pack(told, heard, app[LAW].files, file)
        return await _send(request, file, f"person-{customer}.zip")


async def _send(request: web.Request, file: IO[bytes], name: str) -> web.StreamResponse:
    headers = {"Content-Type": "application/zip", "Content-Disposition": f'attachment; filename="{name}"'}
    response = web.StreamResponse(headers={**headers, "Content-Length": str(file.seek(0, 2))})
    await response.prepare(request)
    file.seek(0)
    while piece := await asyncio.to_thread(file.read, _CHUNK):
        await response.write(piece)
    return response


def _erase(session: Session, order: Order, preview: str, by: tuple[Actor, datetime]) -> UUID:
    who, now = by
    if erasure.preview(session, order.customer).digest != preview:
        raise Refused("it is not what was shown any more; look again", code="preview_outdated")
    made = erasure.erase(session, order, now)
    audit.record(session, who, "erase", ("customer", str(order.customer)), now, erasure=str(made), reason=order.reason)
    return made


def _answer(row: ErasureRow) -> ErasureAnswer:
    return ErasureAnswer(
        id=row.id,
        customer_id=row.customer_id,
        reason=row.reason,
        reference=row.reference,
        at=row.at,
        done=row.done_at is not None,
        report=row.report,
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/customers/{{customer_id}}/erasure", ErasureView)
    app.router.add_get(f"{ROOT}/customers/{{customer_id}}/export", export)
    app.router.add_view(f"{ROOT}/erasures", ErasuresView)
