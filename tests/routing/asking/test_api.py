"""RoutingRules and calendars over HTTP, tried out, and asked for by a PBX through the port that opens for them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import pytest
from sqlalchemy import select

from callcenter.config import Fastagi
from callcenter.crm.models.routing import RouteAnswer
from callcenter.errors import Unavailable
from callcenter.news import BlocksChanged, DoNotCallChanged
from callcenter.pbx_events import LinkUp
from callcenter.routing.asking.door import FAMILY, Door
from callcenter.routing.asking.policies import Policy, RoutingRule, RoutingRules
from callcenter.routing.asking.router import RoutingTaken
from callcenter.routing.claims import GateTaken
from callcenter.routing.outside import Outside, Send
from tests.routing.test_api import Site, site
from tests.spine.story import START, Story
from tests.until import until_async

__all__ = ["site"]

OFFICE = "01933333-3333-7333-8333-333333333333"
DAY = [{"opens": "09:00", "closes": "18:00"}]
CALENDAR: dict[str, Any] = {"id": OFFICE, "name": "Office", "zone": "Europe/Rome", "week": [DAY] * 5 + [[], []]}
RULE = {"pbx": "main", "queue": "support", "owner": True, "blocked": True, "vip": 9, "calendar": OFFICE}
FRIDAY = "2026-11-27T10:00:00+01:00"
NUMBER = "+39 02 1234567"


def outside(site: Site, send: Mapping[str, Send], **more: Any) -> Outside:
    """The site's own parts, and PBXs that take what is sent to them."""
    parts = site.parts
    return Outside(
        db=parts.db,
        bus=parts.bus,
        clock=parts.clock,
        health=parts.health,
        take=parts.ledger.take,
        live=parts.ledger.live,
        send=send,
        region=lambda _: "RU",
        **more,
    )


async def test_what_is_decided_is_tried_out_at_once(site: Site) -> None:
    """A rule needs its calendar, a calendar that is kept to stays, and who is blocked is seen to be refused."""
    admin = await site.person("root", "admin")
    early = await admin.put("/routing/rules", {"queues": [RULE]})
    assert (early.status, early.body["fields"]) == (422, {"queues.0.calendar": "in_use"})
    assert (await admin.put("/routing/hours", {"calendars": [CALENDAR]})).status == 200
    assert (await admin.put("/routing/rules", {"queues": [RULE]})).status == 200
    assert (await admin.put("/routing/hours", {"calendars": []})).body["fields"] == {"calendars": "in_use"}
    assert (await admin.put("/routing/rules", {"queues": []}, If_Match='"7"')).status == 412

    made = await admin.post("/customers", {"name": "Olga", "numbers": [{"raw": NUMBER}]})
    await admin.patch(f"/customers/{made.body['id']}", {"vip": True})
    asked = {"pbx": "main", "queue": "support", "number": "+39021234567", "at": FRIDAY}
    found = (await admin.post("/routing/trial", asked)).body
    assert (found["verdict"], found["priority"]) == ("queue", 9)
    night = (await admin.post("/routing/trial", {**asked, "at": "2026-11-27T20:00:00+01:00"})).body
    assert (night["verdict"], night["grounds"][0]["ground"], night["then"]) == ("closed", "outside_hours", "announce")

    supervisor = await site.person("vera", "supervisor")
    heard: list[BlocksChanged] = []

    async def hear(event: BlocksChanged) -> None:
        heard.append(event)

    site.parts.bus.on(BlocksChanged, hear)
    blocked = await supervisor.post("/blocked-numbers", {"number": NUMBER, "reason": "fraud"})
    assert (blocked.status, blocked.body["reason"], blocked.body["by"]["username"]) == (201, "fraud", "vera")
    assert (await supervisor.post("/blocked-numbers", {"number": "+39 021 234567"})).body["fields"] == {
        "number": "taken"
    }
    assert (await admin.post("/routing/trial", asked)).body["verdict"] == "refused"
    assert [one["id"] for one in (await admin.get("/blocked-numbers?number=%2B39021234567")).body["items"]] == [
        blocked.body["id"]
    ]
    assert (await supervisor.delete(f"/blocked-numbers/{blocked.body['id']}")).status == 204
    assert heard == [BlocksChanged()] * 2, "what is known of blocked callers is forgotten"
    assert (await admin.post("/routing/trial", asked)).body["verdict"] == "queue"


@pytest.mark.parametrize(
    "wrong",
    [
        {"wait_s": 4},
        {"vip": 101},
        {"sound": "a|b"},
        {"sound": "a,b"},
        {"mailbox": "box)"},
        {"closed": "hang up"},
        {"colour": "red"},
    ],
)
async def test_a_rule_that_makes_no_sense_is_not_kept(site: Site, wrong: dict[str, Any]) -> None:
    admin = await site.person("root", "admin")
    assert (await admin.put("/routing/rules", {"queues": [{**RULE, "calendar": None, **wrong}]})).status == 422


