"""A real PBX records what the rules allow, and nothing that is said in a pause."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import pytest

from callcenter.crm.privacy.rules import FAMILY
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.lab.refer import refer
from tests.pbx.job.product import Desk, Product
from tests.pbx.job.sound import levels, silences
from tests.pbx.job.test_calls import leaves
from tests.pbx.job.test_hand_overs import talking
from tests.until import pace, until_async

pytestmark = pytest.mark.pbx
_SLOW_S = 0.6
"""Between what was asked of the recorder and what was noted of it, on a machine with five PBXs."""


async def rule(desk: Desk, place: str = "support", **changes: Any) -> dict[str, Any]:
    """The rule of the queue, or of direct calls, after these changes."""
    rules = (await desk.request("GET", "/privacy/recording"))["items"]
    (found,) = [one for one in rules if place in (one["queue"], one["scope"])]
    kept = {name: value for name, value in found.items() if name not in {"lacks", "version", "notice_version"}}
    return dict(await desk.request("PUT", "/privacy/recording", {**kept, **changes}))


def row(pbx: Asterisk, place: str = "support") -> str:
    """What the PBX's own database says of the queue, or of direct calls."""
    return pbx.database(FAMILY).get(place, "")


async def test_the_pbx_records_only_while_the_rule_says_so(
    pbx: Asterisk, floor: Floor, desks: dict[str, Desk], product: Product
) -> None:
    admin = Desk(product, "admin")
    await admin.sign_in()
    assert (await rule(admin, mode="forbidden"))["lacks"] == ["forbidden_by_policy"]
    await until_async(lambda: not row(pbx), 10, "the PBX's row gone")
    floor.phone("101", answer_ms=300)
    caller = floor.caller("79161270001", "7001", talk_ms=1500)
    await until_async(caller.ended, 20, "the call's end")
    await desks["anna"].log_outcome()
    (call, *_) = (await admin.request("GET", "/calls?number=79161270001"))["items"]
    assert (call["result"], call["recordings"]) == ("answered", [])
    assert (await rule(admin, mode="forced"))["lacks"] == []
    await until_async(lambda: row(pbx) == "on", 10, "the PBX's row back")
    await admin.close()


async def sound(desk: Desk, recording: str) -> bytes:
    async with desk.http.get(f"/api/v1/recordings/{recording}/audio") as answer:
        assert answer.status == 200
        return await answer.read()


@pytest.fixture
def tap(floor: Floor) -> Iterator[AmiTap]:
    """Somebody else's AMI session."""
    listening = AmiTap(floor.pbx)
    yield listening
    listening.close()


def channel(floor: Floor, peer: str) -> str:
    lines = floor.pbx.cli("core show channels concise").splitlines()
    return next(line.partition("!")[0] for line in lines if line.startswith(peer))


async def recordings(desk: Desk, number: str, count: int) -> list[dict[str, Any]]:
    """All of the call, once they are stored."""

    async def stored() -> list[dict[str, Any]]:
        (call,) = (await desk.request("GET", f"/calls?number={number}"))["items"]
        ready = [r for r in call["recordings"] if r["state"] == "stored"]
        return ready if len(ready) == count else []

    found = await until_async(stored, 40, f"{count} stored recordings")
    return [await desk.request("GET", f"/recordings/{one['id']}") for one in found]


