"""Who is kept from the next call, and for how long, where it is not simply who talked: seen by the phones."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from callcenter.owing import MOMENT
from tests.captures.stage import keys
from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.lab.refer import hold, refer, resume
from tests.pbx.job.conftest import wire
from tests.pbx.job.product import Desk, Product
from tests.pbx.job.test_calls import call_of, leaves, over
from tests.pbx.job.test_hand_overs import confirm, customer_of_anna, pbx, talking, tap, to_call_back, told
from tests.until import until_async

pytestmark = pytest.mark.pbx
__all__ = ["pbx", "tap"]
OWE = {"under_s": 0, "then": "owe"}


@pytest.fixture
async def short(product: Product) -> AsyncIterator[Desk]:
    """The administrator, for whom talks of less than 30 s in the queue support are short; as before afterwards."""
    await wire(product)
    admin = Desk(product, "admin")
    await admin.sign_in()
    rule = {"pbx": "main", "queue": "support", "under_s": 30, "then": "automatic"}
    await admin.request("PUT", "/outcome-rules", {"queues": [rule], "direct": OWE, "outbound": OWE})
    yield admin
    await admin.request("PUT", "/outcome-rules", {"queues": [], "direct": OWE, "outbound": OWE})
    await admin.close()


def free(pbx: Asterisk, number: str) -> bool:
    """No debt stands in the PBX, and no queue has the phone paused."""
    lines = pbx.cli("queue show").splitlines()
    mine = [line for line in lines if f"PJSIP/{number}" in line]
    return f"PJSIP/{number}" not in pbx.database("callcenter-owes") and not any("paused" in line for line in mine)


async def test_a_short_call_keeps_nobody_from_the_next_one(floor: Floor, desks: dict[str, Desk], short: Desk) -> None:
    """Nobody touches a screen, and two customers are served one after the other by one phone."""
    floor.phone("101", answer_ms=150)
    for other in ("102", "103"):
        floor.phone(other, busy=True)
    callers = [floor.caller(f"7916126000{n}", "7001", talk_ms=900) for n in (1, 2)]
    for caller in callers:
        await over(caller)
    assert len([o for o in floor.log().of("101") if o.answered_at]) == 2
    await until_async(lambda: free(floor.pbx, "101"), 10, "no pause remains")
    await until_async(desks["anna"].idle, 10, "nothing on the screen")
    (segment,) = [s for s in (await call_of(desks["sofia"], "+79161260001"))["segments"] if s["answered_at"]]
    assert (segment["outcome_state"], segment["outcome"], segment["outcome_by"]) == ("automatic", "short_call", None)


async def test_who_was_left_alone_with_the_customer_is_held_and_who_left_confirms(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    """Boris comes into a conference and helps; when Anna leaves, the customer is his. No dialplan runs there, so only
    we can hold him."""
    floor.phone("102")
    caller, _ = await customer_of_anna(floor, desks, "79161260003")
    entered = {e["Channel"] for e in tap.events("BridgeEnter")}
    leg = next(channel for channel in entered if channel.startswith("PJSIP/101"))
    (customer,) = entered - {leg}
    room = {"Context": "conference", "Exten": "800", "Priority": "1"}
    tap.action("Redirect", Channel=customer, ExtraChannel=leg, **room, **{f"Extra{k}": v for k, v in room.items()})
    await until_async(lambda: len(tap.events("ConfbridgeJoin")) == 2, 15, "both in the room")
    tap.action("Originate", Channel="PJSIP/102", **room, Async="true")
    assert (await talking(desks["boris"]))["role"] == "assist"
    assert "PJSIP/102" not in floor.pbx.database("callcenter-owes")
    tap.action("Hangup", Channel=leg)
    await until_async(lambda: "PJSIP/102" in floor.pbx.database("callcenter-owes"), 10, "Boris held")
    await until_async(lambda: [p for p in desks["anna"].owed() if p["handed_to"] == "Boris"], 10, "Anna's draft")
    assert (await talking(desks["boris"]))["role"] == "owner"
    await leaves(floor, caller)
    floor.pbx.cli("channel request hangup all")
    await until_async(desks["boris"].owed, 10, "Boris owing the form")
    states = {(name, state) for name, _, _, state in told(await call_of(desks["sofia"], "+79161260003"))}
    assert states == {("anna", "draft"), ("boris", "owed")}


async def test_who_picked_up_is_held_and_who_was_rung_is_free(floor: Floor, desks: dict[str, Desk]) -> None:
    floor.phone("101", answer_ms=None)
    for other in ("102", "103"):
        floor.phone(other, busy=True)
    caller = floor.caller("79161260004", "7101", talk_ms=1500)
    await until_async(lambda: floor.log().of("101"), 10, "Anna's phone rings")
    floor.agent_dials("102", f"{floor.pbx.shape.pickup}101", talk_ms=None)
    await over(caller)
    await until_async(desks["boris"].owed, 10, "Boris owing the form")
    assert set(floor.pbx.database("callcenter-owes")) == {"PJSIP/102"}
    assert free(floor.pbx, "101")
    assert desks["anna"].owed() == []


async def test_a_transfer_that_nobody_took_is_the_full_form_again(floor: Floor, desks: dict[str, Desk]) -> None:
    floor.phone("102", answer_ms=None)
    caller, phone = await customer_of_anna(floor, desks, "79161260005")
    assert await asyncio.to_thread(refer, phone, "102") == 202
    await until_async(lambda: [p for p in desks["anna"].owed() if p["outcome_state"] == "draft"], 10, "Anna's draft")
    await leaves(floor, caller)
    full = await until_async(lambda: [p for p in desks["anna"].owed() if p["outcome_state"] == "owed"], 10, "the form")
    assert full is not None
    assert (full[0]["handed_to"], full[0]["draft"]["outcome"]) == ("Boris", None)
    assert not free(floor.pbx, "101")
    assert await to_call_back(desks["sofia"], "+79161260005") == [("boris", 1)]


async def test_who_fetched_a_parked_customer_is_held_while_they_talk(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    caller, phone = await customer_of_anna(floor, desks, "79161260006")
    floor.phone("102")
    assert await asyncio.to_thread(refer, phone, "700") == 202
    parked = await until_async(lambda: tap.events("ParkedCall"), 10, "parked")
    floor.agent_dials("102", parked[0]["ParkingSpace"], talk_ms=None)
    await talking(desks["boris"])
    await until_async(lambda: not free(floor.pbx, "102"), 5, "Boris held")
    assert not caller.ended()
    await until_async(lambda: [p for p in desks["anna"].owed() if p["handed_to"]], 10, "Anna's draft")
    await confirm(desks["anna"])
    await until_async(lambda: free(floor.pbx, "101"), 10, "Anna free")
    assert not free(floor.pbx, "102")
    await leaves(floor, caller)
    await desks["boris"].log_outcome()
    await until_async(lambda: free(floor.pbx, "102"), 10, "Boris free")


async def state(desk: Desk, number: str) -> str:
    """The state of the newest call of a number, as everybody's list shows it."""
    found = await desk.request("GET", f"/calls?number=%2B{number}")
    return str(found["items"][0]["state"])


