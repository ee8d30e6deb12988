"""Pauses, who works where, and talks that are nobody's, over HTTP in the application as it is composed in earnest."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from uuid import UUID

import pytest
from sqlalchemy import select

from callcenter.crm.models.office import Audit
from callcenter.crm.models.queues import Queue
from callcenter.news import RosterChanged
from callcenter.roster import Roster
from tests.crm.office import Caller
from tests.routing.test_api import Site, open_site
from tests.spine.story import answered
from tests.until import until_async


@pytest.fixture
async def site(sqlite_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    async with open_site(sqlite_url, tmp_path) as opened:
        yield opened


async def trail(site: Site, verb: str) -> list[Audit]:
    return await site.parts.db.read(
        lambda s: list(s.scalars(select(Audit).where(Audit.verb == verb).order_by(Audit.id)))
    )


async def kinds(caller: Caller) -> list[str]:
    board = (await caller.get("/me/board")).body
    return list(board["presence"]["reasons"])


async def test_an_agent_takes_a_pause_changes_it_and_comes_back(site: Site) -> None:
    anna = await site.person("anna", "agent")
    await site.sits(anna.id, "101")
    assert (await anna.put("/me/pause", {"code": "lunch"})).body["state"] == "paused"
    changed = (await anna.put("/me/pause", {"code": "training"})).body
    assert [why["code"] for why in changed["why"]] == ["training"]
    assert (await anna.put("/me/pause", {"code": None})).body["state"] == "available"
    refused = await anna.put("/me/pause", {"code": "holiday"})
    assert (refused.status, refused.fields) == (422, {"code": "not_allowed"})


async def test_codes_are_an_administrators_and_a_retired_one_is_not_taken(site: Site) -> None:
    root, anna = await site.person("root", "admin"), await site.person("anna", "agent")
    new = {"code": "doctor", "labels": {"en": "Doctor", "ru": "Врач"}, "work": False}
    assert (await anna.post("/pause-codes", new)).status == 403
    made = await root.post("/pause-codes", new)
    assert made.status == 201
    assert (await root.post("/pause-codes", new)).fields == {"code": "taken"}
    assert (await root.patch(f"/pause-codes/{made.body['id']}", {"active": False})).body["active"] is False
    assert (await anna.put("/me/pause", {"code": "doctor"})).status == 422
    stale = await root.patch(f"/pause-codes/{made.body['id']}", {"work": True}, If_Match='"1"')
    assert stale.status == 412


async def test_a_supervisors_orders_are_on_the_trail_and_only_he_ends_them(site: Site) -> None:
    anna, sofia = await site.person("anna", "agent"), await site.person("sofia", "supervisor")
    await site.sits(anna.id, "101")
    assert (await anna.post(f"/agents/{sofia.id}/pause", {"reason": "revenge"})).status == 403
    assert (await sofia.post(f"/agents/{anna.id}/pause", {"reason": ""})).status == 422
    assert (await sofia.post(f"/agents/{anna.id}/pause", {"reason": "see me"})).body["reasons"] == ["forced"]
    refused = await anna.post("/me/resume", {"kind": "forced", "ref": str(anna.id)})
    assert (refused.status, refused.code) == (409, "not_liftable")
    assert (await sofia.post(f"/agents/{anna.id}/resume", {"reason": "seen"})).body["reasons"] == []
    assert (await sofia.post(f"/agents/{anna.id}/sign-out", {"reason": "gone home"})).status == 204
    assert (await anna.get("/me")).status == 401
    for verb in ("force_pause", "force_resume", "force_sign_out"):
        (line,) = await trail(site, verb)
        assert (line.actor_name, line.thing_id) == ("sofia", str(anna.id))


async def test_a_talk_that_is_nobodys_is_claimed_once_and_owed_for(site: Site) -> None:
    anna, boris = await site.person("anna", "agent"), await site.person("boris", "agent")
    await site.sits(anna.id, "101")
    await site.parts.bus.publish(RosterChanged(roster=Roster()))
    await site.happens(answered("102"))
    (talk,) = (await anna.get("/unowned")).body["items"]
    assert talk["number"] == "+7 916 123-45-67"
    claimed = await boris.post(f"/unowned/{talk['segment_id']}/claim")
    assert (claimed.status, claimed.body["agent"]["username"]) == (200, "boris")
    assert (await anna.post(f"/unowned/{talk['segment_id']}/claim")).code == "already_claimed"
    await until_async(lambda: site.parts.gate.presence(UUID(str(boris.id))).debts == 1)
    assert (await anna.get("/unowned")).body["items"] == []
    (line,) = await trail(site, "claim")
    assert (line.actor_name, line.thing) == ("boris", "segment")
    done = await boris.put(f"/segments/{talk['segment_id']}/outcome", {"outcome": "solved"})
    assert done.body["outcome_state"] == "logged"


async def test_a_talk_that_is_nobodys_can_be_let_be(site: Site) -> None:
    sofia = await site.person("sofia", "supervisor")
    await site.happens(answered("103"))
    (talk,) = (await sofia.get("/unowned")).body["items"]
    answer = await sofia.post(f"/unowned/{talk['segment_id']}/dismiss", {"reason": "the cleaner"})
    assert answer.body["outcome_state"] == "waived"
    assert (await sofia.get("/unowned")).body["items"] == []


async def test_who_works_where_is_a_supervisors_and_names_everybody_once(site: Site) -> None:
    anna, sofia = await site.person("anna", "agent"), await site.person("sofia", "supervisor")
    await site.parts.db.write(lambda s: s.add(Queue(pbx="main", name="support")))
    (queue,) = (await sofia.get("/staff")).body["items"]
    assert (queue["staffed"], queue["agents"]) == (False, [])
    place = {"agent_id": str(anna.id), "penalty": 3}
    assert (await anna.put(f"/staff/{queue['id']}", {"staffed": True, "agents": []})).status == 403
    twice = await sofia.put(f"/staff/{queue['id']}", {"staffed": True, "agents": [place, place]})
    assert (twice.status, twice.fields) == (422, {"agents": "not_allowed"})
    saved = await sofia.put(f"/staff/{queue['id']}", {"staffed": True, "agents": [place]}, If_Match='"1"')
    assert (saved.status, saved.body["agents"]) == (200, [place])
    assert (await sofia.put(f"/staff/{queue['id']}", {"staffed": True, "agents": []}, If_Match='"1"')).status == 412
    assert (await sofia.get("/staff")).body["items"][0]["agents"] == [place]


async def test_rules_are_read_back_and_a_zone_must_be_one(site: Site) -> None:
    root = await site.person("root", "admin")
    rules = {"static_desks": "leave", "removals": "adopt", "missed_limit": 3, "zone": "Asia/Baku"}
    assert (await root.put("/presence/rules", rules)).body == rules
    assert (await root.get("/presence/rules")).body == rules
    assert (await root.put("/presence/rules", {**rules, "zone": "Mars/Base"})).fields == {"zone": "not_allowed"}
