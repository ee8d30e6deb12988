"""The test call of a queue: begun, and followed while it goes on."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import CLOCK, DB, ROOT, Answer, Body, Line, View, creates
from callcenter.crm import audit, rosters, users
from callcenter.crm.access import require
from callcenter.crm.models.queues import Queue
from callcenter.crm.rights import Actor, Verb
from callcenter.errors import Invalid, Refused
from callcenter.rehearsing.play import Wish
from callcenter.rehearsing.stage import Call, Cast, Stage
from callcenter.rehearsing.steps import Report, StepName, StepState
from callcenter.routing.api_pbx import known_pbx
from callcenter.routing.keys import GATE
from callcenter.routing.presence import Mood

STAGE: web.AppKey[Stage] = web.AppKey("stage", Stage)
READS: web.AppKey[Callable[[UUID], bool]] = web.AppKey("reads")
"""Whether a person has a screen open."""
Did = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z+*#._-]{0,40}$")]
QueueName = Annotated[Line, StringConstraints(pattern=r"^[^\r\n,|]+$")]


class TestCallBody(Body):
    """``did``: the number of yours to call, "" to find one that leads to the queue. ``agent``: the username of somebody
    whose own phone is to ring; "": nobody's does, the test answers itself. ``watching``: the
    screen that asks is in front of somebody and has to show the pop."""

    queue: QueueName
    did: Did = ""
    agent: Line = ""
    watching: bool = False


class StepAnswer(Answer):
    """``ms``: from what brings the step about to its being seen. ``code`` is stable, ``remedy`` are lines to paste."""

    name: StepName
    state: StepState
    ms: float | None
    code: str
    remedy: str


class TestCallAnswer(Answer):
    """``ok``: nothing that was looked at failed. ``call_id``: the call in the record, marked as a test."""

    id: UUID
    pbx: str
    queue: str
    did: str
    context: str
    by: str
    agent: str
    started_at: datetime
    ended_at: datetime | None
    ok: bool
    call_id: UUID | None
    steps: list[StepAnswer]


class TestCallState(Answer):
    """``test_call`` null: none since the service started. ``queues`` of the PBX, as the record knows them."""

    test_call: TestCallAnswer | None
    queues: list[str]


class TestCallView(View):
    async def get(self, name: str, /) -> TestCallState:
        """The test call that goes on, else the last one."""
        require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        report = self.request.app[STAGE].last(name)
        wanted = select(Queue.name).where(Queue.pbx == name).order_by(Queue.name)
        queues = await self.request.app[DB].read(lambda s: list(s.scalars(wanted)))
        return TestCallState(test_call=answer(report) if report else None, queues=queues)

    @creates
    async def post(self, name: str, /, body: TestCallBody) -> TestCallAnswer:
        """Calls a number of yours from inside the PBX and follows the call to its end; one at a time."""
        app, who = self.request.app, require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, name)
        cast = await _cast(self.request, name, body.agent, who)
        wish = Wish(who=who, did=body.did, reads=lambda: app[READS](cast.agent), watches=body.watching)
        report = app[STAGE].begin(Call(pbx=name, queue=body.queue, did=body.did), cast, wish)
        now = app[CLOCK].now()
        await app[DB].write(lambda s: audit.record(s, who, "test_call", ("pbx", name), now, queue=body.queue))
        return answer(report)


async def _cast(request: web.Request, pbx: str, username: str, who: Actor) -> Cast:
    if not username:
        return Cast(agent=who.id, name="")
    agent, devices = await request.app[DB].read(lambda s: _desk(s, pbx, username))
    presence = request.app[GATE].presence(agent)
    if presence.state in (Mood.TALKING, Mood.RINGING) or presence.debts:
        raise Refused("the agent talks, rings or owes an outcome", code="agent_busy")
    return Cast(agent=agent, name=username, phone="&".join(devices))


def _desk(session: Session, pbx: str, username: str) -> tuple[UUID, list[str]]:
    """Who that is and the devices he sits at. Raises Invalid, Refused."""
    user = users.by_username(session, username)
    if user is None or not user.active:
        raise Invalid("there is no such agent", fields={"agent": "not_allowed"})
    desk = rosters.desk_of(session, user.id)
    if desk is None or desk.pbx != pbx or not desk.devices:
        raise Refused("the agent sits at no phone of this PBX", code="agent_has_no_phone")
    return user.id, sorted(desk.devices)


def answer(report: Report) -> TestCallAnswer:
    return TestCallAnswer(
        id=report.id,
        pbx=report.pbx,
        queue=report.queue,
        did=report.did,
        context=report.context,
        by=report.by,
        agent=report.agent,
        started_at=report.started_at,
        ended_at=report.ended_at,
        ok=report.ok,
        call_id=report.call,
        steps=[StepAnswer.model_validate(step) for step in report.steps],
    )


def provide(app: web.Application, stage: Stage, reads: Callable[[UUID], bool]) -> None:
    """Hands the routes whom they work with."""
    app[STAGE], app[READS] = stage, reads


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/pbx/{{name}}/test-call", TestCallView)