async def test_the_port_opens_for_a_rule_and_the_pbx_is_told_where(site: Site) -> None:
    """Its answer is written down for the call; without rules the rows and the port are gone again."""
    rows: dict[str, str] = {}

    async def send(action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
        if action["Action"] == "DBPut":
            rows[f"{action['Family']}/{action['Key']}"] = action["Val"]
        elif rows.pop(f"{action['Family']}/{action['Key']}", None) is None:
            raise Unavailable("", code="pbx_refused")
        return ()

    admin = await site.person("root", "admin")
    parts, router = site.parts, site.parts.router
    door = Door(outside(site, {"main": send}), router, parts.outgoing, Fastagi(port=0))
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(door.run()), group.create_task(router.run())]
        await door.link_up(LinkUp(pbx="main", at=START, rebooted=False))
        await admin.put("/routing/rules", {"queues": [{**RULE, "calendar": None}]})
        await door.routing_taken(RoutingTaken())
        where = await until_async(lambda: rows.get(f"{FAMILY}/support", ""), 5, "the PBX is told")
        address, pbx, token = where.split("/")
        assert (pbx, token) == ("main", router.token)
        reader, writer = await asyncio.open_connection("127.0.0.1", int(address.rpartition(":")[2]))
        writer.write(f"agi_network_script: main/{token}\nagi_uniqueid: 9.9\nagi_arg_1: support\n\n".encode())
        assert (await reader.readline()).startswith(b'SET VARIABLE CC_ROUTE "queue"')
        writer.write(b"200 result=1\n")
        kept = await until_async(lambda: site.parts.db.read(lambda s: s.scalars(select(RouteAnswer)).all()), 5, "kept")
        assert [(one.uniqueid, one.verdict, one.source) for one in kept] == [("9.9", "queue", "hidden")]
        writer.close()
        await site.happens(Story(uniqueid="9.9").arrives().ends())
        (call,) = (await admin.get("/calls")).body["items"]
        (told,) = (await admin.get(f"/calls/{call['id']}/routing")).body["items"]
        assert (told["queue"], told["verdict"], told["grounds"][0]["ground"]) == ("support", "queue", "hidden_number")
        await admin.put("/routing/rules", {"queues": []})
        await door.routing_taken(RoutingTaken())
        await until_async(lambda: not rows, 5, "the PBX asks no more")
        assert door.address == ""
        for task in tasks:
            task.cancel()


async def may_call(port: int, asked: str, told: bytes) -> bool:
    """Whether that is what a PBX is told; on a busy machine it may be told nothing, and dials."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(asked.encode())
    line = (await reader.readline()).removeprefix(b'SET VARIABLE CC_MAY "')
    writer.close()
    return line.startswith(told) if told else not line


async def test_the_port_opens_for_who_is_not_to_be_called_too(site: Site) -> None:
    """And is shut once everybody may be called again."""
    rows: dict[str, str] = {}

    async def send(action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
        rows.update({f"{action['Family']}/{action['Key']}": action.get("Val", "")})
        return ()

    parts, admin = site.parts, await site.person("root", "admin")
    door = Door(outside(site, {"main": send}), parts.router, parts.outgoing, Fastagi(port=0))
    parts.bus.on(DoNotCallChanged, door.routing_taken)
    made = await admin.post("/customers", {"name": "Olga", "numbers": [{"raw": NUMBER}]}, Idempotency_Key="olga-1")
    forbidden = f"/customers/{made.body['id']}/do-not-call"
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(door.run()), group.create_task(parts.outgoing.run())]
        await door.link_up(LinkUp(pbx="main", at=START, rebooted=False))
        await until_async(lambda: rows == {"callcenter-rules/marked": ""}, 5, "nothing is asked")
        await admin.put(forbidden, {"why": "asked us to stop"})
        where = await until_async(lambda: rows["callcenter-rules/marked"], 5, "the PBX is told")
        address, _, token = where.split("/")
        for secret, number, told in (
            (token, "0039021234567", b"no|"),
            (token, "79161234567", b"yes"),
            ("x", "112", b""),
        ):
            port, asked = int(address.rpartition(":")[2]), f"agi_network_script: main/{secret}\nagi_arg_2: {number}\n"
            answers = partial(may_call, port, f"{asked}agi_channel: PJSIP/101-1\nagi_arg_3: outgoing\n\n", told)
            await until_async(answers, 10, f"{told!r} for {number}")
        await admin.delete(forbidden)
        await until_async(lambda: not rows["callcenter-rules/marked"], 5, "the PBX asks no more")
        assert door.address == ""
        for task in tasks:
            task.cancel()


async def test_a_pbx_whose_gate_is_anothers_keeps_the_others_rows(site: Site) -> None:
    """Until the gate is ours: then its rows say what our rules say."""
    asked: list[tuple[str, str]] = []
    ours = {"side"}

    def sending(pbx: str) -> Send:
        async def send(action: Mapping[str, str], _timeout: float) -> Sequence[Mapping[str, str]]:
            asked.append((pbx, action["Action"]))
            return ()

        return send

    parts = site.parts
    parts.router.decided.value = Policy(
        rules=RoutingRules(queues=[RoutingRule(pbx=pbx, queue="support", vip=9) for pbx in ("main", "side")])
    )
    send = {pbx: sending(pbx) for pbx in ("main", "side")}
    door = Door(outside(site, send, holds=lambda pbx: pbx in ours), parts.router, parts.outgoing, Fastagi(port=0))
    async with asyncio.TaskGroup() as group:
        task = group.create_task(door.run())
        for pbx in ("main", "side"):
            await door.link_up(LinkUp(pbx=pbx, at=START, rebooted=False))
        await until_async(lambda: ("side", "DBPut") in asked, 5, "our own is told")
        assert {pbx for pbx, _ in asked} == {"side"}
        ours.add("main")
        await door.routing_taken(GateTaken(pbx="main"))
        await until_async(lambda: ("main", "DBPut") in asked, 5, "the other is told, once it is ours")
        task.cancel()
