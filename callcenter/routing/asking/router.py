"""Answers where a call goes: facts, rules and who is at work, put before the decision, and the answer written down."""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Final, TypeAlias

from sqlalchemy import insert
from sqlalchemy.orm import Session

from callcenter import metrics
from callcenter.contain import contained
from callcenter.crm.models.routing import RouteAnswer
from callcenter.decided import Decided
from callcenter.errors import Refused
from callcenter.ids import new_id
from callcenter.log import logger
from callcenter.news import BlocksChanged, CustomerChanged, RosterChanged
from callcenter.phone import Phone, is_withheld
from callcenter.roster import AgentId, Roster
from callcenter.routing.asking import facts, policies
from callcenter.routing.asking.agi import Asked, commands
from callcenter.routing.asking.memory import Memory
from callcenter.routing.asking.policies import Policy
from callcenter.routing.asking.route import Answer, Facts, Place, Question, QueuePolicy, Source, route
from callcenter.routing.asking.server import Reply
from callcenter.routing.outside import Outside
from callcenter.routing.presence import Mood, Presence
from callcenter.routing.seat import Seat

log = logger(__name__)
_UNWRITTEN: Final = 2000
RouteValues: TypeAlias = dict[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Who is where and doing what, as the gate knows it; ``number`` reads a caller's number as the trunk of the channel
    means it."""

    presence: Callable[[AgentId], Presence]
    seats_of: Callable[[str, AgentId], Sequence[Seat]]
    number: Callable[[str, str, str], Phone]


@dataclass(frozen=True, slots=True, kw_only=True)
class RoutingTaken:
    """What was decided about routing is what the router goes by now."""


class Router:
    """``start`` once, subscribe, ``run`` for ever; ``reply`` is the server's."""

    def __init__(self, outside: Outside, staffing: Staffing) -> None:
        self._out = outside
        self._staffing = staffing
        self._roster = Roster()
        self._memory = Memory(self._look)
        self._unwritten: asyncio.Queue[RouteValues] = asyncio.Queue(_UNWRITTEN)
        self.decided = Decided(outside.db, "routing_policy", policies.read, Policy(), self._taken_up)
        self.token = secrets.token_urlsafe(16)

    async def start(self, roster: Roster) -> None:
        """Raises Unavailable."""
        self._roster = roster
        await self.decided.start()
        await self._look("")  # what a statement costs the first time, up to a second, no caller waits for

    @property
    def policy(self) -> Policy:
        """As people decided."""
        return self.decided.value

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self.decided.run(), name="routing: what was decided")
            group.create_task(self._memory.run(), name="routing: facts")
            group.create_task(self._write(), name="routing: answers")

    async def roster_changed(self, event: RosterChanged) -> None:
        self._roster = event.roster

    async def blocks_changed(self, _event: BlocksChanged) -> None:
        self._memory.forget_blocks()

    async def customer_changed(self, event: CustomerChanged) -> None:
        self._memory.forget(event.customer)

    async def reply(self, asked: Asked) -> Reply:
        """Raises Refused for one who may not ask."""
        self.must_be_ours(asked)
        number = self.number(asked.pbx, asked.channel, asked.number)
        key = "" if is_withheld(asked.number) else number.key
        question = Question(pbx=asked.pbx, queue=asked.queue, number=key, uniqueid=asked.uniqueid)
        answer = await self.answer(question, self._out.clock.now())
        return Reply(commands=commands(answer, packed=asked.packed), taken=partial(self._taken, question, answer))

    def must_be_ours(self, asked: Asked) -> None:
        """Raises Refused for one who may not ask."""
        known = hmac.compare_digest(asked.token.encode(), self.token.encode())
        if not known or asked.pbx not in self._out.send:
            raise Refused("nobody of ours asks so", code="stranger")

    def number(self, pbx: str, channel: str, raw: str) -> Phone:
        """A caller's number as the trunk of the channel means it."""
        return self._staffing.number(pbx, channel, raw)

    async def answer(self, question: Question, now: datetime, *, patient: bool = False) -> Answer:
        """What would be answered at that moment, with the facts of this one. ``patient``: nobody waits on a line; it
        may raise Unavailable."""
        rule = self.policy.rules.of(question.pbx, question.queue)
        calendar = self.policy.calendars.of(rule.calendar) if rule else None
        known = await self._facts(question, patient=patient) if rule and rule.asks else Facts(source=Source.NONE)
        return route(question, known, QueuePolicy(rule=rule, calendar=calendar), now)

    async def _taken_up(self) -> None:
        await self._out.bus.publish(RoutingTaken())

    async def _facts(self, question: Question, *, patient: bool) -> Facts:
        if not question.number:
            return Facts(source=Source.HIDDEN)
        found = await (self._look if patient else self._memory.of)(question.number)
        places = {agent: self._place(question.pbx, agent) for agent in found.agents}
        return replace(found, at_work={agent: place for agent, place in places.items() if place})

    def _place(self, pbx: str, agent: AgentId) -> Place | None:
        now = self._out.clock.now()
        desk = next((b for b in self._roster.bindings if b.agent == agent and b.holds(now)), None)
        phones = tuple(sorted(d.name for d in desk.devices if d.pbx == pbx and not d.outside)) if desk else ()
        if desk is None or not phones:
            return None
        seats = self._staffing.seats_of(pbx, agent)
        return Place(
            extension=desk.extension,
            phones=phones,
            member=seats[0].interface if seats else phones[0],
            queues=frozenset(seat.queue for seat in seats),
            free=self._staffing.presence(agent).state is Mood.AVAILABLE,
        )

    async def _look(self, key: str) -> Facts:
        return await self._out.db.glance(lambda session: facts.read(session, key, self._out.clock.now()))

    def _taken(self, question: Question, answer: Answer, took_s: float) -> None:
        metrics.route_answers.labels(source=answer.source).inc()
        try:
            self._unwritten.put_nowait(_row(question, answer, self._out.clock.now(), took_s))
        except asyncio.QueueFull:
            log.warning("route_answers_dropped", waiting=_UNWRITTEN)

    async def _write(self) -> None:
        """Some seconds of a locked database cost the story of a call, not the call."""
        while True:
            rows = [await self._unwritten.get()]
            while not self._unwritten.empty():
                rows.append(self._unwritten.get_nowait())
            with contained("route_answers"):
                await self._out.db.write(partial(_add, rows), hardened=False)


def _add(rows: list[RouteValues], session: Session) -> None:
    session.execute(insert(RouteAnswer), rows)


def _row(question: Question, answer: Answer, at: datetime, took_s: float) -> RouteValues:
    grounds = [
        {"ground": one.ground, "agent": str(one.agent) if one.agent else None, "word": one.word}
        for one in answer.grounds
    ]
    return {
        "id": new_id(),
        "pbx": question.pbx,
        "uniqueid": question.uniqueid,
        "queue": question.queue,
        "at": at,
        "verdict": answer.verdict,
        "grounds": grounds,
        "agent_id": answer.person.agent if answer.person else None,
        "priority": answer.priority,
        "source": answer.source,
        "took_ms": round(took_s * 1000, 3),
    }
