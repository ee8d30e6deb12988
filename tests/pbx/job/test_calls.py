"""The one job, call by call, on a real Asterisk with phones that speak. What the phones logged is the truth."""

from __future__ import annotations

import asyncio
import io
import wave
from typing import Any

import pytest

from tests.lab.asterisk import Asterisk
from tests.lab.phones import Caller, Floor, Phone
from tests.lab.refer import refer
from tests.pbx.job.product import Desk
from tests.until import until_async

pytestmark = pytest.mark.pbx


async def call_of(desk: Desk, number: str) -> dict[str, Any]:
    """The newest call of a number as the API tells it, once it has ended."""

    async def ended() -> dict[str, Any] | None:
        found = await desk.request("GET", f"/calls?number={number.replace('+', '%2B')}")
        return found["items"][0] if found["items"] and found["items"][0]["state"] == "ended" else None

    call = await until_async(ended, 20, f"the end of {number}")
    assert call is not None
    return dict(call)


def plug(floor: Floor, extension: str, *, others_busy: bool = True, **how: Any) -> Phone:
    """A phone at one desk; at the others they reject, so that the queue comes round to it at once."""
    phone = floor.phone(extension, **how)
    plugged = {p.extension for p in floor.phones}
    if others_busy:
        for other in {"101", "102", "103"} - plugged:
            floor.phone(other, busy=True)
    return phone


def rang_for(phone: Phone) -> set[str]:
    """For whom it rang. There may be others: an INVITE to a phone that was not there is repeated for 32 s (RFC 3261,
    timer B), so that a phone plugged in then still hears of a call of the test before."""
    return {offer.customer for offer in phone.offers()}


async def over(caller: Caller) -> None:
    """Waits for the end of his call while the tabs go on listening."""
    await until_async(caller.ended, 30, "the caller's end")


async def leaves(floor: Floor, caller: Caller) -> None:
    """The end of a call that waits for us to end it."""
    await asyncio.to_thread(floor.end, caller)
    await over(caller)


