"""Business hours, what is asked for which queue, and what would be answered for a number."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, TypeVar
from uuid import UUID

from aiohttp import web
from pydantic import AwareDatetime, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter.api import BUS, CLOCK, DB, ROOT, Answer, Body, Line, View, etag, expect
from callcenter.crm import audit, call_list, policy_row
from callcenter.crm.access import require
from callcenter.crm.models.people import User
from callcenter.crm.models.routing import RouteAnswer
from callcenter.crm.rights import Verb
from callcenter.crm.schemas import Person
from callcenter.errors import Invalid
from callcenter.news import RoutingChanged
from callcenter.phone import is_withheld
from callcenter.routing.api_pbx import known_pbx
from callcenter.routing.asking.policies import CALENDARS, RULES, Calendars, RoutingRules
from callcenter.routing.asking.route import Answer as Routed
from callcenter.routing.asking.route import Ground, Question, Source, Verdict
from callcenter.routing.asking.router import Router

ROUTER: web.AppKey[Router] = web.AppKey("router", Router)
P = TypeVar("P", Calendars, RoutingRules)


class Trial(Body):
    """``at``: by the clock of then, null: of now."""

    pbx: Annotated[Line, StringConstraints(min_length=1)]
    queue: Annotated[Line, StringConstraints(min_length=1)]
    number: Annotated[Line, StringConstraints(max_length=60)] = ""
    at: AwareDatetime | None = None


class GroundAnswer(Answer):
    """``word``: the status, language or holiday it is about."""

    ground: Ground
    agent: Person | None
    word: str


class PersonAnswer(Answer):
    agent: Person
    extension: str
    phones: list[str]
    wait_s: int


class RoutedAnswer(Answer):
    """``grounds``: what decides first. ``then``, ``sound``, ``mailbox``: where it is closed, or he is refused."""

    verdict: Verdict
    grounds: list[GroundAnswer]
    source: Source
    priority: int
    person: PersonAnswer | None
    language: str
    name: str
    then: str
    sound: str
    mailbox: str
    opens_at: datetime | None


class GivenAnswer(Answer):
    """An answer that was given. ``took_ms``: what the call waited for it."""

    at: datetime
    queue: str
    verdict: Verdict
    grounds: list[GroundAnswer]
    agent: Person | None
    priority: int
    source: Source
    took_ms: float


class GivenAnswers(Answer):
    items: list[GivenAnswer]


class CallRoutingView(View):
    async def get(self, call_id: UUID, /) -> GivenAnswers:
        """What the PBX was answered when it asked where this call goes, in order; nothing where it did not ask."""
        who = require(self.request, Verb.READ_CALLS)

        def read(session: Session) -> GivenAnswers:
            call = call_list.get(session, call_id, who)
            of_call = (RouteAnswer.pbx == call.pbx) & (RouteAnswer.uniqueid == call.uniqueid)
            rows = session.scalars(select(RouteAnswer).where(of_call).order_by(RouteAnswer.at, RouteAnswer.id)).all()
            named = {UUID(one["agent"]) for row in rows for one in row.grounds if one["agent"]}
            people = _people(session, named | {row.agent_id for row in rows if row.agent_id})
            return GivenAnswers(items=[_given(row, people) for row in rows])

        return await self.request.app[DB].read(read)


class HoursView(View):
    async def get(self) -> Calendars:
        """The calendars."""
        return await _read(self, CALENDARS, Calendars)

    async def put(self, body: Calendars) -> Calendars:
        """Changes them, from the next call on."""
        return await _write(self, CALENDARS, body)


class RoutingRulesView(View):
    async def get(self) -> RoutingRules:
        """What is asked for which queue."""
        return await _read(self, RULES, RoutingRules)

    async def put(self, body: RoutingRules) -> RoutingRules:
        """Changes it, from the next call on."""
        return await _write(self, RULES, body)


class TrialView(View):
    async def post(self, body: Trial) -> RoutedAnswer:
        """What would be answered to a call of that number before that queue, and why. Nothing happens."""
        app = self.request.app
        require(self.request, Verb.EDIT_PBX)
        known_pbx(self.request, body.pbx)
        number = app[ROUTER].number(body.pbx, "", body.number)
        key = "" if is_withheld(body.number) else number.key
        question = Question(pbx=body.pbx, queue=body.queue, number=key)
        answer = await app[ROUTER].answer(question, body.at or app[CLOCK].now(), patient=True)
        agents = {one.agent for one in answer.grounds if one.agent}
        people = await app[DB].read(lambda s: _people(s, agents))
        return told(answer, people)


def told(answer: Routed, people: dict[UUID, Person]) -> RoutedAnswer:
    """As the browser reads it."""
    person = answer.person
    return RoutedAnswer(
        verdict=answer.verdict,
        grounds=[
            GroundAnswer(ground=one.ground, agent=people.get(one.agent) if one.agent else None, word=one.word)
            for one in answer.grounds
        ],
        source=answer.source,
        priority=answer.priority,
        person=PersonAnswer(
            agent=people[person.agent],
            extension=person.place.extension,
            phones=list(person.place.phones),
            wait_s=person.wait_s,
        )
        if person
        else None,
        language=answer.language,
        name=answer.name,
        then=answer.then,
        sound=answer.sound,
        mailbox=answer.mailbox,
        opens_at=answer.opens_at,
    )


def _given(row: RouteAnswer, people: dict[UUID, Person]) -> GivenAnswer:
    grounds = [
        GroundAnswer(
            ground=Ground(one["ground"]),
            agent=people.get(UUID(one["agent"])) if one["agent"] else None,
            word=one["word"],
        )
        for one in row.grounds
    ]
    return GivenAnswer(
        at=row.at,
        queue=row.queue,
        verdict=Verdict(row.verdict),
        grounds=grounds,
        agent=people.get(row.agent_id) if row.agent_id else None,
        priority=row.priority,
        source=Source(row.source),
        took_ms=row.took_ms,
    )


def _people(session: Session, agents: set[UUID]) -> dict[UUID, Person]:
    found = session.scalars(select(User).where(User.id.in_(agents))) if agents else ()
    return {user.id: Person.model_validate(user) for user in found}


async def _read(view: View, key: str, kind: type[P]) -> P:
    require(view.request, Verb.SEE_FLOOR)
    found, version = await view.request.app[DB].read(
        lambda s: (policy_row.read(s, key, kind), policy_row.version(s, key))
    )
    view.answer_header("ETag", etag(version))
    return found


async def _write(view: View, key: str, body: P) -> P:
    app, who, now = view.request.app, require(view.request, Verb.EDIT_PBX), view.request.app[CLOCK].now()

    def change(session: Session) -> int:
        expect(view.request, policy_row.version(session, key))
        _fits(session, body)
        policy_row.write(session, key, body)
        audit.record(session, who, "change", ("policy", key), now, **body.model_dump(mode="json"))
        return policy_row.version(session, key)

    version = await app[DB].write(change)
    await app[BUS].publish(RoutingChanged())
    view.answer_header("ETag", etag(version))
    return body


def _fits(session: Session, body: Calendars | RoutingRules) -> None:
    """No rule names a calendar that is not there: its queue would be open day and night. Raises Invalid."""
    rules = body if isinstance(body, RoutingRules) else policy_row.read(session, RULES, RoutingRules)
    kept = body if isinstance(body, Calendars) else policy_row.read(session, CALENDARS, Calendars)
    known = {one.id for one in kept.calendars}
    for n, rule in enumerate(rules.queues):
        if rule.calendar and rule.calendar not in known:
            field = f"queues.{n}.calendar" if isinstance(body, RoutingRules) else "calendars"
            raise Invalid("a queue keeps to a calendar that is not there", fields={field: "in_use"})


def provide(app: web.Application, router: Router) -> None:
    app[ROUTER] = router


def add_routes(app: web.Application) -> None:
    app.router.add_view(f"{ROOT}/routing/hours", HoursView)
    app.router.add_view(f"{ROOT}/routing/rules", RoutingRulesView)
    app.router.add_view(f"{ROOT}/routing/trial", TrialView)
    app.router.add_view(f"{ROOT}/calls/{{call_id}}/routing", CallRoutingView)
