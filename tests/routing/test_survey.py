"""A PBX nobody has described is asked once, and what an administrator said is never touched."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

from sqlalchemy import select

from callcenter.bus import Bus
from callcenter.clock import SystemClock
from callcenter.crm import queues, rosters
from callcenter.crm.models.desks import MapRule
from callcenter.crm.models.office import Policy
from callcenter.db import Database
from callcenter.errors import Unavailable
from callcenter.events import CallEvent
from callcenter.health import Health
from callcenter.news import MapChanged
from callcenter.pbx_events import LinkUp
from callcenter.pbxmap import Kind
from callcenter.routing.outside import Outside, Send
from callcenter.routing.survey import Survey
from tests.spine.story import START
from tests.until import until_async

LISTS: Mapping[str, list[dict[str, str]]] = {
    "QueueStatus": [
        {"event": "QueueParams", "queue": "support"},
        {"event": "QueueMember", "queue": "support", "location": "PJSIP/101", "stateinterface": "PJSIP/101"},
    ],
    "ShowDialPlan": [
        {"event": "ListDialplan", "context": "from-trunk", "extension": "74951234567"},
        {"event": "ListDialplan", "context": "from-trunk", "extension": "_X."},
    ],
    "ExtensionStateList": [{"event": "ExtensionStatus", "exten": "201", "hint": "PJSIP/boss,CustomPresence:201"}],
    "PJSIPShowRegistrationsOutbound": [
        {"event": "OutboundRegistrationDetail", "outboundauth": "provider-auth", "endpoint": ""}
    ],
    "PJSIPShowEndpoints": [
        {"event": "EndpointList", "objectname": name, "auths": auths, "outboundauths": out}
        for name, auths, out in (
            ("101", "101", ""),
            ("boss", "boss", ""),
            ("provider", "", "provider-auth"),
            ("carrier", "", ""),
            ("door", "door", ""),
        )
    ],
}


async def answers(action: Mapping[str, str], timeout: float) -> list[dict[str, str]]:
    """As Asterisk does, less what nobody reads."""
    assert timeout > 0
    if action["Action"] == "PJSIPShowEndpoint":
        known = [{"event": "IdentifyDetail"}] if action["Endpoint"] == "carrier" else []
        context = {"provider": "from-trunk", "carrier": "from-trunk"}.get(action["Endpoint"], "agents")
        return [{"response": "Success"}, {"event": "EndpointDetail", "context": context}, *known]
    if action["Action"] not in LISTS:
        raise Unavailable("Invalid/unknown command", code="pbx_refused")
    return [{"response": "Success"}, *LISTS[action["Action"]]]


async def refuses(action: Mapping[str, str], timeout: float) -> list[dict[str, str]]:
    if action["Action"].startswith(("PJSIP", "Ext")):
        raise Unavailable("Invalid/unknown command", code="pbx_refused")
    return await answers(action, timeout)


async def no_news(event: CallEvent) -> None:
    raise AssertionError(f"a survey tells of no calls: {event}")


def survey(db: Database, send: Send, heard: list[MapChanged]) -> Survey:
    bus, clock = Bus(), SystemClock()

    async def hear(event: MapChanged) -> None:
        heard.append(event)

    bus.on(MapChanged, hear)
    outside = Outside(
        db=db,
        bus=bus,
        clock=clock,
        health=Health(bus, clock),
        take=no_news,
        live=dict,
        send={"main": send},
        region=lambda _pbx: "RU",
    )
    return Survey(outside)


async def test_a_first_link_makes_a_proposal_that_waits_for_a_confirmation(db: Database) -> None:
    heard: list[MapChanged] = []
    survey_of_main = survey(db, answers, heard)
    assert await survey_of_main.propose("main")
    assert not await survey_of_main.propose("main")
    rows = await db.read(lambda s: s.scalars(select(MapRule).order_by(MapRule.position)).all())
    kinds = {row.pattern: row.kind for row in rows}
    assert kinds == {
        "PJSIP/101": Kind.DEVICE,
        "PJSIP/boss": Kind.DEVICE,
        "PJSIP/provider": Kind.TRUNK,
        "PJSIP/carrier": Kind.TRUNK,
    }
    desks = await db.read(lambda s: {e.number: (e.devices, e.interfaces) for e in rosters.interfaces(s)})
    assert desks == {"101": (["PJSIP/101"], ["PJSIP/101"]), "201": (["PJSIP/boss"], [])}
    policy = await db.read(lambda s: s.get(Policy, "map_confirmed:main"))
    assert policy is not None
    assert policy.value is False
    assert [event.map.kind("PJSIP/carrier-1") for event in heard] == [Kind.TRUNK]
    assert [q.name for q in await db.read(lambda s: queues.of_pbx(s, "main"))] == ["support"]
    last = survey_of_main.last("main")
    assert last is not None
    assert (last.proposal.dids, [d.peer for d in last.proposal.doubts]) == (("74951234567",), ["PJSIP/door"])


async def test_a_pbx_without_pjsip_is_described_by_its_queues(sqlite_db: Database) -> None:
    heard: list[MapChanged] = []
    assert await survey(sqlite_db, refuses, heard).propose("main")
    assert [event.map.kind("PJSIP/101-1") for event in heard] == [Kind.DEVICE]


async def test_what_an_administrator_said_is_left_alone(sqlite_db: Database) -> None:
    row = MapRule(pbx="main", position=0, pattern="PJSIP/*", kind="device", region=None)
    await sqlite_db.write(lambda s: s.add(row))
    assert not await survey(sqlite_db, answers, []).propose("main")


async def test_the_first_link_starts_it_and_news_of_links_never_block(sqlite_db: Database) -> None:
    heard: list[MapChanged] = []
    asked = survey(sqlite_db, answers, heard)
    for pbx in ("main", "main", "unheard-of"):
        await asyncio.wait_for(asked.link_up(LinkUp(pbx=pbx, at=START, rebooted=False)), 1)
    running = asyncio.create_task(asked.run())
    await until_async(lambda: heard)
    running.cancel()
    assert [event.map.pbx for event in heard] == ["main"]
