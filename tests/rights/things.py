"""A floor of two teams, and the things that the names in paths stand for, made anew for every question."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy import select
from sqlalchemy.orm import Session

from callcenter import phone
from callcenter.api import ROOT, View
from callcenter.app import Parts, build
from callcenter.config import Pbx, Settings
from callcenter.crm import access, agent_messages, displays, merge, sessions, upload_tokens, users
from callcenter.crm.customers import Made
from callcenter.crm.identify import number_row
from callcenter.crm.models.calls import CallRow, RecordingRow, SegmentRow
from callcenter.crm.models.cards import CustomerLink, NoteRow, StatusRow
from callcenter.crm.models.customers import ContactPoint, ContactWay, Customer, PhoneNumber
from callcenter.crm.models.desks import PauseCode
from callcenter.crm.models.floor import AgentMessage, AlarmRow, DisplayRow
from callcenter.crm.models.imports import Import
from callcenter.crm.models.listening import CommentRow
from callcenter.crm.models.messages import MessageTemplate, PreparedMessage
from callcenter.crm.models.outages import OutageRow
from callcenter.crm.models.outcomes import OutcomeCode
from callcenter.crm.models.people import SignIn, Team, User
from callcenter.crm.models.privacy import LegalHold
from callcenter.crm.models.queues import Queue
from callcenter.crm.models.reviews import Suspicion
from callcenter.crm.models.routing import BlockedNumber
from callcenter.crm.models.scores import Evaluation, Sample, SamplingRule, ScoreForm, ScoreFormVersion
from callcenter.crm.models.tasks import Task, TaskReminder
from callcenter.crm.rights import Actor, UserRole
from callcenter.crm.sessions import Visitor
from callcenter.ids import new_id
from callcenter.website import add_all_routes, website

PEOPLE: Final = {
    "agent": ("agent", "A"),
    "supervisor": ("supervisor", "A"),
    "admin": ("admin", "A"),
    "colleague": ("agent", "A"),
    "stranger": ("agent", "B"),
}
"""Role and team of each; the first three ask."""
OWNER_OF: Final = {"team": "colleague", "other": "stranger"}


@dataclass(frozen=True)
class Said:
    status: int
    text: str


@dataclass
class Floor:
    """The application with people of two teams."""

    parts: Parts
    http: ClientSession
    people: dict[str, UUID]
    teams: dict[str, UUID]
    tokens: dict[str, str]

    async def plant(self, role: str, whose: str) -> dict[str, str]:
        """Things that are the asker's own, a colleague's or another team's, by the names they have in paths."""
        owner = OWNER_OF.get(whose, role)
        team = self.teams[PEOPLE[owner][1]]
        return await self.parts.db.write(lambda s: plant(s, self.parts.clock.now(), self.people[owner], team))

    async def ask(self, who: str, route: str, named: dict[str, str], body: Any = None) -> Said:
        """``route`` is method and path."""
        method, path = route.split(" ", 1)
        for name, value in named.items():
            path = path.replace(f"{{{name}}}", value)
        told = {k: v.format(**named) if isinstance(v, str) else v for k, v in body.items()} if body else body
        headers = {"X-Requested-With": "callcenter"}
        if who:
            headers["Cookie"] = f"{access.COOKIE}={await self.token(who)}"
        async with self.http.request(method, f"{ROOT}{path}", json=told, headers=headers) as answer:
            return Said(answer.status, (await answer.read()).decode(errors="replace"))

    async def nothing(self, who: str, route: str, body: Any) -> Said:
        """What the asker is told of things that do not exist."""
        named = await self.plant(who, "own")
        told = await self.ask(who, route, {name: str(new_id()) for name in named}, body)
        assert told.status == 404, told
        return told

    async def token(self, who: str) -> str:
        """A session that lives, though some routes end sessions."""
        now = self.parts.clock.now()
        if await self.parts.db.read(lambda s: sessions.actor(s, self.tokens.get(who, ""), now)) is None:
            self.tokens[who] = await self.parts.db.write(lambda s: sign_in(s, self.people[who], now))
        return self.tokens[who]


def routes() -> set[str]:
    """Every route of the API that asks who is there, as ``METHOD /path``."""
    app = web.Application()
    add_all_routes(app)
    found = {f"{method} {path.removeprefix(ROOT)}" for path, method in _table(app) if path.startswith(f"{ROOT}/")}
    return found - {"POST /session", "GET /ws", "PUT /recordings/files", "GET /display"}


def _table(app: web.Application) -> set[tuple[str, str]]:
    found = set()
    for resource in app.router.resources():
        for route in resource:
            view = route.handler
            typed = isinstance(view, type) and issubclass(view, View)
            methods = view.allowed_methods if typed else {route.method} - {"HEAD"}  # type: ignore[attr-defined]
            found |= {(resource.canonical, method) for method in methods}
    return found


