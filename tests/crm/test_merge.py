"""Two cards made one and two again, and earlier calls that come to a card with their number; on both databases."""

from __future__ import annotations

import asyncio
from typing import Any
from uuid import UUID

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from callcenter.crm import users
from callcenter.crm.customers import Made, create
from callcenter.crm.identify import identify
from callcenter.crm.merge import CHOSEN, merge, undo
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.crm.points import Told
from callcenter.crm.rights import Actor, UserRole
from callcenter.db import Database
from callcenter.ids import new_id
from callcenter.phone import Phone, parse
from tests.crm.office import Caller, Office, talked
from tests.spine.story import START

NUMBER = "+79161234567"
OTHER = "+79167654321"


async def made(caller: Caller, **fields: Any) -> dict[str, Any]:
    answer = await caller.post("/customers", fields)
    assert answer.status == 201, answer.text
    return dict(answer.body)


async def read(caller: Caller, card: dict[str, Any]) -> dict[str, Any]:
    return dict((await caller.get(f"/customers/{card['id']}")).body)


async def calls_of(caller: Caller, card: dict[str, Any]) -> list[str]:
    timeline = (await caller.get(f"/customers/{card['id']}/timeline")).body
    return [item["call"]["uniqueid"] for item in timeline["items"] if item["kind"] == "call"]


def told(card: dict[str, Any]) -> dict[str, Any]:
    """What a person sees of a card; not how often it was written on."""
    return {k: v for k, v in card.items() if k not in ("version", "updated_at")}


