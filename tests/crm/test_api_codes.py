"""The tree of codes over HTTP: made, moved, offered by queue, asked for, and several at once."""

from __future__ import annotations

from typing import Any

from tests.crm.office import Caller, Office, talked
from tests.crm.test_api_outcomes import owing, segment_of

SUPPORT = {"pbx": "main", "queue": "support"}


async def add(admin: Caller, code: str, **rules: Any) -> dict[str, Any]:
    answer = await admin.post("/outcomes", {"code": code, "labels": {"en": code.title()}, **rules})
    assert answer.status == 201, answer.text
    return dict(answer.body)


async def sales(office: Office) -> tuple[Caller, dict[str, Any]]:
    """A group with two codes in it; the administrator, and the group."""
    admin = await office.signed_in("root", "admin")
    group = await add(admin, "sales", group=True)
    await add(admin, "sold", parent_id=group["id"], needs=["email", "name"])
    await add(admin, "lost", parent_id=group["id"], confirm=True)
    return admin, group


async def offered(caller: Caller, segment: str) -> dict[str, dict[str, Any]]:
    answer = await caller.get(f"/segments/{segment}/outcome-choices")
    assert answer.status == 200, answer.text
    return {item["code"]: item for item in answer.body["items"]}


async def test_a_group_is_opened_and_never_chosen(both: Office) -> None:
    await sales(both)
    anna, segment = await owing(both)
    shown = await offered(anna, segment)
    assert (shown["sales"]["group"], shown["sold"]["parent"], shown["sold"]["missing"]) == (
        True,
        "sales",
        ["email", "name"],
    )
    assert list(shown).index("sales") < list(shown).index("sold")
    assert [shown[s]["shortcut"] for s in ("wrong_number", "spam", "no_customer")] == [1, 2, 5]
    refused = await anna.put(f"/segments/{segment}/outcome", {"outcome": "sales"})
    assert refused.fields == {"outcome": "not_allowed"}
    boris = await both.signed_in("boris")
    assert (await boris.get(f"/segments/{segment}/outcome-choices")).status in (403, 404)


async def test_a_queue_offers_some_branches_and_several_codes(both: Office) -> None:
    admin, group = await sales(both)
    anna, segment = await owing(both)
    rule = {**SUPPORT, "branches": ["sales", "complaint"], "extras": 1}
    assert (await admin.put("/outcome-rules", {"queues": [rule]})).status == 200
    shown = await offered(anna, segment)
    assert {"lost", "complaint", "transferred", "spam"} <= set(shown)
    assert "solved" not in shown
    path, lost = f"/segments/{segment}/outcome", {"outcome": "lost", "confirmed": True}
    assert (await anna.put(path, {"outcome": "solved"})).fields == {"outcome": "not_allowed"}
    assert (await anna.put(path, {**lost, "extras": ["solved"]})).fields == {"extras": "not_allowed"}
    assert (await anna.put(path, {**lost, "extras": ["lost"]})).fields == {"extras": "taken"}
    assert (await anna.put(path, {**lost, "extras": ["complaint", "sold"]})).fields == {"extras": "too_many"}
    assert (await anna.put(path, {**lost, "extras": ["complaint"]})).fields == {"comment": "required"}
    logged = await anna.put(path, {**lost, "extras": ["complaint"], "comment": "too dear"})
    assert (logged.body["outcome"], logged.body["outcome_extras"]) == ("lost", ["complaint"])
    assert (await segment_of(both, anna))["outcome_extras"] == ["complaint"]
    retired = await admin.patch(f"/outcomes/{group['id']}", {"active": False}, If_Match='"1"')
    assert retired.status == 200
    assert "lost" not in await offered(anna, segment)
    corrected = await anna.put(path, {"outcome": "complaint", "comment": "about the price"})
    assert corrected.body["outcome_extras"] == []


