"""Fields that a call center adds to its cards: read, kept, asked for by codes, found, and merged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm.own_fields import FieldKind, Holder, OwnField, lacking, read
from tests.crm.office import Caller, Office
from tests.crm.test_api_codes import add, offered
from tests.crm.test_api_outcomes import owing

PLAN = OwnField(code="plan", kind=FieldKind.CHOICE, options=("Größe S", "Größe L"))


@pytest.mark.parametrize(
    ("kind", "text", "kept"),
    [
        ("text", "  A  17 ", ("A 17", "")),
        ("number", "1 234,50", ("1234.5", "")),
        ("number", "1,234.50", ("1234.5", "")),
        ("number", "-0100", ("-100", "")),
        ("number", "1e400", ("", "not_a_figure")),
        ("number", "٣", ("", "not_a_figure")),
        ("number", "9" * 21, ("", "out_of_range")),
        ("date", "27.11.2026", ("2026-11-27", "")),
        ("date", "2026-11-27 00:00:00", ("2026-11-27", "")),
        ("date", "31.02.2026", ("", "not_a_date")),
        ("yes_no", "Да", ("yes", "")),
        ("yes_no", "maybe", ("", "not_yes_or_no")),
        ("text", "x" * 201, ("", "too_long")),
        ("number", "", ("", "")),
    ],
)
def test_what_people_write_is_kept_in_one_way(kind: str, text: str, kept: tuple[str, str]) -> None:
    assert read(OwnField(code="x", kind=FieldKind(kind)), text) == kept


@given(st.sampled_from(FieldKind), st.text(max_size=60))
def test_what_is_kept_is_read_as_itself(kind: FieldKind, text: str) -> None:
    """So that an export comes back as it was."""
    field = OwnField(code="x", kind=kind, options=("One", "zwei"))
    kept, fault = read(field, text)
    assert not (kept and fault)
    assert read(field, kept) == (kept, "")


def test_a_field_of_organisations_is_not_missed_on_a_person() -> None:
    vat = OwnField(code="vat", kind=FieldKind.TEXT, holder=Holder.ORGANISATION)
    hidden = OwnField(code="old", kind=FieldKind.TEXT, active=False)
    assert lacking([vat, PLAN, hidden], "person", {}) == {"own:plan"}
    assert lacking([vat, PLAN, hidden], "organisation", {"plan": "Größe S"}) == {"own:vat"}


async def fields(office: Office) -> Caller:
    """A contract number, and a plan out of a list; the administrator."""
    admin = await office.signed_in("root", "admin")
    contract = {"code": "contract", "labels": {"en": "Contract", "ru": "Договор"}, "kind": "text"}
    plan = {"code": "plan", "labels": {"en": "Plan"}, "kind": "choice", "options": ["Small", "Large"]}
    for body in (contract, plan):
        assert (await admin.post("/card-fields", body)).status == 201
    return admin


async def card_of(caller: Caller, **said: Any) -> dict[str, Any]:
    made = await caller.post("/customers", {"name": "Olga", **said})
    assert made.status == 201, made.text
    return dict(made.body)


async def test_a_card_has_the_field_at_once_and_is_found_by_it(both: Office) -> None:
    await fields(both)
    anna = await both.signed_in("anna")
    card = await card_of(anna, fields={"contract": "QX Meridian", "plan": "large"})
    await card_of(anna, fields={"plan": "Small"})
    assert card["fields"] == {"contract": "QX Meridian", "plan": "Large"}
    path = f"/customers/{card['id']}"
    refused = await anna.patch(path, {"fields": {"plan": "Huge", "nothing": "x"}})
    assert refused.fields == {"fields.plan": "not_in_list", "fields.nothing": "not_allowed"}
    for query in ("q=meridian", "field=plan&value=LARGE", "field=contract"):
        found = (await anna.get(f"/customers?{query}")).body["items"]
        assert [one["id"] for one in found] == [card["id"]], query
    assert (await anna.get("/customers?field=nothing&value=1")).fields == {"field": "not_allowed"}
    changed = await anna.patch(path, {"fields": {"contract": ""}})
    assert (changed.body["fields"], changed.body["version"]) == ({"plan": "Large"}, 2)
    assert (await anna.get("/customers?q=meridian")).body["items"] == []
    assert [line.details["fields"] for line in await both.trail("change")] == [["fields.contract"]]


async def test_a_code_asks_for_it(both: Office) -> None:
    admin = await fields(both)
    await add(admin, "sold", needs=["own:contract"])
    wrong = {"code": "x", "labels": {"en": "X"}, "needs": ["own:nothing"]}
    assert (await admin.post("/outcomes", wrong)).fields == {"needs": "not_allowed"}
    anna, segment = await owing(both)
    assert (await offered(anna, segment))["sold"]["missing"] == ["own:contract"]
    said = {"outcome": "sold"}
    assert (await anna.put(f"/segments/{segment}/outcome", said)).fields == {"card.own:contract": "required"}
    (card,) = (await anna.get("/customers?q=9161234567")).body["items"]
    await anna.patch(f"/customers/{card['id']}", {"fields": {"contract": "A-17"}})
    assert (await anna.put(f"/segments/{segment}/outcome", said)).status == 200


async def test_merged_cards_keep_what_either_says_and_part_as_they_were(both: Office) -> None:
    await fields(both)
    anna = await both.signed_in("anna")
    one = await card_of(anna, fields={"plan": "Small"})
    other = await card_of(anna, fields={"plan": "Large", "contract": "A-17"})
    merged = await anna.post(f"/customers/{one['id']}/merges", {"other_id": other["id"]})
    assert merged.status in (200, 201), merged.text
    card = (await anna.get(f"/customers/{one['id']}")).body
    assert card["fields"] == {"plan": "Small", "contract": "A-17"}
    await anna.post(f"/merges/{card['merges'][0]['id']}/undo")
    assert (await anna.get(f"/customers/{one['id']}")).body["fields"] == {"plan": "Small"}


async def test_a_field_that_is_hidden_keeps_what_cards_say(office: Office) -> None:
    admin = await fields(office)
    card = await card_of(admin, fields={"contract": "A-17"})
    contract = (await admin.get("/card-fields")).body["items"][0]
    assert (await admin.patch(f"/card-fields/{contract['id']}", {"active": False})).body["active"] is False
    refused = await admin.patch(f"/customers/{card['id']}", {"fields": {"contract": "B"}})
    assert refused.fields == {"fields.contract": "not_allowed"}
    await admin.patch(f"/card-fields/{contract['id']}", {"active": True})
    assert (await admin.get(f"/customers/{card['id']}")).body["fields"] == {"contract": "A-17"}
    alike = {"code": "x", "labels": {"en": "X"}, "kind": "choice", "options": ["Ёлка", "елка"]}
    assert (await admin.post("/card-fields", alike)).fields == {"options": "taken"}
