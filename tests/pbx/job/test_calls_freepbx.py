"""The same calls on a PBX in the shape of FreePBX, with the include-only variant on it; and some that only it has."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.lab.amitap import AmiTap
from tests.lab.asterisk import Asterisk
from tests.lab.freepbx.installed import freepbx
from tests.lab.phones import Floor
from tests.parts import need
from tests.pbx.job.product import Desk, Product
from tests.pbx.job.test_calls import (  # noqa: F401
    call_of,
    leaves,
    over,
    plug,
    test_a_direct_call_pops_and_owes_too,
    test_a_hostile_caller_id_forges_nothing_and_loses_no_call,
    test_a_queue_call_pops_before_the_phone_is_answered_and_owes_an_outcome,
    test_a_rejecting_phone_owes_nothing,
    test_a_transfer_by_the_phones_own_button_is_one_call_with_two_talks,
    test_a_withheld_number_pops_without_a_card,
    test_abandoned_while_ringing_withdraws_the_pop,
    test_agents_calling_each_other_are_nobodys_business,
    test_an_abandoned_wait_is_a_call_and_a_card_without_pop_or_debt,
    test_an_owing_agent_gets_no_call_until_the_outcome_is_logged,
    test_no_answer_goes_to_the_next_and_who_missed_it_owes_nothing,
    test_ringall_pops_for_all_and_is_withdrawn_at_once_from_who_lost,
    test_the_recording_is_linked_stored_and_plays_from_the_middle,
    test_the_second_call_of_a_number_finds_the_same_card_however_it_is_written,
)
from tests.until import until_async

pytestmark = pytest.mark.pbx


@pytest.fixture(scope="module")
def pbx() -> Iterator[Asterisk]:
    need("asterisk")
    with freepbx() as running:
        yield running


@pytest.fixture
def tap(pbx: Asterisk) -> Iterator[AmiTap]:
    made = AmiTap(pbx)
    yield made
    made.close()


def leg(pbx: Asterisk, tap: AmiTap, agent: str) -> str:
    """The newest channel of the agent's phone that talks."""
    name = f"{pbx.shape.device(agent)}-"
    talking = [e["Channel"] for e in tap.events("BridgeEnter") if e["Channel"].startswith(name)]
    return talking[-1] if talking else ""