def sign_in(session: Session, person: UUID, now: Any) -> str:
    return sessions.begin(session, users.get(session, person), Visitor(address="", software=""), now)


def plant(session: Session, now: Any, owner: UUID, team: UUID) -> dict[str, str]:
    """Add here what a new name in a path stands for."""
    customer = Customer(name="Mario", owner_id=owner, team_id=team, created_at=now, updated_at=now, search_text="mario")
    number = PhoneNumber(key=f"raw:{new_id()}", tail="")
    free_team = Team(name=str(new_id()))
    session.add_all([customer, number, free_team])
    session.flush()
    point = ContactPoint(customer_id=customer.id, number_id=number.id, raw="1", created_at=now)
    call = CallRow(pbx="main", uniqueid=str(new_id()), direction="inbound", state="ended", number_raw="1")
    call.withheld, call.customer_id, call.number_id = False, customer.id, number.id
    call.started_at = call.ended_at = now - timedelta(minutes=5)
    way = ContactWay(customer_id=customer.id, kind="email", value="m@example.com", key="m@example.com", created_at=now)
    session.add_all([point, call, way])
    session.flush()
    part = SegmentRow(call_id=call.id, seq=0, device="PJSIP/101", leg="1.2", role="owner", via="queue")
    part.agent_id, part.answered_at, part.outcome_state = owner, call.started_at, "owed"
    sound = RecordingRow(call_id=call.id, pbx="main", path=str(new_id()), state="stored", started_at=call.started_at)
    sound.store_key, sound.size = "gone.wav", 1
    session.add_all([part, sound])
    sign_in(session, owner, now)
    session.flush()
    words = CommentRow(recording_id=sound.id, author_id=owner, at_s=0.0, text="x", created_at=now)
    session.add(words)
    more = _plant_more(session, customer, now, owner)
    signed_in = select(SignIn.id).where(SignIn.user_id == owner).order_by(SignIn.id.desc()).limit(1)
    return {
        "customer_id": str(customer.id),
        "number_id": str(point.id),
        "way_id": str(way.id),
        "call_id": str(call.id),
        "segment_id": str(part.id),
        "recording_id": str(sound.id),
        "comment_id": str(words.id),
        "session_id": str(session.scalar(signed_in)),
        "team_id": str(free_team.id),
        "user_id": str(session.scalar(select(User.id).where(User.username == "colleague"))),
        "outcome_id": str(session.scalar(select(OutcomeCode.id).limit(1))),
        "agent_id": str(owner),
        "code_id": str(session.scalar(select(PauseCode.id).limit(1))),
        "block_id": str(_block(session, now)),
        "alarm_id": str(_alarm(session, now, owner)),
        "display_id": str(_display(session, now, owner)),
        "name": "main",
        **_message(session, part, owner, now),
        **more,
        **_plant_scores(session, part, owner, now),
    }


def _alarm(session: Session, now: Any, agent: UUID) -> UUID:
    """A wrap-up that is too long."""
    row = AlarmRow(kind="wrapup", pbx="main", thing=str(agent), agent_id=agent, limit=240, worst=300, raised_at=now)
    session.add(row)
    session.flush()
    return row.id


def _display(session: Session, now: Any, by: UUID) -> UUID:
    return displays.make(session, DisplayRow(name="Hall", queues=[], made_at=now, by_id=by), displays.new())


def _message(session: Session, part: SegmentRow, owner: UUID, now: Any) -> dict[str, str]:
    template = MessageTemplate(name=str(new_id()), kind="sms", texts={"en": {"subject": "", "text": "x"}})
    session.add(template)
    session.flush()
    ready = PreparedMessage(
        segment_id=part.id, template_id=template.id, for_id=owner, kind="sms", language="en", at=now
    )
    ready.recipient, ready.subject, ready.text, ready.lacking = "1", "", "x", []
    session.add(ready)
    session.flush()
    return {"template_id": str(template.id), "prepared_id": str(ready.id)}


