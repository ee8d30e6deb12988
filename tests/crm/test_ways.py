"""Ways to reach a customer beside the telephone: read, kept, found, merged and taken apart again."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcenter.crm import handles
from callcenter.crm.handles import Service, WayKind
from callcenter.errors import Invalid
from tests.crm.office import Caller, Office

READ = [
    ("email", None, " mailto:Ivan.P@Example.COM ", "Ivan.P@example.com", "ivan.p@example.com"),
    ("email", None, "иван@пример.рф", "иван@пример.рф", "иван@пример.рф"),
    ("email", None, "o'neil+crm@mail.example.co.uk", "o'neil+crm@mail.example.co.uk", "o'neil+crm@mail.example.co.uk"),
    ("messenger", "telegram", "https://t.me/Ivan_P", "Ivan_P", "ivan_p"),
    ("messenger", "telegram", "8 (916) 123-45-67", "+7 916 123-45-67", "+79161234567"),
    ("messenger", "whatsapp", "https://wa.me/79161234567", "+7 916 123-45-67", "+79161234567"),
    ("messenger", "viber", "+994 12 345 67 89", "+994 12 345 67 89", "+994123456789"),
    ("messenger", "other", "Ivan on the forum", "Ivan on the forum", "ivan on the forum"),
    ("site", None, "WWW.Romashka.ru/", "https://www.romashka.ru", "romashka.ru"),
    ("site", None, "http://пример.рф/путь?q=1", "http://пример.рф/путь?q=1", "пример.рф/путь?q=1"),
    ("address", None, " Main  Street 1 \n\n Bakı ", "Main Street 1\nBakı", "main street 1 baki"),
]
REFUSED = [
    ("email", None, "ivan", "value", "not_an_email"),
    ("email", None, "ivan@localhost", "value", "not_an_email"),
    ("email", None, "a..b@example.com", "value", "not_an_email"),
    ("email", None, "<script>@example.com", "value", "not_an_email"),
    ("email", None, f"{'a' * 65}@example.com", "value", "too_long"),
    ("email", "telegram", "a@example.com", "service", "not_allowed"),
    ("messenger", None, "ivan", "service", "required"),
    ("messenger", "whatsapp", "ivan", "value", "not_a_number"),
    ("messenger", "telegram", "ив", "value", "not_a_handle"),
    ("site", None, "javascript:alert(1)", "value", "not_a_site"),
    ("site", None, "https://bank.example@evil.example", "value", "not_a_site"),
    ("site", None, 'https://x.example/"><img>', "value", "not_a_site"),
    ("site", None, "http://[::1", "value", "not_a_site"),
    ("address", None, "\u200b", "value", "required"),
]


@pytest.mark.parametrize(("kind", "service", "text", "value", "key"), READ)
def test_what_is_typed_is_read_by_its_kind(kind: str, service: str | None, text: str, value: str, key: str) -> None:
    read = handles.read(WayKind(kind), Service(service) if service else None, text, "RU")
    assert (read.value, read.key) == (value, key)


@pytest.mark.parametrize(("kind", "service", "text", "field", "reason"), REFUSED)
def test_what_cannot_be_is_refused_by_name(kind: str, service: str | None, text: str, field: str, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        handles.read(WayKind(kind), Service(service) if service else None, text, "RU")
    assert refused.value.fields == {field: reason}


@given(text=st.text(max_size=80))
@pytest.mark.parametrize(
    ("kind", "service"), [(WayKind.EMAIL, None), (WayKind.SITE, None), *[(WayKind.MESSENGER, s) for s in Service]]
)
def test_whatever_is_taken_opens_nothing_but_what_it_says(kind: WayKind, service: Service | None, text: str) -> None:
    for made in _reading(kind, service, text):
        opened = handles.link(made.kind, made.service, made.value, made.key)
        assert opened.startswith(("https://", "http://", "mailto:", "viber://")) or opened == ""
        assert not set(opened) & set('<>" \n')
        assert [again.key for again in _reading(kind, service, made.value)] == [made.key]


def _reading(kind: WayKind, service: Service | None, text: str) -> list[handles.Handle]:
    try:
        return [handles.read(kind, service, text, "RU")]
    except Invalid:
        return []


async def card_of(caller: Caller, **fields: Any) -> dict[str, Any]:
    made = await caller.post("/customers", fields)
    assert made.status == 201, made.text
    return dict(made.body)


def told(card: dict[str, Any]) -> list[tuple[str, str, bool]]:
    return [(way["kind"], way["value"], way["is_primary"]) for way in card["ways"]]


async def test_a_card_has_any_number_of_each_kind_and_one_main_one(both: Office) -> None:
    anna = await both.signed_in("anna")
    card = await card_of(anna, name="Ivan", email="Ivan@Work.example", address="Main Street 1")
    path = f"/customers/{card['id']}/ways"
    home = {"kind": "email", "value": "ivan@home.example", "label": "home", "note": "after six"}
    second = await anna.post(path, home)
    assert (second.status, second.body["is_primary"], second.body["note"]) == (201, False, "after six")
    chat = await anna.post(path, {"kind": "messenger", "service": "telegram", "value": "@ivan_p"})
    assert (chat.body["link"], chat.body["is_primary"]) == ("https://t.me/ivan_p", True)
    twice = await anna.post(path, {"kind": "email", "value": "IVAN@home.example"})
    assert (twice.status, twice.fields) == (422, {"value": "way_there"})
    since = {"is_primary": True, "shared": True, "bad_since": "2026-01-02T00:00:00Z"}
    changed = (await anna.patch(f"{path}/{second.body['id']}", since)).body
    assert changed["email"] == "ivan@home.example"
    assert told(changed) == [
        ("email", "ivan@home.example", True),
        ("email", "Ivan@work.example", False),
        ("messenger", "ivan_p", True),
        ("address", "Main Street 1", True),
    ]
    assert (changed["ways"][0]["shared"], changed["ways"][0]["bad_since"]) == (True, "2026-01-02T00:00:00Z")
    wrong = await anna.patch(f"{path}/{second.body['id']}", {"value": "no address"})
    assert wrong.fields == {"value": "not_an_email"}
    assert (await anna.delete(f"{path}/{second.body['id']}")).status == 204
    left = (await anna.get(f"/customers/{card['id']}")).body
    assert (left["email"], told(left)[0]) == ("Ivan@work.example", ("email", "Ivan@work.example", True))
    assert (await anna.delete(f"{path}/{second.body['id']}")).status == 404


async def test_the_field_of_the_card_is_its_main_way(office: Office) -> None:
    anna = await office.signed_in("anna")
    card = await card_of(anna, name="Ivan", email="a@example.com")
    path = f"/customers/{card['id']}"
    assert told((await anna.patch(path, {"email": "b@example.com"})).body) == [("email", "b@example.com", True)]
    assert told((await anna.patch(path, {"email": ""})).body) == []
    refused = await anna.patch(path, {"email": "not one"})
    assert refused.fields == {"email": "not_an_email"}


async def test_who_has_the_same_is_told_and_found(both: Office) -> None:
    anna = await both.signed_in("anna")
    ivan = await card_of(
        anna, name="Ivan", ways=[{"kind": "messenger", "service": "whatsapp", "value": "+79161234567"}]
    )
    other = await card_of(anna, name="Petr", ways=[{"kind": "site", "value": "romashka.ru"}])
    path = f"/customers/{other['id']}/ways"
    same = (await anna.post(path, {"kind": "messenger", "service": "whatsapp", "value": "8 916 123 45 67"})).body
    assert same["also_on"] == [ivan["id"]]
    nameless = await card_of(anna, ways=[{"kind": "messenger", "service": "whatsapp", "value": "+79161234567"}])
    doubles = (await anna.get(f"/customers/{nameless['id']}/duplicates")).body["items"]
    assert [double["reasons"] for double in doubles] == [["same_handle"], ["same_handle"]]
    await anna.patch(f"/customers/{nameless['id']}", {"name": "Zoya"})
    await anna.post(path, {"kind": "messenger", "service": "telegram", "value": "petr_k"})
    await anna.post(path, {"kind": "address", "value": "Ленина 5, Казань"})

    async def found(text: str) -> list[str]:
        return [card["name"] for card in (await anna.get(f"/customers?q={text}")).body["items"]]

    assert sorted(await found("89161234567")) == ["Ivan", "Petr", "Zoya"]
    assert await found("@petr_") == ["Petr"]
    assert await found("romashka.ru") == ["Petr"]
    assert await found("казан") == ["Petr"]
    assert await found("Lenyna") == ["Petr"]


async def test_no_name_drowns_among_streets(office: Office) -> None:
    anna = await office.signed_in("anna")
    await card_of(anna, name="Somebody", address="Ленина 5")
    await card_of(anna, name="Ленина Мария")
    names = [card["name"] for card in (await anna.get("/customers?q=ленина")).body["items"]]
    assert names == ["Ленина Мария"]


async def test_a_merge_brings_the_ways_of_both_and_undoing_parts_them(both: Office) -> None:
    anna = await both.signed_in("anna")
    chat = {"kind": "messenger", "service": "telegram", "value": "ivan_p"}
    ours = await card_of(anna, name="Ivan", email="a@example.com", ways=[chat])
    theirs = await card_of(anna, name="Ivan P", email="b@example.com", address="Main Street 1", ways=[chat])
    body = {"other_id": theirs["id"], "take": ["email"]}
    merged = (await anna.post(f"/customers/{ours['id']}/merges", body)).body
    assert (merged["email"], merged["address"]) == ("b@example.com", "Main Street 1")
    assert told(merged) == [
        ("email", "b@example.com", True),
        ("email", "a@example.com", False),
        ("messenger", "ivan_p", True),
        ("address", "Main Street 1", True),
    ]
    back = (await anna.post(f"/merges/{merged['merges'][0]['id']}/undo", {})).body
    assert (back["email"], told(back)) == (ours["email"], told(ours))
    parted = (await anna.get(f"/customers/{theirs['id']}")).body
    assert (parted["email"], told(parted)) == (theirs["email"], told(theirs))


async def test_a_number_keeps_its_note_and_comes_back_as_it_was(office: Office) -> None:
    anna = await office.signed_in("anna")
    card = await card_of(anna, name="Ivan", numbers=[{"raw": "+79161234567"}, {"raw": "+79161234568"}])
    path = f"/customers/{card['id']}/numbers"
    known = {"label": "office", "note": "ask for Olga", "shared": True, "is_primary": True}
    assert (await anna.patch(f"{path}/{card['numbers'][1]['id']}", known)).status == 200
    await anna.delete(f"{path}/{card['numbers'][1]['id']}")
    again = await anna.post(path, {"raw": "+79161234568", **known})
    assert again.status == 201
    first = (await anna.get(f"/customers/{card['id']}")).body["numbers"][0]
    assert {name: first[name] for name in known} == known