async def test_a_code_asks_for_fields_of_the_card_and_for_a_second_stroke(both: Office) -> None:
    await sales(both)
    anna, segment = await owing(both)
    path = f"/segments/{segment}/outcome"
    assert (await anna.put(path, {"outcome": "lost"})).fields == {"confirmed": "required"}
    refused = await anna.put(path, {"outcome": "sold"})
    assert refused.fields == {"card.email": "required", "card.name": "required"}
    assert (await segment_of(both, anna))["outcome_state"] == "owed"
    choices = (await anna.get(f"/segments/{segment}/outcome-choices")).body
    filled = {"name": "Olga", "email": "olga@example.com"}
    assert (await anna.patch(f"/customers/{choices['card']}", filled)).status == 200
    assert (await offered(anna, segment))["sold"]["missing"] == []
    assert (await anna.put(path, {"outcome": "sold"})).body["outcome"] == "sold"


async def test_a_caller_without_a_card_keeps_nobody_from_his_next_call(office: Office) -> None:
    await sales(office)
    anna = await office.signed_in("anna", extension="101")
    await office.happens(talked("101", caller="anonymous"))
    segment = (await segment_of(office, anna))["id"]
    choices = (await anna.get(f"/segments/{segment}/outcome-choices")).body
    assert (choices["card"], choices["extras"]) == (None, 0)
    assert (await anna.put(f"/segments/{segment}/outcome", {"outcome": "sold"})).status == 200


async def test_codes_are_moved_within_the_tree(both: Office) -> None:
    admin, group = await sales(both)
    deep = await add(admin, "deep", group=True, parent_id=group["id"])
    leaf = await add(admin, "leaf")
    place = f"/outcomes/{leaf['id']}/place"
    moved = await admin.put(place, {"parent_id": deep["id"]}, If_Match='"1"')
    assert (moved.status, moved.body["parent_id"], moved.headers["ETag"]) == (200, deep["id"], '"2"')
    assert (await admin.put(place, {"parent_id": None}, If_Match='"1"')).status == 412
    under = await admin.put(f"/outcomes/{group['id']}/place", {"parent_id": deep["id"]})
    assert under.fields == {"parent_id": "own_branch"}
    assert (await admin.patch(f"/outcomes/{deep['id']}", {"group": False})).fields == {"group": "has_codes"}
    items = (await admin.get("/outcomes")).body["items"]
    first = await admin.put(place, {"before_id": items[0]["id"]})
    assert first.status == 200
    order = [item["code"] for item in (await admin.get("/outcomes")).body["items"]]
    assert (order[0], order.index("sold") > order.index("sales")) == ("leaf", True)
    *_, line = await both.trail("move")
    assert (line.thing, line.details["under"]) == ("outcome", "")


async def test_only_administrators_read_where_a_code_reports_to(office: Office) -> None:
    admin, anna = await office.signed_in("root", "admin"), await office.signed_in("anna")
    hook = {"webhook_url": "https://crm.example.com/hook", "webhook_secret": "s3cret", "set_status": "hot"}
    made = await add(admin, "hooked", **hook)
    assert (made["webhook_url"], made["webhook_signed"], "webhook_secret" in made) == (hook["webhook_url"], True, False)
    seen = {item["code"]: item for item in (await anna.get("/outcomes")).body["items"]}["hooked"]
    assert (seen["webhook_url"], seen["set_status"]) == ("", "hot")
    wrong = {"code": "w", "labels": {"en": "W"}}
    assert (await admin.post("/outcomes", {**wrong, "set_status": "nope"})).fields == {"set_status": "not_allowed"}
    assert (await admin.post("/outcomes", {**wrong, "webhook_url": "ftp://x"})).fields == {"webhook_url": "invalid"}
    spam = next(i for i in (await admin.get("/outcomes")).body["items"] if i["system"] == "spam")
    assert (await admin.patch(f"/outcomes/{spam['id']}", {"comment": "required"})).fields == {"system": "not_allowed"}
