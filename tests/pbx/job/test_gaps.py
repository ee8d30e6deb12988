"""Calls that nobody heard: the service is killed while customers ring, talk and give up, and nothing is lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Floor
from tests.pbx.job.conftest import linked, settle, wire
from tests.pbx.job.product import Desk, Product
from tests.until import until, until_async

pytestmark = pytest.mark.pbx


async def seated(product: Product) -> dict[str, Desk]:
    people = {name: Desk(product, name) for name in ("anna", "boris", "sofia", "admin")}
    for desk in people.values():
        await desk.sign_in()
        await desk.listen()
    return people


async def calls_by_number(sofia: Desk) -> dict[str, dict[str, Any]]:
    items = (await sofia.request("GET", "/calls?limit=50"))["items"]
    whole = [await sofia.request("GET", f"/calls/{item['id']}") for item in items]
    assert len({call["number"] for call in whole}) == len(whole)
    return {call["number"]: call for call in whole}


def told(call: dict[str, Any]) -> tuple[str, list[tuple[str, str, str]]]:
    talks = [s for s in call["segments"] if s["answered_at"]]
    return call["result"], [(s["agent"]["username"], s["via"], s["outcome_state"]) for s in talks]


async def test_what_happened_while_the_service_was_dead_is_there_when_it_lives_again(
    pbx: Asterisk, product: Product, floor: Floor
) -> None:
    await wire(product)
    people = await seated(product)
    floor.phone("101")
    boris = floor.phone("102", talk_ms=2500)
    half = floor.caller("79161260001", "7101", talk_ms=4000)
    await until_async(lambda: [p for p in people["anna"].pops.values() if p["phase"] == "talking"], 15, "Anna talking")
    product.kill()
    whole = floor.caller("79161260002", "7102", talk_ms=None)
    gave_up = floor.caller("79161260003", "7103", patience_ms=700)
    for caller in (half, whole, gave_up):
        await asyncio.to_thread(until, caller.ended, 20, "the call over before anybody listens")
    product.start()
    for desk in people.values():
        await desk.reopen()
    await until_async(lambda: linked(people["admin"]), 20, "the link")
    await until_async(people["anna"].owed, 10, "Anna owing")
    await until_async(people["boris"].owed, 10, "Boris owing for a call nobody heard")
    (offer,) = boris.taken()
    found = await calls_by_number(people["sofia"])
    assert told(found["+79161260001"]) == ("answered", [("anna", "direct", "owed")])
    assert told(found["+79161260002"]) == ("answered", [("boris", "direct", "owed")])
    assert told(found["+79161260003"]) == ("abandoned", [])
    assert [gap["filled_from"] for call in found.values() for gap in call["gaps"]] == ["cel"] * 3
    (talk,) = (s for s in found["+79161260002"]["segments"] if s["answered_at"])
    assert offer.answered_at is not None
    assert offer.ended_at is not None
    # A busy PBX joins the two a good moment after the phone has said that it is picked up.
    assert talk["talk_s"] == pytest.approx(offer.ended_at - offer.answered_at, abs=1.0)
    missed = (await people["sofia"].request("GET", "/tasks?missed=true"))["items"]
    assert [task["number"] for task in missed] == ["+79161260003"]
    await recorded(people["sofia"], {"+79161260001", "+79161260002"})
    product.kill()
    product.start()
    for desk in people.values():
        await desk.reopen()
    await until_async(lambda: linked(people["admin"]), 20, "the link again")
    again = await calls_by_number(people["sofia"])
    assert {number: told(call) for number, call in again.items()} == {n: told(call) for n, call in found.items()}
    await settle({name: people[name] for name in ("anna", "boris")})
    await until_async(lambda: pbx.database("callcenter-owes") == {}, 10, "nobody owes")
    for desk in people.values():
        await desk.close()


async def test_a_talk_that_began_and_ended_unheard_is_there_while_its_customer_still_talks(
    pbx: Asterisk, product: Product, floor: Floor
) -> None:
    await wire(product)
    people = await seated(product)
    floor.phone("101")
    boris = floor.phone("102")
    floor.caller("79161260011", "7101", talk_ms=None)
    await until_async(lambda: [p for p in people["anna"].pops.values() if p["phase"] == "talking"], 15, "Anna talking")
    product.kill()
    channels = pbx.cli("core show channels concise").splitlines()
    (trunk,) = {line.split("!")[0] for line in channels if "!from-trunk!" in line}
    pbx.cli(f"channel redirect {trunk} from-trunk,7102,1")
    await asyncio.to_thread(until, lambda: boris.taken(), 10, "Boris talking before anybody listens")
    product.start()
    for desk in people.values():
        await desk.reopen()
    await until_async(lambda: linked(people["admin"]), 20, "the link")

    async def both() -> bool:
        call = (await calls_by_number(people["sofia"]))["+79161260011"]
        talks = [(s["agent"]["username"], s["outcome_state"]) for s in call["segments"] if s["answered_at"]]
        return (call["state"], talks) == ("talking", [("anna", "draft"), ("boris", "owed")])

    await until_async(both, 10, "Anna's part and Boris' while the customer still talks")
    pbx.cli(f"channel request hangup {trunk}")
    await until_async(people["boris"].owed, 10, "Boris owing")
    newest = (await people["sofia"].request("GET", "/pbx/main/outages"))["items"][0]
    assert (newest["state"], newest["cause"], newest["calls"]) == ("filled", "service_down", 1)
    await settle({name: people[name] for name in ("anna", "boris")})
    for desk in people.values():
        await desk.close()


async def recorded(sofia: Desk, numbers: set[str]) -> None:
    async def stored() -> bool:
        calls = await calls_by_number(sofia)
        return all([r["state"] for r in calls[number]["recordings"]] == ["stored"] for number in numbers)

    await until_async(stored, 30, "the recordings of what nobody heard")
