"""The part of the service that a screen pop goes through, on a real socket: ledger, bus, hub, routes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import aiohttp
import websockets
from aiohttp import web
from aiohttp.test_utils import TestServer
from sqlalchemy.orm import Session

from callcenter import api
from callcenter.bus import Bus
from callcenter.call import Changed
from callcenter.clock import SystemClock
from callcenter.config import Settings
from callcenter.crm import access, api_drafts, api_outcomes, api_session, rosters, sessions, users
from callcenter.crm.sessions import Visitor
from callcenter.db import Database
from callcenter.events import CallEvent
from callcenter.health import Health, HealthChanged
from callcenter.ledger import Ledger
from callcenter.news import CustomerChanged, DeskTaken, DraftSaved, RosterChanged, SignedOff, TasksChanged
from callcenter.pbx_events import MemberState
from callcenter.roster import AgentId
from callcenter.routing.gate import Gate
from callcenter.routing.outside import Outside
from callcenter.routing.presence import PresenceChanged
from callcenter.routing.unowned import UnownedChanged
from callcenter.screenpop import api as screenpop_api
from callcenter.screenpop.hub import Hub
from tests.spine.story import START


@dataclass
class Tab:
    """A browser tab that believes what it is told."""

    socket: websockets.ClientConnection
    board: dict[str, Any] = field(default_factory=dict)
    hello: dict[str, Any] = field(default_factory=dict)
    seq: int = 0

    async def next(self, change: str = "") -> dict[str, Any]:
        """The next message, or the next change of that kind; checks the numbering."""
        async with asyncio.timeout(5):
            while True:
                message: dict[str, Any] = json.loads(await self.socket.recv())
                self._take(message)
                if not change or message.get("change") == change:
                    return message

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == "snapshot":
            self.board, self.seq = message["board"], message["seq"]
        elif message["type"] == "change":
            assert message["seq"] == self.seq + 1
            self.seq += 1

    async def say(self, **message: Any) -> None:
        await self.socket.send(json.dumps(message))

    async def closed(self) -> int | None:
        """The code it is closed with."""
        async with asyncio.timeout(10):
            await self.socket.wait_closed()
        return self.socket.close_code


class House:
    """A running service with people at their desks."""

    def __init__(self, db: Database) -> None:
        self.db = db
        self.bus = Bus()
        self.clock = SystemClock()
        self.health = Health(self.bus, self.clock)
        self.ledger = Ledger(db, self.bus, self.clock, self.health)
        outside = Outside(
            db=db,
            bus=self.bus,
            clock=self.clock,
            health=self.health,
            take=self.ledger.take,
            live=self.ledger.live,
            send={},
            region=lambda _pbx: "RU",
        )
        self.gate = Gate(outside)
        self.hub = Hub(db, self.clock, self.health, self.ledger, self.gate)
        self.people: dict[str, AgentId] = {}
        self._tokens: dict[str, str] = {}
        self._server: TestServer | None = None
        self._tasks: list[asyncio.Task[None]] = []
        self._sockets: list[websockets.ClientConnection] = []

    async def open(self, desks: dict[str, str]) -> House:
        for name, number in desks.items():
            await self.hire(name, "agent", number)
        bus, hub = self.bus, self.hub
        bus.on(Changed, hub.changed)
        bus.on(Changed, self.gate.changed)
        bus.on(PresenceChanged, hub.presence_changed)
        bus.on(UnownedChanged, hub.unowned_changed)
        bus.on(DeskTaken, hub.desk_taken)
        bus.on(MemberState, hub.member)
        bus.on(RosterChanged, self.ledger.roster_changed)
        bus.on(RosterChanged, self.gate.roster_changed)
        bus.on(RosterChanged, hub.roster_changed)
        bus.on(CustomerChanged, hub.customer_changed)
        bus.on(DraftSaved, hub.drafted)
        bus.on(TasksChanged, hub.tasks_changed)
        bus.on(SignedOff, hub.signed_off)
        bus.on(HealthChanged, hub.health_changed)
        await self.ledger.start(await self.db.read(rosters.load))
        await self.gate.start(self.ledger.roster)
        await hub.start()
        self._tasks = [asyncio.create_task(hub.run()), asyncio.create_task(self.ledger.run("main"))]
        self._server = TestServer(self._website())
        await self._server.start_server()
        return self

    def _website(self) -> web.Application:
        app = web.Application(middlewares=[api.problems, api.own_pages_only, access.authenticate])
        app[api.SETTINGS], app[api.CLOCK], app[api.DB] = Settings(), self.clock, self.db
        app[api.BUS], app[api.HEALTH], app[api.TAKE] = self.bus, self.health, self.ledger.take
        screenpop_api.provide(app, self.hub)
        screenpop_api.add_routes(app)
        api_session.add_routes(app)
        api_outcomes.add_routes(app)
        api_drafts.add_routes(app)
        return app

    async def close(self) -> None:
        for socket in self._sockets:
            await socket.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._server:
            await self._server.close()

    async def hire(self, name: str, role: str, number: str = "") -> None:
        """A person who is signed in, at a desk if there is a number."""

        def write(session: Session) -> tuple[UUID, str]:
            values = {"username": name, "display_name": name.title(), "role": role}
            user = users.create(session, values, "no password", START)
            if number:
                desk = rosters.put_extension(session, "main", number, [f"PJSIP/{number}"], [f"PJSIP/{number}"])
                rosters.bind(session, user.id, desk, START)
            visitor = Visitor(address="127.0.0.1", software="test")
            return user.id, sessions.begin(session, user, visitor, self.clock.now())

        self.people[name], self._tokens[name] = await self.db.write(write)

    @property
    def address(self) -> str:
        assert self._server is not None
        return f"127.0.0.1:{self._server.port}"

    def cookie(self, name: str) -> dict[str, str]:
        return {"Cookie": f"{access.COOKIE}={self._tokens[name]}"}

    async def tab(self, name: str = "", query: str = "", headers: dict[str, str] | None = None) -> Tab:
        """A tab of that person, at the moment its board has come."""
        tab = await self.knock(name, query, headers)
        tab.hello = await tab.next()
        await tab.next()
        return tab

    async def knock(self, name: str = "", query: str = "", headers: dict[str, str] | None = None) -> Tab:
        """A socket that may be closed at once."""
        sent = {**(self.cookie(name) if name else {}), **(headers or {})}
        url = f"ws://{self.address}/api/v1/ws{query}"
        self._sockets.append(await websockets.connect(url, additional_headers=sent, compression=None))
        return Tab(self._sockets[-1])

    async def put(self, name: str, path: str, body: dict[str, Any]) -> int:
        """What the service answers that person."""
        headers = {**self.cookie(name), "X-Requested-With": "callcenter"}
        url = f"http://{self.address}/api/v1{path}"
        async with aiohttp.ClientSession() as http, http.put(url, headers=headers, json=body) as answer:
            return answer.status

    async def happens(self, events: Iterable[CallEvent]) -> None:
        for event in events:
            await self.ledger.take(event)
