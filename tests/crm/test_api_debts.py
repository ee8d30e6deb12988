"""The ways out of a debt: later, a colleague, a queue released for a while. And none of them is a way round it."""

from __future__ import annotations

import asyncio
from typing import Any

from callcenter.crm import deferrals
from callcenter.decision_events import OutcomeDue
from callcenter.events import CallKey
from tests.crm.office import Caller, Office, talked
from tests.spine.story import START

SUPPORT = {"pbx": "main", "queue": "support"}


async def owes(office: Office, caller: Caller, *calls: str) -> list[str]:
    """Segments that the agent at 101 owes for, in the order of the calls."""
    for uniqueid in calls:
        await office.happens(talked("101", uniqueid=uniqueid))
    newest = (await caller.get("/calls")).body["items"][: len(calls)]
    return [call["segments"][0]["id"] for call in reversed(newest)]


async def debts(caller: Caller) -> dict[str, Any]:
    return dict((await caller.get("/me/debts")).body)


async def test_three_may_wait_and_a_fourth_may_not(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    first, second, third, fourth = await owes(both, anna, "1.1", "2.1", "3.1", "4.1")
    for segment in (first, second, third):
        answer = await anna.post(f"/segments/{segment}/defer")
        assert (answer.status, answer.body["outcome_state"]) == (200, "deferred"), answer.text
    assert [call.key.uniqueid for call in both.ledger.live().values()] == ["4.1"]
    assert (await anna.post(f"/segments/{fourth}/defer")).code == "deferrals_used"
    told = await debts(anna)
    assert ([item["segment_id"] for item in told["items"]], told["left"]) == ([first, second, third, fourth], 0)
    assert [item["state"] for item in told["items"]] == ["deferred"] * 3 + ["owed"]
    assert (await anna.put(f"/segments/{first}/outcome", {"outcome": "solved"})).body["outcome_state"] == "logged"
    assert (await anna.post(f"/segments/{fourth}/defer")).status == 200
    assert len(await both.trail("defer")) == 4


async def test_of_two_clicks_at_once_only_one_is_the_last_that_may_wait(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    first, *others = await owes(both, anna, "1.1", "2.1", "3.1", "4.1", "5.1")
    assert (await anna.post(f"/segments/{first}/defer")).status == 200
    answers = await asyncio.gather(*(anna.post(f"/segments/{one}/defer") for one in others))
    assert sorted(one.status for one in answers) == [200, 200, 409, 409]
    assert {one.code for one in answers if one.status == 409} == {"deferrals_used"}
    assert (await debts(anna))["left"] == 0


async def test_of_putting_off_and_logging_at_once_the_first_counts(office: Office) -> None:
    """Whoever comes second is told so, and no trail says that he did it."""
    anna = await office.signed_in("anna", extension="101")
    sofia = await office.signed_in("sofia", "supervisor")
    (segment,) = await owes(office, anna, "1.1")
    way = f"/segments/{segment}"
    answers = await asyncio.gather(
        anna.put(f"{way}/outcome", {"outcome": "solved"}), sofia.post(f"{way}/waive", {"reason": "ill"})
    )
    state = (await anna.get("/calls")).body["items"][0]["segments"][0]["outcome_state"]
    assert [one.status for one in answers] in ([200, 200], [200, 409])
    assert state == "logged"


async def test_what_waited_is_owed_again_when_the_shift_is_over(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    (segment,) = await owes(office, anna, "1.1")
    await anna.post(f"/segments/{segment}/defer")
    assert anna.id is not None
    left = {anna.id: office.clock.now()}
    due = await office.db.read(lambda s: deferrals.due_of(s, left))
    assert due == [(CallKey(pbx="main", uniqueid="1.1"), 0)]
    await office.ledger.take(OutcomeDue(call=due[0][0], at=START, mono=9.0, segment=0))
    assert [item["state"] for item in (await debts(anna))["items"]] == ["owed"]
    assert len(office.ledger.live()) == 1
    office.clock.move(13 * 3600)
    assert await office.db.read(lambda s: deferrals.due_at(s, office.clock.now())) == []


async def test_a_colleague_may_take_it_over_and_log_it(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    boris = await both.signed_in("boris", extension="102")
    clara = await both.signed_in("clara", extension="103")
    (segment,) = await owes(both, anna, "1.1")
    assert (await anna.post(f"/segments/{segment}/hand-over", {"to": str(anna.id)})).fields == {"to": "not_allowed"}
    handed = await anna.post(f"/segments/{segment}/hand-over", {"to": str(boris.id), "note": "he knows her"})
    assert handed.status == 200, handed.text
    assert (await debts(anna))["items"] == []
    (his,) = (await debts(boris))["items"]
    assert (his["agent"], his["deferred"]["by"], his["deferred"]["note"]) == ("Anna", "Anna", "he knows her")
    assert (await clara.put(f"/segments/{segment}/outcome", {"outcome": "solved"})).status in (403, 404)
    logged = (await boris.put(f"/segments/{segment}/outcome", {"outcome": "solved"})).body
    assert (logged["outcome_state"], logged["outcome_by"]) == ("logged", str(boris.id))
    assert (await debts(boris))["items"] == []
    assert len(await both.trail("hand_over")) == 1


HALF = {
    "outcome": "order",
    "comment": "two of the blue",
    "extras": ["complaint"],
    "card": {"email": "olga@example.com"},
    "next_step": {"due_at": "2026-11-27T15:30:00Z", "by_me": False},
}


async def test_what_was_half_written_waits_with_the_outcome_and_may_be_written_on(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    sofia = await both.signed_in("sofia", "supervisor")
    (segment,) = await owes(both, anna, "1.1")
    path = f"/segments/{segment}"
    blank: dict[str, Any] = {"outcome": None, "comment": "", "extras": [], "card": {}, "next_step": None}
    assert (await anna.get(f"{path}/draft")).body == blank
    await anna.put(f"{path}/draft", HALF)
    assert (await anna.post(f"{path}/defer")).status == 200
    assert (await anna.get(f"{path}/draft")).body == HALF
    await anna.put(f"{path}/draft", {**HALF, "comment": "three of the blue"})
    assert (await anna.get(f"{path}/draft")).body == {**HALF, "comment": "three of the blue"}
    assert (await sofia.get(f"{path}/draft")).code == "forbidden"
    await anna.put(f"{path}/outcome", {"outcome": "order"})
    assert (await anna.get(f"{path}/draft")).code == "nothing_owed"


async def test_whoever_is_handed_an_outcome_finds_what_was_half_written(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    boris = await both.signed_in("boris", extension="102")
    (segment,) = await owes(both, anna, "1.1")
    path = f"/segments/{segment}"
    await anna.put(f"{path}/draft", HALF)
    assert (await boris.get(f"{path}/draft")).status in (403, 404)
    await anna.post(f"{path}/hand-over", {"to": str(boris.id)})
    assert (await boris.get(f"{path}/draft")).body == HALF
    assert (await boris.put(f"{path}/draft", {"comment": "asked her again"})).status == 204
    assert (await boris.get(f"{path}/draft")).body["comment"] == "asked her again"


async def test_nobody_puts_off_what_is_anothers_or_what_is_not_owed(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    boris = await office.signed_in("boris", extension="102")
    sofia = await office.signed_in("sofia", "supervisor")
    (segment,) = await owes(office, anna, "1.1")
    assert (await boris.post(f"/segments/{segment}/defer")).status in (403, 404)
    assert (await boris.post(f"/segments/{segment}/hand-over", {"to": str(boris.id)})).status in (403, 404)
    assert (await sofia.post(f"/segments/{segment}/hand-over", {"to": str(boris.id)})).status == 200
    assert (await anna.post(f"/segments/{segment}/defer")).code == "nothing_owed"


async def test_where_there_is_no_early_exit_there_is_none(office: Office) -> None:
    admin = await office.signed_in("root", "admin")
    anna = await office.signed_in("anna", extension="101")
    full = {**SUPPORT, "demand": "full", "limit_s": 60}
    assert (await admin.put("/outcome-rules", {"queues": [full]})).status == 200
    (segment,) = await owes(office, anna, "1.1")
    assert (await anna.post(f"/segments/{segment}/defer")).code == "no_early_exit"
    assert (await anna.post(f"/segments/{segment}/hand-over", {"to": str(admin.id)})).code == "no_early_exit"
    assert (await admin.put("/outcome-rules", {"deferrals": 0})).status == 200
    assert (await anna.post(f"/segments/{segment}/defer")).code == "deferrals_used"


async def test_a_queue_is_released_for_a_while_with_a_reason(office: Office) -> None:
    sofia = await office.signed_in("sofia", "supervisor")
    anna = await office.signed_in("anna")
    queue = await office.queue("support")
    order = {"minutes": 30, "reason": "power cut"}
    assert (await anna.post(f"/queues/{queue}/release", order)).status == 403
    assert (await sofia.post(f"/queues/{queue}/release", {"minutes": 30})).status == 422
    assert (await sofia.post(f"/queues/{queue}/release", {**order, "minutes": 481})).status == 422
    assert (await sofia.post(f"/queues/{sofia.id}/release", order)).status == 404
    (released,) = (await sofia.post(f"/queues/{queue}/release", order)).body["items"]
    assert (released["queue"], released["by"], released["reason"]) == ("support", "Sofia", "power cut")
    assert office.ledger.rules.released[("main", "support")].by == sofia.id
    office.clock.move(31 * 60)
    assert (await sofia.get("/releases")).body["items"] == []
    await sofia.post(f"/queues/{queue}/release", order)
    assert (await sofia.delete(f"/queues/{queue}/release")).body["items"] == []
    assert not office.ledger.rules.released
    assert [row.details["reason"] for row in await office.trail("release_queue")] == ["power cut"] * 2
    assert len(await office.trail("end_release")) == 1
