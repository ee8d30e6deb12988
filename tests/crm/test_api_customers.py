"""Cards over HTTP."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import event

from callcenter.news import CustomerChanged
from tests.crm.office import Caller, Office, talked
from tests.spine.story import Story


async def made(caller: Caller, **fields: Any) -> dict[str, Any]:
    answer = await caller.post("/customers", {"name": "Иван Ёлкин", **fields})
    assert answer.status == 201, answer.text
    return dict(answer.body)


async def names(caller: Caller, query: str) -> list[str]:
    answer = await caller.get(f"/customers?{query}")
    assert answer.status == 200, answer.text
    return [c["name"] for c in answer.body["items"]]


async def test_a_card_is_made_and_read_back(both: Office) -> None:
    anna = await both.signed_in("anna")
    card = await made(anna, numbers=[{"raw": "8 (916) 123-45-67", "label": "mobile"}], status="hot", vip=True)
    (number,) = card["numbers"]
    assert (number["raw"], number["e164"], number["display"]) == (
        "8 (916) 123-45-67",
        "+79161234567",
        "+7 916 123-45-67",
    )
    assert (number["label"], number["is_primary"], card["provisional"], card["version"]) == ("mobile", True, False, 1)
    read = await anna.get(f"/customers/{card['id']}")
    assert read.body == card
    assert read.headers["ETag"] == '"1"'
    assert [str(e.customer) for e in both.told(CustomerChanged)] == [card["id"]]
    (line,) = await both.trail("read")
    assert (line.actor_name, line.thing, line.thing_id) == ("anna", "customer", card["id"])


async def test_two_who_write_on_one_card_do_not_overwrite_each_other(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    card = await made(anna)
    path = f"/customers/{card['id']}"
    first, second = await asyncio.gather(
        anna.patch(path, {"note": "hers"}, If_Match='"1"'), boris.patch(path, {"note": "his"}, If_Match='"1"')
    )
    assert sorted([first.status, second.status]) == [200, 412]
    (lost,) = [a for a in (first, second) if a.status == 412]
    assert lost.code == "conflict"
    now = (await anna.get(path)).body
    assert (now["version"], now["note"] in ("hers", "his")) == (2, True)


async def test_only_what_is_sent_changes(office: Office) -> None:
    anna = await office.signed_in("anna")
    card = await made(anna, note="keep me", organisation="Ромашка")
    changed = (await anna.patch(f"/customers/{card['id']}", {"vip": True})).body
    assert (changed["vip"], changed["note"], changed["organisation"]) == (True, "keep me", "Ромашка")
    (line,) = await office.trail("change")
    assert line.details == {"fields": ["vip"]}


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({"provisional": True}, {"provisional": "unknown"}),
        ({"version": 9, "id": "x"}, {"version": "unknown", "id": "unknown"}),
        ({"status": "boiling"}, {"status": "not_allowed"}),
        ({"name": "x" * 201}, {"name": "too_long"}),
        ({"name": None}, {"name": "invalid"}),
        ({"name": "a\0b"}, {"name": "not_allowed"}),
    ],
)
async def test_fields_that_cannot_be_written_are_named(office: Office, body: Any, fields: dict[str, str]) -> None:
    anna = await office.signed_in("anna")
    card = await made(anna)
    answer = await anna.patch(f"/customers/{card['id']}", body)
    assert (answer.status, answer.code, answer.fields) == (422, "invalid", fields)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def test_a_post_that_is_sent_twice_makes_one_card(both: Office) -> None:
    anna = await both.signed_in("anna")
    body = {"name": "Once"}
    answers = await asyncio.gather(*(anna.post("/customers", body, Idempotency_Key="k1") for _ in range(5)))
    assert {a.status for a in answers} == {201}
    assert len({a.body["id"] for a in answers}) == 1
    assert await names(anna, "q=once") == ["Once"]
    assert (await anna.post("/customers", body, Idempotency_Key="k2")).body["id"] != answers[0].body["id"]


@pytest.mark.parametrize(
    "q",
    ["елкин", "ЁЛКИН", "ёлк", "иван елкин", "ёлкин иван", "ромашка", "ivan@example.com", "IVAN@EXAMPLE"],
)
async def test_words_find_a_card_however_they_are_spelt(both: Office, q: str) -> None:
    anna = await both.signed_in("anna")
    await made(anna, organisation="ООО «Ромашка»", email="Ivan@example.com")
    await made(anna, name="Nobody else")
    assert await names(anna, f"q={q}") == ["Иван Ёлкин"]


@pytest.mark.parametrize(
    ("name", "q"),
    [
        ("Əliyev Şükür", "eliyev sukur"),
        ("İlqar Çığır", "ilqar cigir"),
        ("Göyçək Öztürk", "goycek ozturk"),
        ("Ilqar", "ılqar"),
        ("Renée Müller", "renee muller"),
        ("Йод", "йод"),
    ],
)
async def test_letters_of_other_keyboards_are_found(both: Office, name: str, q: str) -> None:
    anna = await both.signed_in("anna")
    await made(anna, name=name)
    assert await names(anna, f"q={q}") == [name]


@pytest.mark.parametrize(
    "q", ["+79161234567", "89161234567", "8 (916) 123-45-67", "9161234567", "4567", "1234567", "916 123-45-67"]
)
async def test_digits_find_a_card_by_its_number(both: Office, q: str) -> None:
    anna = await both.signed_in("anna")
    await made(anna, name="Right", numbers=[{"raw": "+79161234567"}])
    await made(anna, name="Wrong", numbers=[{"raw": "+79161230000"}])
    assert await names(anna, f"q={q.replace('+', '%2B').replace(' ', '%20')}") == ["Right"]


@pytest.mark.parametrize("q", ["%25", "_", "%25%25%25%25", "'; DROP TABLE customers; --", "\\"])
async def test_signs_of_the_query_language_are_plain_text(both: Office, q: str) -> None:
    anna = await both.signed_in("anna")
    await made(anna)
    assert await names(anna, f"q={q}") == []
    assert await names(anna, "q=иван") == ["Иван Ёлкин"]


async def test_pages_show_every_card_once(both: Office) -> None:
    anna = await both.signed_in("anna")
    for n in range(3):
        await made(anna, name=f"Called {n}", numbers=[{"raw": f"+7916123450{n}"}])
        await made(anna, name=f"Silent {n}")
        await both.happens(Story(uniqueid=f"{n}.1", number=f"+7916123450{n}", seconds=n * 10).arrives().ends())
    seen: list[str] = []
    cursor = ""
    for _ in range(3):
        page = (await anna.get(f"/customers?limit=2&cursor={cursor}")).body
        seen += [c["name"] for c in page["items"]]
        cursor = page["next_cursor"] or ""
    assert seen[:3] == ["Called 2", "Called 1", "Called 0"]
    assert sorted(seen[3:]) == ["Silent 0", "Silent 1", "Silent 2"]
    assert cursor == ""


async def test_a_one_time_caller_is_found_but_not_listed_until_he_calls_again_or_is_written_on(both: Office) -> None:
    anna = await both.signed_in("anna")
    await both.happens(talked("101", uniqueid="1.1", caller="+79161234567"))
    assert (await anna.get("/customers")).body["items"] == []
    (found,) = (await anna.get("/customers?q=9161234567")).body["items"]
    assert (found["provisional"], found["calls"], found["numbers"]) == (True, 1, ["+7 916 123-45-67"])
    await both.happens(Story(uniqueid="2.1").arrives().ends())
    assert [c["id"] for c in (await anna.get("/customers")).body["items"]] == [found["id"]]
    named = (await anna.patch(f"/customers/{found['id']}", {"name": "Иван"})).body
    assert named["provisional"] is False
    assert await names(anna, "q=иван") == ["Иван"]


async def test_numbers_are_added_told_as_shared_and_taken_off(both: Office) -> None:
    anna = await both.signed_in("anna")
    wife = await made(anna, numbers=[{"raw": "+79161234567"}])
    card = await made(anna, numbers=[{"raw": "+74951112233"}])
    path = f"/customers/{card['id']}/numbers"
    added = await anna.post(path, {"raw": "8 916 123 45 67", "label": "home"})
    assert (added.status, added.body["also_on"], added.body["is_primary"]) == (201, [wife["id"]], False)
    twice = await anna.post(path, {"raw": "+79161234567"})
    assert (twice.status, twice.fields) == (422, {"raw": "already_there"})
    assert (await anna.post(path, {"raw": "anonymous"})).fields == {"raw": "not_a_number"}
    assert (await anna.delete(f"{path}/{card['numbers'][0]['id']}")).status == 204
    (left,) = (await anna.get(f"/customers/{card['id']}")).body["numbers"]
    assert (left["e164"], left["is_primary"]) == ("+79161234567", True)
    assert (await anna.delete(f"/customers/{wife['id']}/numbers/{left['id']}")).status == 404


async def test_the_timeline_tells_calls_with_their_outcomes_newest_first(both: Office) -> None:
    anna = await both.signed_in("anna", extension="101")
    for n in range(3):
        await both.happens(talked("101", uniqueid=f"{n}.1"))
        both.clock.move(60)
    (card,) = (await anna.get("/customers")).body["items"]
    first = (await anna.get(f"/customers/{card['id']}/timeline?limit=2")).body
    second = (await anna.get(f"/customers/{card['id']}/timeline?limit=2&cursor={first['next_cursor']}")).body
    items = first["items"] + second["items"]
    assert len({i["call"]["id"] for i in items}) == 3
    assert second["next_cursor"] is None
    assert items[0]["kind"] == "call"
    assert items[0]["call"]["segments"][0]["outcome_state"] == "owed"
    assert [i["at"] for i in items] == sorted((i["at"] for i in items), reverse=True)


async def test_a_page_costs_as_many_queries_as_one_card(office: Office) -> None:
    anna = await office.signed_in("anna", extension="101")
    for n in range(12):
        await office.happens(talked("101", uniqueid=f"{n}.1", caller=f"+791612345{n:02}"))
    statements: list[str] = []
    readers = office.db._readers
    assert readers is not None
    event.listen(readers._engine, "before_cursor_execute", lambda _c, _k, sql, *_: statements.append(sql))
    costs = []
    assert (await anna.get("/calls?limit=1")).status == 200  # what is kept from the first request on is there now
    for path in ("/calls?limit=1", "/calls?limit=12", "/customers?q=7916&limit=1", "/customers?q=7916&limit=12"):
        statements.clear()
        assert (await anna.get(path)).status == 200
        costs.append(len(statements))
    assert costs[0] == costs[1]
    assert costs[2] <= costs[3] <= costs[2] + 1
