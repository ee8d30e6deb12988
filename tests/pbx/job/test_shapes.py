"""Calls of every other shape through the whole product: groups, hunts, forwarded and unplugged phones, full queues,
messages, calls that go out."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.captures.shapes import ROUTES
from tests.lab.asterisk import Asterisk
from tests.lab.others import gives_up, moved, refusing
from tests.lab.phones import Floor
from tests.pbx.job.product import Desk, Product, extensions_of, map_of
from tests.pbx.job.test_calls import call_of, leaves, over
from tests.until import until_async

pytestmark = pytest.mark.pbx
MESSAGE = """
[from-trunk]
exten => 7215,1,Gosub(callcenter-queue,s,1(support,${EXTEN}))
 same => n,Queue(support,rt,,,2)
 same => n,Answer()
 same => n,VoiceMail(support@default,s)
"""


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    own = {"extensions_local.conf": MESSAGE, "queues_local.conf": "[support](+)\ntimeout=2\n"}
    with Asterisk({name: text + own.get(name, "") for name, text in ROUTES.items()}) as running:
        yield running


def rings(call: dict[str, Any]) -> list[tuple[str, str]]:
    return sorted((offer["device"], offer["result"]) for s in call["segments"] for offer in s["offers"])


def talks(call: dict[str, Any]) -> list[tuple[str, str | None]]:
    return [(s["device"], s["agent"] and s["agent"]["username"]) for s in call["segments"] if s["answered_at"]]


async def test_a_group_rings_for_all_and_who_lost_is_told_who_won(floor: Floor, desks: dict[str, Desk]) -> None:
    floor.phone("101", answer_ms=None)
    boris = floor.phone("102", answer_ms=800)
    floor.phone("103", answer_ms=None)
    await over(floor.caller("79161260001", "7201", talk_ms=1200))
    await until_async(desks["boris"].owed, 10, "Boris owing")
    answered = boris.taken()[0].answered_at
    assert answered is not None
    for loser in (desks["anna"], desks["chiara"]):
        (withdrawn,) = loser.heard("pop_withdrawn")
        assert (withdrawn["reason"], withdrawn["by"]) == ("answered_elsewhere", "Boris")
        assert withdrawn["heard_at"] - answered < 1.0


async def test_rounds_of_a_hunt_open_the_same_pop_again(floor: Floor, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    phone = floor.phone("101", answer_ms=None)
    floor.phone("102", answer_ms=None)
    await over(floor.caller("79161260002", "7202", patience_ms=3500))
    call = await call_of(desks["sofia"], "+79161260002")
    (mine,) = (s for s in call["segments"] if s["agent"]["username"] == "anna")
    assert len(mine["offers"]) == len(phone.offers()) > 1
    assert {message["pop"]["id"] for message in anna.heard("pop_offered")} == {mine["id"]}
    assert (call["result"], anna.pops) == ("abandoned", {})


async def test_a_member_behind_a_local_channel_pops_and_owes_as_himself(floor: Floor, desks: dict[str, Desk]) -> None:
    floor.phone("101", answer_ms=600)
    caller = floor.caller("79161260003", "7204", talk_ms=1200)
    await until_async(desks["anna"].owed, 15, "Anna owing")
    await over(caller)
    call = await call_of(desks["sofia"], "+79161260003")
    assert (talks(call), call["queues"][0]["result"]) == ([("PJSIP/101", "anna")], "answered")
    assert len(desks["anna"].heard("pop_offered")) == 1


async def test_a_second_call_of_a_talking_agent_is_a_second_pop(floor: Floor, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    floor.phone("101", answer_ms=900)
    first = floor.caller("79161260004", "7101", talk_ms=None)
    await until_async(lambda: [p for p in anna.pops.values() if p["phase"] == "talking"], 10, "Anna talking")
    await over(floor.caller("79161260005", "7101", patience_ms=600))
    second = await call_of(desks["sofia"], "+79161260005")
    assert (second["result"], rings(second)) == ("abandoned", [("PJSIP/101", "cancelled")])
    assert [pop["number"] for pop in anna.pops.values()] == ["+79161260004"]
    await leaves(floor, first)


async def test_two_phones_of_one_line_are_one_pop(floor: Floor, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    floor.phone("101", busy=True, rings=True)
    floor.phone("103", answer_ms=1500)
    await over(floor.caller("79161260006", "7209", talk_ms=800))
    await until_async(anna.owed, 10, "Anna owing")
    assert (len(anna.heard("pop_offered")), anna.heard("pop_withdrawn")) == (1, [])
    call = await call_of(desks["sofia"], "+79161260006")
    assert rings(call) == [("PJSIP/101", "answered")]


async def test_a_phone_that_sends_its_calls_on_rings_the_colleague(floor: Floor, desks: dict[str, Desk]) -> None:
    moved(floor, "101", "102")
    floor.phone("102", answer_ms=500)
    await over(floor.caller("79161260007", "7208", talk_ms=1000))
    await until_async(desks["boris"].owed, 10, "Boris owing")
    assert desks["anna"].kinds() == []
    assert talks(await call_of(desks["sofia"], "+79161260007")) == [("PJSIP/102", "boris")]


async def test_a_call_that_goes_on_to_a_strange_number_is_forwarded_outside(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    moved(floor, "101", "89160000101")
    floor.phone("trunk", answer_ms=400)
    await over(floor.caller("79161260008", "7208", talk_ms=1000))
    call = await call_of(desks["sofia"], "+79161260008")
    assert (call["result"], talks(call)) == ("answered", [("outside/+79160000101", None)])
    newest = (await desks["sofia"].request("GET", "/calls?limit=3"))["items"]
    assert "+79160000101" not in [c["number"] for c in newest]
    assert desks["anna"].owed() == []


async def test_a_call_to_an_agents_own_mobile_is_his(floor: Floor, desks: dict[str, Desk], product: Product) -> None:
    await forward(product, "101", "+79160000101")
    anna = desks["anna"]
    floor.phone("101", answer_ms=None)
    floor.phone("trunk", answer_ms=900)
    caller = floor.caller("79161260009", "7207", talk_ms=1200)
    await until_async(lambda: [p for p in anna.pops.values() if p["phase"] == "talking"], 10, "Anna on her mobile")
    await over(caller)
    await until_async(anna.owed, 10, "Anna owing")
    assert (len(anna.heard("pop_offered")), anna.heard("pop_withdrawn")) == (1, [])
    assert talks(await call_of(desks["sofia"], "+79161260009")) == [("outside/+79160000101", "anna")]
    assert "PJSIP/101" in floor.pbx.database("callcenter-owes")


async def forward(product: Product, extension: str, mobile: str) -> None:
    """What the administrator writes down of an agent's mobile."""
    shape = product.pbx.shape
    extensions = extensions_of(shape)
    for one in extensions:
        one["devices"] += [mobile] * (one["number"] == extension)
    admin = Desk(product, "admin")
    await admin.sign_in()
    await admin.request("PUT", "/pbx/main/map", {"rules": map_of(shape), "extensions": extensions})
    await admin.close()