def parts(call: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """Who had the customer, how he came to him, and whether they talked; without those who refused him at once."""
    tried = [s for s in call["segments"] if [o["result"] for o in s["offers"]] != ["rejected"]]
    return [(s["agent"]["username"], s["via"], s["answered_at"] is not None) for s in tried]


async def test_the_number_is_the_one_that_arrived_and_not_what_a_route_made_of_it(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    plug(floor, "101")
    await over(floor.caller("+49301234567", "7001", display="Jan", talk_ms=800))
    call = await call_of(desks["sofia"], "+49301234567")
    assert (call["number_raw"], call["did"]) == ("+49301234567", "7001")


async def test_a_number_is_read_in_the_country_of_its_trunk(floor: Floor, desks: dict[str, Desk]) -> None:
    plug(floor, "101")
    await over(floor.caller("0691234567", "s", trunk="voip-it", talk_ms=800))
    call = await call_of(desks["sofia"], "+390691234567")
    assert (call["result"], call["queues"][0]["queue"]) == ("answered", "600")


async def test_a_transfer_from_behind_a_local_member_is_one_call_with_two_talks(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    plug(floor, "101")
    caller = floor.caller("79161230021", "7001", talk_ms=None)
    await until_async(lambda: leg(floor.pbx, tap, "101"), 15, "Anna talking")
    for phone in floor.phones[1:]:
        phone.close()
    floor.phone("102")
    tap.action("BlindTransfer", Channel=leg(floor.pbx, tap, "101"), Context="from-internal", Exten="102")
    await until_async(anna.owed, 10, "Anna owing while he talks on with Boris")
    await until_async(lambda: [p for p in boris.pops.values() if p["phase"] == "talking"], 10, "Boris talking")
    await leaves(floor, caller)
    await until_async(boris.owed, 10, "Boris owing")
    call = await call_of(desks["sofia"], "+79161230021")
    assert parts(call) == [("anna", "queue", True), ("boris", "blind", True)]
    assert [s["outcome_state"] for s in call["segments"] if s["answered_at"]] == ["draft", "owed"]


async def test_advice_is_no_talk_until_the_customer_is_handed_over(
    floor: Floor, desks: dict[str, Desk], tap: AmiTap
) -> None:
    plug(floor, "101")
    caller = floor.caller("79161230022", "7001", talk_ms=None)
    await until_async(lambda: leg(floor.pbx, tap, "101"), 15, "Anna talking")
    for phone in floor.phones[1:]:
        phone.close()
    floor.phone("102")
    tap.action("Atxfer", Channel=leg(floor.pbx, tap, "101"), Context="from-internal", Exten="102#")
    await until_async(lambda: leg(floor.pbx, tap, "102"), 10, "Boris giving advice")
    assert desks["boris"].owed() == []
    tap.action("Hangup", Channel=leg(floor.pbx, tap, "101"))
    await until_async(lambda: [p for p in desks["boris"].pops.values() if p["phase"] == "talking"], 10, "his customer")
    await leaves(floor, caller)
    await until_async(desks["boris"].owed, 10, "Boris owing")
    call = await call_of(desks["sofia"], "+79161230022")
    assert parts(call) == [("anna", "queue", True), ("boris", "attended", True)]


async def test_who_picks_up_has_the_call(floor: Floor, desks: dict[str, Desk]) -> None:
    anna, boris = desks["anna"], desks["boris"]
    phone = plug(floor, "101", answer_ms=None)
    caller = floor.caller("79161230023", "7001", talk_ms=1500)
    await until_async(phone.offers, 20, "Anna's phone ringing")
    floor.agent_dials("102", "**101", talk_ms=None)
    await over(caller)
    await until_async(boris.owed, 10, "Boris owing")
    assert anna.owed() == []
    call = await call_of(desks["sofia"], "+79161230023")
    assert [p for p in parts(call) if p[2]] == [("boris", "pickup", True)]


async def test_a_customer_whom_a_mobile_answers_is_one_call_and_no_second_one_goes_out(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    floor.phone("103", answer_ms=None)
    floor.phone("trunk", answer_ms=400)
    await over(floor.caller("79161230024", "7303", talk_ms=1000))
    call = await call_of(desks["sofia"], "+79161230024")
    (talk,) = (s for s in call["segments"] if s["answered_at"])
    assert (call["result"], talk["device"], talk["agent"]) == ("answered", "outside/+79160000103", None)
    newest = (await desks["sofia"].request("GET", "/calls?limit=2"))["items"]
    assert [c["number"] for c in newest if c["number"] == "+79160000103"] == []
    assert desks["chiara"].owed() == []
    assert desks["chiara"].heard("pop_withdrawn")


async def test_the_map_is_proposed_right(pbx: Asterisk, tmp_path: Path) -> None:
    fresh = Product(pbx, tmp_path)
    fresh.add_people()
    fresh.start()
    admin = Desk(fresh, "admin")
    await admin.sign_in()

    async def proposed() -> dict[str, Any] | None:
        (found,) = (await admin.request("GET", "/pbx"))["items"]
        return found if found["up"] and found["map"] else None

    told = await until_async(proposed, 20, "a proposal")
    assert told is not None
    kinds = {rule["pattern"]: rule["kind"] for rule in told["map"]}
    assert {name: kinds[f"PJSIP/{name}"] for name in ("mtt-msk", "voip-it", "2001", "2002", "2003", "99101")} == {
        "mtt-msk": "trunk", "voip-it": "trunk", "2001": "device", "2002": "device", "2003": "device", "99101": "device",
    }  # fmt: skip
    assert kinds.get("PJSIP/door-front") != "trunk"
    assert kinds.get("PJSIP/branch-ufa") != "trunk"
    extensions = {e["number"]: (sorted(e["devices"]), e["interfaces"]) for e in told["extensions"]}
    assert extensions["101"] == (["PJSIP/2001", "PJSIP/99101"], ["Local/101@from-queue/n"])
    assert extensions["102"] == (["PJSIP/2002"], ["Local/102@from-queue/n"])
    await admin.close()
    fresh.stop()


async def test_a_test_call_goes_the_whole_way_and_leaves_nothing(
    pbx: Asterisk, product: Product, desks: dict[str, Desk]
) -> None:
    told = product.command("doctor", "--call", "600", "--did", "7001")
    failed = [line for line in told.stdout.splitlines() if "FAILED" in line]
    assert (failed, told.returncode, told.stderr) == ([], 0, ""), told.stdout
    assert pbx.database("callcenter-owes") == {}
    assert "callcenter-test" not in pbx.cli("queue show")
