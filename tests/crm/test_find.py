"""Cards found as an agent types them, on both databases."""

from __future__ import annotations

import pytest
from sqlalchemy import select

from callcenter.crm.models.cards import WordKey
from tests.crm.office import Caller, Office

CARDS = [
    {"name": "Иван Щербаков", "email": "ivan@romashka.ru", "numbers": [{"raw": "+7 916 123-45-67"}]},
    {"name": "Дмитрий Петров", "organisation": "ООО «Ромашка»", "numbers": [{"raw": "+7 495 777-88-99"}]},
    {"name": "Mario Rossi", "organisation": "Rossi S.p.A.", "numbers": [{"raw": "+39 02 1234 9999"}]},
    {"name": "Əliyev Şükür", "numbers": [{"raw": "112"}]},
]


async def names(caller: Caller, q: str, more: str = "") -> list[str]:
    answer = await caller.get(f"/customers?q={q.replace('+', '%2B')}{more}")
    assert answer.status == 200, answer.text
    return [c["name"] for c in answer.body["items"]]


async def filled(office: Office) -> Caller:
    anna = await office.signed_in("anna")
    for card in CARDS:
        assert (await anna.post("/customers", card)).status == 201
    return anna


async def test_names_are_found_in_the_other_alphabet_and_with_a_slip(both: Office) -> None:
    anna = await filled(both)
    asked = ["Shcherbakov", "Scherbakow", "Шербаков", "Щербакв", "ivan sherbakov", "щерб", "Sherb"]
    assert {q: await names(anna, q) for q in asked} == {q: ["Иван Щербаков"] for q in asked}
    assert await names(anna, "Росси") == await names(anna, "Rosi mario") == ["Mario Rossi"]
    assert await names(anna, "Алиев") == await names(anna, "eliyev sukur") == ["Əliyev Şükür"]


async def test_organisations_numbers_and_addresses_are_found(both: Office) -> None:
    anna = await filled(both)
    assert await names(anna, "romashka") == ["Дмитрий Петров"]
    assert await names(anna, "9999") == ["Mario Rossi"]
    assert await names(anna, "89 16 123 45 67") == await names(anna, "123-45-67") == ["Иван Щербаков"]
    assert await names(anna, "IVAN@Rom") == ["Иван Щербаков"]
    assert await names(anna, "van@romashka.ru") == []


async def test_what_is_written_exactly_comes_first(both: Office) -> None:
    anna = await both.signed_in("anna")
    for name in ("Ivanova", "Ivanow", "Иванов", "Ivanov"):
        await anna.post("/customers", {"name": name})
    found = await names(anna, "Ivanov")
    assert found[0] == "Ivanov"
    assert set(found) == {"Ivanov", "Иванов", "Ivanow", "Ivanova"}


async def test_pages_of_a_search_hold_every_card_once(office: Office) -> None:
    anna = await office.signed_in("anna")
    for n in range(7):
        await anna.post("/customers", {"name": f"Petrov {n}"})
    found, cursor = [], ""
    for _ in range(4):
        page = (await anna.get(f"/customers?q=petrov&limit=2&cursor={cursor}")).body
        found += [c["name"] for c in page["items"]]
        cursor = page["next_cursor"] or ""
    assert sorted(found) == [f"Petrov {n}" for n in range(7)]
    assert cursor == ""


async def test_filters_narrow_lists_and_searches(office: Office) -> None:
    anna = await office.signed_in("anna")
    await anna.post("/customers", {"name": "Petrov A", "status": "hot"})
    await anna.post("/customers", {"name": "Petrov B", "kind": "organisation"})
    assert await names(anna, "", "&status=hot") == await names(anna, "petrov", "&status=hot") == ["Petrov A"]
    assert await names(anna, "petrov", "&kind=organisation") == ["Petrov B"]
    assert await names(anna, "petrov", f"&owner={anna.id}&status=hot") == ["Petrov A"]


async def test_a_word_that_no_card_has_any_more_is_forgotten(both: Office) -> None:
    anna = await both.signed_in("anna")
    card = (await anna.post("/customers", {"name": "Secretive"})).body
    await anna.patch(f"/customers/{card['id']}", {"name": "Other"})
    assert await names(anna, "secretive") == []
    words = await both.db.read(lambda s: set(s.scalars(select(WordKey.word))))
    assert words == {"other"}


@pytest.mark.parametrize("q", ["%25", "_", "' OR 1=1 --", "\\", "@", "«»", "zq" * 90, "----", "+"])
async def test_what_is_no_search_finds_nothing(both: Office, q: str) -> None:
    anna = await filled(both)
    assert await names(anna, q) == []