async def test_a_customer_held_then_sent_on_by_keys_and_by_another_program_is_whose_he_reaches(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    """Anna holds him and has him back, dials #1 102; somebody else's program then redirects him to Chiara."""
    for other in ("102", "103"):
        floor.phone(other)
    caller, phone = await customer_of_anna(floor, desks, "79161260007")
    sofia = desks["sofia"]
    for press, shown in ((hold, "held"), (resume, "talking")):
        await asyncio.to_thread(press, phone)

        async def is_shown(wanted: str = shown) -> bool:
            return await state(sofia, "79161260007") == wanted

        await until_async(is_shown, 5, f"the call shown as {shown}")
    entered = [e["Channel"] for e in tap.events("BridgeEnter")]
    leg = next(channel for channel in entered if channel.startswith("PJSIP/101"))
    await asyncio.to_thread(keys, tap, leg, "#1102")
    assert (await talking(desks["boris"]))["via"] == "blind"
    customer = next(channel for channel in entered if channel.startswith("PJSIP/anonymous"))
    tap.action("Redirect", Channel=customer, Context="agents", Exten="103", Priority="1")
    assert (await talking(desks["chiara"]))["via"] == "blind"
    await leaves(floor, caller)
    await until_async(desks["chiara"].owed, 10, "Chiara owing the form")
    call = await call_of(sofia, "+79161260007")
    assert [(name, via, state) for name, via, _, state in told(call)] == [
        ("anna", "direct", "draft"),
        ("boris", "blind", "draft"),
        ("chiara", "blind", "owed"),
    ]
    assert call["segments"][0]["hold_s"] > 0
    assert set(floor.pbx.database("callcenter-owes")) == {"PJSIP/101", "PJSIP/102", "PJSIP/103"}


async def test_who_is_asked_and_brought_in_by_a_key_helps_until_he_is_alone_with_the_customer(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    boris = floor.phone("102")
    caller, _ = await customer_of_anna(floor, desks, "79161260008")
    leg = next(e["Channel"] for e in tap.events("BridgeEnter") if e["Channel"].startswith("PJSIP/101"))
    tap.action("Atxfer", Channel=leg, Context="agents", Exten="102#")
    await until_async(boris.taken, 10, "Boris giving advice")
    await asyncio.to_thread(keys, tap, leg, "*3")
    shown = desks["boris"].pops
    await until_async(lambda: [p for p in shown.values() if p["role"] == "assist"], 10, "Boris helping")
    tap.action("Hangup", Channel=leg)
    await until_async(lambda: [p for p in desks["anna"].owed() if p["handed_to"] == "Boris"], 10, "Anna's draft")
    alone = time.monotonic() + MOMENT.total_seconds()
    await until_async(lambda: time.monotonic() > alone, 10, "more than a moment alone with the customer")
    await leaves(floor, caller)
    await until_async(desks["boris"].owed, 10, "Boris owing the form")
    states = {(name, role, state) for name, _, role, state in told(await call_of(desks["sofia"], "+79161260008"))}
    assert states == {("anna", "owner", "draft"), ("boris", "owner", "owed")}