def _plant_more(session: Session, card: Customer, now: Any, owner: UUID) -> dict[str, str]:
    team = card.team_id
    task = Task(kind="todo", customer_id=card.id, assignee_id=owner, created_by_id=owner, team_id=team, order_at=now)
    task.created_at = task.updated_at = now
    hold = LegalHold(customer_id=card.id, reference="1", by_id=owner, at=now)
    queue = Queue(pbx="main", name=str(new_id()))
    outage = OutageRow(pbx="main", from_at=now, to_at=now, cause="link_lost", begun_at=now, state="filled")
    firm = Customer(kind="organisation", owner_id=owner, team_id=team, created_at=now, updated_at=now)
    other_firm = Customer(kind="organisation", owner_id=owner, team_id=team, created_at=now, updated_at=now)
    note = NoteRow(customer_id=card.id, author_id=owner, text="x", created_at=now)
    session.add_all([task, hold, queue, outage, firm, other_firm, note])
    session.flush()
    link = CustomerLink(person_id=card.id, organisation_id=other_firm.id)
    absorbed = Customer(owner_id=owner, team_id=team, created_at=now, updated_at=now)
    session.add_all([absorbed, link])
    session.flush()
    by = Actor(id=owner, role=UserRole.ADMIN, team=team, username="", display_name="", language="", session=new_id())
    merged = merge.merge(session, card.id, absorbed.id, frozenset(), Made(by=by, at=now))
    reminder = TaskReminder(task_id=task.id, user_id=owner, at=now)
    session.add(reminder)
    session.flush()
    sheet = Import(filename="a.csv", columns=["Name"], columns_key="", mapping=["name"], region="RU", rows=1)
    sheet.about = {"encoding": "utf-8", "delimiter": ";", "sheet": "", "first": 2, "remembered": False}
    sheet.created_by_id, sheet.created_at = owner, now
    session.add(sheet)
    session.flush()
    return {
        "token_id": str(upload_tokens.make(session, str(new_id()), "main", owner, now)),
        "import_id": str(sheet.id),
        "task_id": str(task.id),
        "hold_id": str(hold.id),
        "queue_id": str(queue.id),
        "outage_id": str(outage.id),
        "reminder_id": str(reminder.id),
        "message_id": str(agent_messages.send(session, AgentMessage(by_id=owner, text="x", at=now), [owner])),
        "organisation_id": str(firm.id),
        "note_id": str(note.id),
        "link_id": str(link.id),
        "merge_id": str(merged.id),
        "status_id": str(session.scalar(select(StatusRow.id).where(StatusRow.code == "hot"))),
    }


def _plant_scores(session: Session, part: SegmentRow, owner: UUID, now: Any) -> dict[str, str]:
    """A published evaluation of the owner's talk, by an administrator; and another form."""
    by = session.scalars(select(User.id).where(User.username == "admin")).one()
    forms = [ScoreForm(name=str(new_id())) for _ in range(2)]
    session.add_all(forms)
    session.flush()
    versions = [ScoreFormVersion(form_id=form.id, number=1, name=form.name, by_id=by, at=now) for form in forms]
    for version in versions:
        version.content = []
    session.add_all(versions)
    session.flush()
    told = Evaluation(form_id=forms[1].id, form_version_id=versions[1].id, call_id=part.call_id, segment_id=part.id)
    told.agent_id, told.evaluator_id, told.state, told.created_at, told.at = owner, by, "published", now, now
    rule = SamplingRule(name=str(new_id()), form_id=forms[0].id, per_agent=1, conditions={}, due_days=7, seed="x")
    rule.created_at = now
    session.add_all([told, rule])
    session.flush()
    asked = Sample(rule_id=rule.id, form_id=forms[0].id, week=now.date(), call_id=part.call_id, segment_id=part.id)
    asked.agent_id, asked.due_at, asked.created_at = owner, now, now
    session.add(asked)
    session.flush()
    odd = Suspicion(kind="hung_up", agent_id=owner, code=str(new_id()), since=now, until=now, last_at=now, found_at=now)
    odd.figures = {"count": 1, "of": 1}
    session.add(odd)
    session.flush()
    named = {"form_id": forms[0].id, "evaluation_id": told.id, "rule_id": rule.id, "sample_id": asked.id}
    named["suspicion_id"] = odd.id
    return {name: str(thing) for name, thing in named.items()}


@asynccontextmanager
async def open_floor(url: str, state: Path) -> AsyncIterator[Floor]:
    """The whole application on a database, less the PBX."""
    pbx = Pbx(host="127.0.0.1", username="x", secret=SecretStr("x"))
    parts = build(Settings(state=state, database_url=SecretStr(url), pbx={"main": pbx}))
    await parts.db.start()
    server = TestServer(website(parts))
    await server.start_server()
    consumer = asyncio.create_task(parts.ledger.run("main"))
    http = ClientSession(server.make_url("/"), cookie_jar=DummyCookieJar())
    people, teams = await parts.db.write(lambda s: _staff(s, parts.clock.now()))
    yield Floor(parts=parts, http=http, people=people, teams=teams, tokens={})
    consumer.cancel()
    await http.close()
    await server.close()
    await parts.db.close()


def _staff(session: Session, now: Any) -> tuple[dict[str, UUID], dict[str, UUID]]:
    teams = {name: Team(name=name) for name in ("A", "B")}
    session.add_all(teams.values())
    session.flush()
    people = {}
    for name, (role, team) in PEOPLE.items():
        values = {"username": name, "role": role, "team_id": teams[team].id}
        people[name] = users.create(session, values, "no password", now).id
    return people, {name: team.id for name, team in teams.items()}


def _block(session: Session, now: datetime) -> UUID:
    """Of a number nobody has."""
    number = number_row(session, phone.parse(f"+39 02 {new_id().int % 10**7:07d}", "IT"))
    made = BlockedNumber(number_id=number, reason="spam", created_at=now)
    session.add(made)
    session.flush()
    return made.id
