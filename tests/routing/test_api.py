"""The floor and the map over HTTP, in the application as it is composed in earnest."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from operator import attrgetter
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from aiohttp import ClientSession, CookieJar
from aiohttp.test_utils import TestServer
from pydantic import SecretStr

from callcenter.app import Parts, build
from callcenter.config import Pbx, Settings
from callcenter.crm import queues, rosters, users
from callcenter.news import MapChanged, RosterChanged
from callcenter.pbx_events import LinkUp, MemberState
from callcenter.roster import Binding, Device, Roster
from callcenter.routing.survey import Survey
from callcenter.subscriptions import subscribe
from callcenter.website import website
from tests.crm.office import OURS, PASSWORD, Answer, Caller, hashed
from tests.routing.floors import member
from tests.spine.story import START, Story
from tests.until import until_async


@dataclass
class Site:
    parts: Parts
    server: TestServer
    stack: AsyncExitStack
    heard: list[Any] = field(default_factory=list)

    async def person(self, name: str, role: str) -> Caller:
        values = {"username": name, "display_name": name.title(), "role": role, "language": "en"}
        made = await self.parts.db.write(lambda s: users.create(s, values, hashed(), START).id)
        jar = CookieJar(unsafe=True)
        session = ClientSession(self.server.make_url("/"), cookie_jar=jar, headers=OURS)
        caller = Caller(await self.stack.enter_async_context(session), id=made)
        answer = await caller.post("/session", {"username": name, "password": PASSWORD})
        assert answer.status == 200, answer.text
        return caller

    async def sits(self, agent: UUID | None, number: str) -> None:
        """The agent has sat at the extension since long ago."""
        assert agent is not None
        phone = f"PJSIP/{number}"
        await self.parts.db.write(lambda s: rosters.put_extension(s, "main", number, [phone], [phone]))
        await self.parts.db.write(lambda s: rosters.bind(s, agent, rosters.find(s, number), START))
        devices = frozenset({Device(pbx="main", name=phone)})
        binding = Binding(agent=agent, extension=number, devices=devices, since=START.replace(year=2020))
        await self.parts.bus.publish(RosterChanged(roster=Roster(bindings=(binding,))))

    async def happens(self, story: Story) -> None:
        for event in story.events:
            await self.parts.ledger.take(event)
        story.events.clear()

    async def hear(self, event: Any) -> None:
        self.heard.append(event)


@asynccontextmanager
async def open_site(
    url: str, folder: Path, survey: Callable[[Parts], Survey] = attrgetter("survey")
) -> AsyncIterator[Site]:
    pbx = Pbx(host="127.0.0.1", username="callcenter", secret=SecretStr("x"))
    parts = build(Settings(database_url=SecretStr(url), region="RU", pbx={"main": pbx}, state=folder))
    parts = replace(parts, survey=survey(parts))
    subscribe(parts)
    await parts.db.start()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(parts.db.close)
        await parts.ledger.start(Roster())
        await parts.gate.start(Roster())
        await parts.hub.start()
        tasks = [asyncio.create_task(parts.ledger.run("main")), asyncio.create_task(parts.gate.run())]
        server = TestServer(website(parts))
        await server.start_server()
        stack.push_async_callback(server.close)
        site = Site(parts, server, stack)
        for kind in (MapChanged, RosterChanged):
            parts.bus.on(kind, site.hear)
        yield site
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        assert parts.bus.failures == 0


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


@pytest.fixture
async def both(db_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(db_url, tmp_path) as opened:
        yield opened


async def test_a_supervisor_sees_who_owes_for_which_call(both: Site) -> None:
    anna, sofia = await both.person("anna", "agent"), await both.person("sofia", "supervisor")
    await both.sits(anna.id, "101")
    story = Story().arrives().joins().rings("101").answers("101")
    await both.happens(story)
    (live,) = (await sofia.get("/live")).body["items"]
    assert (live["uniqueid"], live["state"]) == (story.uniqueid, "talking")
    await both.happens(story.parts("101").hangs_up("101").ends())
    (agent,) = (await sofia.get("/agents")).body["items"]
    assert (agent["username"], agent["extension"]) == ("anna", "101")
    assert (agent["presence"]["state"], agent["presence"]["debts"]) == ("wrapup", 1)
    (debt,) = agent["owes"]
    assert (debt["number_display"], debt["queue"], debt["call_id"]) == ("+7 916 123-45-67", "support", live["id"])
    assert (await sofia.get("/live")).body["items"] == []
    waived = await sofia.post(f"/segments/{debt['segment_id']}/waive", {"reason": "he went home"})
    assert waived.status < 300, waived.text
    (agent,) = (await sofia.get("/agents")).body["items"]
    assert (agent["presence"]["state"], agent["owes"]) == ("available", [])


async def test_queues_count_callers_and_members(site: Site) -> None:
    sofia = await site.person("sofia", "supervisor")
    await site.sits(sofia.id, "101")
    await site.parts.bus.publish(LinkUp(pbx="main", at=START, rebooted=False))
    for name in ("PJSIP/101", "PJSIP/102"):
        await site.parts.ledger.deliver("main", [member(name, paused=name == "PJSIP/102", reason="lunch")])
    await site.happens(Story().arrives().joins())
    await until_async(lambda: site.parts.gate.seats_of("main", UUID(str(sofia.id))))
    (queue,) = (await sofia.get("/queues")).body["items"]
    assert (queue["queue"], queue["waiting"], queue["members"], queue["paused"]) == ("support", 1, 2, 1)
    assert queue["offered_to_you"] is True


async def test_an_agent_sees_no_floor_and_edits_no_map(site: Site) -> None:
    anna, sofia = await site.person("anna", "agent"), await site.person("sofia", "supervisor")
    for path in ("/agents", "/queues", "/live", "/pbx"):
        assert (await anna.get(path)).status == 403
        assert (await sofia.get(path)).status == 200
    assert (await sofia.put("/pbx/main/map", {"map": []})).status == 403


def said(answer: Answer) -> list[dict[str, Any]]:
    """The rules less their prefixes."""
    return [{name: rule[name] for name in ("pattern", "kind", "region")} for rule in answer.body["map"]]


async def test_an_administrator_confirms_the_map(both: Site) -> None:
    admin = await both.person("root", "admin")
    rules = [
        {"pattern": "PJSIP/trunk*", "kind": "trunk", "region": "DE"},
        {"pattern": "PJSIP/*", "kind": "device", "region": None},
    ]
    extension = {"number": "101", "devices": ["PJSIP/101"], "interfaces": ["Local/101@from-queue/n", "PJSIP/101"]}
    answer = await admin.put("/pbx/main/map", {"map": rules, "extensions": [extension]})
    assert answer.status == 200, answer.text
    assert (said(answer), answer.body["extensions"]) == (rules, [extension])
    assert answer.body["confirmed"] is True
    assert [e.map.region_of("PJSIP/trunk-1") for e in both.heard if isinstance(e, MapChanged)] == ["DE"]
    assert any(isinstance(e, RosterChanged) for e in both.heard)
    again = await admin.put("/pbx/main/map", {"rules": rules[1:]})
    assert (said(again), again.body["extensions"]) == (rules[1:], [extension])
    emptied = await admin.put("/pbx/main/map", {"map": rules, "extensions": []})
    assert emptied.body["extensions"] == []


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"map": [{"pattern": "", "kind": "trunk"}]}, "map.0.pattern"),
        ({"map": [{"pattern": "PJSIP/a\r\nAction: Logoff", "kind": "trunk"}]}, "map.0.pattern"),
        ({"map": [{"pattern": "PJSIP/*", "kind": "spaceship"}]}, "map.0.kind"),
        ({"map": [{"pattern": "PJSIP/*", "kind": "trunk", "region": "russia"}]}, "map.0.region"),
        ({"map": [], "extensions": [{"number": "1", "devices": ["a\nb"], "interfaces": []}]}, "extensions.0.devices.0"),
    ],
)
async def test_a_wrong_map_is_refused_by_field(site: Site, body: dict[str, Any], field: str) -> None:
    admin = await site.person("root", "admin")
    answer = await admin.put("/pbx/main/map", body)
    assert answer.status == 422
    assert field in answer.fields


async def test_a_pbx_that_is_none(site: Site) -> None:
    admin = await site.person("root", "admin")
    assert (await admin.put("/pbx/other/map", {"map": []})).status == 404


async def test_a_member_state_of_an_unknown_pbx_is_nobodys(site: Site) -> None:
    await site.parts.bus.publish(MemberState(**{**_fields(member("PJSIP/101")), "pbx": "other"}))
    assert site.parts.gate.seats("other") == ()


def _fields(event: MemberState) -> dict[str, Any]:
    return {name: getattr(event, name) for name in MemberState.__slots__}


async def test_an_administrator_names_a_queue_and_sets_its_target(both: Site) -> None:
    admin, sofia = await both.person("root", "admin"), await both.person("sofia", "supervisor")
    await both.parts.db.write(lambda s: queues.met(s, "main", ["400", "401"]))
    await both.parts.db.write(lambda s: queues.met(s, "main", ["401", "402"]))
    items = (await sofia.get("/pbx/main/queues")).body["items"]
    assert [(q["name"], q["label"], q["service_level_s"], q["reported"]) for q in items] == [
        (name, "", 20, None) for name in ("400", "401", "402")
    ]
    path = f"/pbx/main/queues/{items[0]['id']}"
    assert (await sofia.patch(path, {"label": "Support"})).status == 403
    named = await admin.patch(path, {"label": "Support", "service_level_s": 30}, If_Match='"1"')
    assert (named.status, named.headers["ETag"]) == (200, '"2"')
    assert (named.body["label"], named.body["service_level_s"]) == ("Support", 30)
    russian = await admin.patch(path, {"speech": "vosk-model-small-ru-0.22"}, If_Match='"2"')
    assert (russian.body["speech"], russian.body["label"]) == ("vosk-model-small-ru-0.22", "Support")
    assert "speech" in (await admin.patch(path, {"speech": "../../etc"}, If_Match='"3"')).fields
    assert (await admin.patch(path, {"label": "Late"}, If_Match='"1"')).status == 412
    assert "service_level_s" in (await admin.patch(path, {"service_level_s": 0})).fields
    assert (await admin.patch(f"/pbx/main/queues/{UUID(int=7)}", {})).status == 404
    assert (await admin.get("/pbx/other/queues")).status == 404
