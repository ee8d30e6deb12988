"""The whole application with people of two teams, and every question one of them can ask it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from aiohttp import ClientSession, DummyCookieJar, web
from aiohttp.test_utils import TestServer
from pydantic import SecretStr
from sqlalchemy.orm import Session

from callcenter.api import ROOT, View
from callcenter.app import Parts, build
from callcenter.config import Pbx, Settings
from callcenter.crm import access, sessions, users
from callcenter.crm.models.people import Team
from callcenter.ids import new_id
from callcenter.website import add_all_routes, website
from tests.rights.things import plant, sign_in

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

    async def plant(self, role: str, whose: str, names: Collection[str] = ()) -> dict[str, str]:
        """Things that are the asker's own, a colleague's or another team's, by the names they have in paths."""
        owner = OWNER_OF.get(whose, role)
        person, team = self.people[owner], self.teams[PEOPLE[owner][1]]
        return await self.parts.db.write(lambda s: plant(s, self.parts.clock.now(), person, team, names))

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

    async def nothing(self, who: str, route: str, names: Collection[str], body: Any) -> Said:
        """What the asker is told of things that do not exist."""
        told = await self.ask(who, route, {name: str(new_id()) for name in names}, body)
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