async def test_a_queue_call_pops_before_the_phone_is_answered_and_owes_an_outcome(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    support = floor.pbx.shape.queues["support"]
    plug(floor, "101", answer_ms=700)
    caller = floor.caller("79161230001", "7001", talk_ms=5000)
    pop = await until_async(lambda: next(iter(anna.pops.values()), None), 15, "Anna's pop")
    assert pop is not None
    assert (pop["phase"], pop["number"], pop["queue"], pop["did"]) == ("ringing", "+79161230001", support, "7001")
    assert pop["customer"]["provisional"] is True
    await until_async(anna.owed, 20, "Anna owing")
    (offer,) = floor.log().of("101")
    assert offer.answered_at is not None
    assert anna.heard("pop_offered")[0]["heard_at"] < offer.answered_at
    assert boris.kinds() == []
    await over(caller)
    await anna.log_outcome("solved")
    call = await call_of(anna, "+79161230001")
    (segment,) = (s for s in call["segments"] if s["answered_at"])
    assert (call["result"], segment["agent"]["username"], segment["outcome_state"]) == ("answered", "anna", "logged")
    assert call["queues"][0]["result"] == "answered"
    assert anna.kinds()[-1] == "outcome_settled"


async def test_the_recording_is_linked_stored_and_plays_from_the_middle(floor: Floor, desks: dict[str, Desk]) -> None:
    anna, sofia = desks["anna"], desks["sofia"]
    plug(floor, "101")
    await over(floor.caller("79161230002", "7001", talk_ms=4000))
    await anna.log_outcome()

    async def stored() -> list[Any] | None:
        call = await call_of(sofia, "+79161230002")
        return call["recordings"] if call["recordings"] and call["recordings"][0]["sha256"] else None

    recordings = await until_async(stored, 20, "the stored recording")
    assert recordings is not None
    recording = recordings[0]
    assert recording["duration_s"] > 2
    path = f"/api/v1/recordings/{recording['id']}/audio"
    async with sofia.http.get(path) as whole:
        sound = await whole.read()
    async with sofia.http.get(path, headers={"Range": "bytes=1000-1999"}) as part:
        assert (part.status, await part.read()) == (206, sound[1000:2000])
    with wave.open(io.BytesIO(sound)) as read:
        frames = read.readframes(read.getnframes())
    assert max(frames) > 0
    assert len(set(frames)) > 50


async def test_an_owing_agent_gets_no_call_until_the_outcome_is_logged(floor: Floor, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    support = floor.pbx.shape.queues["support"]
    phone = plug(floor, "101")
    await over(floor.caller("79161230003", "7001", talk_ms=1500))
    await until_async(anna.owed, 10, "Anna owing")
    waiting = floor.caller("79161230004", "7001", talk_ms=1500)
    lines = await until_async(
        lambda: [q for q in anna.board["queues"] if q["queue"] == support and q["waiting"]], 10, "a waiting line"
    )
    assert (lines[0]["waiting"], lines[0]["offered_to_you"]) == (1, False)
    await until_async(lambda: (attempt := waiting.attempt()) and attempt.ringing_at, 10, "the second caller waiting")
    assert "79161230004" not in rang_for(phone)
    await anna.log_outcome()
    await until_async(lambda: "79161230004" in rang_for(phone), 10, "the next call")
    await over(waiting)


async def test_ringall_pops_for_all_and_is_withdrawn_at_once_from_who_lost(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    plug(floor, "101", answer_ms=None, others_busy=False)
    plug(floor, "102", answer_ms=900)
    await over(floor.caller("79161230005", "7002", talk_ms=2000))
    await until_async(boris.owed, 15, "Boris owing")
    assert [m["reason"] for m in anna.heard("pop_withdrawn")] == ["answered_elsewhere"]
    assert anna.heard("pop_withdrawn")[0]["by"] == "Boris"
    assert (len(anna.heard("pop_offered")), anna.owed()) == (1, [])
    answered = floor.log().of("102")[0].answered_at
    assert answered is not None
    assert anna.heard("pop_withdrawn")[0]["heard_at"] - answered < 3.0


async def test_no_answer_goes_to_the_next_and_who_missed_it_owes_nothing(
    pbx: Asterisk, floor: Floor, desks: dict[str, Desk]
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    plug(floor, "101", answer_ms=None, others_busy=False)
    plug(floor, "102")
    caller = floor.caller("79161230006", "7001", talk_ms=1500)
    await until_async(lambda: any(o.answered_at for o in floor.log().of("102")), 45, "Boris answering")
    await over(caller)
    await boris.log_outcome()
    call = await call_of(boris, "+79161230006")
    by_agent = {s["agent"]["username"]: s for s in call["segments"]}
    assert by_agent["boris"]["outcome_state"] == "logged"
    missed = by_agent.get("anna")
    assert missed is None or [o["result"] for o in missed["offers"]] == ["no_answer"] * len(missed["offers"])
    assert anna.owed() == []


async def test_an_abandoned_wait_is_a_call_and_a_card_without_pop_or_debt(floor: Floor, desks: dict[str, Desk]) -> None:
    caller = floor.caller("79161230007", "7001", patience_ms=1500)
    await over(caller)
    call = await call_of(desks["sofia"], "+79161230007")
    assert (call["result"], call["queues"][0]["result"]) == ("abandoned", "abandoned")
    assert call["customer"]["provisional"] is True
    assert all(desk.kinds() == [] for desk in desks.values())


async def test_abandoned_while_ringing_withdraws_the_pop(floor: Floor, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    plug(floor, "101", answer_ms=None)
    await over(floor.caller("79161230008", "7001", patience_ms=3000))
    call = await call_of(anna, "+79161230008")
    assert call["result"] == "abandoned"
    await until_async(lambda: not anna.pops, 5, "the pop withdrawn")
    assert anna.kinds()[:2] == ["pop_offered", "pop_withdrawn"]


async def test_a_direct_call_pops_and_owes_too(floor: Floor, desks: dict[str, Desk]) -> None:
    boris = desks["boris"]
    phone = plug(floor, "102")
    await over(floor.caller("79161230009", "7102", talk_ms=1500))
    await until_async(boris.owed, 10, "Boris owing")
    (segment,) = (await call_of(boris, "+79161230009"))["segments"]
    assert (segment["via"], segment["agent"]["username"], segment["role"]) == ("direct", "boris", "owner")
    waiting = floor.caller("79161230010", "7001", patience_ms=2500)
    await over(waiting)
    assert "79161230009" in rang_for(phone)
    assert "79161230010" not in rang_for(phone)


@pytest.mark.parametrize("number", ["anonymous", ""])
async def test_a_withheld_number_pops_without_a_card(floor: Floor, desks: dict[str, Desk], number: str) -> None:
    anna = desks["anna"]
    plug(floor, "101")
    caller = floor.caller(number, "7001", talk_ms=1500)
    await until_async(anna.owed, 15, "Anna owing")
    await over(caller)
    (pop,) = anna.owed()
    assert (pop["withheld"], pop["customer"], pop["candidates"]) == (True, None, [])


async def test_a_rejecting_phone_owes_nothing(floor: Floor, desks: dict[str, Desk]) -> None:
    anna, boris = desks["anna"], desks["boris"]
    plug(floor, "101", busy=True, others_busy=False)
    plug(floor, "102")
    caller = floor.caller("79161230011", "7001", talk_ms=1500)
    await until_async(boris.owed, 30, "Boris owing")
    await over(caller)
    assert anna.owed() == []


async def test_agents_calling_each_other_are_nobodys_business(floor: Floor, desks: dict[str, Desk]) -> None:
    before = (await desks["sofia"].request("GET", "/calls?limit=1"))["items"]
    plug(floor, "102")
    await over(floor.agent_dials("101", "102", talk_ms=1500))
    after = (await desks["sofia"].request("GET", "/calls?limit=1"))["items"]
    assert [c["id"] for c in after] == [c["id"] for c in before]
    assert all(desk.kinds() == [] for desk in desks.values())


async def test_a_transfer_by_the_phones_own_button_is_one_call_with_two_talks(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    anna, boris = desks["anna"], desks["boris"]
    phone, _ = floor.phone("101"), floor.phone("102")
    caller = floor.caller("79161230025", "7101", talk_ms=None)
    await until_async(lambda: [p for p in anna.pops.values() if p["phase"] == "talking"], 15, "Anna talking")
    advice = floor.agent_dials("101", "102", talk_ms=None)
    await until_async(advice.answered, 10, "Boris giving advice")
    assert boris.kinds() == []
    assert await asyncio.to_thread(refer, phone, "102", advice) == 202
    await until_async(lambda: [p for p in boris.pops.values() if p["phase"] == "talking"], 10, "Boris talking")
    await until_async(anna.owed, 10, "Anna owing while he talks on with Boris")
    await leaves(floor, caller)
    await until_async(boris.owed, 10, "Boris owing")
    call = await call_of(desks["sofia"], "+79161230025")
    told = [(s["agent"]["username"], s["via"], s["outcome_state"]) for s in call["segments"]]
    assert told == [("anna", "direct", "draft"), ("boris", "attended", "owed")]


async def test_the_second_call_of_a_number_finds_the_same_card_however_it_is_written(
    floor: Floor, desks: dict[str, Desk]
) -> None:
    anna = desks["anna"]
    plug(floor, "101")
    cards = []
    for spelling in ("79161230012", "89161230012"):
        await over(floor.caller(spelling, "7001", talk_ms=1000))
        await until_async(anna.owed, 10, "Anna owing")
        cards.append(anna.owed()[0]["customer"]["id"])
        await anna.log_outcome()
    assert cards[0] == cards[1]


async def test_a_hostile_caller_id_forges_nothing_and_loses_no_call(floor: Floor, desks: dict[str, Desk]) -> None:
    anna = desks["anna"]
    plug(floor, "101")
    hostile = "7916%0d%0a%0d%0aEvent%3a%20Hangup%0d%0aUniqueid%3a%201.1%0d%0a"
    caller = floor.caller(hostile, "7001", talk_ms=1500)
    await until_async(anna.owed, 15, "Anna owing")
    await over(caller)
    assert len(anna.owed()) == 1
