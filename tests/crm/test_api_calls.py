"""Calls over HTTP: what they look like, who sees them, whose they are."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callcenter.events import OfferResult, QueueResult
from tests.crm.office import Caller, Office, talked
from tests.spine.story import START, Story


async def listed(caller: Caller, query: str = "") -> list[dict[str, Any]]:
    answer = await caller.get(f"/calls?{query}")
    assert answer.status == 200, answer.text
    return list(answer.body["items"])


async def test_a_call_tells_all_that_happened(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    story = Story().arrives().joins().rings("102").stops_ringing("102", OfferResult.NO_ANSWER).rings("101")
    story.answers("101").leaves(QueueResult.ANSWERED).is_recorded("/monitor/a.wav").holds("101").resumes("101")
    await both.happens(story.parts("101").hangs_up("101").ends())
    (brief,) = await listed(anna)
    call = (await anna.get(f"/calls/{brief['id']}")).body
    assert call == {**brief, "unrecorded": "coming"}
    assert set(call) == {
        *("id", "pbx", "uniqueid", "direction", "state", "result", "number", "number_raw", "number_display"),
        *(
            "withheld",
            "name",
            "customer",
            "candidates",
            "did",
            "did_label",
            "queues",
            "started_at",
            "answered_at",
            "end_unseen",
            "ended_at",
        ),
        *("segments", "recordings", "notices", "gaps", "pauses", "wishes", "test", "unrecorded"),
    }
    assert (call["direction"], call["state"], call["result"]) == ("inbound", "ended", "answered")
    assert (call["number"], call["number_display"]) == ("+79161234567", "+7 916 123-45-67")
    assert (call["queues"][0]["queue"], call["queues"][0]["result"]) == ("support", "answered")
    unowned, hers = call["segments"]
    assert (unowned["agent"], unowned["offers"][0]["result"], unowned["outcome_state"]) == (None, "no_answer", "none")
    assert hers["agent"] == {"id": str(anna.id), "username": "anna", "display_name": "Anna", "extension": "101"}
    assert (hers["device"], hers["role"], hers["via"]) == ("PJSIP/101", "owner", "queue")
    assert (hers["hold_s"], hers["outcome_state"], hers["outcome"]) == (1.0, "owed", None)
    assert call["recordings"][0]["state"] == "waiting"
    assert call["started_at"] == "2026-11-24T09:00:01Z"
    assert call["customer"]["provisional"] is True
    assert call["candidates"][0]["match"] == "known"


async def test_agents_list_their_own_calls_and_read_those_on_cards(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    boris = await both.signed_in("boris", extension="102")
    chief = await both.signed_in("chief", "supervisor")
    await both.happens(talked("101", uniqueid="1.1"))
    await both.happens(talked("102", uniqueid="2.1", caller="anonymous"))
    assert [c["uniqueid"] for c in await listed(anna)] == ["1.1"]
    assert [c["uniqueid"] for c in await listed(boris)] == ["2.1"]
    everything = {c["uniqueid"]: c["id"] for c in await listed(chief)}
    assert set(everything) == {"1.1", "2.1"}
    assert (await boris.get(f"/calls/{everything['1.1']}")).status == 200
    hidden = await anna.get(f"/calls/{everything['2.1']}")
    assert (hidden.status, hidden.code) == (404, "not_found")


async def test_a_withheld_number_stays_withheld(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.happens(talked("101", caller="anonymous"))
    (call,) = await listed(anna)
    assert (call["withheld"], call["number"], call["number_display"], call["customer"]) == (True, "", "", None)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("result=answered", {"1.1"}),
        ("result=abandoned", {"2.1"}),
        ("state=ended", {"1.1", "2.1"}),
        ("state=talking", set()),
        ("queue=support", {"1.1"}),
        ("queue=sales", {"2.1"}),
        ("number=89161234567", {"1.1"}),
        ("number=0000", {"2.1"}),
        ("from=2026-11-24T09:30:00Z", {"2.1"}),
        ("to=2026-11-24T09:30:00Z", {"1.1"}),
        ("from=2026-11-24T09:00:00Z&to=2026-11-24T11:00:00Z&result=answered", {"1.1"}),
    ],
)
async def test_calls_are_found_by_what_they_were(both: Office, query: str, found: set[str]) -> None:
    await both.signed_in("anna", extension="101")
    chief = await both.signed_in("chief", "supervisor")
    await both.happens(talked("101", uniqueid="1.1"))
    later = Story(uniqueid="2.1", number="+79161230000", seconds=3600)
    await both.happens(later.arrives().joins("sales").leaves(QueueResult.ABANDONED, "sales").ends())
    assert {c["uniqueid"] for c in await listed(chief, query)} == found


async def test_calls_are_found_by_agent_and_come_in_pages(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    chief = await both.signed_in("chief", "supervisor")
    for n in range(5):
        await both.happens(talked("101", uniqueid=f"{n}.1", caller=f"+7916123456{n}"))
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await chief.get(f"/calls?agent={anna.id}&limit=2&cursor={cursor}")).body
        seen += [c["uniqueid"] for c in page["items"]]
        cursor = page["next_cursor"] or ""
    assert (sorted(seen), cursor) == ([f"{n}.1" for n in range(5)], "")
    assert await listed(chief, f"agent={chief.id}") == []


@pytest.mark.parametrize("cursor", ["x", "WzFd", "bnVsbA", "WyJ4IiwgInkiXQ", "[]", "%00"])
async def test_a_foreign_cursor_is_refused(office: Office, cursor: str) -> None:
    anna = await office.signed_in("anna")
    answer = await anna.get(f"/calls?cursor={cursor}")
    assert (answer.status, set(answer.fields)) == (422, {"cursor"})


async def test_somebody_decides_whose_call_it_is(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101", caller="anonymous"))
    (call,) = await listed(anna)
    card = (await anna.post("/customers", {"name": "Known by voice"})).body
    chosen = await anna.put(f"/calls/{call['id']}/customer", {"customer_id": card["id"]})
    assert (chosen.status, chosen.body["customer"]["name"]) == (200, "Known by voice")
    (item,) = (await anna.get(f"/customers/{card['id']}/timeline")).body["items"]
    assert item["call"]["id"] == call["id"]
    assert (await anna.put(f"/calls/{call['id']}/customer", {"customer_id": call["id"]})).status == 404


async def test_a_call_that_goes_on_is_shown_as_it_is(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.happens(Story().arrives().joins().rings("101").answers("101"))
    (call,) = await listed(anna, "state=talking")
    assert (call["result"], call["ended_at"], call["segments"][0]["talk_s"]) == (None, None, 0.0)
    assert call["answered_at"] == (START + timedelta(seconds=5)).isoformat().replace("+00:00", "Z")
