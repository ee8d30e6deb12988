"""Lines from a supervisor to one agent, to a queue's agents, or to all who sit at a desk; and who has read them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from aiohttp import web
from pydantic import StringConstraints, model_validator
from pydantic_core import PydanticCustomError
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, Prose, View, creates
from callcenter.crm import agent_messages, audit, once, rosters
from callcenter.crm.access import actor, require
from callcenter.crm.models.desks import Extension
from callcenter.crm.models.floor import AgentMessage
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, Verb
from callcenter.crm.schemas import Person
from callcenter.crm.visible import narrow
from callcenter.errors import NotFound, Refused
from callcenter.news import AgentMessaged
from callcenter.routing.gate import Gate
from callcenter.routing.keys import GATE

Text = Annotated[Prose, StringConstraints(min_length=1, max_length=500, strip_whitespace=True)]


class NewMessage(Body):
    """``agent_id``: to this one; ``pbx`` and ``queue``: to those of the queue; neither: to all at a desk."""

    text: Text
    agent_id: UUID | None = None
    pbx: Line = ""
    queue: Line = ""

    @model_validator(mode="after")
    def _one_audience(self) -> Self:
        if (self.agent_id and self.queue) or bool(self.pbx) != bool(self.queue):
            raise PydanticCustomError("not_allowed", "one audience")
        return self


class ReaderAnswer(Person):
    """``read_at`` null: not yet."""

    read_at: datetime | None


class SentMessage(Answer):
    id: UUID
    text: str
    pbx: str
    queue: str
    at: datetime
    readers: list[ReaderAnswer]


class SentMessages(Answer):
    items: list[SentMessage]


class MyMessage(Answer):
    id: UUID
    text: str
    by: Person
    at: datetime


class MyMessages(Answer):
    items: list[MyMessage]


class MessageMade(Answer):
    """``readers``: to how many it was sent."""

    id: UUID
    readers: int


class MessagesView(View):
    async def get(self) -> SentMessages:
        """What one has sent lately, and who has read it."""
        who = require(self.request, Verb.ORDER_AGENTS)

        def read(session: Session) -> SentMessages:
            return SentMessages(items=[_sent(*one) for one in agent_messages.sent(session, who.id)])

        return await self.request.app[DB].read(read)

    @creates
    async def post(self, body: NewMessage) -> MessageMade:
        """Sends a line. It stands on its readers' screens until they have read it."""
        app, who = self.request.app, require(self.request, Verb.ORDER_AGENTS)
        readers = await app[DB].read(lambda s: _readers(s, who, body, app[GATE]))
        if not readers:
            raise Refused("nobody is there to read it", code="nobody_there")
        made, fresh = await once.create(self.request, "message", _writing(who, body, readers, app[CLOCK].now()))
        if fresh:
            await app[BUS].publish(AgentMessaged(message=made, people=frozenset(readers)))
        return MessageMade(id=made, readers=len(readers))


class MyMessagesView(View):
    async def get(self) -> MyMessages:
        """What one has not read yet, the oldest first."""
        who = actor(self.request)

        def read(session: Session) -> MyMessages:
            found = agent_messages.unread(session, who.id)
            items = [MyMessage(id=m.id, text=m.text, by=Person.model_validate(by), at=m.at) for m, by in found]
            return MyMessages(items=items)

        return await self.request.app[DB].read(read)


class ReadView(View):
    async def put(self, message_id: UUID, /) -> None:
        """One has read it: it goes from all one's screens, and its author sees that."""
        app, who, now = self.request.app, actor(self.request), self.request.app[CLOCK].now()
        author = await app[DB].write(lambda s: agent_messages.read(s, message_id, who.id, now))
        await app[BUS].publish(AgentMessaged(message=message_id, people=frozenset({who.id, author})))


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/messages", MessagesView)
    app.router.add_view(f"{ROOT}/me/messages", MyMessagesView)
    app.router.add_view(f"{ROOT}/me/messages/{{message_id}}", ReadView)


def _readers(session: Session, who: Actor, body: NewMessage, gate: Gate) -> list[UUID]:
    """Within the actor's reach. Raises NotFound for an agent who is not."""
    people = narrow(select(User.id).where(User.active, User.id != who.id), who, User)
    if body.agent_id:
        found = list(session.scalars(people.where(User.id == body.agent_id)))
        if not found:
            raise NotFound("there is no such person")
        return found
    members = _members(body, gate) if body.queue else frozenset()
    sitting = [
        user.id for desk, user in rosters.desks(session) if user and (not body.queue or _sits(desk, body, members))
    ]
    return list(session.scalars(people.where(User.id.in_(sitting))))


def _members(body: NewMessage, gate: Gate) -> frozenset[str]:
    """By what the queue calls its members, and what it takes their state from."""
    seats = [seat for seat in gate.seats(body.pbx) if seat.queue == body.queue]
    return frozenset(name for seat in seats for name in (seat.interface, seat.state_interface))


def _sits(desk: Extension, body: NewMessage, members: frozenset[str]) -> bool:
    return desk.pbx == body.pbx and not members.isdisjoint({*desk.devices, *desk.interfaces})


def _writing(who: Actor, body: NewMessage, readers: list[UUID], now: datetime) -> Callable[[Session], UUID]:
    def write(session: Session) -> UUID:
        message = AgentMessage(by_id=who.id, text=body.text, pbx=body.pbx, queue=body.queue, at=now)
        made = agent_messages.send(session, message, readers)
        audit.record(session, who, "message", ("message", str(made)), now, queue=body.queue, readers=len(readers))
        return made

    return write


def _sent(message: AgentMessage, readers: list[tuple[User, datetime | None]]) -> SentMessage:
    return SentMessage(
        id=message.id,
        text=message.text,
        pbx=message.pbx,
        queue=message.queue,
        at=message.at,
        readers=[
            ReaderAnswer(id=user.id, username=user.username, display_name=user.display_name, read_at=read_at)
            for user, read_at in readers
        ],
    )
