"""A small call center over HTTP: the real application, database and ledger, and people who sign in to it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from functools import lru_cache
from io import BytesIO
from typing import Any
from uuid import UUID

from aiohttp import ClientResponse, ClientSession, CookieJar, web
from aiohttp.test_utils import TestServer
from argon2 import PasswordHasher
from sqlalchemy import select

from callcenter import api
from callcenter.bus import Bus
from callcenter.clock import SetClock
from callcenter.config import Http, Settings
from callcenter.crm import access, queues, rosters, users
from callcenter.crm.models.office import Audit
from callcenter.crm.models.people import User
from callcenter.crm.routes import add_routes
from callcenter.db import Database
from callcenter.events import QueueResult
from callcenter.health import Health
from callcenter.ledger import Ledger
from callcenter.news import (
    CustomerChanged,
    DraftSaved,
    KeepingChanged,
    OutcomeRulesChanged,
    RosterChanged,
    SignedOff,
    TasksChanged,
)
from callcenter.routing.outside import Outside, Send
from tests.spine.story import START, Story

PASSWORD = "correct horse battery"
OURS = {"X-Requested-With": "callcenter"}


CHEAP = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
"""A hash says itself what it costs to verify, and people sign in to nearly every test."""


@lru_cache
def hashed() -> str:
    return CHEAP.hash(PASSWORD)


def talked(desk: str, *, uniqueid: str = "1700000000.1", caller: str = "+79161234567") -> Story:
    """A queue call that somebody at the desk answered, talked through and hung up."""
    story = Story(uniqueid=uniqueid, number=caller).arrives().joins().rings(desk).answers(desk)
    return story.leaves(QueueResult.ANSWERED).parts(desk).hangs_up(desk).ends()


@dataclass
class Answer:
    """What came back, read to its end."""

    status: int
    headers: Any
    text: str
    body: Any

    @property
    def code(self) -> str:
        return str(self.body["code"])

    @property
    def fields(self) -> dict[str, str]:
        return dict(self.body["fields"])


@dataclass
class Caller:
    """A program or a browser with its own cookies."""

    http: ClientSession
    id: UUID | None = None

    async def send(self, method: str, path: str, body: Any = None, **headers: str) -> Answer:
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        url = path if path.startswith(("/api", "/healthz", "/readyz", "/metrics")) else f"/api/v1{path}"
        async with self.http.request(method, url, json=body, headers=named) as response:
            return await _read(response)

    async def raw(self, method: str, path: str, data: bytes | BytesIO) -> Answer:
        headers = {"Content-Type": "application/json"}
        async with self.http.request(method, f"/api/v1{path}", data=data, headers=headers) as response:
            return await _read(response)

    async def get(self, path: str, **headers: str) -> Answer:
        return await self.send("GET", path, **headers)

    async def post(self, path: str, body: Any = None, **headers: str) -> Answer:
        return await self.send("POST", path, body, **headers)

    async def put(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.send("PUT", path, body, **headers)

    async def patch(self, path: str, body: Any, **headers: str) -> Answer:
        return await self.send("PATCH", path, body, **headers)

    async def delete(self, path: str, **headers: str) -> Answer:
        return await self.send("DELETE", path, **headers)


async def _read(response: ClientResponse) -> Answer:
    text = await response.text()
    body = await response.json(content_type=None) if "json" in response.headers.get("Content-Type", "") else None
    return Answer(response.status, response.headers, text, body)


@dataclass
class Office:
    """``heard`` is what the bus carried."""

    db: Database
    clock: SetClock
    ledger: Ledger
    health: Health
    server: TestServer
    stack: AsyncExitStack
    heard: list[Any] = field(default_factory=list)

    async def caller(self, headers: dict[str, str] | None = None) -> Caller:
        """Somebody who has not signed in."""
        jar = CookieJar(unsafe=True)
        made = ClientSession(self.server.make_url("/"), cookie_jar=jar, headers=OURS if headers is None else headers)
        return Caller(await self.stack.enter_async_context(made))

    async def person(self, username: str, role: str = "agent") -> UUID:
        values = {"username": username, "display_name": username.title(), "role": role, "language": "en"}
        return await self.db.write(lambda s: users.create(s, values, hashed(), self.clock.now()).id)

    async def signed_in(self, username: str, role: str = "agent", extension: str | None = None) -> Caller:
        """A new person who has signed in."""
        if extension:
            await self.extension(extension)
        person = await self.person(username, role)
        caller = await self.caller()
        caller.id = person
        answer = await self.sign_in(caller, username, extension=extension)
        assert answer.status == 200, answer.text
        return caller

    async def sign_in(self, caller: Caller, username: str, password: str = PASSWORD, **more: Any) -> Answer:
        return await caller.post("/session", {"username": username, "password": password, **more})

    async def extension(self, number: str, pbx: str = "main") -> UUID:
        name = f"PJSIP/{number}"
        return await self.db.write(lambda s: rosters.put_extension(s, pbx, number, [name], [name]).id)

    async def queue(self, name: str) -> UUID:
        """A queue of the PBX."""
        await self.db.write(lambda s: queues.met(s, "main", [name]))
        return (await self.db.read(lambda s: queues.of_pbx(s, "main")))[0].id

    async def happens(self, story: Story) -> None:
        """The PBX tells the story."""
        for event in story.events:
            await self.ledger.take(event)

    async def trail(self, verb: str) -> list[Audit]:
        return await self.db.read(lambda s: list(s.scalars(select(Audit).where(Audit.verb == verb).order_by(Audit.id))))

    async def user(self, person: UUID) -> User:
        return await self.db.read(lambda s: users.get(s, person))

    async def hear(self, event: Any) -> None:
        self.heard.append(event)

    def told(self, kind: type) -> list[Any]:
        return [event for event in self.heard if isinstance(event, kind)]


async def says_nothing(_action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
    """A PBX that does whatever it is asked and does not talk of it."""
    return []


def outside(app: web.Application, ledger: Ledger, send: Send = says_nothing) -> Outside:
    """What the parts in front of the PBX reach, for an application that is being composed."""
    return Outside(
        db=app[api.DB],
        bus=app[api.BUS],
        clock=app[api.CLOCK],
        health=app[api.HEALTH],
        take=ledger.take,
        live=ledger.live,
        send={"main": send},
        region=lambda _pbx: "RU",
    )


@asynccontextmanager
async def open_office(
    db: Database,
    http: Http | None = None,
    prepare: Callable[[web.Application], None] = lambda _app: None,
    more: Callable[[web.Application, Ledger], None] = lambda _app, _ledger: None,
) -> AsyncIterator[Office]:
    """The application as it is composed in earnest, less the PBX. ``prepare`` hands it further parts, ``more`` routes
    that come before those of the record."""
    clock, bus = SetClock(START), Bus()
    health = Health(bus, clock)
    ledger = Ledger(db, bus, clock, health)
    bus.on(RosterChanged, ledger.roster_changed)
    bus.on(OutcomeRulesChanged, ledger.outcome_rules.changed)
    bus.on(KeepingChanged, ledger.keep_hidden.changed)
    app = web.Application(middlewares=[api.problems, api.own_pages_only, access.authenticate])
    app.on_response_prepare.append(api.safe_headers)
    app[api.DB], app[api.BUS], app[api.CLOCK], app[api.HEALTH] = db, bus, clock, health
    app[api.SETTINGS] = Settings(region="RU", http=http or Http())
    app[api.TAKE] = ledger.take
    more(app, ledger)
    add_routes(app)
    prepare(app)
    async with AsyncExitStack() as stack:
        server = TestServer(app)
        await server.start_server()
        stack.push_async_callback(server.close)
        consumer = asyncio.create_task(ledger.run("main"))
        office = Office(db, clock, ledger, health, server, stack)
        for kind in (RosterChanged, SignedOff, CustomerChanged, DraftSaved, TasksChanged):
            bus.on(kind, office.hear)
        yield office
        consumer.cancel()
        assert bus.failures == 0
