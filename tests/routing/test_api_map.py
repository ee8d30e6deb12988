"""The administrator's map page, as its browser asks for it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from callcenter.crm.models.office import Audit
from callcenter.events import Arrived
from callcenter.news import MapChanged
from callcenter.pbx_events import ChannelSeen
from callcenter.pbxmap import Kind
from tests.routing.test_api import Site, both, open_site, site
from tests.routing.test_survey import answers, survey
from tests.spine.story import Story

__all__ = ["both", "site"]
TRUNK = {
    "pattern": "PJSIP/trunk",
    "kind": "trunk",
    "region": "RU",
    "arriving": [{"strip": "", "add": "+7812", "length": 7}],
    "dialling": [{"strip": "+7", "add": "98", "length": 0}],
}
PHONES: dict[str, Any] = {"pattern": "PJSIP/1*", "kind": "device", "region": None, "arriving": [], "dialling": []}
DESK = {"number": "101", "devices": ["PJSIP/101"], "interfaces": ["PJSIP/101"]}


@pytest.fixture
async def asked(db_url: str, tmp_path: Path) -> AsyncIterator[Site]:
    """With a PBX that answers a survey."""
    async with open_site(db_url, tmp_path, lambda parts: survey(parts.db, answers, [])) as opened:
        yield opened


async def test_the_map_is_saved_whole_and_only_over_the_version_that_was_read(both: Site) -> None:
    admin = await both.person("root", "admin")
    fresh = await admin.get("/pbx/main/map")
    assert (fresh.body["version"], fresh.headers["ETag"], fresh.body["confirmed"]) == (0, '"0"', False)
    whole = {"map": [TRUNK, PHONES], "extensions": [DESK], "dids": [{"number": "78121234567", "label": "Support line"}]}
    saved = await admin.put("/pbx/main/map", whole, If_Match='"0"')
    assert (saved.status, saved.headers["ETag"], saved.body["confirmed"]) == (200, '"1"', True)
    assert {name: saved.body[name] for name in whole} == whole
    assert (await admin.put("/pbx/main/map", {"map": []}, If_Match='"0"')).status == 412
    kept = await admin.get("/pbx/main/map")
    assert {name: kept.body[name] for name in whole} == whole
    (map,) = [event.map for event in both.heard if isinstance(event, MapChanged)]
    assert map.to_dial("PJSIP/trunk-1", "+79161234567") == "989161234567"
    trail = await both.parts.db.read(
        lambda s: s.scalars(select(Audit).where(Audit.verb == "edit").order_by(Audit.id)).all()
    )
    assert [line.details["changed"] for line in trail] == [["rules", "stations", "dids"]]


@pytest.mark.parametrize(
    ("body", "field", "why"),
    [
        ({"map": [PHONES, PHONES]}, "map.1.pattern", "taken"),
        ({"map": [], "extensions": [DESK, {**DESK, "devices": [], "interfaces": []}]}, "extensions.1.number", "taken"),
        ({"map": [], "extensions": [DESK, {**DESK, "number": "2", "interfaces": []}]}, "extensions.1.devices", "taken"),
        ({"map": [], "extensions": [DESK, {**DESK, "number": "2", "devices": []}]}, "extensions.1.interfaces", "taken"),
        ({"map": [], "dids": [{"number": "+7495"}, {"number": "7495"}]}, "dids.1.number", "taken"),
        ({"map": [{**TRUNK, "region": "ZZ"}]}, "map.0.region", "not_allowed"),
        ({"map": [{**TRUNK, "arriving": [{"strip": "8x"}]}]}, "map.0.arriving.0.strip", "invalid"),
        ({"map": [{**TRUNK, "arriving": [{"length": 99}]}]}, "map.0.arriving.0.length", "out_of_range"),
    ],
)
async def test_a_contradiction_is_named_by_its_field(site: Site, body: dict[str, Any], field: str, why: str) -> None:
    admin = await site.person("root", "admin")
    answer = await admin.put("/pbx/main/map", body)
    assert (answer.status, answer.fields) == (422, {field: why})


async def test_an_extension_is_not_taken_away_from_under_somebody(both: Site) -> None:
    admin, anna = await both.person("root", "admin"), await both.person("anna", "agent")
    await both.sits(anna.id, "101")
    refused = await admin.put("/pbx/main/map", {"map": [PHONES], "extensions": []})
    assert (refused.status, refused.code) == (409, "extension_in_use")
    assert (await admin.get("/pbx/main/map")).body["map"] == []
    await anna.delete("/session")
    assert (await admin.put("/pbx/main/map", {"map": [PHONES], "extensions": []})).body["extensions"] == []
    assert (await admin.get("/me")).body["extensions_free"] == []


async def test_a_caller_is_found_by_what_his_trunk_means(both: Site) -> None:
    sofia = await both.person("sofia", "supervisor")
    story = Story(number="1234567").arrives()
    (arrived,) = story.events
    assert isinstance(arrived, Arrived)
    story.events = [replace(arrived, number_read="+78121234567")]
    await both.happens(story.ends())
    (call,) = (await sofia.get("/calls")).body["items"]
    assert (call["number_raw"], call["number"], call["number_display"]) == (
        "1234567",
        "+78121234567",
        "+7 812 123-45-67",
    )


async def test_agents_read_what_people_named_the_number_and_the_queue(both: Site) -> None:
    admin, anna = await both.person("root", "admin"), await both.person("anna", "agent")
    await both.sits(anna.id, "101")
    story = Story().arrives().joins().rings("101")
    await both.happens(story)
    (pop,) = (await anna.get("/me/board")).body["pops"]
    assert (pop["did_label"], pop["queue_label"]) == ("", "")
    named = {"map": [PHONES], "dids": [{"number": pop["did"], "label": "Support line"}]}
    assert (await admin.put("/pbx/main/map", named)).status == 200
    (pop,) = (await anna.get("/me/board")).body["pops"]
    assert pop["did_label"] == "Support line"
    (call,) = (await anna.get("/calls")).body["items"]
    assert call["did_label"] == "Support line"


def seen_at(site: Site, peer: str, linkedid: str) -> ChannelSeen:
    now = site.parts.clock.now()
    return ChannelSeen(
        pbx="main", at=now, peer=peer, kind=Kind.UNCLASSIFIED, context="from-internal", linkedid=linkedid
    )


async def keep_seen(site: Site, peers: Mapping[str, str]) -> None:
    for peer, linkedid in peers.items():
        await site.parts.seen.channel_seen(seen_at(site, peer, linkedid))
    await site.parts.seen.write()


async def test_an_unclassified_channel_is_shown_with_its_call_until_a_rule_fits(both: Site) -> None:
    admin = await both.person("root", "admin")
    story = Story().arrives()
    await both.happens(story.ends())
    await keep_seen(both, {"PJSIP/door-1": story.uniqueid})
    (call,) = (await admin.get("/calls")).body["items"]
    (channel,) = [c for c in (await admin.get("/pbx/main/channels")).body["items"] if c["peer"] == "PJSIP/door-1"]
    assert (channel["kind"], channel["times"], channel["context"]) == ("unclassified", 1, "from-internal")
    assert (channel["call_id"], channel["pattern"]) == (call["id"], "PJSIP/door-1")
    await admin.put("/pbx/main/map", {"map": [{"pattern": "PJSIP/door-1", "kind": "service"}]})
    (channel,) = [c for c in (await admin.get("/pbx/main/channels")).body["items"] if c["peer"] == "PJSIP/door-1"]
    assert channel["kind"] == "service"


async def test_the_effect_is_shown_before_anything_is_saved(both: Site) -> None:
    admin = await both.person("root", "admin")
    trunk = {"pattern": "PJSIP/trunk", "kind": "trunk", "region": "RU"}
    await admin.put("/pbx/main/map", {"map": [trunk]})
    await keep_seen(both, {"PJSIP/115": "1.1", "PJSIP/trunk": "1.2"})
    story = Story(number="1234567").arrives()
    story.events = [replace(event, at=both.parts.clock.now()) for event in story.events]
    await both.happens(story.ends())
    shown = (await admin.post("/pbx/main/map/preview", {"map": [TRUNK, PHONES]})).body
    effects = {item["peer"]: (item["now"], item["then"]) for item in shown["items"]}
    assert effects["PJSIP/115"] == ("unclassified", "device")
    assert effects["PJSIP/trunk"] == ("trunk", "trunk")
    assert [(n["number"], n["now"], n["then"]) for n in shown["numbers"]] == [("1234567", "1234567", "+78121234567")]
    assert len((await admin.get("/pbx/main/map")).body["map"]) == 1


async def test_a_survey_tells_what_is_new_and_what_cannot_be_told(asked: Site) -> None:
    admin = await asked.person("root", "admin")
    unasked = (await admin.get("/pbx/main/survey")).body
    assert (unasked["at"], unasked["differences"]) == (None, [])
    await admin.put("/pbx/main/map", {"map": [{"pattern": "PJSIP/101", "kind": "device"}], "extensions": [DESK]})
    told = (await admin.post("/pbx/main/survey")).body
    assert told["at"] is not None
    assert {(one["what"], one["subject"]) for one in told["differences"]} == {
        ("new_channel", "PJSIP/provider"),
        ("new_channel", "PJSIP/carrier"),
        ("new_channel", "PJSIP/boss"),
        ("new_extension", "201"),
        ("new_did", "74951234567"),
    }
    assert [(one["peer"], one["why"], one["like"]) for one in told["doubts"]] == [("PJSIP/door", "signs_in", "device")]
    assert (await admin.get("/pbx/main/survey")).body == told
    (queue,) = (await admin.get("/pbx/main/queues")).body["items"]
    assert (queue["name"], queue["reported"]) == ("support", True)


async def test_a_pbx_that_cannot_be_asked_says_so(site: Site) -> None:
    admin = await site.person("root", "admin")
    refused = await admin.post("/pbx/main/survey")
    assert (refused.status, refused.code) == (503, "pbx_unavailable")


async def test_only_administrators_ask_preview_and_save(site: Site) -> None:
    sofia, anna = await site.person("sofia", "supervisor"), await site.person("anna", "agent")
    assert (await sofia.get("/pbx/main/channels")).status == 200
    assert (await anna.get("/pbx/main/channels")).status == 403
    for method, path in (("GET", "survey"), ("POST", "survey"), ("POST", "map/preview"), ("PUT", "map")):
        body: Any = {"map": []} if path.startswith("map") else None
        assert (await sofia.send(method, f"/pbx/main/{path}", body)).status == 403
