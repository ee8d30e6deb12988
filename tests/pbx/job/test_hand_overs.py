"""Customers handed from one to another through the whole product: who pops, who owes what, who is free again."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.ears import heard
from tests.lab.phones import Caller, Floor, Phone
from tests.lab.refer import refer
from tests.lab.speech import tone
from tests.pbx.job.product import Desk
from tests.pbx.job.test_calls import call_of, leaves, over
from tests.until import until_async

pytestmark = pytest.mark.pbx
PITCHES = CUSTOMER, AGENT, SUPERVISOR = 440, 1000, 1700


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    """Where a customer who was parked or handed on in vain rings again soon, and a room for conferences."""
    extra = {
        "res_parking.conf": "[default](+)\nparkingtime=3\n",
        "features.conf": "[general](+)\natxfernoanswertimeout=8\natxfercallbackretries=3\natxferloopdelay=1\n",
        "extensions_local.conf": "[conference]\nexten => 800,1,ConfBridge(800)\n",
    }
    with Asterisk(extra) as running:
        yield running


@pytest.fixture
def tap(pbx: Asterisk) -> Iterator[AmiTap]:
    """Somebody else's AMI session."""
    listening = AmiTap(pbx)
    yield listening
    listening.close()


async def talking(desk: Desk) -> dict[str, Any]:
    """The pop of the customer the agent talks with."""
    found = await until_async(
        lambda: next((p for p in desk.pops.values() if p["phase"] == "talking"), None), 15, f"{desk.username} talking"
    )
    assert found is not None
    return dict(found)


async def talking_again(desk: Desk) -> None:
    """A phone that did not take him at once rings anew: Asterisk tries it several times, each with a pop of its own."""

    def answered() -> bool:
        return any((pop["via"], pop["phase"]) == ("return", "talking") for pop in desk.pops.values())

    await until_async(answered, 20, f"{desk.username} talking with him again")


async def customer_of_anna(floor: Floor, desks: dict[str, Desk], number: str) -> tuple[Caller, Phone]:
    """He stays until the test ends his call."""
    phone = floor.phone("101")
    caller = floor.caller(number, "7101", talk_ms=None)
    await talking(desks["anna"])
    return caller, phone


async def leg_of_anna(tap: AmiTap) -> str:
    def seen() -> str:
        return next((e["Channel"] for e in tap.events("BridgeEnter") if e["Channel"].startswith("PJSIP/101")), "")

    return str(await until_async(seen, 5, "Anna's leg"))


def paused(floor: Floor, interface: str) -> bool:
    lines = floor.pbx.cli("queue show sales").splitlines()
    return any(interface in line and "paused" in line for line in lines)


def told(call: dict[str, Any]) -> list[tuple[str, str, str, str]]:
    answered = [s for s in call["segments"] if s["answered_at"]]
    return [(s["agent"]["username"], s["via"], s["role"], s["outcome_state"]) for s in answered]


async def to_call_back(desk: Desk, number: str) -> list[tuple[str, int]]:
    """Who is to call the customer back, and how often he was missed."""
    tasks = (await desk.request("GET", "/tasks?missed=true&limit=200"))["items"]
    return [(t["assignee"]["username"], t["missed"]) for t in tasks if t["number"] == number]


async def confirm(desk: Desk) -> None:
    """What one key does: the drafted outcome is logged as it stands."""
    (pop,) = desk.owed()
    said = {name: pop["draft"][name] for name in ("outcome", "comment")}
    await desk.request("PUT", f"/segments/{pop['id']}/outcome", said)


