"""Who works in which queue, with what penalty: a supervisor says it, the PBX follows."""

from __future__ import annotations

from collections import defaultdict
from typing import Annotated, Final
from uuid import UUID

from aiohttp import web
from pydantic import Field
from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, View, etag, expect
from callcenter.crm import audit, queues
from callcenter.crm.access import require
from callcenter.crm.models.people import User
from callcenter.crm.models.queues import Queue, QueueAgent
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.schemas import Person
from callcenter.crm.visible import narrow
from callcenter.errors import Invalid, NotFound
from callcenter.news import StaffChanged

_MOST: Final = 2000


class Place(Body):
    """An agent in a queue; a lower ``penalty`` is asked first."""

    agent_id: UUID
    penalty: Annotated[int, Field(ge=0, le=100)] = 0


class QueueStaff(Answer):
    """``staffed`` False: the PBX's own lists decide who is in this queue."""

    id: UUID
    pbx: str
    name: str
    label: str
    staffed: bool
    version: int
    agents: list[Place]


class StaffAnswer(Answer):
    """Every queue that was met, and everybody who can work in one."""

    items: list[QueueStaff]
    people: list[Person]


class StaffChange(Body):
    """Everybody of a queue within one's reach; who is beyond it stays as he is."""

    staffed: bool
    agents: Annotated[list[Place], Field(max_length=_MOST)]


class StaffView(View):
    async def get(self) -> StaffAnswer:
        """Who works where."""
        who = require(self.request, Verb.SEE_FLOOR)
        return await self.request.app[DB].read(lambda s: _read(s, who))


class QueueStaffView(View):
    async def put(self, queue_id: UUID, /, body: StaffChange) -> QueueStaff:
        """Says who works in a queue: those at a desk join or leave it at once."""
        app, who = self.request.app, require(self.request, Verb.EDIT_STAFF)
        now = app[CLOCK].now()

        def change(session: Session) -> QueueStaff:
            queue = session.get(Queue, queue_id)
            if queue is None:
                raise NotFound("there is no such queue")
            expect(self.request, queue.version)
            _write(session, queue, body, who)
            agents = sorted(str(place.agent_id) for place in body.agents)
            audit.record(session, who, "staff", ("queue", str(queue_id)), now, staffed=body.staffed, agents=agents)
            self.answer_header("ETag", etag(queue.version))
            return _queue(queue, body.agents)

        changed = await app[DB].write(change)
        await app[BUS].publish(StaffChanged())
        return changed


def _write(session: Session, queue: Queue, body: StaffChange, who: Actor) -> None:
    named = {place.agent_id: place.penalty for place in body.agents}
    within = set(session.scalars(narrow(select(User.id), who, User)))
    if not named.keys() <= within or len(named) != len(body.agents):
        raise Invalid("somebody is named twice, or there is no such person", fields={"agents": "not_allowed"})
    session.execute(delete(QueueAgent).where(QueueAgent.queue_id == queue.id, QueueAgent.agent_id.in_(within)))
    session.add_all(QueueAgent(queue_id=queue.id, agent_id=agent, penalty=p) for agent, p in named.items())
    queues.change(session, queue, {"staffed": body.staffed})


def _read(session: Session, who: Actor) -> StaffAnswer:
    found = narrow(select(User).where(User.active), who, User).order_by(User.display_name, User.id)
    people = {user.id: user for user in session.scalars(found)}
    places: dict[UUID, list[Place]] = defaultdict(list)
    for row in session.scalars(select(QueueAgent).order_by(QueueAgent.penalty, QueueAgent.id)):
        if row.agent_id in people:
            places[row.queue_id].append(Place(agent_id=row.agent_id, penalty=row.penalty))
    return StaffAnswer(
        items=[_queue(queue, places[queue.id]) for queue in queues.every(session)],
        people=[Person.model_validate(user) for user in people.values()],
    )


def _queue(queue: Queue, agents: list[Place]) -> QueueStaff:
    return QueueStaff(
        id=queue.id,
        pbx=queue.pbx,
        name=queue.name,
        label=queue.label,
        staffed=queue.staffed,
        version=queue.version,
        agents=agents,
    )


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/staff", StaffView)
    app.router.add_view(f"{ROOT}/staff/{{queue_id}}", QueueStaffView)
