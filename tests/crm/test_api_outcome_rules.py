"""What is owed for which talks: decided by administrators, in force at once, and shown for what they are."""

from __future__ import annotations

import asyncio
from typing import Any

from callcenter.bus import Bus
from callcenter.clock import SystemClock
from callcenter.health import Health
from callcenter.ledger import Ledger
from callcenter.roster import Roster
from tests.crm.office import Caller, Office, talked
from tests.crm.test_api_outcomes import segment_of
from tests.spine.story import Story

SUPPORT = {"pbx": "main", "queue": "support"}
WRONG: tuple[dict[str, Any], ...] = (
    {"under_s": -1},
    {"under_s": 601},
    {"then": "maybe"},
    {"demand": "always"},
    {"demand": "timed"},
    {"demand": "full", "limit_s": 3601},
    {"afterwards": "fired"},
    {"extras": 10},
    {"branches": ["no_such_branch"]},
)


async def rule(office: Office, then: str, under_s: int = 5) -> Caller:
    """The queue support has this rule; the administrator who made it."""
    admin = await office.signed_in("root", "admin")
    made = await admin.put("/outcome-rules", {"queues": [{**SUPPORT, "under_s": under_s, "then": then}]})
    assert made.status == 200, made.text
    return admin


async def test_a_short_talk_has_an_automatic_outcome_and_may_be_corrected(both: Office) -> None:
    await rule(both, "automatic")
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101"))
    segment = await segment_of(both, anna)
    assert (segment["outcome_state"], segment["outcome"]) == ("automatic", "short_call")
    assert (segment["outcome_by"], segment["outcome_comment"]) == (None, "")
    assert segment["outcome_at"] is not None
    assert dict(both.ledger.live()) == {}
    path = f"/segments/{segment['id']}/outcome"
    assert (await anna.put(path, {"outcome": "short_call"})).fields == {"outcome": "not_allowed"}
    corrected = (await anna.put(path, {"outcome": "solved"})).body
    assert (corrected["outcome_state"], corrected["outcome_by"]) == ("logged", str(anna.id))


async def test_after_three_short_talks_in_an_hour_the_form_is_owed(both: Office) -> None:
    """By the ends of the talks, also for a service that was started meanwhile; a rule says how many."""
    admin = await rule(both, "automatic")
    anna = await both.signed_in("anna", extension="101")

    async def state_after(uniqueid: str, ledger: Ledger = both.ledger) -> str:
        for event in talked("101", uniqueid=uniqueid).events:
            await ledger.take(event)
        found = (await anna.get("/calls?limit=50")).body["items"]
        return str(next(call for call in found if call["uniqueid"] == uniqueid)["segments"][0]["outcome_state"])

    assert [await state_after(f"1.{n}") for n in range(1, 5)] == ["automatic"] * 3 + ["owed"]
    fourth = (await anna.get("/me/debts")).body["items"][0]["segment_id"]
    assert (await anna.get(f"/segments/{fourth}/outcome-choices")).body["short_used_up"] == 3
    clock = both.clock
    again = Ledger(both.db, Bus(), clock, Health(Bus(), clock))
    await again.start(both.ledger.roster)
    consumer = asyncio.create_task(again.run("main"))
    assert await state_after("1.5", again) == "owed"
    consumer.cancel()
    rules = (await admin.get("/outcome-rules")).body
    assert rules["short_per_hour"] == 3
    assert (await admin.put("/outcome-rules", rules | {"short_per_hour": 4})).status == 200
    assert [await state_after("1.6"), await state_after("1.7")] == ["automatic", "owed"]


async def test_nothing_may_be_owed_and_that_too_is_written_down(both: Office) -> None:
    await rule(both, "nothing")
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101"))
    segment = await segment_of(both, anna)
    assert (segment["outcome_state"], segment["outcome"], segment["outcome_by"]) == ("waived", None, None)
    assert segment["outcome_at"] is not None


async def test_a_change_holds_for_a_talk_that_goes_on_and_for_no_other_queue(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    story = Story().arrives().joins().rings("101").answers("101")
    await office.happens(story)
    assert (await segment_of(office, anna))["outcome_state"] == "owed"
    await rule(office, "automatic")
    await office.happens(Story(seconds=story.seconds).hangs_up("101").ends())
    assert (await segment_of(office, anna))["outcome_state"] == "automatic"
    await office.happens(Story(uniqueid="2.1").arrives().rings("101", queue="sales").answers("101").hangs_up("101"))
    newest = (await anna.get("/calls")).body["items"][0]
    assert newest["segments"][0]["outcome_state"] == "owed"


async def test_rules_are_read_back_at_a_start(both: Office) -> None:
    await rule(both, "nothing")
    bus, clock = Bus(), SystemClock()
    again = Ledger(both.db, bus, clock, Health(bus, clock))
    await both.signed_in("anna", extension="101")
    await again.start(both.ledger.roster)
    assert again.roster != Roster()
    consumer = asyncio.create_task(again.run("main"))
    for event in talked("101").events:
        await again.take(event)
    consumer.cancel()
    assert dict(again.live()) == {}


async def test_rules_are_checked_tagged_and_on_the_trail(office: Office) -> None:
    admin = await rule(office, "automatic")
    now = await admin.get("/outcome-rules")
    rules: dict[str, Any] = now.body
    usual = {"demand": "mandatory", "limit_s": 0, "afterwards": "freed", "branches": [], "extras": 0}
    assert rules["queues"] == [{**SUPPORT, **usual, "under_s": 5, "then": "automatic"}]
    assert (rules["desk_phones"], rules["deferrals"]) == ("free", 3)
    assert (rules["direct"], rules["outbound"]) == ({**usual, "under_s": 0, "then": "owe"},) * 2
    assert (await admin.put("/outcome-rules", rules, If_Match='"7"')).status == 412
    assert (await admin.put("/outcome-rules", rules, If_Match=now.headers["ETag"])).status == 200
    for wrong in WRONG:
        assert (await admin.put("/outcome-rules", {"direct": wrong})).status == 422
    assert (await admin.put("/outcome-rules", {"queues": [{**SUPPORT}, {**SUPPORT}]})).status == 422
    first = (await office.trail("change"))[0]
    assert (first.thing, first.thing_id, first.details["queues"]) == ("policy", "outcome_rules", rules["queues"])
    sofia, anna = await office.signed_in("sofia", "supervisor"), await office.signed_in("anna")
    assert (await sofia.get("/outcome-rules")).status == 200
    assert (await anna.get("/outcome-rules")).status == 403
    assert (await sofia.put("/outcome-rules", rules)).status == 403


async def test_what_is_decided_bites_on_the_next_call(both: Office) -> None:
    """And whoever need not log an outcome may: the form was left empty, not forbidden."""
    admin = await both.signed_in("root", "admin")
    anna = await both.signed_in("anna", extension="101")
    found = {}
    for place, demand in enumerate(("off", "mandatory", "optional"), start=1):
        assert (await admin.put("/outcome-rules", {"queues": [{**SUPPORT, "demand": demand}]})).status == 200
        await both.happens(talked("101", uniqueid=f"{place}.1"))
        newest = (await anna.get("/calls")).body["items"][0]
        found[demand] = newest["segments"][0]
    states = {demand: segment["outcome_state"] for demand, segment in found.items()}
    assert states == {"off": "waived", "mandatory": "owed", "optional": "waived"}
    path = f"/segments/{found['optional']['id']}/outcome"
    assert (await anna.put(path, {"outcome": "solved"})).body["outcome_state"] == "logged"
    assert len(both.ledger.live()) == 1
