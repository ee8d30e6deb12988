"""What the lists show leaves as a sheet: the same rows, the same rights, a line on the trail."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.crm.office import Caller, Office, talked
from tests.exchange.desk import importing, sheet


async def exported(caller: Caller, path: str) -> list[list[str]]:
    async with caller.http.get(f"/api/v1/exports/{path}") as response:
        assert response.status == 200
        data = await response.read()
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig")), delimiter=";"))


async def test_customers_leave_page_after_page_and_come_back_as_they_were(both: Office) -> None:
    olga = await importing(both)
    rows = [(f"N{i:03}", f"+7916{i:07}", f"n{i}@example.com", "=1+1") for i in range(450)]
    await olga.whole(sheet(("Name", "Phone", "E-mail", "Note"), *rows))
    found = await exported(olga.caller, "customers")
    found[1:] = sorted(found[1:])
    assert [row[0] for row in found[1:]] == [f"N{i:03}" for i in range(450)]
    assert (found[1][5], found[1][10]) == ("+79160000000", "'=1+1")
    again = await olga.whole("\n".join(";".join(row) for row in found).encode(), rule="overwrite")
    assert (again["columns"], again["checked"]) == (found[0], {"known": 450, "numbers": 450})
    assert [row[0] for row in (await exported(olga.caller, "customers?q=n3@example.com"))[1:]] == ["N003"]
    lines = [(line.verb, line.details) for verb in ("export", "exported") for line in await both.trail(verb)]
    assert lines == [
        ("export", {"format": "csv", "filters": []}),
        ("export", {"format": "csv", "filters": ["q"]}),
        ("exported", {"rows": 450}),
        ("exported", {"rows": 1}),
    ]


async def test_every_address_of_a_customer_leaves_and_the_main_one_comes_back(office: Office) -> None:
    olga = await importing(office)
    await olga.whole(sheet(("Name", "E-mail", "Address"), ("Ivan", "Ivan@Work.example", "Main Street 1")))
    (card,) = (await olga.caller.get("/customers?q=ivan@work.example")).body["items"]
    path = f"/customers/{card['id']}"
    await olga.caller.post(f"{path}/ways", {"kind": "email", "value": "ivan@home.example"})
    (_, row) = await exported(olga.caller, "customers")
    assert (row[8], row[9]) == ("Ivan@work.example; ivan@home.example", "Main Street 1")
    again = sheet(("Name", "E-mail"), ("Ivan the Second", "ivan@home.example"))
    assert (await olga.whole(again, rule="overwrite"))["counts"] == {"updated": 1}
    ways = [(way["value"], way["is_primary"]) for way in (await olga.caller.get(path)).body["ways"]]
    assert ways == [("ivan@home.example", True), ("Ivan@work.example", False), ("Main Street 1", True)]


async def test_added_fields_leave_come_back_and_are_taken_back(both: Office) -> None:
    admin = await both.signed_in("root", "admin")
    field = {"code": "since", "labels": {"en": "Customer since", "ru": "Клиент с"}, "kind": "date"}
    assert (await admin.post("/card-fields", field)).status == 201
    olga = await importing(both)
    first = sheet(
        ("Name", "Phone", "Клиент с"), ("Ivan", "+79161234567", "01.02.2020"), ("Anna", "+79161234568", "old")
    )
    done = await olga.whole(first)
    assert (done["counts"], done["doubts"]) == ({"created": 2}, {"not_a_date": 1})
    (head, *rows) = await exported(olga.caller, "customers?field=since")
    assert (head[-1], [(row[0], row[-1]) for row in rows]) == ("Customer since", [("Ivan", "2020-02-01")])
    again = sheet(("Phone", head[-1]), ("+79161234567", "2021-03-04"), ("+79161234568", "2022-01-01"))
    filled = await olga.whole(again)
    assert filled["counts"] == {"updated": 1, "skipped": 1}
    (anna,) = await olga.cards("anna")
    assert anna["fields"] == {"since": "2022-01-01"}
    await olga.undo(filled)
    (anna,) = await olga.cards("anna")
    assert anna["fields"] == {}


async def test_a_workbook_holds_texts_and_the_readers_headings(office: Office, tmp_path: Path) -> None:
    olga = await importing(office)
    await olga.whole(sheet(("Name", "Phone", "Note"), ("Иван", "+79161234567", "=HYPERLINK(1)")))
    await olga.caller.patch("/me", {"language": "ru"})
    async with olga.caller.http.get("/api/v1/exports/customers?format=xlsx") as response:
        (tmp_path / "a.xlsx").write_bytes(await response.read())
    head, ivan = CalamineWorkbook.from_path(str(tmp_path / "a.xlsx")).get_sheet_by_index(0).to_python()
    assert head[:2] == ["ФИО", "Организация"]
    assert (ivan[0], ivan[5], ivan[10]) == ("Иван", "+79161234567", "=HYPERLINK(1)")


async def test_calls_leave_under_the_lists_filters(both: Office) -> None:
    olga = await importing(both, role="admin")
    await both.extension("101")
    await both.happens(talked("101", uniqueid="1.1", caller="+79161234567"))
    await both.happens(talked("101", uniqueid="2.1", caller="+79161234568"))
    found = await exported(olga.caller, "calls")
    assert [row[2] for row in found[1:]] == ["+79161234568", "+79161234567"]
    assert [row[13] for row in (await exported(olga.caller, "calls?number=9161234567"))[1:]] == ["1.1"]


@pytest.mark.parametrize("path", ["customers", "calls", "customers?format=xlsx"])
async def test_agents_do_not_carry_the_list_away(office: Office, path: str) -> None:
    anna = await office.signed_in("anna")
    assert (await anna.get(f"/exports/{path}")).status == 403
    assert await office.trail("export") == []


async def test_a_supervisor_exports_what_his_rights_reach(both: Office) -> None:
    root = await importing(both, "root", "admin")
    teams = [(await root.caller.post("/teams", {"name": name})).body["id"] for name in "AB"]
    olga, peter = await importing(both), await importing(both, "peter")
    for person, team in ((olga, teams[0]), (peter, teams[1])):
        assert (await root.caller.patch(f"/users/{person.caller.id}", {"team_id": team})).status == 200
        assert (await person.caller.post("/customers", {"name": f"Of {team}"})).status == 201
    assert [row[0] for row in (await exported(olga.caller, "customers"))[1:]] == [f"Of {teams[0]}"]
    assert len(await exported(root.caller, "customers")) == 3
