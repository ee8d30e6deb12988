"""Notes, tags, links, statuses and numbers of cards, over HTTP on both databases."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from callcenter.crm.identify import identify
from tests.crm.office import Caller, Office
from tests.spine.story import START


async def made(caller: Caller, **fields: Any) -> str:
    answer = await caller.post("/customers", fields)
    assert answer.status == 201, answer.text
    return str(answer.body["id"])


async def test_notes_stand_in_the_timeline_and_only_their_author_changes_them(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    card = await made(anna, name="Ivan")
    note = (await anna.post(f"/customers/{card}/notes", {"text": "calls back late"})).body
    assert (await boris.patch(f"/notes/{note['id']}", {"text": "no"})).status == 403
    assert (await boris.patch(f"/notes/{note['id']}", {"pinned": True})).status == 200
    changed = (await anna.patch(f"/notes/{note['id']}", {"text": "calls back early"})).body
    assert (changed["text"], changed["pinned"], changed["author"]["username"]) == ("calls back early", True, "anna")
    assert (await anna.patch(f"/notes/{note['id']}", {"text": "x"}, If_Match='"1"')).status == 412
    assert [n["text"] for n in (await anna.get(f"/customers/{card}")).body["pinned"]] == ["calls back early"]
    (item,) = (await boris.get(f"/customers/{card}/timeline")).body["items"]
    assert (item["kind"], item["note"]["text"]) == ("note", "calls back early")
    assert [(await who.delete(f"/notes/{note['id']}")).status for who in (boris, anna)] == [403, 204]


async def test_the_way_of_a_status_is_kept(both: Office) -> None:
    anna = await both.signed_in("anna")
    card = await made(anna, name="Ivan")
    for status in ("warm", "hot", "hot"):
        await anna.patch(f"/customers/{card}", {"status": status})
    items = (await anna.get(f"/customers/{card}/timeline")).body["items"]
    moves = [(i["status"]["old"], i["status"]["new"], i["status"]["by"]["username"]) for i in items]
    assert moves == [("warm", "hot", "anna"), ("new", "warm", "anna")]


async def test_statuses_are_data(office: Office) -> None:
    admin, anna = await office.signed_in("admin", "admin"), await office.signed_in("anna")
    labels = {"en": "Lost", "ru": "Потерян", "it": "Perso", "az": "İtirilmiş"}
    assert (
        await admin.post("/statuses", {"code": "lost", "labels": labels, "colour": "red", "icon": "block"})
    ).status == 201
    every = {s["code"]: s for s in (await anna.get("/statuses")).body["items"]}
    assert list(every) == ["new", "cold", "warm", "hot", "regular", "vip", "lost"]
    card = await made(anna, name="Ivan", status="lost")
    await admin.patch(f"/statuses/{every['lost']['id']}", {"active": False})
    refused = await anna.patch(f"/customers/{card}", {"status": "lost", "name": "x"})
    assert refused.fields == {"status": "not_allowed"}
    assert (await anna.get(f"/customers/{card}")).body["status"] == "lost"
    assert (await admin.patch(f"/statuses/{every['new']['id']}", {"active": False})).code == "status_needed"


async def test_one_tag_in_two_spellings_is_one(both: Office) -> None:
    anna = await both.signed_in("anna")
    cards = [await made(anna, name=name) for name in ("A", "B")]
    tagged = (await anna.put(f"/customers/{cards[0]}/tags", {"tags": ["Ёлка", " елка ", "debt"]})).body
    assert tagged["tags"] == ["debt", "елка"]
    await anna.put(f"/customers/{cards[1]}/tags", {"tags": ["ЁЛКА"]})
    suggested = (await anna.get("/tags?q=ёл")).body["items"]
    assert [t["cards"] for t in suggested] == [2]
    assert [c["id"] for c in (await anna.get("/customers?tag=елка")).body["items"]] == cards[::-1]
    await anna.put(f"/customers/{cards[0]}/tags", {"tags": []})
    assert [c["id"] for c in (await anna.get("/customers?tag=елка")).body["items"]] == [cards[1]]


async def test_people_and_their_organisations_know_each_other(both: Office) -> None:
    anna = await both.signed_in("anna")
    person = await made(anna, name="Ivan", numbers=[{"raw": "+79161234567"}])
    firm = await made(anna, kind="organisation", name="ACME")
    body = {"customer_id": person, "role": "accountant", "is_primary": True, "valid_until": "2030-01-01"}
    staff = (await anna.post(f"/customers/{firm}/links", body)).body["links"]
    assert [(link["name"], link["role"], link["current"]) for link in staff] == [("Ivan", "accountant", True)]
    works = (await anna.get(f"/customers/{person}")).body["links"]
    assert [(link["name"], link["kind"]) for link in works] == [("ACME", "organisation")]
    again = await anna.post(f"/customers/{person}/links", {"customer_id": firm, "role": "accountant"})
    wrong = await anna.post(f"/customers/{person}/links", {"customer_id": person})
    assert (again.fields, wrong.status) == ({"organisation_id": "already_there"}, 422)
    who = await both.db.write(lambda s: identify(s, "+79161234567", "RU", START))
    assert [(t.organisation, t.role) for t in who.card.works_for] == [("ACME", "accountant")] if who.card else False
    assert (await anna.delete(f"/customer-links/{works[0]['id']}")).status == 204
    assert (await anna.get(f"/customers/{firm}")).body["links"] == []


async def test_a_number_says_what_it_is(both: Office) -> None:
    anna = await both.signed_in("anna")
    card = await made(anna, name="Ivan", numbers=[{"raw": "+79161234567"}, {"raw": "+79167654321"}])
    second = (await anna.get(f"/customers/{card}")).body["numbers"][1]
    body = {"label": "work", "is_primary": True, "shared": True, "bad_since": "2026-11-01T00:00:00Z"}
    numbers = (await anna.patch(f"/customers/{card}/numbers/{second['id']}", body)).body["numbers"]
    assert [(n["label"], n["is_primary"], n["shared"]) for n in numbers] == [("work", True, True), ("", False, False)]
    assert numbers[0]["bad_since"] == "2026-11-01T00:00:00Z"


async def test_the_history_is_cut_by_kind_person_and_time(both: Office) -> None:
    anna, boris = await both.signed_in("anna"), await both.signed_in("boris")
    card = await made(anna, name="Ivan", numbers=[{"raw": "+79161234567"}])
    await anna.post(f"/customers/{card}/notes", {"text": "hers"})
    both.clock.move(600)
    await boris.post(f"/customers/{card}/notes", {"text": "his"})
    await boris.patch(f"/customers/{card}", {"status": "hot", "name": "Ivan P"})
    await boris.post(f"/customers/{card}/ways", {"kind": "email", "value": "ivan@example.com"})

    async def shown(query: str) -> list[str]:
        items = (await anna.get(f"/customers/{card}/timeline?{query}")).body["items"]
        return [item["note"]["text"] if item["note"] else item["kind"] for item in items]

    assert sorted(await shown("")) == ["hers", "his", "status"]
    assert await shown("kinds=note") == ["his", "hers"]
    assert sorted(await shown(f"person={boris.id}")) == ["his", "status"]
    later = (START + timedelta(minutes=5)).strftime("%Y-%m-%dT%H:%M:%SZ")
    assert await shown(f"to={later}") == ["hers"]
    assert sorted(await shown(f"from={later}")) == ["his", "status"]
    assert (await anna.get(f"/customers/{card}/timeline?kinds=secrets")).fields == {"kinds": "not_allowed"}
    page = (await anna.get(f"/customers/{card}/timeline?kinds=change&limit=2")).body
    rest = (await anna.get(f"/customers/{card}/timeline?kinds=change&limit=2&cursor={page['next_cursor']}")).body
    changes = [item["change"] for item in page["items"] + rest["items"]]
    assert [(c["what"], c["fields"], c["by"]["username"]) for c in changes] == [
        ("add_way", [], "boris"),
        ("change", ["name", "status"], "boris"),
        ("create", [], "anna"),
    ]
    assert rest["next_cursor"] is None
