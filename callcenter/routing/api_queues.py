"""The queues of a PBX as people named them: what agents read, and how fast a caller should be answered."""

from __future__ import annotations

from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, etag, expect
from callcenter.crm import audit, queues
from callcenter.crm.access import require
from callcenter.crm.models.queues import Queue
from callcenter.crm.rights import Verb
from callcenter.news import Named
from callcenter.routing.api_pbx import known_pbx
from callcenter.routing.keys import GATE, SURVEY

LONGEST_TARGET_S = 3600


class PbxQueueAnswer(Answer):
    """``name`` is the PBX's, ``label`` what people read ("" where nobody named it); ``service_level_s``: a caller
    should be answered within; ``speech``: the model that turns its talks into text, "" the usual one, ``off`` none;
    ``reported`` False: the PBX no longer has it, None: it has not been asked yet."""

    id: UUID
    pbx: str
    name: str
    label: str
    service_level_s: int
    speech: str
    version: int
    reported: bool | None
    members: list[str]


class PbxQueues(Answer):
    items: list[PbxQueueAnswer]


class PbxQueueChange(Body):
    """What is not sent stays."""

    label: Line = ""
    service_level_s: Annotated[int, Field(ge=1, le=LONGEST_TARGET_S)] = 20
    speech: Annotated[str, Field(max_length=100, pattern=r"^([A-Za-z0-9][A-Za-z0-9._-]*)?$")] = ""


class PbxQueuesView(View):
    async def get(self, name: str, /) -> PbxQueues:
        """Every queue the PBX was seen with, and the member interfaces it has now."""
        require(self.request, Verb.SEE_FLOOR)
        known_pbx(self.request, name)
        rows = await self.request.app[DB].read(lambda s: queues.of_pbx(s, name))
        return PbxQueues(items=[_answer(self.request.app, row) for row in rows])


class PbxQueueView(View):
    async def patch(self, name: str, queue_id: UUID, /, body: PbxQueueChange) -> PbxQueueAnswer:
        """Names a queue, sets its target, or says who turns its talks into text."""
        app, who = self.request.app, require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        now, values = app[CLOCK].now(), body.model_dump(exclude_unset=True)

        def change(session: Session) -> Queue:
            queue = queues.get(session, name, queue_id)
            expect(self.request, queue.version)
            audit.record(session, who, "change", ("queue", str(queue_id)), now, fields=sorted(values))
            return queues.change(session, queue, values)

        changed = await app[DB].write(change)
        await app[BUS].publish(Named(pbx=name))
        self.answer_header("ETag", etag(changed.version))
        return _answer(app, changed)


def _answer(app: web.Application, row: Queue) -> PbxQueueAnswer:
    reported = app[SURVEY].reported(row.pbx)
    seats = app[GATE].seats(row.pbx)
    return PbxQueueAnswer(
        id=row.id,
        pbx=row.pbx,
        name=row.name,
        label=row.label,
        service_level_s=row.service_level_s,
        speech=row.speech,
        version=row.version,
        reported=row.name in reported.queues if reported else None,
        members=sorted({seat.interface for seat in seats if seat.queue == row.name}),
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx/{{name}}/queues", PbxQueuesView)
    app.router.add_view(f"{ROOT}/pbx/{{name}}/queues/{{queue_id}}", PbxQueueView)
