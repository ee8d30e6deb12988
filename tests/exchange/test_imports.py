"""A list becomes customers, and can be taken back."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from callcenter.crm.exchange.importer import Importer
from callcenter.crm.models.calls import CallCandidate, CallRow
from callcenter.crm.models.cards import CardWord
from callcenter.crm.models.customers import ContactPoint, Customer
from callcenter.crm.models.imports import ImportRow
from tests.crm.office import Office, talked
from tests.exchange.desk import Importing, importing, sheet
from tests.until import until_async

HEAD = ("ФИО", "Телефон", "Моб. телефон", "Эл. почта", "Компания", "Статус", "Примечание")
LIST = sheet(
    HEAD,
    ("Иван Ёлкин", "8 (916) 123-45-67", "", "Ivan@example.com", "Ромашка", "горячий", "любит чай"),
    ("Анна", "112", "+7 495 123-45-67 доб. 12", "", "", "непонятный", ""),
    ("", "", "", "", "", "", ""),
    ("Пётр", "7.9161E+10", "", "not an address", "", "", ""),
    ("", "7.9161E+10", "", "", "", "", ""),
)


async def test_a_sheet_is_understood_checked_and_imported(both: Office) -> None:
    olga = await importing(both)
    begun = await olga.upload(LIST)
    assert begun["mapping"] == ["name", "phone", "phone", "email", "organisation", "status", "note"]
    assert (begun["state"], begun["rows"], begun["encoding"], begun["delimiter"]) == ("uploaded", 5, "utf-8", ";")
    ready = await olga.plan(begun)
    assert ready["checked"] == {"new": 3, "numbers": 3, "empty": 1, "refused": 1}
    spoiled = {"short_number": 1, "unknown_status": 1, "spoiled_by_spreadsheet": 2, "not_an_email": 1}
    assert ready["doubts"] == spoiled
    assert await olga.names() == []
    done = await olga.run(ready)
    assert (done["state"], done["counts"]) == ("done", {"created": 3, "skipped": 1, "refused": 1})
    (ivan,) = await olga.cards("елкин")
    assert (ivan["organisation"], ivan["status"], ivan["note"]) == ("Ромашка", "hot", "любит чай")
    assert [(n["e164"], n["label"], n["is_primary"]) for n in ivan["numbers"]] == [("+79161234567", "", True)]
    (anna,) = await olga.cards("анна")
    assert [(n["e164"], n["label"]) for n in anna["numbers"]] == [(None, ""), ("+74951234567", "Моб. телефон")]
    assert anna["status"] == "new"


async def test_the_preview_shows_numbers_as_they_will_be_and_names_every_doubt(office: Office) -> None:
    olga = await importing(office)
    ready = await olga.plan(await olga.upload(LIST))
    seen = (await olga.caller.get(f"/imports/{ready['id']}/preview")).body
    assert [n["read"] for n in seen["rows"][0]["numbers"]] == ["+7 916 123-45-67"]
    assert [(d["n"], d["column"], d["cell"], d["reason"]) for d in seen["doubtful"]] == [
        (3, 1, "112", "short_number"),
        (3, 5, "непонятный", "unknown_status"),
        (5, 1, "7.9161E+10", "spoiled_by_spreadsheet"),
        (5, 3, "not an address", "not_an_email"),
        (6, 1, "7.9161E+10", "spoiled_by_spreadsheet"),
    ]
    other = (await olga.caller.get(f"/imports/{ready['id']}/preview?region=AZ&mapping=,phone,,,,,")).body
    assert other["rows"][0]["doubts"][0]["reason"] == "not_valid"


@pytest.mark.parametrize(
    ("rule", "note", "status", "numbers"),
    [
        ("skip", "alt", "hot", ["+79161234567"]),
        ("fill", "alt", "hot", ["+79161234567", "+74951112233"]),
        ("overwrite", "neu", "warm", ["+79161234567", "+74951112233"]),
        ("create", "alt", "hot", ["+79161234567"]),
    ],
)
async def test_each_rule_for_known_customers(
    both: Office, rule: str, note: str, status: str, numbers: list[str]
) -> None:
    olga = await importing(both)
    values = {"name": "Old", "note": "alt", "status": "hot", "numbers": [{"raw": "+79161234567"}]}
    old = (await olga.caller.post("/customers", values)).body
    head = ("Name", "Phone", "Phone 2", "Note", "Status", "Address")
    done = await olga.whole(sheet(head, ("New", "89161234567", "8 495 111 22 33", "neu", "warm", "Baku")), rule=rule)
    card = (await olga.caller.get(f"/customers/{old['id']}")).body
    assert (card["note"], card["status"], [n["e164"] for n in card["numbers"]]) == (note, status, numbers)
    fates = {"skip": "skipped", "create": "created"}
    assert done["counts"] == {fates.get(rule, "updated"): 1}
    assert card["address"] == {"fill": "Baku", "overwrite": "Baku"}.get(rule, "")


async def test_twins_in_the_file_are_one_card_and_an_address_finds_who_has_no_number(both: Office) -> None:
    olga = await importing(both)
    head = ("Name", "Phone", "E-mail", "Note")
    rows = [("Ivan", "+7 916 123-45-67", "i@example.com", ""), ("", "89161234567", "", "twice")]
    done = await olga.whole(sheet(head, *rows, ("", "", "I@example.com", ""), ("Anna", "", "a@example.com", "")))
    assert done["checked"] == {"new": 2, "twice": 2, "numbers": 2}
    assert done["counts"] == {"created": 2, "updated": 1, "skipped": 1}
    (ivan,) = await olga.cards("ivan")
    assert (ivan["note"], len(ivan["numbers"])) == ("twice", 1)


async def test_a_number_of_several_cards_is_refused_with_its_remedy(both: Office) -> None:
    olga = await importing(both)
    for name in ("Wife", "Man"):
        await olga.caller.post("/customers", {"name": name, "numbers": [{"raw": "+79161234567"}]})
    done = await olga.whole(sheet(("Name", "Phone"), ("Who", "+79161234567")))
    assert done["counts"] == {"refused": 1}
    (row,) = (await olga.caller.get(f"/imports/{done['id']}/rows?fate=refused")).body["items"]
    assert (row["n"], row["reason"], row["cells"]) == (2, "several_cards", ["Who", "+79161234567"])
    log = await olga.caller.get(f"/imports/{done['id']}/refused.csv")
    assert log.text.splitlines()[1].startswith("2;several cards match: merge them")


async def test_who_called_once_and_is_nobody_yet_gets_the_name_of_the_list_whatever_the_rule(both: Office) -> None:
    olga = await importing(both)
    await both.happens(talked("101", caller="+79161234567"))
    done = await olga.whole(sheet(("Name", "Phone"), ("Ivan", "89161234567")), rule="skip")
    assert done["counts"] == {"updated": 1}
    (card,) = await olga.cards("ivan")
    assert (card["calls"], card["provisional"]) == (1, False)


async def test_earlier_calls_come_with_a_number_of_the_list_and_go_where_they_were_with_an_undo(both: Office) -> None:
    olga = await importing(both)
    await olga.caller.post("/customers", {"name": "Ivan", "numbers": [{"raw": "+79160000001"}]})
    await both.happens(talked("101", caller="+79160000002"))
    done = await olga.whole(sheet(("Name", "Phone", "Phone 2"), ("", "+79160000001", "+79160000002")))
    assert done["counts"] == {"updated": 1}
    (ivan,) = await olga.cards("79160000002")
    assert (ivan["name"], ivan["calls"], len(ivan["numbers"])) == ("Ivan", 1, 2)
    assert (await olga.undo(done))["undo_counts"] == {"restored": 1}
    (caller,) = await olga.cards("79160000002")
    assert (caller["name"], caller["calls"], caller["provisional"]) == ("", 1, True)
    (ivan,) = await olga.cards("ivan")
    assert (ivan["calls"], len(ivan["numbers"])) == (0, 1)


async def test_two_callers_who_are_one_in_the_list_are_one_card_and_two_again(both: Office) -> None:
    olga = await importing(both)
    for n in (1, 2):
        await both.happens(talked("101", caller=f"+7916000000{n}", uniqueid=f"1700000000.{n}"))
    done = await olga.whole(sheet(("Name", "Phone", "Phone 2"), ("Ivan", "+79160000001", "+79160000002")))
    assert done["counts"] == {"updated": 1}
    (ivan,) = await olga.cards("ivan")
    assert (ivan["calls"], await olga.cards("79160000002")) == (2, [ivan])
    await olga.undo(done)
    found = [card for n in (1, 2) for card in await olga.cards(f"7916000000{n}")]
    assert [(card["name"], card["calls"], card["provisional"]) for card in found] == [("", 1, True)] * 2


async def test_calls_of_a_number_come_to_a_new_card_and_an_undo_removes_it_all_the_same(both: Office) -> None:
    olga = await importing(both)
    await both.happens(talked("101", caller="+79160000001"))
    await both.db.write(_nobodys_call)
    done = await olga.whole(sheet(("Name", "Phone"), ("Ivan", "+79160000001"), ("Anna", "+79160000009")))
    assert [card["calls"] for card in await olga.cards("ivan")] == [1]
    assert (await olga.undo(done))["undo_counts"] == {"removed": 2}
    assert await olga.names() == []
    calls = await both.db.read(lambda s: s.scalars(select(CallRow.customer_id)).all())
    assert list(calls) == [None]


def _nobodys_call(session: Session) -> None:
    """As after the erasure of whoever called."""
    session.execute(update(CallRow).values(customer_id=None))
    for kind in (CallCandidate, ContactPoint, CardWord, Customer):
        session.execute(delete(kind))


NAMESAKES = sheet(
    ("Name", "Phone"),
    ("Petrova Anna", "+79160000001"),
    ("Анна Петрова", "+79160000002"),
    ("Anna", "+79160000003"),
    ("Anna Petrova Maria", "+79160000004"),
    ("Anna Petrova", "+79160000009"),
    ("Anna Petrov", "+79160000005"),
)


@pytest.mark.parametrize(
    ("choice", "counts", "left_out"),
    [
        ("create", {"created": 5, "skipped": 1}, ["known"]),
        ("skip", {"created": 3, "skipped": 3}, ["same_name", "same_name", "known"]),
    ],
)
async def test_who_bears_a_customers_name_is_shown_and_made_or_left_out_as_chosen(
    both: Office, choice: str, counts: dict[str, int], left_out: list[str]
) -> None:
    olga = await importing(both)
    values = {"name": "Anna Petrova", "organisation": "Romashka", "numbers": [{"raw": "+79160000009"}]}
    anna = (await olga.caller.post("/customers", values)).body
    ready = await olga.plan(await olga.upload(NAMESAKES), rule="skip")
    assert ready["checked"] == {"new": 5, "known": 1, "numbers": 6, "namesakes": 2}
    seen = (await olga.caller.get(f"/imports/{ready['id']}/preview")).body["namesakes"]
    card = {"id": anna["id"], "name": "Anna Petrova", "organisation": "Romashka"}
    assert [(one["n"], one["name"], one["cards"]) for one in seen] == [
        (2, "Petrova Anna", [card]),
        (3, "Анна Петрова", [card]),
    ]
    done = await olga.run(ready, choice)
    assert done["counts"] == counts
    skipped = (await olga.caller.get(f"/imports/{done['id']}/rows?fate=skipped")).body["items"]
    assert [row["reason"] for row in skipped] == left_out
    assert (await olga.caller.get(f"/customers/{anna['id']}")).body["version"] == anna["version"]


async def test_namesakes_of_another_team_are_not_told(both: Office) -> None:
    root = await importing(both, "root", "admin")
    teams = [(await root.caller.post("/teams", {"name": name})).body["id"] for name in "AB"]
    olga, peter = await importing(both), await importing(both, "peter")
    for person, team in ((olga, teams[0]), (peter, teams[1])):
        await root.caller.patch(f"/users/{person.caller.id}", {"team_id": team})
    await peter.caller.post("/customers", {"name": "Anna Petrova"})
    ready = await olga.plan(await olga.upload(sheet(("Name", "Phone"), ("Anna Petrova", "+79160000001"))))
    assert ready["checked"] == {"new": 1, "numbers": 1}
    assert (await olga.caller.get(f"/imports/{ready['id']}/preview")).body["namesakes"] == []


async def test_the_mapping_of_the_same_headings_is_remembered(office: Office) -> None:
    olga = await importing(office)
    data = sheet(("Кто", "Куда звонить"), ("Иван", "89161234567"))
    begun = await olga.upload(data)
    assert (begun["mapping"], begun["remembered"]) == (["", ""], False)
    await olga.run(await olga.plan(begun, mapping=["name", "phone"], rule="overwrite"))
    again = await olga.upload(data)
    assert (again["mapping"], again["rule"], again["remembered"]) == (["name", "phone"], "overwrite", True)


@pytest.mark.parametrize(
    ("mapping", "fields"),
    [
        (["name"], {"mapping": "wrong_length"}),
        (["name", "name"], {"mapping.1": "twice"}),
        (["name", "shoe_size"], {"mapping.1": "not_allowed"}),
        (["note", "note"], {"mapping": "nothing_to_know_anybody_by"}),
    ],
)
async def test_a_mapping_that_makes_no_sense_is_refused(
    office: Office, mapping: list[str], fields: dict[str, str]
) -> None:
    olga = await importing(office)
    begun = await olga.upload(sheet(("A", "B"), ("1", "2")))
    answer = await olga.caller.put(f"/imports/{begun['id']}/plan", {"mapping": mapping, "rule": "fill", "region": "RU"})
    assert (answer.status, answer.fields) == (422, fields)


async def test_an_undo_restores_removes_and_names_what_it_leaves(both: Office) -> None:
    olga = await importing(both)
    values = {"name": "Old", "note": "", "numbers": [{"raw": "+79160000001"}]}
    old = (await olga.caller.post("/customers", values)).body
    head = ("Name", "Phone", "Phone 2", "Note")
    rows = [(f"N{i}", f"+7916000000{i}", "", "") for i in range(2, 6)]
    renamed = ("Renamed", "+79160000001", "+79160000091", "n1")
    done = await olga.whole(sheet(head, renamed, *rows), rule="overwrite")
    assert done["counts"] == {"updated": 1, "created": 4}
    (touched,) = await olga.cards("n3")
    await olga.caller.patch(f"/customers/{touched['id']}", {"note": "mine"})
    await both.happens(talked("101", caller="+79160000004"))
    (tasked,) = await olga.cards("n5")
    task = {"subject": "Call", "customer_id": tasked["id"], "due_at": "2030-01-01T00:00:00Z"}
    assert (await olga.caller.post("/tasks", task)).status == 201
    undone = await olga.undo(done)
    assert undone["state"] == "undone"
    assert undone["undo_counts"] == {"restored": 1, "removed": 1, "kept:changed_since": 1, "kept:in_use": 2}
    card = (await olga.caller.get(f"/customers/{old['id']}")).body
    assert (card["name"], card["note"], [n["e164"] for n in card["numbers"]]) == ("Old", "", ["+79160000001"])
    assert await olga.names() == ["N3", "N4", "N5", "Old"]
    kept = (await olga.caller.get(f"/imports/{done['id']}/rows?fate=kept")).body["items"]
    assert [(row["n"], row["undone"]) for row in kept] == [
        (4, "kept:changed_since"),
        (5, "kept:in_use"),
        (6, "kept:in_use"),
    ]
    assert [line.verb for line in await both.trail("import_undone")] == ["import_undone"]


async def test_an_undo_of_twins_removes_the_one_card_they_became(both: Office) -> None:
    olga = await importing(both)
    done = await olga.whole(sheet(("Name", "Phone", "Note"), ("Ivan", "+79161234567", ""), ("", "89161234567", "x")))
    assert done["counts"] == {"created": 1, "updated": 1}
    undone = await olga.undo(done)
    assert undone["undo_counts"] == {"restored": 1, "removed": 1}
    assert await olga.names() == []


async def test_what_somebody_changed_in_a_field_since_stays_his(both: Office) -> None:
    olga = await importing(both)
    old = (await olga.caller.post("/customers", {"name": "Old", "numbers": [{"raw": "+79160000001"}]})).body
    head, row = ("Name", "Phone", "Note", "Address"), ("New", "+79160000001", "listed", "Baku")
    done = await olga.whole(sheet(head, row), rule="overwrite")
    await olga.caller.patch(f"/customers/{old['id']}", {"note": "mine"})
    undone = await olga.undo(done)
    assert undone["undo_counts"] == {"partly:changed_since": 1}
    card = (await olga.caller.get(f"/customers/{old['id']}")).body
    assert (card["name"], card["note"], card["address"]) == ("Old", "mine", "")


async def test_after_thirty_days_what_was_before_is_not_kept(office: Office) -> None:
    olga = await importing(office)
    done = await olga.whole(sheet(("Name", "Phone"), ("Ivan", "+79161234567"), ("", "x")))
    office.clock.move(31 * 86400)
    assert (await office.sign_in(olga.caller, "olga")).status == 200
    answer = await olga.caller.post(f"/imports/{done['id']}/undo")
    assert (answer.status, answer.code) == (409, "undo_too_late")
    await olga.importer._forget()
    assert await office.db.read(lambda s: s.scalar(select(func.count()).select_from(ImportRow))) == 0


async def test_killed_at_any_batch_it_goes_on_and_imports_every_row_once(both: Office) -> None:
    olga = await importing(both)
    rows = [(f"N{i}", f"+7916{i:07}") for i in range(400)]
    ready = await olga.plan(await olga.upload(sheet(("Name", "Phone"), *rows)))
    await olga.caller.post(f"/imports/{ready['id']}/run")
    deaths = 0
    while (state := await olga.read(ready))["state"] == "running":
        worker = asyncio.create_task(Importer(both.db, both.clock, olga.importer.shelf).work())
        await moved(olga, state)
        worker.cancel()
        await asyncio.gather(worker, return_exceptions=True)
        both.clock.move(120)
        deaths += 1
    assert deaths > 1
    assert state["counts"] == {"created": 400}
    assert await both.db.read(lambda s: s.scalar(select(func.count()).select_from(Customer))) == 400


async def moved(olga: Importing, import_: dict[str, Any]) -> None:
    """Until a batch more is committed, or there is none left."""

    async def further() -> bool:
        now = await olga.read(import_)
        return (now["row"], now["state"]) != (import_["row"], "running")

    await until_async(further)


async def test_an_import_is_stopped_gone_on_with_and_discarded_only_before(office: Office) -> None:
    olga = await importing(office)
    ready = await olga.plan(await olga.upload(sheet(("Name", "Phone"), ("Ivan", "+79161234567"))))
    path = f"/imports/{ready['id']}"
    await olga.caller.post(f"{path}/run")
    assert (await olga.caller.post(f"{path}/stop")).body["state"] == "stopped"
    assert (await olga.caller.delete(path)).code == "import_state"
    assert (await olga.run(ready))["counts"] == {"created": 1}
    assert (await olga.caller.post(f"{path}/run")).code == "import_state"
    other = await olga.upload(sheet(("Name", "Phone"), ("Ivan", "+79161234567")))
    assert (await olga.caller.delete(f"/imports/{other['id']}")).status == 204
    assert olga.importer.shelf.path(other["id"], "lines").exists() is False


async def test_others_imports_are_as_if_they_were_not_there(office: Office) -> None:
    olga = await importing(office)
    begun = await olga.upload(sheet(("Name",), ("Ivan",)))
    other, admin = await importing(office, "peter"), await importing(office, "root", "admin")
    assert (await other.caller.get(f"/imports/{begun['id']}")).status == 404
    assert (await other.caller.get("/imports")).body["items"] == []
    assert (await admin.read(begun))["created_by"] == "Olga"
    anna = await office.signed_in("anna")
    assert (await anna.get("/imports")).status == 403


async def test_a_colleague_of_another_team_keeps_his_card(both: Office) -> None:
    root = await importing(both, "root", "admin")
    teams = [(await root.caller.post("/teams", {"name": name})).body["id"] for name in "AB"]
    olga, peter = await importing(both), await importing(both, "peter")
    for person, team in ((olga, teams[0]), (peter, teams[1])):
        assert (await root.caller.patch(f"/users/{person.caller.id}", {"team_id": team})).status == 200
    old = (await peter.caller.post("/customers", {"name": "His", "numbers": [{"raw": "+79161234567"}]})).body
    done = await olga.whole(
        sheet(("Name", "Phone"), ("Hers", "+79161234567"), ("New", "+79161234568")), rule="overwrite"
    )
    assert done["counts"] == {"refused": 1, "created": 1}
    assert (await peter.caller.get(f"/customers/{old['id']}")).body["name"] == "His"
    assert (await peter.names(), await olga.names()) == (["His"], ["New"])
