"""The floor as supervisors see it: agents, queues, live calls."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime
from typing import Final
from uuid import UUID

from aiohttp import web
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import DB, ROOT, SETTINGS, Answer, View
from callcenter.crm import rosters
from callcenter.crm.access import require
from callcenter.crm.call_answers import CallAnswer
from callcenter.crm.call_views import views
from callcenter.crm.models.calls import CallRow
from callcenter.crm.models.desks import Extension
from callcenter.crm.models.people import User
from callcenter.crm.rights import Actor, UserRole, Verb
from callcenter.crm.schemas import Person
from callcenter.crm.visible import narrow
from callcenter.roster import AgentId
from callcenter.routing import api_doctor, api_floor, api_pbx, api_presence, api_queues, api_staff, api_survey
from callcenter.routing.doctor.doctor import Doctor
from callcenter.routing.gate import Gate
from callcenter.routing.keys import DOCTOR, GATE, SURVEY
from callcenter.routing.presence import Presence
from callcenter.routing.survey import Survey
from callcenter.routing.today import Figures
from callcenter.routing.unowned import display

_SHOWN_AT_MOST: Final = 500


class DebtAnswer(Answer):
    """A talk whose outcome is owed."""

    segment_id: UUID
    call_id: UUID | None
    since: datetime
    number_display: str
    queue: str


class FloorAgent(Person):
    """A colleague at work; ``extension`` and its ``pbx`` null: at no desk. ``owes``: oldest first."""

    extension: str | None
    pbx: str | None
    presence: Presence
    owes: list[DebtAnswer]


class FloorAgents(Answer):
    items: list[FloorAgent]


class FloorQueue(Answer):
    """``offered_to_you``: whether its next call may ring at your phone. ``today``: the day so far, its service level
    measured against ``target_s``; ``label`` "": nobody named the queue."""

    pbx: str
    queue: str
    label: str
    target_s: int
    today: Figures
    waiting: int
    longest_since: datetime | None
    members: int
    paused: int
    free: int
    unreachable: int
    talking: int
    wrapup: int
    offered_to_you: bool


class FloorQueues(Answer):
    items: list[FloorQueue]


class LiveCalls(Answer):
    items: list[CallAnswer]


class AgentsView(View):
    async def get(self) -> FloorAgents:
        """Everybody who takes calls: all agents, and whoever else sits at an extension or owes an outcome."""
        who = require(self.request, Verb.SEE_FLOOR)
        gate = self.request.app[GATE]
        people, desks = await self.request.app[DB].read(lambda s: _people(s, who))
        owed = _debts(gate)
        return FloorAgents(
            items=[
                FloorAgent(
                    id=user.id,
                    username=user.username,
                    display_name=user.display_name,
                    extension=desks[user.id].number if user.id in desks else None,
                    pbx=desks[user.id].pbx if user.id in desks else None,
                    presence=gate.presence(user.id),
                    owes=owed.get(user.id, []),
                )
                for user in people
                if user.role == UserRole.AGENT or user.id in desks or user.id in owed
            ]
        )


class QueuesView(View):
    async def get(self) -> FloorQueues:
        """Every queue: who waits, and who could answer."""
        who = require(self.request, Verb.SEE_FLOOR)
        gate = self.request.app[GATE]
        yours = {(pbx, s.queue) for pbx in self.request.app[SETTINGS].pbx for s in gate.seats_of(pbx, who.id) if s.open}
        return FloorQueues(
            items=[
                FloorQueue.model_validate({**_fields(line), "offered_to_you": (line.pbx, line.queue) in yours})
                for line in gate.overview()
            ]
        )


class LiveView(View):
    async def get(self) -> LiveCalls:
        """Calls that go on now, oldest first."""
        who = require(self.request, Verb.SEE_FLOOR)
        return LiveCalls(items=await self.request.app[DB].read(lambda s: _live(s, who)))


def _fields(line: object) -> dict[str, object]:
    return {name: getattr(line, name) for name in FloorQueue.model_fields if name != "offered_to_you"}


def _people(session: Session, who: Actor) -> tuple[list[User], dict[UUID, Extension]]:
    found = narrow(select(User).where(User.active), who, User)
    people = list(session.scalars(found.order_by(User.display_name, User.id)))
    return people, {user.id: extension for extension, user in rosters.desks(session) if user}


def _debts(gate: Gate) -> dict[AgentId, list[DebtAnswer]]:
    found: dict[AgentId, list[DebtAnswer]] = defaultdict(list)
    for call in gate.live().values():
        for segment in call.segments:
            if segment.owes and segment.agent is not None and segment.id is not None:
                debt = DebtAnswer(
                    segment_id=segment.id,
                    call_id=call.id,
                    since=segment.answered_at or call.started_at,
                    number_display=display(call.number, call.region),
                    queue=segment.queue,
                )
                found[segment.agent].append(debt)
    return {agent: sorted(debts, key=lambda d: d.since) for agent, debts in found.items()}


def _live(session: Session, who: Actor) -> list[CallAnswer]:
    going_on = narrow(select(CallRow).where(CallRow.ended_at.is_(None)), who, CallRow)
    ordered = going_on.order_by(CallRow.started_at, CallRow.id).limit(_SHOWN_AT_MOST)
    return views(session, list(session.scalars(ordered)), who)


def provide(app: web.Application, gate: Gate, survey: Survey, doctor: Doctor) -> None:
    """Hands the parts to the routes."""
    app[GATE], app[SURVEY], app[DOCTOR] = gate, survey, doctor


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/agents", AgentsView)
    app.router.add_view(f"{ROOT}/queues", QueuesView)
    app.router.add_view(f"{ROOT}/live", LiveView)
    api_pbx.add_routes(app)
    api_queues.add_routes(app)
    api_survey.add_routes(app)
    api_doctor.add_routes(app)
    api_presence.add_routes(app)
    api_floor.add_routes(app)
    api_staff.add_routes(app)