async def test_what_is_said_in_a_pause_is_in_no_copy_and_the_rest_is_in_its_place(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    floor.phone("101")
    caller = floor.caller("79161280001", "7101", talk_ms=None)
    pop = await talking(anna)
    await until_async(lambda: anna.pops[pop["id"]]["recorded"], 5, "the recording begun")
    tap.action("MixMonitor", Channel=channel(floor, "PJSIP/101"), File="copy-of-anna.wav")
    await pace(1.2)
    path = f"/calls/{pop['call_id']}/recording-pause"
    assert (await boris.request("PUT", path, status=404))["code"] == "not_found"
    assert (await anna.request("PUT", path))["paused_until"] == anna.pops[pop["id"]]["paused_until"]
    tap.action("MixMonitor", Channel=channel(floor, "PJSIP/anonymous"), File="begun-in-the-pause.wav")
    await anna.reopen()
    assert anna.pops[pop["id"]]["paused_until"]
    await pace(1.6)
    assert (await anna.request("DELETE", path))["paused_until"] is None
    await pace(1)
    await leaves(floor, caller)
    await anna.log_outcome()
    kept = await recordings(anna, "79161280001", 3)
    for one in kept:
        (paused,) = one["paused"]
        for voice in levels(await sound(anna, one["id"])):
            (silent,) = silences(voice)
            assert abs(silent[0] - paused[0]) < _SLOW_S
            assert abs(silent[1] - paused[1]) < _SLOW_S
    assert [one["channels"] for one in kept].count(2) == 1
    (call,) = (await anna.request("GET", "/calls?number=79161280001"))["items"]
    assert [(one["by"], one["ended"]) for one in call["pauses"]] == [("Anna", "agent")]


async def test_everybody_whom_a_customer_is_handed_to_is_heard(floor: Floor, desks: dict[str, Desk]) -> None:
    """The packets of each phone count from 0, so that Debian's Asterisk takes each next one's for late."""
    phones = {number: floor.phone(number) for number in ("101", "102", "103")}
    caller = floor.caller("79161280002", "7101", talk_ms=None)
    await talking(desks["anna"])
    await pace(1)
    assert await asyncio.to_thread(refer, phones["101"], "102") == 202
    await talking(desks["boris"])
    advice = floor.agent_dials("102", "103", talk_ms=None)
    await until_async(advice.answered, 10, "advice")
    await pace(1)
    assert await asyncio.to_thread(refer, phones["102"], "103", advice) == 202
    await talking(desks["chiara"])
    await pace(1.5)
    await leaves(floor, caller)
    sofia = desks["sofia"]
    kept = await recordings(sofia, "79161280002", 3)
    for one in kept:
        for voice in levels(await sound(sofia, one["id"])):
            assert sum(level > 500 for level in voice) > len(voice) / 2
    (call,) = (await sofia.request("GET", "/calls?number=79161280002"))["items"]
    pieces = (await sofia.request("GET", f"/calls/{call['id']}/course"))["pieces"]
    assert {piece["recording_id"] for piece in pieces} == {one["id"] for one in kept}
    assert all(one["at_s"] + one["seconds"] <= then["at_s"] + 0.01 for one, then in pairwise(pieces))


async def test_the_agent_decides_until_the_customer_declines(
    pbx: Asterisk, floor: Floor, desks: dict[str, Desk], product: Product, tap: AmiTap
) -> None:
    """On demand nothing is kept before the agent began, nothing after the customer declined, in no copy; and the call
    knows which announcement was played."""
    admin, anna = Desk(product, "admin"), desks["anna"]
    await admin.sign_in()
    announced = {"notice_text": "Press 9.", "notice_how": "sound", "notice_sound": "beep", "notice_key": "9"}
    version = (await rule(admin, "direct", mode="on_demand", **announced))["notice_version"]
    await admin.request("PUT", "/privacy/recording-opt-out", {"agents": True, "recorded": "keep"})
    await until_async(lambda: row(pbx, "*direct").startswith("demand|beep"), 10, "the PBX told")
    floor.phone("101")
    caller = floor.caller("79161290001", "7101", talk_ms=None)
    pop = await talking(anna)
    path = f"/calls/{pop['call_id']}/recording"
    assert (await anna.request("GET", path))["may"] == ["start", "decline"]
    assert (await desks["boris"].request("PUT", path, {"wish": "start"}, status=404))["code"] == "not_found"
    assert (await anna.request("PUT", path, {"wish": "start"}))["may"] == ["stop", "decline"]
    await until_async(lambda: anna.pops[pop["id"]]["recorded"], 5, "the recording begun")
    tap.action("MixMonitor", Channel=channel(floor, "PJSIP/101"), File="copy-of-anna-29.wav")
    await until_async(lambda: len(tap.events("MixMonitorStart")) == 2, 5, "a copy of the PBX's own")
    await pace(1.5)
    assert (await anna.request("PUT", path, {"wish": "decline"}))["may"] == []
    await until_async(lambda: len(tap.events("MixMonitorStop")) == 2, 5, "both recorders stopped")
    await leaves(floor, caller)
    await anna.log_outcome()
    (kept,) = await recordings(anna, "79161290001", 1)
    assert 0.8 < kept["duration_s"] < 3.5
    (call,) = (await anna.request("GET", "/calls?number=79161290001"))["items"]
    assert [one["error"] for one in call["recordings"] if one["state"] == "refused"] == ["not_asked_for"]
    assert [(one["version"], one["sound"], one["result"]) for one in call["notices"]] == [(version, "beep", "played")]
    assert [(one["wish"], one["by"]) for one in call["wishes"]] == [("start", "Anna"), ("decline", "Anna")]
    lines = (await admin.request("GET", f"/audit?thing_id={call['id']}"))["items"]
    assert {"start_recording", "decline_recording"} <= {line["verb"] for line in lines}
    await rule(admin, "direct", mode="forced", notice_how="agent", notice_sound="", notice_key="")
    await admin.close()