async def test_what_was_merged_is_one_card_and_undoing_gives_back_both(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101", caller=NUMBER))
    ours = await made(anna, name="Ivan", numbers=[{"raw": NUMBER}], note="ours")
    theirs = await made(anna, name="Иван Петров", email="ivan@example.com", numbers=[{"raw": OTHER}], status="hot")
    await both.happens(talked("101", uniqueid="2.2", caller=OTHER))
    before = [told(await read(anna, card)) for card in (ours, theirs)]

    body = {"other_id": theirs["id"], "take": ["name", "email", "status"]}
    merged = (await anna.post(f"/customers/{ours['id']}/merges", body)).body
    assert (merged["name"], merged["email"], merged["status"], merged["note"], merged["calls"]) == (
        *("Иван Петров", "ivan@example.com", "hot", "ours"),
        2,
    )
    assert {n["e164"] for n in merged["numbers"]} == {NUMBER, OTHER}
    assert await calls_of(anna, ours) == await calls_of(anna, theirs) == ["2.2", "1700000000.1"]
    assert (await read(anna, theirs))["id"] == ours["id"]
    assert [c["id"] for c in (await anna.get("/customers?q=петров")).body["items"]] == [ours["id"]]
    who = await both.db.write(lambda s: identify(s, OTHER, "RU", START))
    assert str(who.card.id if who.card else None) == ours["id"]

    (merge_of,) = merged["merges"]
    assert (await anna.post(f"/merges/{merge_of['id']}/undo")).status == 200
    assert [told(await read(anna, card)) for card in (ours, theirs)] == before
    assert (await anna.post(f"/merges/{merge_of['id']}/undo")).code == "merge_undone"


async def test_what_was_written_after_the_merge_stays_when_it_is_undone(office: Office) -> None:
    anna = await office.signed_in("anna")
    ours, theirs = await made(anna, name="A"), await made(anna, name="B", note="theirs")
    merged = (await anna.post(f"/customers/{ours['id']}/merges", {"other_id": theirs["id"], "take": ["name"]})).body
    await anna.patch(f"/customers/{ours['id']}", {"name": "C"})
    await anna.post(f"/merges/{merged['merges'][0]['id']}/undo")
    assert [(await read(anna, c))["name"] for c in (ours, theirs)] == ["C", "B"]


async def test_merges_are_undone_in_their_order(office: Office) -> None:
    anna = await office.signed_in("anna")
    ours, theirs = await made(anna, name="A"), await made(anna, name="B")
    merged = (await anna.post(f"/customers/{ours['id']}/merges", {"other_id": theirs["id"]})).body
    undoing = f"/merges/{merged['merges'][0]['id']}/undo"
    third = await made(anna, name="D")
    await anna.post(f"/customers/{third['id']}/merges", {"other_id": ours["id"]})
    assert (await anna.post(undoing)).code == "merged_again"


async def test_of_two_who_merge_crosswise_one_wins(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    a, b = await made(anna, name="A"), await made(anna, name="B")
    answers = await asyncio.gather(
        anna.post(f"/customers/{a['id']}/merges", {"other_id": b["id"]}),
        boris.post(f"/customers/{b['id']}/merges", {"other_id": a["id"]}),
    )
    assert sorted(answer.status for answer in answers) in ([200, 409], [200, 422])
    left = await both.db.read(lambda s: s.scalar(select(func.count()).where(Customer.merged_into.is_(None))))
    assert left == 1


async def test_doubles_are_suggested_with_the_reason(both: Office) -> None:
    anna = await both.signed_in("anna")
    ours = await made(anna, name="Иван Щербаков", email="ivan@example.com")
    await made(anna, name="Shcherbakov Ivan")
    await made(anna, name="Somebody", email="Ivan@Example.com")
    await made(anna, name="Пётр Щербаков")
    found = (await anna.get(f"/customers/{ours['id']}/duplicates")).body["items"]
    assert {d["customer"]["name"]: d["reasons"] for d in found} == {"Shcherbakov Ivan": ["similar_name"]}


async def test_adding_a_number_brings_its_earlier_calls_and_removing_gives_them_back(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    await both.happens(talked("101", caller=NUMBER))
    card = await made(anna, name="Ivan", numbers=[{"raw": OTHER}])
    number = (await anna.post(f"/customers/{card['id']}/numbers", {"raw": "8 916 123-45-67 ext. 12"})).body
    assert (number["linked_calls"], number["extension"]) == (1, "12")
    assert await calls_of(anna, card) == ["1700000000.1"]
    assert (await read(anna, card))["calls"] == 1
    assert await living(both.db) == 1

    await anna.delete(f"/customers/{card['id']}/numbers/{number['id']}")
    assert await calls_of(anna, card) == []
    assert (await read(anna, card))["calls"] == 0
    assert await living(both.db) == 2


async def test_calls_of_a_number_that_somebody_else_has_stay_where_they_are(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    family = await made(anna, name="Mother", numbers=[{"raw": NUMBER}])
    await both.happens(talked("101", caller=NUMBER))
    son = await made(anna, name="Son")
    number = (await anna.post(f"/customers/{son['id']}/numbers", {"raw": NUMBER})).body
    assert number["linked_calls"] == 0
    assert (await calls_of(anna, family), await calls_of(anna, son)) == (["1700000000.1"], [])


async def test_words_are_no_number(office: Office) -> None:
    anna = await office.signed_in("anna")
    card = await made(anna, name="Ivan")
    answers = [
        await anna.post(f"/customers/{card['id']}/numbers", {"raw": raw}) for raw in ("abc", "1-800-FLOWERS", "+")
    ]
    assert [(a.status, a.fields) for a in answers] == [(422, {"raw": "not_a_number"})] * 3


async def test_a_hundred_first_calls_of_one_number_make_one_card(db: Database) -> None:
    await asyncio.gather(*(db.write(lambda s: identify(s, NUMBER, "RU", START).number_id) for _ in range(100)))
    assert await living(db) == 1


async def living(db: Database) -> int:
    return await db.read(lambda s: s.scalar(select(func.count()).where(Customer.merged_into.is_(None))) or 0)


CARDS = st.fixed_dictionaries(
    {
        "name": st.sampled_from(["", "Ivan", "Мария"]),
        "organisation": st.sampled_from(["", "ACME"]),
        "note": st.text("ab", max_size=3),
        "vip": st.booleans(),
        "status": st.sampled_from(["new", "hot"]),
        "numbers": st.sets(st.sampled_from([NUMBER, OTHER, "+390212345678"])),
    }
)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(a=CARDS, b=CARDS, take=st.sets(st.sampled_from(CHOSEN)))
async def test_undoing_restores_any_two_cards(sqlite_db: Database, a: Any, b: Any, take: set[str]) -> None:
    def there_and_back(session: Session) -> tuple[Any, Any]:
        admin = users.create(session, {"username": "admin", "role": "admin"}, "no password", START)
        by = Actor(id=admin.id, role=UserRole.ADMIN, username="", display_name="", language="en", session=new_id())
        ids = [_planted(session, card) for card in (a, b)]
        before = [_state(session, card) for card in ids]
        row = merge(session, ids[0], ids[1], frozenset(take), Made(by=None, at=START))
        undo(session, row.id, Made(by=by, at=START))
        after = [_state(session, card) for card in ids]
        session.rollback()
        return before, after

    before, after = await sqlite_db.write(there_and_back)
    assert after == before


def _planted(session: Session, card: dict[str, Any]) -> UUID:
    fields = {name: value for name, value in card.items() if name != "numbers"}
    numbers: list[tuple[Phone, Told]] = [(parse(raw, "RU"), {}) for raw in sorted(card["numbers"])]
    return create(session, fields, numbers, Made(by=None, at=START))


def _state(session: Session, card: UUID) -> Any:
    session.flush()
    row = session.get_one(Customer, card)
    points = select(ContactPoint.id, ContactPoint.is_primary).where(ContactPoint.customer_id == card)
    fields = [getattr(row, name) for name in (*CHOSEN, "search_text", "merged_into", "calls")]
    return fields, sorted((str(i), primary) for i, primary in session.execute(points))