async def test_an_unplugged_phone_is_shown_as_not_reachable_and_never_pops(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    await over(floor.caller("79161260010", "7103", patience_ms=2500))
    call = await call_of(desks["sofia"], "+79161260010")
    assert (call["result"], rings(call)) == ("abandoned", [("PJSIP/103", "unreachable")])
    assert desks["chiara"].kinds() == []


async def test_a_phone_that_never_registered_is_the_reason_its_agent_missed_him(
    floor: Floor, desks: dict[str, Desk], product: Product
) -> None:
    await forward(product, "103", "PJSIP/nowhere")
    await over(floor.caller("79161260013", "7214"))
    sofia = desks["sofia"]
    call = await call_of(sofia, "+79161260013")
    assert (call["result"], rings(call)) == ("missed", [("PJSIP/nowhere", "unreachable")])
    assert [s["agent"]["username"] for s in call["segments"]] == ["chiara"]
    why = await sofia.request("GET", f"/calls/{call['id']}/events")
    assert [(v["code"], v["agent"]) for v in why["verdicts"]] == [("phone_offline", "Chiara")]


async def test_a_caller_who_hides_his_number_is_nobodys_card(floor: Floor, desks: dict[str, Desk]) -> None:
    floor.phone("101")
    caller = floor.caller("79161260014", "7101", privacy=True, talk_ms=800)
    pop = await until_async(lambda: next(iter(desks["anna"].pops.values()), None), 15, "Anna's pop")
    assert pop is not None
    assert (pop["withheld"], pop["number"], pop["customer"]) == (True, "", None)
    await over(caller)
    sofia = desks["sofia"]
    assert (await sofia.request("GET", "/customers?q=79161260014"))["items"] == []
    assert (await sofia.request("GET", "/calls?limit=1"))["items"][0]["withheld"]


async def test_a_queue_that_lets_nobody_in_says_so(floor: Floor, desks: dict[str, Desk]) -> None:
    await over(floor.caller("79161260011", "7210"))
    call = await call_of(desks["sofia"], "+79161260011")
    assert (call["result"], [(v["queue"], v["result"]) for v in call["queues"]]) == ("missed", [("closed", "empty")])


async def test_a_message_is_a_result_of_its_own_and_can_be_heard(floor: Floor, desks: dict[str, Desk]) -> None:
    await over(floor.caller("79161260012", "7215", talk_ms=6500))
    sofia = desks["sofia"]
    call = await call_of(sofia, "+79161260012")
    assert (call["result"], [v["result"] for v in call["queues"]]) == ("voicemail", ["timeout"])

    async def message() -> dict[str, Any] | None:
        found = (await call_of(sofia, "+79161260012"))["recordings"]
        return next((r for r in found if r["sha256"]), None)

    stored = await until_async(message, 20, "the message stored")
    assert stored is not None
    assert stored["duration_s"] > 2


@pytest.mark.parametrize(("status", "result"), [("486 Busy Here", "busy"), ("404 Not Found", "failed")])
async def test_a_call_from_the_desk_phone_that_nobody_can_take(
    floor: Floor, desks: dict[str, Desk], status: str, result: str
) -> None:
    refusing(floor, "trunk", status)
    await over(floor.agent_dials("101", f"8916126{status[:3]}0"))
    call = await call_of(desks["sofia"], f"+7916126{status[:3]}0")
    assert (call["direction"], call["result"]) == ("outbound", result)
    assert desks["anna"].owed() == []


async def test_a_call_from_the_desk_phone_that_is_given_up(floor: Floor, desks: dict[str, Desk]) -> None:
    floor.phone("trunk", answer_ms=None)
    await over(gives_up(floor, "101", "89161260020", 1200))
    call = await call_of(desks["sofia"], "+79161260020")
    assert (call["direction"], call["result"]) == ("outbound", "missed")
    assert desks["anna"].owed() == []