async def test_who_transfers_confirms_a_draft_and_gets_the_next_call_while_the_other_talks_on(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    floor.phone("102")
    caller, phone = await customer_of_anna(floor, desks, "79161250001")
    assert await asyncio.to_thread(refer, phone, "102") == 202
    assert (await talking(boris))["via"] == "blind"
    pop = await until_async(lambda: next((p for p in anna.owed() if p["draft"]["outcome"]), None), 10, "Anna's draft")
    assert pop is not None
    assert (pop["handed_to"], pop["outcome_state"]) == ("Boris", "draft")
    assert (pop["draft"]["outcome"], pop["draft"]["comment"]) == ("transferred", "→ Boris")
    await anna.reopen()
    assert [p["draft"] for p in anna.owed()] == [pop["draft"]]
    await confirm(anna)
    await until_async(lambda: "PJSIP/101" not in floor.pbx.database("callcenter-owes"), 10, "Anna free")
    next_one = floor.caller("79161250002", "7001", talk_ms=800)
    await until_async(lambda: "79161250002" in {o.customer for o in phone.taken()}, 15, "Anna's next call")
    await over(next_one)
    await leaves(floor, caller)
    await until_async(boris.owed, 10, "Boris owing the form")
    assert boris.owed()[0]["handed_to"] == ""
    states = told(await call_of(desks["sofia"], "+79161250001"))
    assert states == [("anna", "direct", "owner", "logged"), ("boris", "blind", "owner", "owed")]


async def test_a_colleague_who_is_only_asked_owes_nothing(floor: Floor, desks: dict[str, Desk], tap: AmiTap) -> None:
    boris = floor.phone("102", talk_ms=900)
    caller, _ = await customer_of_anna(floor, desks, "79161250003")
    leg = await leg_of_anna(tap)
    tap.action("Atxfer", Channel=leg, Context="agents", Exten="102#")
    await until_async(lambda: [o for o in boris.taken() if o.ended_at], 10, "advice given")
    await leaves(floor, caller)
    await until_async(desks["anna"].owed, 10, "Anna owing the form")
    assert desks["boris"].kinds() == []
    assert told(await call_of(desks["sofia"], "+79161250003")) == [("anna", "direct", "owner", "owed")]
    assert set(floor.pbx.database("callcenter-owes")) == {"PJSIP/101"}


async def test_a_colleague_nobody_waited_for_pops_at_the_ring(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    boris = floor.phone("102", answer_ms=4000)
    caller, _ = await customer_of_anna(floor, desks, "79161250004")
    leg = await leg_of_anna(tap)
    tap.action("Atxfer", Channel=leg, Context="agents", Exten="102#")
    await until_async(boris.offers, 10, "Boris asked")
    assert desks["boris"].kinds() == []
    tap.action("Hangup", Channel=leg)
    offered = await until_async(lambda: desks["boris"].heard("pop_offered"), 5, "Boris' pop")
    assert (offered[0]["pop"]["number"], offered[0]["pop"]["via"]) == ("+79161250004", "attended")
    await talking(desks["boris"])
    await leaves(floor, caller)
    (offer,) = boris.taken()
    assert offer.answered_at is not None
    assert offered[0]["heard_at"] < offer.answered_at
    states = told(await call_of(desks["sofia"], "+79161250004"))
    assert states == [("anna", "direct", "owner", "draft"), ("boris", "attended", "owner", "owed")]


async def test_a_parked_customer_is_shown_so_and_is_whose_who_fetches_him(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    caller, phone = await customer_of_anna(floor, desks, "79161250005")
    floor.phone("102")
    assert await asyncio.to_thread(refer, phone, "700") == 202
    parked = await until_async(lambda: tap.events("ParkedCall"), 10, "parked")

    async def state() -> bool:
        found = await desks["sofia"].request("GET", "/calls?number=%2B79161250005")
        return bool(found["items"][0]["state"] == "parked")

    await until_async(state, 5, "shown as parked")
    assert [pop["handed_to"] for pop in desks["anna"].pops.values()] == [""]
    floor.agent_dials("102", parked[0]["ParkingSpace"], talk_ms=None)
    assert (await talking(desks["boris"]))["via"] == "park"
    await until_async(lambda: [p for p in desks["anna"].owed() if p["handed_to"] == "Boris"], 10, "Anna's draft")
    await leaves(floor, caller)
    states = told(await call_of(desks["sofia"], "+79161250005"))
    assert states == [("anna", "direct", "owner", "draft"), ("boris", "park", "owner", "owed")]
    assert set(floor.pbx.database("callcenter-owes")) >= {"PJSIP/101"}


async def test_a_parked_customer_whom_nobody_fetched_pops_again_where_he_was(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    anna = desks["anna"]
    caller, phone = await customer_of_anna(floor, desks, "79161250006")
    assert await asyncio.to_thread(refer, phone, "700") == 202
    back = await until_async(lambda: anna.heard("pop_offered")[1:], 15, "a second pop")
    assert back[0]["pop"]["via"] == "return"
    await talking_again(anna)
    await leaves(floor, caller)
    await until_async(anna.owed, 10, "Anna owing")
    assert len(anna.owed()) == 1
    states = told(await call_of(desks["sofia"], "+79161250006"))
    assert states == [("anna", "direct", "owner", "owed"), ("anna", "return", "owner", "owed")]
    await anna.log_outcome()
    await until_async(lambda: floor.pbx.database("callcenter-owes") == {}, 10, "one outcome for both")


async def test_who_comes_to_a_conference_helps_until_he_is_alone_with_the_customer(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    floor.phone("102", talk_ms=1500)
    caller, _ = await customer_of_anna(floor, desks, "79161250007")
    entered = {e["Channel"] for e in tap.events("BridgeEnter")}
    leg = next(channel for channel in entered if channel.startswith("PJSIP/101"))
    (customer,) = entered - {leg}
    room = {"Context": "conference", "Exten": "800", "Priority": "1"}
    tap.action("Redirect", Channel=customer, ExtraChannel=leg, **room, **{f"Extra{k}": v for k, v in room.items()})
    await until_async(lambda: len(tap.events("ConfbridgeJoin")) == 2, 15, "both in the room")
    tap.action("Originate", Channel="PJSIP/102", **room, Async="true")
    await until_async(lambda: len(tap.events("ConfbridgeJoin")) == 3, 5, "Boris too")
    await until_async(lambda: len(tap.events("ConfbridgeLeave")) == 1, 10, "Boris gone")
    await leaves(floor, caller)
    floor.pbx.cli("channel request hangup all")
    await until_async(desks["anna"].owed, 10, "Anna owing the form")
    states = told(await call_of(desks["sofia"], "+79161250007"))
    assert states == [("anna", "direct", "owner", "owed"), ("boris", "originate", "assist", "none")]
    assert desks["boris"].owed() == []


async def test_a_customer_sent_back_to_a_queue_is_one_call_that_the_queue_gives_on(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    await until_async(lambda: not paused(floor, "PJSIP/102"), 10, "Boris free of the talk before")
    boris = floor.phone("102", answer_ms=600)
    caller, phone = await customer_of_anna(floor, desks, "79161250008")
    assert await asyncio.to_thread(refer, phone, "7002") == 202
    pop = await talking(desks["boris"])
    assert (pop["number"], pop["via"], pop["queue"]) == ("+79161250008", "queue", "sales")
    await leaves(floor, caller)
    assert [offer.customer for offer in boris.taken()] == ["79161250008"]
    call = await call_of(desks["sofia"], "+79161250008")
    assert [(name, via, role) for name, via, role, _ in told(call)] == [
        ("anna", "direct", "owner"),
        ("boris", "queue", "owner"),
    ]
    assert call["result"] == "answered"


async def test_a_customer_who_hangs_up_on_the_shelf_was_answered_and_not_abandoned(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    caller, phone = await customer_of_anna(floor, desks, "79161250009")
    assert await asyncio.to_thread(refer, phone, "700") == 202
    await until_async(lambda: tap.events("ParkedCall"), 10, "parked")
    await leaves(floor, caller)
    call = await call_of(desks["sofia"], "+79161250009")
    assert call["result"] == "answered"
    assert told(call) == [("anna", "direct", "owner", "owed")]
    assert await to_call_back(desks["sofia"], "+79161250009") == [("anna", 1)]


async def test_a_customer_the_colleague_did_not_take_rings_where_he_was(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    floor.phone("102", answer_ms=None)
    caller, _ = await customer_of_anna(floor, desks, "79161250010")
    leg = await leg_of_anna(tap)
    tap.action("Atxfer", Channel=leg, Context="agents", Exten="102#")
    await until_async(lambda: tap.events("DialBegin")[1:], 5, "Boris asked")
    tap.action("Hangup", Channel=leg)
    (left,) = await until_async(desks["anna"].owed, 5, "Anna done with the talk while Boris rings")
    assert (left["handed_to"], len(desks["anna"].heard("pop_offered"))) == ("Boris", 1)
    back = await until_async(lambda: desks["anna"].heard("pop_offered")[1:], 15, "a second pop")
    assert (back[0]["pop"]["number"], back[0]["pop"]["via"]) == ("+79161250010", "return")
    await talking_again(desks["anna"])
    await leaves(floor, caller)
    states = told(await call_of(desks["sofia"], "+79161250010"))
    assert states == [("anna", "direct", "owner", "owed"), ("anna", "return", "owner", "owed")]
    assert desks["boris"].owed() == []


@pytest.fixture
async def sofia(desks: dict[str, Desk]) -> AsyncIterator[Desk]:
    """The supervisor, at Chiara's desk."""
    await desks["sofia"].request("PUT", "/me/extension", {"extension": "103", "take_over": True})
    yield desks["sofia"]
    await desks["sofia"].request("PUT", "/me/extension", {"extension": None})


async def spying(tap: AmiTap, times: int) -> None:
    await until_async(lambda: len(tap.events("ChanSpyStart")) == times, 10, "the supervisor in the talk")


async def test_who_sits_in_hears_both_whispers_to_one_and_has_no_part_in_the_talk(
    floor: Floor, desks: dict[str, Desk], sofia: Desk, tap: AmiTap
) -> None:
    anna, boss = floor.phone("101", sound=tone(AGENT)), floor.phone("103", sound=tone(SUPERVISOR))
    customer = floor.caller("79161250011", "7101", talk_ms=None, sound=tone(CUSTOMER))
    pop = await talking(desks["anna"])
    sit_in = await sofia.request("POST", f"/segments/{pop['id']}/sit-in", {"mode": "listen"})
    await spying(tap, 1)
    assert await heard(PITCHES, boss, anna, customer) == [{CUSTOMER, AGENT}, {CUSTOMER}, {AGENT}]
    await sofia.request("PATCH", "/me/sit-in", {"mode": "whisper"})
    await spying(tap, 2)
    assert await heard(PITCHES, boss, anna, customer) == [{CUSTOMER, AGENT}, {CUSTOMER, SUPERVISOR}, {AGENT}]
    await sofia.request("PATCH", "/me/sit-in", {"mode": "barge"})
    await spying(tap, 3)
    assert await heard(PITCHES, boss, anna, customer) == [
        {CUSTOMER, AGENT},
        {CUSTOMER, SUPERVISOR},
        {AGENT, SUPERVISOR},
    ]
    await leaves(floor, customer)
    last = await until_async(lambda: ended(sofia), 5, "the end told")
    assert last is not None
    assert (last["id"], last["state"], last["reason"]) == (sit_in["id"], "ended", "talk_over")
    assert [[s["mode"] for s in c["company"]] for c in desks["anna"].heard("company")] == [
        ["listen"], ["whisper"], ["barge"], [],
    ]  # fmt: skip
    call = await call_of(desks["sofia"], "+79161250011")
    assert told(call) == [("anna", "direct", "owner", "owed")]
    (kept,) = (await sofia.request("GET", f"/calls/{call['id']}/sit-ins"))["items"]
    assert ([t["mode"] for t in kept["turns"]], kept["by"]["username"]) == (["listen", "whisper", "barge"], "sofia")
    assert desks["chiara"].kinds() == []


def ended(desk: Desk) -> dict[str, Any] | None:
    found = [told["sit_in"] for told in desk.heard("sit_in")]
    return next((one for one in found if one["state"] in ("ended", "failed")), None)
