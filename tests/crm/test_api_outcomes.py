"""What came of a talk: owed, logged, corrected, waived; and the codes."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from callcenter.draft import Draft
from callcenter.news import DraftSaved
from tests.crm.office import Caller, Office, talked
from tests.spine.story import Story


async def segment_of(office: Office, caller: Caller, at: int = 0) -> dict[str, Any]:
    (call,) = (await caller.get("/calls")).body["items"]
    return dict(call["segments"][at])


async def owing(office: Office) -> tuple[Caller, str]:
    """Anna has talked and owes."""
    anna = await office.signed_in("anna", extension="101")
    await office.happens(talked("101"))
    return anna, str((await segment_of(office, anna))["id"])


async def test_the_agent_logs_what_came_of_his_talk(both: Office) -> None:
    anna, segment = await owing(both)
    answer = await anna.put(f"/segments/{segment}/outcome", {"outcome": "solved", "comment": "ok"})
    assert answer.status == 200, answer.text
    assert (answer.body["outcome_state"], answer.body["outcome"]) == ("logged", "solved")
    assert (answer.body["outcome_comment"], answer.body["outcome_by"]) == ("ok", str(anna.id))
    assert (await segment_of(both, anna)) == answer.body
    (card,) = (await anna.get("/customers?q=9161234567")).body["items"]
    assert (card["last_agent"], card["last_outcome"]) == ("Anna", "solved")
    assert dict(both.ledger.live()) == {}


async def test_an_outcome_may_be_logged_while_they_still_talk(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.happens(Story().arrives().joins().rings("101").answers("101"))
    segment = await segment_of(office, anna)
    answer = await anna.put(f"/segments/{segment['id']}/outcome", {"outcome": "solved"})
    assert (answer.body["outcome_state"], answer.body["ended_at"]) == ("logged", None)


async def test_nothing_is_owed_before_the_answer(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    await office.happens(Story().arrives().joins().rings("101"))
    segment = await segment_of(office, anna)
    answer = await anna.put(f"/segments/{segment['id']}/outcome", {"outcome": "solved"})
    assert (answer.status, answer.code) == (409, "nothing_owed")


async def test_the_rule_for_comments_is_kept(office: Office) -> None:
    anna, segment = await owing(office)
    path = f"/segments/{segment}/outcome"
    assert (await anna.put(path, {"outcome": "complaint", "comment": "  "})).fields == {"comment": "required"}
    assert (await anna.put(path, {"outcome": "wrong_number", "comment": "x"})).fields == {"comment": "not_allowed"}
    assert (await anna.put(path, {"outcome": "magic"})).fields == {"outcome": "not_allowed"}
    assert (await anna.put(path, {"comment": "x"})).fields == {"outcome": "required"}
    assert (await segment_of(office, anna))["outcome_state"] == "owed"


async def test_another_agents_part_is_not_ones_own(both: Office) -> None:
    anna, segment = await owing(both)
    boris = await both.signed_in("boris", extension="102")
    body = {"outcome": "solved"}
    assert (await boris.put(f"/segments/{segment}/outcome", body)).code == "forbidden"
    assert (await boris.put(f"/segments/{segment}/draft", {"comment": "x"})).code == "forbidden"
    await both.happens(talked("102", uniqueid="9.1", caller="anonymous"))
    (his,) = (await boris.get("/calls")).body["items"]
    assert (await anna.put(f"/segments/{his['segments'][0]['id']}/outcome", body)).code == "not_found"
    assert (await segment_of(both, anna))["outcome_state"] == "owed"


async def test_agents_correct_within_a_day_supervisors_at_any_time(both: Office) -> None:
    anna, segment = await owing(both)
    path = f"/segments/{segment}/outcome"
    await anna.put(path, {"outcome": "solved"})
    both.clock.move(3600)
    assert (await anna.put(path, {"outcome": "order", "comment": "two"})).body["outcome"] == "order"
    both.clock.move(25 * 3600)
    await both.sign_in(anna, "anna")
    late = await anna.put(path, {"outcome": "solved"})
    assert (late.status, late.code) == (409, "outcome_settled")
    chief = await both.signed_in("chief", "supervisor")
    assert (await chief.put(path, {"outcome": "callback"})).body["outcome_by"] == str(chief.id)
    lines = await both.trail("correct_outcome")
    assert [(line.actor_name, line.thing_id) for line in lines] == [("anna", segment), ("chief", segment)]


async def test_the_only_outcome_owed_for_a_call_needs_no_segment(both: Office) -> None:
    anna, _ = await owing(both)
    (call,) = (await anna.get("/calls")).body["items"]
    path = f"/calls/{call['id']}/outcome"
    assert (await anna.put(path, {"outcome": "solved"})).body["outcome_state"] == "logged"
    again = await anna.put(path, {"outcome": "solved"})
    assert (again.status, again.code) == (409, "outcome_ambiguous")


async def test_two_parts_of_one_agent_must_be_named(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    story = Story().arrives().rings("101").answers("101").parts("101").hangs_up("101")
    await office.happens(story.rings("101", "again").answers("101", "again"))
    (call,) = (await anna.get("/calls")).body["items"]
    answer = await anna.put(f"/calls/{call['id']}/outcome", {"outcome": "solved"})
    assert (len(call["segments"]), answer.code) == (2, "outcome_ambiguous")


async def test_a_draft_is_kept_and_told_to_other_tabs(both: Office) -> None:
    anna, segment = await owing(both)
    path = f"/segments/{segment}"
    assert (await anna.put(f"{path}/draft", {"outcome": "order", "comment": "half a sen"})).status == 204
    (told,) = both.told(DraftSaved)
    assert (told.segment, told.agent) == (UUID(segment), anna.id)
    assert told.draft == Draft(outcome="order", comment="half a sen")
    assert (await segment_of(both, anna))["outcome_state"] == "owed"
    await anna.put(f"{path}/outcome", {"outcome": "order"})
    assert (await anna.put(f"{path}/draft", {"comment": "late"})).code == "nothing_owed"


async def test_a_supervisor_lets_an_agent_off_with_a_reason(both: Office) -> None:
    anna, segment = await owing(both)
    chief = await both.signed_in("chief", "supervisor")
    path = f"/segments/{segment}/waive"
    assert (await anna.post(path, {"reason": "no"})).status == 403
    assert (await chief.post(path, {"reason": " "})).fields == {"reason": "too_short"}
    waived = (await chief.post(path, {"reason": "line test"})).body
    assert (waived["outcome_state"], waived["outcome"], waived["outcome_comment"]) == ("waived", None, "line test")
    assert (await chief.post(path, {"reason": "twice"})).code == "nothing_owed"
    (line,) = await both.trail("waive")
    assert (line.actor_name, line.details["agent"]) == ("chief", str(anna.id))


async def test_logging_twice_at_once_ends_in_one_outcome(both: Office) -> None:
    anna, segment = await owing(both)
    body = {"outcome": "solved"}
    answers = await asyncio.gather(*(anna.put(f"/segments/{segment}/outcome", body) for _ in range(4)))
    assert {a.status for a in answers} == {200}
    assert {a.body["outcome"] for a in answers} == {"solved"}


async def test_administrators_make_and_retire_codes(both: Office) -> None:
    admin, anna = await both.signed_in("root", "admin"), await both.signed_in("anna", extension="101")
    new = {"code": "test_ride", "labels": {"en": "Test ride", "ru": "Тест-драйв"}, "comment": "required", "key": 8}
    assert (await anna.post("/outcomes", new)).status == 403
    made = await admin.post("/outcomes", new)
    assert (made.status, made.body["labels"]["ru"], made.body["active"]) == (201, "Тест-драйв", True)
    assert (await admin.post("/outcomes", new)).fields == {"code": "taken"}
    assert (await admin.post("/outcomes", {**new, "code": "other_ride"})).fields == {"key": "taken"}
    assert (await admin.post("/outcomes", {**new, "code": "No Good"})).fields == {"code": "invalid"}
    retired = (await admin.patch(f"/outcomes/{made.body['id']}", {"active": False, "key": None})).body
    assert (retired["active"], retired["key"], retired["comment"]) == (False, None, "required")
    await both.happens(talked("101"))
    segment = await segment_of(both, anna)
    refused = await anna.put(f"/segments/{segment['id']}/outcome", {"outcome": "test_ride", "comment": "x"})
    assert refused.fields == {"outcome": "not_allowed"}
    assert [line.verb for line in await both.trail("change")] == ["change"]


async def test_everybody_reads_the_codes_in_order(office: Office) -> None:
    anna = await office.signed_in("anna")
    items = (await anna.get("/outcomes")).body["items"]
    assert [i["code"] for i in items][:3] == ["solved", "callback", "order"]
    assert (items[0]["group"], items[0]["parent_id"], items[0]["needs"]) == (False, None, [])


async def test_a_code_may_ask_for_a_longer_comment_and_for_a_call_back(office: Office) -> None:
    admin = await office.signed_in("root", "admin")
    rules = {"code": "lead", "labels": {"en": "Lead"}, "comment": "required", "comment_min": 10, "follow_up": True}
    made = await admin.post("/outcomes", rules, Idempotency_Key="lead-0001")
    assert (made.body["comment_min"], made.body["follow_up"]) == (10, True)
    anna, segment = await owing(office)
    path, step = f"/segments/{segment}/outcome", {"due_at": "2026-12-01T09:00:00Z"}
    said: dict[str, Any] = {"outcome": "lead", "comment": "too short"}
    assert (await anna.put(path, {**said, "next_step": step})).fields == {"comment": "too_short"}
    said["comment"] = "wants the large one"
    assert (await anna.put(path, said)).fields == {"next_step": "required"}
    assert (await anna.put(path, {**said, "next_step": step})).body["outcome_state"] == "logged"
